"""The decision is one page, whatever names and however many criteria a protocol has."""

import dataclasses
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TypeVar

import pypdfium2
import pytest

from validation.record import Record
from validation.report.contents import RecordContents
from validation.report.render import fitted, render_html, render_pdf
from validation.report.view.addresses import Addresses
from validation.report.view.criteria import criteria_views
from validation.report.view.elements import Link, Numbering
from validation.report.view.summary import MOST_OPEN_ROWS, SummaryView, summary
from validation.report.view.wording import Words

ContentsOf = Callable[..., RecordContents]
R = TypeVar("R", bound=Record)

WORDS = "Maximiliana Konstantina von Hohenlohe-Waldenburg-Schillingsf"
ONE_WORD = "Phosphatidylethanolaminmethyltransferaseinhibitorbestimmung-"
CAPITALS = "WMW" * 20
IDEOGRAPHS = "\u86cd\u5149\u753b\u50cf" * 15
HEAD = (
    '<html lang="en"><head><title>t</title><link rel="stylesheet" href="styles/report.css">'
    '</head><body class="{}"><main>'
)
SURE, HOPELESS = 0.01, 0.99999
"""Bounds that every figure meets, and that none does."""


def named(record: R, name: str) -> R:
    """Return a part of a record whose class and sites have another name."""
    text = record.model_dump_json(by_alias=True)
    if name.isascii():  # as names of classes are
        text = text.replace("nucleus", name)
    for site in "AB":
        text = text.replace(f"site={site}", f"site={name[1:]}{site}")
        text = text.replace(f'"site":"{site}"', f'"site":"{name[1:]}{site}"')
    return type(record).model_validate_json(text)


def study(contents_of: ContentsOf, bounds: Sequence[float], name: str, size: str) -> RecordContents:
    """Return a record with a criterion for each bound, and one name for whatever has a name."""
    base = contents_of(donors=2, fields=2).protocol
    first = base.criteria[0].model_dump(by_alias=True)
    identifier = name if name.isascii() and " " not in name else "AC"
    criteria = [
        {**first, "id": f"{identifier[:57].rstrip('-')}-{place:02d}", "bound": bound}
        for place, bound in enumerate(bounds, 1)
    ]
    found = contents_of(donors=6, fields=2, criteria=criteria, limits="No limit. " * 400)
    plan = named(found.protocol, name)
    return dataclasses.replace(
        found,
        protocol=plan.model_copy(
            update={
                "document": plan.document.model_copy(update={"page_size": size}),
                "device": plan.device.model_copy(update={"name": name, "version": name}),
                "test_set": plan.test_set.model_copy(update={"simulated": True}),
            }
        ),
        run=found.run.model_copy(
            update={"operator": name, "model_name": name, "model_version": name}
        ),
        metrics=tuple(named(one, name) for one in found.metrics),
        findings=named(found.findings, name),
    )


def summary_of(contents: RecordContents) -> SummaryView:
    addresses = Addresses(contents)
    views = criteria_views(contents, addresses, Words("reference_standard"))
    return summary(contents, addresses, Numbering(), views)


def page_count(view: SummaryView, size: str) -> int:
    """Return the number of pages of a summary, and of a line that stands after it."""
    html = render_html("report/summary.html.jinja", SimpleNamespace(summary=view))
    whole = f"{HEAD.format(size)}{html}<p>After</p></main></body></html>"
    pdf = render_pdf(
        re.sub(r' href="#[^"]*"', "", fitted(whole, {})),
        images={},
        attachments=(),
        created=datetime(2026, 3, 2, tzinfo=UTC),
        identifier=b"summary",
    )
    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


@pytest.mark.parametrize("size", ["A4", "Letter"])
@pytest.mark.parametrize("name", [WORDS, ONE_WORD, CAPITALS, IDEOGRAPHS])
@pytest.mark.parametrize("bounds", [[HOPELESS] * 40, [HOPELESS] * 4 + [SURE] * 4, [SURE] * 9])
def test_names_of_sixty_characters_leave_the_decision_on_one_page(
    bounds: list[float], name: str, size: str, contents_of: ContentsOf
) -> None:
    view = summary_of(study(contents_of, bounds, name, size))
    assert page_count(view, size) == 2
    assert view.criteria.rows


def test_what_is_not_met_comes_first_and_the_rest_is_counted(contents_of: ContentsOf) -> None:
    bounds = [SURE] * 36 + [HOPELESS] * 4
    view = summary_of(study(contents_of, bounds, CAPITALS, "Letter"))
    ids = [one.cells[0].text for one in view.criteria.rows if isinstance(one.cells[0], Link)]
    assert ids == [f"{CAPITALS[:57]}-{place}" for place in range(37, 41)][: len(ids)]
    assert 1 <= len(ids) <= 4
    assert "36 of 40 criteria are met" in view.criteria.notes[-1]


def test_short_names_leave_room_for_every_statement(contents_of: ContentsOf) -> None:
    view = summary_of(study(contents_of, [HOPELESS] * 40, "nucleus", "A4"))
    assert len(view.criteria.rows) == MOST_OPEN_ROWS
    assert [one.label for one in view.failures[:4]] == [
        *(f"nucleus-0{n}" for n in (1, 2, 3)),
        "Further",
    ]


def test_of_many_criteria_that_are_all_met_the_first_are_listed(contents_of: ContentsOf) -> None:
    view = summary_of(study(contents_of, [SURE] * 40, "nucleus", "A4"))
    assert len(view.criteria.rows) == MOST_OPEN_ROWS
    assert "The first 5 of 40 criteria; all are met" in view.criteria.notes[-1]
    assert "not met" not in view.criteria.caption
