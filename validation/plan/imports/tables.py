"""Rows of a sheet or of a CSV file, made into items once the header is found."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from validation.errors import Problem
from validation.plan.imports.columns import Chosen, Wanted, choose
from validation.plan.imports.content import Fault, Item, refusal, refuse

_ROWS_SEARCHED = 50
"""A header stands in one of these first rows, or is not found."""


class Row(NamedTuple):
    """A row of a table."""

    number: int
    """Its number, or that of its first line, from 1."""
    cells: Sequence[str | Fault]


@dataclass(frozen=True)
class Table:
    """The items of a table, and where its header stands."""

    columns: tuple[str, ...]
    positions: Mapping[str, int]
    """Position of each column that is read, from 0."""
    header: int
    """Row of the header."""
    items: tuple[Item, ...]
    notes: tuple[Problem, ...]


def table(rows: Iterable[Row], asked: Wanted, name: str, *, every_cell: bool) -> Table:
    """Return the items below the header, which is the first row with the columns asked for.

    Args:
        rows: Every row, the empty ones may be left out.
        asked: What is asked for; columns that nobody asks for are not kept.
        name: File, for messages.
        every_cell: Whether each row has to have as many cells as the header.

    Raises:
        RequirementsError: No row is such a header, or a row has another number of cells.
    """
    left = iter(rows)
    header, columns, chosen = _header(left, asked, name)
    kept = dict.fromkeys([*chosen.columns.values(), *asked.only])
    positions = {one: columns.index(one) for one in kept}
    problems: list[Problem] = []
    items = tuple(_items(left, positions, len(columns) if every_cell else 0, name, problems))
    refuse("the table cannot be read", name, problems)
    said = f"rows above the header in row {header} are not read"
    notes = (Problem(name, said),) if header > 1 else ()
    return Table(columns, positions, header, items, notes)


def _header(rows: Iterator[Row], asked: Wanted, name: str) -> tuple[int, tuple[str, ...], Chosen]:
    best: Chosen | None = None
    for row, _ in zip(rows, range(_ROWS_SEARCHED), strict=False):
        columns = tuple(one.strip() if isinstance(one, str) else "" for one in row.cells)
        chosen = choose(columns, asked, f"{name}, row {row.number}")
        if not chosen.problems:
            return row.number, columns, chosen
        is_better = best is None or len(chosen.problems) < len(best.problems)
        if any(columns) and is_better:
            best = chosen
    empty = (Problem(name, "there is no row with text"),)
    what = "no row is a header with the columns that are needed"
    raise refusal(what, name, best.problems if best else empty)


def _items(
    rows: Iterator[Row],
    positions: Mapping[str, int],
    width: int,
    name: str,
    problems: list[Problem],
) -> Iterator[Item]:
    for number, cells in rows:
        if not any(isinstance(one, Fault) or one.strip() for one in cells):
            continue
        where = f"{name}:{number}" if width else f"{name}, row {number}"
        if width and len(cells) != width:
            what = f"the row has {len(cells)} cells, the header has {width}"
            fix = "a text with a delimiter or a line break needs quotes around it"
            problems.append(Problem(where, what, fix))
            continue
        values, faults = {}, {}
        for column, position in positions.items():
            one = cells[position] if position < len(cells) else ""
            if isinstance(one, Fault):
                faults[column] = one
            elif one.strip():
                values[column] = one
        yield Item(where, values, faults=faults, row=number)
