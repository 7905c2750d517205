"""Distances between borders, exact, as many pairs of borders at once as there are.

A distance between centres of pixels is the square root of a whole number, so whole numbers of
squared pixels are what is found, counted and compared; roots are taken last. Every way to find
them gives the same numbers, that of SciPy's distance transform of the whole image.

The way here: each pair of borders gets a table of its own crop of the image that says how far
above or below a pixel the nearest border pixel of its column is. Tables stand side by side, and
are filled row by row. From a pixel, the columns beside it are then looked at, nearest first,
until no further one can be nearer. The few pixels that are far from the other border are left
to a k-d tree.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Places = NDArray[np.intp]

_PERCENTILE = 95
_MOST_COLUMNS = 88
"""Columns to each side that are looked at before a k-d tree is."""
_FAR = 240
"""Steps in a column that stand for as many or more. Beyond the columns that are looked at, and
small enough for the sum of both squares to fit 16 bits."""
_CELLS_AT_ONCE = 1 << 22  # bytes
_COLUMNS_BETWEEN_CHOICES = 2


@dataclass(frozen=True)
class Distances:
    """Distances from the pixels of one border to the nearest pixel of another."""

    squared_px: Integers
    """Squared distances that occur, rising; whole numbers."""
    counts: Integers
    """Pixels with each of them."""

    @property
    def pixels(self) -> int:
        """Pixels of the border."""
        return int(self.counts.sum())

    def within(self, largest_squared_px: int) -> int:
        """Return the pixels whose squared distance is so large at most."""
        stop = int(np.searchsorted(self.squared_px, largest_squared_px, side="right"))
        return int(self.counts[:stop].sum())

    def sum_px(self) -> float:
        """Return the exactly rounded sum of the distances of all pixels.

        >>> Distances(np.array([0, 1, 2]), np.array([5, 1, 2])).sum_px() == 1 + 2 * math.sqrt(2)
        True
        """
        distances = np.sqrt(self.squared_px)
        # The product of a count and half of the digits of a distance is exact.
        upper = distances.astype(np.float32).astype(np.float64)
        parts = np.concatenate([upper * self.counts, (distances - upper) * self.counts])
        return math.fsum(parts.tolist())

    def percentile(self, percent: int) -> float:
        """Return a percentile, interpolated linearly between order statistics, as NumPy's is.

        >>> Distances(np.array([1, 4]), np.array([1, 1])).percentile(50)
        1.5
        """
        place = (self.pixels - 1) * (percent / 100)
        below = math.floor(place)
        ends = np.cumsum(self.counts)
        first, second = np.searchsorted(ends, [below, min(below + 1, self.pixels - 1)], "right")
        low, high = (math.sqrt(self.squared_px[one]) for one in (first, second))
        share = place - below
        # NumPy interpolates from the nearer end; the last bit differs.
        return high - (high - low) * (1 - share) if share >= 0.5 else low + (high - low) * share  # noqa: PLR2004


class TwoWayDistances(NamedTuple):
    """Distances between two borders, each way."""

    from_reference: Distances
    """From each border pixel of the reference to the nearest of the prediction."""
    from_prediction: Distances
    """The other way."""

    def hausdorff_95_px(self) -> float:
        """Return the larger of the two directed 95th percentiles.

        Other tools pool the distances of both directions first (MedPy), or weigh them by
        length of border (DeepMind).
        """
        return max(one.percentile(_PERCENTILE) for one in self)


def two_way_distances(
    pairs: Sequence[tuple[Places, Places]], columns: int
) -> list[TwoWayDistances | None]:
    """Return the distances between the two borders of each pair; None if one has no pixel.

    Args:
        pairs: Border pixels of reference and prediction, as positions in the flattened
            image, rising.
        columns: Columns of the image.

    >>> found = two_way_distances([(np.array([0, 9]), np.array([1, 2]))], columns=4)[0]
    >>> found.from_reference.squared_px.tolist(), found.from_prediction.counts.tolist()
    ([1, 4], [1, 1])
    """
    complete = [number for number, pair in enumerate(pairs) if all(len(one) for one in pair)]
    crops = [_crop(*way, columns) for one in complete for way in (pairs[one], pairs[one][::-1])]
    ways: dict[int, Distances] = {}
    for group in _groups(crops):
        for number, squared in zip(group, _squared([crops[one] for one in group]), strict=True):
            ways[number] = _counted(squared)
    found: list[TwoWayDistances | None] = [None] * len(pairs)
    for place, number in enumerate(complete):
        found[number] = TwoWayDistances(ways[2 * place], ways[2 * place + 1])
    return found


class _Crop(NamedTuple):
    """Rows and columns of two borders, in the smallest rectangle that holds both."""

    start: tuple[Places, Places]
    """Pixels from which the distances are."""
    target: tuple[Places, Places]
    height: int
    width: int


def _crop(start: Places, target: Places, columns: int) -> _Crop:
    # Positions rise: the first and the last have the first and the last row.
    top = min(start[0], target[0]) // columns
    bottom = max(start[-1], target[-1]) // columns
    (rows, across), (rows_, across_) = (np.divmod(one, columns) for one in (start, target))
    left = min(across.min(), across_.min())
    right = max(across.max(), across_.max())
    return _Crop(
        (rows - top, across - left),
        (rows_ - top, across_ - left),
        int(bottom - top) + 1,
        int(right - left) + 1,
    )


def _groups(crops: Sequence[_Crop]) -> Iterator[list[int]]:
    """Yield positions of crops of like height that together are not too large."""
    group: list[int] = []
    tallest, width = 0, 0
    for number in sorted(range(len(crops)), key=lambda one: -crops[one].height):
        crop = crops[number]
        if group and (2 * crop.height < tallest or (width + crop.width) * tallest > _CELLS_AT_ONCE):
            yield group
            group, width = [], 0
        tallest = tallest if group else crop.height
        width += crop.width
        group.append(number)
    if group:
        yield group


def _squared(crops: Sequence[_Crop]) -> list[Integers]:
    """Return the squared distance of each pixel of each crop's first border."""
    most = min(max(one.width for one in crops), _MOST_COLUMNS)
    lefts = np.cumsum([most, *(one.width + most for one in crops)])
    table = np.full((max(one.height for one in crops), lefts[-1]), _FAR, np.uint8)
    places = []
    for left, (start, target, _, _) in zip(lefts[:-1], crops, strict=True):
        table[target[0], target[1] + left] = 0
        places.append(start[0] * lefts[-1] + start[1] + left)
    _fill(table)
    nearest = _across(table.ravel(), np.concatenate(places), most)
    split = np.split(nearest, np.cumsum([len(one) for one in places])[:-1])
    for crop, squared in zip(crops, split, strict=True):
        unknown = np.flatnonzero(squared > (most + 1) ** 2)
        if len(unknown):
            squared[unknown] = _by_tree(crop, unknown)
    return split


def _fill(table: NDArray[np.uint8]) -> None:
    """Turn 0 for border pixels into the steps to the nearest in the column, in place."""
    rows, step, one = list(table), np.empty_like(table[0]), np.ones_like(table[0])
    for some in (rows, rows[::-1]):
        for before, row in pairwise(some):
            np.add(before, one, out=step)
            np.minimum(row, step, out=row)


def _across(cells: NDArray[np.uint8], places: Places, most: int) -> Integers:
    """Return the least squared distance over so many columns to each side."""
    steps = cells.take(places)
    nearest = np.multiply(steps, steps, dtype=np.uint16)
    active = np.flatnonzero(nearest > 1)
    where, least = places[active], nearest[active]
    for aside in range(1, most + 1):
        steps = np.minimum(cells.take(where - aside), cells.take(where + aside))
        squared = np.multiply(steps, steps, dtype=np.uint16)
        squared += np.uint16(aside * aside)
        np.minimum(least, squared, out=least)
        if aside % _COLUMNS_BETWEEN_CHOICES == 0:
            nearest[active] = least
            chosen = np.flatnonzero(least > (aside + 1) ** 2)
            active, where, least = active[chosen], where[chosen], least[chosen]
            if not len(active):
                break
    nearest[active] = least
    return nearest.astype(np.int64)


def _by_tree(crop: _Crop, chosen: Places) -> Integers:
    """Return the squared distances of some pixels of the first border."""
    rows, columns = crop.target
    tree = scipy.spatial.cKDTree(
        np.column_stack([rows, columns]), balanced_tree=False, compact_nodes=False
    )
    _, nearest = tree.query(np.column_stack([crop.start[0][chosen], crop.start[1][chosen]]))
    down, across = crop.start[0][chosen] - rows[nearest], crop.start[1][chosen] - columns[nearest]
    squared: Integers = down * down + across * across
    return squared


def _counted(squared: Integers) -> Distances:
    found, counts = np.unique(squared, return_counts=True)
    return Distances(found, counts)
