"""Which lines of the annex stand on which page."""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.report.annex.rows import CaseObjects, ObjectRow

_LEAST_BELOW = 2
"""A case begins at the foot of a page only with that many rows below its line."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a case on one page."""

    case: CaseObjects
    start: int
    """Place of the first row of the part among the rows of the case."""
    rows: tuple[ObjectRow, ...]

    @property
    def is_continued(self) -> bool:
        """True where the case began on a page before."""
        return self.start > 0


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """A page of the annex: cases, or parts of them."""

    parts: tuple[Part, ...]

    @property
    def first(self) -> int:
        """Number of the first row."""
        return self.parts[0].case.first + self.parts[0].start

    @property
    def last(self) -> int:
        """Number of the last row."""
        part = self.parts[-1]
        return part.case.first + part.start + len(part.rows) - 1


def paged(
    cases: Sequence[CaseObjects], *, room: float, case_height: float, row_height: float
) -> tuple[ObjectPage, ...]:
    """Return the pages: every case has a line of its own, again on each page it goes on to.

    Args:
        cases: The objects of each case.
        room: Height that a page has for lines.
        case_height: Height of the line of a case.
        row_height: Height of a row.
    """
    pages: list[ObjectPage] = []
    parts: list[Part] = []
    free = room
    for case in cases:
        start = 0
        while start < len(case.rows):
            rest = len(case.rows) - start
            if free < case_height + row_height * min(rest, _LEAST_BELOW):
                pages.append(ObjectPage(tuple(parts)))
                parts, free = [], room
            taken = min(rest, int((free - case_height) / row_height))
            parts.append(Part(case, start, case.rows[start : start + taken]))
            start += taken
            free -= case_height + row_height * taken
    pages.append(ObjectPage(tuple(parts)))
    return tuple(pages)
