"""COCO's statistics for re-weighted cases: the cluster bootstrap of average precision.

A case drawn w times counts w times in the cumulated true and false detections and in the number
of reference objects; all else follows unchanged, so a re-weighted figure is that of the resample
itself, without an evaluation of the resample. Detections of one class and score in a case enter
one after the other, each with all its copies; an evaluator that takes a copy of the case after
the other orders them otherwise, which matters only for such ties.

Only true detections are looked at: recall rises nowhere else, and a false detection never has
a higher precision than the true one before it, so the envelope of precision is the same.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from validation.evidence import leaving_out
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
_FIGURES = (1 + _THRESHOLDS + 1) * len(SIZES) + len(FIRST_LIMITS)
"""Figures of a class: AP, AP at each threshold and AR by size, and AR of the first limits."""
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
    classes = _class_detections(pairing, cluster_of_case, is_member)
    found = _figures(len(weights), pairing.pool.class_count)
    # A row a cluster: what a class needs is then copied in long pieces. Whole numbers all, so
    # that sums are exact.
    times = np.ascontiguousarray(weights.T, np.float64)
    for of_class, one in zip(_by_class(found), classes, strict=True):
        at_once = _replicates_at_once(len(one.cluster))
        for start in range(0, len(weights), at_once):
            some = slice(start, start + at_once)
            of_class[some] = _in_order(_class_block(one, times[:, some]))
    return _with_means(found)


def jackknife(
    pairing: CocoPairing,
    cluster_count: int,
    cluster_of_case: Integers,
    is_member: Flags | None = None,
) -> Floats:
    """Return all statistics without each cluster in turn; see `validation.evidence.leaving_out`.

    Args:
        pairing: The pairing of all cases.
        cluster_count: Number of clusters.
        cluster_of_case: Index of the cluster of each case that is looked at.
        is_member: The cases that are looked at, shape (cases,); None: all.

    Returns:
        Shape (clusters, figures), as `replicates` has it.
    """
    classes = _class_detections(pairing, cluster_of_case, is_member)
    found = _figures(cluster_count, pairing.pool.class_count)
    for of_class, one in zip(_by_class(found), classes, strict=True):
        having = leaving_out.having(one.cluster, *one.reference_clusters)
        own = one.numbered_by(having)
        blocks = leaving_out.left_out(len(having), 1, _replicates_at_once(len(one.cluster)))
        values = np.concatenate([_in_order(_class_block(own, some.times)) for some in blocks])
        of_class[:] = values[-1]
        of_class[having] = values[:-1]
    return _with_means(found)


def _figures(rows: int, classes: int) -> Floats:
    """Return room for the figures: the means over classes, if there are several, and theirs."""
    return np.empty((rows, classes + (classes > 1), _FIGURES))


def _by_class(found: Floats) -> Iterator[Floats]:
    """Yield the room of each class, shape (rows, figures)."""
    for position in range(found.shape[1] > 1, found.shape[1]):
        yield found[:, position]


def _with_means(found: Floats) -> Floats:
    """Return all figures of each row, having filled in the means over classes."""
    if found.shape[1] > 1:
        by_class = found[:, 1:]
        defined = ~np.isnan(by_class)
        above = np.where(defined, by_class, 0.0).sum(axis=1)
        below = defined.sum(axis=1)
        found[:, 0] = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return found.reshape(len(found), -1)


def _replicates_at_once(detections: int) -> int:
    return min(max(1, _CELLS_AT_ONCE // max(1, detections)), _MOST_REPLICATES)


class _Detections(NamedTuple):
    """The detections of one class in the cases that are looked at, by falling score."""

    cluster: Integers
    is_true: Bits
    is_counted: Bits
    rank: Integers
    reference_clusters: tuple[Integers, ...]
    """Cluster of each reference object to be found, by stratum."""
    limit: int

    def numbered_by(self, clusters: Integers) -> "_Detections":
        """Return the same with clusters as their places in a sorted array of all they have."""
        return self._replace(
            cluster=np.searchsorted(clusters, self.cluster),
            reference_clusters=tuple(
                np.searchsorted(clusters, one) for one in self.reference_clusters
            ),
        )


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
    pairing: CocoPairing, cluster_of_case: Integers, is_member: Flags | None
) -> Iterator[_Detections]:
    pool = pairing.pool
    if is_member is None:
        is_member = np.ones(pool.case_count, bool)
    cluster = np.zeros(pool.case_count, np.int64)
    cluster[is_member] = cluster_of_case
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

    Each true detection is the first to reach some of the levels, or none; there the precision
    is the largest at or after it. Levels that are not reached count as 0.

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
    height *= reached
    # One row after the other, on every processor and for any number of columns; a plain sum
    # adds in another order where there is one column.
    average: Floats = np.add.accumulate(height, axis=0, out=height)[-1] / _LEVELS
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
