"""What the pages of a PDF print, page by page, in the order in which it is painted."""

import unicodedata
from functools import lru_cache
from typing import Any

import pypdfium2

from validation.errors import RecordError

_HYPHENS = frozenset("-\u2010\u2011")
_LEFT_OUT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Mc", "Me", "Lo"})


def essence(text: str) -> str:
    r"""Return a text without what layout or a font may change: spaces, hyphens, accents.

    Letters of scripts without capitals (Arabic, Hebrew, Chinese) are left out: their glyphs do
    not always give back the characters, nor their order. A minus sign is no hyphen, and stays.

    >>> print(ascii(essence("Refer\u00adence: \u22120.040, 1\u202f520 objects, f\ufb01ne \u00e9")))
    'Reference:\u22120.040,1520objects,ffinee'
    """
    plain = unicodedata.normalize("NFKD", text)
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
    text_page.close()
    page.close()
    return text
