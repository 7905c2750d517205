"""How much observations of one unit resemble each other, estimated from a pilot."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_LEAST_UNITS = 2


@dataclass(frozen=True)
class Resemblance:
    """What a pilot says of its observations."""

    units: int
    observations: int
    mean: float
    """Mean of the observations: the share, where they are 0 and 1."""
    sd: float
    """Standard deviation of all observations."""
    mean_size: float
    """Mean number of observations of a unit."""
    size_cv: float
    """Standard deviation (n - 1) of that number, divided by its mean."""
    icc: float
    """Intraclass correlation, as estimated: it may be below 0."""
    lower: float
    """Lower limit of the intraclass correlation, at the level that was asked."""
    upper: float
    """Upper limit; an intraclass correlation is at most 1."""
    variance_ratio: float
    """Variance of the mean with its clusters, divided by that of as many independent
    observations: the design effect of the pilot itself."""


def resemblance(groups: Sequence[Sequence[float]], level: float) -> Resemblance:
    """Return the intraclass correlation of observations in units, with its uncertainty.

    The estimate is that of the analysis of variance: (MSB - MSW) / (MSB + (n0 - 1) MSW), with
    n0 = (N - Σn²/N) / (k - 1) (Donner, International Statistical Review 54, 1986; for 0 and 1 also
    Ridout, Demétrio and Firth, Biometrics 55, 1999). Its limits are those of F = MSB/MSW for
    normal values and equal units (Searle, Linear Models, 1971): for 0 and 1 they are approximate.
    The ratio of variances is the design effect of Rao and Scott (Biometrics 48, 1992): the
    linearised variance of the ratio Σy/Σn over units, which a bootstrap over units tends to,
    divided by that of N independent observations.

    Args:
        groups: The observations of each unit; units without any are left out.
        level: Level of the two-sided interval of the correlation.

    Raises:
        ValueError: There are fewer than two units, no unit with two observations, or all
            observations are equal: nothing can be estimated.

    >>> found = resemblance([[1, 1, 1], [0, 0, 1], [1, 0, 1], [0, 0, 0]], 0.95)
    >>> round(found.icc, 4), round(found.lower, 2), round(found.upper, 2)
    (0.4375, -0.15, 0.94)
    """
    from scipy import stats

    known = [list(map(float, one)) for one in groups if len(one)]
    _require_enough(known)
    k, sizes = len(known), [len(one) for one in known]
    total, mean = sum(sizes), math.fsum(map(math.fsum, known)) / sum(sizes)
    means = [math.fsum(one) / len(one) for one in known]
    between = math.fsum(n * (m - mean) ** 2 for n, m in zip(sizes, means, strict=True)) / (k - 1)
    spread = math.fsum(
        math.fsum((value - m) ** 2 for value in one) for one, m in zip(known, means, strict=True)
    )
    within = spread / (total - k)
    n0 = (total - sum(n * n for n in sizes) / total) / (k - 1)
    variance = (spread + between * (k - 1)) / (total - 1)
    if variance == 0:
        raise ValueError("all observations are equal")
    tail = (1 - level) / 2
    ratio = between / within if within > 0 else math.inf
    return Resemblance(
        units=k,
        observations=total,
        mean=mean,
        sd=math.sqrt(variance),
        mean_size=total / k,
        size_cv=_deviation(sizes) / (total / k),
        icc=(between - within) / (between + (n0 - 1) * within),
        lower=_from_ratio(ratio / float(stats.f.isf(tail, k - 1, total - k)), n0),
        upper=_from_ratio(ratio * float(stats.f.isf(tail, total - k, k - 1)), n0),
        variance_ratio=_variance_ratio(known, mean, variance),
    )


def _require_enough(known: Sequence[Sequence[float]]) -> None:
    if len(known) < _LEAST_UNITS:
        raise ValueError(
            "one unit says nothing of how units differ" if known else "there are no observations"
        )
    if max(map(len, known)) < _LEAST_UNITS:
        raise ValueError("no unit has two observations: nothing is clustered")


def _deviation(sizes: Sequence[int]) -> float:
    mean = sum(sizes) / len(sizes)
    return math.sqrt(math.fsum((one - mean) ** 2 for one in sizes) / (len(sizes) - 1))


def _from_ratio(ratio: float, n0: float) -> float:
    """Return the correlation at which the ratio of mean squares is expected to be so large."""
    return 1.0 if math.isinf(ratio) else (ratio - 1) / (ratio + n0 - 1)


def _variance_ratio(known: Sequence[Sequence[float]], mean: float, variance: float) -> float:
    k, total = len(known), sum(map(len, known))
    residuals = (math.fsum(one) - mean * len(one) for one in known)
    clustered = k / (k - 1) * math.fsum(one * one for one in residuals) / total**2
    return clustered / (variance / total)
