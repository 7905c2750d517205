"""Cells that are too high for a page, in pieces that are rows of their own.

A row is kept together on a page. One that is higher than the page would be laid out without the
head of its table, and its cells would be read page by page, mixed with one another.
"""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

_LETTERS_BY_PERCENT = 1.4
"""Letters of a printed line, for each percent of the width that its column has."""
_MOST_LINES = 30
"""Printed lines of a cell that is left whole: half a page; of the widest letters, a whole one."""
_LINES_OF_PIECE = 20


class Piece(NamedTuple):
    """A part of a cell."""

    lines: tuple[str, ...]
    begins_in: int
    """Number of the cell's line that it begins in, from 0."""


def is_high(lines: Sequence[str], percent: float) -> bool:
    """Tell whether a cell is too high to be kept together.

    Args:
        lines: Its lines, not yet broken.
        percent: Share of the width that its column has.
    """
    return printed_lines(lines, percent) > _MOST_LINES


def printed_lines(lines: Sequence[str], percent: float) -> int:
    """Return about how many lines a cell takes in print.

    Args:
        lines: Its lines, not yet broken.
        percent: Share of the width that its column has.

    >>> printed_lines(["one", "word " * 20], 20)
    5
    """
    return sum(_height(one, percent) for one in lines)


def pieces(lines: Sequence[str], percent: float) -> list[Piece]:
    """Return a cell in pieces that are not too high, without a word lost.

    Args:
        lines: Its lines, not yet broken.
        percent: Share of the width that its column has.

    >>> [len(one.lines[0]) for one in pieces(["word " * 800], 50)]
    [1329, 1334, 1334]
    """
    found: list[Piece] = []
    height = 0
    for number, line in enumerate(lines):
        for place, part in enumerate(_parts(line, percent)):
            added = _height(part, percent)
            if not found or place or height + added > _LINES_OF_PIECE:
                found.append(Piece((part,), number))
                height = added
            else:
                found[-1] = Piece((*found[-1].lines, part), found[-1].begins_in)
                height += added
    return found


def _parts(line: str, percent: float) -> Iterator[str]:
    """Yield a line in parts of about the same length, parted between words where there are any."""
    count = ceil(_height(line, percent) / _LINES_OF_PIECE)
    start = 0
    for number in range(1, count):
        aim = len(line) * number // count
        end = line.rfind(" ", (start + aim) // 2, aim) + 1 or aim
        yield line[start:end].strip()
        start = end
    yield line[start:].strip()


def _height(line: str, percent: float) -> int:
    return max(1, ceil(len(line) / (percent * _LETTERS_BY_PERCENT)))
