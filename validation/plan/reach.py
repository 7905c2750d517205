"""What a number of independent units can show, before any result is there.

Pure functions of numbers. Levels are those of two-sided intervals, as protocols have them: each
limit is passed by chance with a probability of (1 - level) / 2.
"""

import math
from functools import lru_cache

from validation.plan.sample_size.binomial_power import IntervalName, critical_counts

Binomial = IntervalName
"""Interval of a share of independent units."""


def _quantile(level: float) -> float:
    """Return z: a normal figure lies beyond it with a probability of (1 - level) / 2."""
    from scipy import special

    return -float(special.ndtri((1 - level) / 2))


def normal_coverage(units: int, level: float) -> float:
    """Return how often the percentile bootstrap of a mean covers it, for normal figures.

    The percentile interval of a mean of n figures tends to x ± z s √((n-1)/n) / √n, with s the
    sample's standard deviation (n - 1); it covers with the probability that Student's t with
    n - 1 degrees of freedom lies within z √((n-1)/n). Skew figures are covered less often.

    Args:
        units: Independent units, at least 2.
        level: Level of the two-sided interval.

    >>> [round(normal_coverage(units, 0.95), 3) for units in (4, 8, 10, 30)]
    [0.812, 0.891, 0.904, 0.936]
    """
    from scipy import special

    z = _quantile(level)
    return 1 - 2 * float(special.stdtr(units - 1, -z * math.sqrt((units - 1) / units)))


@lru_cache(maxsize=64)
def fewest_units(level: float) -> int:
    """Return from how many units on the bootstrap errs less than twice as often as it says.

    >>> fewest_units(0.95), fewest_units(0.9)
    (10, 6)
    """
    return next(
        (units for units in range(2, _MOST_UNITS) if _errs_less_than_twice(units, level)),
        _MOST_UNITS,
    )


_MOST_UNITS = 1000
"""So many are enough at any level that is asked for in earnest."""


def _errs_less_than_twice(units: int, level: float) -> bool:
    return 1 - normal_coverage(units, level) < 2 * (1 - level)


def best_lower_limit(trials: int, level: float, method: Binomial) -> float:
    """Return the lower limit of a share where every trial succeeded: no result has a higher one.

    Clopper and Pearson: ((1 - level) / 2)^(1/n), the rule of three for n not too small. Wilson:
    n / (n + z²).

    >>> round(best_lower_limit(30, 0.95, "clopper_pearson"), 4)
    0.8843
    >>> round(best_lower_limit(30, 0.95, "wilson"), 4)
    0.8865
    """
    if method == "clopper_pearson":
        return float(((1 - level) / 2) ** (1 / trials))
    z = _quantile(level)
    return trials / (trials + z * z)


def trials_needed(bound: float, level: float, method: Binomial) -> int:
    """Return how many trials, all of them successes, have a lower limit of at least a bound.

    Args:
        bound: Between 0 and 1, both excluded.
        level: Level of the two-sided interval.
        method: Of the interval.

    >>> trials_needed(0.95, 0.95, "clopper_pearson"), trials_needed(0.95, 0.95, "wilson")
    (72, 73)
    """
    if method == "clopper_pearson":
        guess = math.log((1 - level) / 2) / math.log(bound)
    else:
        guess = _quantile(level) ** 2 * bound / (1 - bound)
    trials, step = max(1, math.floor(guess)), 1
    while best_lower_limit(trials, level, method) < bound:
        trials += step
        step *= 2  # beside 1 the limit is too coarse in floating point for steps of one
    return trials


@lru_cache(maxsize=4096)
def errors_at_the_limit(units: int, level: float) -> int:
    """Return how often one unit is drawn at the limit of the bootstrap.

    A share with a single error has, in a replicate, as many as its unit is drawn: binomial of n
    draws with probability 1/n. The result is its quantile at the limit: the 3 of the rule of three
    at 95 %.

    >>> [errors_at_the_limit(units, 0.95) for units in (2, 3, 10, 100)]
    [2, 3, 3, 3]
    """
    from scipy import stats

    return int(stats.binom.ppf((1 + level) / 2, units, 1 / units))


def fewest_successes(trials: int, bound: float, level: float, method: Binomial | None) -> int:
    """Return the fewest successes of so many trials that meet a bound; more than all where none do.

    Args:
        trials: How many.
        bound: What the share, or its lower limit, has to reach; between 0 and 1, both excluded.
        level: Level of the two-sided interval.
        method: Of the interval whose lower limit is judged; None: the share itself.

    >>> fewest_successes(20, 0.9, 0.95, None), fewest_successes(20, 0.9, 0.95, "wilson")
    (18, 21)
    """
    import numpy as np

    if method is None:
        least = math.ceil(bound * trials)
        return least - 1 if least and (least - 1) / trials >= bound else least
    return int(critical_counts(np.array([trials]), bound, level, method)[0])


def chance_of(successes: int, trials: int, share: float) -> float:
    """Return the probability of at least so many successes where the true share is known.

    >>> round(chance_of(4, 5, 0.5), 4)
    0.1875
    """
    from scipy import stats

    return float(stats.binom.sf(successes - 1, trials, share))
