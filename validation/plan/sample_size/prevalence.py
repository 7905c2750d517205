"""From units with and without a finding to units in all: how often the finding is there."""

import math

from validation.plan.sample_size.bisection import least_from


def expected_total(needed: float, share: float) -> int:
    """Return the number of units that hold as many of a kind on average: needed / share, up.

    Buderer (Academic Emergency Medicine 3, 1996). In about half of such samples there are fewer.

    Args:
        needed: Units of the kind that are needed; of a formula, before it is rounded.
        share: Share of the kind among all units: prevalence, or 1 minus it.
    """
    return math.ceil(round(needed / share, 9))


def assured_total(needed: int, share: float, assurance: float) -> int | None:
    """Return the least N of which at least as many are of the kind with the given chance.

    P(at least `needed` of N) is a binomial sum that rises with N.

    Args:
        needed: Units of the kind that are needed, 1 or more.
        share: Share of the kind among all units.
        assurance: Chance that is wanted, below 1.

    Returns:
        The number; None where it is not found below `MOST`.
    """
    from scipy import stats

    def is_assured(n: int) -> bool:
        return bool(stats.binom.sf(needed - 1, n, share) >= assurance)

    return least_from(max(1, needed), is_assured)
