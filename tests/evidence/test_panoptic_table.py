"""Unit tests for validation/evidence/panoptic_table.py."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from validation.evidence.gate import problems_of
from validation.evidence.overlap import confusion_table, overlap_table
from validation.evidence.panoptic_table import (
    PanopticTable,
    of_classes,
    panoptic_table,
    panoptic_table_without_prediction,
    require_agreement,
)
from validation.plan.protocol import SegmentedClass
from validation.testset.annotations import PanopticMap
from validation.testset.formats.panoptic_maps import panoptic_map_of

CLASSES = (
    SegmentedClass(name="sky", description="-", value=1, role="stuff"),
    SegmentedClass(name="car", description="-", value=2, role="thing"),
    SegmentedClass(name="tree", description="-", value=3, role="stuff"),
)
VOID = 255


def reference(rows: Any) -> PanopticMap:
    values = np.array(rows, np.uint16)
    return panoptic_map_of(values, CLASSES, ignore_value=VOID, is_reference=True)


def prediction(rows: Any) -> PanopticMap:
    return panoptic_map_of(np.array(rows, np.uint16), CLASSES)


def test_a_table_worked_by_hand() -> None:
    # Reference: sky 3, car 2000 2, void 2, background 1. Prediction: sky 4 of which 1 in void,
    # car 2005 3 of which 1 in void.
    table = panoptic_table(
        "C",
        reference([[1, 1, 1, VOID], [2000, 2000, VOID, 0]]),
        prediction([[1, 1, 1, 1], [2005, 2005, 2005, 0]]),
        3,
    )
    segments = table.segments
    assert segments.reference_ids.tolist() == [1, 2000]
    assert segments.reference_areas_px.tolist() == [3, 2]
    assert segments.prediction_ids.tolist() == [1, 2005]
    assert segments.prediction_areas_px.tolist() == [3, 2]
    assert segments.prediction_void_px is not None
    assert segments.prediction_void_px.tolist() == [1, 1]
    assert segments.pair_intersection_px.tolist() == [3, 2]
    assert table.classes.counts.tolist() == [[1, 0, 0, 0], [0, 3, 0, 0], [0, 0, 2, 0], [0] * 4]
    assert table.classes.ignored_px == 2


def test_a_prediction_in_void_alone_stays_in_the_table() -> None:
    table = panoptic_table("C", reference([[VOID, VOID, 1]]), prediction([[2000, 2000, 0]]), 3)
    assert table.segments.prediction_areas_px.tolist() == [0]
    assert table.segments.prediction_void_px is not None
    assert table.segments.prediction_void_px.tolist() == [2]
    require_agreement(table)


def test_void_alone_gives_a_table_without_segments_of_the_reference() -> None:
    table = panoptic_table("C", reference([[VOID, VOID]]), prediction([[1, 2000]]), 3)
    assert len(table.segments.reference_ids) == 0
    assert table.classes.counts.sum() == 0
    assert table.classes.ignored_px == 2


SEGMENTS = hnp.arrays(np.uint16, (5, 6), elements=st.sampled_from([0, 1, 2000, 2001, 2002, 3]))
REFERENCES = hnp.arrays(np.uint16, (5, 6), elements=st.sampled_from([0, 1, 2, 2000, 2001, 3, VOID]))


@settings(deadline=None, max_examples=80)
@given(REFERENCES, SEGMENTS)
def test_the_confusion_is_that_of_the_class_maps(truth: np.ndarray, found: np.ndarray) -> None:
    one, other = reference(truth), prediction(found)
    table = panoptic_table("C", one, other, 3)
    assert table.classes == confusion_table("C", one.classes, other.classes, 3)
    require_agreement(table)
    assert PanopticTable.from_dict(table.to_dict()) == table
    for annotation in (one, other):
        assert problems_of(annotation, where="-", shape=(5, 6), class_count=3) == ()


@settings(deadline=None, max_examples=40)
@given(SEGMENTS, SEGMENTS)
def test_things_alone_are_the_table_of_the_objects(truth: np.ndarray, found: np.ndarray) -> None:
    one, other = reference(truth), prediction(found)
    things = of_classes(panoptic_table("C", one, other, 3).segments, np.array([False, True, False]))
    expected = overlap_table("C", one.objects, other.objects)
    none = np.zeros(len(things.prediction_ids), np.int64)
    assert things == replace(
        expected, prediction_void_px=none, prediction_scores=things.prediction_scores
    )


def test_without_a_prediction_every_segment_is_there_and_nothing_is_found() -> None:
    table = panoptic_table_without_prediction("C", reference([[1, 2000, VOID]]), 3)
    assert table.segments.reference_ids.tolist() == [1, 2000]
    assert len(table.segments.prediction_ids) == 0
    assert table.classes.counts[:, 0].tolist() == [0, 1, 1, 0]


def test_a_prediction_that_leaves_pixels_out_is_refused() -> None:
    one = reference([[1, VOID]])
    with pytest.raises(ValueError, match="cannot leave pixels out"):
        panoptic_table("C", one, one, 3)


def test_tables_that_contradict_one_another_are_refused() -> None:
    table = panoptic_table("C", reference([[1, VOID, 2000]]), prediction([[1, 1, 2000]]), 3)
    counts = table.classes.counts.copy()
    counts[1, 1], counts[1, 2] = 0, 1
    with pytest.raises(ValueError, match="the classes do not follow from the segments"):
        require_agreement(replace(table, classes=replace(table.classes, counts=counts)))
    with pytest.raises(ValueError, match="more is predicted in void than there is void"):
        require_agreement(replace(table, classes=replace(table.classes, ignored_px=0)))


def test_classes_and_segments_that_contradict_one_another_do_not_pass_the_gate() -> None:
    one = prediction([[1, 2000]])
    other = replace(one, classes=replace(one.classes, classes=one.classes.classes[:, ::-1]))
    [problem] = problems_of(other, where="C", shape=(1, 2), class_count=3)
    assert problem.what == "classes and segments of the panoptic map contradict one another"
