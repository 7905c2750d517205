"""Workbooks that openpyxl wrote: what a cell shows has to be what it holds."""

import datetime as dt
import io
import re
import zipfile
from typing import Any

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.formula import ArrayFormula

from tests.plan.imports.sources import REQUIREMENTS, asking, taken, workbook
from validation.errors import RequirementsError
from validation.plan.imports.content import Content
from validation.plan.imports.xlsx_file import read_xlsx

ROWS = [["ID", "Text", "Status"], ["REQ-1", "It shall count.", "x"], ["REQ-2", "yes", "x"]]


def read(content: bytes, *columns: str, **more: Any) -> Content:
    return read_xlsx(content, "srs.xlsx", asking(*columns), **more)


def refusal(rows: list[list[Any]], change: Any = None, **more: Any) -> RequirementsError:
    with pytest.raises(RequirementsError) as error:
        taken(read(workbook({"SRS": rows}, change), **more))
    return error.value


def test_rows_become_items() -> None:
    found = taken(read(workbook({"SRS": ROWS})))
    assert [(one.id, one.text) for one in found.requirements] == [
        ("REQ-1", "It shall count."),
        ("REQ-2", "yes"),
    ]
    assert found.sources[0].sheet == "SRS"
    assert found.sources[0].columns == ("id=ID", "text=Text")


def test_a_formula_is_refused_with_its_cell() -> None:
    said = refusal([*ROWS, ["REQ-3", '="It shall "&A1']])
    assert [one.where for one in said.problems] == ["srs.xlsx, SRS!B4"]
    assert "formula" in said.problems[0].what


def test_an_array_formula_is_refused() -> None:
    def change(book: Any) -> None:
        book["SRS"]["B2"] = ArrayFormula("B2:B3", "=A2:A3")

    assert "formula" in refusal(ROWS, change).problems[0].what


def test_text_that_looks_like_a_formula_is_text() -> None:
    def change(book: Any) -> None:
        book["SRS"]["B2"].data_type = "s"

    rows = [ROWS[0], ["REQ-1", "=1+1"]]
    assert taken(read(workbook({"SRS": rows}, change))).requirements[0].text == "=1+1"


def test_a_formula_in_a_column_that_is_not_read_does_no_harm() -> None:
    rows = [["ID", "Text", "Count"], ["REQ-1", "one", "=1+1"]]
    assert len(taken(read(workbook({"SRS": rows}))).requirements) == 1


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("#REF!", "error #REF!"),
        (dt.date(2026, 3, 1), "date"),
        (1.5, "1.5"),
        (True, "True"),
    ],
)
def test_what_is_shown_by_a_format_is_no_id(value: object, word: str) -> None:
    def change(book: Any) -> None:
        if value == "#REF!":
            book["SRS"]["A2"].data_type = "e"

    said = refusal([ROWS[0], [value, "one"]], change)
    assert [one.where for one in said.problems] == ["srs.xlsx, SRS!A2"]
    assert word in said.problems[0].what


def test_a_whole_number_is_an_id_unless_a_format_adds_to_it() -> None:
    rows = [ROWS[0], [1001, "one"]]
    assert taken(read(workbook({"SRS": rows}))).requirements[0].id == "1001"

    def change(book: Any) -> None:
        book["SRS"]["A2"].number_format = "000000"

    assert "may be shown in another way" in refusal(rows, change).problems[0].what


def test_merged_cells_are_refused_with_their_range() -> None:
    def change(book: Any) -> None:
        book["SRS"].merge_cells("B2:B3")

    said = refusal(ROWS, change)
    assert [one.where for one in said.problems] == ["srs.xlsx, SRS!B2:B3"]


def test_cells_merged_above_the_header_or_beside_do_no_harm() -> None:
    def change(book: Any) -> None:
        book["SRS"].merge_cells("A1:C1")
        book["SRS"].merge_cells("C3:C4")

    rows = [["Requirements of the counter"], *ROWS]
    found = read(workbook({"SRS": rows}, change))
    assert len(found.items) == 2
    assert "row 2" in found.notes[0].what


def test_hidden_rows_columns_and_sheets_are_named() -> None:
    def change(book: Any) -> None:
        book["SRS"].row_dimensions[3].hidden = True
        book["SRS"].column_dimensions["B"].hidden = True
        book["Old"].sheet_state = "hidden"

    found = read(workbook({"SRS": ROWS, "Old": ROWS}, change))
    said = " ".join(one.what for one in found.notes)
    assert "hidden rows are read as well: 3" in said
    assert "'Text' is hidden" in said
    assert "'Old'" in said
    assert len(found.items) == 2


def test_of_several_sheets_one_has_to_be_named() -> None:
    content = workbook({"SRS": ROWS, "Risks": ROWS})
    with pytest.raises(RequirementsError, match="2 sheets could be meant") as error:
        read(content)
    assert "'SRS', 'Risks'" in error.value.fix
    assert len(read(content, sheet="Risks").items) == 2
    with pytest.raises(RequirementsError, match="no sheet is named 'X'"):
        read(content, sheet="X")


def test_every_duplicate_id_is_told_with_both_cells() -> None:
    said = refusal([*ROWS, ["REQ-1", "again"], ["REQ-2", "again"]])
    assert [one.where for one in said.problems] == ["srs.xlsx, SRS!A4", "srs.xlsx, SRS!A5"]
    assert "SRS!A2" in said.problems[0].what


def test_line_breaks_of_a_cell_are_kept() -> None:
    rows = [ROWS[0], ["REQ-1", "one\n- two\n\nthree"]]
    assert taken(read(workbook({"SRS": rows}))).requirements[0].text == "one\n- two\n\nthree"


def repacked(content: bytes, change: Any) -> bytes:
    """Return a workbook with its files changed: `change` is given name and bytes of each."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return stream.getvalue()


RUNS = '<r><t>10</t></r><r><rPr><{0}</rPr><t>-6</t></r><r><t xml:space="preserve"> m</t></r>'
RAISED, STRUCK = RUNS.format('vertAlign val="superscript"/>'), RUNS.format("strike/>")


def with_shared(text: str) -> bytes:
    """Return a workbook as Excel writes it: the text of B2 in a table of its own."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    cell = re.compile(r'<c r="B2" t="inlineStr">.*?</c>')

    def change(name: str, content: bytes) -> bytes:
        said = content.decode()
        if name.endswith("sheet1.xml"):
            assert cell.search(said)
            return cell.sub('<c r="B2" t="s"><v>0</v></c>', said).encode()
        if name == "xl/_rels/workbook.xml.rels":
            one = f'<Relationship Id="rId99" Type="{office}" Target="sharedStrings.xml"/>'
            return said.replace("</Relationships>", f"{one}</Relationships>").encode()
        if name == "[Content_Types].xml":
            one = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/>'
            return said.replace("</Types>", f"{one}</Types>").encode()
        return content

    stream = io.BytesIO(repacked(workbook({"SRS": ROWS}), change))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}"><si>{text}</si></sst>')
    return stream.getvalue()


def test_raised_numbers_within_a_cell_are_marked() -> None:
    found = taken(read(with_shared(RAISED)))
    assert found.requirements[0].text == "10^(-6) m"
    assert taken(read(with_shared("<t>plain</t>"))).requirements[0].text == "plain"


def test_words_that_are_struck_out_are_refused() -> None:
    def change(book: Any) -> None:
        book["SRS"]["B3"].font = Font(strike=True)

    assert [one.where for one in refusal(ROWS, change).problems] == ["srs.xlsx, SRS!B3"]
    with pytest.raises(RequirementsError) as error:
        taken(read(with_shared(STRUCK)))
    assert "struck out" in error.value.problems[0].what
    assert [one.where for one in error.value.problems] == ["srs.xlsx, SRS!B2"]


def test_formats_where_they_are_not_read_are_refused() -> None:
    text = CellRichText(TextBlock(InlineFont(strike=True), "old"), " new")
    with pytest.raises(RequirementsError, match="with formats"):
        read(workbook({"SRS": [ROWS[0], ["REQ-1", text]]}))


def test_what_stands_for_a_control_character_is_refused() -> None:
    with pytest.raises(RequirementsError) as error:
        taken(read(with_shared("<t>a_x0007_b</t>")))
    assert "_x0007_" in error.value.problems[0].what
    lines = taken(read(with_shared("<t>a_x000D_\nb</t>"))).requirements[0].text
    assert lines == "a\nb"


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_document_type_is_refused(part: str, encoding: str) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        text = content.decode()
        bare = text[text.index("?>") + 2 :] if text.startswith("<?xml") else text
        return f'<?xml version="1.0" encoding="{encoding}"?>{LAUGHS}{bare}'.encode(encoding)

    with pytest.raises(RequirementsError, match="document type"):
        read(repacked(workbook({"SRS": ROWS}), change))


def test_an_archive_that_unpacks_without_end_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<a/>")
        with archive.open("xl/big.xml", "w", force_zip64=True) as file:
            for _ in range(310):
                file.write(b" " * 1_000_000)
    assert len(stream.getvalue()) < 1_000_000
    with pytest.raises(RequirementsError, match="unpacks to"):
        read(stream.getvalue())


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_that_was_cut_off_is_refused(share: float) -> None:
    content = workbook({"SRS": ROWS})
    with pytest.raises(RequirementsError):
        read(content[: int(len(content) * share)])


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'r="A2"', b'r="XFD2"'), (b'<row r="2"', b'<row r="99999999999"'), (b"</row>", b"</rwo>")],
)
def test_addresses_beyond_every_sheet_are_refused(old: bytes, new: bytes) -> None:
    def change(name: str, content: bytes) -> bytes:
        return content.replace(old, new) if name.endswith("sheet1.xml") else content

    with pytest.raises(RequirementsError):
        read(repacked(workbook({"SRS": ROWS}), change))


def test_what_is_no_workbook_says_so() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", "<a/>")
    with pytest.raises(RequirementsError, match="no workbook, or a damaged one"):
        read(stream.getvalue())


def test_only_picks_rows_before_anything_else_is_asked_of_them() -> None:
    rows = [*ROWS, ["", "A heading", "heading"], ["REQ-1", "=1+1", "draft"]]
    content = workbook({"SRS": rows})
    asked = asking(only=["Status=x"])
    found = taken(read_xlsx(content, "srs.xlsx", asked), asked=asked)
    assert [one.id for one in found.requirements] == ["REQ-1", "REQ-2"]
    assert found.sources[0].only == ("Status=x",)
    assert REQUIREMENTS.only == {}


@pytest.mark.parametrize("place", range(0, 4000, 97))
def test_a_byte_that_was_changed_is_refused_or_does_no_harm(place: int) -> None:
    content = bytearray(workbook({"SRS": ROWS}))
    content[place] ^= 0x55
    try:
        found = taken(read(bytes(content)))
    except RequirementsError:
        return
    assert [one.text for one in found.requirements] == ["It shall count.", "yes"]
