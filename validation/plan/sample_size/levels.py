"""The level of one limit, and that of the interval that it is an end of."""


def one_sided(level: float) -> float:
    """Return the one-sided level of a limit of a two-sided interval.

    >>> one_sided(0.95)
    0.975
    """
    return round((1 + level) / 2, 12)


def two_sided(one_sided_level: float) -> float:
    """Return the level of the two-sided interval whose limit has a one-sided level.

    >>> two_sided(0.95)
    0.9
    """
    return round(2 * one_sided_level - 1, 12)
