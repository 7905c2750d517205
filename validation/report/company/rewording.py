"""A whole document in a company's words: every text that a person can read, and nothing else."""

import html
import re
from collections.abc import Collection, Iterator, Sequence

from validation.errors import RenderError
from validation.report.company.wording import Wording, known, may_be_said

PAGE = "Page {page} of {pages}"
"""How pages are numbered at the foot."""

_DIGEST = re.compile(r"(sha256:)?[0-9a-f]{12,64}\u2026?")
_WORD = re.compile(r"[^\W\d_]{3}")
_TAG = re.compile(r"(<[^>]*>)")
_SAID_IN_TAGS = re.compile(r'(\s(?:alt|title|aria-label)=")([^"]*)(")')
_LEFT_ALONE = re.compile(r"<(style|script)\b")


def reworded(document: str, wording: Wording, kept: Collection[str]) -> str:
    """Return a document with what a company says for each of its texts."""
    if not wording:
        return document
    said: dict[str, str] = {}
    parts = _TAG.split(document)
    for place, is_tag in _said_parts(parts):
        part = parts[place]
        if part not in said:
            said[part] = (
                _SAID_IN_TAGS.sub(
                    lambda found: found[1] + _said(found[2], wording, kept) + found[3], part
                )
                if is_tag
                else _said(part, wording, kept)
            )
        parts[place] = said[part]
    return _page_words("".join(parts), wording)


def unsaid(document: str, wording: Wording, kept: Collection[str]) -> Iterator[str]:
    """Yield the texts of a document that a wording has no words for."""
    parts = _TAG.split(document)
    for place, is_tag in _said_parts(parts):
        found = (one[2] for one in _SAID_IN_TAGS.finditer(parts[place]))
        for part in found if is_tag else (parts[place],):
            text = known(html.unescape(part))
            is_word = _WORD.search(text) and not _DIGEST.fullmatch(text)
            if is_word and may_be_said(text, kept) and wording(text, kept) == text:
                yield text


def _said_parts(parts: Sequence[str]) -> Iterator[tuple[int, bool]]:
    """Yield the place of each tag and each text that a person may read, and whether it is a tag."""
    inside = ""
    for place, part in enumerate(parts):
        if place % 2:
            opened = _LEFT_ALONE.match(part)
            inside = opened[1] if opened else "" if part == f"</{inside}>" else inside
            yield place, True
        elif part and not inside and not part.isspace():
            yield place, False


def _said(part: str, wording: Wording, kept: Collection[str]) -> str:
    text = html.unescape(part)
    said = wording(text, kept)
    if said == text:
        return part
    before, after = text[: len(text) - len(text.lstrip(" \n"))], text[len(text.rstrip(" \n")) :]
    return html.escape(f"{before}{said}{after}")


def _page_words(document: str, wording: Wording) -> str:
    """Put the words around the numbers of pages where the style sheet finds them."""
    said = wording(PAGE.format(page="\ue000", pages="\ue001"))
    parts = re.fullmatch("(.*)\ue000(.*)\ue001(.*)", said)
    if parts is None:
        raise RenderError(f"{PAGE!r} must name the page first, then the number of pages")
    names = ("before", "between", "after")
    given = zip(names, (html.escape(one) for one in parts.groups()), strict=True)
    words = " ".join(f'data-page-{name}="{one}"' for name, one in given)
    if wording.language:
        document = document.replace('<html lang="en"', f'<html lang="{wording.language}"', 1)
    return document.replace("<html ", f"<html {words} ", 1)
