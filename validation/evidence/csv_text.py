r"""CSV as the record writes it: one way to write each value, nothing that a spreadsheet runs.

RFC 4180 quoting, but LF line ends; UTF-8; floats shortest round-trip; an empty cell is no
value. Text that a spreadsheet would take for a formula (it begins with ``= + - @``, their
full-width forms, a tab or a line break) gets an apostrophe in front, and so does text that
begins with an apostrophe; reading takes it away again. Numbers are never touched. Halves of
characters that UTF-8 cannot hold (from file names in another encoding) become ``\udcXX``.
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence

from validation.evidence.rows import Cell
from validation.testset.inert_text import as_written, inert


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> bytes:
    r"""Return a table as CSV, its columns in the order given.

    >>> csv_bytes(["name", "bias"], [{"name": "=1+1", "bias": -0.5}])
    b"name,bias\n'=1+1,-0.5\n"
    """
    lines = [",".join(_quoted(inert(column)) for column in columns)]
    lines.extend(",".join(_cell(row[column]) for column in columns) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")


def csv_rows(content: bytes) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    r"""Return the columns and rows of a table that `csv_bytes` wrote, cells as text.

    Raises:
        ValueError: The bytes are not UTF-8 or not CSV, there is no header, or a row has
            another number of cells.

    >>> csv_rows(b"name,bias\n'=1+1,-0.5\n")
    (('name', 'bias'), [{'name': '=1+1', 'bias': '-0.5'}])
    """
    same: dict[str, str] = {}
    try:
        # Most cells are one of few texts: each text is kept once, which halves a large table.
        lines = [
            [same.setdefault(cell, cell) for cell in map(as_written, line)]
            for line in csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
        ]
    except csv.Error as error:
        raise ValueError(f"not a table: {error}") from error
    if not lines:
        raise ValueError("the table has no header")
    columns = tuple(lines[0])
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(columns):
            raise ValueError(f"row {number} has {len(line)} cells, the header has {len(columns)}")
    return columns, [dict(zip(columns, line, strict=True)) for line in lines[1:]]


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(inert(value))
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} cannot stand in a table")
    return repr(value)


def _quoted(text: str) -> str:
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
