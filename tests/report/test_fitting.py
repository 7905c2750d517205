"""Pages are filled with care: parts stay on their pages, and no row stands alone on one."""

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pypdfium2
import pytest

from validation.plan.protocol import Signatory
from validation.report.contents import RecordContents
from validation.report.render import fitted, render_pdf
from validation.report.report import report_html

ContentsOf = Callable[..., RecordContents]

NAME = "Maximiliana Konstantina von Hohenlohe-Waldenburg-Schillingsf"
WORD = "Phosphatidylethanolaminmethyltransferaseinhibitorbestimmung-"
TITLE = "Counting and measuring nuclei of cultured cells in images of fluorescence microscopy, " * 3
HEAD = (
    '<html lang="en"><head><title>t</title><link rel="stylesheet" href="styles/report.css">'
    '</head><body class="{}">'
)


def pages(html: str) -> list[str]:
    """Return the text of each page of a document without links and fields."""
    plain = re.sub(r' data-signature-field="[^"]*"', "", html)
    pdf = render_pdf(
        plain,
        images={},
        attachments=(),
        created=datetime(2026, 3, 2, tzinfo=UTC),
        identifier=b"pages",
    )
    with pypdfium2.PdfDocument(pdf) as document:
        return [squeezed(one.get_textpage().get_text_range()) for one in document]


def squeezed(text: str) -> str:
    """Return the letters and digits of a text: where lines end, readers change hyphens."""
    return re.sub(r"\W", "", text)


def class_of(html: str, name: str) -> str:
    found = re.search(rf'class="({name}[^"]*)"', html)
    assert found is not None
    return found[1]


def nav(count: int) -> str:
    lines = [
        f'<p class="toc-3"><span class="number">11.{n}</span><a href="#end">Class {n}</a></p>'
        for n in range(count)
    ]
    return (
        f'<nav class="toc"><p class="toc-title">Contents</p>{"".join(lines)}</nav>'
        '<p id="end">End</p></body></html>'
    )


def title_page(contents: RecordContents, size: str, count: int, name: str, title: str) -> str:
    """Return title page and a page after it, of a report with such names."""
    plan = contents.protocol
    document = plan.document.model_copy(update={"page_size": size, "title": title})
    signatories = tuple(
        Signatory(role=f"role-{n}", title=name, meaning=name, name=f"{name[:58]}{n}")
        for n in range(count)
    )
    changed = plan.model_copy(update={"document": document, "signatories": signatories})
    html = report_html(dataclasses.replace(contents, protocol=changed))
    return f"{html[: html.index('<main>')]}<p>After</p></body></html>"


@pytest.fixture(scope="module")
def study(contents_of: ContentsOf) -> RecordContents:
    return contents_of(donors=2, fields=2, objects=6, failed=())


@pytest.mark.parametrize("size", ["A4", "Letter"])
@pytest.mark.parametrize("name", [NAME, WORD])
def test_long_titles_and_names_stay_on_the_title_page(
    size: str, name: str, study: RecordContents
) -> None:
    html = title_page(study, size, 3, name, TITLE[:200])
    assert len(pages(html)) == 3
    first, after = pages(fitted(html, {}))
    assert all(squeezed(f"{name[:58]}{n}") in first for n in range(3))
    assert "After" in after


def test_a_title_page_that_fits_is_left_in_its_largest_size(study: RecordContents) -> None:
    html = title_page(study, "A4", 2, "Dr. Maria Lee", "Counting nuclei")
    assert fitted(html, {}) == html


@pytest.mark.parametrize(
    ("size", "count", "expected"),
    [("A4", 30, "toc"), ("Letter", 52, "toc close"), ("A4", 110, "toc close tight")],
)
def test_contents_are_one_page_in_the_largest_size_in_which_they_are(
    size: str, count: int, expected: str
) -> None:
    html = fitted(HEAD.format(size) + nav(count), {})
    assert class_of(html, "toc") == expected
    contents, _ = pages(html)
    assert all(f"Class{n}" in contents for n in range(count))


def test_contents_below_a_title_share_its_page() -> None:
    cover = (
        f'<header class="cover with-contents"><h1>{TITLE}</h1>'
        f'<p class="subtitle">{WORD}</p></header><main>'
    )
    html = HEAD.format("Letter") + cover + nav(40)
    assert "Class39" not in pages(html)[0]
    first, _ = pages(fitted(html, {}))
    assert "Class39" in first


def test_what_a_company_arranged_in_another_way_is_left_alone() -> None:
    html = HEAD.format("A4") + f"<div><h1>{TITLE * 30}</h1></div></body></html>"
    assert fitted(html, {}) == html
    assert fitted("no document", {}) == "no document"


def rows(css_class: str, count: int) -> str:
    lines = "".join(f"<tr><th scope='row'>Row{n}</th><td>Text</td></tr>" for n in range(count))
    head = "<thead><tr><th scope='col'>Head</th><th scope='col'>Text</th></tr></thead>"
    return (
        f'<table class="{css_class}">{head if css_class == "data" else ""}'
        f"<tbody>{lines}</tbody></table>"
    )


def filled(css_class: str, count: int, rest: str = "") -> list[str]:
    """Return pages of a table, and of what stands after it."""
    return pages(f"{HEAD.format('A4')}{rows(css_class, count)}{rest}</body></html>")


@pytest.mark.parametrize("css_class", ["data", "items"])
def test_the_last_row_of_a_table_never_stands_alone_on_a_page(css_class: str) -> None:
    fits = max(n for n in range(28, 60) if len(filled(css_class, n)) == 1)
    first, second = filled(css_class, fits + 1)
    assert f"Row{fits - 1}" not in first
    assert f"Row{fits - 1}" in second
    assert f"Row{fits}Text" in second
    assert second.startswith("Head") == (css_class == "data")


def test_a_list_never_begins_with_one_row_at_the_foot_of_a_page() -> None:
    def begun(height: int) -> list[str]:
        gap = f'<div style="height: {height}mm"></div>'
        return pages(f"{HEAD.format('A4')}{gap}{rows('items', 6)}</body></html>")

    assert all("Row0" not in one or "Row1" in one for h in range(205, 240, 4) for one in begun(h))


def test_a_list_of_one_row_does_not_take_what_follows_to_its_page() -> None:
    gap = '<div style="height: 205mm"></div>'
    after = '<h3>After</h3><div style="height: 30mm"></div>'
    first, second = pages(f"{HEAD.format('A4')}{gap}{rows('items', 1)}{after}</body></html>")
    assert "Row0" in first
    assert "After" in second


def test_a_heading_begins_at_the_top_of_a_page_on_every_paper() -> None:
    tops = []
    for size, height in (("A4", 239), ("Letter", 225)):
        gap = f'<div style="height: {height - 4}mm"></div>'
        html = f"{HEAD.format(size)}{gap}<h2>Heading</h2><p>Text</p></body></html>"
        pdf = render_pdf(
            html,
            images={},
            attachments=(),
            created=datetime(2026, 3, 2, tzinfo=UTC),
            identifier=b"heading",
        )
        with pypdfium2.PdfDocument(pdf) as document:
            page = document[1]
            top = page.get_textpage().get_charbox(0)[3]
            tops.append(page.get_height() - top - {"A4": 31, "Letter": 29}[size] * 72 / 25.4)
    assert tops[0] == pytest.approx(tops[1], abs=0.5)
