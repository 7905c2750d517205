"""Formatted text of ReqIF as plain text, where plain text can say it.

Paragraphs, lists and tables become lines. Raised and lowered characters are marked, as ``10-6``
is another number than ``10^(-6)``. What has no plain text is refused: pictures, and text that is
struck out and so both there and not.
"""

import re
from collections.abc import Iterator
from typing import Any

from validation.plan.imports.content import STRUCK_OUT, Fault, marked

_PARAGRAPHS = frozenset({"p", "ul", "ol", "dl", "table", "blockquote", "h1", "h2", "h3", "h4",
                         "h5", "h6", "pre"})  # fmt: skip
_BLOCKS = frozenset({"div", "li", "tr", "dt", "dd", "caption", "address", "br", "hr"})
_INLINE = frozenset(
    {"span", "b", "i", "u", "em", "strong", "a", "code", "tt", "font", "big", "small", "cite", "q",
     "abbr", "acronym", "kbd", "samp", "var", "dfn", "ins", "thead", "tbody", "tfoot", "colgroup",
     "col", "td", "th", "sup", "sub"}
)  # fmt: skip
_STRUCK = frozenset({"del", "s", "strike"})
_MARKS = {"sup": "^", "sub": "_"}
_KEPT_SPACE, _KEPT_BREAK, _LINE, _GAP = "\0", "\1", "\2", "\3"
"""Space and break of lists and preformatted text; end of a line, end of a paragraph. XML cannot
hold these characters."""


def xhtml_text(node: Any) -> str | Fault:  # noqa: ANN401 - an element of lxml, which has no types
    """Return the text below an element, or why plain text cannot say it."""
    for one in node.iterdescendants():
        if fault := _fault(one):
            return fault
    text = re.sub(f"[ \n{_LINE}{_GAP}]+", _between, "".join(_inside(node, 0))).strip(" \n")
    return text.replace(_KEPT_SPACE, " ").replace(_KEPT_BREAK, "\n")


def _between(found: re.Match[str]) -> str:
    """Return what stands between two words: a space, a line's end, or a paragraph's."""
    space = found[0]
    lines = max(space.count("\n"), 1 if _LINE in space else 0, 2 if _GAP in space else 0)
    return "\n" * min(lines, 2) or " "


def _fault(one: Any) -> Fault | None:  # noqa: ANN401
    tag = _tag(one)
    if tag in _STRUCK or "line-through" in one.get("style", ""):
        return STRUCK_OUT
    if tag in {"object", "img"}:
        named = one.get("data") or one.get("src") or ""
        what = f"the text holds a picture or file ({named[:60]!r})"
        return Fault(what, "say in words what it shows, or leave it out by --only")
    if tag not in _PARAGRAPHS | _BLOCKS | _INLINE:
        return Fault(f"the text holds <{tag[:20]}>, of which the plain text is not known")
    return None


def _tag(one: Any) -> str:  # noqa: ANN401
    return one.tag.rpartition("}")[2].lower() if isinstance(one.tag, str) else ""


def _inside(node: Any, depth: int, *, is_kept: bool = False) -> Iterator[str]:  # noqa: ANN401
    yield _text(node.text, is_kept=is_kept)
    number = 0
    for one in node:
        tag = _tag(one)
        number += tag == "li"
        edge = _edge(node, tag)
        if tag == "li":
            head = f"{number}." if _tag(node) == "ol" else "-"
            yield f"{_LINE}{_KEPT_SPACE * 2 * max(0, depth - 1)}{head}{_KEPT_SPACE}"
        elif not _begins_item(node, one):
            yield edge
        if tag in {"td", "th"} and one.getprevious() is not None:
            yield f" |{_KEPT_SPACE}"
        yield from _element(one, tag, depth + (tag in {"ul", "ol"}), is_kept=is_kept)
        yield "" if tag == "br" else edge
        yield _text(one.tail, is_kept=is_kept)


def _edge(node: Any, tag: str) -> str:  # noqa: ANN401
    """Return how an element is parted from what stands before and after it."""
    if tag == "br":
        return "\n"
    if tag in _PARAGRAPHS:
        return _LINE if _tag(node) == "li" else _GAP
    return _LINE if tag in _BLOCKS else ""


def _begins_item(node: Any, one: Any) -> bool:  # noqa: ANN401
    """Tell whether a block is the first thing of an item of a list: it stands behind its dash."""
    is_first = one.getprevious() is None and not (node.text or "").strip()
    return _tag(node) == "li" and is_first and _tag(one) not in {"ul", "ol"}


def _element(one: Any, tag: str, depth: int, *, is_kept: bool) -> Iterator[str]:  # noqa: ANN401
    inside = _inside(one, depth, is_kept=is_kept or tag == "pre")
    if tag not in _MARKS:
        yield from inside
    elif text := "".join(inside).strip():
        yield marked(_MARKS[tag], text)


def _text(text: str | None, *, is_kept: bool) -> str:
    if is_kept:
        return (text or "").replace(" ", _KEPT_SPACE).replace("\n", _KEPT_BREAK)
    return re.sub(r"[ \t\r\n]+", " ", text or "")
