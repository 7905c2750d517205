"""How many units have to pass without one failure.

The zero-failure case of the limit of Clopper and Pearson: of n successes in n the one-sided lower
limit at confidence C is (1 - C)^(1/n). With C = 0.95 it is about 1 - 3/n, the "rule of three"
(Hanley and Lippman-Hand, JAMA 249, 1983).
"""

import math


def least_run(bound: float, one_sided_level: float) -> int:
    """Return the least n with bound^n <= 1 - C, that is ln(1 - C) / ln(bound), rounded up.

    Args:
        bound: Share of successes to be shown, between 0 and 1.
        one_sided_level: Confidence C of the one-sided limit, between 0 and 1.

    >>> least_run(0.95, 0.95), least_run(0.99, 0.95), least_run(0.9, 0.9)
    (59, 299, 22)
    """
    # Rounded, so that 1 - 0.9 and the like, which no float holds, do not ask for a unit more.
    return max(1, math.ceil(round(math.log1p(-one_sided_level) / math.log(bound), 9)))


def passing(n: int, expected: float) -> float:
    """Return the chance p^n that n units pass without a failure.

    >>> round(passing(59, 0.99), 3)
    0.553
    """
    return float(expected**n)
