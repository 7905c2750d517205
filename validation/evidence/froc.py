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

from validation.evidence.object_pool import ObjectPool
from validation.evidence.overlap import Flags, Floats, Integers
from validation.evidence.pooled_matching import Bits, Cells, pair_objects

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False positives per image at which sensitivity is read; exact as binary numbers."""
METRICS = (*(f"froc_sensitivity_{one:g}".replace(".", "_") for one in RATES), "froc_mean")
"""Ids of the figures at one IoU threshold, in the order of their columns."""

_CELLS_AT_ONCE = 1 << 18
_MOST_ROWS = 250


@dataclass(frozen=True)
class FreeResponse:
    """All predictions, paired at every IoU threshold."""

    pool: ObjectPool
    thresholds: tuple[float, ...]
    order: Integers
    """Predictions by class and falling score."""
    is_true: Bits
    is_false: Bits


class _ClassCurve(NamedTuple):
    """One class at one IoU threshold, in the cases that are looked at."""

    cluster: Integers
    is_true: Flags
    is_false: Flags
    last: Integers
    """Last prediction of each score."""
    reference_clusters: Integers


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
    pool = response.pool
    cluster = np.zeros(pool.case_count, np.int64)
    cluster[is_member] = cluster_of_case
    shape = (len(weights), len(response.thresholds), pool.class_count, len(METRICS))
    found = np.empty(shape)
    for threshold, position, curve in _curves(response, cluster, is_member):
        blocks = _row_blocks(weights, len(curve.cluster))
        read = [_read(curve, some, cluster_of_case) for some in blocks]
        found[:, threshold, position] = np.concatenate(read)
    return found


def _curves(
    response: FreeResponse, cluster: Integers, is_member: Flags
) -> Iterator[tuple[int, int, _ClassCurve]]:
    pool = response.pool
    member = is_member[pool.predictions.case[response.order]]
    order = response.order[member]
    bounds = np.searchsorted(
        pool.predictions.class_index[order], np.arange(pool.class_count + 1)
    ).tolist()
    counted = ~pool.is_ignored & is_member[pool.references.case]
    for position in range(pool.class_count):
        part = slice(bounds[position], bounds[position + 1])
        own = counted & (pool.references.class_index == position)
        scores = pool.scores[order[part]]
        last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)[: len(scores)])
        for threshold in range(len(response.thresholds)):
            bit = np.uint64(1 << threshold)
            curve = _ClassCurve(
                cluster[pool.predictions.case[order[part]]],
                (response.is_true[member][part] & bit) != 0,
                (response.is_false[member][part] & bit) != 0,
                last,
                cluster[pool.references.case[own]],
            )
            yield threshold, position, curve


def _read(curve: _ClassCurve, weights: Integers, cluster_of_case: Integers) -> Floats:
    rows, images = len(weights), weights @ np.bincount(cluster_of_case, minlength=weights.shape[1])
    drawn = weights[:, curve.reference_clusters].sum(axis=1)
    weight = weights[:, curve.cluster].astype(np.float64)
    start = np.zeros((rows, 1))  # above every score: nothing found, no false alarm
    true = np.hstack([start, np.cumsum(weight * curve.is_true, axis=1)[:, curve.last]])
    false = np.hstack([start, np.cumsum(weight * curve.is_false, axis=1)[:, curve.last]])
    allowed = np.array(RATES) * images[:, None]
    apart = float(max(false.max(initial=0), allowed.max(initial=0)) + 1)
    row = np.arange(rows)[:, None]
    place = np.searchsorted(
        (false + apart * row).ravel(), (allowed + apart * row).ravel(), side="right"
    ).reshape(rows, len(RATES))
    place = place - 1 - false.shape[1] * row
    with np.errstate(invalid="ignore", divide="ignore"):
        read = np.take_along_axis(true, place, axis=1) / drawn[:, None]
    read[drawn == 0] = np.nan
    return np.hstack([read, read.mean(axis=1, keepdims=True)])


def _row_blocks(weights: Integers, width: int) -> Iterator[Integers]:
    at_once = min(max(1, _CELLS_AT_ONCE // max(1, width)), _MOST_ROWS)
    for start in range(0, max(1, len(weights)), at_once):
        yield weights[start : start + at_once]
