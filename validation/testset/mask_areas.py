"""Areas of many run-length masks at once, and which masks are not sound.

`run_lengths.checked` takes one mask and says what is wrong with it; with a hundred thousand
masks its calls would cost more than the file they stand in. Here the strings of many masks
are decoded as one array, held against the same rules, and only told apart as sound or not.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from validation.testset.run_lengths import (
    BITS,
    CONTINUES,
    LARGEST,
    LONGEST,
    OFFSET,
    PAYLOAD,
    SIGN,
)

UNSOUND = -1
"""Instead of an area: the mask is damaged; `run_lengths.checked` says how."""

_CHARACTERS = 1 << 17
"""Decoded in one go: the arrays then stay in the processor's cache."""


def areas_of(encoded: Sequence[bytes], pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the area of each mask in pixels, `UNSOUND` where it is damaged.

    Args:
        encoded: A compressed run-length string a mask.
        pixels: Rows times columns of each mask, positive; shape (n,).

    Returns:
        Number of pixels of each object, counted exactly; shape (n,). A mask is `UNSOUND`
        where its string is empty, ends within a count, has a character that is not of the
        encoding or a count beyond 32 bits, and where a count is negative or they do not add
        up to the pixels.

    >>> areas_of([b"13", b"13", b"1"], np.array([4, 5, 1])).tolist()
    [3, -1, 0]
    """
    areas = np.full(len(encoded), UNSOUND, np.int64)
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    for some in _chunks(lengths):
        joined = b"".join([encoded[one] for one in some.tolist()])
        areas[some] = _areas(np.frombuffer(joined, np.uint8), lengths[some], pixels[some])
    return areas


def _chunks(lengths: NDArray[np.int64]) -> Iterator[NDArray[np.intp]]:
    """Yield the positions of the masks that have characters, some at a time."""
    written = np.flatnonzero(lengths)
    if written.size:
        number = np.cumsum(lengths[written]) // _CHARACTERS
        yield from np.split(written, np.flatnonzero(np.diff(number)) + 1)


def _areas(
    characters: NDArray[np.uint8], lengths: NDArray[np.int64], pixels: NDArray[np.int64]
) -> NDArray[np.int64]:
    digits = characters - np.uint8(OFFSET)  # what lies below wraps, to beyond the largest
    stops = np.cumsum(lengths)
    is_last = (digits & CONTINUES) == 0
    sound = is_last[stops - 1]
    sound[_owners(np.flatnonzero(digits > LARGEST), stops)] = False
    if not sound.all():
        return _areas_of_sound(characters, lengths, pixels, sound)
    ends = np.flatnonzero(is_last)
    widths = np.diff(ends, prepend=-1)
    sound[_owners(ends[widths > LONGEST], stops)] = False
    if not sound.all():
        return _areas_of_sound(characters, lengths, pixels, sound)
    numbers_before = np.searchsorted(ends, stops - 1) + 1
    return _summed(_joined(digits, ends, widths), np.diff(numbers_before, prepend=0), pixels)


def _areas_of_sound(
    characters: NDArray[np.uint8],
    lengths: NDArray[np.int64],
    pixels: NDArray[np.int64],
    sound: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return the areas after taking out the masks whose numbers cannot be told apart."""
    areas = np.full(len(lengths), UNSOUND, np.int64)
    if sound.any():
        kept = characters[np.repeat(sound, lengths)]
        areas[sound] = _areas(kept, lengths[sound], pixels[sound])
    return areas


def _owners(places: NDArray[np.intp], stops: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return to which mask each place belongs, by where the masks stop."""
    owners: NDArray[np.intp] = np.searchsorted(stops, places, side="right")
    return owners


def _joined(
    digits: NDArray[np.uint8], ends: NDArray[np.intp], widths: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Return the numbers that are written, each with its sign."""
    starts = ends - widths + 1
    values: NDArray[np.int64] = (digits[starts] & PAYLOAD).astype(np.int64)
    place, wider = 1, np.flatnonzero(widths > 1)
    while wider.size:
        more = (digits[starts[wider] + place] & PAYLOAD).astype(np.int64)
        values[wider] |= more << (BITS * place)
        place += 1
        wider = wider[widths[wider] > place]
    negative = np.flatnonzero(digits[ends] & SIGN)
    values[negative] -= np.int64(1) << (BITS * widths[negative])
    return values


def _summed(
    written: NDArray[np.int64], numbers: NDArray[np.int64], pixels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the areas of masks from what is written, so many numbers a mask.

    From the fourth number on, the difference to the last but one is written: running sums
    over every other number undo it. All sums that count are exact, as no sound run is longer
    than its image.
    """
    firsts = np.cumsum(numbers) - numbers
    place = np.arange(len(written)) - np.repeat(firsts, numbers)
    inside = (place & 1).astype(bool)
    outside = ~inside
    outside[firsts] = False
    largest = int(pixels.max())
    object_sums, damaged = _running_sums(written[inside], numbers // 2, largest)
    background_sums, others = _running_sums(written[outside], (numbers - 1) // 2, largest)
    first = written[firsts]
    sound = (first >= 0) & (first <= largest)
    sound &= first + object_sums + background_sums == pixels
    sound[damaged] = sound[others] = False
    areas: NDArray[np.int64] = np.where(sound, object_sums, UNSOUND)
    return areas


def _running_sums(
    differences: NDArray[np.int64], numbers: NDArray[np.int64], largest: int
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the sum of each mask's counts, and the masks with a count that cannot be."""
    stops = np.cumsum(numbers)
    running = np.concatenate(([0], np.cumsum(differences)))
    counts = running[1:] - np.repeat(running[stops - numbers], numbers)
    wrong = np.flatnonzero((counts < 0) | (counts > largest))
    total = np.concatenate(([0], np.cumsum(counts)))
    return total[stops] - total[stops - numbers], _owners(wrong, stops)
