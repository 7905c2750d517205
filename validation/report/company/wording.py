"""What things are called: phrases of the documents, and what a company says for them.

A phrase may hold varying parts, ``{n} of {all} cases``; what a company says for it holds each of
them exactly once, so that no number can be lost, doubled or exchanged for words. Texts of the
protocol are never touched. Verdicts keep apart: two of them cannot be called the same.
"""

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

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_FIXED = re.compile(r"\d+|[<>\u2264\u2265=\u00b1\u00d7\u2713\u2717\u2212%]")
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
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
    language: str = ""
    """Language of documents that belong to no protocol, as BCP 47 has it; empty: English."""

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
        if not may_be_said(plain, kept):
            return text
        spaced = plain.translate(_SPACES)
        said = self.phrases.get(spaced)
        if said is not None:
            return said
        for pattern in self.patterns:
            parts = pattern.parts_of(spaced)
            if parts is not None:
                inside = [self(plain[start:end], kept) for start, end in parts]
                given = dict(zip(pattern.names, inside, strict=True))
                return _PLACE.sub(lambda place, given=given: given[place[1]], pattern.said)  # type: ignore[misc]
        return text


def may_be_said(plain: str, kept: Collection[str]) -> bool:
    """Tell whether a text may have other words: it has letters, and is not the protocol's."""
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
    whole = {known(one): said for one, said in phrases.items() if not _PLACE.search(one)}
    patterns = (_pattern(one, said) for one, said in phrases.items() if _PLACE.search(one))
    return Wording(whole, tuple(patterns), source.values.get("language", ""))


def _parsed(content: bytes) -> Source:
    try:
        return parse(content, WORDING)
    except ProtocolError as error:
        what = error.what.replace("the protocol", "the wording")
        raise RenderError(what, where=error.where, problems=error.problems) from error


def known(phrase: str) -> str:
    """Return a phrase as it is looked up: one line, without soft hyphens."""
    return " ".join(phrase.replace(SOFT_HYPHEN, "").split())


def _pattern(phrase: str, said: str) -> _Pattern:
    literals = tuple(_PLACE.sub("\0", known(phrase)).split("\0"))
    return _Pattern(literals, tuple(_PLACE.findall(phrase)), said)


def _problems(source: Source) -> Iterator[Problem]:
    """Yield everything that is wrong with a wording, in the order of its lines."""
    values = source.values
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        yield Problem(WORDING, "it does not say its format", f"begin with `format: {FORMAT}`")
        return
    language = values.get("language", "en")
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        what = f"{language!r} is no language as BCP 47 names it, e.g. de or pt-BR"
        yield Problem(source.where(("language",)), what)
    for other in sorted(values.keys() - {"format", "language", "phrases"}):
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
    said = {known(one).casefold(): str(words).casefold() for one, words in phrases.items()}
    for group in KEPT_APART:
        for one, other in combinations(group, 2):
            first, second = said.get(one, one), said.get(other, other)
            if first in {second, other} or second == one:
                yield f"{one!r} and {other!r} are called {first!r} and {second!r}"
    for phrase, words in said.items():
        for group in KEPT_APART:
            own = _of_group(group, phrase)
            if own and _of_group(group, words) - own:
                yield f"{phrase!r} is called {words!r}, which has the word of another"
    by_words: dict[str, str] = {}
    for phrase, words in said.items():
        before = by_words.setdefault(words, phrase)
        if before != phrase:
            yield f"{before!r} and {phrase!r} are both called {words!r}"


def _of_group(group: Sequence[str], text: str) -> set[str]:
    """Return the words of a group in a text; "not met" holds no "met"."""
    longest_first = "|".join(map(re.escape, sorted(group, key=len, reverse=True)))
    return set(re.findall(rf"\b(?:{longest_first})\b", text))
