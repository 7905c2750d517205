"""How a PDF lies in its file: no page leads to what it does not show, lists are short."""

import io
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pytest

from validation.report.pdf_writing import rewritten
from validation.report.render import render_pdf

IDENTIFIER = b"number".hex().encode()
BODY = "".join(
    f'<p style="break-after: page; font-family: {family}">{"words " * 200}</p>'
    for family in ("IBM Plex Sans", "IBM Plex Serif", "IBM Plex Mono")
)


@pytest.fixture(scope="module")
def content() -> bytes:
    return render_pdf(
        f'<!doctype html><html lang="en"><title>T</title><body>{BODY * 5}</body></html>',
        images={},
        attachments=(),
        created=datetime(2026, 3, 1, tzinfo=UTC),
        identifier=b"number",
        universal_access=True,
    )


def opened(content: bytes) -> Any:
    return pikepdf.open(io.BytesIO(content))


def test_a_page_names_only_the_fonts_that_it_shows(content: bytes) -> None:
    for page in opened(content).pages:
        shown = {
            str(one.operands[0])
            for one in pikepdf.parse_content_stream(page)
            if str(one.operator) == "Tf"
        }
        assert set(page.Resources.get("/Font", {}).keys()) == shown


def test_a_list_of_objects_is_short(content: bytes) -> None:
    streams = [
        one
        for one in opened(content).objects
        if isinstance(one, pikepdf.Stream) and one.get("/Type") == "/ObjStm"
    ]
    assert all(int(one.N) <= 100 for one in streams)


def test_writing_again_changes_nothing_that_is_shown(content: bytes) -> None:
    again = rewritten(content, IDENTIFIER)
    assert again == rewritten(content, IDENTIFIER)
    for before, after in zip(opened(content).pages, opened(again).pages, strict=True):
        assert before.Contents.read_bytes() == after.Contents.read_bytes()
    assert bytes(opened(again).trailer.ID[0]) == IDENTIFIER
