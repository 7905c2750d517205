"""Unit tests for validation/evidence/matching.py."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validation.evidence import coco_ap
from validation.evidence.matching import Algorithm, Pairing, class_objects, match
from validation.evidence.overlap import OverlapTable, overlap_table
from validation.testset.annotations import ObjectSet


def pairs_by_id(table: OverlapTable, threshold: float, algorithm: Algorithm) -> dict[int, int]:
    """Return prediction id by reference id."""
    objects = class_objects(table, 1)
    pairing = match(objects, threshold, algorithm)
    return {
        int(table.reference_ids[objects.references[reference]]): int(
            table.prediction_ids[objects.predictions[prediction]]
        )
        for reference, prediction in pairing.partner.items()
    }


def test_greedy_takes_the_highest_score_first_and_optimal_makes_most_pairs(
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    # R1 0-10, R2 8-16. P1 2-12, score .9: IoU with R1 8/12, with R2 4/14.
    # P2 0-6, score .8: IoU with R1 6/10 = .6, with R2 0. P1 takes R1, P2 is left.
    # With R2 7-13 instead: P1 has IoU 5/11 < .5. One pair greedily; optimal at .4: two pairs.
    table = make_strip_table([(0, 10), (8, 16)], [(2, 12), (0, 6)], scores=[0.9, 0.8])
    assert pairs_by_id(table, 0.5, "greedy_by_score") == {1: 1}
    assert pairs_by_id(table, 0.5, "optimal") == {1: 1}
    assert pairs_by_id(table, 0.25, "greedy_by_score") == {1: 1}
    assert pairs_by_id(table, 0.25, "optimal") == {1: 2, 2: 1}


def test_a_pair_exactly_at_the_threshold_counts(
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    # IoU 6/10 = .6.
    table = make_strip_table([(0, 10)], [(0, 6)])
    assert pairs_by_id(table, 0.6, "greedy_by_score") == {1: 1}
    assert pairs_by_id(table, 0.6, "optimal") == {1: 1}
    assert pairs_by_id(table, 0.6000001, "greedy_by_score") == {}


def test_of_equal_scores_the_lower_id_chooses_first(
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    table = make_strip_table([(0, 10)], [(0, 9), (0, 10)], scores=[0.5, 0.5])
    assert pairs_by_id(table, 0.5, "greedy_by_score") == {1: 1}


def test_of_equal_overlaps_the_later_reference_is_taken_as_in_cocoeval(
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    # Two reference objects on the same pixels.
    table = make_strip_table([(0, 10), (0, 10)], [(0, 10)])
    assert pairs_by_id(table, 0.5, "greedy_by_score") == {2: 1}


def test_objects_of_different_classes_are_never_paired(
    make_strips: Callable[..., ObjectSet],
) -> None:
    table = overlap_table("C", make_strips((0, 9)), make_strips((0, 9), scores=[1], classes=[2]))
    assert pairs_by_id(table, 0.5, "greedy_by_score") == {}
    assert len(table.pair_reference) == 1  # but the table knows that they overlap


def test_an_ignored_region_absorbs_any_number_of_predictions(
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    # Region 0-50 is ignored, R2 60-70. P1 and P2 lie in the region, P3 is R2, P4 is half in
    # the region (5/10), P5 less than half (4/10).
    table = make_strip_table(
        [(0, 50), (60, 70)], [(0, 10), (20, 30), (60, 70), (45, 55), (46, 56)], ignored=[1, 0]
    )
    for algorithm in ("greedy_by_score", "optimal"):
        pairing = match(class_objects(table, 1), 0.5, algorithm)
        assert pairing == Pairing({1: 2}, frozenset({0, 1, 3}))


def test_a_prediction_prefers_a_reference_object_to_an_ignored_region(
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    table = make_strip_table([(0, 50), (0, 8)], [(0, 10)], ignored=[1, 0])
    assert match(class_objects(table, 1), 0.5, "greedy_by_score") == Pairing({1: 0}, frozenset())


def test_without_scores_every_prediction_is_at_the_operating_point(
    make_strips: Callable[..., ObjectSet],
) -> None:
    table = overlap_table("C", make_strips((0, 9)), make_strips((0, 9), (20, 30)))
    assert len(class_objects(table, 1).at_operating_point(0.99).predictions) == 2


def test_a_score_at_the_operating_threshold_is_kept(
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    table = make_strip_table([], [(0, 5), (7, 9)], scores=[0.5, 0.49])
    kept = class_objects(table, 1).at_operating_point(0.5)
    assert table.prediction_ids[kept.predictions].tolist() == [1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 25), st.integers(0, 25))
def test_the_greedy_pairs_are_those_of_cocoeval(
    make_random_objects: Callable[..., ObjectSet], seed: int, references: int, predictions: int
) -> None:
    generator = np.random.default_rng(seed)
    reference = make_random_objects(generator, references, size=16, ignored_share=0.2)
    prediction = make_random_objects(generator, predictions, size=16, score_levels=3)
    table = overlap_table("C", reference, prediction)
    objects = class_objects(table, 1)
    found = coco_ap.accumulate(coco_ap.evaluate_images([table], 1, 1000)).detections
    for row, threshold in enumerate(coco_ap.IOU_THRESHOLDS):
        pairing = match(objects, threshold, "greedy_by_score")
        paired = np.isin(np.arange(predictions), list(pairing.partner.values()))
        absorbed = np.isin(np.arange(predictions), list(pairing.absorbed))
        assert np.array_equal(found.is_true[row], paired)
        assert np.array_equal(found.is_false[row], ~paired & ~absorbed)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 5), st.integers(0, 5), st.sampled_from([0.1, 0.3]))
def test_the_optimal_pairs_are_the_best_of_all_assignments(
    make_random_objects: Callable[..., ObjectSet],
    seed: int,
    references: int,
    predictions: int,
    threshold: float,
) -> None:
    generator = np.random.default_rng(seed)
    reference = make_random_objects(generator, references, size=12)
    prediction = make_random_objects(generator, predictions, size=12)
    objects = class_objects(overlap_table("C", reference, prediction), 1)
    iou = objects.iou
    partner = match(objects, threshold, "optimal").partner
    best = (0, 0.0)
    columns = [*range(references), *[None] * predictions]
    for chosen in set(itertools.permutations(columns, predictions)):
        pairs = [
            iou[row, column]
            for row, column in enumerate(chosen)
            if column is not None and iou[row, column] >= threshold
        ]
        best = max(best, (len(pairs), sum(pairs)))
    assert len(set(partner.values())) == len(partner) == best[0]
    assert sum(iou[row, column] for column, row in partner.items()) == pytest.approx(best[1])
