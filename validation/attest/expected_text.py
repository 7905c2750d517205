"""What a report has to print, from the document that is laid out: its text, and where it stands.

Read from the HTML that templates and view make of a record, so that no wording and no rounding
is written twice.
"""

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from html.parser import HTMLParser

from validation.attest.page_text import essence

_VOID = frozenset({"meta", "link", "br", "img", "col", "input"})
_UNSEEN = frozenset({"head", "title", "desc", "style"})
_IN_MARGINS = frozenset({"running-document", "running-notices", "running-imprint"})
_AROUND_NUMBERS = ("before", "between", "after")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Span:
    """A stretch of the text; drawings and heads of tables carry their own."""

    start: int
    end: int
    text: str = ""


@dataclass
class Expected:
    """The text of a report as its `essence`, in the order of the document."""

    text: str = ""
    """All but margins and drawings."""
    drawings: list[Span] = field(default_factory=list)
    """The words of each drawing, and its place in the text."""
    heads: list[Span] = field(default_factory=list)
    """Rows of each table with the head that is repeated on every page."""
    contents: Span = field(default_factory=lambda: Span(0, 0))
    """Where the table of contents is."""
    listed: list[str] = field(default_factory=list)
    """Anchors of the headings in the table of contents, in order."""
    anchors: dict[str, int] = field(default_factory=dict)
    """Where each heading is."""
    sections: list[str] = field(default_factory=list)
    """What the running head may name."""
    margins: dict[str, str] = field(default_factory=dict)
    """The parts of running head and foot by class."""
    reordered: list[Span] = field(default_factory=list)
    """Paragraphs whose parts may be painted in any order: with words from right to left, or with
    drawings in the line."""
    page_words: tuple[str, str, str] = ("Page", "of", "")
    """What stands before, between and after the number of a page and that of all pages."""
    pictures: int = 0
    """Pictures of the company's own, such as a logo, beside those of the record."""
    pictures_in_margins: int = 0
    """The same on every page."""
    places: list[tuple[int, str]] = field(default_factory=list)
    """From where on the text belongs to a place, e.g. ``Table 3, AC-01``; in order."""

    def place(self, offset: int) -> str:
        """Return the name of the place at an offset."""
        found = bisect_right(self.places, offset, key=lambda one: one[0]) - 1
        return self.places[max(0, found)][1]


def expected_text(html: str) -> Expected:
    """Return what the pages of a report have to print."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.finished()


class _Reader(HTMLParser):
    """Gathers the text of a document, without what margins, drawings and screens show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._found = Expected()
        self._parts: list[str] = []
        self._length = 0
        self._stack: list[tuple[str, str]] = []
        self._words: list[str] = []
        self._starts: dict[str, int] = {}
        self._heading = "the title page"
        self._table = self._row = self._head = self._raw = ""
        self._named = True
        self._remember(self._heading)

    def finished(self) -> Expected:
        """Return what was read."""
        self._found.text = "".join(self._parts)
        self._found.places.sort(key=lambda one: one[0])
        return self._found

    # --- tags

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter an element."""
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._picture(given.get("src", ""))
        elif tag == "html" and "data-page-before" in given:
            before, between, after = (
                essence(given.get(f"data-page-{name}", "")) for name in _AROUND_NUMBERS
            )
            self._found.page_words = (before, between, after)
        if tag in _VOID:
            return
        name = given.get("class", "").partition(" ")[0]
        self._stack.append((tag, name))
        self._starts[tag] = self._length
        if tag in {"svg", "h2", "h3", "caption"} or name in _IN_MARGINS or name == "toc-title":
            self._words = []
        if tag in {"h2", "h3"}:
            self._found.anchors[given.get("id", "")] = self._length
        elif tag == "a" and self._within("nav"):
            self._found.listed.append(given.get("href", "#")[1:])
        elif tag == "tr":
            self._named, self._words = False, []
        elif tag == "nav":
            self._remember("the table of contents")

    def _picture(self, address: str) -> None:
        """Count a picture of the company; drawings are none, and others are the record's."""
        if address.startswith("assets/") and not address.endswith(".svg"):
            if any(name in _IN_MARGINS for _, name in self._stack):
                self._found.pictures_in_margins += 1
            else:
                self._found.pictures += 1

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if tag in _VOID or not any(one == tag for one, _ in self._stack):
            return
        while self._stack[-1][0] != tag:
            self._stack.pop()
        _, name = self._stack.pop()
        self._left(tag, name)

    def _left(self, tag: str, name: str) -> None:
        words = "".join(self._words)
        if name == "legend":
            # Its signs are drawings in the line; a reader of pages puts them into it, or after it.
            self._found.reordered.append(Span(self._starts[tag], self._length))
        if tag == "svg":
            if drawn := essence(words):
                self._found.drawings.append(Span(self._length, self._length, drawn))
        elif tag in {"h2", "h3"}:
            self._heading = " ".join(words.split())
            self._remember(f"section {self._heading}", self._starts[tag])
            if tag == "h2":
                self._found.sections.append(essence(words))
        elif name == "toc-title":
            self._found.sections.append(essence(words))
        elif tag == "nav":
            self._found.contents = Span(self._starts[tag], self._length)
        elif name in _IN_MARGINS:
            self._found.margins[name] = essence(words)
        else:
            self._left_part_of_table(tag, words)

    def _left_part_of_table(self, tag: str, words: str) -> None:
        if tag == "caption":
            label = " ".join(words.split()[:2])
            self._table = label
            self._remember(label, self._starts[tag])
        elif tag == "thead":
            self._head = "".join(self._parts)[self._starts[tag] :]
        elif tag in {"th", "td"} and not self._named and not self._within("thead"):
            self._named = True
            named = " ".join(words.split())[:_LONGEST_NAME]
            table = self._table or self._heading
            self._remember(f"{table}, {named}", self._starts["tr"])
        elif tag == "tbody" and self._head:
            self._found.heads.append(Span(self._starts[tag], self._length, self._head))
        elif tag == "table":
            self._table = self._head = ""
            self._remember(f"section {self._heading}")

    # --- text

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if any(tag in _UNSEEN for tag, _ in self._stack):
            return
        self._words.append(data)
        if self._within("svg") or any(name in _IN_MARGINS for _, name in self._stack):
            return
        plain = essence(data)
        start = self._length
        self._parts.append(plain)
        self._length += len(plain)
        if any(unicodedata.bidirectional(one) in _RIGHT_TO_LEFT for one in data):
            self._found.reordered.append(Span(start, self._length))

    def _within(self, tag: str) -> bool:
        return any(one == tag for one, _ in self._stack)

    def _remember(self, name: str, start: int | None = None) -> None:
        self._found.places.append((self._length if start is None else start, name))
