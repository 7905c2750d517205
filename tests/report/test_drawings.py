"""Drawings are laid out as pictures: they look the same, and keep their alternative text."""

import io
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pypdfium2
import pytest

from validation.report.figures.canvas import lettering, line, svg
from validation.report.render import render_pdf
from validation.report.render.drawings import as_pictures
from validation.report.render.plain_paths import drawing_plain_paths

ALT = 'Bars of "two" classes & <more>: 0.5'
DRAWING = svg(
    80,
    30,
    ALT,
    [
        line(0, 20, 80, 20, "#000000", 1),
        lettering(40, 12, "nucleus", anchor="middle"),
        '<path d="M5 5l9-4v12.5h-6zm.5 20l8 2M60 8H75V25.25z" fill="none" stroke="#b00000"/>',
    ],
)
OTHER = (
    '<svg viewBox="0 0 10 10" width="40" height="20"><title>Logo</title>'
    '<rect width="9" height="9"/></svg>'
)


def _pdf(body: str) -> bytes:
    return render_pdf(
        f'<!doctype html><html lang="en"><title>T</title><body><p>{body}</p></body></html>',
        images={},
        attachments=(),
        created=datetime(2026, 3, 1, tzinfo=UTC),
        identifier=b"number",
        universal_access=True,
    )


def _alternatives(content: bytes) -> list[str]:
    def figures(element: Any) -> list[str]:
        kids = element.get("/K", [])
        kids = list(kids) if isinstance(kids, pikepdf.Array) else [kids]
        own = [str(element.Alt)] if element.get("/S") == "/Figure" else []
        below = [figures(kid) for kid in kids if isinstance(kid, pikepdf.Dictionary)]
        return own + [one for part in below for one in part]

    with pikepdf.open(io.BytesIO(content)) as document:
        return figures(document.Root.StructTreeRoot)


def test_the_title_is_the_alternative_text() -> None:
    assert _alternatives(_pdf(DRAWING)) == [ALT]


def test_the_text_of_a_drawing_is_text() -> None:
    page = pypdfium2.PdfDocument(_pdf(DRAWING))[0]
    assert "nucleus" in page.get_textpage().get_text_range()


def test_another_svg_stays_where_it_is_and_both_are_drawn() -> None:
    html, pictures = as_pictures(f"{OTHER}{DRAWING}{OTHER}")
    assert html.count("<svg") == 2
    assert len(pictures) == 1
    assert _alternatives(_pdf(f"{OTHER}{DRAWING}")) == ["Logo", ALT]


def test_a_drawing_looks_as_it_does_inside_of_the_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def seen() -> bytes:
        image = pypdfium2.PdfDocument(_pdf(f"before {DRAWING} after"))[0].render(scale=3)
        return image.to_numpy().tobytes()

    as_picture = seen()
    monkeypatch.setattr("validation.report.render.pdf.as_pictures", lambda html: (html, {}))
    monkeypatch.setattr("validation.report.render.pdf.quickened", lambda _: nullcontext())
    assert as_picture == seen()


@pytest.mark.parametrize(
    "path",
    ["M1 1c2 2 3 3 4 4", "M0 0a1.9 1.9 0 1 0 3.8 0z", "M1,1L2,2", "M1e1 2L3 4", "L1 1", ""],
)
def test_other_paths_are_left_to_the_general_reader(path: str) -> None:
    left: list[str] = []
    draw = drawing_plain_paths(lambda _, node, __: left.append(node["d"]))
    draw(None, _Node(d=path), 12)
    assert left == [path]


class _Node(dict[str, str]):
    """A node with attributes, as the layout library has them."""

    @property
    def attrib(self) -> dict[str, str]:
        return self
