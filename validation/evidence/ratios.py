"""Figures as a ratio of two sums over cases, or another formula of sums.

Nearly every metric is a ratio: recall is the sum of matched objects over the sum of reference
objects; a mean over cases is the sum of the values over the number of cases that have one.
So a figure needs no more than two numbers a case, and a bootstrap replicate of it is the
same two sums with weights.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LARGEST_EXACT = float(2**53)


def exact_sum(values: Floats) -> float:
    """Return the exactly rounded sum, the same for every order of the values.

    Zeros, the most of them where classes are many, are not looked at.

    >>> exact_sum(np.array([0.1, 0.0, 0.2, 0.3]))
    0.6
    """
    some = values[values != 0]
    plain = some.sum()
    # Whole numbers add without a rounding error, whatever the order.
    if abs(plain) < _LARGEST_EXACT and (some >= 0).all() and (some == np.rint(some)).all():
        return float(plain)
    return math.fsum(some.tolist())


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
    size: str | None = None
    """Size stratum of the reference objects; None: every size."""
    n_undefined: int = 0
    """Cases left out because the figure is undefined for them."""
    absolute: bool = False
    """True: the absolute value of the ratio."""
    is_share_of_cases: bool = False
    """True: each case counts as one yes or no, or not at all, so that a binomial interval is
    right where cases are independent."""

    @property
    def summands(self) -> tuple[Floats, ...]:
        """Numbers by case whose sums give the figure: numerator, denominator, by part."""
        return tuple(side for part in self.parts for side in part)

    def of_sums(self, sums: Floats) -> Floats:
        """Return the figure for each row of sums, shape (rows, summands); NaN if undefined."""
        above, below = sums[:, 0::2], sums[:, 1::2]
        quotients = np.full(above.shape, np.nan)
        np.divide(above, below, out=quotients, where=below != 0)
        mean = np.full(len(sums), np.nan if not self.parts else 0.0)
        for column in quotients.T:
            mean = mean + column
        mean = mean / max(len(self.parts), 1)
        return np.abs(mean) if self.absolute else mean

    def value(self) -> float | None:
        """Return the figure, or None where it is undefined.

        The sums are exactly rounded, so that no order of cases changes a bit.

        >>> ratio("recall", [2, 0], [3, 1], n=4, undefined="no reference object").value()
        0.5
        """
        sums = [(exact_sum(above), exact_sum(below)) for above, below in self.parts]
        if not sums or any(below == 0 for _, below in sums):
            return None
        mean = math.fsum(above / below for above, below in sums) / len(sums)
        return abs(mean) if self.absolute else mean


@dataclass(frozen=True)
class Formula:
    """One figure that is a formula of sums over cases, other than a mean of ratios."""

    metric: str
    """Id of the metric in the catalogue."""
    summands: tuple[Floats, ...]
    """Numbers by case, each of shape (cases,)."""
    of_sums: Callable[[Floats], Floats]
    """From sums of shape (rows, summands) to the figure of each row, NaN if undefined."""
    n: int
    undefined: str
    class_name: str | None = None
    iou: float | None = None
    size: str | None = None
    n_undefined: int = 0

    def value(self) -> float | None:
        """Return the figure, or None where it is undefined; the sums are exactly rounded."""
        value = float(self.of_sums(np.array([[exact_sum(one) for one in self.summands]]))[0])
        return None if math.isnan(value) else value


@dataclass(frozen=True)
class Count:
    """A plain count; it describes the sample and has no interval."""

    metric: str
    value: int
    n: int
    class_name: str | None = None
    iou: float | None = None


Figure = Ratio | Formula | Count
"""A figure of some cases, before it has its interval."""


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
