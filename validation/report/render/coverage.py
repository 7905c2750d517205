"""Which characters the fonts at hand can print, and what is printed in place of the others."""

import importlib
import io
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from validation.report.render.directions import OVERRIDES
from validation.report.render.templates import template_folder

_FONT_SUFFIXES = (".otf", ".ttf", ".woff", ".woff2")
PACKED_FONTS = (".woff", ".woff2")


def uncovered_characters(html: str) -> tuple[str, ...]:
    """Return the characters of a document's text that no bundled font can print, sorted.

    Such a character would become an empty box, and the PDF would not be PDF/A. Those that turn
    letters around are among them, so that nobody reads another name than the one that is there.

    Args:
        html: The document, or any text.

    >>> uncovered_characters("<p>✓ ✗ ≥ µ Ж</p>")
    ()
    >>> uncovered_characters("<p>\U00013000\U00013001</p>")
    ('\U00013000', '\U00013001')
    """
    fonts = _font_files(template_folder())
    found = {c for c in set(unescape(html)) if _unprintable(c, fonts)}
    # Few documents have any; then it takes longer to tell text from addresses and styles.
    return tuple(sorted(found.intersection(_text_of(html)))) if found else ()


def spell_out_uncovered(html: str) -> str:
    """Return the document with each character that no font can print as its code point.

    >>> spell_out_uncovered("<p>Dr \U00013000</p>")
    '<p>Dr [U+13000]</p>'
    """
    missing = uncovered_characters(html)
    return html.translate({ord(character): spelt(character) for character in missing})


def spelt(character: str) -> str:
    """Return a character as its code point, e.g. ``[U+13000]``."""
    return f"[U+{ord(character):04X}]"


def _unprintable(character: str, fonts: Sequence[Path]) -> bool:
    if character in OVERRIDES:
        return True
    category = unicodedata.category(character)
    if character in "\0\t\n\f\r" or category in {"Cf", "Zs"} or _selects_variant(character):
        return False  # HTML drops it, or it is laid out without a glyph of its own
    return category in {"Cc", "Zl", "Zp"} or not any(
        ord(character) in _characters_of(font) for font in fonts
    )


def _selects_variant(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0100"


class _Text(HTMLParser):
    """Collects what a document prints."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _text_of(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)


def _font_files(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / "fonts").rglob("*") if p.suffix in _FONT_SUFFIXES)


@lru_cache(maxsize=256)
def _characters_of(font: Path) -> frozenset[int]:
    with _opened(font) as opened:
        return frozenset(opened.getBestCmap())


@lru_cache(maxsize=64)
def unpacked(font: bytes) -> bytes:
    """Return a web font as the plain font inside it; WeasyPrint would put today's date in."""
    content = io.BytesIO()
    with _opened(io.BytesIO(font)) as opened:
        opened.flavor = opened.flavorData = None
        opened.save(content)
    return content.getvalue()


def _opened(font: Path | io.BytesIO) -> Any:  # noqa: ANN401
    # fontTools comes with WeasyPrint but, unlike it, needs no system library.
    font_tools = importlib.import_module("fontTools.ttLib")
    return font_tools.TTFont(font, lazy=True, recalcBBoxes=False, recalcTimestamp=False)
