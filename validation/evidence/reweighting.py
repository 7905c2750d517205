"""Figures of sums over cases, re-weighted: bootstrap replicates and the jackknife.

Every such figure follows from sums, so drawing a cluster w times is giving its sums the weight
w. All sums of all figures in all replicates are then one product of matrices: the sums by
cluster, made once and sparse, since most cases have few classes, and the weights.

A product of matrices may add in an order that depends on the machine; the last bits of a figure
must not. So each column of sums is split into parts that can be added without a rounding error,
in any order (`_exact_parts`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy

from validation.evidence.ratios import Floats, Formula, Integers, Ratio

_REPLICATES_AT_ONCE = 128
"""As many as leave the weights in the cache."""


class Reweighting:
    """Some figures of the same cases, ready for any weights of their clusters.

    Args:
        figures: F figures.
        cluster_count: Number of clusters.
        cluster_of_case: Index of the cluster of each case.
    """

    def __init__(
        self,
        figures: Sequence[Ratio | Formula],
        cluster_count: int,
        cluster_of_case: Integers,
    ) -> None:
        distinct, self._place = _distinct(figures)
        self._figures = figures
        self._usual = np.array([one.usual for one in distinct])
        self._cases = np.bincount(cluster_of_case, minlength=cluster_count).astype(np.float64)
        sums = _by_cluster(distinct, cluster_count, cluster_of_case)
        self._first, self._rest = _exact_parts(sums)

    def replicates(self, weights: Integers) -> Floats:
        """Return each figure for each re-weighting of the clusters.

        Args:
            weights: How often each cluster was drawn, shape (replicates, clusters).

        Returns:
            Shape (replicates, F); NaN, for this computation only, where a figure is undefined.
        """
        sums = np.empty((self._first.shape[0], len(weights)))
        for start in range(0, len(weights), _REPLICATES_AT_ONCE):
            some = slice(start, start + _REPLICATES_AT_ONCE)
            times = np.ascontiguousarray(weights[some].T, np.float64)
            self._add_usual(self._first @ times, self._cases @ times, sums[:, some])
            if self._rest.nnz:
                sums[:, some] += self._rest @ times
        return self._of_sums(sums)

    def jackknife(self) -> Floats:
        """Return each figure with one cluster left out, for each cluster; (clusters, F)."""
        sums = np.empty(self._first.shape)
        self._add_usual(_without_each(self._first), self._cases.sum() - self._cases, sums)
        if self._rest.nnz:
            sums += _without_each(self._rest)
        return self._of_sums(sums)

    def _add_usual(self, unusual: Floats, cases: Floats, out: Floats) -> None:
        """Add to sums what the usual value of each summand gives for a number of cases."""
        out[:] = unusual
        rows = np.flatnonzero(self._usual)
        out[rows] += np.outer(self._usual[rows], cases)

    def _of_sums(self, sums: Floats) -> Floats:
        """Return the figures; `sums` has a row a summand."""
        found = np.empty((len(self._figures), sums.shape[1]))
        plain: list[tuple[int, int, int]] = []
        start = 0
        for number, one in enumerate(self._figures):
            stop = start + len(one.summands)
            places = self._place[start:stop]
            if isinstance(one, Ratio) and len(one.parts) == 1 and not one.absolute:
                plain.append((number, places[0], places[1]))
            else:
                found[number] = one.of_sums(sums[places].T)
            start = stop
        if plain:
            numbers, above, below = np.array(plain).T
            found[numbers] = _quotients(sums[above], sums[below])
        return found.T


def replicates(
    figures: Sequence[Ratio | Formula], weights: Integers, cluster_of_case: Integers
) -> Floats:
    """Return each figure for each re-weighting of the clusters; see `Reweighting`."""
    return Reweighting(figures, weights.shape[1], cluster_of_case).replicates(weights)


def jackknife(
    figures: Sequence[Ratio | Formula], cluster_count: int, cluster_of_case: Integers
) -> Floats:
    """Return each figure with one cluster left out, for each cluster; shape (clusters, F)."""
    return Reweighting(figures, cluster_count, cluster_of_case).jackknife()


def _quotients(above: Floats, below: Floats) -> Floats:
    quotients = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotients, where=below != 0)
    return quotients


class _Summand(NamedTuple):
    """Numbers by case, but for the value that most cases have."""

    usual: float
    """A whole number that more than half of the cases have, e.g. the error of a count in
    images without the class; else 0."""
    cases: Integers
    """Cases with another value."""
    values: Floats
    """Theirs, less the usual one."""


def _summand(values: Floats) -> _Summand:
    (cases,) = (values != 0).nonzero()  # several times as fast as of the numbers themselves
    usual = 0.0
    if len(cases) > len(values) // 2:
        # What more than half have is the one in the middle.
        middle = float(np.partition(values, len(values) // 2)[len(values) // 2])
        if middle.is_integer() and (values == middle).sum() > len(values) // 2:
            usual = middle
            cases = np.flatnonzero(values != usual)
    return _Summand(usual, cases, values[cases] - usual)


def _distinct(figures: Sequence[Ratio | Formula]) -> tuple[list[_Summand], list[int]]:
    """Return the summands of some figures, each once, and the place of each in them."""
    places: dict[tuple[float, bytes, bytes], int] = {}
    distinct: list[_Summand] = []
    place: list[int] = []
    for one in (_summand(values) for figure in figures for values in figure.summands):
        key = (one.usual, one.cases.tobytes(), one.values.tobytes())
        number = places.setdefault(key, len(places))
        if number == len(distinct):
            distinct.append(one)
        place.append(number)
    return distinct, place


def _by_cluster(
    summands: Sequence[_Summand], cluster_count: int, cluster_of_case: Integers
) -> scipy.sparse.csr_array:
    """Return the sum of each summand in each cluster; shape (summands, clusters).

    Within a cluster the cases are added one after the other, in their order.
    """
    cases = len(cluster_of_case)
    bounds = np.cumsum([0, *(len(one.cases) for one in summands)])
    of_cases = scipy.sparse.csr_array(
        (
            np.concatenate([np.zeros(0), *(one.values for one in summands)]),
            np.concatenate([np.zeros(0, np.int64), *(one.cases for one in summands)]),
            bounds,
        ),
        shape=(len(summands), cases),
    )
    belongs = scipy.sparse.csr_array(
        (np.ones(cases), cluster_of_case, np.arange(cases + 1)), shape=(cases, cluster_count)
    )
    return (of_cases @ belongs).sorted_indices()


def _exact_parts(
    sums: scipy.sparse.csr_array,
) -> tuple[scipy.sparse.csr_array, scipy.sparse.csr_array]:
    """Split rows so that each part can be summed without a rounding error, in any order.

    Each row is written as whole multiples of a power of two so large that no sum of as many
    values as there are clusters needs more than 53 bits, and the rest likewise. (What the
    second rest leaves is below 1e-29 of the largest value.) Whole numbers have no rest.
    """
    row = np.repeat(np.arange(sums.shape[0]), np.diff(sums.indptr))
    first = _multiples(sums.data, row, sums.shape)
    rest = _multiples(sums.data - first, row, sums.shape)
    parts = (
        scipy.sparse.csr_array((one, sums.indices, sums.indptr), sums.shape)
        for one in (first, rest)
    )
    of_first, of_rest = parts
    of_rest = of_rest.copy()
    of_rest.eliminate_zeros()
    return of_first, of_rest


def _multiples(values: Floats, row: Integers, shape: tuple[int, int]) -> Floats:
    """Return values rounded to what can be summed exactly in their row."""
    largest = np.zeros(shape[0])
    np.maximum.at(largest, row, np.abs(values))
    _, exponent = np.frexp(largest * shape[1])
    quantum = np.ldexp(1.0, np.maximum(exponent - 52, -1021))[row]
    # Of whole numbers that are not large the quantum is 1 or less: they stay as they are.
    multiples: Floats = np.rint(values / quantum) * quantum
    return multiples


def _without_each(part: scipy.sparse.csr_array) -> Floats:
    """Return the sum of each row without each column in turn."""
    without: Floats = part.sum(axis=1)[:, None] - part.toarray()
    return without
