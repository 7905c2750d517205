"""COCO's average precision and average recall, for every class and size.

The arrays are those of ``pycocotools.COCOeval``, to the last bit: precision at 101 recall
levels and the recall reached, for ten IoU thresholds, every class, four size strata and three
limits on the number of detections. They are computed from the overlap tables and not from
masks; the agreement is tested on random objects with crowds, ties and every stratum.

- AP is the mean of the interpolated precision over thresholds and recall levels; where there
  are several classes, over the classes with a reference object, each with the same weight.
- AR is the mean over the thresholds of the recall reached with at most 1, 10, or the
  protocol's number of detections of a class in an image.
- Size strata go by the area of the mask in pixels, both ends included, as in COCO: small up to
  32², medium 32² to 96², large from 96². Reference objects of another size are neither to be
  found nor to be penalised, and unmatched detections of another size are left out.

With COCO's limit of 100 detections these are its twelve statistics. A lower limit than the
number of objects lowers them without a word; `case_rows` counts the detections beyond it.

Order of equal scores, which decides: by case id, then by object id.

Re-weighted cases: `validation.evidence.coco_replicates`.

Source: Lin et al., "Microsoft COCO: common objects in context", 2014; code of cocoapi.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from validation.evidence.object_pool import ObjectPool
from validation.evidence.overlap import Flags, Floats, Integers
from validation.evidence.pooled_matching import Bits, Cells, PooledPairing, pair_objects

IOU_THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10)
"""COCO's ten thresholds, .50 to .95, bit for bit (a range with steps would miss some)."""
REPORTED_THRESHOLDS = tuple(round(one, 2) for one in IOU_THRESHOLDS.tolist())
"""The same as they are written."""
RECALL_LEVELS: Floats = np.linspace(0.0, 1.0, 101)
SIZES = ("all", "small", "medium", "large")
AREA_RANGES_PX = ((0, 10**10), (0, 32**2), (32**2, 96**2), (96**2, 10**10))
"""Least and largest area of each of `SIZES`."""
FIRST_LIMITS = (1, 10)
"""Numbers of detections at which recall is given, besides the protocol's."""

_THRESHOLDS = len(IOU_THRESHOLDS)
_LEVELS = len(RECALL_LEVELS)
_SPACING = float(np.spacing(1))


@dataclass(frozen=True)
class CocoPairing:
    """All detections of all cases, paired at every threshold and in every stratum."""

    pool: ObjectPool
    limit: int
    """Most detections of a class in an image."""
    order: Integers
    """Predictions within the limit, by class, falling score, case and id."""
    is_true: Bits
    """Cells in which each of them is true, in that order."""
    is_counted: Bits
    """Cells in which each of them is true or false."""
    to_be_found: Flags
    """Reference objects that are to be found, shape (references, strata)."""


class CocoArrays(NamedTuple):
    """What ``COCOeval.accumulate`` returns; -1 where there is nothing to be found."""

    precision: Floats
    """Shape (thresholds, recall levels, classes, strata), at the largest limit."""
    recall: Floats
    """Shape (thresholds, classes, strata, limits): limits 1, 10 and the protocol's."""
    reference_count: Integers
    """Reference objects to be found, shape (classes, strata)."""


class CocoFigure(NamedTuple):
    """One statistic."""

    metric: str
    class_position: int | None
    """Position of the class; None: mean over classes."""
    iou: float | None
    size: str | None
    """Stratum; None: every size."""
    value: float | None
    n: int
    """Reference objects that it rests on."""


def pair_detections(pool: ObjectPool, limit: int) -> CocoPairing:
    """Return the pairing of the detections of all cases, COCO's greedy rule.

    Args:
        pool: The objects; every prediction has a score.
        limit: Most detections looked at of a class in an image, those with the highest score.

    Raises:
        ValueError: A prediction has no score.
    """
    if not pool.has_scores:
        raise ValueError("average precision needs predictions with scores")
    cells = Cells(IOU_THRESHOLDS, len(SIZES))
    outside = _outside(pool.references.areas_px) | pool.is_ignored[:, None]
    is_used = pool.rank < limit
    pairing = pair_objects(pool, cells, is_used=is_used, is_ignored=outside)
    left_out = cells.of_stratum(_outside(pool.predictions.areas_px))
    order = np.lexsort(
        (pool.rank, pool.predictions.case, -pool.scores, pool.predictions.class_index)
    )
    order = order[is_used[order]]
    is_true, is_counted = _verdicts(pairing, left_out)
    return CocoPairing(pool, limit, order, is_true[order], is_counted[order], ~outside)


def coco_arrays(pairing: CocoPairing, is_member: Flags | None = None) -> CocoArrays:
    """Return COCO's arrays for some of the cases.

    Args:
        pairing: The pairing of all cases.
        is_member: The cases that are looked at, shape (cases,); None: all.
    """
    pool = pairing.pool
    classes = np.arange(pool.class_count)
    chosen = slice(None) if is_member is None else is_member[pool.predictions.case[pairing.order]]
    order = pairing.order[chosen]
    is_true, is_counted = pairing.is_true[chosen], pairing.is_counted[chosen]
    class_index, rank = pool.predictions.class_index[order], pool.rank[order]
    references = reference_counts(pool, is_member)
    first = np.searchsorted(class_index, classes)
    shape = (_THRESHOLDS, _LEVELS, pool.class_count, len(SIZES))
    precision = -np.ones(shape)
    recall = -np.ones((_THRESHOLDS, pool.class_count, len(SIZES), len(FIRST_LIMITS) + 1))
    for stratum in range(len(SIZES)):
        known = references[:, stratum] > 0
        count = references[known, stratum]
        levels = np.array([_first_reaching(int(one)) for one in count], np.int64)
        levels = levels.reshape(len(count), _LEVELS)
        for threshold in range(_THRESHOLDS):
            bit = np.uint64(1 << (stratum * _THRESHOLDS + threshold))
            true = np.flatnonzero(is_true & bit)
            counted = np.cumsum((is_counted & bit) != 0)
            before = np.concatenate([[0], counted])[first]
            of_class = class_index[true]
            start = np.searchsorted(of_class, np.append(classes, pool.class_count))
            place = np.arange(1, len(true) + 1) - start[of_class]
            height = place / ((counted[true] - before[of_class]) + _SPACING)
            _envelope(height, start)
            precision[threshold, :, known, stratum] = _at_levels(height, start, known, levels)
            for number, limit in enumerate((*FIRST_LIMITS, pairing.limit)):
                found = np.bincount(of_class[rank[true] < limit], minlength=pool.class_count)
                recall[threshold, known, stratum, number] = found[known] / count
    return CocoArrays(precision, recall, references)


def undefined_arrays(reference_count: Integers) -> CocoArrays:
    """Return arrays without a value, for predictions without scores.

    Args:
        reference_count: Reference objects to be found, shape (classes, strata).
    """
    classes, strata = reference_count.shape
    return CocoArrays(
        -np.ones((_THRESHOLDS, _LEVELS, classes, strata)),
        -np.ones((_THRESHOLDS, classes, strata, len(FIRST_LIMITS) + 1)),
        reference_count,
    )


def reference_counts(pool: ObjectPool, is_member: Flags | None = None) -> Integers:
    """Return how many reference objects are to be found, shape (classes, strata).

    Args:
        pool: The objects.
        is_member: The cases that are looked at, shape (cases,); None: all.
    """
    found = ~(_outside(pool.references.areas_px) | pool.is_ignored[:, None])
    if is_member is not None:
        found &= is_member[pool.references.case][:, None]
    counts = [
        np.bincount(pool.references.class_index[found[:, one]], minlength=pool.class_count)
        for one in range(len(SIZES))
    ]
    return np.stack(counts, axis=1).astype(np.int64)


def figures(arrays: CocoArrays) -> list[CocoFigure]:
    """Return all statistics: means over classes first, where there are several, then by class.

    The mean over classes is that of ``COCOeval.summarize``; classes without a reference object
    (of the stratum) are left out of it.
    """
    classes = range(arrays.reference_count.shape[0])
    positions: list[int | None] = [None, *classes] if len(classes) > 1 else list(classes)
    return [
        CocoFigure(metric, position, iou, size, value, n)
        for position in positions
        for metric, iou, size, value, n in _of_class(
            arrays, slice(None) if position is None else slice(position, position + 1)
        )
    ]


def _outside(areas_px: Integers) -> Flags:
    ranges = np.array(AREA_RANGES_PX)
    area = areas_px[:, None]
    outside: Flags = (area < ranges[:, 0]) | (area > ranges[:, 1])
    return outside


def _verdicts(pairing: PooledPairing, left_out: Bits) -> tuple[Bits, Bits]:
    is_true = pairing.matched & ~pairing.absorbed
    is_false = pairing.cells.every & ~pairing.matched & ~left_out
    return is_true, is_true | is_false


def _first_reaching(reference_count: int) -> Integers:
    """Return how many true detections reach each recall level, less one."""
    recall = np.arange(1, reference_count + 1) / reference_count
    return np.searchsorted(recall, RECALL_LEVELS, side="left").astype(np.int64)


def _envelope(height: Floats, start: Integers) -> None:
    """Raise each precision to the largest at or after it in its class, in place."""
    bounds = start.tolist()
    for low, high in pairwise(bounds):
        if high - low > 1:
            falling = height[low:high][::-1]
            np.maximum.accumulate(falling, out=falling)


def _at_levels(height: Floats, start: Integers, known: Flags, levels: Integers) -> Floats:
    """Return the precision at each recall level, 0 where it is not reached."""
    number = np.diff(start)[known][:, None]
    padded = np.append(height, 0.0)
    place = np.where(levels < number, start[:-1][known][:, None] + levels, len(height))
    reached: Floats = padded[place]
    return reached


def _of_class(
    arrays: CocoArrays, classes: slice
) -> Iterator[tuple[str, float | None, str | None, float | None, int]]:
    count = arrays.reference_count[classes].sum(axis=0).tolist()
    for stratum, size in enumerate((None, *SIZES[1:])):
        value = _mean(arrays.precision[:, :, classes, stratum])
        yield "average_precision", None, size, value, count[stratum]
    for threshold, iou in enumerate(REPORTED_THRESHOLDS):
        for stratum, size in enumerate((None, *SIZES[1:])):
            value = _mean(arrays.precision[threshold, :, classes, stratum])
            yield "average_precision_at", iou, size, value, count[stratum]
    for number, limit in enumerate(FIRST_LIMITS):
        value = _mean(arrays.recall[:, classes, 0, number])
        yield f"average_recall_{limit}", None, None, value, count[0]
    for stratum, size in enumerate((None, *SIZES[1:])):
        value = _mean(arrays.recall[:, classes, stratum, -1])
        yield "average_recall", None, size, value, count[stratum]


def _mean(values: Floats) -> float | None:
    defined = values[values > -1]
    return float(np.mean(defined)) if len(defined) else None
