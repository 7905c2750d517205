"""Run-length masks in COCO's encoding, checked before the RLE library sees them.

A mask is a list of counts, column by column, of background and object in turn. The library,
pycocotools, trusts its input: a string that ends early makes it read beyond its memory, and
the area of many masks at once overflows. So counts are decoded and held against the size
here, and areas are summed from them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.testset.annotations import Rle

MAXIMUM_PIXELS = 100_000_000
"""Most pixels of a mask; as for images."""

OFFSET, LARGEST = 48, 63
CONTINUES, SIGN, BITS, PAYLOAD = 0x20, 0x10, 5, 0x1F
LONGEST = 7
"""Characters of one count: seven of five bits hold 32 bits and their sign."""


def area(rle: Rle) -> int:
    """Return the area of a mask in pixels, counted exactly.

    >>> area({"size": [2, 2], "counts": b"13"})
    3
    """
    return int(counts_of(rle["counts"])[1::2].sum())


def decoded(rle: Rle) -> NDArray[np.bool_]:
    """Return a mask pixel by pixel: True in the object, shape (rows, columns).

    pycocotools' own ``decode`` says the same but warns under numpy 2.

    >>> decoded({"size": [2, 2], "counts": b"13"}).tolist()
    [[False, True], [True, True]]
    """
    counts = counts_of(rle["counts"])
    inside = np.arange(len(counts)) % 2 == 1
    return np.repeat(inside, counts).reshape(rle["size"], order="F")


def counts_of(encoded: bytes) -> NDArray[np.int64]:
    """Return the counts of a compressed run-length string.

    Each count is written in groups of five bits, least first, each in one character from
    ``0`` on; from the fourth count on, the difference to the last but one is written
    (pycocotools, ``rleToString``).

    Raises:
        ValueError: A character is not of the encoding, or the last count is not complete.

    >>> counts_of(b"13").tolist()
    [1, 3]
    """
    digits = np.frombuffer(encoded, np.uint8).astype(np.int64) - OFFSET
    if digits.size == 0:
        raise ValueError("the run-length string is empty")
    if digits.min() < 0 or digits.max() > LARGEST:
        raise ValueError("the run-length string has characters that are not of the encoding")
    ends = np.flatnonzero((digits & CONTINUES) == 0)
    if ends.size == 0 or ends[-1] != digits.size - 1:
        raise ValueError("the run-length string ends in the middle of a count")
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts).max() >= LONGEST:
        raise ValueError("a count of the run-length string overflows 32 bits")
    written = _joined(digits, starts, ends)
    written[1::2] = np.cumsum(written[1::2])
    written[2::2] = np.cumsum(written[2::2])
    return written


def runs_of(counts: str | bytes, size: tuple[int, int]) -> NDArray[np.int64]:
    """Return the lengths of the runs of a mask down the columns, background first.

    Args:
        counts: The compressed run-length string.
        size: Rows and columns.

    Returns:
        Lengths in pixels, none negative, their sum rows times columns.

    Raises:
        ValueError: The string is damaged, a count is negative, or they do not add up to the
            number of pixels; the message is one clause.

    >>> runs_of("13", (2, 2)).tolist()
    [1, 3]
    """
    runs = counts_of(_as_bytes(counts))
    # No run is longer than the image, so that the sum of those that are not cannot overflow.
    if runs.min() < 0 or runs.max() > size[0] * size[1] or runs.sum() != size[0] * size[1]:
        raise ValueError(_sum_message(runs.tolist(), size))
    return runs


def checked(counts: Sequence[Any] | str | bytes, size: tuple[int, int]) -> Rle:
    """Return a run-length mask as pycocotools has it, after every check.

    Args:
        counts: Counts (uncompressed) or the string of counts (compressed).
        size: Rows and columns.

    Raises:
        ValueError: Counts are not whole numbers, are negative, or do not add up to the
            number of pixels; or the string is damaged.
    """
    if not isinstance(counts, str | bytes):
        return _compressed(_whole_numbers(counts, size), size)
    runs_of(counts, size)
    return {"size": list(size), "counts": _as_bytes(counts)}


def _as_bytes(counts: str | bytes) -> bytes:
    try:
        return counts.encode("ascii") if isinstance(counts, str) else counts
    except UnicodeEncodeError as error:
        raise ValueError(
            "the run-length string has characters that are not of the encoding"
        ) from error


def _joined(
    digits: NDArray[np.int64], starts: NDArray[np.intp], ends: NDArray[np.intp]
) -> NDArray[np.int64]:
    lengths = ends - starts + 1
    position = np.arange(digits.size) - np.repeat(starts, lengths)
    values = np.add.reduceat((digits & PAYLOAD) << (BITS * position), starts)
    negative = (digits[ends] & SIGN) != 0
    return np.where(negative, values - (np.int64(1) << (BITS * lengths)), values)


def _whole_numbers(counts: Sequence[Any], size: tuple[int, int]) -> list[int]:
    if not all(isinstance(count, int) and not isinstance(count, bool) for count in counts):
        raise ValueError("run-length counts are whole numbers")
    # Summed as Python's integers, which cannot overflow.
    if any(count < 0 for count in counts) or sum(counts) != size[0] * size[1]:
        raise ValueError(_sum_message(counts, size))
    return list(counts)


def _compressed(counts: list[int], size: tuple[int, int]) -> Rle:
    from pycocotools import mask

    rle: Rle = mask.frPyObjects([{"size": list(size), "counts": counts}], size[0], size[1])[0]
    return rle


def _sum_message(counts: Sequence[int], size: tuple[int, int]) -> str:
    negative = [count for count in counts if count < 0]
    if negative:
        return f"a run-length count is negative: {negative[0]}"
    return (
        f"the run-length counts add up to {sum(counts)} pixels; "
        f"{size[0]} rows by {size[1]} columns are {size[0] * size[1]}"
    )
