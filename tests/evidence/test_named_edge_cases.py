"""Every named edge case has a declared outcome: a value, or null with a reason; never a silence.

Each case is worked by hand in a comment, measured by the functions that a run uses, and looked
at as the evidence documents that a record holds.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from validation.evidence.catalogue import definition
from validation.evidence.csv_text import csv_rows
from validation.evidence.files import evidence_files, table_files, tables_from_files
from validation.evidence.gate import problems_of_objects
from validation.evidence.measure import Table, measure
from validation.evidence.overlap import confusion_table
from validation.plan.protocol import Protocol
from validation.testset.annotations import ObjectSet

UNDEFINED = None
Expected = tuple[float | None, int, int, str | None]
"""Value, n, n_undefined, and words of the reason where there is no value."""
Documents = Callable[..., dict[str, Any]]


@pytest.fixture
def documents(make_case: Callable[..., Any]) -> Documents:
    """Return the evidence of tables as its documents say it, all of them held against a rule.

    The rule: nothing is dropped. Every figure has a value or a reason and never both, an
    interval or a reason, a value within its range; every case has a row; and the tables that
    are stored give the same bytes again.
    """

    def read(
        tables: list[Table], protocol: Protocol, subjects: list[str] | None = None
    ) -> dict[str, Any]:
        names = subjects or [f"S-{number}" for number in range(len(tables))]
        cases = [make_case(one.case_id, name) for one, name in zip(tables, names, strict=True)]
        evidence = measure(tables, cases, protocol)
        files = evidence_files(evidence)
        again, _ = tables_from_files(table_files(tables, {}, protocol), protocol)
        assert evidence_files(measure(again, cases, protocol)) == files
        assert b"NaN" not in files["metrics.json"]
        figures = json.loads(files["metrics.json"])["metrics"]
        for one in figures:
            assert (one["value"] is None) == bool(one["undefined"]), one["id"]
            assert (one["interval"] is None) == bool(one["no_interval"]), one["id"]
            if one["n_of"] == "cases" and one["value"] is not None:
                assert one["n"] + one["n_undefined"] <= len(cases)
            if definition(one["metric"]).aggregation == "mean over cases" and (
                one["n_of"] == "cases" and not one["metric"].startswith("presence_")
            ):
                assert one["n"] + one["n_undefined"] == len(cases), one["id"]
        rows = csv_rows(files["cases.csv"])[1]
        assert [row["case_id"] for row in rows] == sorted(one.case_id for one in tables)
        return {
            "figures": {one["id"]: one for one in figures},
            "cases": rows,
            "objects": csv_rows(files["instances.csv"])[1] if "instances.csv" in files else [],
        }

    return read


def hold(found: dict[str, Any], expected: dict[str, Expected]) -> None:
    for address, (value, n, n_undefined, reason) in expected.items():
        one = found["figures"][address]
        assert one["value"] == (None if value is None else pytest.approx(value)), address
        assert (one["n"], one["n_undefined"]) == (n, n_undefined), address
        assert one["undefined"] == reason, address


# --- semantic ----------------------------------------------------------------------------

NEITHER = "no pixel of the class in reference or prediction"
NO_CASE = "no case has a pixel of the class in reference or prediction"
NOT_PREDICTED = "no pixel was predicted as the class"
NOT_THERE = "no pixel of the class in the reference"

# Reference, prediction, pixels not evaluated (one row each); the figures by hand.
SEMANTIC: dict[str, tuple[list[list[int]], dict[str, Expected], dict[str, str]]] = {
    # Two pixels of four are wrongly found: no overlap, and nothing that recall could be of.
    "empty reference": (
        [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]],
        {
            "dice/class=a": (0, 2, 0, None),
            "pixel_precision/class=a": (0, 2, 0, None),
            "pixel_recall/class=a": (UNDEFINED, 0, 0, NOT_THERE),
            "dice_mean_over_cases/class=a": (0, 1, 0, None),
            "presence_sensitivity/class=a": (UNDEFINED, 0, 0, "the class is present in no case"),
            "presence_specificity/class=a": (0, 1, 0, None),
            "pixel_accuracy": (0.5, 4, 0, None),
        },
        {"dice/class=a": "0.0", "presence/class=a": "false_positive"},
    ),
    "empty prediction": (
        [[0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
        {
            "dice/class=a": (0, 2, 0, None),
            "pixel_precision/class=a": (UNDEFINED, 0, 0, NOT_PREDICTED),
            "pixel_recall/class=a": (0, 2, 0, None),
            "dice_mean_over_cases/class=a": (0, 1, 0, None),
            "presence_sensitivity/class=a": (0, 1, 0, None),
            "presence_specificity/class=a": (
                UNDEFINED, 0, 0, "the class is present in every case",
            ),
        },
        {"dice/class=a": "0.0", "presence/class=a": "false_negative"},
    ),
    # Nothing to find and nothing found: 0/0, and neither 0 nor 1. Presence agrees.
    "both empty": (
        [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
        {
            "dice/class=a": (UNDEFINED, 0, 0, NEITHER),
            "iou/class=a": (UNDEFINED, 0, 0, NEITHER),
            "pixel_precision/class=a": (UNDEFINED, 0, 0, NOT_PREDICTED),
            "pixel_recall/class=a": (UNDEFINED, 0, 0, NOT_THERE),
            "dice_mean_over_cases/class=a": (UNDEFINED, 0, 1, NO_CASE),
            "presence_specificity/class=a": (1, 1, 0, None),
            "pixel_accuracy": (1, 4, 0, None),
        },
        {"dice/class=a": "", "presence/class=a": "true_negative"},
    ),
    "all ignored": (
        [[0, 1, 1, 0], [0, 1, 0, 0], [1, 1, 1, 1]],
        {
            "dice/class=a": (UNDEFINED, 0, 0, NEITHER),
            "pixel_accuracy": (UNDEFINED, 0, 0, "no evaluated pixel"),
            "dice_mean_over_cases/class=a": (UNDEFINED, 0, 1, NO_CASE),
            "presence_sensitivity/class=a": (
                UNDEFINED, 0, 1, "no case has an evaluated pixel",
            ),
            "area_fraction_bias/class=a": (UNDEFINED, 0, 1, "no case has an evaluated pixel"),
        },
        {"dice/class=a": "", "evaluated_px": "0", "ignored_px": "4", "presence/class=a": ""},
    ),
}  # fmt: skip


def _confusion(make_class_map: Any, rows: list[list[int]], name: str, classes: int = 1) -> Table:
    truth, found, hidden = ([row] for row in rows)
    return confusion_table(name, make_class_map(truth, hidden), make_class_map(found), classes)


@pytest.mark.parametrize("name", SEMANTIC)
def test_a_semantic_edge_case_has_its_declared_outcome(
    make_protocol: Callable[..., Protocol],
    make_class_map: Callable[..., Any],
    documents: Documents,
    name: str,
) -> None:
    rows, expected, cells = SEMANTIC[name]
    protocol = make_protocol("semantic", ("a",), presence_minimum_area_px=1)
    found = documents([_confusion(make_class_map, rows, "C")], protocol)
    hold(found, expected)
    assert {column: found["cases"][0][column] for column in cells} == cells


def test_a_semantic_class_that_is_absent_leaves_the_mean_of_classes_undefined(
    make_protocol: Callable[..., Protocol],
    make_class_map: Callable[..., Any],
    documents: Documents,
) -> None:
    # a is found to the pixel in both cases; b is nowhere, and counts neither as 0 nor as 1.
    protocol = make_protocol("semantic", ("a", "b"), presence_minimum_area_px=1)
    rows = [[0, 1], [0, 1], [0, 0]]
    tables = [_confusion(make_class_map, rows, name, 2) for name in ("A", "B")]
    found = documents(tables, protocol)
    hold(
        found,
        {
            "dice/class=a": (1, 2, 0, None),
            "dice/class=b": (UNDEFINED, 0, 0, NEITHER),
            "dice_mean_over_cases/class=b": (UNDEFINED, 0, 2, NO_CASE),
            "mean_iou": (UNDEFINED, 4, 0, "a class has no pixel in reference or prediction"),
        },
    )
    assert [row["dice/class=b"] for row in found["cases"]] == ["", ""]


def test_an_undefined_case_is_counted_beside_the_mean_of_the_others(
    make_protocol: Callable[..., Protocol],
    make_class_map: Callable[..., Any],
    documents: Documents,
) -> None:
    # One of two pixels found: Dice 2/3. The case without the class is no Dice of 0 or 1.
    tables = [
        _confusion(make_class_map, [[1, 1], [1, 0], [0, 0]], "A"),
        _confusion(make_class_map, [[0, 0], [0, 0], [0, 0]], "B"),
    ]
    found = documents(tables, make_protocol("semantic", ("a",)))
    hold(found, {"dice_mean_over_cases/class=a": (2 / 3, 1, 1, None)})


# --- instance ----------------------------------------------------------------------------

NO_REFERENCE = "no reference object of the class"
NO_PREDICTION = "no predicted object of the class"
NOT_AT_ALL = "no reference object and no predicted object of the class"
NO_PAIR = "no matched pair of the class"
AT = "class=nucleus/iou=0.5"

Spans = list[tuple[int, int]]
INSTANCE: dict[
    str, tuple[Spans, Spans, list[int] | None, dict[str, Expected], list[str], dict[str, str]]
] = {
    "empty reference": (
        [],
        [(0, 5)],
        None,
        {
            f"recall/{AT}": (UNDEFINED, 0, 0, NO_REFERENCE),
            f"precision/{AT}": (0, 1, 0, None),
            f"segmentation_quality/{AT}": (UNDEFINED, 0, 0, NO_PAIR),
            f"false_positives_per_case/{AT}": (1, 1, 0, None),
            "average_precision/class=nucleus": (UNDEFINED, 0, 0, NO_REFERENCE),
            "count_relative_error/class=nucleus": (UNDEFINED, 0, 0, NO_REFERENCE),
            "count_bias/class=nucleus": (1, 1, 0, None),
        },
        ["false_positive"],
        {"recall": "", "precision": "0.0", "false_positives": "1"},
    ),
    "empty prediction": (
        [(0, 5)],
        [],
        None,
        {
            f"recall/{AT}": (0, 1, 0, None),
            f"precision/{AT}": (UNDEFINED, 0, 0, NO_PREDICTION),
            f"f1/{AT}": (0, 1, 0, None),
            f"panoptic_quality/{AT}": (0, 1, 0, None),
            f"segmentation_quality/{AT}": (UNDEFINED, 0, 0, NO_PAIR),
            "average_precision/class=nucleus": (0, 1, 0, None),
            "count_relative_error/class=nucleus": (-1, 1, 0, None),
        },
        ["missed"],
        {"recall": "0.0", "precision": "", "missed": "1"},
    ),
    "both empty": (
        [],
        [],
        None,
        {
            f"recall/{AT}": (UNDEFINED, 0, 0, NO_REFERENCE),
            f"precision/{AT}": (UNDEFINED, 0, 0, NO_PREDICTION),
            f"f1/{AT}": (UNDEFINED, 0, 0, NOT_AT_ALL),
            f"panoptic_quality/{AT}": (UNDEFINED, 0, 0, NOT_AT_ALL),
            f"false_positives_per_case/{AT}": (0, 1, 0, None),
            "average_precision/class=nucleus": (UNDEFINED, 0, 0, NO_REFERENCE),
            "count_exact_rate/class=nucleus": (1, 1, 0, None),
        },
        [],
        {"recall": "", "precision": "", "f1": "", "reference_objects": "0"},
    ),
    # The prediction lies in the ignored region: absorbed, neither right nor wrong, and counted.
    "all ignored": (
        [(0, 10)],
        [(2, 8)],
        [1],
        {
            f"recall/{AT}": (UNDEFINED, 0, 0, NO_REFERENCE),
            f"precision/{AT}": (UNDEFINED, 0, 0, NO_PREDICTION),
            f"false_positives_per_case/{AT}": (0, 1, 0, None),
            "average_precision/class=nucleus": (UNDEFINED, 0, 0, NO_REFERENCE),
            "ignored_objects/class=nucleus": (1, 1, 0, None),
        },
        ["ignored"],
        {"ignored": "1", "predictions_absorbed": "1", "recall": "", "precision": ""},
    ),
    # One score for a false object and a true one: by rising id the false one comes first, so
    # the precision is 1/2 at every recall; the other way round it would be 1.
    "identical scores": (
        [(10, 15)],
        [(50, 55), (10, 15)],
        None,
        {
            "average_precision/class=nucleus": (0.5, 1, 0, None),
            f"recall/{AT}": (1, 1, 0, None),
            f"precision/{AT}": (0.5, 2, 0, None),
        },
        ["matched", "false_positive"],
        {"matched": "1", "false_positives": "1"},
    ),
}


@pytest.mark.parametrize("name", INSTANCE)
def test_an_instance_edge_case_has_its_declared_outcome(
    make_protocol: Callable[..., Protocol],
    make_strip_table: Callable[..., Any],
    documents: Documents,
    name: str,
) -> None:
    reference, prediction, ignored, expected, outcomes, cells = INSTANCE[name]
    table = make_strip_table(reference, prediction, "C", ignored=ignored)
    found = documents([table], make_protocol())
    hold(found, expected)
    assert [row["outcome"] for row in found["objects"]] == outcomes
    assert {column: found["cases"][0][column] for column in cells} == cells


def test_an_instance_class_that_is_absent_has_no_value_and_neither_has_the_mean(
    make_protocol: Callable[..., Protocol],
    make_strip_table: Callable[..., Any],
    documents: Documents,
) -> None:
    tables = [make_strip_table([(0, 5)], [(0, 5)], name) for name in ("A", "B")]
    found = documents(tables, make_protocol(classes=("nucleus", "debris")))
    absent = "no value for debris"
    hold(
        found,
        {
            f"recall/{AT}": (1, 2, 0, None),
            "recall/class=debris/iou=0.5": (UNDEFINED, 0, 0, NO_REFERENCE),
            "recall_mean_over_classes/iou=0.5": (UNDEFINED, 2, 0, absent),
            "recall_pooled_over_classes/iou=0.5": (1, 2, 0, None),
        },
    )


# --- both --------------------------------------------------------------------------------


def _two_tables(make_class_map: Any, make_strip_table: Any, kind: str) -> list[Table]:
    if kind == "semantic":
        return [
            _confusion(make_class_map, [[0, 1], found, [0, 0]], name)
            for name, found in (("A", [0, 1]), ("B", [1, 1]))
        ]
    return [make_strip_table([(0, 5)], some, name) for name, some in (("A", [(0, 5)]), ("B", []))]


@pytest.mark.parametrize("kind", ["semantic", "instance"])
@pytest.mark.parametrize(
    ("count", "unit", "reason"),
    [
        (1, "case", "fewer than two cases: nothing to resample"),
        (2, "subject", "fewer than two subjects: nothing to resample"),
    ],
    ids=["one case", "one subject"],
)
def test_one_case_or_subject_has_values_and_says_why_there_is_no_interval(  # noqa: PLR0917
    make_protocol: Callable[..., Protocol],
    make_class_map: Callable[..., Any],
    make_strip_table: Callable[..., Any],
    documents: Documents,
    kind: str,
    count: int,
    unit: str,
    reason: str,
) -> None:
    protocol = make_protocol(kind, resampling_unit=unit)
    tables = _two_tables(make_class_map, make_strip_table, kind)[:count]
    found = documents(tables, protocol, ["S"] * count)["figures"]
    is_count = {one: definition(found[one]["metric"]).aggregation == "count" for one in found}
    estimated = [one for one in found if found[one]["value"] is not None and not is_count[one]]
    assert len(estimated) > 5
    for address in estimated:
        assert found[address]["interval"] is None
        assert found[address]["no_interval"] == reason
    # Two subjects instead of one give an interval: it is the number of units that is missing.
    if count == 2:
        two = documents(tables, protocol, ["S", "T"])["figures"]
        assert any(two[one]["interval"] for one in estimated)


def test_an_object_without_pixels_is_refused_by_the_gate_and_by_the_table(
    make_strips: Callable[..., ObjectSet], make_strip_table: Callable[..., Any]
) -> None:
    empty = make_strips((3, 3), scores=[0.9])
    problems = problems_of_objects(empty, where="p", shape=(1, 100), class_count=1)
    assert ["without pixels" in one.what for one in problems] == [True]
    for reference, prediction in (([(3, 3)], []), ([], [(3, 3)])):
        with pytest.raises(ValueError, match="objects without pixels: 1"):
            make_strip_table(reference, prediction)
    listed = ObjectSet(
        (1, 4), np.array([1, 2]), np.array([1, 1]), label_map=np.array([[1, 1, 0, 0]], np.int32)
    )
    problems = problems_of_objects(listed, where="p", shape=(1, 4), class_count=1)
    assert [one.what for one in problems] == ["objects without pixels: 2"]


def test_a_semantic_class_without_pixels_is_a_class_that_is_absent(
    make_protocol: Callable[..., Protocol],
    make_class_map: Callable[..., Any],
    documents: Documents,
) -> None:
    # A class map has no objects; what it can lack are the pixels of a class, in one case of two.
    tables = [
        _confusion(make_class_map, [[0, 1], [0, 1], [0, 0]], "A"),
        _confusion(make_class_map, [[0, 0], [0, 0], [0, 0]], "B"),
    ]
    found = documents(tables, make_protocol("semantic", ("a",)))
    hold(
        found,
        {
            "iou/class=a": (1, 1, 0, None),
            "iou_mean_over_cases/class=a": (1, 1, 1, None),
        },
    )
