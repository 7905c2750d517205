"""What things are called: phrases of the documents, and what a company says for them.

A phrase may hold varying parts, ``{n} of {all} cases``; what a company says for it holds each of
them exactly once, so that no number can be lost, doubled or exchanged for words. Texts of the
protocol are never touched. Verdicts keep apart: two of them cannot be called the same.
"""

import html
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

from validation.errors import Problem, ProtocolError, RenderError
from validation.plan.source import Source, parse
from validation.report.formatting import NO_BREAK, THIN_SPACE

WORDING = "wording.yaml"
FORMAT = "segval/wording/1"

KEPT_APART = (
    ("met", "not met", "not evaluable", "incomplete"),
    ("at least", "at most"),
    ("lower limit", "upper limit", "value"),
    ("matched", "merged", "split", "missed", "false positive"),
    ("held", "did not hold", "not checked"),
)
"""Words of which no two may be called the same, nor by the word of another."""

PAGE = "Page {page} of {pages}"
"""How pages are numbered at the foot."""

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_FIXED = re.compile(r"\d+|[<>\u2264\u2265=\u00b1\u00d7\u2713\u2717\u2212%]")
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_WORD = re.compile(r"[^\W\d_]{3}")
_DIGEST = re.compile(r"(sha256:)?[0-9a-f]{12,64}\u2026?")
SOFT_HYPHEN = "\u00ad"
_LONGEST = 4_000
_SPACES = str.maketrans(dict.fromkeys((NO_BREAK, THIN_SPACE, "\u2009"), " "))
_BLANK = re.compile(r"[ \t\r\n\f]+")


@dataclass(frozen=True)
class _Pattern:
    """A phrase with varying parts."""

    literals: tuple[str, ...]
    """What stands before, between and after the varying parts."""
    names: tuple[str, ...]
    said: str

    def parts_of(self, text: str) -> tuple[tuple[int, int], ...] | None:
        """Return where the varying parts of a text are, each as short as it can be; or None."""
        first, *inner, last = self.literals
        end = len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last)):
            return None
        starts, found = len(first), []
        for literal in inner:
            place = text.find(literal, starts + 1, end)
            if place < 0:
                return None
            found.append((starts, place))
            starts = place + len(literal)
        return (*found, (starts, end)) if starts < end else None


@dataclass(frozen=True)
class Wording:
    """What a company says for phrases; a phrase that it has no words for stays as it is."""

    phrases: Mapping[str, str] = field(default_factory=dict)
    patterns: tuple[_Pattern, ...] = ()

    def __bool__(self) -> bool:
        """True where anything is called otherwise."""
        return bool(self.phrases or self.patterns)

    def __call__(self, text: str, kept: Collection[str] = frozenset()) -> str:
        """Return what is said for a text.

        Args:
            text: As the bundled documents have it.
            kept: Texts that stay as they are: those of the protocol.
        """
        plain = _BLANK.sub(" ", text).replace(SOFT_HYPHEN, "").strip()
        if not _may_be_said(plain, kept):
            return text
        known = plain.translate(_SPACES)
        said = self.phrases.get(known)
        if said is not None:
            return said
        for pattern in self.patterns:
            parts = pattern.parts_of(known)
            if parts is not None:
                inside = [self(plain[start:end], kept) for start, end in parts]
                given = dict(zip(pattern.names, inside, strict=True))
                return _PLACE.sub(lambda place, given=given: given[place[1]], pattern.said)  # type: ignore[misc]
        return text


def _may_be_said(plain: str, kept: Collection[str]) -> bool:
    return plain not in kept and any(map(str.isalpha, plain)) and len(plain) <= _LONGEST


def wording_of(files: Mapping[str, bytes]) -> Wording:
    """Return the wording of a company's template folder; without one nothing is changed.

    Raises:
        RenderError: It has problems; all at once.
    """
    return _read(files[WORDING]) if WORDING in files else Wording()


@lru_cache(maxsize=4)
def _read(content: bytes) -> Wording:
    source = _parsed(content)
    problems = list(_problems(source))
    if problems:
        raise RenderError("the wording cannot be used", where=WORDING, problems=problems)
    phrases = source.values["phrases"]
    whole = {_known(one): said for one, said in phrases.items() if not _PLACE.search(one)}
    patterns = (_pattern(one, said) for one, said in phrases.items() if _PLACE.search(one))
    return Wording(whole, tuple(patterns))


def _parsed(content: bytes) -> Source:
    try:
        return parse(content, WORDING)
    except ProtocolError as error:
        what = error.what.replace("the protocol", "the wording")
        raise RenderError(what, where=error.where, problems=error.problems) from error


def _known(phrase: str) -> str:
    return " ".join(phrase.replace(SOFT_HYPHEN, "").split())


def _pattern(phrase: str, said: str) -> _Pattern:
    literals = tuple(_PLACE.sub("\0", _known(phrase)).split("\0"))
    return _Pattern(literals, tuple(_PLACE.findall(phrase)), said)


def _problems(source: Source) -> Iterator[Problem]:
    """Yield everything that is wrong with a wording, in the order of its lines."""
    values = source.values
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        yield Problem(WORDING, "it does not say its format", f"begin with `format: {FORMAT}`")
        return
    for other in values.keys() - {"format", "phrases"}:
        yield Problem(source.where((other,)), f"{other} is not a field here", "remove it")
    phrases = values.get("phrases")
    if not isinstance(phrases, dict):
        yield Problem(source.where(("phrases",)), "`phrases:` must be a mapping of phrases", "")
        return
    for phrase, said in phrases.items():
        where = f"{WORDING}:{source.line(('phrases', phrase))}"
        for what in _faults(phrase, said):
            yield Problem(where, what)
    for what in _mixed_up(phrases):
        yield Problem(WORDING, what, "give each its own words")


def _faults(phrase: str, said: object) -> Iterator[str]:
    if not isinstance(said, str) or not said.strip() or not phrase.strip():
        yield f"{phrase!r} and what is said for it must be texts"
        return
    if _UNWANTED.search(said):
        yield f"what is said for {phrase!r} holds characters that cannot be seen"
    asked, given = _PLACE.findall(phrase), _PLACE.findall(said)
    if len(set(asked)) < len(asked):
        yield f"{phrase!r} has a varying part twice"
    elif sorted(asked) != sorted(given):
        named = ", ".join(f"{{{one}}}" for one in asked) or "no varying part"
        yield f"what is said for {phrase!r} must hold exactly once each: {named}"
    if _PLACE.sub("", phrase).strip() == "" or "}{" in phrase:
        yield f"{phrase!r} does not tell its varying parts from other text"
    if _fixed(phrase) != _fixed(said):
        yield f"what is said for {phrase!r} has other numbers or signs"


def _fixed(text: str) -> list[str]:
    """Return the numbers and signs of a phrase, which no wording may change."""
    return sorted(_FIXED.findall(_PLACE.sub("", text)))


def _mixed_up(phrases: Mapping[str, object]) -> Iterator[str]:
    """Yield words for verdicts, directions and outcomes that could be taken for one another."""
    said = {_known(one).casefold(): str(words).casefold() for one, words in phrases.items()}
    for group in KEPT_APART:
        for one, other in combinations(group, 2):
            first, second = said.get(one, one), said.get(other, other)
            if first in {second, other} or second == one:
                yield f"{one!r} and {other!r} are called {first!r} and {second!r}"
    by_words: dict[str, str] = {}
    for phrase, words in said.items():
        before = by_words.setdefault(words, phrase)
        if before != phrase:
            yield f"{before!r} and {phrase!r} are both called {words!r}"


# --- a whole document ---------------------------------------------------------------------

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
            text = _known(html.unescape(part))
            is_word = _WORD.search(text) and not _DIGEST.fullmatch(text)
            if is_word and _may_be_said(text, kept) and wording(text, kept) == text:
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
    return document.replace("<html ", f"<html {words} ", 1)
