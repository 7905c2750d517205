"""Unit tests for coco_statistics.py and pooled_matching.py: COCOeval to the last bit."""

import contextlib
import io
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.cocoeval import COCOeval

from validation.evidence import coco_replicates, coco_statistics, froc
from validation.evidence.matching import class_objects, match
from validation.evidence.object_pool import object_pool
from validation.evidence.overlap import OverlapTable, overlap_table
from validation.evidence.pooled_matching import Cells, pair_objects

SMALL_RANGES = ((0, 10**10), (0, 25), (25, 40), (40, 10**10))
"""COCO's ranges are too large for images that a test can afford; both ends are met here."""


class TheirEval(COCOeval):
    """pycocotools, with IoU from the tables; its matching and accumulation are untouched."""

    def __init__(self, tables: list[OverlapTable], classes: int, limit: int) -> None:
        super().__init__(iouType="segm")
        self.tables = tables
        self.params.imgIds = list(range(1, len(tables) + 1))
        self.params.catIds = list(range(1, classes + 1))
        self.params.maxDets = [1, min(10, limit), limit]
        self.params.areaRng = [list(one) for one in coco_statistics.AREA_RANGES_PX]

    def _prepare(self) -> None:
        self._gts, self._dts = defaultdict(list), defaultdict(list)
        self.evalImgs, self.eval = [], {}
        for image, table in enumerate(self.tables, start=1):
            for row in range(len(table.reference_ids)):
                is_ignored = int(table.reference_ignored[row])
                self._gts[image, int(table.reference_classes[row])].append(
                    {
                        "id": row + 1,
                        "area": int(table.reference_areas_px[row]),
                        "iscrowd": is_ignored,
                        "ignore": is_ignored,
                    }
                )
            for row in range(len(table.prediction_ids)):
                self._dts[image, int(table.prediction_classes[row])].append(
                    {
                        "id": row + 1,
                        "area": int(table.prediction_areas_px[row]),
                        "score": float(table.prediction_scores[row]),
                    }
                )

    def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: N802, N803
        table, references = self.tables[imgId - 1], self._gts[imgId, catId]
        found = self._dts[imgId, catId]
        falling = np.argsort([-one["score"] for one in found], kind="mergesort")
        found = [found[one] for one in falling[: self.params.maxDets[-1]]]
        if not references or not found:
            return []
        shared = np.zeros((len(table.prediction_ids), len(table.reference_ids)))
        shared[table.pair_prediction, table.pair_reference] = table.pair_intersection_px
        iou = np.zeros((len(found), len(references)))
        for row, one in enumerate(found):
            for column, other in enumerate(references):
                both = shared[one["id"] - 1, other["id"] - 1]
                area = one["area"]
                iou[row, column] = both / (
                    area if other["iscrowd"] else area + other["area"] - both
                )
        return iou


def theirs(tables: list[OverlapTable], classes: int, limit: int) -> COCOeval:
    evaluation = TheirEval(tables, classes, limit)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def tables_from(
    make_random_objects: Callable[..., Any], make_jittered: Callable[..., Any]
) -> Callable[..., list[OverlapTable]]:
    def make(seed: int, *, most: int = 14, score_levels: int | None = 3) -> list[OverlapTable]:
        generator = np.random.default_rng(seed)
        tables = []
        for case in range(int(generator.integers(1, 6))):
            count = int(generator.integers(0, most))
            truth = make_random_objects(generator, count, classes=2, ignored_share=0.2)
            found = make_random_objects(generator, 8, classes=2, score_levels=score_levels)
            if generator.random() < 0.8:
                found = make_jittered(generator, truth, 3)
            tables.append(overlap_table(f"C-{case}", truth, found))
        return tables

    return make


@pytest.fixture
def random_tables(
    make_random_objects: Callable[..., Any], make_jittered: Callable[..., Any]
) -> Callable[..., list[OverlapTable]]:
    return tables_from(make_random_objects, make_jittered)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), limit=st.sampled_from([3, 12, 100]))
def test_the_arrays_are_those_of_cocoeval(
    make_random_objects: Callable[..., Any],
    make_jittered: Callable[..., Any],
    seed: int,
    limit: int,
) -> None:
    # Two classes, crowds, equal scores, four strata, three limits.
    tables = tables_from(make_random_objects, make_jittered)(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coco_statistics, "AREA_RANGES_PX", SMALL_RANGES)
        evaluation = theirs(tables, 2, limit)
        pairing = coco_statistics.pair_detections(object_pool(tables, 2), limit)
        arrays = coco_statistics.coco_arrays(pairing)
    assert np.array_equal(arrays.precision, evaluation.eval["precision"][..., -1])
    assert np.array_equal(arrays.recall, evaluation.eval["recall"])


def test_the_statistics_are_the_twelve_of_cocoeval(
    random_tables: Callable[..., list[OverlapTable]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coco_statistics, "AREA_RANGES_PX", SMALL_RANGES)
    tables = random_tables(11)
    evaluation = theirs(tables, 2, 100)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.summarize()
    pairing = coco_statistics.pair_detections(object_pool(tables, 2), 100)
    value = {
        (one.metric, one.iou, one.size): one.value
        for one in coco_statistics.figures(coco_statistics.coco_arrays(pairing))
        if one.class_position is None
    }
    ours = [
        value["average_precision", None, None],
        value["average_precision_at", 0.5, None],
        value["average_precision_at", 0.75, None],
        *(value["average_precision", None, size] for size in ("small", "medium", "large")),
        value["average_recall_1", None, None],
        value["average_recall_10", None, None],
        value["average_recall", None, None],
        *(value["average_recall", None, size] for size in ("small", "medium", "large")),
    ]
    assert ours == [None if one == -1 else one for one in evaluation.stats.tolist()]


@pytest.mark.parametrize("seed", range(8))
def test_precision_at_a_threshold_of_a_size_is_that_of_cocoeval(
    random_tables: Callable[..., list[OverlapTable]],
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    # The mean that COCOeval.summarize takes, of its own array, at each of its thresholds.
    monkeypatch.setattr(coco_statistics, "AREA_RANGES_PX", SMALL_RANGES)
    tables = random_tables(seed)
    precision = theirs(tables, 2, 100).eval["precision"][..., -1]
    pairing = coco_statistics.pair_detections(object_pool(tables, 2), 100)
    ours = {
        (one.class_position, one.iou, one.size): one.value
        for one in coco_statistics.figures(coco_statistics.coco_arrays(pairing))
        if one.metric == "average_precision_at"
    }
    expected = {}
    for position, classes in ((None, slice(None)), (0, slice(0, 1)), (1, slice(1, 2))):
        for threshold, iou in enumerate(coco_statistics.REPORTED_THRESHOLDS):
            for stratum, size in enumerate((None, "small", "medium", "large")):
                some = precision[threshold, :, classes, stratum]
                some = some[some > -1]
                expected[position, iou, size] = float(np.mean(some)) if len(some) else None
    assert ours == expected


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), weights=st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_a_weight_is_that_many_copies_of_the_case(
    make_random_objects: Callable[..., Any],
    make_jittered: Callable[..., Any],
    seed: int,
    weights: list[int],
) -> None:
    # Distinct scores, so that the order of copies does not matter.
    generator = np.random.default_rng(seed)
    tables = []
    for case in range(6):
        truth = make_random_objects(
            generator, int(generator.integers(0, 9)), classes=2, ignored_share=0.1
        )
        found = make_random_objects(generator, 6, classes=2)
        if generator.random() < 0.7 and len(truth):
            found = type(truth)(
                truth.shape,
                truth.ids,
                truth.classes,
                generator.random(len(truth)),
                None,
                None,
                truth.masks,
            )
        tables.append(overlap_table(f"C-{case}", truth, found))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coco_statistics, "AREA_RANGES_PX", SMALL_RANGES)
        pairing = coco_statistics.pair_detections(object_pool(tables, 2), 5)
        [ours] = coco_replicates.replicates(pairing, np.array([weights]), np.arange(6))
        copies = [one for one, times in zip(tables, weights, strict=True) for _ in range(times)]
        again = coco_statistics.pair_detections(object_pool(copies, 2), 5)
        expected = coco_statistics.figures(coco_statistics.coco_arrays(again))
    for one, replicate in zip(expected, ours.tolist(), strict=True):
        if one.value is None:
            assert np.isnan(replicate)
        else:
            assert replicate == pytest.approx(one.value, abs=1e-13)


def test_some_of_the_cases_are_evaluated_as_if_they_were_alone(
    random_tables: Callable[..., list[OverlapTable]],
) -> None:
    tables = [table for seed in (1, 2, 3) for table in random_tables(seed)]
    pairing = coco_statistics.pair_detections(object_pool(tables, 2), 100)
    is_member = np.arange(len(tables)) % 2 == 0
    part = coco_statistics.coco_arrays(pairing, is_member)
    alone = coco_statistics.coco_arrays(
        coco_statistics.pair_detections(object_pool(tables[::2], 2), 100)
    )
    assert np.array_equal(part.precision, alone.precision)
    assert np.array_equal(part.recall, alone.recall)
    weights = np.random.default_rng(1).integers(0, 3, (5, len(tables[::2])))
    cases = np.arange(len(tables[::2]))
    ours = coco_replicates.replicates(pairing, weights, cases, is_member)
    expected = coco_replicates.replicates(
        coco_statistics.pair_detections(object_pool(tables[::2], 2), 100), weights, cases
    )
    assert np.array_equal(ours, expected, equal_nan=True)


def test_more_objects_than_the_limit_lower_it(make_random_objects: Callable[..., Any]) -> None:
    # Trap 5: 130 objects in an image, all found exactly; COCO's limit of 100 says less than 1.
    truth = make_random_objects(np.random.default_rng(5), 130, size=120)
    tables = [overlap_table("C", truth, truth)]
    free, limited = (
        coco_statistics.figures(
            coco_statistics.coco_arrays(
                coco_statistics.pair_detections(object_pool(tables, 1), limit)
            )
        )[0].value
        for limit in (1000, 100)
    )
    assert free == pytest.approx(1, abs=1e-12)
    assert limited < 0.8


@pytest.mark.parametrize("algorithm", ["greedy_by_score", "optimal"])
@pytest.mark.parametrize("seed", range(40))
def test_pairs_of_all_cases_are_those_of_each_case_alone(
    random_tables: Callable[..., list[OverlapTable]], algorithm: Any, seed: int
) -> None:
    tables = random_tables(seed, most=25)
    pool = object_pool(tables, 2)
    thresholds = np.array([0.5, 0.75])
    is_used = pool.scores >= 0.3
    pairing = pair_objects(pool, Cells(thresholds, 1), is_used=is_used, algorithm=algorithm)
    for cell, threshold in enumerate(thresholds.tolist()):
        chosen = pairing.pairs_at(cell)
        ours = set(
            zip(
                pool.pairs.reference[chosen].tolist(),
                pool.pairs.prediction[chosen].tolist(),
                strict=True,
            )
        )
        absorbed = set(np.flatnonzero(pairing.absorbed_at(cell)).tolist())
        expected, expected_absorbed = set(), set()
        for case, table in enumerate(tables):
            for class_index in (1, 2):
                one = class_objects(table, class_index).at_operating_point(0.3)
                alone = match(one, threshold, algorithm)
                rows = one.predictions + pool.predictions.first[case]
                columns = one.references + pool.references.first[case]
                expected |= {(int(columns[c]), int(rows[r])) for c, r in alone.partner.items()}
                expected_absorbed |= {int(rows[r]) for r in alone.absorbed}
        assert ours == expected
        assert absorbed == expected_absorbed


def test_without_scores_it_is_refused(make_strips: Callable[..., Any]) -> None:
    table = overlap_table("C", make_strips((0, 9)), make_strips((0, 9)))
    with pytest.raises(ValueError, match="needs predictions with scores"):
        coco_statistics.pair_detections(object_pool([table], 1), 100)


def test_more_cells_than_bits_are_refused(make_strip_table: Callable[..., OverlapTable]) -> None:
    pool = object_pool([make_strip_table([(0, 9)], [(0, 9)])], 1)
    with pytest.raises(ValueError, match="more than 64"):
        pair_objects(pool, Cells(np.linspace(0.5, 0.9, 65), 1), is_used=np.array([True]))


def test_without_cases_there_is_nothing() -> None:
    pairing = coco_statistics.pair_detections(object_pool([], 1), 100)
    assert all(
        one.value is None for one in coco_statistics.figures(coco_statistics.coco_arrays(pairing))
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), cases_a_cluster=st.integers(1, 3))
def test_the_jackknife_of_curves_is_the_re_weighting_without_each_cluster(
    make_random_objects: Callable[..., Any],
    make_jittered: Callable[..., Any],
    seed: int,
    cases_a_cluster: int,
) -> None:
    # Most clusters lack one of the three classes; some cases are not looked at.
    make = tables_from(make_random_objects, make_jittered)
    tables = [table for one in range(3) for table in make(seed + one, most=4)]
    pool = object_pool(tables, 3)
    is_member = np.random.default_rng(seed).random(len(tables)) < 0.8
    of_case = np.arange(is_member.sum()) // cases_a_cluster
    count = int(of_case.max(initial=-1)) + 1
    without = 1 - np.eye(count, dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coco_statistics, "AREA_RANGES_PX", SMALL_RANGES)
        pairing = coco_statistics.pair_detections(pool, 5)
        ours = coco_replicates.jackknife(pairing, count, of_case, is_member)
        expected = coco_replicates.replicates(pairing, without, of_case, is_member)
    np.testing.assert_allclose(ours, expected, rtol=1e-14, atol=0)
    response = froc.free_response(pool, (0.3, 0.5))
    assert np.array_equal(
        froc.jackknife(response, count, of_case, is_member),
        froc.sensitivities(response, without, of_case, is_member),
        equal_nan=True,
    )
