"""Figures of instance evidence, each against a study worked by hand (instance.py, agreement.py).

The study, on images of one row; at IoU .5 unless said otherwise:

Case A: R1 0-10, R2 20-30, R3 32-40, R4 60-70.
        P1 0-10 (score .9): IoU 1 with R1.
        P2 20-40 (.8): IoU 10/20 = .5 with R2, 8/20 with R3; contains both: a merge.
        P3 80-90 (.7): nothing there.
        P4 60-70 (.4): IoU 1 with R4, but below the operating point .5.
        TP 2, FP 1, FN 2; sum of IoU 1.5. R3 is merged, R4 missed.
Case B: R1 0-20. P1 0-12 (.6): IoU .6. P2 13-20 (.6): part of R1. A split, R1 is matched.
        TP 1, FP 1, FN 0; sum of IoU .6.
Case C: nothing in reference or prediction.
"""

from collections.abc import Callable

import pytest

from validation.evidence import froc
from validation.evidence.measure import Evidence, measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.overlap import OverlapTable, overlap_table
from validation.plan.protocol import Protocol
from validation.testset.annotations import ObjectSet
from validation.testset.cases import Case

OF_CURVES = (
    "average_precision",
    "average_precision_at",
    "average_recall_1",
    "average_recall_10",
    "average_recall",
    *froc.METRICS,
)
LIMITS = ("count_lower_limit_of_agreement", "count_upper_limit_of_agreement")


@pytest.fixture(scope="module")
def evidence(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> Evidence:
    tables = [
        make_strip_table(
            [(0, 10), (20, 30), (32, 40), (60, 70)],
            [(0, 10), (20, 40), (80, 90), (60, 70)],
            "A",
            scores=[0.9, 0.8, 0.7, 0.4],
        ),
        make_strip_table([(0, 20)], [(0, 12), (13, 20)], "B", scores=[0.6, 0.6]),
        make_strip_table([], [], "C"),
    ]
    return measure(tables, [make_case(one) for one in "ABC"], make_protocol())


@pytest.fixture(scope="module")
def figure(evidence: Evidence) -> dict[str, MetricValue]:
    return {one.id.replace("/class=nucleus", ""): one for one in evidence.metrics}


@pytest.mark.parametrize(
    ("address", "value", "n"),
    [
        ("recall/iou=0.5", 3 / 5, 5),
        ("precision/iou=0.5", 3 / 5, 5),
        ("f1/iou=0.5", 6 / 10, 5),
        ("segmentation_quality/iou=0.5", 2.1 / 3, 3),
        ("panoptic_quality/iou=0.5", 2.1 / (3 + 1 + 1), 5),
        # Dice: 20/20, 2*10/30 (P2 with R2), 2*12/32 (case B).
        ("matched_dice/iou=0.5", (1 + 2 / 3 + 3 / 4) / 3, 3),
        ("recall/iou=0.5/size=small", 3 / 5, 5),
        # Free response at IoU .5: .9 true, .8 true, .7 false, .6 one true and one false at once,
        # .4 true. Three images: at most 0, 0, 1, 3, 6, ... false positives.
        ("froc_sensitivity_0_125/iou=0.5", 2 / 5, 5),
        ("froc_sensitivity_0_25/iou=0.5", 2 / 5, 5),
        ("froc_sensitivity_0_5/iou=0.5", 2 / 5, 5),
        ("froc_sensitivity_1/iou=0.5", 4 / 5, 5),
        ("froc_sensitivity_8/iou=0.5", 4 / 5, 5),
        ("froc_mean/iou=0.5", (3 * 2 / 5 + 4 * 4 / 5) / 7, 5),
        # One detection an image: P1 of A (IoU 1) and P1 of B (.6: at .5, .55, .6).
        ("average_recall_1", (3 * 2 / 5 + 7 * 1 / 5) / 10, 5),
        # All: A P1 and P4 always, P2 at .5; B P1 at three thresholds.
        ("average_recall_10", (4 + 3 + 3 + 7 * 2) / 5 / 10, 5),
        ("average_recall", (4 + 3 + 3 + 7 * 2) / 5 / 10, 5),
        ("average_recall/size=small", (4 + 3 + 3 + 7 * 2) / 5 / 10, 5),
        ("false_positives_per_case/iou=0.5", 2 / 3, 3),
        # At IoU .75 only P1 of case A is a pair: TP 1, FP 4, FN 4.
        ("recall/iou=0.75", 1 / 5, 5),
        ("precision/iou=0.75", 1 / 5, 5),
        ("f1/iou=0.75", 2 / 10, 5),
        ("segmentation_quality/iou=0.75", 1.0, 1),
        ("panoptic_quality/iou=0.75", 1 / 5, 5),
        ("false_positives_per_case/iou=0.75", 4 / 3, 3),
        # Predicted 3, 2, 0 at the operating point; reference 4, 1, 0: differences -1, 1, 0.
        ("count_bias", 0.0, 3),
        ("count_mean_absolute_error", 2 / 3, 3),
        ("count_exact_rate", 1 / 3, 3),
        ("count_relative_error", 0.0, 5),
        ("count_absolute_relative_error", 0.0, 5),
        ("merged_share", 2 / 5, 5),
        ("split_share", 1 / 5, 5),
        ("reference_objects", 5, 3),
        ("predicted_objects", 5, 3),
        ("matched_objects", 3, 3),
        ("merged_objects", 1, 3),
        ("split_objects", 0, 3),
        ("missed_objects", 1, 3),
        ("ignored_objects", 0, 3),
        ("false_positive_objects", 2, 3),
        ("merge_events", 1, 3),
        ("split_events", 1, 3),
    ],
)
def test_a_figure_is_what_the_hand_finds(
    figure: dict[str, MetricValue], address: str, value: float, n: int
) -> None:
    assert figure[address].value == pytest.approx(value)
    assert figure[address].n == n
    assert figure[address].undefined is None


def test_average_precision_is_what_the_hand_finds(figure: dict[str, MetricValue]) -> None:
    # At IoU .5 by falling score: .9 true, .8 true (.5), .7 false, .6 true, .6 false, .4 true.
    # Recall .2 .4 .4 .6 .6 .8; precision 1 1 2/3 3/4 3/5 2/3, enveloped 1 1 3/4 3/4 2/3 2/3.
    # Levels 0-.40: 41 at 1; .41-.60: 20 at 3/4; .61-.80: 20 at 2/3; 20 at 0.
    at_half = (41 + 20 * 3 / 4 + 20 * 2 / 3) / 101
    assert figure["average_precision_at/iou=0.5"].value == pytest.approx(at_half)
    # At .75: true, false, false, false, false, true: precision 1 .. 2/6: 21 at 1, 20 at 1/3.
    at_three_quarters = (21 + 20 / 3) / 101
    assert figure["average_precision_at/iou=0.75"].value == pytest.approx(at_three_quarters)
    # Every object is small, so none of another size is left out, and nothing is else.
    for iou, expected in ((0.5, at_half), (0.75, at_three_quarters)):
        of_small = figure[f"average_precision_at/iou={iou}/size=small"]
        assert of_small.value == pytest.approx(expected)
        assert of_small.interval is not None
        assert of_small.interval == figure[f"average_precision_at/iou={iou}"].interval
        assert of_small.n == 5
        of_large = figure[f"average_precision_at/iou={iou}/size=large"]
        assert (of_large.value, of_large.n) == (None, 0)
        assert of_large.undefined == "no large reference object of the class"
    # .55 and .60: .9 true, .8 false, .7 false, .6 true (.6), .6 false, .4 true: recall .2, .4, .6;
    # precision 1, 2/4, 3/6: 21 at 1, 40 at 1/2. From .65 on like .75.
    at_six_tenths = (21 + 40 / 2) / 101
    expected = (at_half + 2 * at_six_tenths + 7 * at_three_quarters) / 10
    assert figure["average_precision"].value == pytest.approx(expected)
    assert figure["average_precision"].n == 5


def test_average_precision_of_a_size_at_a_threshold_is_what_the_hand_finds(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strips: Callable[..., ObjectSet],
) -> None:
    # One small reference object and two medium ones. A small false alarm has the highest score,
    # the small object is found exactly, one of the others with IoU 1500 / 2000.
    truth = make_strips((0, 500), (1000, 3000), (3000, 5000), length=6000)
    found = make_strips((5000, 5900), (0, 500), (1000, 2500), length=6000, scores=[0.95, 0.9, 0.8])
    table = overlap_table("A", truth, found)
    value = {
        (one.scope.iou, one.scope.size): one.value
        for one in measure([table], [make_case("A")], make_protocol()).metrics
        if one.metric == "average_precision_at"
    }
    # All: false, true, true: precision 2/3 up to recall 2/3. Small: false, true. Medium: the
    # small ones are left out, one of two is found.
    assert value[0.75, None] == pytest.approx(67 / 101 * 2 / 3)
    assert value[0.75, "small"] == pytest.approx(1 / 2)
    assert value[0.75, "medium"] == pytest.approx(51 / 101)
    assert value[0.75, "large"] is None
    # Above its IoU the medium detection is false.
    assert value[0.8, None] == pytest.approx(34 / 101 * 1 / 2)
    assert value[0.8, "small"] == pytest.approx(1 / 2)
    assert value[0.8, "medium"] == 0


def test_counts_have_no_interval_and_say_why(figure: dict[str, MetricValue]) -> None:
    assert figure["merge_events"].interval is None
    assert figure["merge_events"].no_interval == "a count of this sample, not an estimate"


def test_errors_of_counts_keep_their_sign_or_lose_it(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    # Reference 2 and 2, predicted 1 and 0: bias -1.5, total -3/4.
    tables = [
        make_strip_table([(0, 9), (20, 29)], [(0, 9)], "A"),
        make_strip_table([(0, 9), (20, 29)], [], "B"),
    ]
    found = measure(tables, [make_case("A"), make_case("B")], make_protocol())
    value = {one.metric: one.value for one in found.metrics if one.scope.size is None}
    assert value["count_bias"] == -1.5
    assert value["count_mean_absolute_error"] == 1.5
    assert value["count_relative_error"] == -0.75
    assert value["count_absolute_relative_error"] == 0.75
    interval = {one.metric: one.interval for one in found.metrics}
    assert interval["count_relative_error"].lower == -1
    assert interval["count_absolute_relative_error"].upper == 1
    assert interval["count_absolute_relative_error"].lower >= 0


def undefined(evidence: Evidence) -> dict[str, str]:
    assert all((one.value is None) == (one.undefined is not None) for one in evidence.metrics)
    return {
        one.metric: one.undefined
        for one in evidence.metrics
        if one.undefined is not None and one.scope.size is None
    }


def test_an_empty_reference_leaves_recall_undefined_and_precision_zero(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    found = measure([make_strip_table([], [(0, 9)], "A")], [make_case("A")], make_protocol())
    assert undefined(found) == {
        "recall": "no reference object of the class",
        "segmentation_quality": "no matched pair of the class",
        "matched_dice": "no matched pair of the class",
        **dict.fromkeys(OF_CURVES, "no reference object of the class"),
        **dict.fromkeys(LIMITS, "fewer than two cases have a value"),
        "count_relative_error": "no reference object of the class",
        "count_absolute_relative_error": "no reference object of the class",
        "merged_share": "no reference object of the class",
        "split_share": "no reference object of the class",
    }
    value = {one.metric: one.value for one in found.metrics if one.scope.size is None}
    assert (value["precision"], value["f1"], value["panoptic_quality"]) == (0, 0, 0)


def test_an_empty_prediction_leaves_precision_undefined_and_recall_zero(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    found = measure([make_strip_table([(0, 9)], [], "A")], [make_case("A")], make_protocol())
    assert undefined(found) == {
        "precision": "no predicted object of the class",
        "segmentation_quality": "no matched pair of the class",
        "matched_dice": "no matched pair of the class",
        **dict.fromkeys(LIMITS, "fewer than two cases have a value"),
    }
    value = {one.metric: one.value for one in found.metrics if one.scope.size is None}
    assert (value["recall"], value["f1"], value["average_precision"]) == (0, 0, 0)


def test_with_neither_only_counts_have_a_value(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    found = measure([make_strip_table([], [], "A")], [make_case("A")], make_protocol())
    assert undefined(found)["f1"] == "no reference object and no predicted object of the class"
    value = {one.metric: one.value for one in found.metrics if one.value is not None}
    assert value["count_bias"] == 0
    assert value["count_exact_rate"] == 1
    assert value["false_positives_per_case"] == 0


def test_all_ignored_is_neither_found_nor_penalised(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    table = make_strip_table([(0, 50)], [(0, 10)], "A", ignored=[1])
    found = measure([table], [make_case("A")], make_protocol())
    value = {one.metric: one.value for one in found.metrics if one.scope.size is None}
    assert value["recall"] is None
    assert value["precision"] is None
    assert value["ignored_objects"] == 1
    assert value["reference_objects"] == value["predicted_objects"] == 0
    [row] = found.instance_rows
    assert row["outcome"] == "ignored"


def test_an_absent_class_has_its_own_undefined_figures(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    protocol = make_protocol(classes=("nucleus", "debris"))
    found = measure([make_strip_table([(0, 9)], [(0, 9)], "A")], [make_case("A")], protocol)
    value = {one.id: one.value for one in found.metrics}
    assert value["recall/class=nucleus/iou=0.5"] == 1
    assert value["recall/class=debris/iou=0.5"] is None
    assert value["average_precision/class=debris"] is None


def test_one_case_has_values_and_no_interval(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    found = measure([make_strip_table([(0, 9)], [(0, 9)], "A")], [make_case("A")], make_protocol())
    recall = next(one for one in found.metrics if one.metric == "recall")
    assert recall.value == 1
    assert recall.interval is None
    assert recall.no_interval == "fewer than two cases: nothing to resample"


def test_one_subject_has_values_and_no_interval(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    tables = [make_strip_table([(0, 9)], [(0, 9)], one) for one in "AB"]
    cases = [make_case(one, "S-1") for one in "AB"]
    found = measure(tables, cases, make_protocol(resampling_unit="subject"))
    recall = next(one for one in found.metrics if one.metric == "recall")
    assert recall.no_interval == "fewer than two subjects: nothing to resample"


def test_predictions_without_scores_have_no_average_precision(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strips: Callable[..., ObjectSet],
) -> None:
    table = overlap_table("A", make_strips((0, 9)), make_strips((0, 9)))
    found = measure([table], [make_case("A")], make_protocol())
    assert undefined(found) == {
        **dict.fromkeys(OF_CURVES, "the predictions have no scores"),
        **dict.fromkeys(LIMITS, "fewer than two cases have a value"),
    }
    [row] = found.instance_rows
    assert (row["outcome"], row["score"]) == ("matched", None)


def test_the_two_algorithms_can_differ_and_the_protocol_decides(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    # R1 0-10, R2 5-15; P1 3-13 (.9): 7/13 = .54 with R1, 8/12 = .67 with R2; P2 5-17 (.8): 5/17
    # with R1, 10/12 with R2. Greedily P1 takes R2 and P2 has none; optimally there are two pairs.
    table = make_strip_table([(0, 10), (5, 15)], [(3, 13), (5, 17)], "A", scores=[0.9, 0.8])
    values = {}
    for algorithm in ("greedy_by_score", "optimal"):
        protocol = make_protocol(matching={"algorithm": algorithm})
        found = measure([table], [make_case("A")], protocol)
        values[algorithm] = next(one.value for one in found.metrics if one.metric == "recall")
    assert values == {"greedy_by_score": 0.5, "optimal": 1.0}
