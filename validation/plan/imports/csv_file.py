"""CSV: any of the usual delimiters, UTF-8, or UTF-16 with its mark."""

import csv
import io
from collections.abc import Iterator

from validation.errors import Problem, RequirementsError
from validation.plan.imports.columns import Wanted
from validation.plan.imports.content import Content, refusal
from validation.plan.imports.decoding import decoded
from validation.plan.imports.tables import Row, Table, table

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def read_csv(content: bytes, name: str, asked: Wanted) -> Content:
    """Return the rows of a CSV file below its header.

    The delimiter is the one with which a row has the columns that are asked for.

    Raises:
        RequirementsError: It is no such text, no header is found, or rows are broken; with
            every row.
    """
    text = decoded(content, name)
    found: dict[str, Table] = {}
    refused: list[RequirementsError] = []
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        try:
            found[delimiter] = table(_rows(text, delimiter, name), asked, name, every_cell=True)
        except RequirementsError as error:
            refused.append(error)
    if len(found) > 1:
        said = " and ".join(DELIMITERS[one] for one in found)
        fix = "name the columns by --column"
        raise RequirementsError(f"it can be read with {said}", where=name, fix=fix)
    if not found:
        raise _nearest(refused, name)
    read = next(iter(found.values()))
    return Content("csv", name, read.columns, read.items, notes=read.notes)


def _nearest(refused: list[RequirementsError], name: str) -> RequirementsError:
    """Return what is said of the delimiter that fits best: a row that is broken, else a header."""
    if not refused:
        fix = f"{', '.join(DELIMITERS.values())} are known"
        return RequirementsError("it has no delimiter, or is empty", where=name, fix=fix)
    broken = [one for one in refused if not one.what.startswith("no row is a header")]
    return min(broken or refused, key=lambda one: len(one.problems))


def _rows(text: str, delimiter: str, name: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 0
    try:
        for cells in reader:
            yield Row(line + 1, cells)
            line = reader.line_num
    except csv.Error as error:
        said = f"the row that begins here is no CSV: {error}"
        fix = "a quote inside a text is doubled; a text that begins with one ends with one"
        broken = [Problem(f"{name}:{line + 1}", said, fix)]
        raise refusal("the table cannot be read", name, broken) from error
