"""The least number from which something holds, where it holds for every larger number, too."""

from collections.abc import Callable

MOST = 10_000_000
"""Units beyond which no number is searched."""


def least_from(first: int, is_enough: Callable[[int], bool]) -> int | None:
    """Return the least number from `first` on that is enough; None: none found below `MOST`.

    Args:
        first: Number to begin with, 1 or more.
        is_enough: Holds for every number above one for which it holds.

    >>> least_from(1, lambda n: n * n >= 50), least_from(3, lambda n: True)
    (8, 3)
    """
    low, high = first - 1, first
    while not is_enough(high):
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
