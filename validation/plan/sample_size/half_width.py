"""How many units make an interval as narrow as wanted: precision in place of power."""

from typing import TYPE_CHECKING, Literal

from validation.plan.sample_size.bisection import MOST, least_from

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WidthOf = Literal["wilson", "clopper_pearson", "normal"]
"""Interval whose half-width is asked; ``normal`` is the textbook formula."""


def half_widths(
    n: "NDArray[np.int64]", expected: float, level: float, interval: WidthOf
) -> "NDArray[np.float64]":
    """Return half the length of the two-sided interval where the expected share is observed.

    The number of successes is n times the expected share, whole or not: all three formulas are
    defined between the whole numbers, as `presize` has it for R.

    Args:
        n: Numbers of units.
        expected: Expected share.
        level: Level of the two-sided interval.
        interval: By Wilson; by Clopper and Pearson; or ``normal``: z sqrt(p(1-p)/n), which is 0
            for a share of 0 or 1 and then says nothing.
    """
    from statsmodels.stats.proportion import proportion_confint

    method = {"wilson": "wilson", "clopper_pearson": "beta", "normal": "normal"}[interval]
    low, high = proportion_confint(n * expected, n, alpha=1 - level, method=method)
    return (high - low) / 2  # type: ignore[no-any-return]  # statsmodels has no types


def least_number(expected: float, half_width: float, level: float, interval: WidthOf) -> int | None:
    """Return the least n whose interval is no wider than wanted.

    For ``normal`` it is statsmodels' `samplesize_confint_proportion`, p(1-p) (z/w)², rounded up;
    otherwise found by bisection, as the width falls with n.

    Returns:
        The number; None where it is not found below `MOST`.
    """
    import math

    import numpy as np
    from statsmodels.stats.proportion import samplesize_confint_proportion

    if interval == "normal":
        found = samplesize_confint_proportion(expected, half_width, alpha=1 - level)
        wanted = math.ceil(round(float(found), 9))
        return wanted if wanted <= MOST else None

    def is_narrow(n: int) -> bool:
        return bool(half_widths(np.array([n]), expected, level, interval)[0] <= half_width)

    return least_from(1, is_narrow)
