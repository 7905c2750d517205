"""Unit tests for validation/evidence/overlap.py."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask
from sklearn.metrics import confusion_matrix

from validation.evidence import overlap
from validation.evidence.overlap import (
    ConfusionTable,
    OverlapTable,
    class_histogram,
    confusion_table,
    confusion_table_without_prediction,
    overlap_table,
    overlap_table_without_prediction,
)
from validation.testset.annotations import ClassMap, ObjectSet

LABEL_MAPS = hnp.arrays(np.int32, (6, 7), elements=st.integers(0, 5))


def labelled(label_map: np.ndarray, scores: bool = False) -> ObjectSet:
    ids = np.unique(label_map[label_map > 0]).astype(np.int64)
    return ObjectSet(
        shape=label_map.shape,
        ids=ids,
        classes=1 + ids % 2,
        scores=np.full(len(ids), 0.5) if scores else None,
        label_map=label_map,
    )


def as_masks(objects: ObjectSet) -> ObjectSet:
    masks = [
        coco_mask.encode(np.asfortranarray(objects.label_map == one, dtype=np.uint8))
        for one in objects.ids
    ]
    return replace(objects, label_map=None, masks=tuple(masks))


def test_confusion_counts_evaluated_pixels_by_reference_and_prediction(
    make_class_map: Callable[..., ClassMap],
) -> None:
    # Row 0: 0->0, 1->1, 1->2; row 1: 2->2 ignored, 2->0, 0->1.
    reference = make_class_map([[0, 1, 1], [2, 2, 0]], ignored=[[0, 0, 0], [1, 0, 0]])
    prediction = make_class_map([[0, 1, 2], [2, 0, 1]])
    table = confusion_table("C-1", reference, prediction, 2)
    assert table.counts.tolist() == [[1, 1, 0], [0, 1, 1], [1, 0, 0]]
    assert table.ignored_px == 1


@given(
    hnp.arrays(np.uint8, (5, 6), elements=st.integers(0, 3)),
    hnp.arrays(np.uint8, (5, 6), elements=st.integers(0, 3)),
    hnp.arrays(np.bool_, (5, 6)),
)
def test_confusion_is_that_of_scikit_learn(
    reference: np.ndarray, prediction: np.ndarray, ignored: np.ndarray
) -> None:
    table = confusion_table("C-1", ClassMap(reference, ignored), ClassMap(prediction), 3)
    seen = ~ignored
    expected = (
        confusion_matrix(reference[seen], prediction[seen], labels=range(4))
        if seen.any()
        else np.zeros((4, 4))
    )
    assert np.array_equal(table.counts, expected)
    assert table.counts.dtype == np.int64
    assert table.counts.sum() + table.ignored_px == reference.size


def test_a_case_without_prediction_is_background_everywhere(
    make_class_map: Callable[..., ClassMap],
) -> None:
    table = confusion_table_without_prediction("C-1", make_class_map([[0, 1, 1]]), 1)
    assert table.counts.tolist() == [[1, 0], [2, 0]]


def test_maps_that_do_not_fit_are_refused(make_class_map: Callable[..., ClassMap]) -> None:
    two = make_class_map([[0, 1]])
    with pytest.raises(ValueError, match="reference is 1x2 pixels, the prediction 1x3"):
        confusion_table("C-1", two, make_class_map([[0, 1, 1]]), 1)
    with pytest.raises(ValueError, match="prediction holds class 2, the protocol has 1"):
        confusion_table("C-1", two, make_class_map([[0, 2]]), 1)
    with pytest.raises(ValueError, match="cannot leave pixels out"):
        confusion_table("C-1", two, make_class_map([[0, 1]], ignored=[[0, 1]]), 1)
    with pytest.raises(ValueError, match="another shape"):
        confusion_table("C-1", make_class_map([[0, 1]], ignored=[[0]]), two, 1)


def test_overlaps_are_counted_for_all_classes_at_once() -> None:
    # Object 3 (class 2) has 3 pixels, 2 of them in prediction 8 (class 1), 1 in 9 (class 2);
    # object 4 (class 1) has 1 pixel, in prediction 9.
    reference = labelled(np.array([[3, 3, 0], [3, 4, 0]], np.int32))
    prediction = labelled(np.array([[8, 8, 8], [9, 9, 0]], np.int32), scores=True)
    table = overlap_table("C-1", reference, prediction)
    assert table.reference_ids.tolist() == [3, 4]
    assert table.reference_classes.tolist() == [2, 1]
    assert table.reference_areas_px.tolist() == [3, 1]
    assert table.reference_boxes.tolist() == [[0, 0, 2, 2], [1, 1, 1, 1]]
    assert table.prediction_areas_px.tolist() == [3, 2]
    assert table.prediction_boxes.tolist() == [[0, 0, 3, 1], [0, 1, 2, 1]]
    pairs = zip(
        table.pair_reference.tolist(),
        table.pair_prediction.tolist(),
        table.pair_intersection_px.tolist(),
        strict=True,
    )
    assert list(pairs) == [(0, 0, 2), (0, 1, 1), (1, 1, 1)]


@settings(deadline=None)
@given(LABEL_MAPS, LABEL_MAPS)
def test_label_maps_and_run_length_masks_give_the_same_table(
    reference: np.ndarray, prediction: np.ndarray
) -> None:
    truth, found = labelled(reference), labelled(prediction, scores=True)
    expected = overlap_table("C-1", truth, found)
    assert overlap_table("C-1", as_masks(truth), as_masks(found)) == expected
    assert overlap_table("C-1", truth, as_masks(found)) == expected
    assert overlap_table("C-1", as_masks(truth), found) == expected


@settings(deadline=None)
@given(LABEL_MAPS, LABEL_MAPS)
def test_a_table_survives_json_unchanged(reference: np.ndarray, prediction: np.ndarray) -> None:
    table = overlap_table("C-1", labelled(reference), labelled(prediction, scores=True))
    again = OverlapTable.from_dict(json.loads(json.dumps(table.to_dict())))
    assert again == table
    assert all(
        getattr(again, name).dtype == value.dtype
        for name, value in vars(table).items()
        if isinstance(value, np.ndarray)
    )


@given(hnp.arrays(np.int64, (3, 3), elements=st.integers(0, 2**62)), st.integers(0, 10))
def test_a_confusion_survives_json_unchanged(counts: np.ndarray, ignored_px: int) -> None:
    table = ConfusionTable("C-1", counts, ignored_px)
    assert ConfusionTable.from_dict(json.loads(json.dumps(table.to_dict()))) == table


def test_predictions_without_scores_stay_without(make_strips: Callable[..., ObjectSet]) -> None:
    table = overlap_table("C-1", make_strips((0, 5)), make_strips((0, 5)))
    assert table.prediction_scores is None
    assert OverlapTable.from_dict(table.to_dict()).prediction_scores is None


def test_relabelling_the_pixels_with_huge_ids_changes_nothing_but_the_ids() -> None:
    small = np.array([[1, 1, 0], [2, 0, 3]], np.int32)
    huge = np.array([0, 70_000, 2_000_000_000, 2_147_483_647], np.int32)[small]
    one = overlap_table("C-1", labelled(small), labelled(small, scores=True))
    other = overlap_table("C-1", labelled(huge), labelled(huge, scores=True))
    for name in ("reference_areas_px", "reference_boxes", "pair_reference", "pair_intersection_px"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_more_than_255_masks_have_their_areas(
    make_random_objects: Callable[..., ObjectSet], pixels_of: Callable[..., np.ndarray]
) -> None:
    # Trap 1: pycocotools.mask.area overflows above 255 masks under numpy 2.
    objects = make_random_objects(np.random.default_rng(1), 300)
    with pytest.raises(OverflowError):
        coco_mask.area(list(objects.masks))
    table = overlap_table("C-1", objects, objects)
    expected = [int(pixels_of(mask).sum()) for mask in objects.masks]
    assert table.reference_areas_px.tolist() == expected
    own = table.pair_reference == table.pair_prediction
    assert table.pair_intersection_px[own].tolist() == expected


def test_intersections_of_overlapping_masks_are_exact(
    make_random_objects: Callable[..., ObjectSet], pixels_of: Callable[..., np.ndarray]
) -> None:
    generator = np.random.default_rng(2)
    reference, prediction = make_random_objects(generator, 30), make_random_objects(generator, 25)
    table = overlap_table("C-1", reference, prediction)
    truth, found = (
        np.stack([pixels_of(mask) for mask in one.masks]).reshape(len(one), -1).astype(int)
        for one in (reference, prediction)
    )
    dense = np.zeros((30, 25), int)
    dense[table.pair_reference, table.pair_prediction] = table.pair_intersection_px
    assert np.array_equal(dense, truth @ found.T)


def test_a_sparse_count_of_very_many_objects_is_the_dense_one() -> None:
    # 2,500 x 2,500 objects: too many cells to count densely.
    label_map = np.arange(1, 2501, dtype=np.int32).reshape(50, 50)
    table = overlap_table("C-1", labelled(label_map), labelled(label_map, scores=True))
    assert np.array_equal(table.pair_reference, np.arange(2500))
    assert np.array_equal(table.pair_prediction, np.arange(2500))
    assert set(table.pair_intersection_px.tolist()) == {1}


def test_areas_and_intersections_of_huge_masks_are_exact() -> None:
    # 40,000 x 50,000 pixels: the counts are quotients of numbers above 10^9.
    def one_run(start: int, stop: int) -> ObjectSet:
        runs = [start, stop - start, 2_000_000_000 - stop]
        mask = coco_mask.frPyObjects({"size": [40_000, 50_000], "counts": runs}, 40_000, 50_000)
        one = np.array([1], np.int64)
        return ObjectSet((40_000, 50_000), one, one, np.array([0.5]), masks=(mask,))

    table = overlap_table("C-1", one_run(1, 1_999_999_998), one_run(7, 1_999_999_999))
    assert table.reference_areas_px.tolist() == [1_999_999_997]
    assert table.prediction_areas_px.tolist() == [1_999_999_992]
    assert table.pair_intersection_px.tolist() == [1_999_999_991]


def test_a_mask_that_is_the_whole_image_is_counted_like_any_other() -> None:
    label_map = np.ones((3, 4), np.int32)
    table = overlap_table("C-1", as_masks(labelled(label_map)), as_masks(labelled(label_map, True)))
    assert table.reference_areas_px.tolist() == table.prediction_areas_px.tolist() == [12]
    assert table.reference_boxes.tolist() == table.prediction_boxes.tolist() == [[0, 0, 4, 3]]
    assert table.pair_intersection_px.tolist() == [12]


def test_an_image_without_pixels_has_no_objects() -> None:
    none = np.zeros(0, np.int64)
    for shape in ((0, 5), (5, 0)):
        empty = ObjectSet(shape, none, none, np.zeros(0), masks=())
        table = overlap_table("C-1", empty, empty)
        assert len(table.reference_ids) == len(table.pair_reference) == 0
        assert table.reference_boxes.shape == (0, 4)


def test_nothing_at_all_is_a_table_without_objects() -> None:
    empty = labelled(np.zeros((4, 4), np.int32))
    table = overlap_table_without_prediction("C-1", empty)
    assert len(table.reference_ids) == len(table.prediction_ids) == len(table.pair_reference) == 0
    assert table.prediction_scores is not None
    assert OverlapTable.from_dict(table.to_dict()) == table


def test_a_case_without_prediction_keeps_its_reference(
    make_strips: Callable[..., ObjectSet],
) -> None:
    table = overlap_table_without_prediction("C-1", make_strips((0, 5), (7, 9)))
    assert table.reference_areas_px.tolist() == [5, 2]
    assert len(table.prediction_ids) == 0


def test_objects_that_cannot_be_counted_are_refused(make_strips: Callable[..., ObjectSet]) -> None:
    good = make_strips((0, 5))
    label_map = np.array([[1, 0]], np.int32)
    with pytest.raises(ValueError, match="reference is 1x100 pixels, the prediction 1x50"):
        overlap_table("C-1", good, make_strips((0, 5), length=50))
    with pytest.raises(ValueError, match="objects without pixels: 2"):
        overlap_table("C-1", good, make_strips((0, 5), (7, 7)))
    unlisted = ObjectSet((1, 2), np.array([2]), np.array([1]), label_map=label_map)
    with pytest.raises(ValueError, match="not listed as objects: 1"):
        overlap_table("C-1", unlisted, unlisted)
    absent = ObjectSet((1, 2), np.array([1, 2]), np.array([1, 1]), label_map=label_map)
    with pytest.raises(ValueError, match="objects without pixels: 2"):
        overlap_table("C-1", absent, absent)
    negative = ObjectSet((1, 2), np.array([1]), np.array([1]), label_map=-label_map)
    with pytest.raises(ValueError, match="negative id -1"):
        overlap_table("C-1", negative, negative)
    with pytest.raises(ValueError, match="not positive, unique and rising"):
        overlap_table("C-1", good, make_strips((0, 5), (7, 9), ids=[2, 2]))
    with pytest.raises(ValueError, match="either a label map or masks"):
        overlap_table("C-1", good, replace(good, masks=None))
    with pytest.raises(ValueError, match="2 classes for 1 objects"):
        overlap_table("C-1", good, replace(good, classes=np.array([1, 1])))


@pytest.mark.parametrize("side", [2, 20, 255, 256])
@pytest.mark.parametrize("at_once", [7, 1 << 24])
def test_pixels_are_counted_exactly_whatever_the_classes_and_the_parts(
    monkeypatch: pytest.MonkeyPatch, side: int, at_once: int
) -> None:
    monkeypatch.setattr(overlap, "_EXACT_IN_FLOAT32", at_once)
    generator = np.random.default_rng(side)
    reference, prediction = generator.integers(0, side, (2, 12, 9)).astype(np.uint8)
    reference[0], prediction[0] = side - 1, side - 1
    for ignored in (None, generator.random((12, 9)) < 0.4):
        keep = np.ones((12, 9), bool) if ignored is None else ~ignored
        expected = confusion_matrix(reference[keep], prediction[keep], labels=range(side))
        found = class_histogram(reference, prediction, ignored, side)
        assert np.array_equal(found, expected)
    assert class_histogram(reference[:0], prediction[:0], None, side).sum() == 0
