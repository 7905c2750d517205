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
from validation.evidence.catalogue import definition
from validation.evidence.files import evidence_files
from validation.evidence.further_tables import (
    FurtherTables,
    further_files,
    further_from_files,
)
from validation.evidence.measure import measure
from validation.evidence.overlap import OverlapTable, confusion_table, overlap_table
from validation.evidence.separability import SeparationRow, SeparationTable, separation_table
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
    again = measure(tables, cases, protocol, further=further_from_files(written, protocol))
    assert evidence_files(again) == evidence_files(evidence)
    # A record of before there was the table has none of its figures, and stays as it was.
    before = measure(tables, cases, protocol, further=further_from_files({}, protocol))
    assert not [one for one in before.metrics if one.metric in EXPECTED]


def test_a_class_map_has_no_objects_to_tell_apart_and_says_so(
    make_protocol: Callable[..., Protocol], make_case: Callable[..., Case]
) -> None:
    protocol = make_protocol("semantic")
    standard = protocol.test_set.reference_standard.model_copy(update={"format": "class_map"})
    test_set = protocol.test_set.model_copy(update={"reference_standard": standard})
    protocol = protocol.model_copy(update={"test_set": test_set})
    truth = ClassMap(np.ones((1, 1), np.uint8))
    evidence = measure([confusion_table("C", truth, truth, 1)], [make_case("C")], protocol)
    found = {one.metric: one for one in evidence.metrics if one.metric in EXPECTED}
    assert set(found) == {one for one in EXPECTED if definition(one).aggregation != "count"}
    for one in found.values():
        assert one.value is None
        assert one.undefined == "a class map does not tell objects apart"
    assert further_files(FurtherTables(), protocol) == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"3,2,2", b"1,2,2"),
        (b"3,2,2", b"3,2,0"),
        (b"3,2,2", b"3,2,-2"),
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
