"""The twin of a report in HTML: one file that opens without a network and asks for nothing.

It is the document that is laid out as PDF, with style sheets, pictures, fonts and the script of
its tables inside. A policy in its head lets a browser load nothing else and run no other script.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache

from validation.errors import RenderError
from validation.report.render import template_folder

_STYLE_SHEET = '<link rel="stylesheet" href="styles/report.css">'
_CHARSET = '<meta charset="utf-8">'
_PICTURE = re.compile(r'\b(src|href)="(overlays/[^"]*)"')
_TABLE = re.compile(r'<table class="data\b.*?</table>', re.DOTALL)
_FACE = re.compile(r"@font-face \{[^}]*?\.\./fonts/([\w-]+\.woff)[^}]*\}", re.DOTALL)
_FACES = (
    "IBMPlexMono-Regular.woff",
    "IBMPlexSans-Regular.woff",
    "IBMPlexSans-SemiBold.woff",
    "IBMPlexSansCondensed-Regular.woff",
    "IBMPlexSansCondensed-SemiBold.woff",
    "IBMPlexSerif-Medium.woff",
    "IBMPlexSerif-SemiBold.woff",
)
"""Fonts that are inside; letters that they lack are printed in a font of the reader's machine."""


def self_contained(html: str, pictures: Mapping[str, bytes]) -> str:
    """Return a document as one file that needs nothing else.

    Args:
        html: The document, as it is laid out for print.
        pictures: PNG files by the name under which the document shows them.

    Raises:
        RenderError: The document has no ``<head>`` or ``<body>``, or a template is missing.
    """
    script = _text("scripts/tables.js")
    html = html.replace(_STYLE_SHEET, f"<style>\n{_styles()}</style>")
    html = _PICTURE.sub(
        lambda found: f'{found[1]}="{_data_url(pictures[found[2]], "image/png")}"', html
    )
    html = _TABLE.sub(lambda found: f'<div class="scroll">{found[0]}</div>', html)
    html = _after_first("<head>", html.replace(_CHARSET, "", 1), _head(script))
    return _before_last("</body>", html, f"<script>{script}</script>\n")


def _head(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return (
        f"\n{_CHARSET}"
        f'\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '\n<meta name="viewport" content="width=device-width, initial-scale=1">'
    )


@lru_cache(maxsize=1)
def _styles() -> str:
    fonts = template_folder() / "fonts"
    faces = [one for one in _FACE.finditer(_text("styles/fonts.css")) if one[1] in _FACES]
    embedded = "\n".join(
        one[0].replace(f"../fonts/{one[1]}", _data_url((fonts / one[1]).read_bytes(), "font/woff"))
        for one in faces
    )
    return f"{embedded}\n{_text('styles/report.css')}{_text('styles/twin.css')}"


def _text(name: str) -> str:
    try:
        return (template_folder() / name).read_text(encoding="utf-8")
    except OSError as error:
        raise RenderError(f"there is no template {name}", where=str(template_folder())) from error


def _data_url(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _after_first(tag: str, html: str, addition: str) -> str:
    before, found, after = html.partition(tag)
    _require(found, tag)
    return f"{before}{tag}{addition}{after}"


def _before_last(tag: str, html: str, addition: str) -> str:
    before, found, after = html.rpartition(tag)
    _require(found, tag)
    return f"{before}{addition}{tag}{after}"


def _require(found: str, tag: str) -> None:
    if not found:
        raise RenderError(f"the template of the report has no {tag}", where="report.html.jinja")
