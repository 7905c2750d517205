"""Traps that figures set: what common tools say of these inputs, and what is said here.

Those of damaged or surprising inputs (areas that overflow, boxes in results, ids, scores) are
in ``test_input_traps.py``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError
from scipy import ndimage

from validation.evidence.catalogue import CATALOGUE, definition
from validation.evidence.files import evidence_files
from validation.evidence.further_tables import FurtherTables
from validation.evidence.measure import Evidence, measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.overlap import confusion_table, overlap_table
from validation.evidence.surface import SurfaceTerms, surface_table
from validation.plan.protocol import Protocol
from validation.record import Record
from validation.testset.annotations import ClassMap

MakeProtocol = Callable[..., Protocol]


def figures(evidence: Evidence) -> dict[str, MetricValue]:
    return {one.id: one for one in evidence.metrics}


# Trap 4. Without detections pycocotools ends in an IndexError, and without a limit of 100
# detections its AP is -1.


def test_a_model_that_finds_nothing_is_a_valid_run_with_an_average_precision_of_zero(
    make_protocol: MakeProtocol, make_case: Callable[..., Any], make_strip_table: Any
) -> None:
    tables = [make_strip_table([(0, 5)], [], one) for one in "AB"]
    found = figures(measure(tables, [make_case(one) for one in "AB"], make_protocol()))
    assert found["average_precision/class=nucleus"].value == 0
    assert found["recall/class=nucleus/iou=0.5"].value == 0


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_any_limit_of_detections_gives_an_average_precision(
    make_protocol: MakeProtocol, make_case: Any, make_strip_table: Any, limit: int
) -> None:
    protocol = make_protocol(matching={"maximum_detections": limit})
    table = make_strip_table([(0, 5)], [(0, 5)], "A")
    found = figures(measure([table], [make_case("A")], protocol))
    assert found["average_precision/class=nucleus"].value == pytest.approx(1)


# Trap 5. More than 100 objects of a class in an image lower the AP of every COCO evaluator
# without a word.


def test_more_than_100_objects_in_an_image_are_limited_only_by_the_protocol_and_counted(
    make_protocol: MakeProtocol, make_case: Any, make_strips: Any
) -> None:
    spans = [(2 * one, 2 * one + 1) for one in range(120)]
    objects = make_strips(*spans, length=240, scores=[0.9] * 120)
    table, case = overlap_table("A", objects, objects), make_case("A")
    limited = measure([table], [case], make_protocol(matching={"maximum_detections": 100}))
    raised = measure([table], [case], make_protocol(matching={"maximum_detections": 120}))
    address = "average_precision/class=nucleus"
    # 100 of 120 found: precision is 1 at the recalls up to 0.83, 84 of COCO's 101.
    assert figures(limited)[address].value == pytest.approx(84 / 101)
    assert figures(raised)[address].value == pytest.approx(1)
    assert limited.case_rows[0]["predictions_beyond_limit"] == 20
    assert raised.case_rows[0]["predictions_beyond_limit"] == 0
    # The operating point has no such limit.
    assert figures(limited)["recall/class=nucleus/iou=0.5"].value == 1


# Trap 6. Where scores are equal, the order of the input decides what COCO evaluators say.


def test_equal_scores_are_ordered_by_case_and_id_whatever_the_order_of_the_input(
    make_protocol: MakeProtocol, make_case: Any, make_strip_table: Any
) -> None:
    tables = [
        make_strip_table([(0, 5)], [(0, 5)], "A"),
        make_strip_table([(0, 5)], [(50, 55), (0, 5)], "B"),
        make_strip_table([(0, 5)], [(60, 65)], "C"),
    ]
    cases = [make_case(one) for one in "ABC"]
    there = measure(tables, cases, make_protocol())
    back = measure(tables[::-1], cases[::-1], make_protocol())
    assert evidence_files(there) == evidence_files(back)
    # A1 true, B1 false, B2 true, C1 false, of 3: precision 1 up to recall 1/3 (34 recalls of
    # COCO's 101), 2/3 up to recall 2/3 (33 more), then nothing.
    address = "average_precision/class=nucleus"
    assert figures(there)[address].value == pytest.approx((34 + 33 * 2 / 3) / 101)
    # In other images the same objects are other ties, and the figure is another: it is the
    # rule, and no accident of a file, that decides.
    renamed = [make_strip_table([(0, 5)], [(0, 5)], "Z"), *tables[1:]]
    moved = figures(measure(renamed, [make_case(one) for one in "BCZ"], make_protocol()))
    assert moved[address].value is not None
    assert moved[address].value != figures(there)[address].value


# Trap 7. A distance to a missed object is NaN, and a mean without NaN improves as more is
# missed (MONAI 9095).

NAMES = ("A", "B", "C")


def _bordered(make_protocol: MakeProtocol, make_case: Any, found: list[list[int]]) -> Evidence:
    protocol = make_protocol("semantic", ("a",), surface_tolerance_px=1)
    truth = ClassMap(np.array([[0, 1, 0, 0, 0, 0]], np.uint8))
    terms = SurfaceTerms("px", 1.0, 1, None)
    maps = {
        name: ClassMap(np.array([row], np.uint8)) for name, row in zip(NAMES, found, strict=True)
    }
    return measure(
        [confusion_table(name, truth, one, 1) for name, one in maps.items()],
        [make_case(one) for one in NAMES],
        protocol,
        further=FurtherTables(
            {name: surface_table(name, truth, one, 1, terms) for name, one in maps.items()}
        ),
    )


def test_a_missed_object_stands_beside_the_mean_distance_that_it_is_not_in(
    make_protocol: MakeProtocol, make_case: Any
) -> None:
    right, far, nothing = [0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [0] * 6
    all_found = figures(_bordered(make_protocol, make_case, [right, right, far]))
    one_missed = figures(_bordered(make_protocol, make_case, [right, right, nothing]))
    before, after = (one["hausdorff_95_px/class=a"] for one in (all_found, one_missed))
    # The mean falls from 4/3 to 0 as the far object is missed altogether; the count says so.
    assert (before.value, before.n, before.n_undefined) == (pytest.approx(4 / 3), 3, 0)
    assert (after.value, after.n, after.n_undefined) == (0, 2, 1)
    assert one_missed["surface_missed_cases/class=a"].value == 1
    assert all_found["surface_missed_cases/class=a"].value == 0
    # The surface figure without that trap gets worse.
    surface = "normalised_surface_distance/class=a"
    assert one_missed[surface].value is not None
    assert one_missed[surface].value == pytest.approx(4 / 5)


# Trap 8. A class that is absent scores 0 or 1 (torchmetrics 2558, 2850); the Dice coefficient
# of two empty masks is NaN, 1 or 0, as the library likes.


def test_the_dice_of_two_empty_masks_is_undefined_and_the_case_is_counted(
    make_protocol: MakeProtocol, make_case: Any, make_class_map: Any
) -> None:
    full, empty = make_class_map([[1, 1]]), make_class_map([[0, 0]])
    tables = [confusion_table("A", full, full, 1), confusion_table("B", empty, empty, 1)]
    evidence = measure(tables, [make_case("A"), make_case("B")], make_protocol("semantic", ("a",)))
    mean = figures(evidence)["dice_mean_over_cases/class=a"]
    assert (mean.value, mean.n, mean.n_undefined) == (1, 1, 1)
    assert evidence.case_rows[1]["dice/class=a"] is None


def test_a_class_that_is_absent_has_no_score_and_a_protocol_has_to_say_what_happens(
    make_protocol: MakeProtocol, make_case: Any, make_class_map: Any
) -> None:
    full = make_class_map([[1, 1]])
    evidence = measure(
        [confusion_table("A", full, full, 2)], [make_case("A")], make_protocol("semantic", "ab")
    )
    found = figures(evidence)
    assert (found["iou/class=a"].value, found["iou/class=b"].value) == (1, None)
    assert found["iou/class=b"].undefined
    assert found["mean_iou"].value is None
    plan = make_protocol("semantic").analysis.model_dump()
    del plan["undefined_values"]
    with pytest.raises(ValidationError, match="undefined_values"):
        type(make_protocol("semantic").analysis).model_validate(plan)


# Trap 9. HD95 is a percentile of pooled distances here and the larger of two directed
# percentiles there; borders are of pixels here and of marching squares there.


def test_the_95th_percentile_is_the_larger_directed_one_and_its_definition_says_so() -> None:
    truth, found = np.zeros((1, 60), np.uint8), np.zeros((1, 60), np.uint8)
    truth[0, 0:20:2], found[0, 0:20:2], found[0, 50] = 1, 1, 1
    terms = SurfaceTerms("px", 1.0, 1, None)
    [row] = surface_table("A", ClassMap(truth), ClassMap(found), 1, terms).rows
    there = ndimage.distance_transform_edt(found == 0)[truth > 0]
    back = ndimage.distance_transform_edt(truth == 0)[found > 0]
    directed = [np.percentile(one, 95) for one in (there, back)]
    pooled = np.percentile(np.concatenate([there, back]), 95)
    # One of 11 pixels is 32 away: half way between the last two of 11, before the last of 21.
    assert (directed, pooled) == ([0, 16], 0)
    assert row.hausdorff_95_px == 16
    known = definition("hausdorff_95_px")
    assert "larger" in known.definition
    assert known.source


# Trap 10. A binomial interval on pooled objects takes the objects of an image for independent.


def test_copies_of_the_images_of_a_subject_make_no_interval_narrower(
    make_protocol: MakeProtocol, make_case: Any, make_strip_table: Any
) -> None:
    protocol = make_protocol(resampling_unit="subject", proportion_interval="wilson")
    drawn: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]] = [
        ([(0, 9), (20, 29)], [(0, 9), (20, 29)][: one % 3]) for one in range(8)
    ]
    found = []
    for copies in (1, 5):
        names = [(f"C-{one}-{copy}", one) for one in range(8) for copy in range(copies)]
        tables = [make_strip_table(*drawn[one], name) for name, one in names]
        cases = [make_case(name, f"S-{one}") for name, one in names]
        found.append(figures(measure(tables, cases, protocol)))
    address = "recall/class=nucleus/iou=0.5"
    alone, copied = (one[address].interval for one in found)
    assert alone is not None
    assert copied is not None
    assert (copied.lower, copied.upper) == (alone.lower, alone.upper)
    assert (found[0][address].n, found[1][address].n) == (16, 80)
    assert copied.clusters == 8
    # Recall is of pooled objects, and has no binomial interval even where one is asked for. A
    # share of cases has one, as long as every subject has one case.
    share = "count_exact_rate/class=nucleus"
    of_cases, of_copies = (one[share].interval for one in found)
    assert of_cases is not None
    assert of_copies is not None
    assert "bootstrap" in alone.method
    assert "ilson" in of_cases.method
    assert "bootstrap" in of_copies.method


# Trap 11. pydantic writes NaN as null without a word.


class _Silent(BaseModel):
    value: float | None


class _Stored(Record):
    value: float | None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_record_holds_a_number_that_json_cannot_say(value: float) -> None:
    assert _Silent(value=value).model_dump_json() == '{"value":null}'
    with pytest.raises(ValidationError, match="finite"):
        _Stored(value=value)
    with pytest.raises(ValueError, match="JSON compliant"):
        _Stored.model_construct(value=value).to_json()
    assert MetricValue.model_config["allow_inf_nan"] is False


# Trap 12. A mean of ratios and a ratio of sums are two figures.


def test_pooled_figures_and_means_over_cases_are_told_apart_by_name_and_definition(
    make_protocol: MakeProtocol, make_case: Any, make_class_map: Any
) -> None:
    # A: 1 of 1 pixel found, Dice 1. B: 1 of 4, Dice 2/5. Pooled: 2*2 / (5 + 2) = 4/7.
    tables = [
        confusion_table("A", make_class_map([[1, 0, 0, 0]]), make_class_map([[1, 0, 0, 0]]), 1),
        confusion_table("B", make_class_map([[1, 1, 1, 1]]), make_class_map([[1, 0, 0, 0]]), 1),
    ]
    cases = [make_case("A"), make_case("B")]
    found = figures(measure(tables, cases, make_protocol("semantic", ("a",))))
    assert found["dice/class=a"].value == pytest.approx(4 / 7)
    assert found["dice_mean_over_cases/class=a"].value == pytest.approx((1 + 2 / 5) / 2)
    assert definition("dice").aggregation == "pooled"
    assert definition("dice_mean_over_cases").aggregation == "mean over cases"
    assert all(one.aggregation for one in CATALOGUE)
