"""Where the columns of the annex stand, and which texts have no room in theirs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from validation.report.annex.rows import CaseObjects, ObjectColumn, ObjectRow
from validation.report.annex.typesetting import Run, Style, Typesetter, shortened

ROW_PT = 9.4
"""Height of a row."""
CASE_PT = 13.0
"""Height of the line of a case."""
HEAD_PT = 11.5
"""Height of the row that heads the columns."""
HEADING_PT = 18.0
"""From the upper edge of the text to that row: the heading of the page and a gap."""

_MM = 72 / 25.4
_SIZES_MM = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}
_MARGINS_MM = {"A4": (31.0, 23.0, 27.0, 25.0), "Letter": (29.0, 23.0, 25.0, 25.0)}
_GAP_PT = 5.0
_LEAST_ELASTIC_PT = 28.0
_MOST_WORDS = 0.6
_CLASS = "Class"
_FONT_PT = 7.4


@dataclass(frozen=True)
class Frame:
    """Where on a page the table is, in points from the lower left corner."""

    left: float
    top: float
    width: float
    room: float
    """Height below the row that heads the columns."""
    margins_mm: tuple[float, float, float, float]
    """Of the page: top, right, bottom, left."""


def frame_of(page_size: str) -> Frame:
    """Return the place of the table on a page.

    >>> round(frame_of("A4").room)
    648
    """
    width, height = _SIZES_MM[page_size]
    top, right, bottom, left = _MARGINS_MM[page_size]
    return Frame(
        left=left * _MM,
        top=(height - top) * _MM - HEADING_PT,
        width=(width - left - right) * _MM,
        room=(height - top - bottom) * _MM - HEADING_PT - HEAD_PT,
        margins_mm=(top, right, bottom, left),
    )


def cell_style(column: ObjectColumn, row: ObjectRow) -> Style:
    """Return the style of a cell: an outcome that is a failure stands out."""
    if column.label == "No.":
        return "second"
    return "failure" if column.label == "Outcome" and row.is_failure else "plain"


def texts_of(
    columns: Sequence[ObjectColumn], cases: Sequence[CaseObjects], frame: Frame
) -> Iterator[tuple[Style, str]]:
    """Yield every text that the pages print, in its style."""
    yield from (("strong", column.label) for column in columns)
    yield "second", CONTINUED
    for case in cases:
        yield "strong", case_label(case, frame)
        yield "second", case.words
        for row in case.rows:
            for column, text in zip(columns, row.cells, strict=True):
                yield cell_style(column, row), cell_text(column, text)


CONTINUED = "continued"
"""Beside the name of a case that began on a page before."""


def case_label(case: CaseObjects, frame: Frame) -> str:
    """Return the id of a case, cut where a script does not let it be cut later."""
    return shortened(case.case_id, frame.width * (1 - _MOST_WORDS), _FONT_PT)


def cell_text(column: ObjectColumn, text: str) -> str:
    """Return the text of a cell, cut where a script does not let it be cut later."""
    return shortened(text, 90.0, _FONT_PT) if column.label == _CLASS else text


@dataclass(frozen=True)
class Layout:
    """The columns of the table, as wide as what stands in them."""

    columns: tuple[ObjectColumn, ...]
    lefts: tuple[float, ...]
    """Distance of each from the left edge of the table."""
    widths: tuple[float, ...]
    frame: Frame
    cut: int
    """Texts that have no room in their column, or beside their case, and are printed in part."""

    def left_of(self, column: int, run: Run) -> float:
        """Return from where a text is drawn, at the side of its column."""
        left, width = self.lefts[column], self.widths[column]
        return left + width - run.width if self.columns[column].side == "right" else left


def layout_of(
    columns: tuple[ObjectColumn, ...],
    cases: Sequence[CaseObjects],
    letters: Typesetter,
    frame: Frame,
) -> Layout:
    """Return the columns: those of numbers as wide as their widest, the others with the rest."""
    natural = _natural_widths(columns, cases, letters)
    widths = _within(frame.width - _GAP_PT * (len(columns) - 1), columns, natural)
    gap = (frame.width - sum(widths)) / (len(columns) - 1)
    lefts = tuple(sum(widths[:place]) + gap * place for place in range(len(columns)))
    cut = _cut_cells(columns, cases, letters, widths) + _cut_cases(cases, letters, frame)
    return Layout(columns, lefts, widths, frame, cut)


def case_line(
    label: str, words: str, letters: Typesetter, frame: Frame
) -> tuple[tuple[Run, bool], tuple[Run, bool]]:
    """Return the id of a case and the words beside it, and of each whether it was cut."""
    said = letters.fitted("second", words, frame.width * _MOST_WORDS)
    return letters.fitted("strong", label, frame.width - said[0].width - _GAP_PT), said


def _natural_widths(
    columns: Sequence[ObjectColumn], cases: Sequence[CaseObjects], letters: Typesetter
) -> list[float]:
    widest = [letters.width("strong", column.label) for column in columns]
    for case in cases:
        for row in case.rows:
            for place, (column, text) in enumerate(zip(columns, row.cells, strict=True)):
                if text:
                    width = letters.width(cell_style(column, row), cell_text(column, text))
                    widest[place] = max(widest[place], width)
    return widest


def _within(
    room: float, columns: Sequence[ObjectColumn], natural: Sequence[float]
) -> tuple[float, ...]:
    """Return widths that fit: names of classes and of merged objects give way, the last first."""
    widths = list(natural)
    for place in reversed(range(len(columns))):
        excess = sum(widths) - room
        if excess > 0 and _is_elastic(columns[place]):
            widths[place] = max(_LEAST_ELASTIC_PT, widths[place] - excess)
    return tuple(widths)


def _is_elastic(column: ObjectColumn) -> bool:
    return column.label == _CLASS or column.label.startswith("Merges")


def _cut_cells(
    columns: Sequence[ObjectColumn],
    cases: Sequence[CaseObjects],
    letters: Typesetter,
    widths: Sequence[float],
) -> int:
    elastic = [place for place, column in enumerate(columns) if _is_elastic(column)]
    return sum(
        letters.fitted("plain", cell_text(columns[place], row.cells[place]), widths[place])[1]
        or cell_text(columns[place], row.cells[place]) != row.cells[place]
        for case in cases
        for row in case.rows
        for place in elastic
        if row.cells[place]
    )


def _cut_cases(cases: Sequence[CaseObjects], letters: Typesetter, frame: Frame) -> int:
    cut = 0
    for case in cases:
        label = case_label(case, frame)
        (_, is_id_cut), (_, are_words_cut) = case_line(label, case.words, letters, frame)
        cut += (is_id_cut or label != case.case_id) + are_words_cut
    return cut
