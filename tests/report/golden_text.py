"""The words of a document, a line for each block, as they are compared with a golden text.

Read from the HTML that is laid out: the same on every machine, whatever breaks the lines there.
"""

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "tr", "caption", "figcaption", "li", "div", "section", "svg"}
)
_CELLS = frozenset({"td", "th"})
_UNSEEN = frozenset({"head", "style", "script"})
_DIGEST = re.compile(r"\b([0-9a-f]{6})[0-9a-f]{4,58}(?=\b|…)")


def golden_text(html: str) -> str:
    """Return the words of a document; of digests, which follow from encoders, the length."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    text = "\n".join(line for line in lines if line.strip(" |"))
    return _DIGEST.sub(lambda found: "#" * len(found[0]), text) + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0
        self._in_cell = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        given = dict(attrs)
        self._in_cell += tag in _CELLS
        if tag in _BLOCKS:
            self.parts.append(" " if self._in_cell else "\n")
        if tag in {"h1", "h2", "h3"}:
            self.parts.append("#" * int(tag[1]) + " ")
        if tag == "br":
            self.parts.append(" / ")
        if tag == "img":
            self.parts.append(f" [picture: {given.get('alt', '')}] ")
        if tag == "text":
            self.parts.append(" ")
        if tag == "title" and not self._unseen:
            self.parts.append("[drawing: ")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN
        if tag in _CELLS:
            self._in_cell -= 1
            self.parts.append(" | ")
        if tag in _BLOCKS:
            self.parts.append(" " if self._in_cell else "\n")
        if tag == "title" and not self._unseen:
            self.parts.append("]")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data.replace("\n", " "))
