"""The chance that the limit of a proportion lies on the right side of its bound, exactly.

A share p of independent units succeeds; of n units X succeed, and the criterion is met where the
lower limit of X of n is at least the bound. The distribution of X is binomial, so the chance is a
sum that has no error but that of the machine. Seen over n it is a sawtooth: one unit more can ask
for one success more.
"""

import math
from typing import TYPE_CHECKING, Any, Literal

from validation.plan.sample_size.bisection import least_from

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IntervalName = Literal["wilson", "clopper_pearson"]
"""Interval whose limit is held against the bound, as `analysis.proportion_interval` names it."""

_CHUNK = 65_536


def critical_counts(
    n: "NDArray[np.int64]", bound: float, level: float, interval: IntervalName
) -> "NDArray[np.int64]":
    """Return the least number of successes of n whose lower limit is at least the bound.

    Wilson's lower limit is at least b where (X/n - b) / sqrt(b(1-b)/n) is at least z, as the limit
    inverts the score test (Wilson, JASA 22, 1927); that of Clopper and Pearson where
    P(X or more | n, b) is at most (1 - level)/2 (Biometrika 26, 1934).

    Args:
        n: Numbers of units.
        bound: The bound, between 0 and 1.
        level: Level of the two-sided interval; its lower limit has the level (1 + level)/2.
        interval: Which interval.

    Returns:
        The counts; n + 1 or more where no count is enough.
    """
    import numpy as np
    from scipy import stats

    alpha = (1 - level) / 2
    if interval == "wilson":
        z = float(stats.norm.isf(alpha))
        least: NDArray[np.int64] = np.ceil(n * bound + z * np.sqrt(n * bound * (1 - bound))).astype(
            np.int64
        )
        return least
    found = stats.binom.isf(alpha, n, bound).astype(np.int64) + 1
    # The quantile is found by search: it is put right where it is off by one.
    found += stats.binom.sf(found - 1, n, bound) > alpha
    found -= stats.binom.sf(found - 2, n, bound) <= alpha
    return found  # type: ignore[no-any-return]  # SciPy has no types


def powers(
    n: "NDArray[np.int64]", expected: float, bound: float, level: float, interval: IntervalName
) -> "NDArray[np.float64]":
    """Return the chance that the lower limit of n units is at least the bound.

    Args:
        n: Numbers of units.
        expected: True share of units that succeed.
        bound: As for `critical_counts`, like the following.
        level: Level of the two-sided interval.
        interval: Which interval.
    """
    from scipy import stats

    needed = critical_counts(n, bound, level, interval)
    return stats.binom.sf(needed - 1, n, expected)  # type: ignore[no-any-return]  # as above


def least_number(
    expected: float, bound: float, level: float, power: float, interval: IntervalName
) -> int | None:
    """Return the least n from which the power never again falls below what is wanted.

    Of the sawtooth not the first tooth that reaches the power is taken, as a test set of some
    units more would fall below it again. That the power holds for all larger n is not read off a
    stretch of the curve: from `_assured` on it follows from Chernoff's bound, and every n below is
    computed.

    Returns:
        The number; None where it is not found below `MOST`. 1 or more.
    """
    import numpy as np

    top = _assured(expected, bound, level, power, interval)
    if top is None:
        return None
    while top > 1:
        start = max(1, top - _CHUNK)
        block = np.arange(start, top)
        failing = np.flatnonzero(powers(block, expected, bound, level, interval) < power)
        if failing.size:
            return int(block[failing[-1]]) + 1
        top = start
    return 1


def first_number(
    expected: float, bound: float, level: float, power: float, interval: IntervalName
) -> int | None:
    """Return the least n that reaches the power at all, as other programs print it."""
    import numpy as np

    last = least_number(expected, bound, level, power, interval)
    if last is None:
        return None
    for start in range(1, last + 1, _CHUNK):
        block = np.arange(start, min(start + _CHUNK, last + 1))
        reached = np.flatnonzero(powers(block, expected, bound, level, interval) >= power)
        if reached.size:
            return int(block[reached[0]])
    return last


def _assured(
    expected: float, bound: float, level: float, power: float, interval: IntervalName
) -> int | None:
    """Return an n from which the power is certainly reached, by Chernoff's bound.

    The criterion fails where X/n is below q(n), a share that falls with n; and
    P(X/n <= q) <= exp(-n KL(q, p)) for q below p (Chernoff, 1952; Hoeffding, 1963).
    """

    def is_assured(n: int) -> bool:
        share = _sufficient_share(n, bound, level, interval)
        if share is None or share >= expected:
            return False
        return math.exp(-n * _divergence(share, expected)) <= 1 - power

    return least_from(1, is_assured)


def _sufficient_share(n: int, bound: float, level: float, interval: IntervalName) -> float | None:
    """Return a share of successes that is enough at n; None where none is known to be."""
    from scipy import optimize, stats

    alpha = (1 - level) / 2
    if interval == "wilson":
        share = bound + float(stats.norm.isf(alpha)) * math.sqrt(bound * (1 - bound) / n)
        return share if share < 1 else None
    wanted = math.log(1 / alpha) / n
    if wanted >= math.log(1 / bound):
        return None
    root: Any = optimize.brentq(lambda q: _divergence(q, bound) - wanted, bound, 1.0)
    return float(root)


def _divergence(q: float, p: float) -> float:
    """Return the Kullback-Leibler divergence of two Bernoulli distributions; may be infinite."""
    from scipy.special import rel_entr

    return float(rel_entr(q, p) + rel_entr(1 - q, 1 - p))
