"""Unit tests for validation/evidence/separability.py."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask
from scipy import ndimage

from validation.errors import EvidenceError
from validation.evidence.class_components import component_counts
from validation.evidence.files import evidence_files
from validation.evidence.further_tables import (
    FurtherTables,
    further_files,
    further_from_files,
)
from validation.evidence.measure import measure
from validation.evidence.overlap import OverlapTable, confusion_table, overlap_table
from validation.evidence.ratios import Count, Ratio
from validation.evidence.separability import (
    SeparationRow,
    SeparationTable,
    separation_figures,
    separation_table,
)
from validation.plan.protocol import Protocol
from validation.testset.annotations import ClassMap, ObjectSet
from validation.testset.cases import Case


def labelled(rows: Any, ignored: list[int] | None = None) -> ObjectSet:
    label_map = np.array(rows, np.int32)
    ids = np.unique(label_map[label_map > 0]).astype(np.int64)
    flags = None if ignored is None else np.isin(ids, ignored)
    return ObjectSet(label_map.shape, ids, np.ones_like(ids), ignored=flags, label_map=label_map)


def as_masks(objects: ObjectSet) -> ObjectSet:
    assert objects.label_map is not None
    masks = [
        coco_mask.encode(np.asfortranarray(objects.label_map == one, dtype=np.uint8))
        for one in objects.ids
    ]
    return ObjectSet(
        objects.shape, objects.ids, objects.classes, ignored=objects.ignored, masks=tuple(masks)
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[0, 0], [0, 0]], (0, 0, 0)),
        ([[0, 5], [0, 5]], (1, 0, 1)),
        ([[1, 0, 2]], (2, 0, 2)),
        ([[1, 2, 0, 3]], (3, 2, 2)),
        # Corners touch: 8-connectivity.
        ([[1, 0], [0, 2]], (2, 2, 1)),
        # One object in two parts is two components, and nothing touches.
        ([[1, 0, 1]], (1, 0, 2)),
        # A part of 1 touches 2, and errors cancel: two objects, two components.
        ([[1, 0, 1, 2]], (2, 2, 2)),
        ([[7, 7, 9, 9, 4]], (3, 3, 1)),
    ],
)
def test_objects_that_touch_become_one_component(
    rows: list[list[int]], expected: tuple[int, int, int]
) -> None:
    objects = labelled(rows)
    assert separation_table("C", objects, 1).rows == (SeparationRow(*expected),)
    assert separation_table("C", as_masks(objects), 1).rows == (SeparationRow(*expected),)


def test_objects_that_overlap_become_one_component(make_strips: Callable[..., ObjectSet]) -> None:
    objects = make_strips((0, 10), (5, 15), (20, 30), (31, 40))
    assert separation_table("C", objects, 1).rows == (SeparationRow(4, 2, 3),)


def test_classes_are_kept_apart_and_ignored_regions_left_out(
    make_strips: Callable[..., ObjectSet],
) -> None:
    objects = make_strips((0, 10), (10, 20), (20, 30), (30, 40), classes=[1, 2, 2, 2],
                          ignored=[0, 0, 0, 1])  # fmt: skip
    table = separation_table("C", objects, 3)
    assert table.rows == (SeparationRow(1, 0, 1), SeparationRow(2, 2, 1), SeparationRow(0, 0, 0))
    assert SeparationTable.from_dict(json.loads(json.dumps(table.to_dict()))) == table


def test_ignored_regions_are_no_objects_and_touch_nothing() -> None:
    # 2 is a crowd that touches 1 and 3; without it these two are apart.
    assert separation_table("C", labelled([[1, 2, 3]], ignored=[2]), 1).rows == (
        SeparationRow(2, 0, 2),
    )
    assert separation_table("C", labelled([[1, 2, 3]], ignored=[1, 2, 3]), 1).rows == (
        SeparationRow(0, 0, 0),
    )


def test_an_object_without_pixels_touches_nothing() -> None:
    empty = coco_mask.encode(np.zeros((1, 3), np.uint8, order="F"))
    full = coco_mask.encode(np.ones((1, 3), np.uint8, order="F"))
    objects = ObjectSet((1, 3), np.array([1, 2]), np.array([1, 1]), masks=(empty, full))
    assert separation_table("C", objects, 1).rows == (SeparationRow(2, 0, 1),)


@settings(deadline=None, max_examples=60)
@given(hnp.arrays(np.int32, (7, 8), elements=st.sampled_from([0, 0, 0, 1, 2, 5, 9])))
def test_components_and_neighbours_are_those_of_scipy_and_of_dilation(rows: np.ndarray) -> None:
    objects = labelled(rows)
    square = np.ones((3, 3), bool)
    _, components = ndimage.label(rows > 0, structure=square)
    touching = sum(
        bool((ndimage.binary_dilation(rows == one, square) & (rows > 0) & (rows != one)).any())
        for one in objects.ids
    )
    expected = SeparationRow(len(objects), touching, components)
    assert separation_table("C", objects, 1).rows == (expected,)
    assert separation_table("C", as_masks(objects), 1).rows == (expected,)
    relabelled = labelled(np.where(rows > 0, 100 - rows, 0))
    assert separation_table("C", relabelled, 1).rows == (expected,)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[0, 0], [0, 0]], (0, 0)),
        ([[1]], (1, 0)),
        # Corners join pixels of a class in both directions, also across the other class.
        ([[1, 2], [2, 1]], (1, 1)),
        ([[1, 0, 1], [0, 0, 0], [1, 0, 1]], (4, 0)),
        # A ring is one component, and what it encloses another.
        ([[1, 1, 1], [1, 2, 1], [1, 1, 1]], (1, 1)),
        # Two arms that meet below.
        ([[1, 0, 1], [1, 0, 1], [1, 1, 1]], (1, 0)),
        # The end of a row and the beginning of the next are no neighbours.
        ([[0, 0, 1], [0, 0, 0], [1, 0, 0]], (2, 0)),
        ([[0, 0, 0, 1], [1, 0, 0, 0]], (2, 0)),
    ],
)
def test_components_of_a_class_map_are_counted_and_objects_are_not(
    rows: list[list[int]], expected: tuple[int, int]
) -> None:
    table = separation_table("C", ClassMap(np.array(rows, np.uint8)), 2)
    assert table.rows == tuple(SeparationRow(None, None, one) for one in expected)
    assert table.over_classes == SeparationRow(None, None, sum(expected))
    assert table.over_classes.count_difference is None
    assert SeparationTable.from_dict(json.loads(json.dumps(table.to_dict()))) == table


@settings(deadline=None, max_examples=150)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
                  elements=st.integers(0, 2)))  # fmt: skip
def test_components_of_a_class_map_are_those_of_scipy(classes: np.ndarray) -> None:
    square = np.ones((3, 3), bool)
    expected = tuple(ndimage.label(classes == one, structure=square)[1] for one in (1, 2, 3))
    assert component_counts(classes, 3) == expected
    doubled = classes.repeat(2, axis=0).repeat(2, axis=1)
    assert component_counts(doubled, 3) == expected
    assert component_counts(np.ascontiguousarray(classes.T), 3) == expected


LABELS = [[[1, 2, 0, 3]], [[1, 0, 0, 2]], [[0, 0, 0, 0]]]
# Case by case: 3 objects, 2 touching, 2 components; 2, 0, 2; none.
EXPECTED = {
    "touching_share": (2 / 5, 5),
    "component_count_relative_error": (-1 / 5, 5),
    "component_count_mean_absolute_error": (1 / 3, 3),
    "component_count_exact_rate": (2 / 3, 3),
    "touching_objects": (2, 3),
    "reference_components": (4, 3),
}


CASE_CELLS = (
    "reference_objects",
    "touching_objects",
    "reference_components",
    "component_count_difference",
)


def further_of(labels: list[Any]) -> FurtherTables:
    return FurtherTables(
        separations={
            f"C-{number}": separation_table(f"C-{number}", labelled(rows), 1)
            for number, rows in enumerate(labels)
        }
    )


@pytest.mark.parametrize("kind", ["semantic", "instance"])
def test_the_figures_are_there_for_both_methods_and_follow_from_the_table(
    make_protocol: Callable[..., Protocol], make_case: Callable[..., Case], kind: str
) -> None:
    protocol = make_protocol(kind)
    cases = [make_case(f"C-{number}") for number in range(3)]
    tables: list[Any] = []
    for number, rows in enumerate(LABELS):
        if kind == "instance":
            tables.append(overlap_table(f"C-{number}", labelled(rows), labelled(rows)))
        else:
            truth = ClassMap((np.array(rows) > 0).astype(np.uint8))
            tables.append(confusion_table(f"C-{number}", truth, truth, 1))
    further = further_of(LABELS)
    written = further_files(further, protocol)
    assert written == {
        "tables/separability.csv": b"case_id,class,objects,touching,components\n"
        b"C-0,nucleus,3,2,2\nC-1,nucleus,2,0,2\nC-2,nucleus,0,0,0\n"
    }
    assert further_from_files(written, protocol) == further
    evidence = measure(tables, cases, protocol, further=further)
    found = {one.metric: (one.value, one.n) for one in evidence.metrics if one.metric in EXPECTED}
    assert found == {metric: (pytest.approx(value), n) for metric, (value, n) in EXPECTED.items()}
    assert [tuple(row[one] for one in CASE_CELLS) for row in evidence.case_rows] == [
        (3, 2, 2, -1),
        (2, 0, 2, 0),
        (0, 0, 0, 0),
    ]
    again = measure(tables, cases, protocol, further=further_from_files(written, protocol))
    assert evidence_files(again) == evidence_files(evidence)
    # A record of before there was the table has none of its figures, and stays as it was.
    before = measure(tables, cases, protocol, further=further_from_files({}, protocol))
    assert not [one for one in before.metrics if one.metric in EXPECTED]
    assert not set(before.case_columns) & set(CASE_CELLS[1:])


@pytest.fixture
def class_map_protocol(make_protocol: Callable[..., Protocol]) -> Protocol:
    protocol = make_protocol("semantic")
    standard = protocol.test_set.reference_standard.model_copy(update={"format": "class_map"})
    test_set = protocol.test_set.model_copy(update={"reference_standard": standard})
    return protocol.model_copy(update={"test_set": test_set})


@pytest.mark.parametrize("is_counted", [True, False])
def test_a_class_map_has_no_objects_to_tell_apart_and_says_so(
    class_map_protocol: Protocol, make_case: Callable[..., Case], is_counted: bool
) -> None:
    truth = ClassMap(np.array([[1, 0, 1]], np.uint8))
    tables, cases = [confusion_table("C", truth, truth, 1)], [make_case("C")]
    # A record of before components were counted in class maps has no table of them.
    further = FurtherTables(separations={"C": separation_table("C", truth, 1)})
    further = further if is_counted else FurtherTables()
    evidence = measure(tables, cases, class_map_protocol, further=further)
    found = {one.metric: one for one in evidence.metrics if one.metric in EXPECTED}
    components = found.pop("reference_components", None)
    assert set(found) == set(EXPECTED) - {"touching_objects", "reference_components"}
    for one in found.values():
        assert (one.value, one.n) == (None, 0)
        assert one.undefined == "a class map does not tell objects apart"
    written = further_files(further, class_map_protocol)
    assert further_from_files(written, class_map_protocol) == further
    assert not set(CASE_CELLS) - {"reference_components"} & set(evidence.case_columns)
    if not is_counted:
        assert (written, components) == ({}, None)
        return
    assert components is not None
    assert (components.value, components.n) == (2, 1)
    assert written == {
        "tables/separability.csv": b"case_id,class,objects,touching,components\nC,nucleus,,,2\n"
    }
    assert evidence.case_rows[0]["reference_components"] == 2
    with pytest.raises(EvidenceError, match="objects of a class map"):
        further_from_files(
            {"tables/separability.csv": written["tables/separability.csv"][:-4] + b"2,0,2\n"},
            class_map_protocol,
        )


def test_over_several_classes_objects_and_components_are_counted_together(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strips: Callable[..., ObjectSet],
) -> None:
    protocol = make_protocol(classes=("a", "b"))
    # A: two of class a that touch; one of class b that touches them and counts as one itself.
    # B: one of class a in one part, and one of class b; all apart.
    objects = {
        "A": make_strips((0, 10), (10, 20), (20, 30), classes=[1, 1, 2]),
        "B": make_strips((0, 10), (20, 30), classes=[1, 2]),
    }
    tables = [overlap_table(one, some, some) for one, some in objects.items()]
    further = FurtherTables(
        separations={one: separation_table(one, some, 2) for one, some in objects.items()}
    )
    evidence = measure(tables, [make_case("A"), make_case("B")], protocol, further=further)
    found = {one.id: (one.value, one.n) for one in evidence.metrics}
    pooled = {metric: found[f"{metric}_pooled_over_classes"] for metric in EXPECTED}
    assert pooled == {
        "touching_share": (2 / 5, 5),
        "component_count_relative_error": (-1 / 5, 5),
        "component_count_mean_absolute_error": (1 / 2, 2),
        "component_count_exact_rate": (1 / 2, 2),
        "touching_objects": (2, 2),
        "reference_components": (4, 2),
    }
    assert found["touching_share/class=a"] == (2 / 3, 3)
    assert found["touching_share/class=b"] == (0, 2)
    assert [tuple(row[one] for one in CASE_CELLS) for row in evidence.case_rows] == [
        (3, 2, 2, -1),
        (2, 0, 2, 0),
    ]


def test_errors_that_cancel_between_classes_still_stand_in_the_classes() -> None:
    # Class a loses one of two objects; the one object of class b is in two parts.
    table = SeparationTable("C", (SeparationRow(2, 2, 1), SeparationRow(1, 0, 2)))
    found = {(one.metric, one.class_name): one for one in separation_figures([table], ("a", "b"))}
    metric = "component_count_mean_absolute_error"
    assert found[f"{metric}_pooled_over_classes", None].value() == 0
    assert [found[metric, name].value() for name in "ab"] == [1, 1]
    assert found["touching_share_pooled_over_classes", None].value() == 2 / 3


def test_a_case_whose_objects_cannot_be_read_is_left_out_and_counted() -> None:
    tables = [SeparationTable("A", (SeparationRow(3, 2, 2),)), None]
    for one in separation_figures(tables, ("nucleus",)):
        assert one.n == (3 if one.metric in ("touching_share", "component_count_relative_error")
                         else 1)  # fmt: skip
        if isinstance(one, Ratio):
            assert one.n_undefined == 1
    for one in separation_figures([None], ("nucleus",)):
        assert isinstance(one, Count) or (one.value() is None and one.undefined)
        assert one.n == 0


def test_without_an_object_there_is_no_share_and_the_count_is_exact() -> None:
    table = SeparationTable("A", (SeparationRow(0, 0, 0),))
    found = {one.metric: one for one in separation_figures([table], ("nucleus",))}
    for metric in ("touching_share", "component_count_relative_error"):
        assert found[metric].value() is None
        assert found[metric].undefined == "no reference object of the class"
    assert found["component_count_exact_rate"].value() == 1
    assert found["component_count_mean_absolute_error"].value() == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"3,2,2", b"1,2,2"),
        (b"3,2,2", b"3,2,0"),
        (b"3,2,2", b"3,2,-2"),
        (b"3,2,2", b"3,1,2"),
        (b"3,2,2", b"3,,2"),
        (b"3,2,2", b",,2"),
        (b"C-1,nucleus", b"C-0,nucleus"),
    ],
)
def test_a_damaged_table_of_objects_is_refused(
    make_protocol: Callable[..., Protocol], old: bytes, new: bytes
) -> None:
    protocol = make_protocol()
    written = further_files(further_of(LABELS), protocol)
    [(name, content)] = written.items()
    with pytest.raises(EvidenceError, match="damaged"):
        further_from_files({name: content.replace(old, new, 1)}, protocol)


def test_masks_that_overlap_are_counted_as_label_maps_are(
    make_strip_table: Callable[..., OverlapTable], make_strips: Callable[..., ObjectSet]
) -> None:
    # The overlap of reference objects is no pair of the overlap table; only the masks show it.
    table = make_strip_table([(0, 10), (5, 15)], [])
    assert len(table.pair_reference) == 0
    assert separation_table("C", make_strips((0, 10), (5, 15)), 1).rows[0].touching == 2
