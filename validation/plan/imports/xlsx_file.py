"""Workbooks: what a cell shows has to be what it holds, or it is refused.

A formula has a result that a reader of the file can see and that nobody computed again, so it is
no source of a requirement. Neither are dates, fractions and errors: their text depends on a
format. Merged cells look as if they had a text in each row. All of it is told by cell.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from validation.errors import Problem, RequirementsError
from validation.plan.imports.archives import opened, require_plain_xml
from validation.plan.imports.columns import Wanted
from validation.plan.imports.content import STRUCK_OUT, Content, Fault, marked, refuse
from validation.plan.imports.sheet_shape import (
    MOST_COLUMNS,
    MOST_ROWS,
    Shape,
    letters,
    merged_problems,
    ranges,
    shape_of,
)
from validation.plan.imports.tables import Row, Table, table
from validation.record import printable

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}_")
_PLAIN_FORMATS: Final = frozenset({"General", "0", "@"})


def read_xlsx(content: bytes, name: str, asked: Wanted, sheet: str | None = None) -> Content:
    """Return the rows of a sheet below its header.

    Args:
        content: Bytes of the workbook.
        name: Its name, for messages.
        asked: What is asked for.
        sheet: Name of the sheet; none: the only one that is not hidden.

    Raises:
        RequirementsError: It is no workbook or a damaged one, several sheets could be meant, no
            header is found, or merged cells hold what is read.
    """
    archive = opened(content, name)
    for part in archive.namelist():
        if part.endswith((".xml", ".rels")):
            with archive.open(part) as file:
                require_plain_xml(file, f"{name} ({part})")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of openpyxl: styles and extensions, which are not read
        book = _workbook(content, name)
        try:
            return _sheet_content(book, archive, name, asked, _chosen(book, name, sheet))
        finally:
            book.close()


def _workbook(content: bytes, name: str) -> "Workbook":
    import openpyxl

    try:
        stream = io.BytesIO(content)
        return openpyxl.load_workbook(stream, read_only=True, keep_links=False, rich_text=True)
    except Exception as error:  # openpyxl has no error of its own for a damaged file
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> RequirementsError:
    said = f"it is no workbook, or a damaged one: {type(error).__name__}: {error}"
    return RequirementsError(said, where=name, fix="open it in a spreadsheet and save it as .xlsx")


def _chosen(book: "Workbook", name: str, sheet: str | None) -> Any:  # noqa: ANN401 - of openpyxl
    sheets = {one.title: one for one in book.worksheets}
    listed = ", ".join(map(repr, sheets)) or "none"
    if sheet is not None:
        if sheet not in sheets:
            what = f"no sheet is named {sheet!r}"
            raise RequirementsError(what, where=name, fix=f"there are: {listed}")
        return sheets[sheet]
    shown = [one for one in sheets.values() if one.sheet_state == "visible"]
    if len(shown) != 1:
        what = f"{len(shown) or 'no'} sheets could be meant"
        fix = f"choose by --sheet (--risk-sheet for risks); there are: {listed}"
        raise RequirementsError(what, where=name, fix=fix)
    return shown[0]


def _sheet_content(
    book: "Workbook",
    archive: zipfile.ZipFile,
    name: str,
    asked: Wanted,
    sheet: Any,  # noqa: ANN401 - openpyxl's, which has no type for one that is only read
) -> Content:
    where = f"{name}, {printable(sheet.title)}"
    # openpyxl reads merged and hidden cells only where it keeps every cell in memory.
    part = str(sheet._worksheet_path).lstrip("/")  # noqa: SLF001
    try:
        shape = shape_of(archive, part, where)
    except KeyError as error:
        raise _damaged(name, error) from error
    found = table(_rows(sheet, name), asked, where, every_cell=False)
    columns = {one: position + 1 for one, position in found.positions.items()}
    rows = (found.header + 1, found.items[-1].row if found.items else MOST_ROWS)
    merged = merged_problems(shape, frozenset(columns.values()), *rows, where)
    refuse("merged cells hold what is read", where, merged)
    return Content(
        "xlsx",
        name,
        found.columns,
        found.items,
        sheet=printable(sheet.title),
        letters={one: letters(number) for one, number in columns.items()},
        notes=(*_notes(book, where, shape, columns, found), *found.notes),
    )


def _rows(sheet: Any, name: str) -> Iterator[Row]:  # noqa: ANN401 - openpyxl's
    sheet.reset_dimensions()  # what the file says of its size is often wrong
    rows = iter(sheet.iter_rows(max_col=MOST_COLUMNS))
    number = 0
    while True:
        number += 1
        try:
            cells = next(rows, None)
        except Exception as error:  # as for the workbook: any error is one of the file
            raise _damaged(name, error) from error
        if cells is None:
            return
        if any(one.value is not None for one in cells):
            yield Row(number, [_text(one) for one in cells])


def _text(cell: Any) -> str | Fault:  # noqa: ANN401 - a cell of openpyxl, of whatever kind
    """Return the text of a cell, or why it has none that can be relied on."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        said = value if isinstance(value, str) else getattr(value, "text", None) or "of an array"
        return Fault(f"the cell holds a formula ({str(said)[:60]})", "paste its value in its place")
    if cell.data_type == "e":
        return Fault(f"the cell holds the error {value}", "mend what it refers to")
    if not isinstance(value, str | list):
        return _typed(value, cell.number_format)
    text = _formatted(value) if isinstance(value, list) else value
    if isinstance(text, Fault) or cell.font.strike:
        return STRUCK_OUT
    return _unescaped(text)


_RAISED = {"superscript": "^", "subscript": "_"}


def _formatted(value: list[Any]) -> str | Fault:
    """Return text with formats within a cell, raised and lowered characters marked."""
    found = []
    for one in value:
        font = getattr(one, "font", None)
        if font is not None and font.strike:
            return STRUCK_OUT
        mark = _RAISED.get(font.vertAlign or "") if font is not None else None
        text = str(one)
        found.append(marked(mark, text) if mark and text.strip() else text)
    return "".join(found)


def _typed(value: object, number_format: str) -> str | Fault:
    """Return a number in words, where it is shown as it is stored."""
    if isinstance(value, date | time | timedelta):
        return Fault(f"the cell holds a date or time ({value})", "type it as text")
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not is_whole or number_format not in _PLAIN_FORMATS:
        what = f"the cell holds {value!r}, which may be shown in another way"
        return Fault(what, "format the cell as text and type it again")
    return f"{value:.0f}"


def _unescaped(text: str) -> str | Fault:
    text = text.replace("_x000D_\n", "\n").replace("_x000D_", "\n")
    if match := _ESCAPE.search(text):
        return Fault(f"the cell holds {match[0]}, which stands for a control character")
    return text


def _notes(
    book: "Workbook", where: str, shape: Shape, columns: dict[str, int], found: Table
) -> Iterator[Problem]:
    """Yield what is hidden, and that it was read or not."""
    sheets = [one.title for one in book.worksheets if one.sheet_state != "visible"]
    if sheets:
        yield Problem(where, f"the workbook has hidden sheets: {', '.join(map(repr, sheets))}")
    there = {one.row for one in found.items}
    if hidden := there.intersection(shape.hidden_rows):
        yield Problem(where, f"hidden rows are read as well: {ranges(hidden)}")
    for name, number in columns.items():
        if any(first <= number <= last for first, last in shape.hidden_columns):
            yield Problem(where, f"the column {name!r} is hidden, and is read")
