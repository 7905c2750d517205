"""Unit tests for validation/evidence/csv_text.py."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.evidence.csv_text import csv_bytes, csv_rows

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_any_text_survives(rows: list[tuple[str, str]]) -> None:
    table = [{"a": one, "b": other} for one, other in rows]
    assert csv_rows(csv_bytes(["a", "b"], table)) == (("a", "b"), table)


@given(TEXTS)
def test_no_cell_of_text_begins_as_a_formula(text: str) -> None:
    [_, row] = csv.reader(io.StringIO(csv_bytes(["a"], [{"a": text}]).decode(), newline=""))
    assert not (row or [""])[0].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\uff1d1", "'x"])
def test_a_formula_is_made_inert_by_an_apostrophe(text: str) -> None:
    [row] = csv_rows(csv_bytes(["a"], [{"a": text}]))[1]
    assert row["a"] == text
    assert f"'{text}" in csv_bytes(["a"], [{"a": text}]).decode()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_written_so_that_it_comes_back_to_the_bit(value: float) -> None:
    [row] = csv_rows(csv_bytes(["a"], [{"a": value}]))[1]
    assert float(row["a"]).hex() == value.hex()


def test_numbers_are_never_touched() -> None:
    row = {"a": -1, "b": -0.5, "c": None, "d": True, "e": 'x,"y"'}
    assert csv_bytes(list(row), [row]) == b'a,b,c,d,e\n-1,-0.5,,true,"x,""y"""\n'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.int64(1), np.float64(1)])
def test_what_is_no_plain_finite_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="cannot stand in a table"):
        csv_bytes(["a"], [{"a": value}])


def test_half_a_character_does_not_stop_the_record() -> None:
    assert csv_bytes(["a"], [{"a": "x\udcff"}]) == b"a\nx\\udcff\n"


@pytest.mark.parametrize("content", [b"", b"a,b\n1\n", b"a\n\xff\n", b'a\n"x\n'])
def test_damaged_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        csv_rows(content)
