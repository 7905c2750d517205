"""Rows that are higher than a page: in parts that fit, nothing lost, the head above each."""

import re

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.review_contents import audit_contents, drafts
from validation.attest.audit_trail import Draft, Subject
from validation.report.documents import render_audit
from validation.report.view.elements import Column, Numbering, Table, row, strong, text
from validation.report.view.long_cells import is_high, pieces

COLUMNS = (Column("A", "20%"), Column("B", "50%"), Column("C", "30%"))


def table(*cells: str) -> Table:
    first, *others = cells
    rows = [row(strong(first), *map(text, others), anchor="here"), row(*map(text, "xyz"))]
    return Numbering().table("T", COLUMNS, rows)


def test_a_row_that_fits_stays_one() -> None:
    found = table("a", "b " * 400, "c")
    assert len(found.rows) == 2
    assert found.is_short


def test_few_rows_of_many_lines_are_not_kept_on_one_page() -> None:
    rows = [row(strong("a"), text("word " * 60), text("c")) for _ in range(10)]
    assert not any(one.goes_on for one in Numbering().table("T", COLUMNS, rows).rows)
    assert not Numbering().table("T", COLUMNS, rows).is_short
    assert Numbering().table("T", COLUMNS, rows[:5]).is_short


def test_a_high_row_goes_on_in_rows_that_are_not_high() -> None:
    found = table("a", "word " * 3000, "c " * 900)
    *parts, last = found.rows
    assert [one.goes_on for one in parts] == [False] + [True] * (len(parts) - 1)
    assert not last.goes_on
    assert [one.anchor for one in parts] == ["here"] + [""] * (len(parts) - 1)
    assert not found.is_short
    for place, said in enumerate(("a", "word " * 3000, "c " * 900)):
        cells = [line for one in parts for line in one.cells[place].lines]  # type: ignore[union-attr]
        assert "".join(" ".join(cells).split()) == "".join(said.split())


@given(st.lists(st.text("ab ", max_size=3000), max_size=8), st.sampled_from([6, 14, 40, 100]))
def test_pieces_lose_nothing_and_none_is_high(lines: list[str], percent: float) -> None:
    found = pieces(lines, percent)
    assert "".join(line for one in found for line in one.lines).replace(" ", "") == "".join(
        lines
    ).replace(" ", "")
    assert not [one for one in found if is_high(one.lines, percent)]
    assert [one.begins_in for one in found] == sorted(one.begins_in for one in found)


@pytest.mark.parametrize("reason", ["said at length " * 600, "W" * 5_000])
def test_every_page_of_a_high_row_has_the_head_of_its_table(reason: str) -> None:
    acts = [*drafts(), ("r.keller", Draft(action="run.failed", about=Subject(kind="run", id="R"),
                                          reason=reason))]  # fmt: skip
    with pypdfium2.PdfDocument(render_audit(audit_contents("held", acts), {})) as pdf:
        said = [pdf[place].get_textpage().get_text_range() for place in range(len(pdf))]
    long = [page for page in said if re.search(r"said at length|WWWW", page)]
    assert len(long) > 2
    for page in long:
        assert "When and who" in page
    for label in (f"Table {number}" for number in range(1, 6)):
        (page,) = (one for one in said if re.search(rf"^{label} ", one, re.MULTILINE))
        assert len(page) > 300, f"the caption of {label} is alone on its page"
