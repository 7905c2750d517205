"""What a number of independent units can show, before any result is there.

Pure functions of numbers. Levels are those of two-sided intervals, as protocols have them: each
limit is passed by chance with a probability of (1 - level) / 2.
"""

import math
from typing import Literal

Binomial = Literal["wilson", "clopper_pearson"]


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

    z = float(special.ndtri((1 + level) / 2))
    return 1 - 2 * float(special.stdtr(units - 1, -z * math.sqrt((units - 1) / units)))


def fewest_units(level: float) -> int:
    """Return from how many units on the bootstrap errs less than twice as often as it says.

    >>> fewest_units(0.95), fewest_units(0.9)
    (10, 6)
    """
    units = 2
    while 1 - normal_coverage(units, level) >= 2 * (1 - level):
        units += 1
    return units


def best_lower_limit(trials: int, level: float, method: Binomial) -> float:
    """Return the lower limit of a share where every trial succeeded: no result has a higher one.

    Clopper and Pearson: ((1 - level) / 2)^(1/n), the rule of three for n not too small. Wilson:
    n / (n + z²).

    >>> round(best_lower_limit(30, 0.95, "clopper_pearson"), 4)
    0.8843
    >>> round(best_lower_limit(30, 0.95, "wilson"), 4)
    0.8865
    """
    from scipy import special

    if method == "clopper_pearson":
        return float(((1 - level) / 2) ** (1 / trials))
    z = float(special.ndtri((1 + level) / 2))
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
    from scipy import special

    if method == "clopper_pearson":
        guess = math.log((1 - level) / 2) / math.log(bound)
    else:
        guess = float(special.ndtri((1 + level) / 2)) ** 2 * bound / (1 - bound)
    trials = max(1, math.floor(guess))
    while best_lower_limit(trials, level, method) < bound:
        trials += 1
    return trials


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
    """Return the fewest successes of so many trials that meet a bound; one more where none do.

    Args:
        trials: How many.
        bound: What the share, or its lower limit, has to reach.
        level: Level of the two-sided interval.
        method: Of the interval whose lower limit is judged; None: the share itself.

    >>> fewest_successes(20, 0.9, 0.95, None), fewest_successes(20, 0.9, 0.95, "wilson")
    (18, 21)
    """
    low, high = 0, trials + 1
    while low < high:
        middle = (low + high) // 2
        if _lower(middle, trials, level, method) >= bound:
            high = middle
        else:
            low = middle + 1
    return low


def _lower(successes: int, trials: int, level: float, method: Binomial | None) -> float:
    from scipy import special

    if method is None:
        return successes / trials
    if successes == 0:
        return 0.0
    if method == "clopper_pearson":
        tail = (1 - level) / 2
        return float(special.betaincinv(successes, trials - successes + 1, tail))
    z = float(special.ndtri((1 + level) / 2))
    share, square = successes / trials, z * z / trials
    spread = z * math.sqrt(share * (1 - share) / trials + square / (4 * trials))
    return (share + square / 2 - spread) / (1 + square)


def chance_of(successes: int, trials: int, share: float) -> float:
    """Return the probability of at least so many successes where the true share is known.

    >>> round(chance_of(4, 5, 0.5), 4)
    0.1875
    """
    from scipy import stats

    return float(stats.binom.sf(successes - 1, trials, share))
