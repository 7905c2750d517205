"""What the report prints: every number is a figure of the evidence, ready to print."""

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pypdfium2
import pytest

from validation.evidence.catalogue import CATALOGUE, definition
from validation.evidence.metric_values import MetricValue
from validation.judge.acceptance import with_deviations
from validation.judge.deviations import (
    DeviationClosed,
    DeviationRecorded,
    Deviations,
    EventName,
)
from validation.judge.findings import CaseFinding, Findings
from validation.plan.protocol import SegmentedClass
from validation.record import digest
from validation.report import formatting
from validation.report.contents import RecordContents
from validation.report.overlays.choice import choose_worst
from validation.report.render import render_html, render_pdf
from validation.report.report import TEMPLATE
from validation.report.view import ReportView, report_view
from validation.report.view.appendices import attachment_name
from validation.report.view.case_table import case_anchor, case_labels, case_tables
from validation.report.view.elements import (
    Link,
    Numbering,
    Result,
    Table,
    Text,
    paragraphs,
    text,
)
from validation.report.view.execution import deviations
from validation.report.view.promised import counted
from validation.report.view.results.classes import MOST_IN_FULL
from validation.report.view.summary import MOST_OPEN_ROWS
from validation.report.view.wording import Words
from validation.testset.openings import Openings

ContentsOf = Callable[..., RecordContents]


def _parts(value: Any) -> Iterator[Any]:
    """Yield every part of a view, however deep."""
    yield value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _parts(one)


def _results(value: Any) -> list[Result]:
    return [one for one in _parts(value) if isinstance(one, Result)]


def _figures(contents: RecordContents) -> dict[str, MetricValue]:
    return {one.id: one for one in (*contents.metrics, *contents.run.timing)}


def _number(text: str) -> float:
    plain = text.replace(formatting.MINUS, "-").replace(formatting.THIN_SPACE, "")
    return float(plain.split(formatting.NO_BREAK)[0])


@pytest.fixture(scope="module", params=["instance", "semantic"])
def contents(request: pytest.FixtureRequest) -> RecordContents:
    return request.getfixturevalue(f"{request.param}_contents")


@pytest.fixture(scope="module")
def view(contents: RecordContents) -> ReportView:
    return report_view(contents)


def test_every_result_is_a_rounded_figure_of_the_record(
    contents: RecordContents, view: ReportView
) -> None:
    figures = _figures(contents)
    results = _results(view)
    assert len(results) > 50
    for one in results:
        figure = figures[one.metric_id]
        if figure.value is None:
            assert one.text == formatting.not_defined(figure.undefined)
            continue
        decimals = formatting.decimals_needed(_number(one.text))
        assert _number(one.text) == pytest.approx(figure.value, abs=0.5000001 * 10**-decimals)
        assert bool(one.interval) == (figure.interval is not None)


def test_an_address_is_the_place_of_the_figure_in_its_file(
    contents: RecordContents, view: ReportView
) -> None:
    files = {"E": contents.metrics, "T": contents.run.timing}
    for one in _results(view):
        figure = files[one.address[0]][int(one.address[1:]) - 1]
        assert figure.id == one.metric_id


def test_a_long_reason_is_printed_once_and_led_to(semantic_contents: RecordContents) -> None:
    view = report_view(semantic_contents).evidence
    assert view.reasons is not None
    printed = [row.cells[1].lines[0] for row in view.reasons.rows]  # type: ignore[union-attr]
    anchors = {row.cells[0].lines[0]: row.anchor for row in view.reasons.rows}  # type: ignore[union-attr]
    figures = {one.id: one for one in (*semantic_contents.metrics, *semantic_contents.run.timing)}
    led = 0
    for row in (row for table in view.tables for row in table.rows):
        _, figure, _, limits, _, by = row.cells
        found = figures[figure.text]  # type: ignore[union-attr]
        if isinstance(by, Link) and found.interval is None:
            led += 1
            assert limits == text("none")
            place = int(by.text.removeprefix("N")) - 1
            assert printed[place] == found.undefined or printed[place] == found.no_interval
            assert by.anchor == anchors[by.text]
    assert led > 1


def test_the_evidence_appendix_lists_exactly_the_figures_that_are_printed(
    view: ReportView,
) -> None:
    listed = {row.anchor for table in view.evidence.tables for row in table.rows}
    assert listed == {one.address for one in _results(view)}


def test_columns_of_numbers_in_the_results_hold_nothing_but_results(view: ReportView) -> None:
    tables = [one for one in _parts((view.results, view.traceability)) if isinstance(one, Table)]
    assert len(tables) > 5
    for table in tables:
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                is_dash = getattr(cell, "lines", ()) == ("\u2013",)
                if column.style == "number":
                    assert isinstance(cell, Result) or is_dash


def test_every_decimal_number_in_the_results_comes_from_metrics_or_findings(
    contents: RecordContents, view: ReportView
) -> None:
    html = render_html(TEMPLATE, view)
    section = html[html.index('id="results-criteria"') : html.index('id="failures"')]
    without_drawings = re.sub(r"<svg.*?</svg>", "", section, flags=re.DOTALL)
    without_headings = re.sub(r"<h[23].*?</h[23]>", "", without_drawings, flags=re.DOTALL)
    words = unescape(re.sub(r"<[^>]+>", " ", without_headings))
    printed = set(re.findall(r"[−]?\d[\d\u202f]*\.\d+", words))
    assert len(printed) > 20
    assert printed <= _allowed(contents, view)


def _allowed(contents: RecordContents, view: ReportView) -> set[str]:
    allowed: set[str] = set()
    for one in _results(view):
        allowed |= set(re.findall(r"[−]?\d[\d\u202f]*\.\d+", f"{one.text} {one.interval}"))
    for finding in contents.findings.criteria:
        for decimals in range(1, 8):
            allowed.add(formatting.number(finding.bound, decimals))
            allowed.add(formatting.number(finding.observed or 0.0, decimals))
    for figure in contents.metrics:
        allowed.add(formatting.number(figure.scope.iou or 0.0))
    for criterion in contents.protocol.criteria:
        allowed |= set(re.findall(r"\d+\.\d+", criterion.rationale))
    names = render_html("report/definitions.html.jinja", view)
    allowed |= set(re.findall(r"\d*\.\d+", names))
    return allowed


def test_a_limit_near_its_bound_is_printed_with_enough_decimals(
    instance_contents: RecordContents,
) -> None:
    [first, *rest] = instance_contents.findings.criteria
    assert first.interval is not None
    limits = first.interval.model_copy(update={"lower": 0.84996})
    near = first.model_copy(update={"observed": 0.84996, "interval": limits})
    metrics = tuple(
        one.model_copy(update={"interval": limits}) if one.id == first.metric_id else one
        for one in instance_contents.metrics
    )
    findings = instance_contents.findings.model_copy(update={"criteria": (near, *rest)})
    view = report_view(dataclasses.replace(instance_contents, findings=findings, metrics=metrics))
    same = [one for one in _results(view) if one.metric_id == first.metric_id]
    assert {one.interval[:8] for one in same} == {"[0.84996"}
    comparison = view.results.criteria.rows[0].cells[3]
    assert "lower limit 0.84996 < 0.85000" in comparison.lines  # type: ignore[union-attr]


def test_the_verdict_stands_on_the_first_page_and_in_the_summary(
    instance_contents: RecordContents,
) -> None:
    view = report_view(instance_contents)
    assert view.cover.verdict.key == "not_met"
    assert view.cover.verdict_sentence == (
        "4 of 6 acceptance criteria are not met (AC-01, AC-02, AC-03 and AC-04) and the model "
        "failed for 1\u00a0case."
    )
    assert view.summary.verdict_sentence == view.cover.verdict_sentence
    assert [one.label for one in view.summary.failures] == [
        *("AC-01", "AC-02", "AC-03", "AC-04"),
        "Failed cases",
    ]
    assert "Weakest subgroup: site B" in view.summary.failures[0].words


def test_simulated_and_exploratory_are_said_on_every_page_and_only_where_true(
    instance_contents: RecordContents, contents_of: ContentsOf
) -> None:
    assert report_view(instance_contents).document.notices == (
        "Simulated specimens",
        "Not approved: exploratory",
    )
    test_set = instance_contents.protocol.test_set.model_dump()
    real = contents_of(donors=2, fields=2, test_set={**test_set, "simulated": False})
    approved = real.findings.model_copy(update={"approval": "approved"})
    view = report_view(dataclasses.replace(real, findings=approved))
    assert view.document.notices == ()
    assert view.cover.notices == ()


def test_what_is_no_reference_standard_is_called_agreement(contents_of: ContentsOf) -> None:
    base = contents_of("semantic", donors=2, fields=2)
    test_set = base.protocol.test_set.model_dump()
    test_set["reference_standard"]["standing"] = "non_reference_standard"
    view = report_view(contents_of("semantic", donors=2, fields=2, test_set=test_set))
    names = str(view.results) + str(view.summary) + str(view.traceability)
    assert "Positive agreement on presence in an image" in names
    assert "Sensitivity" not in names
    assert view.test_set.reference_heading.title == "Annotation"


def test_a_case_that_failed_is_listed_with_its_treatment(view: ReportView) -> None:
    assert view.execution.failed is not None
    [row] = view.execution.failed.rows
    assert row.cells[0].lines == ("D05-03",)  # type: ignore[union-attr]
    assert row.cells[3].lines == ("counts as an empty prediction",)  # type: ignore[union-attr]


def test_the_flow_of_cases_adds_up(view: ReportView) -> None:
    assert [one.count for one in view.test_set.flow] == ["50", "48", "47", "48"]
    assert view.test_set.flow[1].note == "2 excluded by the protocol"


def test_requirements_and_risks_without_a_counterpart_are_named(
    instance_contents: RecordContents,
) -> None:
    view = report_view(instance_contents)
    assert view.traceability.gaps == (
        "Risks that no requirement of this protocol controls: HAZ-03.",
    )
    requirements = [row.cells[0].lines[0] for row in view.traceability.matrix.rows]  # type: ignore[union-attr]
    assert set(requirements) == {"REQ-01", "REQ-02", "REQ-03", "REQ-04"}


def test_every_failed_object_is_printed_once(instance_contents: RecordContents) -> None:
    view = report_view(instance_contents)
    assert view.objects.objects is not None
    printed = sum(
        row.cells[2].lines[0].count("px\u00a0") or row.cells[2].lines[0].count("\u00a0px")  # type: ignore[union-attr]
        for row in view.objects.objects.rows
    )
    failed = [one for one in instance_contents.instance_rows if one["outcome"] != "matched"]
    assert printed == len(failed)
    assert f"{len(failed)}\u00a0objects failed" in view.objects.objects_words
    assert "All are printed below" in view.objects.objects_words


def test_what_is_not_printed_is_counted(
    instance_contents: RecordContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("validation.report.printed_objects.MOST_OBJECTS", 20)
    monkeypatch.setattr("validation.report.view.case_table.MOST_CASES", 10)
    monkeypatch.setattr("validation.report.view.case_table.WORST_CASES", 5)
    view = report_view(instance_contents)
    failed = sum(one["outcome"] != "matched" for one in instance_contents.instance_rows)
    assert f"The first 20 of {failed}" in view.objects.objects_words
    (cases,) = view.objects.cases
    assert f"{len(cases.rows)} of 48 cases are printed: the 5 worst" in cases.notes[1]
    anchors = {row.anchor for row in cases.rows}
    pictured = {case_anchor(one.case_id) for one in instance_contents.overlays}
    worst = choose_worst(instance_contents.case_rows, instance_contents.protocol, count=5)
    assert anchors == pictured | {case_anchor(one.case_id) for one in worst}


def test_a_record_without_failures_says_so(contents_of: ContentsOf) -> None:
    perfect = contents_of(donors=2, fields=1, objects=2, failed=())
    matched = tuple(one for one in perfect.instance_rows if one["outcome"] == "matched")
    view = report_view(dataclasses.replace(perfect, instance_rows=matched, overlays=()))
    assert view.objects.objects is None
    assert view.objects.objects_words.startswith("None: every object")
    assert view.execution.failed is None
    assert view.worst_cases.rows == ()
    assert render_html(TEMPLATE, view)


def test_a_single_case_without_intervals_can_be_told(contents_of: ContentsOf) -> None:
    single = contents_of(donors=1, fields=1, failed=())
    assert {one.interval for one in single.metrics} == {None}
    view = report_view(single)
    assert all(not one.interval for one in _results(view))
    assert {one.verdict.key for one in _criteria(view)} >= {"not_evaluable"}
    assert render_html(TEMPLATE, view)


def test_a_value_that_misses_its_bound_says_so_without_an_interval(
    contents_of: ContentsOf,
) -> None:
    criteria = [
        {**one.model_dump(by_alias=True), "bound": bound}
        for bound in (0.0001, 0.9999)
        for one in contents_of(donors=1, fields=1).protocol.criteria[:1]
    ]
    named = [{**one, "id": f"AC-{place}"} for place, one in enumerate(criteria)]
    contents = contents_of(donors=1, fields=1, failed=(), criteria=named)
    held, missed = report_view(contents).results.criteria.rows
    assert "misses the bound" not in held.cells[3].lines[1]  # type: ignore[union-attr]
    said = missed.cells[3].lines[1]  # type: ignore[union-attr]
    assert re.match(r"value 0\.\d+ < 0\.9999: it misses the bound; ", said)
    assert missed.cells[4].word == "not evaluable"  # type: ignore[union-attr]


def test_a_limit_over_few_subjects_is_named(contents_of: ContentsOf) -> None:
    few = report_view(contents_of(donors=4, fields=1, failed=())).results.criteria
    assert "4\u00a0subjects" in few.rows[0].cells[1].lines[-1]  # type: ignore[union-attr]
    assert few.notes
    assert "AC-01" in few.notes[0]
    [more] = report_view(contents_of(donors=10, fields=1, failed=())).results.criteria.notes
    assert "units: AC-02. " in more, "site B alone has five"


def test_objects_that_nobody_counted_are_not_said_to_be_one(
    semantic_contents: RecordContents,
) -> None:
    lock, words = semantic_contents.lock, Words("reference_standard")
    of_map = lock.reference_standard.model_copy(update={"format": "class_map"})
    [apart] = counted(lock, words)
    [one_map] = counted(lock.model_copy(update={"reference_standard": of_map}), words)
    assert apart.paragraphs == ("not counted: this method judges pixels",)
    assert one_map.paragraphs == ("the reference standard does not tell objects apart",)


def test_a_run_without_approval_is_a_deviation(instance_contents: RecordContents) -> None:
    [first, second] = report_view(instance_contents).execution.deviations
    assert first == "The protocol had to be signed before the run, and was not."
    assert "no other deviation" in second
    findings = instance_contents.findings.model_copy(update={"approval": "approved"})
    [only] = deviations(dataclasses.replace(instance_contents, findings=findings))
    assert "knows of no deviation" in only


def test_deviations_are_printed_with_reason_impact_who_when_and_disposition(
    instance_contents: RecordContents,
) -> None:
    event = EventName(trail_id="t", sequence=7, digest="sha256:" + "0" * 64)
    told = {"at": "2026-03-03T08:00:00Z", "zone": "+01:00", "event": event, "user": "keller"}
    first = DeviationRecorded(
        id="DEV-01", by="R. Keller", what="One.\n\nTwo.", reason="Why", impact="None",
        criterion="AC-01", case="D01-03", **told,
    )  # fmt: skip
    entries = [first, first.model_copy(update={"id": "DEV-02", "criterion": None, "case": None})]
    closed = DeviationClosed(id="DEV-01", by="keller", disposition="Accepted", **told)
    known = Deviations.model_construct(entries=(*entries, closed))
    findings = with_deviations(instance_contents.findings, known)
    view = report_view(dataclasses.replace(instance_contents, findings=findings, deviations=known))
    said = [{one.label: one.paragraphs for one in items} for items in view.execution.recorded]
    assert said[0]["DEV-01, closed"] == ("One.", "Two.")
    assert said[0]["Concerns"] == ("criterion AC-01, case D01-03",)
    assert said[0]["Recorded"][0].startswith(
        "by R. Keller (account keller), 2026-03-03 08:00:00 UTC, local time UTC+01:00; event 7"
    )
    assert said[0]["Disposition"] == ("Accepted",)
    assert said[0]["Closed"][0].startswith("by keller, 2026-03-03")
    assert said[1]["Disposition"] == ("none yet: the deviation is open",)
    assert "Concerns" not in said[1]
    assert "2\u00a0deviations recorded after the run, 1 of them open." in " ".join(
        view.execution.deviations
    )
    assert view.cover.verdict.headline.endswith(", with 2 deviations")
    assert "(DEV-02)" in view.cover.verdict_sentence
    assert render_html(TEMPLATE, view)


def test_a_criterion_without_a_figure_is_told_as_such(contents_of: ContentsOf) -> None:
    view = report_view(contents_of(donors=1, fields=1, failed=()))
    row = view.results.criteria.rows[1]
    assert row.cells[2].lines == ("no such figure",)  # type: ignore[union-attr]
    assert row.cells[4].word == "not evaluable"  # type: ignore[union-attr]


def _criteria(view: ReportView) -> list[Any]:
    return [type("Row", (), {"verdict": row.cells[4]})() for row in view.results.criteria.rows]


def test_an_incomplete_record_says_what_is_missing(contents_of: ContentsOf) -> None:
    contents = contents_of(donors=2, fields=1, failed=())
    criteria = tuple(
        one.model_copy(update={"verdict": "met"}) for one in contents.findings.criteria
    )
    failed = CaseFinding(case_id="D01-01", stage="read", what="truncated", treatment="empty")
    findings = Findings(verdict="incomplete", criteria=criteria, failed_cases=(failed,))
    view = report_view(dataclasses.replace(contents, findings=findings))
    assert view.cover.verdict.headline == "Incomplete"
    assert view.cover.verdict_sentence == "The model failed for 1\u00a0case."


def test_everything_met_is_said_in_one_sentence(contents_of: ContentsOf) -> None:
    contents = contents_of(donors=2, fields=1, failed=())
    criteria = tuple(
        one.model_copy(update={"verdict": "met"}) for one in contents.findings.criteria
    )
    findings = Findings(verdict="met", criteria=criteria, failed_cases=())
    view = report_view(dataclasses.replace(contents, findings=findings))
    assert view.cover.verdict_sentence == "All 6 acceptance criteria are met."
    assert view.summary.failures == ()


def test_headings_tables_and_figures_are_numbered_in_the_order_of_the_document(
    view: ReportView,
) -> None:
    html = render_html(TEMPLATE, view)
    tables = [int(one) for one in re.findall(r">Table (\d+)<", html)]
    figures = [int(one) for one in re.findall(r">Figure (\d+)<", html)]
    assert tables == list(range(1, len(tables) + 1))
    assert figures == list(range(1, len(figures) + 1))
    anchors = re.findall(r'<h[23] id="([^"]+)"', html)
    assert anchors == [one.anchor for one in view.headings]


def test_every_link_leads_somewhere_and_every_name_is_given_once(view: ReportView) -> None:
    html = render_html(TEMPLATE, view)
    names = re.findall(r' id="([^"]+)"', html)
    assert len(names) == len(set(names))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(names)


def test_headings_do_not_skip_a_level(view: ReportView) -> None:
    levels = [int(one) for one in re.findall(r"<h([1-6])", render_html(TEMPLATE, view))]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_tables_have_captions_and_headers_with_a_scope(view: ReportView) -> None:
    html = render_html(TEMPLATE, view)
    for table in re.findall(r'<table class="data.*?</table>', html, flags=re.DOTALL):
        assert "<caption>" in table
        assert len(re.findall(r"<th\b", table)) == len(re.findall(r'<th scope="', table))
    assert all('alt="' in one for one in re.findall(r"<img[^>]*>", html))


def test_more_criteria_than_a_page_holds_are_summarised(contents_of: ContentsOf) -> None:
    base = contents_of(donors=2, fields=2).protocol
    first = base.criteria[0].model_dump()
    many = [{**first, "id": f"AC-{n:02d}", "bound": 0.01 if n > 3 else 0.99} for n in range(40)]
    view = report_view(contents_of(donors=6, fields=2, criteria=many))
    assert len(view.summary.criteria.rows) == 4
    assert "36 of 40 criteria are met" in view.summary.criteria.notes[-1]
    assert len(view.results.criteria.rows) == 40


def test_long_case_ids_get_labels_that_tell_them_apart() -> None:
    one, other = "a" * 30 + "1", "a" * 30 + "2"
    labels = case_labels([one, other, "D01-01"])
    assert len(set(labels.values())) == 3
    assert labels["D01-01"] == "D01-01"


def test_paragraphs_are_parted_by_blank_lines() -> None:
    assert paragraphs("  One\n two.\n\n\n Three.\n") == ("One two.", "Three.")


def test_attachments_have_names_without_folders(contents: RecordContents) -> None:
    names = [attachment_name(one) for one in contents.files]
    assert len(set(names)) == len(names)
    assert not any("/" in one for one in names)


def test_a_figure_of_one_size_never_stands_for_all_sizes(
    instance_contents: RecordContents,
) -> None:
    recalls = [
        one
        for one in instance_contents.metrics
        if one.metric == "recall" and not one.scope.subgroup
    ]
    every = {one.id for one in recalls if one.scope.size is None}
    sized = {one.id for one in recalls if one.scope.size is not None}
    blocks = report_view(instance_contents).results.blocks
    tables = [one for block in blocks for one in block.tables]
    by_threshold = [one for one in tables if one.caption.endswith(": by IoU threshold")]
    by_size = [one for one in tables if one.caption.endswith(": by size of object")]
    assert every
    assert sized
    assert every <= {one.metric_id for one in _results(by_threshold)}
    assert not sized & {one.metric_id for one in _results(by_threshold)}
    defined = {one.id for one in recalls if one.scope.size is not None and one.value is not None}
    assert defined
    assert {one.metric_id for one in _results(by_size)} & sized == defined
    told = " ".join(note for one in by_size for note in one.notes)
    assert "Not defined for large objects: no large reference object of the class." in told


def test_a_criterion_on_a_size_is_told_with_its_size(contents_of: ContentsOf) -> None:
    [planned, *_] = contents_of(donors=4, fields=2).protocol.criteria
    first = {**planned.model_dump(by_alias=True), "size": "small"}
    contents = contents_of(donors=4, fields=2, criteria=[first])
    view = report_view(contents)
    [shown] = view.results.criteria.rows
    address = "recall/class=nucleus/iou=0.5/size=small"
    assert [one.metric_id for one in contents.findings.criteria] == [address]
    assert "small objects" in " ".join(shown.cells[1].lines)
    assert shown.cells[2].metric_id == address
    [subgroups] = [one for one in view.results.blocks if one.heading.anchor == "subgroups"]
    assert subgroups.tables[0].columns[1].label.endswith("IoU\u00a00.5, small objects")
    assert {one.metric_id for one in _results(subgroups.tables[0])} >= {f"{address}/site=A"}


def _several_classes(contents_of: ContentsOf, names: tuple[str, ...]) -> RecordContents:
    classes = [
        {"name": name, "description": "d", "value": value} for value, name in enumerate(names, 1)
    ]
    pooled = {
        "id": "AC-01",
        "requirements": ["REQ-01"],
        "metric": "recall_pooled_over_classes",
        "iou": 0.5,
        "direction": "at_least",
        "bound": 0.5,
        "judged_on": "lower_limit",
        "rationale": "r",
    }
    return contents_of(donors=4, fields=2, failed=(), classes=classes, criteria=[pooled])


def test_several_classes_have_figures_over_all_and_their_confusion(
    contents_of: ContentsOf,
) -> None:
    contents = _several_classes(contents_of, ("nucleus", "debris", "cluster"))
    view = report_view(contents)
    [overall] = [one for one in view.results.blocks if one.heading.anchor == "results-all"]
    printed = {one.metric_id for one in _results(overall)}
    assert {
        "recall_pooled_over_classes/iou=0.5",
        "f1_mean_over_classes/iou=0.5",
        "class_agreement_of_matched",
    } <= printed
    [finding] = contents.findings.criteria
    assert (finding.metric_id, finding.verdict) == ("recall_pooled_over_classes/iou=0.5", "met")
    [matrix] = [one for one in overall.tables if "by class in reference" in one.caption]
    stated = {
        (one["reference_class"], one["predicted_class"]): one["objects"]
        for one in contents.confusion_rows
        if not one["subgroup"]
    }
    names = contents.protocol.class_names()
    assert [one.label for one in matrix.columns][1:-1] == [f"predicted {one}" for one in names]
    for label, line in zip((*names, "(false positive)"), matrix.rows, strict=True):
        for predicted, cell in zip((*names, "(missed)"), line.cells[1:], strict=True):
            nothing = "\u2013" if (label, predicted) == ("(false positive)", "(missed)") else "0"
            expected = stated.get((label, predicted), nothing)
            assert cell.lines == (expected,)
    assert stated["nucleus", "debris"] != "0"
    agreement = [one for one in view.results.blocks if one.heading.anchor == "agreement"]
    assert "count_bias_pooled_over_classes" in {one.metric_id for one in _results(agreement)}
    render_html(TEMPLATE, view)


def test_many_classes_have_a_list_of_confusions(contents_of: ContentsOf) -> None:
    contents = _several_classes(contents_of, tuple("abcdefgh"))
    view = report_view(contents)
    [overall] = [one for one in view.results.blocks if one.heading.anchor == "results-all"]
    [listed] = [one for one in overall.tables if "given another class" in one.caption]
    counts = [int(line.cells[2].lines[0]) for line in listed.rows]
    assert counts == sorted(counts, reverse=True)
    two = next(one for one in contents.metrics if one.id == "matched_pairs_of_two_classes")
    assert sum(counts) == two.value


def test_of_very_many_classes_those_with_a_criterion_are_told_in_full(
    contents_of: ContentsOf,
) -> None:
    names = tuple(f"class {one}" for one in range(1, MOST_IN_FULL + 2))
    contents = _several_classes(contents_of, names)
    judged = contents.protocol.criteria[0].model_copy(
        update={"id": "AC-02", "metric": "recall", "class_name": "class 3"}
    )
    plan = contents.protocol.model_copy(update={"criteria": (*contents.protocol.criteria, judged)})
    told = [
        report_view(dataclasses.replace(contents, protocol=some)).results.blocks
        for some in (contents.protocol, plan)
    ]
    anchors = [[one.heading.anchor for one in some] for some in told]
    assert [one for one in anchors[0] if one.startswith("results-class")] == []
    assert [one for one in anchors[1] if one.startswith("results-class")] == ["results-class-3"]
    [words] = told[0][0].words
    assert "Of 21 classes, none has tables of its own" in words
    assert "have tables of their own (1)" in told[1][0].words[0]
    [counts] = [one for one in told[1] if one.heading.anchor == "agreement"]
    assert [one.caption for one in counts.tables] == [
        "Agreement of counts: all classes",
        "Agreement of counts: class 3",
    ]
    assert counts.words[0].startswith("20\u00a0classes without an acceptance criterion have no")
    printed = {one.metric_id for one in _results(told[0][0])}
    assert {f"recall/class={name}/iou=0.5" for name in names} <= printed


def test_classes_stand_side_by_side_as_a_table_and_bars(contents_of: ContentsOf) -> None:
    contents = _several_classes(contents_of, tuple("abcdefgh"))
    [overall] = [
        one for one in report_view(contents).results.blocks if one.heading.anchor == "results-all"
    ]
    [table] = [one for one in overall.tables if one.caption == "Main figures by class"]
    assert [one.cells[0].lines[0] for one in table.rows] == list("abcdefgh")
    captions = [one.caption for one in overall.figures]
    assert captions[0].endswith(f"Numbers: {table.label}.".replace("Table ", "Table\u00a0"))
    assert captions[1].startswith("Objects by class in reference and prediction")
    assert "IoU\u00a00.5 solid, IoU\u00a00.75 dashed" in captions[2]
    assert captions[2].endswith("Numbers: evidence/curves.csv.")
    assert captions[3].startswith("Free-response curves by class")


def test_curves_name_average_precision_and_sensitivities_in_words(
    instance_contents: RecordContents,
) -> None:
    blocks = report_view(instance_contents).results.blocks
    [curves] = [
        one
        for block in blocks
        for one in block.figures
        if one.caption.startswith("Class nucleus. Left: precision against recall")
    ]
    by_id = {one.id: one for one in instance_contents.metrics}
    precision = by_id["average_precision_at/class=nucleus/iou=0.5"].value
    sensitivity = by_id["froc_sensitivity_8/class=nucleus/iou=0.5"].value
    assert f"average precision {precision:.3f} [" in curves.drawings[0]
    assert f"8: {sensitivity:.3f}" in curves.drawings[1]


def test_without_curves_there_is_no_figure_of_them(instance_contents: RecordContents) -> None:
    blocks = report_view(dataclasses.replace(instance_contents, curve_rows=())).results.blocks
    assert not any("recall, interp" in one.caption for block in blocks for one in block.figures)


def test_criteria_that_do_not_compare_have_an_axis_each(semantic_contents: RecordContents) -> None:
    view = report_view(semantic_contents)
    [figure] = view.results.criteria_figures
    [drawing] = figure.drawings
    families = {
        (one.unit, one.direction, definition(one.metric_id.split("/")[0]).better)
        for one in semantic_contents.findings.criteria
    }
    units = {formatting.unit_word(unit) or "ratio" for unit, *_ in families}
    labels = [one for unit in units for one in re.findall(f">{unit}</text>", drawing)]
    assert len(labels) == len(families) > 1


def test_every_figure_of_the_results_says_where_its_numbers_stand(view: ReportView) -> None:
    figures = [one for block in view.results.blocks for one in block.figures]
    figures += view.results.criteria_figures
    assert len(figures) > 4
    for one in figures:
        assert re.search(r"Numbers: .*(Table[\u00a0 ]\d|evidence/|run\.json)", one.caption)


def test_one_class_has_no_block_over_all_classes(instance_contents: RecordContents) -> None:
    anchors = {one.heading.anchor for one in report_view(instance_contents).results.blocks}
    assert "results-all" not in anchors


def test_the_summary_counts_what_it_has_no_room_for(contents_of: ContentsOf) -> None:
    base = contents_of(donors=2, fields=2).protocol
    first = base.criteria[0].model_dump()
    many = [{**first, "id": f"AC-{n:02d}", "bound": 0.99} for n in range(40)]
    view = report_view(contents_of(donors=6, fields=2, criteria=many))
    assert len(view.summary.criteria.rows) == MOST_OPEN_ROWS
    assert f"The first {MOST_OPEN_ROWS} of 40" in view.summary.criteria.notes[-1]
    criteria = [one for one in view.summary.failures if one.label.startswith("AC-")]
    [further] = [one for one in view.summary.failures if one.label == "Further"]
    assert f"{40 - len(criteria)}\u00a0more criteria" in further.words
    assert further.anchor in {one.anchor for one in view.headings}
    assert "and 32 more" in view.summary.verdict_sentence


def test_the_summary_says_which_run_it_is(instance_contents: RecordContents) -> None:
    openings = Openings(
        trail_id="a" * 16, head_sequence=4, head_digest=digest(b""), number=1, openings=()
    )
    contents = dataclasses.replace(instance_contents, openings=openings)
    [run] = [one for one in report_view(contents).summary.facts if one.label == "Run"]
    assert "Run 1 of 0 on this test set." in run.paragraphs[0]


@pytest.mark.parametrize(("count", "bound"), [(6, 0.99999), (8, 0.99999), (10, 0.1), (40, 0.99999)])
def test_the_summary_is_one_page_whatever_the_protocol_holds(
    count: int, bound: float, contents_of: ContentsOf
) -> None:
    base = contents_of(donors=2, fields=2).protocol
    first = base.criteria[0].model_dump()
    criteria = [{**first, "id": f"AC-{n:02d}", "bound": bound} for n in range(count)]
    contents = contents_of(donors=6, fields=2, criteria=criteria)
    document = contents.protocol.document.model_copy(update={"page_size": "Letter"})
    test_set = contents.protocol.test_set.model_copy(update={"simulated": True})
    protocol = contents.protocol.model_copy(
        update={"document": document, "test_set": test_set, "limits": "No limit is known. " * 400}
    )
    html = render_html(TEMPLATE, report_view(dataclasses.replace(contents, protocol=protocol)))
    start, end = html.index('<nav class="toc'), html.index("</main>")
    only_front = f'{html[:start]}<p id="after">After the summary</p>{html[end:]}'
    pages = _pages(only_front)
    assert "Decision summary" in pages[1]
    assert "After the summary" in pages[2]


def _pages(html: str) -> list[str]:
    plain = re.sub(r'href="#[^"]*"|data-signature-field="[^"]*"', "", html)
    pdf = render_pdf(
        plain,
        images={},
        attachments=(),
        created=datetime(2026, 3, 2, tzinfo=UTC),
        identifier=b"summary",
    )
    with pypdfium2.PdfDocument(pdf) as document:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def test_no_metric_claims_truth_where_the_reference_is_no_standard() -> None:
    words = Words("non_reference_standard")
    names = [words.metric(one) for one in CATALOGUE]
    truth = ("sensitivity", "specificity", "accuracy", "predictive value", "pixel recall")
    assert not [name for name in names if any(one in name.lower() for one in truth)]
    assert Words("reference_standard").metric(definition("pixel_recall")) == "Pixel recall"


def test_cases_of_twenty_classes_are_printed_in_tables_that_fit(contents_of: ContentsOf) -> None:
    classes = [
        {"name": f"tissue {number}", "description": "Some tissue", "value": number}
        for number in range(1, 21)
    ]
    contents = contents_of("semantic", donors=2, fields=2, failed=())
    plan = contents.protocol.model_copy(
        update={"classes": tuple(SegmentedClass.model_validate(one) for one in classes)}
    )
    rows = tuple(
        {**line, **{f"dice/class=tissue {number}": "0.5" for number in range(1, 21)}}
        for line in contents.case_rows
    )
    tables = case_tables(dataclasses.replace(contents, protocol=plan, case_rows=rows), Numbering())
    assert all(len(one.columns) <= 15 for one in tables)
    labels = [column.label for one in tables for column in one.columns]
    assert sum(label.startswith("Dice tissue") for label in labels) == 20
    assert [bool(one.rows[0].anchor) for one in tables] == [True] + [False] * (len(tables) - 1)


def test_of_many_criteria_on_a_risk_those_that_are_not_met_come_first(
    contents_of: ContentsOf,
) -> None:
    base = contents_of(donors=2, fields=2).protocol
    first = base.criteria[0].model_dump(by_alias=True)
    many = [{**first, "id": f"AC-{n:02d}", "bound": 0.99999 if n == 7 else 0.01} for n in range(12)]
    for criteria, count in ((many, 2), (many[:8], 8)):
        view = report_view(contents_of(donors=6, fields=2, criteria=criteria))
        assert view.hazards.table is not None
        listed = view.hazards.table.rows[0].cells[4]
        assert isinstance(listed, Text)
        assert len(listed.lines) == count
    assert listed.lines[7] == "AC-07: \u00d7\u00a0not met"


def test_the_label_of_a_criterion_in_a_figure_keeps_what_tells_it_apart(
    contents_of: ContentsOf,
) -> None:
    base = contents_of(donors=2, fields=2).protocol
    first = base.criteria[0].model_dump(by_alias=True)
    named = {**first, "metric": "segmentation_quality", "bound": 0.1, "subgroup": {"site": "B"}}
    view = report_view(contents_of(donors=6, fields=2, criteria=[named]))
    assert "\u2026 nucleus, IoU\u00a00.5, site\u00a0B<" in str(
        view.results.criteria_figures[0].drawings[0]
    )
