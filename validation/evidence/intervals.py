"""Intervals: the cluster bootstrap, in which whole subjects are drawn, and binomial ones.

Objects of one image, and images of one subject, are not independent; resampling them one by
one gives intervals that are too narrow. So the independent units are drawn (Field and Welsh,
"Bootstrapping clustered data", 2007), all that belongs to them comes along, and because every
figure follows from sums over cases, drawing a cluster twice is giving it the weight 2. A
subgroup is resampled within itself: the clusters that have cases in it, as many as there are.
The same weights serve every figure of a group.

A binomial interval is right only where each independent unit gives one yes or no. It then
says what a bootstrap cannot: how uncertain a share is that was 100 % in this sample.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from validation.evidence.metric_values import Interval

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

FEWEST_CLUSTERS = 2
_WEIGHTS_AT_ONCE = 1 << 22


class Clusters(NamedTuple):
    """The independent units that the cases belong to."""

    names: tuple[str, ...]
    """Ids of subjects or cases, sorted."""
    of_case: Integers
    """Index into `names` for each case."""


def clusters(names_of_cases: Sequence[str]) -> Clusters:
    """Return the clusters, sorted by id, and the one of each case.

    >>> clusters(["b", "a", "b"])
    Clusters(names=('a', 'b'), of_case=array([1, 0, 1]))
    """
    names = tuple(sorted(set(names_of_cases)))
    index = {name: number for number, name in enumerate(names)}
    return Clusters(names, np.array([index[name] for name in names_of_cases], np.int64))


def weight_blocks(cluster_count: int, replicates: int, seed: int) -> Iterator[Integers]:
    """Yield how often each cluster is drawn in each replicate, some replicates at a time.

    The generator is PCG64 with the protocol's seed. A replicate draws as many clusters as
    there are, with replacement. The size of the blocks depends on the number of clusters
    alone, and bounds the memory.

    Yields:
        Shape (replicates of the block, clusters); every row sums to `cluster_count`.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    at_once = max(1, _WEIGHTS_AT_ONCE // cluster_count)
    for start in range(0, replicates, at_once):
        rows = min(at_once, replicates - start)
        drawn = generator.integers(cluster_count, size=(rows, cluster_count), dtype=np.int64)
        flat = drawn + cluster_count * np.arange(rows)[:, None]
        counts = np.bincount(flat.ravel(), minlength=rows * cluster_count)
        yield counts.reshape(rows, cluster_count).astype(np.int64, copy=False)


def percentile_interval(
    replicates: Floats, *, level: float, unit: str, cluster_count: int
) -> Interval | None:
    """Return the percentile interval of bootstrap replicates (Efron 1981).

    The limits are the (1 - level)/2 and (1 + level)/2 quantiles, linearly interpolated between
    order statistics (R's type 7).

    Args:
        replicates: The figure in each replicate, NaN where it is undefined; those are left
            out, and the number used is in the interval.
        level: Two-sided confidence level.
        unit: What was drawn, ``subject`` or ``case``.
        cluster_count: Number of units drawn.

    Returns:
        None where the figure is defined in no replicate.
    """
    (limits,) = percentile_limits(replicates[:, None], level=level)
    return interval_of(limits, level=level, unit=unit, cluster_count=cluster_count)


class Limits(NamedTuple):
    """Limits of a percentile interval, before it has its words."""

    lower: float
    upper: float
    replicates: int
    """Replicates in which the figure is defined."""


def percentile_limits(replicates: Floats, *, level: float) -> tuple[Limits | None, ...]:
    """Return the percentile limits of many figures at once.

    Args:
        replicates: Shape (replicates, figures), NaN where a figure is undefined.
        level: Two-sided confidence level.

    Returns:
        One a figure; None where it is defined in no replicate.
    """
    tail = (1 - level) / 2
    levels = [tail, 1 - tail]
    found: list[Limits | None] = [None] * replicates.shape[1]
    is_undefined = np.isnan(replicates)
    is_whole = ~is_undefined.any(axis=0)
    whole = np.flatnonzero(is_whole)
    if len(whole) and len(replicates):
        lower, upper = np.quantile(replicates[:, whole], levels, axis=0, method="linear").tolist()
        for number, least, most in zip(whole.tolist(), lower, upper, strict=True):
            found[number] = Limits(least, most, len(replicates))
    for number in np.flatnonzero(~is_whole).tolist():
        used = replicates[~is_undefined[:, number], number]
        if len(used):
            lower, upper = np.quantile(used, levels, method="linear").tolist()
            found[number] = Limits(lower, upper, len(used))
    return tuple(found)


def interval_of(
    limits: Limits | None, *, level: float, unit: str, cluster_count: int
) -> Interval | None:
    """Return percentile limits as an interval; None where there are none."""
    if limits is None:
        return None
    return Interval(
        lower=limits.lower,
        upper=limits.upper,
        level=level,
        method=f"percentile bootstrap over {unit}s",
        clusters=cluster_count,
        replicates=limits.replicates,
    )


def bca_interval(
    value: float,
    replicates: Floats,
    jackknife: Floats,
    *,
    level: float,
    unit: str,
    cluster_count: int,
) -> Interval | None:
    """Return the bias-corrected and accelerated interval (Efron 1987, JASA 82, 171-185).

    The limits are quantiles of the replicates at levels moved by the bias correction z0, the
    normal quantile of the share of replicates below the figure (ties count half), and the
    acceleration a, from the skewness of the jackknife over clusters. Where z0 or a does not
    exist, the percentile interval is given, and its `method` says why.

    Args:
        value: The figure itself.
        replicates: As for `percentile_interval`.
        jackknife: The figure with each cluster left out in turn.
        level: Two-sided confidence level.
        unit: What was drawn, ``subject`` or ``case``.
        cluster_count: Number of units drawn.

    Returns:
        None where the figure is defined in no replicate.
    """
    plain = percentile_interval(replicates, level=level, unit=unit, cluster_count=cluster_count)
    if plain is None:
        return None
    used = replicates[~np.isnan(replicates)]
    below = (int((used < value).sum()) + int((used <= value).sum())) / (2 * len(used))
    why = _no_bca(below, jackknife, unit)
    if why is not None:
        return plain.model_copy(update={"method": f"{plain.method} (no BCa: {why})"})
    bias = float(scipy.special.ndtri(below))
    acceleration = _acceleration(jackknife)
    tail = float(scipy.special.ndtri((1 - level) / 2))
    levels = []
    for normal in (bias + tail, bias - tail):
        stretch = 1 - acceleration * normal
        if stretch <= 0:
            why = "the figure is too skew"
            return plain.model_copy(update={"method": f"{plain.method} (no BCa: {why})"})
        levels.append(float(scipy.special.ndtr(bias + normal / stretch)))
    lower, upper = np.quantile(used, levels, method="linear").tolist()
    method = f"bias-corrected and accelerated bootstrap (BCa) over {unit}s"
    return plain.model_copy(update={"lower": lower, "upper": upper, "method": method})


def _no_bca(below: float, jackknife: Floats, unit: str) -> str | None:
    if below in (0, 1):
        return "every replicate lies on one side of the figure"
    if np.isnan(jackknife).any():
        return f"without one of the {unit}s the figure is undefined"
    if (jackknife == jackknife[0]).all():
        return f"no single {unit} moves the figure"
    return None


def _acceleration(jackknife: Floats) -> float:
    pull = jackknife.mean() - jackknife
    return float((pull**3).sum() / (6 * (pull**2).sum() ** 1.5))


def proportion_interval(
    successes: int,
    trials: int,
    *,
    level: float,
    unit: str,
    method: Literal["wilson", "clopper_pearson"],
) -> Interval:
    """Return a binomial interval for a share of independent units (Wilson 1927; Clopper 1934).

    Args:
        successes: Units with the outcome.
        trials: Independent units, each with one outcome; at least 1.
        level: Two-sided confidence level.
        unit: What is independent, ``subject`` or ``case``.
        method: Wilson's score interval, or the exact one by Clopper and Pearson, which
            covers at least at its level and is usually wider.

    >>> found = proportion_interval(10, 10, level=0.95, unit="case", method="wilson")
    >>> round(found.lower, 4), found.upper
    (0.7225, 1.0)
    """
    kind = "wilson" if method == "wilson" else "exact"
    found = scipy.stats.binomtest(successes, trials).proportion_ci(level, method=kind)
    name = "Wilson score" if method == "wilson" else "Clopper-Pearson"
    return Interval(
        lower=min(max(float(found.low), 0.0), successes / trials),
        upper=max(min(float(found.high), 1.0), successes / trials),
        level=level,
        method=f"{name} over {unit}s",
        clusters=trials,
        replicates=0,
    )
