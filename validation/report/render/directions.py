r"""Text from right to left: what is written in one value does not reorder what stands beside it.

Values are isolated with the characters that Unicode has for it (UAX 9, 2.4), since the layout
library does not know ``unicode-bidi``; a browser obeys them too.

>>> print(ascii(isolated("\u05e9 12")), isolated("plain 12"))
'\u2068\u05e9 12\u2069' plain 12
"""

import re
import unicodedata
from typing import Any

FIRST_STRONG, POP = "\u2068", "\u2069"
OVERRIDES = frozenset("\u202d\u202e")
"""Characters that turn the order of all letters around: a name could be read as another."""

_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_ISOLATES = frozenset({"LRI", "RLI", "FSI"})
_REORDERING = _RIGHT_TO_LEFT | _ISOLATES | {"AN", "LRE", "RLE", "LRO", "RLO", "PDF", "PDI"}
_INSIDE_OF_TAGS = re.compile(r"<title>[^<]*</title>|<[^>]*>")
_RUNNING = 100
"""Characters of a text that is aligned at its beginning; what is shorter stays in its column."""
_PARAGRAPHS = frozenset({"p", "li", "td", "th"})


def isolated(text: str) -> str:
    r"""Return a text that reorders nothing but itself; most are returned as they are.

    >>> print(ascii(isolated("\u2069\u2067\u05e9")))
    '\u2068\u2067\u05e9\u2069\u2069'
    """
    if text.isascii() or not any(unicodedata.bidirectional(one) in _REORDERING for one in text):
        return text
    return f"{FIRST_STRONG}{_balanced(text)}{POP}"


def _balanced(text: str) -> str:
    """Return a text that ends every isolate that it begins, and no other."""
    kept, depth = [], 0
    for one in text:
        depth += unicodedata.bidirectional(one) in _ISOLATES
        if one == POP:
            if not depth:
                continue
            depth -= 1
        kept.append(one)
    return "".join(kept) + POP * depth


def only_in_text(html: str) -> str:
    r"""Return a document without isolating characters in its title and in attributes.

    >>> print(ascii(only_in_text('<p title="\u2068\u05e9\u2069">\u2068\u05e9\u2069</p>')))
    '<p title="\u05e9">\u2068\u05e9\u2069</p>'
    """
    if FIRST_STRONG not in html:
        return html
    return _INSIDE_OF_TAGS.sub(
        lambda found: found[0].replace(FIRST_STRONG, "").replace(POP, ""), html
    )


def set_directions(tree: Any) -> None:  # noqa: ANN401 - an element tree without types
    """Lay out each paragraph in the direction of its first letter, as ``dir="auto"`` does.

    A long text is then aligned at its beginning, too.
    """
    for element in tree.iter():
        holds_others = any(one.tag == "p" for one in element)
        if element.tag in _PARAGRAPHS and not holds_others and _begins_right(element):
            style = "direction: rtl"
            if len("".join(element.itertext())) >= _RUNNING:
                style += "; text-align: right"
            element.set("style", f"{element.get('style', '')}; {style}".removeprefix("; "))


def _begins_right(element: Any) -> bool:  # noqa: ANN401
    for text in element.itertext():
        for one in text:
            kind = unicodedata.bidirectional(one)
            if kind in _RIGHT_TO_LEFT:
                return True
            if kind == "L":
                return False
    return False
