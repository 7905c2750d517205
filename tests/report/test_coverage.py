"""The items of standards and guidance: every section and field that is named is there."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from validation.plan.completeness import is_provided
from validation.plan.protocol import Protocol
from validation.record import Record
from validation.report.contents import ProtocolContents, RecordContents
from validation.report.coverage import coverage
from validation.report.protocol_document import TEMPLATE as PROTOCOL_TEMPLATE
from validation.report.render import render_html
from validation.report.report import TEMPLATE
from validation.report.view import report_view
from validation.report.view.elements import Links, Table, Text
from validation.report.view.protocol import protocol_view
from validation.study.opening import read_protocol

WORKED = sorted((Path(__file__).resolve().parents[2] / "protocols").glob("*/protocol.yaml"))


def _with_coverage(contents: RecordContents) -> RecordContents:
    report = contents.protocol.report.model_copy(update={"coverage": True})
    protocol = contents.protocol.model_copy(update={"report": report})
    return dataclasses.replace(contents, protocol=protocol)


def test_every_section_that_is_named_is_in_the_report_or_the_protocol(
    instance_contents: RecordContents, protocol_html: str
) -> None:
    html = render_html(TEMPLATE, report_view(instance_contents))
    there = set(re.findall(r'id="([^"]+)"', html + protocol_html))
    named = {anchor for one in coverage().items for anchor in (*one.sections, *one.otherwise)}
    assert named <= there
    assert "criteria" in set(re.findall(r'id="([^"]+)"', protocol_html))


@pytest.fixture
def protocol_html(instance_contents: RecordContents) -> str:
    return render_html(PROTOCOL_TEMPLATE, protocol_view(_planned(instance_contents)))


def _planned(contents: RecordContents) -> ProtocolContents:
    of_record = {field.name for field in dataclasses.fields(ProtocolContents)}
    values = {name: getattr(contents, name, None) for name in of_record}
    return ProtocolContents(**{**values, "openings": (), "trail_id": ""})


@pytest.mark.parametrize("path", WORKED, ids=lambda path: path.parent.name)
def test_every_field_that_is_named_is_a_field_of_the_protocol(path: Path) -> None:
    protocol = read_protocol(path).protocol
    for one in coverage().items:
        for field in (*one.fields, *one.also):
            is_provided(protocol, field)  # AttributeError where there is none


def test_every_field_that_may_be_left_out_for_documents_is_asked_for_once() -> None:
    asked = [field for one in coverage().items for field in one.fields]
    assert len(asked) == len(set(asked))
    prose = {name for name in _optional_prose(Protocol) if not name.startswith(_ASKED_ELSEWHERE)}
    assert prose <= set(asked)


_ASKED_ELSEWHERE = (
    "test_set.training_data.",
    "test_set.exclusions.",
    "method.choice.",
    "comparison.",
)


def _optional_prose(record: type[BaseModel], above: str = "") -> Iterator[str]:
    """Yield the fields of text that a protocol need not have."""
    for name, field in record.model_fields.items():
        kinds = [field.annotation, *get_args(field.annotation)]
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, Record):
                yield from _optional_prose(kind, f"{above}{name}.")
        is_optional = field.default is None and not field.is_required()
        if is_optional and str in kinds:
            limits = [one for one in field.metadata if getattr(one, "max_length", 0)]
            yield from [f"{above}{name}"] if _is_prose(field, limits) else []


def _is_prose(field: Any, limits: list[Any]) -> bool:
    lengths = [one.max_length for one in limits]
    inner = [
        getattr(one, "max_length", 0)
        for kind in get_args(field.annotation)
        for one in getattr(kind, "__metadata__", ())
    ]
    return 20_000 in [*lengths, *inner]


def test_every_source_is_known_and_used() -> None:
    used = {key for one in coverage().items for key in one.by}
    assert used == set(coverage().sources)
    assert all(clause.strip() for one in coverage().items for clause in one.by.values())


def test_the_appendix_links_every_item_to_its_sections(instance_contents: RecordContents) -> None:
    assert report_view(instance_contents).coverage is None
    view = report_view(_with_coverage(instance_contents))
    assert view.coverage is not None
    assert len(view.coverage.items.rows) == len(coverage().items)
    anchors = {one.anchor for one in view.headings}
    for row in view.coverage.items.rows:
        links = row.cells[2]
        assert isinstance(links, Links)
        assert {one.anchor for one in links.links} <= anchors
    html = render_html(TEMPLATE, view)
    assert 'id="coverage"' in html


def _sections(table: Table, item: str) -> list[str]:
    [links] = [
        row.cells[2]
        for row in table.rows
        if isinstance(row.cells[0], Text) and row.cells[0].lines == (item,)
    ]
    assert isinstance(links, Links)
    return [one.anchor for one in links.links]


def test_actions_are_looked_for_where_the_document_has_them(
    instance_contents: RecordContents,
) -> None:
    asked = "Conclusion and necessary actions"
    report = report_view(_with_coverage(instance_contents)).coverage
    protocol = protocol_view(_planned(_with_coverage(instance_contents))).coverage
    assert report is not None
    assert protocol is not None
    assert _sections(report.items, asked) == ["conclusion"]
    assert _sections(protocol.items, asked) == ["execution"]


def test_the_appendix_says_what_the_protocol_does_not_provide(
    instance_contents: RecordContents,
) -> None:
    view = report_view(_with_coverage(instance_contents))
    assert view.coverage is not None
    said = {
        row.cells[0].lines[0]: row.cells[3].lines[0]
        for row in view.coverage.items.rows
        if isinstance(row.cells[0], Text) and isinstance(row.cells[3], Text)
    }
    assert said["De-identification"] == "not provided: de-identification"
    assert said["Limits of the evidence"] == "yes"


def test_what_is_not_provided_is_printed_as_such(instance_contents: RecordContents) -> None:
    html = render_html(TEMPLATE, report_view(instance_contents))
    for label in ("Population", "Sampling", "De-identification", "Robustness", "Testers"):
        assert re.search(
            rf'<th scope="row">{label}</th>\s*<td><p class="missing">not provided</p></td>', html
        ), label
