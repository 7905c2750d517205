"""What a page is made of, ready to print: results, verdicts, items, tables, drawings.

Every text here has its final form; a template arranges it and computes nothing. Cells of
tables carry a `kind`, so that one macro prints them all.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from markupsafe import Markup

from validation.report.view.long_cells import is_high, pieces, printed_lines

_ROWS_KEPT_TOGETHER = 12
_LINES_KEPT_TOGETHER = 40
"""Printed lines: more would leave much of a page empty where the table does not fit on its rest."""


@dataclass(frozen=True)
class Heading:
    """A heading with its number and the name that links lead to."""

    number: str
    title: str
    anchor: str
    level: Literal[2, 3]

    @property
    def label(self) -> str:
        """Number and title, as running headers have them."""
        return f"{self.number} {self.title}"


@dataclass(frozen=True)
class Verdict:
    """A verdict by word and symbol; the style sheet adds the colour."""

    key: Literal["met", "not_met", "not_evaluable", "incomplete"]
    word: str
    symbol: str
    headline: str
    """The word where it stands alone, with a capital letter."""
    kind: Literal["verdict"] = "verdict"


@dataclass(frozen=True)
class Result:
    """A figure of the evidence as it is printed, with its address."""

    text: str
    """The value with its unit, or the words that it is not defined."""
    bare: str
    """The same without the unit, for columns and rows that name it."""
    interval: str
    """The limits in brackets; empty where there are none."""
    note: str
    """Why there is no value or no interval; empty where there are both."""
    sample: str
    """Size of the sample, e.g. ``n = 1 204 objects``."""
    address: str
    """Number of the entry in the evidence appendix, e.g. ``E12``; the anchor, too."""
    metric_id: str
    """Address of the figure in the evidence files."""
    kind: Literal["result"] = "result"

    @property
    def words(self) -> str:
        """Value and limits in one line, for figures and alternative texts."""
        return f"{self.text} {self.interval}".strip()


@dataclass(frozen=True)
class Text:
    """A cell of text; each line is a paragraph."""

    lines: tuple[str, ...]
    kind: Literal["text", "code", "strong", "listed"] = "text"
    """Lines after the first stand back, except in a list."""
    goes_on: bool = False
    """True: the first line stands back, too, as the cell began in the row above."""


@dataclass(frozen=True)
class Link:
    """A cell that leads to another place of the document."""

    text: str
    anchor: str
    below: str = ""
    """A line of plain identifier below; empty: none."""
    kind: Literal["link"] = "link"


@dataclass(frozen=True)
class Links:
    """A cell that leads to several other places."""

    links: tuple[Link, ...]
    kind: Literal["links"] = "links"


@dataclass(frozen=True)
class Drawing:
    """A cell with a drawing."""

    svg: Markup
    kind: Literal["drawing"] = "drawing"


Cell = Text | Link | Links | Result | Verdict | Drawing


def text(*lines: str) -> Text:
    """Return a cell of text, empty lines left out."""
    return Text(tuple(line for line in lines if line))


def listed(*lines: str) -> Text:
    """Return a cell of lines of which none stands above the others."""
    return Text(tuple(line for line in lines if line), kind="listed")


def code(*lines: str) -> Text:
    """Return a cell of identifiers or digests."""
    return Text(tuple(line for line in lines if line), kind="code")


def strong(*lines: str) -> Text:
    """Return a cell whose first line stands out."""
    return Text(tuple(line for line in lines if line), kind="strong")


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    label: str
    width: str
    """Share of the width, e.g. ``12%``."""
    style: Literal["text", "number", "middle"] = "text"


@dataclass(frozen=True)
class TableRow:
    """A row of a table; the first cell heads it."""

    cells: tuple[Cell, ...]
    anchor: str = ""
    """Name that links lead to; empty: none."""
    goes_on: bool = False
    """True: it is the rest of the row above, which was too high for a page."""


@dataclass(frozen=True)
class Table:
    """A table with its number and caption."""

    number: int
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[str, ...] = ()
    """Printed below."""

    @property
    def label(self) -> str:
        """How the text refers to it."""
        return f"Table {self.number}"

    @property
    def is_short(self) -> bool:
        """True where the table is kept on one page."""
        few = len(self.rows) <= _ROWS_KEPT_TOGETHER and not any(one.goes_on for one in self.rows)
        return few and sum(map(self._height, self.rows)) <= _LINES_KEPT_TOGETHER

    def _height(self, one: TableRow) -> int:
        """Return about how many lines a row takes in print."""
        return max(
            printed_lines(_lines(cell) or ("", ""), width)
            for cell, width in zip(one.cells, _widths(self.columns), strict=True)
        )


@dataclass(frozen=True)
class Figure:
    """A drawing or picture with its number and caption."""

    number: int
    caption: str
    drawings: tuple[Markup, ...]

    @property
    def label(self) -> str:
        """How the text refers to it."""
        return f"Figure {self.number}"


@dataclass(frozen=True)
class Item:
    """A name and what it is, for lists of particulars."""

    label: str
    paragraphs: tuple[str, ...]
    is_code: bool = False
    is_missing: bool = False
    """True: nothing was provided, and the paragraph says so."""


NOT_PROVIDED = "not provided"


def item(label: str, *paragraphs_of_text: str) -> Item:
    """Return an item; nothing to say prints as ``not provided``, never as a gap."""
    kept = tuple(one for one in paragraphs_of_text if one)
    return Item(label, kept or (NOT_PROVIDED,), is_missing=not kept)


def prose_item(label: str, prose: str | None) -> Item:
    """Return an item of a text that a protocol may have."""
    return item(label, *paragraphs(prose or ""))


def code_item(label: str, value: str) -> Item:
    """Return an item whose text is an identifier or digest."""
    return Item(label, (value or NOT_PROVIDED,), is_code=bool(value), is_missing=not value)


def paragraphs(prose: str) -> tuple[str, ...]:
    r"""Return the paragraphs of a text; blank lines part them, and so do items of a list.

    >>> paragraphs("One\ntwo.\n\nThree.")
    ('One two.', 'Three.')
    >>> paragraphs("It shall count\n- nuclei,\n  all of them\n- cells")
    ('It shall count', '- nuclei, all of them', '- cells')
    """
    blocks = (" ".join(block.split()) for block in _blocks(prose))
    return tuple(block for block in blocks if block)


_ITEM = re.compile(r"\s*(?:[-*\u2022]|[0-9]{1,3}[.)])\s+\S")
"""How an item of a list begins."""


def _blocks(prose: str) -> Iterable[str]:
    block: list[str] = []
    for line in prose.splitlines():
        if block and _ITEM.match(line):
            yield "\n".join(block)
            block = [line]
        elif line.strip():
            block.append(line)
        elif block:
            yield "\n".join(block)
            block = []
    yield "\n".join(block)


class Numbering:
    """Numbers headings, tables and figures in the order in which they are asked for."""

    def __init__(self) -> None:
        self._section = 0
        self._appendix = 0
        self._within = 0
        self._prefix = ""
        self._tables = 0
        self._figures = 0
        self.headings: list[Heading] = []

    def section(self, title: str, anchor: str) -> Heading:
        """Return the heading of the next section."""
        self._section += 1
        return self._main(str(self._section), title, anchor)

    def appendix(self, title: str, anchor: str) -> Heading:
        """Return the heading of the next appendix, numbered by letters."""
        self._appendix += 1
        return self._main(chr(ord("A") + self._appendix - 1), title, anchor)

    def subsection(self, title: str, anchor: str) -> Heading:
        """Return the next heading below the present section."""
        self._within += 1
        return self._kept(Heading(f"{self._prefix}.{self._within}", title, anchor, 3))

    def table(
        self,
        caption: str,
        columns: Iterable[Column],
        rows: Iterable[TableRow],
        *,
        notes: Iterable[str] = (),
    ) -> Table:
        """Return the next table."""
        self._tables += 1
        kept, shown = tuple(note for note in notes if note), tuple(columns)
        parted = tuple(part for one in rows for part in _parted(one, shown))
        return Table(self._tables, caption, shown, parted, kept)

    def figure(self, caption: str, *drawings: Markup) -> Figure:
        """Return the next figure."""
        self._figures += 1
        return Figure(self._figures, caption, drawings)

    def _main(self, number: str, title: str, anchor: str) -> Heading:
        self._prefix, self._within = number, 0
        return self._kept(Heading(number, title, anchor, 2))

    def _kept(self, heading: Heading) -> Heading:
        self.headings.append(heading)
        return heading


def row(*cells: Cell, anchor: str = "") -> TableRow:
    """Return a row of a table."""
    return TableRow(cells, anchor)


def _parted(one: TableRow, columns: Sequence[Column]) -> Iterator[TableRow]:
    """Yield a row, or the rows that it becomes where it is too high for a page."""
    widths = _widths(columns)
    high = [is_high(_lines(cell), width) for cell, width in zip(one.cells, widths, strict=True)]
    if not any(high):
        yield one
        return
    cells = [_parted_cell(cell, width) for cell, width in zip(one.cells, widths, strict=True)]
    for number, parts in enumerate(zip_longest(*cells, fillvalue=Text(()))):
        yield TableRow(parts, "" if number else one.anchor, goes_on=number > 0)


def _widths(columns: Sequence[Column]) -> list[float]:
    return [float(column.width.rstrip("%")) for column in columns]


def _lines(cell: Cell) -> tuple[str, ...]:
    return cell.lines if isinstance(cell, Text) else ()


def _parted_cell(cell: Cell, width: float) -> list[Cell]:
    if not isinstance(cell, Text):
        return [cell]
    parts = pieces(cell.lines, width)
    return [Text(one.lines, cell.kind, goes_on=one.begins_in > 0) for one in parts]
