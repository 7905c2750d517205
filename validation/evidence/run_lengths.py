"""Run-length masks read exactly: runs, area and box.

The text form is COCO's (``pycocotools``): numbers in groups of five bits, least
significant first, each character 48 above its group, bit 32 set where another group
follows, bit 16 of the last group the sign; from the fourth number on, the difference to
the number two before. Runs go down the columns, background first. The library itself
reads whatever it is given; here a damaged mask is refused.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from validation.testset.annotations import Rle

_FIRST_CHARACTER, _LAST_CHARACTER = 48, 48 + 63
_MOST_GROUPS = 12  # 60 bits: no image has runs that long, and int64 holds them


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
    rows, columns = mask["size"]
    lengths = _undo_differences(_numbers(mask["counts"]))
    if (lengths < 0).any():
        raise ValueError("a run of the mask is negative")
    if int(lengths.sum()) != int(rows) * int(columns):
        raise ValueError(
            f"the runs of the mask sum to {int(lengths.sum())} pixels, "
            f"an image of {rows}x{columns} has {int(rows) * int(columns)}"
        )
    return lengths


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


def _numbers(counts: bytes | str) -> NDArray[np.int64]:
    if not isinstance(counts, bytes | str):
        raise ValueError("the counts of the mask are not text")  # noqa: TRY004 - bad data
    try:
        content = counts.encode("ascii") if isinstance(counts, str) else counts
    except UnicodeEncodeError:
        raise ValueError("the counts of the mask hold a character that cannot be") from None
    characters = np.frombuffer(content, dtype=np.uint8).astype(np.int64)
    if not len(characters):
        raise ValueError("the mask has no runs")
    if characters.min() < _FIRST_CHARACTER or characters.max() > _LAST_CHARACTER:
        raise ValueError("the counts of the mask hold a character that cannot be")
    groups = characters - _FIRST_CHARACTER
    is_last = (groups & 32) == 0
    if not is_last[-1]:
        raise ValueError("the counts of the mask break off in the middle of a number")
    return _joined(groups, np.flatnonzero(is_last))


def _joined(groups: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    if sizes.max() > _MOST_GROUPS:
        raise ValueError("a run of the mask is longer than any image")
    position = np.arange(len(groups)) - np.repeat(starts, sizes)
    values: NDArray[np.int64] = np.add.reduceat((groups & 31) << (5 * position), starts)
    is_negative = (groups[ends] & 16) != 0
    signed: NDArray[np.int64] = values - (is_negative.astype(np.int64) << (5 * sizes))
    return signed


def _undo_differences(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    lengths = numbers.copy()
    lengths[1::2] = np.cumsum(numbers[1::2])
    lengths[2::2] = np.cumsum(numbers[2::2])
    return lengths
