"""Figures of objects over all classes: pooled, and as the mean of the figures of the classes.

Both are given where a protocol has several classes, under names of their own, because they
answer different questions. *Pooled over classes* takes the sums of all classes first, so that
a class with many objects counts for more; pairs are still of one class. *Mean over classes*
gives each class the same weight, and is undefined when one of them has no value: a mean over
the others would be another figure. (The mean of average precision is COCO's, which leaves
classes without a reference object out; see `validation.evidence.coco_statistics`.)
"""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from validation.evidence.catalogue import MEAN_OVER_CLASSES, POOLED_OVER_CLASSES, is_listed
from validation.evidence.instance import ObjectCounts, object_figures
from validation.evidence.pooled_outcomes import PooledOutcomes, exact_sums
from validation.evidence.ratios import Count, Figure, Floats, Integers, Ratio

_MOST_NAMED = 5


def pooled_counts(counts: ObjectCounts) -> ObjectCounts:
    """Return the counts of all classes together, as those of one class.

    Args:
        counts: Counts by case and class.

    Returns:
        The same with the classes summed; shape (cases, 1) or (cases, 1, sizes). Sums of IoU
        and the like are exactly rounded, so that no order of classes changes a bit.
    """
    pooled: ObjectCounts = _summed(counts)
    return pooled


def row_sums(values: Floats) -> Floats:
    """Return the exactly rounded sum of each row.

    >>> row_sums(np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]])).tolist()
    [0.6, 0.0]
    """
    rows, columns = np.nonzero(values)
    return exact_sums(values[rows, columns], rows, len(values))


def _summed(value: Any) -> Any:  # noqa: ANN401 - walks the parts of ObjectCounts
    if isinstance(value, PooledOutcomes):
        return value
    if isinstance(value, dict):
        return {key: _summed(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _summed(getattr(value, one.name))
                                 for one in fields(value)})  # fmt: skip
    if np.issubdtype(value.dtype, np.floating):
        return row_sums(value)[:, None]
    return value.sum(axis=1, keepdims=True)


def figures_over_classes(
    pooled: ObjectCounts, members: Integers, of_classes: Sequence[Figure]
) -> list[Figure]:
    """Return the figures over all classes, pooled and averaged.

    Args:
        pooled: Counts of all classes together, from `pooled_counts`.
        members: Positions of the cases that are looked at.
        of_classes: Figures of each class, of the same cases.
    """
    return [*_pooled(pooled, members), *_means(of_classes)]


def _pooled(pooled: ObjectCounts, members: Integers) -> list[Figure]:
    found: list[Figure] = []
    for one in object_figures(pooled, members, 0, None):
        metric = one.metric + POOLED_OVER_CLASSES
        if not is_listed(metric):
            continue
        if isinstance(one, Count):
            found.append(replace(one, metric=metric))
        else:
            # What is absent is absent in every class.
            why = one.undefined.replace(" of the class", "")
            found.append(replace(one, metric=metric, undefined=why))
    return found


def _means(of_classes: Sequence[Figure]) -> list[Figure]:
    by_place: dict[tuple[str, float | None, str | None], list[Ratio]] = {}
    for one in of_classes:
        if isinstance(one, Ratio) and is_listed(one.metric + MEAN_OVER_CLASSES):
            by_place.setdefault((one.metric, one.iou, one.size), []).append(one)
    return [
        Ratio(
            metric + MEAN_OVER_CLASSES,
            parts=tuple(part for one in some for part in one.parts),
            n=sum(one.n for one in some),
            undefined=f"no value for {_without_value(some)}",
            iou=iou,
            size=size,
        )
        for (metric, iou, size), some in by_place.items()
    ]


def _without_value(figures: Sequence[Ratio]) -> str:
    """Return the classes without a value; their own figures say why."""
    names = [
        one.class_name or "" for one in figures if any(not below.any() for _, below in one.parts)
    ]
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more classes" if more > 0 else "")
