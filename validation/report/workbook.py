"""Workbooks (XLSX) that hold text and numbers and nothing else, the same bytes each time.

Written by hand and not by a library: every cell states whether it is text or a number, there is
no formula, no time and no name of a machine in the file, and what is packed depends on no
version of a compressor. Text that a spreadsheet would take for a formula once somebody edits it is
marked as quoted.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from validation.testset.inert_text import inert

Style = Literal["text", "head", "met", "not_met", "not_evaluable"]
_STYLES: dict[str, int] = {
    "text": 0, "head": 1, "quoted": 2, "met": 3, "not_met": 4, "not_evaluable": 5,
}  # fmt: skip
_MOST_CHARACTERS = 32_767
"""Of a cell, in Excel."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_NOT_IN_XML = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)"
)


@dataclass(frozen=True)
class SheetCell:
    """A value; text is wrapped."""

    value: str | float | int | None
    style: Style = "text"


@dataclass(frozen=True)
class Sheet:
    """A sheet with a header that stays in view, and a filter over every column."""

    name: str
    columns: Sequence[tuple[str, float]]
    """Name and width of each, the width in characters."""
    rows: Sequence[Sequence[SheetCell]]


def workbook_bytes(sheets: Sequence[Sheet], *, title: str, creator: str) -> bytes:
    """Return a workbook.

    Args:
        sheets: At least one; their names are ours and need no care.
        title: Title among its properties.
        creator: What made it.

    Raises:
        ValueError: A text is longer than a cell holds.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in _parts(sheets, title, creator):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # as on every machine
            archive.writestr(entry, f"{_HEAD}{content}".encode())
    return stream.getvalue()


_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _parts(sheets: Sequence[Sheet], title: str, creator: str) -> Iterator[tuple[str, str]]:
    numbers = range(1, len(sheets) + 1)
    yield "[Content_Types].xml", _content_types(numbers)
    yield "_rels/.rels", _relationships([
        (f"{_OFFICE}/officeDocument", "xl/workbook.xml"),
        (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
    ])  # fmt: skip
    yield (
        "docProps/core.xml",
        (
            f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{_escaped(title)}</dc:title><dc:creator>{_escaped(creator)}</dc:creator>"
            "</cp:coreProperties>"
        ),
    )
    yield "xl/workbook.xml", _book(sheets)
    targets = [(f"{_OFFICE}/worksheet", f"worksheets/sheet{one}.xml") for one in numbers]
    listed = [*targets, (f"{_OFFICE}/styles", "styles.xml")]
    yield "xl/_rels/workbook.xml.rels", _relationships(listed)
    yield "xl/styles.xml", _styles()
    for number, sheet in zip(numbers, sheets, strict=True):
        yield f"xl/worksheets/sheet{number}.xml", _sheet(sheet)


def _content_types(numbers: Iterable[int]) -> str:
    kinds = {
        "/xl/workbook.xml": f"{_TYPE}.sheet.main+xml",
        "/xl/styles.xml": f"{_TYPE}.styles+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        **{f"/xl/worksheets/sheet{one}.xml": f"{_TYPE}.worksheet+xml" for one in numbers},
    }
    listed = "".join(
        f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in kinds.items()
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
    )


def _relationships(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _book(sheets: Sequence[Sheet]) -> str:
    listed = "".join(
        f'<sheet name={quoteattr(one.name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, one in enumerate(sheets, start=1)
    )
    names = "".join(_names(number, one) for number, one in enumerate(sheets))
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{listed}</sheets><definedNames>{names}</definedNames></workbook>"
    )


def _names(number: int, sheet: Sheet) -> str:
    """Return what the filter reaches over, and the row that is printed on each page."""
    of_sheet = f'localSheetId="{number}"'
    return (
        f'<definedName name="_xlnm._FilterDatabase" {of_sheet} hidden="1">'
        f"'{sheet.name}'!{_range(sheet, '$')}</definedName>"
        f"<definedName name=\"_xlnm.Print_Titles\" {of_sheet}>'{sheet.name}'!$1:$1</definedName>"
    )


def _range(sheet: Sheet, fixed: str = "") -> str:
    last = f"{fixed}{_letters(len(sheet.columns))}{fixed}{len(sheet.rows) + 1}"
    return f"{fixed}A{fixed}1:{last}"


def _styles() -> str:
    """Return fonts and fills; a verdict has its word and its symbol beside its colour."""
    aligned = '<alignment vertical="top" wrapText="1"/>'
    fonts = [("", ""), ("<b/>", ""), ("<b/>", "FF00664B"), ("<b/>", "FFA63A00"), ("<b/>", "")]
    fills = ["none", "gray125", "FFE8EAED", "FFE3F1EC", "FFFBE9E0"]
    looks = [(0, 0, ""), (1, 2, ""), (0, 0, ' quotePrefix="1"'), (2, 3, ""), (3, 4, ""), (4, 2, "")]
    cells = "".join(
        f'<xf numFmtId="0" fontId="{font}" fillId="{fill}" borderId="0" xfId="0" applyFont="1" '
        f'applyFill="1" applyAlignment="1"{more}>{aligned}</xf>'
        for font, fill, more in looks
    )
    return (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="{len(fonts)}">'
        + "".join(_font(weight, colour) for weight, colour in fonts)
        + f'</fonts><fills count="{len(fills)}">'
        + "".join(map(_fill, fills))
        + '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border>'
        '</borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        f'</cellStyleXfs><cellXfs count="{len(looks)}">{cells}</cellXfs><cellStyles count="1">'
        '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def _font(weight: str, colour: str) -> str:
    coloured = f'<color rgb="{colour}"/>' if colour else ""
    return f'<font>{weight}<sz val="10"/>{coloured}<name val="Calibri"/></font>'


def _fill(name: str) -> str:
    if name in {"none", "gray125"}:
        return f'<fill><patternFill patternType="{name}"/></fill>'
    return f'<fill><patternFill patternType="solid"><fgColor rgb="{name}"/></patternFill></fill>'


def _sheet(sheet: Sheet) -> str:
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, (_, width) in enumerate(sheet.columns, start=1)
    )
    head = [SheetCell(name, "head") for name, _ in sheet.columns]
    rows = "".join(_row(number, row) for number, row in enumerate([head, *sheet.rows], start=1))
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<dimension ref="{_range(sheet)}"/><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{widths}</cols><sheetData>{rows}</sheetData>"
        f'<autoFilter ref="{_range(sheet)}"/>'
        '<pageSetup orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>'
    )


def _row(number: int, row: Sequence[SheetCell]) -> str:
    cells = "".join(
        _cell(f"{_letters(column)}{number}", one)
        for column, one in enumerate(row, start=1)
        if one.value is not None
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(address: str, one: SheetCell) -> str:
    style = _STYLES[one.style]
    if not isinstance(one.value, str):
        return f'<c r="{address}" s="{style}" t="n"><v>{one.value!r}</v></c>'
    if len(one.value) > _MOST_CHARACTERS:
        raise ValueError(f"a cell of a workbook holds {_MOST_CHARACTERS:,} characters")
    if one.style == "text" and inert(one.value) != one.value:
        style = _STYLES["quoted"]
    text = f'<t xml:space="preserve">{_escaped(one.value)}</t>'
    return f'<c r="{address}" s="{style}" t="inlineStr"><is>{text}</is></c>'


def _escaped(text: str) -> str:
    """Return text for XML; what it cannot hold as ``_xHHHH_``, as the format has it."""
    return escape(_NOT_IN_XML.sub(lambda one: f"_x{ord(one[0]):04X}_", text))


def _letters(number: int) -> str:
    found = ""
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
