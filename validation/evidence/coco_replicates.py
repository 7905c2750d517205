"""COCO's statistics for re-weighted cases: the cluster bootstrap of average precision.

A case drawn w times counts w times in the cumulated true and false detections and in the number
of reference objects; all else follows unchanged, so a re-weighted figure is that of the resample
itself, without an evaluation of the resample.

Only true detections are looked at: recall rises nowhere else, and a false detection never has
a higher precision than the true one before it, so the envelope of precision is the same.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from validation.evidence.coco_statistics import (
    FIRST_LIMITS,
    IOU_THRESHOLDS,
    RECALL_LEVELS,
    SIZES,
    CocoPairing,
)
from validation.evidence.overlap import Flags, Floats, Integers
from validation.evidence.pooled_matching import Bits

_THRESHOLDS = len(IOU_THRESHOLDS)
_LEVELS = len(RECALL_LEVELS)
_CELLS_AT_ONCE = 1 << 18
"""Replicates times detections that are weighed together: as many as stay in the cache."""
_MOST_REPLICATES = 250
_SPACING = float(np.spacing(1))


def replicates(
    pairing: CocoPairing,
    weights: Integers,
    cluster_of_case: Integers,
    is_member: Flags | None = None,
) -> Floats:
    """Return all statistics for each re-weighting of the clusters.

    Args:
        pairing: The pairing of all cases.
        weights: How often each cluster was drawn, shape (replicates, clusters).
        cluster_of_case: Index of the cluster of each case that is looked at.
        is_member: The cases that are looked at, shape (cases,); None: all.

    Returns:
        Shape (replicates, figures), in the order of `coco_statistics.figures`; NaN, for this
        computation only, where no reference object was drawn. A mean over classes is taken
        over the classes that were drawn.
    """
    pool = pairing.pool
    if is_member is None:
        is_member = np.ones(pool.case_count, bool)
    cluster = np.zeros(pool.case_count, np.int64)
    cluster[is_member] = cluster_of_case
    # A row a cluster: what a class needs is then copied in long pieces. Whole numbers all, so
    # that sums are exact.
    times = np.ascontiguousarray(weights.T, np.float64)
    by_class = np.stack(
        [
            np.concatenate(
                [
                    _in_order(_class_block(one, times[:, some]))
                    for some in _replicates_at_once(len(weights), len(one.cluster))
                ]
            )
            for one in _class_detections(pairing, is_member, cluster)
        ],
        axis=1,
    )
    if pool.class_count > 1:
        defined = ~np.isnan(by_class)
        above = np.where(defined, by_class, 0.0).sum(axis=1, keepdims=True)
        below = defined.sum(axis=1, keepdims=True)
        mean = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
        by_class = np.concatenate([mean, by_class], axis=1)
    return by_class.reshape(len(weights), -1)


def _replicates_at_once(count: int, detections: int) -> Iterator[slice]:
    at_once = min(max(1, _CELLS_AT_ONCE // max(1, detections)), _MOST_REPLICATES)
    for start in range(0, max(1, count), at_once):
        yield slice(start, start + at_once)


class _Detections(NamedTuple):
    """The detections of one class in the cases that are looked at, by falling score."""

    cluster: Integers
    is_true: Bits
    is_counted: Bits
    rank: Integers
    reference_clusters: tuple[Integers, ...]
    """Cluster of each reference object to be found, by stratum."""
    limit: int


class _Block(NamedTuple):
    """Statistics of a class in some replicates; NaN where no reference object was drawn."""

    precision: Floats
    """AP, shape (replicates, strata, thresholds)."""
    recall: Floats
    """AR, shape (replicates, strata, limits)."""


def _in_order(block: _Block) -> Floats:
    """Return the statistics in the order of `coco_statistics.figures`."""
    return np.column_stack(
        [
            block.precision.mean(axis=2),
            block.precision.transpose(0, 2, 1).reshape(len(block.precision), -1),
            block.recall[:, 0, :-1],
            block.recall[:, :, -1],
        ]
    )


def _class_detections(
    pairing: CocoPairing, is_member: Flags, cluster: Integers
) -> Iterator[_Detections]:
    pool = pairing.pool
    member = is_member[pool.predictions.case[pairing.order]]
    order = pairing.order[member]
    is_true, is_counted = pairing.is_true[member], pairing.is_counted[member]
    bounds = np.searchsorted(
        pool.predictions.class_index[order], np.arange(pool.class_count + 1)
    ).tolist()
    for position in range(pool.class_count):
        part = slice(bounds[position], bounds[position + 1])
        own = (pool.references.class_index == position) & is_member[pool.references.case]
        yield _Detections(
            cluster[pool.predictions.case[order[part]]],
            is_true[part],
            is_counted[part],
            pool.rank[order[part]],
            tuple(
                cluster[pool.references.case[own & pairing.to_be_found[:, one]]]
                for one in range(len(SIZES))
            ),
            pairing.limit,
        )


def _class_block(one: _Detections, times: Floats) -> _Block:
    """Return the statistics of a class in some replicates; `times` is (clusters, replicates)."""
    rows = times.shape[1]
    weight = times[one.cluster]
    precision = np.zeros((rows, len(SIZES), _THRESHOLDS))
    recall = np.zeros((rows, len(SIZES), len(FIRST_LIMITS) + 1))
    for stratum in range(len(SIZES)):
        drawn = times[one.reference_clusters[stratum]].sum(axis=0)
        needed = np.maximum(drawn, 1.0)
        totals = _Totals(weight, one.is_counted, _bit(stratum, 0))
        for threshold in range(_THRESHOLDS):
            bit = _bit(stratum, threshold)
            true = np.flatnonzero(one.is_true & bit)
            if len(true):
                own = weight[true]
                precision[:, stratum, threshold] = _average(own, totals.at(true, bit), needed)
                recall[:, stratum] += _found(own, one.rank[true], one.limit)
        recall[:, stratum] /= (_THRESHOLDS * needed)[:, None]
        precision[drawn == 0, stratum] = np.nan
        recall[drawn == 0, stratum] = np.nan
    return _Block(precision, recall)


def _bit(stratum: int, threshold: int) -> np.uint64:
    return np.uint64(1 << (stratum * _THRESHOLDS + threshold))


class _Totals:
    """Weight of the true and false detections up to and with each, in one stratum.

    From one IoU threshold to another few detections come to count or cease to, so the sum is
    made at one threshold, and for the others what differs is added; whole numbers all.
    """

    def __init__(self, weight: Floats, is_counted: Bits, first: np.uint64) -> None:
        self._weight = weight
        self._is_counted = is_counted
        self._counts_first = (is_counted & first) != 0
        counted = weight if self._counts_first.all() else weight * self._counts_first[:, None]
        self._first = np.cumsum(counted, axis=0)

    def at(self, detections: Integers, bit: np.uint64) -> Floats:
        """Return the total at some detections, in rising order; (detections, replicates)."""
        total: Floats = self._first[detections]
        counts = (self._is_counted & bit) != 0
        different = np.flatnonzero(counts != self._counts_first)
        if len(different):
            sign = np.where(counts[different], 1.0, -1.0)
            more = np.zeros((len(different) + 1, total.shape[1]))
            np.cumsum(self._weight[different] * sign[:, None], axis=0, out=more[1:])
            total += more[np.searchsorted(different, detections, side="right")]
        return total


def _average(own: Floats, total: Floats, drawn: Floats) -> Floats:
    """Return the mean over the recall levels of the interpolated precision.

    Each true detection is the first to reach some of the levels; there the precision is the
    largest at or after it. Levels that are not reached count as 0.

    Args:
        own: Weight of each true detection, shape (true, replicates).
        total: Weight of true and false detections up to and with each true one.
        drawn: Weight of the reference objects, at least 1.
    """
    true = np.cumsum(own, axis=0)
    total += _SPACING
    height = np.divide(true, total, out=total)
    falling = height[::-1]
    np.maximum.accumulate(falling, axis=0, out=falling)
    reached = _levels_reached(true, drawn)
    reached[1:] -= reached[:-1].copy()
    average: Floats = np.einsum("ij,ij->j", height, reached) / _LEVELS
    return average


def _levels_reached(true: Floats, drawn: Floats) -> Floats:
    """Return how many recall levels lie at or below each recall, as floats compare."""
    recall = np.divide(true, drawn, out=true)
    nearest = np.rint(recall * (_LEVELS - 1)).astype(np.intp)
    reached: Floats = nearest + (RECALL_LEVELS[nearest] <= recall)
    return reached.astype(np.float64)


def _found(own: Floats, rank: Integers, limit: int) -> Floats:
    """Return the weight of the true detections within each limit, shape (replicates, limits)."""
    is_within = rank[:, None] < np.array([*FIRST_LIMITS, limit])
    found: Floats = own.T @ is_within.astype(np.float64)
    return found
