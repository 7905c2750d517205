"""CSV as spreadsheets and tools write it, and as it should not be."""

import codecs

import pytest

from tests.plan.imports.sources import REQUIREMENTS, asking
from validation.errors import RequirementsError
from validation.plan.imports.csv_file import read_csv

PLAIN = "ID,Text\nREQ-1,It shall count.\n"


def texts(content: bytes | str, asked: object = REQUIREMENTS) -> list[tuple[str, str]]:
    raw = content.encode() if isinstance(content, str) else content
    read = read_csv(raw, "srs.csv", asked)  # type: ignore[arg-type]
    return [(one.values.get("ID", ""), one.values.get("Text", "")) for one in read.items]


def refusal(content: bytes | str) -> RequirementsError:
    with pytest.raises(RequirementsError) as error:
        texts(content)
    return error.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_usual_delimiter_is_found(delimiter: str) -> None:
    assert texts(PLAIN.replace(",", delimiter)) == [("REQ-1", "It shall count.")]


@pytest.mark.parametrize(
    "encoded",
    [
        codecs.BOM_UTF8 + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
    ],
    ids=["utf-8 with mark", "utf-16-le", "utf-16-be"],
)
def test_a_byte_order_mark_names_the_encoding(encoded: bytes) -> None:
    assert texts(encoded) == [("REQ-1", "It shall count.")]


def test_latin_1_is_refused_with_its_line() -> None:
    said = refusal("ID,Text\nREQ-1,Größe\n".encode("latin-1"))
    assert "line 2" in said.what
    assert "UTF-8" in said.fix


def test_utf_16_without_its_mark_is_refused() -> None:
    assert "zero bytes" in refusal(PLAIN.encode("utf-16-le")).what


@pytest.mark.parametrize("empty", ["", " \n", "\ufeff"])
def test_an_empty_file_says_so(empty: str) -> None:
    assert "empty" in refusal(empty).what


def test_quotes_line_breaks_and_formulas_stay_text() -> None:
    rows = 'ID;Text\nA;"=cmd|\' /C calc\'!A0"\nB;"one ""two""\nthree; four"\n'
    assert texts(rows) == [("A", "=cmd|' /C calc'!A0"), ("B", 'one "two"\nthree; four')]


def test_an_open_quote_is_named_by_the_line_it_begins_in() -> None:
    said = refusal('ID,Text\nA,"one\nB,two\n')
    assert [one.where for one in said.problems] == ["srs.csv:2"]


def test_every_row_with_another_number_of_cells_is_told() -> None:
    said = refusal("ID,Text\nA,one, two\nB,two\nC\n")
    assert [one.where for one in said.problems] == ["srs.csv:2", "srs.csv:4"]


def test_the_header_is_found_below_a_title() -> None:
    read = read_csv(b"Title,\n,\nID,Text\nA,one\n", "srs.csv", REQUIREMENTS)
    assert [one.where for one in read.items] == ["srs.csv:4"]
    assert "row 3" in read.notes[0].what


def test_a_missing_column_lists_what_there_is() -> None:
    said = refusal("ID,Wortlaut\nA,one\n")
    assert "no column is recognised as the text" in said.problems[0].what
    assert "'Wortlaut'" in said.problems[0].fix
    assert "--column text=NAME" in said.problems[0].fix


def test_two_columns_that_could_be_meant_are_asked_about() -> None:
    said = refusal("ID,Text,Description\nA,one,two\n")
    assert "'Text', 'Description'" in said.problems[0].what


def test_a_column_is_named_by_the_user() -> None:
    asked = asking("text=Text")
    assert texts("ID,Text,Description\nA,one,two\n", asked) == [("A", "one")]


def test_a_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(RequirementsError) as error:
        texts("ID,Text,Text\nA,one,two\n", asking("text=Text"))
    assert "more than one column" in error.value.problems[0].what
