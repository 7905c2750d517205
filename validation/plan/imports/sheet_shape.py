"""What a sheet hides and merges, read from its XML once and kept small."""

import re
import zipfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from validation.errors import Problem, RequirementsError
from validation.plan.imports.archives import require_plain_xml

MOST_COLUMNS = 256
MOST_ROWS = 1_048_576
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass
class Shape:
    """Merged ranges, hidden rows and columns of a sheet."""

    merged: list[str] = field(default_factory=list)
    """Ranges, e.g. ``A3:A5``."""
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """First and last, from 1."""


def shape_of(archive: zipfile.ZipFile, part: str, name: str) -> Shape:
    """Return what a sheet hides and merges.

    Args:
        archive: The workbook.
        part: Name of the sheet's file in it.
        name: The workbook's name, for messages.

    Raises:
        RequirementsError: A cell lies beyond what is read, or the XML is broken.
    """
    shape = Shape()

    def see(tag: str, at: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "c":
            _require_within(at.get("r", "A1"), name)
        elif tag == "row":
            _see_row(at, shape, name)
        elif tag in {"strike", "vertAlign"}:
            what = "a text with formats stands within a cell of the sheet, where they are not read"
            fix = "open it in a spreadsheet and save it: texts then stand in a table of their own"
            raise RequirementsError(what, where=name, fix=fix)
        elif tag == "mergeCell" and "ref" in at:
            shape.merged.append(at["ref"])
        elif tag == "col" and at.get("hidden") in {"1", "true"}:
            columns = (at.get("min", ""), at.get("max", ""))
            if all(one.isdigit() for one in columns):
                shape.hidden_columns.append((int(columns[0]), int(columns[1])))

    with archive.open(part) as file:
        require_plain_xml(file, name, see)
    return shape


def _see_row(at: dict[str, str], shape: Shape, name: str) -> None:
    number = at.get("r", "1")
    if not number.isdigit() or len(number) > len(str(MOST_ROWS)) or int(number) > MOST_ROWS:
        raise RequirementsError(f"a row has the number {number[:20]}", where=name)
    if at.get("hidden") in {"1", "true"}:
        shape.hidden_rows.append(int(number))


def _require_within(cell: str, name: str) -> None:
    # Most cells have one letter: the others are looked at.
    if len(cell) > 1 and cell[1] <= "9":
        return
    match = _CELL.fullmatch(cell)
    if match is None or column_number(match[1]) > MOST_COLUMNS:
        last = letters(MOST_COLUMNS)
        what = f"a cell has the address {cell[:20]}; columns after {last} are not read"
        raise RequirementsError(what, where=name, fix="remove or move what stands there")


def column_number(column: str) -> int:
    """Return the number of a column.

    >>> column_number("A"), column_number("AA")
    (1, 27)
    """
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def letters(number: int) -> str:
    """Return the letters of a column.

    >>> letters(1), letters(27), letters(256)
    ('A', 'AA', 'IV')
    """
    found = ""
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


def merged_problems(
    shape: Shape, columns: Collection[int], first: int, last: int, where: str
) -> list[Problem]:
    """Return the merged ranges that hold a value of an item.

    Args:
        shape: The sheet.
        columns: Numbers of the columns that are read.
        first: First row of the items.
        last: Last row of the items.
        where: The sheet, for messages.
    """
    return [
        Problem(
            f"{where}!{one}",
            "the cells are merged: only the first has a text, the others look as if they had it",
            "split them and repeat the text where it belongs",
        )
        for one in shape.merged
        if _touches(one, columns, first, last)
    ]


def _touches(merged: str, columns: Collection[int], first: int, last: int) -> bool:
    ends = [_CELL.fullmatch(one) for one in merged.replace("$", "").split(":")]
    if len(ends) != 2 or None in ends:  # noqa: PLR2004 - a range has two ends
        return True  # what cannot be understood is shown
    start, end = ((column_number(one[1]), int(one[2])) for one in ends if one)
    return (
        start[1] <= last
        and end[1] >= first
        and any(start[0] <= column <= end[0] for column in columns)
    )


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers in words.

    >>> ranges([3, 4, 5, 9])
    '3-5, 9'
    """
    runs: list[list[int]] = []
    for one in sorted(set(numbers)):
        if runs and one == runs[-1][1] + 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    said = [f"{start}" if start == end else f"{start}-{end}" for start, end in runs]
    return ", ".join(said)
