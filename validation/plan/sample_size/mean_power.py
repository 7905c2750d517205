"""The chance that the limit of a mean lies on the right side of its bound.

For a figure that is averaged over cases, e.g. Dice, and for the mean difference of two models on
the same cases. The limit is Student's; a run has the bootstrap's, which is like it where cases
are many and their values not very skewed.
"""

import math
from typing import TYPE_CHECKING

from validation.plan.sample_size.bisection import least_from

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAST = 2
"""One value has no standard deviation."""
_LARGEST_EFFECT = 1e4
"""Deviations beyond which the power of two values is 1 and SciPy finds none."""


def powers(
    n: "NDArray[np.int64]", distance: float, sd: float, level: float
) -> "NDArray[np.float64]":
    """Return the chance that the limit of the mean of n values is beyond the bound.

    P(T > t) for T from the noncentral t distribution with n - 1 degrees of freedom and
    noncentrality distance sqrt(n) / sd, and t the central quantile of (1 + level)/2 (Chow, Shao
    and Wang, Sample Size Calculations in Clinical Research, chapter 3; statsmodels'
    `TTestPower`).

    Args:
        n: Numbers of independent values; of fewer than two there is no limit, and the chance is 0.
        distance: How far the expected mean lies from the bound, above 0, in the values' unit.
        sd: Standard deviation of the values, above 0, in the same unit.
        level: Level of the two-sided interval.
    """
    import numpy as np
    from statsmodels.stats.power import TTestPower

    enough, effect = np.maximum(n, _LEAST), min(distance / sd, _LARGEST_EFFECT)
    found = TTestPower().power(effect, enough, (1 - level) / 2, alternative="larger")
    return np.where(n >= _LEAST, found, 0.0)


def least_number(distance: float, sd: float, level: float, power: float) -> int | None:
    """Return the least n with the power; it rises with n, so bisection finds it.

    Returns:
        The number, 2 or more; None where it is not found below `MOST`.
    """
    import numpy as np

    def is_enough(n: int) -> bool:
        return bool(powers(np.array([n]), distance, sd, level)[0] >= power)

    return least_from(_LEAST, is_enough)


def normal_number(distance: float, sd: float, level: float, power: float) -> float:
    """Return ((z_alpha + z_beta) sd / distance)², the textbook formula for a known deviation."""
    from scipy import stats

    z = float(stats.norm.isf((1 - level) / 2) + stats.norm.ppf(power))
    return math.pow(z * sd / distance, 2)
