"""The evidence for the method is printed for every protocol, whatever its criteria ask for."""

import dataclasses
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from validation.report.contents import RecordContents
from validation.report.formatting import plural
from validation.report.render import render_html
from validation.report.report import TEMPLATE
from validation.report.view import ReportView, report_view
from validation.report.view.elements import Result, strong

ContentsOf = Callable[..., RecordContents]

METRICS = [
    "touching_objects",
    "touching_share",
    "reference_components",
    "component_count_relative_error",
    "component_count_mean_absolute_error",
    "component_count_exact_rate",
]


def _printed(view: ReportView) -> list[list[str]]:
    """Return the ids of the figures of each row."""
    assert view.method.evidence is not None
    rows = view.method.evidence.rows
    return [[one.metric_id for one in row.cells if isinstance(one, Result)] for row in rows]


@pytest.mark.parametrize("kind", ["instance", "semantic"])
def test_every_figure_is_printed_whether_or_not_a_criterion_asks_for_it(
    kind: str, request: pytest.FixtureRequest
) -> None:
    contents: RecordContents = request.getfixturevalue(f"{kind}_contents")
    view = report_view(contents)
    assert not {one.metric for one in contents.protocol.criteria} & set(METRICS)
    assert _printed(view) == [[f"{one}/class=nucleus" for one in METRICS]]
    assert view.method.evidence is not None
    [row] = view.method.evidence.rows
    total = sum(int(line["reference_objects"]) for line in contents.case_rows)
    assert row.cells[0] == strong("nucleus", plural(total, "object"), plural(48, "case"))
    html = render_html(TEMPLATE, view)
    section = html[html.index('id="method"') : html.index('id="requirements"')]
    assert 'id="method-evidence"' in section
    # They say nothing of the model, and are not told a second time among its results.
    results = html[html.index('id="results-criteria"') : html.index('id="failures"')]
    assert "Share of reference objects that touch another" not in results
    labels = [one.label for one in view.objects.cases[0].columns]
    assert labels[-2:] == ["Touch\u00ading", "Compo\u00adnents"]


def test_several_classes_have_a_row_each_and_one_for_all(contents_of: ContentsOf) -> None:
    names = ("nucleus", "debris")
    classes = [{"name": one, "description": one, "value": 1 + names.index(one)} for one in names]
    pooled = {
        "id": "AC-01",
        "requirements": ["REQ-01"],
        "metric": "recall_pooled_over_classes",
        "iou": 0.5,
        "direction": "at_least",
        "bound": 0.5,
        "judged_on": "lower_limit",
        "rationale": "Half.",
    }
    contents = contents_of(donors=2, fields=2, failed=(), classes=classes, criteria=[pooled])
    view = report_view(contents)
    assert _printed(view) == [
        *([f"{one}/class={name}" for one in METRICS] for name in names),
        [f"{one}_pooled_over_classes" for one in METRICS],
    ]
    assert view.method.evidence is not None
    assert any(one.startswith("All classes") for one in view.method.evidence.notes)
    found = {one.id: one.value for one in contents.metrics}
    assert found["touching_objects_pooled_over_classes"] == sum(
        found[f"touching_objects/class={name}"] for name in names
    )


def _on_class_maps(contents_of: ContentsOf, semantic: RecordContents) -> RecordContents:
    standard = semantic.protocol.test_set.reference_standard.model_copy(
        update={"format": "class_map"}
    )
    test_set = semantic.protocol.test_set.model_copy(update={"reference_standard": standard})
    return contents_of("semantic", donors=2, fields=2, test_set=test_set.model_dump(by_alias=True))


def test_of_many_classes_those_of_which_most_would_be_lost_are_printed(
    contents_of: ContentsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("nucleus", "debris")
    classes = [{"name": one, "description": one, "value": 1 + names.index(one)} for one in names]
    contents = contents_of(donors=2, fields=2, failed=(), classes=classes)
    metrics = tuple(
        one.model_copy(update={"value": 3.0}) if one.id == "touching_objects/class=debris" else one
        for one in contents.metrics
    )
    contents = dataclasses.replace(contents, metrics=metrics)
    monkeypatch.setattr(import_module("validation.report.view.method"), "MOST_CLASSES", 1)
    table = report_view(contents).method.evidence
    assert table is not None
    assert [row.cells[0].lines[0] for row in table.rows] == ["debris", "all classes"]  # type: ignore[union-attr]
    assert any(one.startswith("1 of 2 classes are printed") for one in table.notes)


def test_of_a_class_map_it_is_said_what_cannot_be_computed(
    contents_of: ContentsOf, semantic_contents: RecordContents
) -> None:
    contents = _on_class_maps(contents_of, semantic_contents)
    view = report_view(contents)
    assert _printed(view) == [["reference_components/class=nucleus"]]
    said = " ".join(view.method.evidence_words)
    assert (
        "A class map does not tell objects apart: the number of connected components is given, "
        "objects that touch cannot be counted"
    ) in said
    assert view.method.evidence_figure is None
    assert "reference_components" in contents.case_rows[0]
    assert "touching_objects" not in contents.case_rows[0]


def _before(contents: RecordContents) -> RecordContents:
    """Return a record of before there were these figures."""
    rows = [
        {name: cell for name, cell in line.items() if "component" not in name}
        for line in contents.case_rows
    ]
    metrics = tuple(one for one in contents.metrics if one.metric not in METRICS)
    return dataclasses.replace(contents, metrics=metrics, case_rows=tuple(rows))


def test_a_record_without_the_figures_says_so(
    contents_of: ContentsOf, semantic_contents: RecordContents
) -> None:
    old = report_view(_before(semantic_contents))
    assert old.method.evidence is None
    assert old.method.evidence_figure is None
    assert "made before this was counted" in old.method.evidence_words[1]
    of_map = report_view(_before(_on_class_maps(contents_of, semantic_contents)))
    assert of_map.method.evidence is None
    assert "objects that touch cannot be counted" in of_map.method.evidence_words[1]
    assert "is given" not in of_map.method.evidence_words[1]


def test_the_figure_is_of_the_cases_and_only_where_numbers_differ(
    contents_of: ContentsOf, instance_contents: RecordContents
) -> None:
    contents = instance_contents
    differing = [line for line in contents.case_rows if line["component_count_difference"] != "0"]
    view = report_view(contents)
    assert differing
    assert f"In {len(differing)} of 48 images" in view.method.evidence_words[1]
    assert view.method.evidence_figure is not None
    rows: list[Any] = [
        {**line, "component_count_difference": "0",
         "reference_components": line["reference_objects"]}
        for line in contents.case_rows
    ]  # fmt: skip
    same = report_view(dataclasses.replace(contents, case_rows=tuple(rows)))
    assert same.method.evidence_figure is None
    assert "In no image" in same.method.evidence_words[1]
