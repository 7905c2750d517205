"""Run-length masks read exactly: runs and box.

Runs go down the columns, background first. The encoding, and what is refused of it, is in
`validation.testset.run_lengths`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from validation.testset.annotations import Rle
from validation.testset.run_lengths import runs_of


class Box(NamedTuple):
    """The smallest upright rectangle round an object, in whole pixels."""

    x: int
    """Leftmost column."""
    y: int
    """Topmost row."""
    width: int
    height: int


def run_lengths(mask: Rle) -> NDArray[np.int64]:
    """Return the lengths of the runs of a mask, background first.

    Args:
        mask: ``{"size": [rows, columns], "counts": bytes or str}``.

    Returns:
        Lengths in pixels, none negative, their sum rows times columns.

    Raises:
        ValueError: The text is damaged, a run is negative, or the runs do not sum to the
            image; the message is one clause.

    >>> run_lengths({"size": [2, 3], "counts": b"123"}).tolist()
    [1, 2, 3]
    """
    counts = mask["counts"]
    if not isinstance(counts, bytes | str):
        raise ValueError("the counts of the mask are not text")  # noqa: TRY004 - bad data
    rows, columns = mask["size"]
    return runs_of(counts, (int(rows), int(columns)))


def box_of_runs(lengths: NDArray[np.int64], rows: int) -> Box:
    """Return the box of a mask, from its runs.

    Raises:
        ValueError: The mask is empty, and so has no box.

    >>> box_of_runs(np.array([1, 2, 3]), rows=2)
    Box(x=0, y=0, width=2, height=2)
    """
    ends = np.cumsum(lengths)[1::2]
    starts = ends - lengths[1::2]
    starts, last = starts[starts < ends], ends[starts < ends] - 1
    if not len(starts):
        raise ValueError("an empty mask has no box")
    left, right = int(starts[0]) // rows, int(last[-1]) // rows
    if (starts // rows < last // rows).any():  # a run that goes on in the next column
        return Box(left, 0, right - left + 1, rows)
    top, bottom = int((starts % rows).min()), int((last % rows).max())
    return Box(left, top, right - left + 1, bottom - top + 1)
