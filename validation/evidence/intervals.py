"""Intervals by the cluster bootstrap: whole subjects are drawn with replacement.

Objects of one image, and images of one subject, are not independent; resampling them one by
one gives intervals that are too narrow. So the independent units are drawn (Field and Welsh,
"Bootstrapping clustered data", 2007), all that belongs to them comes along, and because every
figure follows from sums over cases, drawing a cluster twice is giving it the weight 2. A
subgroup is resampled within itself: the clusters that have cases in it, as many as there are.
The same weights serve every figure of a group.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
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
        yield counts.reshape(rows, cluster_count).astype(np.int64)


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
    used = replicates[~np.isnan(replicates)]
    if not len(used):
        return None
    tail = (1 - level) / 2
    lower, upper = np.quantile(used, [tail, 1 - tail], method="linear").tolist()
    return Interval(
        lower=lower,
        upper=upper,
        level=level,
        method=f"percentile bootstrap over {unit}s",
        clusters=cluster_count,
        replicates=len(used),
    )
