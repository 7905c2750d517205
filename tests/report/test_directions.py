"""Names from right to left: nothing beside them is reordered, and all of it is checked."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from validation import verify
from validation.attest.expected_text import expected_text
from validation.attest.page_comparison import differences
from validation.attest.page_text import page_texts
from validation.report.render import render_html, render_pdf, uncovered_characters
from validation.report.render.directions import isolated

ARABIC = "\u0634\u0631\u0643\u0629 \u0627\u0644\u0635\u0648\u0631"
HEBREW = "\u05de\u05e2\u05d1\u05d3\u05d4"
FRAME = '<div class="running-document">VR-1</div><div class="running-imprint">{}</div>'
MARGINS = """<style>
.running-document { position: running(document) } .running-imprint { position: running(imprint) }
@page { size: A5; @top-left { content: element(document) }
  @bottom-left { content: element(imprint); width: 70% }
  @bottom-right { content: "Page " counter(page) " of " counter(pages); width: 30% } }
</style>"""


def page(body: str, imprint: str = "Example") -> str:
    head = f"<title>t</title>{MARGINS}"
    return f'<html lang="en"><head>{head}</head><body>{FRAME.format(imprint)}{body}</body></html>'


def pdf_of(html: str) -> bytes:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    return render_pdf(html, images={}, attachments=(), created=moment, identifier=b"1")


def found_in(printed: str, expected: str) -> list[str]:
    """Return what `verify` says of a document that was printed for another one."""
    pages = page_texts(pdf_of(printed))
    return [str(one) for one in differences(pages, expected_text(expected))]


def row(*cells: str) -> str:
    return f"<table><tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr></table>"


def test_a_value_ends_what_it_begins() -> None:
    assert isolated(f"{HEBREW} 12") == f"\u2068{HEBREW} 12\u2069"
    assert isolated("\u202bx") == "\u2068\u202bx\u2069"
    assert isolated("\u2069\u2069x") == "\u2068x\u2069"
    assert isolated("Łukasz 核 12") == "Łukasz 核 12"


def test_values_are_isolated_in_text_and_not_in_attributes() -> None:
    template = '<title>{{ view }}</title><p title="{{ view }}">{{ view }} 12</p>'
    html = render_html("t.html.jinja", HEBREW, company={"t.html.jinja": template.encode()})
    assert html == f'<title>{HEBREW}</title><p title="{HEBREW}">\u2068{HEBREW}\u2069 12</p>'


@pytest.mark.parametrize("override", ["\u202d", "\u202e"])
def test_a_character_that_turns_a_name_around_is_spelt_out(override: str) -> None:
    assert uncovered_characters(f"annex{override}fdp.exe") == (override,)


def test_an_imprint_with_a_name_from_right_to_left_holds() -> None:
    html = page("<p>Met</p>", f"\u2068{ARABIC}\u2069 · 29 November 2026 · record R-1")
    assert found_in(html, html) == []


@pytest.mark.parametrize("name", [ARABIC, HEBREW, f"{ARABIC} (REQ-01, 12 %)"])
def test_a_row_with_a_name_from_right_to_left_holds(name: str) -> None:
    html = page(row("RISK-01", f"\u2068{name}\u2069", "AC-02", "0.912"))
    assert found_in(html, html) == []


@pytest.mark.parametrize("name", [ARABIC, HEBREW])
def test_a_figure_beside_a_name_from_right_to_left_cannot_be_changed(name: str) -> None:
    ours = page(row("RISK-01", f"\u2068{name}\u2069", "AC-02", "0.912"))
    for other in ("0.921", "0.812", "0.9"):
        assert found_in(ours.replace("0.912", other), ours)
    assert found_in(ours.replace("RISK-01", "RISK-10"), ours)


def test_a_digit_within_a_text_from_right_to_left_cannot_be_changed() -> None:
    ours = page(f"<p>\u2068{ARABIC} 12 {ARABIC}\u2069</p>")
    assert found_in(ours.replace("12", "13"), ours)


def test_a_record_in_other_scripts_holds(scripts_record: Path) -> None:
    assert verify(scripts_record).outcome == "held"
    html = (scripts_record / "report.html").read_text("utf-8")
    assert not re.search(r"\[U\+[0-9A-F]+\]", html), "a name is spelt out"
