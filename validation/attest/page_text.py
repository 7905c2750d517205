"""What the pages of a PDF print, page by page, in the order in which it is painted."""

import unicodedata
from ctypes import c_double, c_void_p, cast
from functools import lru_cache
from typing import Any

import pypdfium2

from validation.errors import RecordError

_HYPHENS = frozenset("-\u2010\u2011")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_SIDES = str.maketrans(")]}", "([{")
"""Beside words from right to left a bracket is painted as its mirror image, and a font that gives
back characters by glyphs gives back the other one, on every page of the document."""
_LEFT_OUT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Mc", "Me", "Lo"})


def essence(text: str) -> str:
    r"""Return a text without what layout or a font may change: spaces, hyphens, accents.

    A bracket is one, whichever way it opens. Letters of scripts without capitals (Arabic, Hebrew,
    Chinese) are left out: their glyphs do not always give back the characters, nor their order. A
    minus sign is no hyphen, and stays.

    >>> print(ascii(essence("Refer\u00adence: \u22120.040, 1\u202f520 objects, f\ufb01ne \u00e9")))
    'Reference:\u22120.040,1520objects,ffinee'
    """
    plain = unicodedata.normalize("NFKD", text).translate(_SIDES)
    return "".join(one for one in plain if _is_kept(one))


@lru_cache(maxsize=4096)
def _is_kept(character: str) -> bool:
    return character not in _HYPHENS and unicodedata.category(character) not in _LEFT_OUT


def page_texts(content: bytes) -> tuple[str, ...]:
    """Return the `essence` of each page: every glyph, also those that are painted over.

    Raises:
        RecordError: The file is no PDF, or is encrypted.
    """
    try:
        with pypdfium2.PdfDocument(content) as pdf:
            return tuple(essence(_text_of(pdf[place])) for place in range(len(pdf)))
    except pypdfium2.PdfiumError as error:
        raise RecordError("this is not a PDF that can be read") from error


def _text_of(page: Any) -> str:  # noqa: ANN401 - the library has no types
    text_page = page.get_textpage()
    text = str(text_page.get_text_range())
    if any(unicodedata.bidirectional(one) in _RIGHT_TO_LEFT for one in text):
        text = _in_painted_order(page, text_page, text)
    text_page.close()
    page.close()
    return text


def _in_painted_order(page: Any, text_page: Any, text: str) -> str:  # noqa: ANN401
    """Return the text of a page without the library's guess of the order in a line.

    A line with words from right to left would be read from right to left as a whole, also where
    it runs through the cells of a table that are from left to right.
    """
    characters = _by_object(text_page)
    kinds = [pypdfium2.raw.FPDF_PAGEOBJ_TEXT]
    objects = (_address(one.raw) for one in page.get_objects(kinds))
    painted = "".join(_from_left(characters.get(one, [])) for one in objects)
    # Objects can be nested deeper than the library follows; then nothing may be missed.
    return painted if sorted(essence(painted)) == sorted(essence(text)) else text


def _by_object(text_page: Any) -> dict[int, list[tuple[float, str]]]:  # noqa: ANN401
    """Return each character with its place from the left, by the object that paints it."""
    found: dict[int, list[tuple[float, str]]] = {}
    x, y = c_double(), c_double()
    for index in range(text_page.count_chars()):
        address = _address(pypdfium2.raw.FPDFText_GetTextObject(text_page, index))
        pypdfium2.raw.FPDFText_GetCharOrigin(text_page, index, x, y)
        character = chr(pypdfium2.raw.FPDFText_GetUnicode(text_page, index))
        found.setdefault(address, []).append((x.value, character))
    return found


def _from_left(characters: list[tuple[float, str]]) -> str:
    return "".join(character for _, character in sorted(characters, key=lambda one: one[0]))


def _address(pointer: Any) -> int:  # noqa: ANN401
    return cast(pointer, c_void_p).value or 0
