"""Title page and contents stay on their pages, whatever names and headings there are."""

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
