"""The case table: each problem is found, and all are told at once."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.errors import TestSetError
from validation.plan.protocol import Exclusion
from validation.testset.case_table import parse_case_table, path_objection
from validation.testset.cases import CaseTable

HEADER = "case_id,image,reference,subject_id,site\n"


def _table(
    text: str | bytes, exclusions: tuple[Exclusion, ...] = (), *, reference_needed: bool = True
) -> CaseTable:
    content = text.encode() if isinstance(text, str) else text
    return parse_case_table(
        content, name="cases.csv", exclusions=exclusions, reference_needed=reference_needed
    )


def _problems(text: str | bytes, exclusions: tuple[Exclusion, ...] = ()) -> list[str]:
    with pytest.raises(TestSetError) as caught:
        _table(text, exclusions)
    error = caught.value
    return [f"{one.where}: {one.what}" for one in error.problems] or [f"{error.where}: {error}"]


def test_cases_are_read_in_the_order_of_their_ids() -> None:
    table = _table(HEADER + "b,i/b.png,r/b.png,S1,A\na,i/a.png,r/a.png,,B\n")
    assert [case.case_id for case in table.evaluated] == ["a", "b"]
    assert table.evaluated[0].subject_id is None
    assert table.evaluated[1].attributes == {"site": "A"}
    assert table.columns == ("site",)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a b,i.png,r.png,S1,A\n", "cases.csv:2: case_id is 'a b'"),
        ("=1+1,i.png,r.png,S1,A\n", "cases.csv:2: case_id is '=1+1'"),
        ("@x,i.png,r.png,S1,A\n", "cases.csv:2: case_id is '@x'"),
        ("../x,i.png,r.png,S1,A\n", "cases.csv:2: case_id is '../x'"),
        (f"{'a' * 65},i.png,r.png,S1,A\n", "cases.csv:2: case_id is"),
        (",i.png,r.png,S1,A\n", "cases.csv:2: case_id is ''"),
        ("a,,r.png,S1,A\n", "cases.csv:2: image is empty"),
        ("a,i.png,,S1,A\n", "cases.csv:2: reference is empty"),
        ("a,../i.png,r.png,S1,A\n", "image '../i.png' leads out of the root"),
        ("a,i/../../i.png,r.png,S1,A\n", "leads out of the root"),
        ("a,/etc/passwd,r.png,S1,A\n", "image '/etc/passwd' leads out of the root"),
        ("a,C:\\i.png,r.png,S1,A\n", "leads out of the root"),
        ("a,i\\i.png,r.png,S1,A\n", "leads out of the root"),
        ("a,i//i.png,r.png,S1,A\n", "has an empty part"),
        ("a,./i.png,r.png,S1,A\n", "has an empty part"),
        (f"a,{unicodedata.normalize('NFD', 'é')}.png,r.png,S1,A\n", "normal form C"),
        ("a,i\x01.png,r.png,S1,A\n", "holds a control character"),
        ("a,i\x00.png,r.png,S1,A\n", "holds a control character"),
        ('a,"i\n.png",r.png,S1,A\n', "holds a control character"),
        ("a,i.png,r.png,S 1,A\n", "subject_id is 'S 1'"),
        ("a,i.png,r.png,S1,\n", "site is ''"),
        ("a,i.png,r.png,S1,A\x1bB\n", "site is"),
        ("a,i.png,r.png,S1\n", "another number of cells"),
        ("a,i.png,r.png,S1,A,B\n", "another number of cells"),
        ("a,i.png,r.png,S1,A\na,j.png,q.png,S1,A\n", "case a is listed twice"),
        ("a,i.png,r.png,S1,A\nA,j.png,q.png,S1,A\n", "a and A differ in upper and lower case"),
        ("a,i.png,r.png,S1,A\nb,i.png,q.png,S1,A\n", "have the same image i.png"),
        ("a,i.png,i.png,S1,A\n", "the image is its own reference"),
        ("", "the case table has no case"),
        ("\n\n", "the case table has no case"),
    ],
)
def test_a_problem_of_a_row_is_told(rows: str, said: str) -> None:
    (problem,) = _problems(HEADER + rows)
    assert said in problem


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("image,reference\n", "the column case_id is missing"),
        ("case_id,reference\n", "the column image is missing"),
        ("case_id,image\n", "the column reference is missing"),
        ("case_id,image,reference,a,a\n", "the column a stands twice"),
        ("case_id,image,reference,Site\n", "'Site' cannot be the name"),
        ("case_id,image,reference,=x\n", "'=x' cannot be the name"),
        ("case_id,image,reference,\n", "'' cannot be the name"),
    ],
)
def test_a_problem_of_the_header_is_told(header: str, said: str) -> None:
    assert any(f"cases.csv:1: {said}" in one for one in _problems(header + "a,b,c\n"))


def test_all_problems_are_told_at_once_by_line() -> None:
    rows = "a,../i.png,,S1,A\nb c,i.png,r.png,S1,\nd,i.png,r.png,S1,A\nd,j.png,r.png,S1,A\n"
    problems = _problems(HEADER + rows, (Exclusion(cases=("zz",), reason="r"),))
    assert len(problems) == 6
    assert [one.split(": ")[0] for one in problems] == [
        *("cases.csv:2", "cases.csv:2", "cases.csv:3", "cases.csv:3", "cases.csv", "cases.csv")
    ]


def test_an_empty_file_has_no_header() -> None:
    assert any("the column case_id is missing" in one for one in _problems(b""))


def test_a_byte_order_mark_and_crlf_change_nothing() -> None:
    plain = HEADER + "a,i.png,r.png,S1,A\nb,j.png,s.png,S2,B\n"
    marked = b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode()
    assert _table(marked) == _table(plain)


def test_what_is_not_utf_8_is_refused() -> None:
    assert "not UTF-8 text (byte 40)" in _problems((HEADER + "é").encode("latin-1"))[0]


def test_what_is_not_csv_is_refused_with_its_line() -> None:
    assert "cases.csv:2" in _problems(HEADER + 'a,"i".png,r.png,S1,A\n')[0]


def test_excluded_cases_are_kept_with_their_reason() -> None:
    rows = "a,i.png,r.png,S1,A\nb,j.png,s.png,S2,B\n"
    table = _table(HEADER + rows, (Exclusion(cases=("b",), reason="blurred"),))
    assert [case.case_id for case in table.evaluated] == ["a"]
    assert [(one.case.case_id, one.reason) for one in table.excluded] == [("b", "blurred")]


def test_excluding_every_case_is_refused() -> None:
    rows = HEADER + "a,i.png,r.png,S1,A\n"
    assert "every case is excluded" in _problems(rows, (Exclusion(cases=("a",), reason="r"),))[0]


def test_excluding_an_unknown_case_is_refused() -> None:
    rows = HEADER + "a,i.png,r.png,S1,A\n"
    problems = _problems(rows, (Exclusion(cases=("q",), reason="r"),))
    assert "the excluded case q is not in the case table" in problems[0]


def test_a_reference_is_not_needed_where_one_file_holds_all() -> None:
    table = _table("case_id,image\na,i.png\n", reference_needed=False)
    assert table.evaluated[0].reference is None


def test_hostile_text_in_further_columns_is_kept_as_it_is() -> None:
    table = _table(HEADER + "a,i.png,r.png,S1,=cmd|' /C calc'!A0\n")
    assert table.evaluated[0].attributes["site"] == "=cmd|' /C calc'!A0"


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_any_content_is_read_or_refused(content: str | bytes) -> None:
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    for bytes_ in (raw, HEADER.encode() + raw):
        try:
            _table(bytes_)
        except TestSetError as error:
            assert str(error)  # noqa: PT017 - other errors are what must not happen


@given(st.text(max_size=40))
def test_a_path_without_objection_stays_under_the_root(path: str) -> None:
    from pathlib import PurePosixPath

    if path and path_objection(path) is None:
        parts = PurePosixPath("/root") / path
        assert parts.is_relative_to("/root")
        assert ".." not in parts.parts
