"""Weights that leave out one cluster after the other: the jackknife of curves.

Leaving out a cluster that has nothing of a class leaves the curves of the class as they are. So
the curves of a class are made anew only without each of the clusters that have something of it,
and once with all of them. With many classes that is a small part of the work, and what comes
out is the jackknife itself.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from validation.evidence.overlap import Floats, Integers


class Weights(NamedTuple):
    """Weights of some re-weightings."""

    columns: slice
    """Which re-weightings."""
    times: Floats
    """How often each cluster counts, shape (clusters, re-weightings)."""


def having(*clusters: Integers) -> Integers:
    """Return the clusters that occur, sorted.

    >>> having(np.array([4, 1, 4]), np.array([2]))
    array([1, 2, 4])
    """
    return np.unique(np.concatenate(clusters)).astype(np.int64)


def left_out(cluster_count: int, further: int, at_once: int) -> Iterator[Weights]:
    """Yield the weights that leave out each cluster in turn, then some that leave out none.

    Args:
        cluster_count: Number of clusters.
        further: Re-weightings in which every cluster counts once.
        at_once: Most re-weightings of one block.

    >>> [one.times.tolist() for one in left_out(2, 1, 3)]
    [[[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]]]
    """
    count = cluster_count + further
    for start in range(0, count, at_once):
        stop = min(start + at_once, count)
        times = np.ones((cluster_count, stop - start))
        without = np.arange(start, min(stop, cluster_count))
        times[without, without - start] = 0
        yield Weights(slice(start, stop), times)
