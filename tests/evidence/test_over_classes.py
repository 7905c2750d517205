"""Figures of objects over all classes, pooled and averaged (over_classes.py).

The study worked by hand, on images of one row, at IoU .5; a is nucleus, b is debris:

Case A: R1 a 0-10, R2 a 20-30, R3 b 40-50.
        P1 a 0-10 (score .9): IoU 1 with R1. P2 b 20-30 (.8): on R2, of another class.
        P3 b 40-48 (.7): IoU 8/10 with R3, Dice 16/18. P4 a 60-70 (.6): nothing there.
Case B: R1 b 0-10, R2 a 30-40. P1 b 0-10 (.9): IoU 1 with R1. P2 a 80-90 (.3): below .5.

a: TP 1, FP 1 (P4), FN 2 (R2 of A, R2 of B). b: TP 2, FP 1 (P2), FN 0.
"""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from validation.evidence.catalogue import CATALOGUE, MEAN_OVER_CLASSES, POOLED_OVER_CLASSES
from validation.evidence.measure import Evidence, measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.overlap import OverlapTable, overlap_table
from validation.plan.protocol import Protocol
from validation.testset.annotations import ObjectSet
from validation.testset.cases import Case

CLASSES = ("nucleus", "debris")


@pytest.fixture(scope="module")
def evidence(
    two_class_tables: list[OverlapTable],
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
) -> Evidence:
    cases = [make_case("A"), make_case("B")]
    return measure(two_class_tables, cases, make_protocol(classes=CLASSES))


@pytest.fixture(scope="module")
def figure(evidence: Evidence) -> dict[str, MetricValue]:
    return {one.id: one for one in evidence.metrics}


@pytest.mark.parametrize(
    ("metric", "scope", "pooled", "mean", "n"),
    [
        ("recall", "/iou=0.5", 3 / 5, (1 / 3 + 1) / 2, 5),
        ("recall", "/iou=0.5/size=small", 3 / 5, (1 / 3 + 1) / 2, 5),
        ("precision", "/iou=0.5", 3 / 5, (1 / 2 + 2 / 3) / 2, 5),
        ("f1", "/iou=0.5", 6 / 10, (2 / 5 + 4 / 5) / 2, 5),
        ("segmentation_quality", "/iou=0.5", 2.8 / 3, (1 + 1.8 / 2) / 2, 3),
        ("panoptic_quality", "/iou=0.5", 2.8 / 5, (1 / 2.5 + 1.8 / 2.5) / 2, 5),
        ("matched_dice", "/iou=0.5", (2 + 16 / 18) / 3, (1 + (1 + 16 / 18) / 2) / 2, 3),
        ("merged_share", "", 0, 0, 5),
        ("split_share", "", 0, 0, 5),
        # At IoU .75 the same pairs; 8/10 is above.
        ("recall", "/iou=0.75", 3 / 5, (1 / 3 + 1) / 2, 5),
        ("false_positives_per_case", "/iou=0.5", 2 / 2, None, 2),
        # Objects of both classes: reference 3 and 2, predicted 4 and 1 at the operating point.
        ("count_bias", "", 0, None, 2),
        ("count_mean_absolute_error", "", 1, None, 2),
        ("count_exact_rate", "", 0, None, 2),
        ("count_relative_error", "", 0, None, 5),
        ("count_absolute_relative_error", "", 0, None, 5),
        ("count_upper_limit_of_agreement", "", 1.96 * 2**0.5, None, 2),
        ("count_lower_limit_of_agreement", "", -1.96 * 2**0.5, None, 2),
        ("reference_objects", "", 5, None, 2),
        ("predicted_objects", "", 5, None, 2),
        ("matched_objects", "", 3, None, 2),
        ("missed_objects", "", 2, None, 2),
        ("merged_objects", "", 0, None, 2),
        ("split_objects", "", 0, None, 2),
        ("ignored_objects", "", 0, None, 2),
        ("false_positive_objects", "", 2, None, 2),
        ("merge_events", "", 0, None, 2),
        ("split_events", "", 0, None, 2),
    ],
)
def test_a_figure_over_all_classes_is_what_the_hand_finds(  # noqa: PLR0917 - columns of a table
    figure: dict[str, MetricValue],
    metric: str,
    scope: str,
    pooled: float,
    mean: float | None,
    n: int,
) -> None:
    found = figure[f"{metric}{POOLED_OVER_CLASSES}{scope}"]
    assert found.value == pytest.approx(pooled)
    assert (found.n, found.scope.class_name) == (n, None)
    address = f"{metric}{MEAN_OVER_CLASSES}{scope}"
    assert (address in figure) == (mean is not None)
    if mean is not None:
        assert figure[address].value == pytest.approx(mean)
        assert figure[address].n == n


def test_every_listed_figure_over_classes_is_worked_above(evidence: Evidence) -> None:
    endings = (POOLED_OVER_CLASSES, MEAN_OVER_CLASSES)
    # Those from tables of their own: test_separability.py, test_pair_distances.py.
    elsewhere = ("touching_", "component_count_", "reference_components", "matched_hausdorff_95_")
    listed = {
        one.id for one in CATALOGUE if one.id.endswith(endings) and not one.id.startswith(elsewhere)
    }
    assert {one.metric for one in evidence.metrics if one.metric.endswith(endings)} == listed


def test_one_class_has_none(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    found = measure([make_strip_table([(0, 9)], [(0, 9)], "A")], [make_case("A")], make_protocol())
    assert not [one.id for one in found.metrics if "over_classes" in one.id]
    assert all(one.scope.class_name for one in found.metrics)


def test_a_class_without_a_value_leaves_the_mean_undefined_and_is_named(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    protocol = make_protocol(classes=CLASSES)
    found = measure([make_strip_table([(0, 9)], [(0, 9)], "A")], [make_case("A")], protocol)
    value = {one.id: one for one in found.metrics}
    mean = value["recall_mean_over_classes/iou=0.5"]
    assert (mean.value, mean.interval) == (None, None)
    assert mean.undefined == "no value for debris"
    assert value["recall_pooled_over_classes/iou=0.5"].value == 1
    large = value["recall_pooled_over_classes/iou=0.5/size=large"]
    assert large.undefined == "no large reference object"


def test_no_object_at_all_leaves_pooled_figures_undefined(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    table = make_strip_table([], [], "A")
    found = measure([table], [make_case("A")], make_protocol(classes=CLASSES))
    why = {one.metric: one.undefined for one in found.metrics if one.scope.class_name is None}
    assert why["f1_pooled_over_classes"] == "no reference object and no predicted object"
    assert why["segmentation_quality_pooled_over_classes"] == "no matched pair"


def _random_study(
    objects: Callable[..., ObjectSet], jittered: Callable[..., ObjectSet], seed: int
) -> list[OverlapTable]:
    generator = np.random.default_rng(seed)
    tables = []
    for number in range(6):
        reference = objects(generator, 9, classes=3)
        tables.append(overlap_table(f"C{number}", reference, jittered(generator, reference, 3)))
    return tables


@pytest.mark.parametrize("seed", range(3))
def test_recall_precision_and_f1_agree_with_micro_and_macro_averages(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    seed: int,
) -> None:
    tables = _random_study(make_random_objects, make_jittered, seed)
    cases = [make_case(one.case_id) for one in tables]
    protocol = make_protocol(classes=("a", "b", "c"), matching={"score_threshold": 0.3})
    found = measure(tables, cases, protocol)
    # A pair is an item that was labelled rightly; what has no partner is the other's "nothing".
    truth, label = [], []
    for row in found.instance_rows:
        truth.append("nothing" if row["outcome"] == "false_positive" else row["class"])
        is_found = row["outcome"] in {"matched", "false_positive"}
        label.append(row["class"] if is_found else "nothing")
    value = {one.id: one.value for one in found.metrics}
    for ending, average in ((POOLED_OVER_CLASSES, "micro"), (MEAN_OVER_CLASSES, "macro")):
        expected = precision_recall_fscore_support(
            truth, label, labels=["a", "b", "c"], average=average
        )
        for metric, one in zip(("precision", "recall", "f1"), expected, strict=False):
            assert value[f"{metric}{ending}/iou=0.5"] == pytest.approx(one)


def test_the_order_of_classes_changes_no_bit(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
) -> None:
    tables = _random_study(make_random_objects, make_jittered, 11)
    cases = [make_case(one.case_id) for one in tables]
    turned = [
        OverlapTable(**{
            **vars(one),
            "reference_classes": one.reference_classes % 3 + 1,
            "prediction_classes": one.prediction_classes % 3 + 1,
        })
        for one in tables
    ]  # fmt: skip
    first = measure(tables, cases, make_protocol(classes=("a", "b", "c")))
    second = measure(turned, cases, make_protocol(classes=("c", "a", "b")))
    endings = (POOLED_OVER_CLASSES, MEAN_OVER_CLASSES)
    values = [
        {one.id: one.value for one in evidence.metrics if one.metric.endswith(endings)}
        for evidence in (first, second)
    ]
    assert values[0] == values[1]
