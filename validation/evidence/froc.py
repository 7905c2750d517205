"""Free-response curve: the share of objects found at a given number of false alarms an image.

Predictions of every score are paired by the greedy rule (a prediction is not moved by those
that score lower, so the pairing at each score threshold is the beginning of the whole).
Lowering the score threshold gives a curve of sensitivity against false positives per image;
it is read at 1/8, 1/4, 1/2, 1, 2, 4 and 8, as the largest sensitivity with no more false
positives than that. Predictions of one score enter together: what a threshold cannot part is
not parted. The mean of the seven is the competition performance metric.

Source: Bunch et al., "A free-response approach", SPIE 127, 1977; the seven points: Niemeijer et
al., "On combining computer-aided detection systems", IEEE TMI 30, 2011.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from validation.evidence import leaving_out
from validation.evidence.object_pool import ObjectPool
from validation.evidence.overlap import Flags, Floats, Integers
from validation.evidence.pooled_matching import Bits, Cells, pair_objects

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False positives per image at which sensitivity is read; exact as binary numbers."""
METRICS = (*(f"froc_sensitivity_{one:g}".replace(".", "_") for one in RATES), "froc_mean")
"""Ids of the figures at one IoU threshold, in the order of their columns."""

_CELLS_AT_ONCE = 1 << 18
_MOST_REPLICATES = 250


@dataclass(frozen=True)
class FreeResponse:
    """All predictions, paired at every IoU threshold."""

    pool: ObjectPool
    thresholds: tuple[float, ...]
    order: Integers
    """Predictions by class and falling score."""
    is_true: Bits
    is_false: Bits


class _Class(NamedTuple):
    """The predictions of one class in the cases that are looked at, by falling score."""

    cluster: Integers
    is_true: Bits
    is_false: Bits
    first: Integers
    """For each prediction the first one of its score."""
    reference_clusters: Integers

    def numbered_by(self, clusters: Integers) -> "_Class":
        """Return the same with clusters as their places in a sorted array of all it has."""
        return self._replace(
            cluster=np.searchsorted(clusters, self.cluster),
            reference_clusters=np.searchsorted(clusters, self.reference_clusters),
        )


def free_response(pool: ObjectPool, thresholds: tuple[float, ...]) -> FreeResponse:
    """Return the pairing of all predictions at some IoU thresholds.

    Args:
        pool: The objects; every prediction has a score.
        thresholds: IoU thresholds, rising.

    Raises:
        ValueError: A prediction has no score.
    """
    if not pool.has_scores:
        raise ValueError("a free-response curve needs predictions with scores")
    everything = np.ones(len(pool.scores), bool)
    pairing = pair_objects(pool, Cells(np.array(thresholds), 1), is_used=everything)
    order = np.lexsort((-pool.scores, pool.predictions.class_index))
    is_true = pairing.matched & ~pairing.absorbed
    is_false = pairing.cells.every & ~pairing.matched
    return FreeResponse(pool, thresholds, order, is_true[order], is_false[order])


def sensitivities(
    response: FreeResponse, weights: Integers, cluster_of_case: Integers, is_member: Flags
) -> Floats:
    """Return sensitivity at each of `RATES` and their mean, for re-weightings of the clusters.

    Args:
        response: The pairing of all cases.
        weights: How often each cluster counts, shape (replicates, clusters).
        cluster_of_case: Index of the cluster of each case that is looked at.
        is_member: The cases that are looked at, shape (cases,).

    Returns:
        Shape (replicates, thresholds, classes, 8); NaN, for this computation only, where no
        reference object of the class was drawn.
    """
    # A row a cluster: what a class needs is then copied in long pieces. Whole numbers all, so
    # that sums are exact.
    times = np.ascontiguousarray(weights.T, np.float64)
    images = np.bincount(cluster_of_case, minlength=len(times)).astype(np.float64) @ times
    found = _figures(len(weights), response)
    for position, one in enumerate(_classes(response, cluster_of_case, is_member)):
        at_once = _replicates_at_once(len(one.cluster))
        for start in range(0, len(weights), at_once):
            some = slice(start, start + at_once)
            found[some, :, position] = _of_class(one, found.shape[1], times[:, some], images[some])
    return found


def jackknife(
    response: FreeResponse, cluster_count: int, cluster_of_case: Integers, is_member: Flags
) -> Floats:
    """Return the figures without each cluster in turn; see `validation.evidence.leaving_out`.

    A cluster that has nothing of a class still has images; all such of the same size are one.

    Args:
        response: The pairing of all cases.
        cluster_count: Number of clusters.
        cluster_of_case: Index of the cluster of each case that is looked at.
        is_member: The cases that are looked at, shape (cases,).

    Returns:
        Shape (clusters, thresholds, classes, 8), as `sensitivities` has it.
    """
    cases = np.bincount(cluster_of_case, minlength=cluster_count)
    sizes, size_of_cluster = np.unique(cases, return_inverse=True)
    found = _figures(cluster_count, response)
    for position, one in enumerate(_classes(response, cluster_of_case, is_member)):
        having = leaving_out.having(one.cluster, one.reference_clusters)
        own = one.numbered_by(having)
        images = (len(cluster_of_case) - np.append(cases[having], sizes)).astype(np.float64)
        at_once = _replicates_at_once(len(one.cluster))
        values = np.concatenate(
            [
                _of_class(own, found.shape[1], some.times, images[some.columns])
                for some in leaving_out.left_out(len(having), len(sizes), at_once)
            ]
        )
        found[:, :, position] = values[len(having) + size_of_cluster]
        found[having, :, position] = values[: len(having)]
    return found


def _figures(rows: int, response: FreeResponse) -> Floats:
    classes = response.pool.class_count
    return np.empty((rows, len(response.thresholds), classes, len(METRICS)))


def _replicates_at_once(detections: int) -> int:
    return min(max(1, _CELLS_AT_ONCE // max(1, detections)), _MOST_REPLICATES)


def _classes(
    response: FreeResponse, cluster_of_case: Integers, is_member: Flags
) -> Iterator[_Class]:
    pool = response.pool
    cluster = np.zeros(pool.case_count, np.int64)
    cluster[is_member] = cluster_of_case
    member = is_member[pool.predictions.case[response.order]]
    order = response.order[member]
    is_true, is_false = response.is_true[member], response.is_false[member]
    bounds = np.searchsorted(
        pool.predictions.class_index[order], np.arange(pool.class_count + 1)
    ).tolist()
    counted = ~pool.is_ignored & is_member[pool.references.case]
    for position in range(pool.class_count):
        part = slice(bounds[position], bounds[position + 1])
        own = counted & (pool.references.class_index == position)
        falling = -pool.scores[order[part]]
        yield _Class(
            cluster[pool.predictions.case[order[part]]],
            is_true[part],
            is_false[part],
            np.searchsorted(falling, falling, side="left"),
            cluster[pool.references.case[own]],
        )


def _of_class(one: _Class, thresholds: int, times: Floats, images: Floats) -> Floats:
    """Return the figures of a class in some replicates, shape (replicates, thresholds, 8)."""
    drawn = times[one.reference_clusters].sum(axis=0)
    weight = times[one.cluster]
    too_many_false = np.floor(np.array(RATES)[:, None] * images) + 1
    found = np.empty((times.shape[1], thresholds, len(METRICS)))
    for threshold in range(thresholds):
        bit = np.uint64(1 << threshold)
        is_true = np.flatnonzero(one.is_true & bit)
        is_false = np.flatnonzero(one.is_false & bit)
        # The false prediction that is one too many, and with it all of its score, do not enter.
        too_many = _first_reaching(np.cumsum(weight[is_false], axis=0), too_many_false)
        entered = np.append(one.first[is_false], len(weight))[too_many]
        true = np.zeros((len(is_true) + 1, times.shape[1]))
        np.cumsum(weight[is_true], axis=0, out=true[1:])
        number = np.searchsorted(is_true, entered, side="left")
        with np.errstate(invalid="ignore", divide="ignore"):
            read = (np.take_along_axis(true, number, axis=0) / drawn).T
        read[drawn == 0] = np.nan
        found[:, threshold, :-1] = read
        found[:, threshold, -1] = np.ascontiguousarray(read).mean(axis=1)
    return found


def _first_reaching(rising: Floats, wanted: Floats) -> Integers:
    """Return the first row in which a column is at or above a number; else the number of rows.

    Bisection of all columns at once.

    Args:
        rising: Shape (rows, columns); each column rises or stays.
        wanted: Shape (numbers, columns), numbers for each column.

    Returns:
        Shape (numbers, columns).
    """
    rows = len(rising)
    found = np.zeros(wanted.shape, np.int64)
    step = 1 << max(rows.bit_length() - 1, 0)
    # The number of rows below: from its largest binary digit to its least.
    while step and rows:
        place = found + step
        below = np.take_along_axis(rising, np.minimum(place, rows) - 1, axis=0) < wanted
        found = np.where(below & (place <= rows), place, found)
        step >>= 1
    return found
