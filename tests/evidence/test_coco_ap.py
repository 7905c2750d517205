"""Unit tests for validation/evidence/coco_ap.py: agreement with pycocotools to the last bit."""

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from validation.evidence import coco_ap
from validation.evidence.overlap import (
    OverlapTable,
    overlap_table,
    overlap_table_without_prediction,
)
from validation.testset.annotations import ObjectSet

Sets = list[tuple[ObjectSet, ObjectSet]]


def plain_cocoeval(sets: Sets, class_index: int, maximum_detections: int) -> COCOeval:
    """Return what pycocotools says of the masks themselves, images and objects in order."""
    images = [
        {"id": number, "height": truth.shape[0], "width": truth.shape[1]}
        for number, (truth, _) in enumerate(sets, start=1)
    ]
    references: list[dict[str, Any]] = []
    detections: list[dict[str, Any]] = []
    for image, (truth, found) in enumerate(sets, start=1):
        for number, mask in enumerate(truth.masks or ()):
            is_ignored = truth.ignored is not None and bool(truth.ignored[number])
            references.append(
                {
                    "id": len(references) + 1,
                    "image_id": image,
                    "category_id": int(truth.classes[number]),
                    "segmentation": mask,
                    "area": 1.0,
                    "iscrowd": int(is_ignored),
                }
            )
        for number, mask in enumerate(found.masks or ()):
            detections.append(
                {
                    "id": len(detections) + 1,
                    "image_id": image,
                    "category_id": int(found.classes[number]),
                    "segmentation": mask,
                    "score": float(found.scores[number]),
                    "area": 1.0,
                }
            )
    with contextlib.redirect_stdout(io.StringIO()):
        sides = []
        for annotations in (references, detections):
            side = COCO()
            side.dataset = {
                "images": images,
                "annotations": annotations,
                "categories": [{"id": one} for one in (1, 2)],
            }
            side.createIndex()
            sides.append(side)
        evaluation = COCOeval(*sides, "segm")
        evaluation.params.catIds = [class_index]
        evaluation.params.maxDets = [maximum_detections]
        evaluation.params.areaRng = [[0, 1e10]]
        evaluation.params.areaRngLbl = ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def tables_of(sets: Sets) -> list[OverlapTable]:
    return [overlap_table(f"C-{number}", *one) for number, one in enumerate(sets)]


def evaluated(
    tables: list[OverlapTable], class_index: int, maximum_detections: int
) -> coco_ap.CocoResult:
    return coco_ap.accumulate(coco_ap.evaluate_images(tables, class_index, maximum_detections))


def of_weights(result: coco_ap.CocoResult, weights: list[int]) -> np.ndarray:
    cases = np.arange(len(weights))
    [row] = coco_ap.replicates(result.detections, np.array([weights]), cases)
    return row


def assert_agrees(sets: Sets, maximum_detections: int = 100) -> None:
    for class_index in (1, 2):
        result = evaluated(tables_of(sets), class_index, maximum_detections)
        theirs = plain_cocoeval(sets, class_index, maximum_detections)
        precision = theirs.eval["precision"]
        assert np.array_equal(result.precision, precision[:, :, 0, 0, 0])
        defined = precision[precision > -1]
        if not len(defined):
            assert result.average_precision() is None
            assert np.isnan(of_weights(result, [1] * len(sets))).all()
            continue
        expected = (  # as COCOeval.summarize has them
            np.mean(defined),
            np.mean(precision[0]),
            np.mean(precision[5]),
        )
        ours = (
            result.average_precision(),
            result.average_precision_at(0.5),
            result.average_precision_at(0.75),
        )
        assert ours == expected
        assert of_weights(result, [1] * len(sets)).tolist() == list(expected)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.sampled_from([None, 2, 5]))
def test_on_random_objects_it_is_cocoeval_to_the_last_bit(
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    seed: int,
    cases: int,
    score_levels: int | None,
) -> None:
    # Several classes, ignored regions, equal scores, images without objects.
    generator = np.random.default_rng(seed)
    sets = []
    for _ in range(cases):
        count = int(generator.integers(0, 12))
        truth = make_random_objects(generator, count, classes=2, ignored_share=0.15)
        found = make_random_objects(generator, 6, classes=2, score_levels=score_levels)
        sets.append(
            (truth, make_jittered(generator, truth, 3) if generator.random() < 0.8 else found)
        )
    assert_agrees(sets)


def test_more_objects_than_the_limit_lower_it_as_in_cocoeval(
    make_random_objects: Callable[..., ObjectSet], make_jittered: Callable[..., ObjectSet]
) -> None:
    # Trap 5: 130 reference objects in one image; with COCO's limit of 100 AP is lower.
    generator = np.random.default_rng(5)
    truth = make_random_objects(generator, 130, size=60)
    sets = [
        (truth, make_jittered(generator, truth, 20)),
        (truth, make_jittered(generator, truth, 5)),
    ]
    assert_agrees(sets, 100)
    assert_agrees(sets, 10)
    assert_agrees(sets, 1000)
    limited, free = (evaluated(tables_of(sets), 1, one) for one in (100, 1000))
    assert limited.average_precision() < free.average_precision()


def test_an_area_or_a_box_in_the_input_has_no_effect() -> None:
    # Trap 2: the area is counted from the mask; there is nowhere to put another.
    assert not {"bbox", "area"} & set(ObjectSet.__dataclass_fields__)


def test_perfect_and_absent_predictions_are_one_and_zero(
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    perfect = evaluated([make_strip_table([(0, 10)], [(0, 10)])], 1, 100)
    assert perfect.average_precision() == pytest.approx(1, abs=1e-12)
    nothing = evaluated([make_strip_table([(0, 10)], [])], 1, 100)
    assert nothing.average_precision() == 0


def test_a_case_worked_by_hand(make_strip_table: Callable[..., OverlapTable]) -> None:
    # Two reference objects; scores .9 (exact), .8 (nothing there), .7 (IoU 6/10).
    # At IoU .5: true, false, true: recall .5, .5, 1; precision 1, 1/2, 2/3; enveloped 1, 2/3,
    # 2/3. Recall levels 0-.50 (51 of them) have 1, .51-1 (50) have 2/3.
    # At .75: true, false, false: levels 0-.50 have 1, the others 0.
    # Over the ten thresholds: .5, .55, .6 like .5, the seven others like .75.
    table = make_strip_table(
        [(0, 10), (20, 30)], [(0, 10), (50, 60), (20, 26)], scores=[0.9, 0.8, 0.7]
    )
    result = evaluated([table], 1, 100)
    at_half, at_three_quarters = (51 + 50 * 2 / 3) / 101, 51 / 101
    assert result.average_precision_at(0.5) == pytest.approx(at_half, abs=1e-12)
    assert result.average_precision_at(0.75) == pytest.approx(at_three_quarters, abs=1e-12)
    expected = (3 * at_half + 7 * at_three_quarters) / 10
    assert result.average_precision() == pytest.approx(expected, abs=1e-12)


def test_empty_detections_are_a_valid_run_with_nothing_found(
    make_strips: Callable[..., ObjectSet],
) -> None:
    # Trap 4: pycocotools raises IndexError for an empty results file.
    table = overlap_table_without_prediction("C-1", make_strips((0, 10)))
    result = evaluated([table], 1, 100)
    assert result.average_precision() == 0
    assert of_weights(result, [1]).tolist() == [0, 0, 0]


def test_any_limit_is_fine_even_without_100(make_strip_table: Callable[..., OverlapTable]) -> None:
    # Trap 4: in pycocotools, maxDets without 100 gives AP -1.
    result = evaluated([make_strip_table([(0, 10)], [(0, 10)])], 1, 7)
    assert result.average_precision() == pytest.approx(1, abs=1e-12)


def test_without_reference_objects_it_is_undefined(
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    # Trap 8: an absent class is neither 0 nor 1.
    result = evaluated([make_strip_table([], [(0, 10)])], 1, 100)
    assert result.average_precision() is None
    assert result.average_precision_at(0.5) is None


def test_without_cases_it_is_undefined() -> None:
    assert evaluated([], 1, 100).average_precision() is None


def test_without_scores_it_is_refused(make_strips: Callable[..., ObjectSet]) -> None:
    table = overlap_table("C", make_strips((0, 9)), make_strips((0, 9)))
    with pytest.raises(ValueError, match="needs predictions with scores"):
        evaluated([table], 1, 100)


def test_equal_scores_are_ordered_by_case_and_then_by_id(
    make_strips: Callable[..., ObjectSet],
) -> None:
    # Trap 6: a true and a false detection of the same score. Lower id first: precision 1, then
    # 1/2 (AP 1); the other way round 0, then 1/2 (AP .5).
    truth = make_strips((0, 10))
    first = overlap_table("C", truth, make_strips((0, 10), (50, 60), scores=[0.5, 0.5]))
    second = overlap_table("C", truth, make_strips((50, 60), (0, 10), scores=[0.5, 0.5]))
    assert evaluated([first], 1, 100).average_precision() == pytest.approx(1)
    assert evaluated([second], 1, 100).average_precision() == pytest.approx(0.5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_a_weight_is_that_many_copies_of_the_case(
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    seed: int,
    weights: list[int],
) -> None:
    # Scores differ, so that the order of copies does not matter.
    generator = np.random.default_rng(seed)
    sets = []
    for _ in weights:
        truth = make_random_objects(generator, int(generator.integers(0, 8)), ignored_share=0.1)
        sets.append((truth, make_random_objects(generator, 5)))
        if generator.random() < 0.7:
            found = make_jittered(generator, truth, 2)
            scores = generator.random(len(found))
            sets[-1] = (
                truth,
                type(found)(found.shape, found.ids, found.classes, scores, masks=found.masks),
            )
    result = evaluated(tables_of(sets), 1, 100)
    copies = [one for one, times in zip(sets, weights, strict=True) for _ in range(times)]
    resampled = evaluated(tables_of(copies), 1, 100)
    expected = [
        resampled.average_precision(),
        resampled.average_precision_at(0.5),
        resampled.average_precision_at(0.75),
    ]
    ours = of_weights(result, weights)
    assert [None if np.isnan(one) else one for one in ours.tolist()] == expected


def test_some_of_the_images_are_evaluated_as_if_they_were_alone(
    make_random_objects: Callable[..., ObjectSet], make_jittered: Callable[..., ObjectSet]
) -> None:
    # COCOeval.accumulate takes the wrong images when it is asked for some of them.
    generator = np.random.default_rng(8)
    truths = [make_random_objects(generator, int(generator.integers(0, 9))) for _ in range(6)]
    sets = [(truth, make_jittered(generator, truth, 4)) for truth in truths]
    images = coco_ap.evaluate_images(tables_of(sets), 1, 100)
    for chosen in ([1, 4, 5], [0], [2, 3], []):
        part = coco_ap.accumulate([images[one] for one in chosen])
        alone = evaluated([tables_of(sets)[one] for one in chosen], 1, 100)
        assert np.array_equal(part.precision, alone.precision)
        assert np.array_equal(part.detections.case, alone.detections.case)
        assert np.array_equal(part.detections.is_true, alone.detections.is_true)


def test_the_order_of_replicates_and_their_chunks_do_not_matter(
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = np.random.default_rng(3)
    truths = [make_random_objects(generator, 9) for _ in range(5)]
    sets = [(truth, make_jittered(generator, truth, 4)) for truth in truths]
    detections = evaluated(tables_of(sets), 1, 100).detections
    weights = generator.integers(0, 3, (50, 5))
    whole = coco_ap.replicates(detections, weights, np.arange(5))
    monkeypatch.setattr(coco_ap, "_CELLS_AT_ONCE", 1)
    assert np.array_equal(
        coco_ap.replicates(detections, weights, np.arange(5)), whole, equal_nan=True
    )


def test_it_prints_nothing(
    make_strip_table: Callable[..., OverlapTable], capsys: pytest.CaptureFixture[str]
) -> None:
    evaluated([make_strip_table([(0, 10)], [(0, 10)])], 1, 100)
    assert capsys.readouterr().out == ""
