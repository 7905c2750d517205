"""Figures of semantic evidence, each against a study worked by hand (semantic.py, agreement.py).

The study has two classes, a and b, on images of one row; the last pixel of case 1 is ignored.

Case 1: reference  a a a 0 0 b b b 0 | 0     prediction a a 0 a 0 b b a 0 | b
        a: TP 2, FN 1, FP 2, TN 4; b: TP 2, FN 1, FP 0, TN 6; 9 pixels, 6 right.
Case 2: reference  a 0 0 0                   prediction a 0 0 0
        a: TP 1, TN 3; b: TN 4; 4 pixels, all right.
Case 3: reference  0 0 0 0 0                 prediction 0 0 0 0 a
        a: FP 1, TN 4; b: TN 5; 5 pixels, 4 right.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sklearn_metrics

from validation.evidence.catalogue import definition
from validation.evidence.measure import Evidence, measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.overlap import ConfusionTable, confusion_table
from validation.plan.protocol import Protocol
from validation.testset.annotations import ClassMap
from validation.testset.cases import Case

A, B = 1, 2
REFERENCES = [[A, A, A, 0, 0, B, B, B, 0, 0], [A, 0, 0, 0], [0, 0, 0, 0, 0]]
PREDICTIONS = [[A, A, 0, A, 0, B, B, A, 0, B], [A, 0, 0, 0], [0, 0, 0, 0, A]]


@pytest.fixture(scope="module")
def evidence(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_class_map: Callable[..., ClassMap],
) -> Evidence:
    ignored = [[[0] * 9 + [1]], None, None]
    tables = [
        confusion_table(f"C-{one}", make_class_map([truth], hidden), make_class_map([found]), 2)
        for one, truth, found, hidden in zip("123", REFERENCES, PREDICTIONS, ignored, strict=True)
    ]
    protocol = make_protocol("semantic", classes=("a", "b"), presence_minimum_area_px=2)
    return measure(tables, [make_case(f"C-{one}") for one in "123"], protocol)


@pytest.fixture(scope="module")
def figure(evidence: Evidence) -> dict[str, MetricValue]:
    return {one.id: one for one in evidence.metrics}


@pytest.mark.parametrize(
    ("address", "value", "n"),
    [
        # a: TP 3, FN 1, FP 3, TN 11; b: TP 2, FN 1, FP 0, TN 15.
        ("iou/class=a", 3 / 7, 7),
        ("iou/class=b", 2 / 3, 3),
        ("dice/class=a", 6 / 10, 7),
        ("dice/class=b", 4 / 5, 3),
        ("pixel_precision/class=a", 3 / 6, 6),
        ("pixel_precision/class=b", 1.0, 2),
        ("pixel_recall/class=a", 3 / 4, 4),
        ("pixel_recall/class=b", 2 / 3, 3),
        ("pixel_specificity/class=a", 11 / 14, 14),
        ("pixel_specificity/class=b", 1.0, 15),
        # a by case: IoU 2/5, 1, 0; Dice 4/7, 1, 0. b only in case 1: 2/3, 4/5.
        ("iou_mean_over_cases/class=a", (2 / 5 + 1 + 0) / 3, 3),
        ("dice_mean_over_cases/class=a", (4 / 7 + 1 + 0) / 3, 3),
        ("iou_mean_over_cases/class=b", 2 / 3, 1),
        ("dice_mean_over_cases/class=b", 4 / 5, 1),
        # a by case: precision 2/4, 1, 0; recall 2/3, 1, none; specificity 4/6, 1, 4/5.
        ("pixel_precision_mean_over_cases/class=a", (2 / 4 + 1 + 0) / 3, 3),
        ("pixel_recall_mean_over_cases/class=a", (2 / 3 + 1) / 2, 2),
        ("pixel_specificity_mean_over_cases/class=a", (4 / 6 + 1 + 4 / 5) / 3, 3),
        ("pixel_recall_mean_over_cases/class=b", 2 / 3, 1),
        ("pixel_specificity_mean_over_cases/class=b", 1.0, 3),
        # a: predicted - reference pixels 1 of 9, 0 of 4, 1 of 5; b: -1 of 9, 0, 0.
        ("area_fraction_bias/class=a", (1 / 9 + 0 + 1 / 5) / 3, 3),
        ("area_fraction_bias/class=b", -1 / 27, 3),
        ("area_fraction_mean_absolute_error/class=b", 1 / 27, 3),
        # b: -1/9, 0, 0 have the mean -1/27 and the standard deviation 1/9 / sqrt(3).
        ("area_fraction_lower_limit_of_agreement/class=b", -1 / 27 - 1.96 / 9 / 3**0.5, 3),
        ("area_fraction_upper_limit_of_agreement/class=b", -1 / 27 + 1.96 / 9 / 3**0.5, 3),
        # Present from 2 pixels on. a: case 1 present and found, the others neither.
        ("presence_sensitivity/class=a", 1.0, 1),
        ("presence_specificity/class=a", 1.0, 2),
        ("presence_positive_predictive_value/class=a", 1.0, 1),
        ("presence_negative_predictive_value/class=a", 1.0, 2),
        ("presence_true_positives/class=a", 1, 3),
        ("presence_false_negatives/class=a", 0, 3),
        ("presence_false_positives/class=a", 0, 3),
        ("presence_true_negatives/class=a", 2, 3),
        ("mean_iou", (3 / 7 + 2 / 3) / 2, 18),
        # a has 4 reference pixels, b 3.
        ("frequency_weighted_iou", (4 * 3 / 7 + 3 * 2 / 3) / 7, 18),
        ("presence_balanced_accuracy/class=a", 1.0, 3),
        ("pixel_accuracy_mean_over_cases", (6 / 9 + 1 + 4 / 5) / 3, 3),
        ("pixel_accuracy", 14 / 18, 18),
        ("evaluated_pixels", 18, 18),
        ("ignored_pixels", 1, 18),
    ],
)
def test_a_figure_is_what_the_hand_finds(
    figure: dict[str, MetricValue], address: str, value: float, n: int
) -> None:
    assert figure[address].value == pytest.approx(value)
    assert figure[address].n == n
    assert figure[address].undefined is None


def test_pooled_and_averaged_figures_are_told_apart(figure: dict[str, MetricValue]) -> None:
    # Trap 12.
    assert figure["iou/class=a"].value != figure["iou_mean_over_cases/class=a"].value
    assert definition("iou").aggregation == "pooled"
    assert definition("iou_mean_over_cases").aggregation == "mean over cases"


def test_cases_where_a_mean_is_undefined_are_counted(figure: dict[str, MetricValue]) -> None:
    # Traps 7 and 8: b is absent from cases 2 and 3.
    assert figure["dice_mean_over_cases/class=b"].n_undefined == 2
    assert figure["dice_mean_over_cases/class=a"].n_undefined == 0


def test_every_cell_of_the_presence_table(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_class_map: Callable[..., ClassMap],
) -> None:
    # TP, FN, FP, TN at a minimum of 1 pixel, FN twice: sensitivity 1/3, specificity 1/2,
    # positive predictive value 1/2, negative 1/3.
    pairs = [([A], [A]), ([A], [0]), ([A], [0]), ([0], [A]), ([0], [0])]
    tables = [
        confusion_table(f"C-{number}", make_class_map([truth]), make_class_map([found]), 1)
        for number, (truth, found) in enumerate(pairs)
    ]
    protocol = make_protocol("semantic", classes=("a",), presence_minimum_area_px=1)
    found = measure(tables, [make_case(one.case_id) for one in tables], protocol)
    value = {one.metric: one.value for one in found.metrics}
    assert value["presence_sensitivity"] == pytest.approx(1 / 3)
    assert value["presence_specificity"] == 0.5
    assert value["presence_positive_predictive_value"] == 0.5
    assert value["presence_negative_predictive_value"] == pytest.approx(1 / 3)
    cells = ("true_positives", "false_negatives", "false_positives", "true_negatives")
    assert [value[f"presence_{one}"] for one in cells] == [1, 2, 1, 1]
    rows = [row["presence/class=a"] for row in found.case_rows]
    assert rows == [
        "true_positive",
        "false_negative",
        "false_negative",
        "false_positive",
        "true_negative",
    ]


def test_without_a_minimum_area_there_are_no_figures_of_presence(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_class_map: Callable[..., ClassMap],
) -> None:
    table = confusion_table("C-1", make_class_map([[A]]), make_class_map([[A]]), 1)
    found = measure([table], [make_case("C-1")], make_protocol("semantic", classes=("a",)))
    assert not [one for one in found.metrics if one.metric.startswith("presence")]
    assert "presence/class=a" not in found.case_columns


def undefined_of(make_protocol: Any, make_case: Any, table: ConfusionTable) -> dict[str, str]:
    protocol = make_protocol("semantic", classes=("a",), presence_minimum_area_px=1)
    found = measure([table], [make_case(table.case_id)], protocol)
    assert all((one.value is None) == (one.undefined is not None) for one in found.metrics)
    return {one.metric: one.undefined or "" for one in found.metrics if one.value is None}


def test_two_empty_masks_have_no_overlap(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_class_map: Callable[..., ClassMap],
) -> None:
    # Trap 8: well-known libraries answer 0, 1 or NaN.
    table = confusion_table("C-1", make_class_map([[0]]), make_class_map([[0]]), 1)
    absent = "no pixel of the class in reference or prediction"
    nowhere = "no case has a pixel of the class in reference or prediction"
    assert undefined_of(make_protocol, make_case, table) == {
        "mean_iou": "a class has no pixel in reference or prediction",
        "iou": absent,
        "dice": absent,
        "pixel_precision": "no pixel was predicted as the class",
        "pixel_recall": "no pixel of the class in the reference",
        "iou_mean_over_cases": nowhere,
        "dice_mean_over_cases": nowhere,
        "pixel_precision_mean_over_cases": "no case has a pixel that was predicted as the class",
        "pixel_recall_mean_over_cases": "no case has a pixel of the class in the reference",
        "area_fraction_lower_limit_of_agreement": "fewer than two cases have a value",
        "area_fraction_upper_limit_of_agreement": "fewer than two cases have a value",
        "frequency_weighted_iou": "no pixel of any class in the reference",
        "presence_balanced_accuracy": "the class is present in every case or in none",
        "presence_sensitivity": "the class is present in no case",
        "presence_positive_predictive_value": "the class was found in no case",
    }


def test_an_empty_reference_and_an_empty_prediction_are_zero_overlap(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_class_map: Callable[..., ClassMap],
) -> None:
    for truth, found, still in ((0, A, "pixel_recall"), (A, 0, "pixel_precision")):
        table = confusion_table("C-1", make_class_map([[truth]]), make_class_map([[found]]), 1)
        missing = undefined_of(make_protocol, make_case, table)
        assert still in missing
        assert "iou" not in missing
        assert "dice_mean_over_cases" not in missing


def test_a_case_of_ignored_pixels_alone_counts_for_nothing(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_class_map: Callable[..., ClassMap],
) -> None:
    hidden = confusion_table("C-1", make_class_map([[A]], [[1]]), make_class_map([[A]]), 1)
    missing = undefined_of(make_protocol, make_case, hidden)
    assert missing["presence_specificity"] == "no case has an evaluated pixel"
    assert missing["area_fraction_bias"] == "no case has an evaluated pixel"
    assert missing["pixel_accuracy"] == "no evaluated pixel"
    seen = confusion_table("C-2", make_class_map([[A]]), make_class_map([[A]]), 1)
    protocol = make_protocol("semantic", classes=("a",), presence_minimum_area_px=1)
    found = measure([hidden, seen], [make_case("C-1"), make_case("C-2")], protocol)
    figure = {one.metric: one for one in found.metrics}
    assert figure["area_fraction_bias"].n_undefined == 1
    assert figure["presence_sensitivity"].n == 1
    assert figure["presence_true_negatives"].value == 0


MAPS = hnp.arrays(np.uint8, (4, 5), elements=st.integers(0, 2))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(MAPS, MAPS), min_size=1, max_size=3))
def test_pooled_figures_are_those_of_scikit_learn_on_all_pixels(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    maps: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    tables = [
        confusion_table(f"C-{number}", ClassMap(truth), ClassMap(found), 2)
        for number, (truth, found) in enumerate(maps)
    ]
    protocol = make_protocol("semantic", classes=("a", "b"))
    evidence = measure(tables, [make_case(one.case_id) for one in tables], protocol)
    truth = np.concatenate([one.ravel() for one, _ in maps])
    found = np.concatenate([one.ravel() for _, one in maps])
    theirs = {
        "iou": sklearn_metrics.jaccard_score,
        "dice": sklearn_metrics.f1_score,
        "pixel_precision": sklearn_metrics.precision_score,
        "pixel_recall": sklearn_metrics.recall_score,
    }
    for one in evidence.metrics:
        if one.metric in theirs and one.value is not None:
            index = protocol.class_names().index(one.scope.class_name or "") + 1
            expected = theirs[one.metric](truth == index, found == index, zero_division=0)
            assert one.value == pytest.approx(expected)
        if one.metric == "pixel_accuracy":
            assert one.value == pytest.approx(sklearn_metrics.accuracy_score(truth, found))


@settings(deadline=None, max_examples=50)
@given(MAPS, MAPS)
def test_overlap_is_symmetric_and_precision_is_recall_the_other_way_round(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    reference: np.ndarray,
    prediction: np.ndarray,
) -> None:
    protocol = make_protocol("semantic", classes=("a", "b"))
    values = []
    for truth, found in ((reference, prediction), (prediction, reference)):
        table = confusion_table("C-1", ClassMap(truth), ClassMap(found), 2)
        evidence = measure([table], [make_case("C-1")], protocol)
        values.append({one.id: one.value for one in evidence.metrics})
    one, other = values
    assert one["iou/class=a"] == other["iou/class=a"]
    assert one["dice/class=b"] == other["dice/class=b"]
    assert one["pixel_precision/class=a"] == other["pixel_recall/class=a"]
    iou, dice = one["iou/class=a"], one["dice/class=a"]
    if iou is not None:
        assert dice == pytest.approx(2 * iou / (1 + iou))
