"""Holding printed pages against the text that they have to print.

A page is a stretch of the text, then the words of the drawings that stand on it, then running
head and foot. It may begin with the repeated head of a table or, in the table of contents, with
numbers of pages. Where pages break is left to the layout. All else has to be the same, character
by character; but in a paragraph with words from right to left, or with drawings in the line, the
order is not looked at.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from validation.attest.expected_text import Expected, Span

_LOOKED_FOR = 24
_LONGEST_COMPARED = 4_000
_LEAST_BETWEEN = 4
_ANCHOR = 48
_LONGEST_QUOTED = 80
_LONGEST_WORD = 20
_DIGITS = "0123456789"
_IN_A_NUMBER = frozenset(f"{_DIGITS}.,\u2212")

Change = tuple[int, int, int, int]
"""Start and end in what is expected, start and end in what is printed."""


@dataclass(frozen=True)
class Difference:
    """A place where the pages print something else than they have to."""

    page: int
    place: str
    """E.g. ``Table 3, AC-01``."""
    printed: str
    """Without spaces; empty: something is not printed."""
    expected: str
    """Without spaces; empty: something was added."""

    def __str__(self) -> str:
        """Return it in words."""
        where = f"page {self.page}, {self.place}"
        if not self.printed:
            return f"{where}: \u201c{self.expected}\u201d is not printed"
        if not self.expected:
            return f"{where}: \u201c{self.printed}\u201d is printed and not in the evidence"
        return f"{where}: \u201c{self.printed}\u201d is printed for \u201c{self.expected}\u201d"


@dataclass(frozen=True)
class _Stretch:
    """The part of the text that a page prints."""

    start: int
    end: int
    page: int
    extra: str
    """What stands beside it: the repeated head of a table, or numbers of pages."""


def differences(pages: Sequence[str], expected: Expected) -> Iterator[Difference]:
    """Yield where pages print something else than they have to, in the order of pages.

    Args:
        pages: The `essence` of each page, running head and foot at its end.
        expected: What they have to print.
    """
    bodies, misnumbered = [], False
    for number, page in enumerate(pages, start=1):
        before, between, after = expected.page_words
        foot = f"{before}{number}{between}{len(pages)}{after}"
        body, printed = _body(page, foot, expected)
        bodies.append(body)
        if printed != foot and not (printed and misnumbered):
            misnumbered = misnumbered or bool(printed)
            yield Difference(number, "running head and foot", printed, foot)
    stretches: list[_Stretch] = []
    for one in _followed(bodies, expected):
        if isinstance(one, _Stretch):
            stretches.append(one)
        else:
            yield one
    if len(stretches) == len(bodies):
        yield from _misnumbered(stretches, expected)


def _body(page: str, foot: str, expected: Expected) -> tuple[str, str]:
    """Return a page without its running head and foot, and how it is numbered in them.

    Empty where it has no running head and foot as they should be; then the page is whole.
    """
    margins = expected.margins
    head = margins.get("running-document", "") + margins.get("running-notices", "")
    sections = "|".join(map(re.escape, expected.sections))
    imprint = re.escape(margins.get("running-imprint", ""))
    before, between, after = map(re.escape, expected.page_words)
    for numbered in (re.escape(foot), rf"{before}\d+{between}\d+{after}"):
        around = re.compile(f"{re.escape(head)}(?:{sections})?{imprint}({numbered})")
        if found := list(around.finditer(page)):
            last = found[-1]
            return page[: last.start()] + page[last.end() :], last[1]
    return page, ""


def _followed(bodies: Sequence[str], expected: Expected) -> Iterator[_Stretch | Difference]:
    """Yield the stretch of each page that prints what it has to, and what others print."""
    at = place = 0
    while place < len(bodies):
        found = _stretch(bodies[place], at, place + 1, expected)
        if found is not None:
            yield found
            at, place = found.end, place + 1
            continue
        following, end = _resumed(bodies, place, at, expected)
        yield from _compared(bodies[place:following], place + 1, Span(at, end), expected)
        at, place = end, following
    if at < len(expected.text):
        yield from _compared([], len(bodies), Span(at, len(expected.text)), expected)


def _stretch(body: str, start: int, page: int, expected: Expected) -> _Stretch | None:
    """Return what a page prints if it prints the text from `start` on; None if it does not."""
    for extra, flow in _parted(body, start, expected):
        end = _end(flow, start, expected)
        if end is not None:
            return _Stretch(start, end, page, extra)
    return None


def _parted(body: str, start: int, expected: Expected) -> Iterator[tuple[str, str]]:
    """Yield what may stand beside the text of a page, and the text; nothing beside it first."""
    yield "", body
    for one in expected.heads:
        if one.start < start < one.end and body.startswith(one.text):
            yield one.text, body.removeprefix(one.text)
    contents = expected.contents
    if contents.start <= start < contents.end:
        yield from _parted_contents(body)


def _parted_contents(body: str) -> Iterator[tuple[str, str]]:
    """Yield the numbers of pages and the headings of a page of the table of contents.

    Numbers are painted first; those of a single line are read after its heading.
    """
    before = len(body) - len(body.lstrip(_DIGITS))
    for length in range(before, 0, -1):
        yield body[:length], body[length:]
    after = len(body) - len(body.rstrip(_DIGITS))
    for length in range(after, 0, -1):
        yield body[-length:], body[:-length]


def _end(flow: str, start: int, expected: Expected) -> int | None:
    """Return where the text ends that a page prints before the words of its drawings."""
    following = [one for one in expected.drawings if one.start >= start]
    drawn = ""
    for count in range(len(following) + 1):
        end = start + len(flow) - len(drawn)
        inside = sum(one.start < end for one in following)
        if inside < count or end < start:
            return None
        if (
            inside == count
            and flow.endswith(drawn)
            and _prints(flow[: end - start], start, expected)
        ):
            return end
        if count < len(following):
            drawn += following[count].text
    return None


def _prints(flow: str, start: int, expected: Expected) -> bool:
    """Tell whether a text is the expected one from `start` on, but for what may be reordered."""
    wanted = expected.text[start : start + len(flow)]
    if wanted == flow:
        return True
    at = 0
    for span in expected.reordered:
        first, last = max(span.start - start, at), min(span.end - start, len(flow))
        if first < last:
            if wanted[at:first] != flow[at:first]:
                return False
            if _unordered(wanted[first:last]) != _unordered(flow[first:last]):
                return False
            at = last
    return wanted[at:] == flow[at:]


def _resumed(bodies: Sequence[str], place: int, at: int, expected: Expected) -> tuple[int, int]:
    """Return the next page that prints what it has to, and where in the text it begins."""
    heads = {one.text for one in expected.heads}
    contents = expected.contents.start
    for following in range(place, len(bodies)):
        body = bodies[following]
        if contents > at and _stretch(body, contents, following + 1, expected) is not None:
            return following, contents
        extras = ["", *(one for one in heads if body.startswith(one))]
        for extra in extras:
            begins = body[len(extra) :][:_LOOKED_FOR]
            start = expected.text.find(begins, at) if begins else -1
            while start >= 0:
                if _stretch(body, start, following + 1, expected) is not None:
                    return following, start
                start = expected.text.find(begins, start + 1)
    return len(bodies), len(expected.text)


def _compared(
    bodies: Sequence[str], page: int, span: Span, expected: Expected
) -> Iterator[Difference]:
    """Yield what differs on pages that have to print a span of the text."""
    printed = "".join(_without_head(body, expected) for body in bodies)
    drawn = "".join(one.text for one in expected.drawings if span.start <= one.start < span.end)
    wanted = expected.text[span.start : span.end] + drawn
    shown = [
        Span(one.start - span.start, one.end - span.start, _drawn_in(one, expected))
        for one in expected.reordered
    ]
    for start, end, first, last in _in_order(changes(wanted, printed), wanted, printed, shown):
        place = expected.place(min(span.start + start, span.end))
        yield Difference(page, place, _quoted(printed[first:last]), _quoted(wanted[start:end]))


def _in_order(
    found: list[Change], wanted: str, printed: str, reordered: Sequence[Span]
) -> list[Change]:
    """Return the changes without those that only reorder a paragraph that may be reordered."""
    for span in reordered:
        inside = [one for one in found if one[0] <= span.end and one[1] >= span.start]
        if inside and _only_reordered(inside, wanted, printed, span):
            found = [one for one in found if one not in inside]
    return found


def _only_reordered(inside: Sequence[Change], wanted: str, printed: str, span: Span) -> bool:
    """Tell whether changes are of the order in a span alone, and all beside it is the same."""
    (first, _, begins, _), (_, last, _, ends) = inside[0], inside[-1]
    if span.text:  # with drawings in the line, whose words are read in it or after the page
        return _unordered(wanted[first:last]) == _unordered(printed[begins:ends])
    start, end = begins + span.start - first, ends - (last - span.end)
    return (
        wanted[first : span.start] == printed[begins:start]
        and wanted[span.end : last] == printed[end:ends]
        and _unordered(wanted[span.start : span.end]) == _unordered(printed[start:end])
    )


def _drawn_in(span: Span, expected: Expected) -> str:
    return "".join(one.text for one in expected.drawings if span.start <= one.start <= span.end)


def _unordered(text: str) -> list[str]:
    """Return the letters, digits and signs of a text in any order; brackets may be mirrored."""
    return sorted(one for one in text if not unicodedata.mirrored(one))


def _without_head(body: str, expected: Expected) -> str:
    heads = [one.text for one in expected.heads if body.startswith(one.text)]
    return body.removeprefix(max(heads, key=len, default=""))


def _quoted(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}\u2026"


def _misnumbered(stretches: Sequence[_Stretch], expected: Expected) -> Iterator[Difference]:
    """Yield a table of contents that names other pages than those of the headings."""
    contents = expected.contents
    of_contents = [one for one in stretches if contents.start <= one.start < contents.end]
    printed = "".join(one.extra for one in of_contents)
    wanted = "".join(
        str(one.page)
        for anchor in expected.listed
        for one in stretches
        if one.start <= expected.anchors.get(anchor, -1) < one.end
    )
    if printed != wanted:
        page = of_contents[0].page if of_contents else 1
        yield Difference(page, "the table of contents", _quoted(printed), _quoted(wanted))


# --- two texts ----------------------------------------------------------------------------


def changes(expected: str, printed: str) -> list[Change]:
    """Return what differs between two texts, with the rest of the number or word.

    >>> changes("recall0.912E1", "recall0.972E1")
    [(6, 11, 6, 11)]
    >>> changes("met", "met")
    []
    """
    before = _common(expected, printed)
    after = _common(expected[before:][::-1], printed[before:][::-1])
    wanted, found = expected[before : len(expected) - after], printed[before : len(printed) - after]
    if not wanted and not found:
        return []
    return [
        _of_whole_words([before + one for one in change], expected, printed)
        for change in _joined(list(_unequal(wanted, found)))
    ]


def _unequal(wanted: str, found: str) -> Iterator[Change]:
    """Yield what differs; long texts are compared in parts between words that both have once."""
    if max(len(wanted), len(found)) <= _LONGEST_COMPARED:
        opcodes = SequenceMatcher(None, wanted, found, autojunk=False).get_opcodes()
        yield from ((a, b, c, d) for kind, a, b, c, d in opcodes if kind != "equal")
        return
    middle = len(wanted) // 2
    for step in range(0, middle - _ANCHOR, _ANCHOR):
        for place in (middle - step, middle + step):
            anchor = wanted[place : place + _ANCHOR]
            if wanted.count(anchor) == found.count(anchor) == 1:
                other = found.index(anchor)
                yield from _unequal(wanted[:place], found[:other])
                for start, end, first, last in _unequal(wanted[place:], found[other:]):
                    yield start + place, end + place, first + other, last + other
                return
    yield 0, len(wanted), 0, len(found)


def _common(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _joined(parts: Sequence[Change]) -> list[Change]:
    """Return the changes; those with a few characters between them as one."""
    found: list[Change] = []
    for one in parts:
        if found and one[0] - found[-1][1] < _LEAST_BETWEEN:
            before = found.pop()
            found.append((before[0], one[1], before[2], one[3]))
        else:
            found.append(one)
    return found


def _of_whole_words(change: Sequence[int], expected: str, printed: str) -> Change:
    """Return a change with the rest of the number, or of the letters, that it is in."""
    start, end, first, last = change
    if abs((end - start) - (last - first)) > _LONGEST_WORD:
        return start, end, first, last
    before = _alike(expected[:start][::-1], expected[start:end] or printed[first:last])
    rest = (expected[start:end] or printed[first:last])[::-1]
    after = _alike(expected[end:], rest)
    return start - before, end + after, first - before, last + after


def _alike(beside: str, change: str) -> int:
    """Return how many characters beside a change are of the sort that it has at that edge."""
    sort = _sort(change[:1])
    others = (place for place, one in enumerate(beside) if not sort or _sort(one) != sort)
    return min(_LONGEST_WORD, next(others, len(beside)))


def _sort(character: str) -> str:
    if character in _IN_A_NUMBER:
        return "number"
    return "letter" if character.isalpha() else ""
