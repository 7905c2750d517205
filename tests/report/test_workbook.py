"""Workbooks: text stays text, numbers are numbers, and the bytes are always the same."""

import hashlib
import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
from lxml import etree

from validation.report.workbook import Sheet, SheetCell, workbook_bytes

TEXTS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1", "'a", "\tb", "1.0", "yes", "a\nb", " a ", "<b>&\"'",
    "]]>", "{{ 7*7 }}", "\u202egnp", "\U0001f9ec", "=cmd|' /C calc'!A0", "#REF!", "TRUE",
]  # fmt: skip


def made(*rows: list[SheetCell]) -> bytes:
    sheet = Sheet("Matrix", [("Id", 12), ("Text", 40)], rows)
    return workbook_bytes([sheet], title="Title & <more>", creator="segval")


def cells(content: bytes) -> list[tuple[object, str]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [
        (one.value, one.data_type) for row in book["Matrix"].iter_rows(min_row=2) for one in row
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_read_back_as_text(text: str) -> None:
    content = made([SheetCell(text), SheetCell(1)])
    assert cells(content)[0] == (text, "s")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f" not in sheet
    kinds = [one.get("t") for one in etree.fromstring(sheet).iter("{*}c")]
    assert kinds == ["inlineStr", "inlineStr", "inlineStr", "n"]


def test_what_a_spreadsheet_would_run_is_marked_as_quoted() -> None:
    book = openpyxl.load_workbook(io.BytesIO(made([SheetCell("=1"), SheetCell("1")])))
    quoted = [one.quotePrefix for one in next(book["Matrix"].iter_rows(min_row=2))]
    assert quoted == [True, False]


def test_numbers_and_empty_cells() -> None:
    content = made([SheetCell(0.1), SheetCell(None)], [SheetCell(-3), SheetCell(1e-7)])
    assert cells(content) == [(0.1, "n"), (None, "n"), (-3, "n"), (1e-7, "n")]


def test_the_header_stays_in_view_and_filters() -> None:
    book = openpyxl.load_workbook(io.BytesIO(made([SheetCell("a"), SheetCell("b")])))
    sheet = book["Matrix"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:B2")
    assert (sheet.column_dimensions["B"].width, sheet.print_title_rows) == (40, "$1:$1")
    assert sheet["A2"].alignment.wrap_text
    assert book.properties.title == "Title & <more>"


def test_what_xml_cannot_hold_is_escaped_as_the_format_has_it() -> None:
    with zipfile.ZipFile(
        io.BytesIO(made([SheetCell("a\x07b\ufffe"), SheetCell("_x0041_")]))
    ) as one:
        sheet = one.read("xl/worksheets/sheet1.xml").decode()
    assert "a_x0007_b_xFFFE_" in sheet
    assert "_x005F_x0041_" in sheet


def test_a_text_longer_than_a_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="32,767"):
        made([SheetCell("a" * 32_768), SheetCell(None)])


def test_the_bytes_depend_on_nothing_but_the_cells() -> None:
    content = made([SheetCell("a"), SheetCell(0.5)])
    assert content == made([SheetCell("a"), SheetCell(0.5)])
    digest = hashlib.sha256(content).hexdigest()
    assert digest == "2887b92dc0cc79ce560aab7b5fdc5db8794ff2981426c7abd2e67322c232a779"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.skipif(shutil.which("soffice") is None, reason="there is no LibreOffice here")
def test_another_spreadsheet_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "one.xlsx"
    path.write_bytes(made([SheetCell("=1+1"), SheetCell(0.5)]))
    subprocess.run(["soffice", "--headless", "--convert-to", "csv", "--outdir", tmp_path, path],
                   check=True, capture_output=True)  # fmt: skip
    assert (tmp_path / "one.csv").read_text("utf-8") == "Id,Text\n=1+1,0.5\n"
