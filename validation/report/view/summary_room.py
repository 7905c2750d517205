"""How much of the decision has room on one page, reckoned before anything is laid out.

Names can be long, and there can be many criteria; the decision stays on one page. So the height
of each part is estimated, and what has no room is counted instead. Where the estimate was too
low, `validation.report.render.fitting` sets the page in smaller type.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

HEIGHTS = {"A4": 677.0, "Letter": 638.0}
"""Of the text on a page, in points, by size of paper."""

_WIDE, _BROAD = 2.0, 1.35
"""Letters that an ideograph, and a capital or another broad letter, count for."""
_IS_BROAD = re.compile(r"[A-Zmw@%\u2014\u2026]")


@dataclass(frozen=True)
class Style:
    """How a text is set: letters that a line holds, height of a line, space around."""

    letters: int
    line: float
    space: float

    def height(self, text: str) -> float:
        """Return the height of a text, in points."""
        return lines(text, self.letters) * self.line + self.space


LEAD = Style(97, 13.2, 8.5)
DECISION = Style(94, 13.2, 17.0)
NOTICE = Style(106, 12.0, 5.7)
NOTE = Style(165, 10.6, 3.4)
POINT = Style(96, 11.4, 5.0)
_POINT_LABEL = Style(11, 11.4, 5.0)
_CELLS = (Style(9, 10.8, 4.4), Style(30, 10.8, 4.4), Style(24, 10.8, 4.4), Style(17, 10.8, 4.4))
"""Of a row: criterion, figure, result and bound."""
_FIXED = 92.0
"""Heading, caption and head of the table, and the space between the parts."""

_STATEMENTS_KEPT = 2


def lines(text: str, letters: int) -> int:
    """Return the number of lines that a text takes, a word that is too long being broken.

    >>> lines("one ten three", 7), lines("a" * 20, 7), lines("", 7)
    (2, 3, 1)
    """
    count, used = 1, 0.0
    for word in filter(None, re.split(r"[ \n\t]+", text)):
        width = sum(map(_width, word))
        if used and used + 1 + width > letters:
            count, used = count + 1, 0.0
        used += width + (1 if used else 0)
        if used > letters:
            further = -int(-used // letters) - 1
            count, used = count + further, used - further * letters
    return count


def _width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return _WIDE
    return _BROAD if _IS_BROAD.match(letter) else 1.0


def height_of_row(*cells: Sequence[str]) -> float:
    """Return the height of a row of the table, each cell as its lines."""
    return max(
        sum(lines(one, style.letters) for one in cell) * style.line + style.space
        for cell, style in zip(cells, _CELLS, strict=True)
    )


def height_of_item(label: str, paragraphs: Iterable[str]) -> float:
    """Return the height of a statement with its label."""
    whole = list(paragraphs)
    words = sum(lines(one, POINT.letters) * POINT.line + 3.4 for one in whole) - 3.4 + POINT.space
    return max(_POINT_LABEL.height(label), words)


def choose(
    size: str, above: float, rows: Sequence[float], points: Sequence[float], limits: Sequence[float]
) -> tuple[int, int, int]:
    """Return how many rows and statements have room, and which of the limits' lengths.

    The limits give way first, then the statements but for two, then the rows, then these; a row
    is always left.

    Args:
        size: Size of the paper.
        above: Height of what cannot be left out.
        rows: Heights of the rows, the most important first.
        points: Heights of the statements on them, that on those left out last.
        limits: Heights of the limits in each length that they can have, the longest first.
    """
    room = HEIGHTS[size] - _FIXED - above
    fewest = min(_STATEMENTS_KEPT, len(points))
    counts = range(len(points), fewest - 1, -1), range(fewest - 1, -1, -1)
    for point_counts in counts:
        for row_count in range(len(rows), 0, -1):
            for point_count, place in product(point_counts, range(len(limits))):
                needed = sum(rows[:row_count]) + sum(points[:point_count]) + limits[place]
                if needed <= room:
                    return row_count, point_count, place
    return min(1, len(rows)), 0, len(limits) - 1
