"""The characteristics of the test set: few classes across, many classes one below the other."""

from collections.abc import Callable
from typing import Any

import pytest

from validation.report.contents import RecordContents
from validation.report.view import report_view
from validation.report.view.elements import Result, Table

ContentsOf = Callable[..., RecordContents]


def _tables(contents_of: ContentsOf, names: list[str]) -> tuple[Table, ...]:
    classes: list[dict[str, Any]] = [
        {"name": name, "description": name, "value": value}
        for value, name in enumerate(names, start=1)
    ]
    contents = contents_of(donors=2, fields=2, failed=(), classes=classes)
    return report_view(contents).test_set.characteristics


def _ids(table: Table) -> list[list[str]]:
    return [
        [cell.metric_id for cell in row.cells if isinstance(cell, Result)] for row in table.rows
    ]


def test_few_classes_have_a_column_each(contents_of: ContentsOf) -> None:
    (table,) = _tables(contents_of, ["nucleus", "debris"])
    assert [one.label for one in table.columns[-2:]] == [
        "Reference objects: nucleus",
        "Reference objects: debris",
    ]
    assert _ids(table)[0] == [
        "reference_objects/class=nucleus",
        "reference_objects/class=debris",
    ]


@pytest.mark.parametrize("groups_across", [1, 2, 6])
def test_many_classes_have_a_row_each_and_lose_no_figure(
    contents_of: ContentsOf, groups_across: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("validation.report.view.characteristics._GROUPS_ACROSS", groups_across)
    names = ["nucleus", "debris", "fold", "bubble", "edge"]
    counts, *parts = _tables(contents_of, names)
    groups = [row.cells[0].lines[0] for row in counts.rows]  # type: ignore[union-attr]
    assert [one.label for part in parts for one in part.columns[1:]] == groups
    for part in parts:
        assert len(part.columns) <= 1 + groups_across
        assert [row.cells[0].lines[0] for row in part.rows] == names  # type: ignore[union-attr]
    printed = [one for part in parts for row in _ids(part) for one in row]
    assert len(printed) == len(set(printed)) == len(names) * len(groups)
    assert "reference_objects/class=edge" in printed
