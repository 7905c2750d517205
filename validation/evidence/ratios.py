"""Figures as a ratio of two sums over cases.

Nearly every metric is one: recall is the sum of matched objects over the sum of reference
objects; a mean over cases is the sum of the values over the number of cases that have one.
So a figure needs no more than two numbers a case, and a bootstrap replicate of it is the
same two sums with weights.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Ratio:
    """One figure: the mean over its parts of (sum of numerators / sum of denominators).

    There is one part, except for a mean over classes. A part whose denominators sum to zero
    leaves the whole figure undefined; it is never taken as 0 or 1.
    """

    metric: str
    """Id of the metric in the catalogue."""
    parts: tuple[tuple[Floats, Floats], ...]
    """Numerators and denominators by case, each of shape (cases,)."""
    n: int
    """Size of the sample, in the unit that the catalogue names."""
    undefined: str
    """Why the figure has no value, where a denominator is zero."""
    class_name: str | None = None
    iou: float | None = None
    n_undefined: int = 0
    """Cases left out because the figure is undefined for them."""
    absolute: bool = False
    """True: the absolute value of the ratio."""

    def value(self) -> float | None:
        """Return the figure, or None where it is undefined.

        The sums are exactly rounded, so that no order of cases changes a bit.

        >>> ratio("recall", [2, 0], [3, 1], n=4, undefined="no reference object").value()
        0.5
        """
        sums = [(math.fsum(above), math.fsum(below)) for above, below in self.parts]
        if not sums or any(below == 0 for _, below in sums):
            return None
        mean = math.fsum(above / below for above, below in sums) / len(sums)
        return abs(mean) if self.absolute else mean


@dataclass(frozen=True)
class Count:
    """A plain count; it describes the sample and has no interval."""

    metric: str
    value: int
    n: int
    class_name: str | None = None
    iou: float | None = None


def ratio(  # noqa: D417 - the rest is described by Ratio
    metric: str,
    numerators: ArrayLike,
    denominators: ArrayLike,
    *,
    n: int,
    undefined: str,
    **scope: Any,  # noqa: ANN401 - fields of Ratio
) -> Ratio:
    """Return the ratio of two sums over cases.

    Args:
        metric: Id of the metric.
        numerators: A number a case.
        denominators: A number a case.
    """
    part = (np.asarray(numerators, np.float64), np.asarray(denominators, np.float64))
    return Ratio(metric, (part,), n, undefined, **scope)


def mean_over_cases(
    metric: str,
    numerators: ArrayLike,
    denominators: ArrayLike,
    *,
    undefined: str,
    **scope: Any,  # noqa: ANN401 - fields of Ratio
) -> Ratio:
    """Return the mean of numerator / denominator over the cases where it is defined.

    Cases with a denominator of zero are left out, and their number stands beside the figure.

    >>> mean_over_cases("dice_mean_over_cases", [1, 0], [2, 0], undefined="none").n_undefined
    1
    """
    above, below = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    is_defined = below != 0
    values = np.divide(above, below, out=np.zeros(len(above)), where=is_defined)
    count = int(is_defined.sum())
    return ratio(
        metric,
        values,
        is_defined,
        n=count,
        n_undefined=len(above) - count,
        undefined=undefined,
        **scope,
    )


def replicates(ratios: Sequence[Ratio], weights: Integers, cluster_of_case: Integers) -> Floats:
    """Return each figure for each re-weighting of the clusters.

    The sums are taken cluster by cluster, element by element, and not by a matrix product:
    that would give other last bits on another processor or with another number of threads.

    Args:
        ratios: F figures of the same cases.
        weights: How often each cluster was drawn, shape (replicates, clusters).
        cluster_of_case: Index of the cluster of each case.

    Returns:
        Shape (replicates, F); NaN, for this computation only, where a figure is undefined.
    """
    parts = [part for one in ratios for part in one.parts]
    totals = [
        _weighted_totals(np.array([part[side] for part in parts]), weights, cluster_of_case)
        for side in (0, 1)
    ]
    is_defined = totals[1] != 0
    quotients = np.full(totals[0].shape, np.nan)
    np.divide(totals[0], totals[1], out=quotients, where=is_defined)
    figures = np.empty((len(weights), len(ratios)))
    start = 0
    for number, one in enumerate(ratios):
        mean = np.zeros(len(weights))
        for column in range(start, start + len(one.parts)):
            mean = mean + quotients[:, column]
        mean = mean / len(one.parts)
        figures[:, number] = np.abs(mean) if one.absolute else mean
        start += len(one.parts)
    return figures


def _weighted_totals(columns: Floats, weights: Integers, cluster_of_case: Integers) -> Floats:
    """Return the sum over cases of weight times column; shape (replicates, columns)."""
    by_cluster = np.zeros((weights.shape[1], len(columns)))
    np.add.at(by_cluster, cluster_of_case, columns.T)
    totals = np.zeros((len(weights), len(columns)))
    for cluster, values in enumerate(by_cluster):
        totals += weights[:, cluster, None] * values
    return totals
