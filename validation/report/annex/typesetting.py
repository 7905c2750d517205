"""Glyphs and widths of the texts of the annex, in the fonts of the family of documents.

Tens of thousands of rows are too many for the layout of HTML. The layout sets a specimen of
each character, or of each text whose script joins or reorders its characters, on one page;
the rows are then composed of what it drew, so that font, weight, colour, shaping and fallback
are those of every other document.
"""

import html
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, Literal

import pikepdf

from validation.errors import RenderError
from validation.report.render import render_html, render_page, uncovered_characters

TEMPLATE = "annex/specimens.html.jinja"

Style = Literal["plain", "strong", "second", "failure"]

_LINE_PT = 15.0
_PT_PER_PX = 0.75
_ELLIPSIS = "\u2026"
_SPACES = " \xa0\u202f\u2009"
_LAST_SIMPLE_LETTER = "\u052f"  # Latin, Greek, Cyrillic: a glyph for a character, left to right
_PUNCTUATION = ("\u2010", "\u22ff")
_MOST_KEPT = 20_000
"""Composed texts that are kept: most return soon, as the numbers of neighbouring rows do."""
_WIDTH_OF_A_LETTER = 0.62
"""Share of the font size that a letter of a script with shaping takes, at a guess."""


Glyph = str
"""The code of a glyph, four hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Glyphs of one font, in points from where the text begins."""

    right: float
    rise: float
    font: str
    size: float
    colour: str
    """Red, green and blue as in the operator ``rg``."""
    glyphs: tuple[Glyph | float, ...]
    """Glyphs and what moves them apart, as in the operator ``TJ``."""
    width: float


@dataclass(frozen=True, slots=True)
class Run:
    """A text that can be drawn."""

    segments: tuple[Segment, ...]
    width: float


@dataclass(frozen=True)
class _Specimens:
    """What the template prints."""

    language: str
    height_pt: float
    lines: tuple[tuple[Style, str], ...]


@dataclass
class Typesetter:
    """Composes texts of specimens."""

    fonts: pikepdf.Object
    """Fonts by their name in `Segment.font`."""
    source: pikepdf.Pdf
    """The document that they are of."""
    _drawn: Mapping[tuple[Style, str], Run]
    _spelt: Mapping[int, str]
    _made: dict[tuple[Style, str], Run] = field(default_factory=dict)
    _shortened: dict[tuple[Style, str, float], Run] = field(default_factory=dict)

    def run(self, style: Style, text: str) -> Run:
        """Return a text that was among those the typesetter was made for."""
        key = style, text
        made = self._made.get(key)
        if made is None:
            if len(self._made) == _MOST_KEPT:
                self._made.clear()
            made = self._made[key] = self._compose(style, text.translate(self._spelt))
        return made

    def width(self, style: Style, text: str) -> float:
        """Return the width of such a text, which is not composed for that."""
        printed = text.translate(self._spelt)
        if not _is_simple(printed):
            return self._drawn[style, printed].width
        return sum(self._drawn[style, character].width for character in printed)

    def fitted(self, style: Style, text: str, width: float) -> tuple[Run, bool]:
        """Return a text of at most that width, and whether it had to be cut.

        An ellipsis stands for what is cut. Nothing fits into less than an ellipsis.
        """
        whole = self.run(style, text)
        if whole.width <= width:
            return whole, False
        printed = text.translate(self._spelt)
        if not _is_simple(printed):
            return _squeezed(whole, width), False
        return self._cut(style, printed, width), True

    def _cut(self, style: Style, text: str, width: float) -> Run:
        key = style, text, width
        made = self._shortened.get(key)
        if made is None:
            room = width - self._drawn[style, _ELLIPSIS].width
            ends = accumulate(self._drawn[style, character].width for character in text)
            length = sum(end <= room for end in ends)
            made = self._compose(style, text[:length].rstrip() + _ELLIPSIS)
            self._shortened[key] = made
        return made

    def _compose(self, style: Style, text: str) -> Run:
        if not _is_simple(text):
            return self._drawn[style, text]
        return _joined([self._drawn[style, character] for character in text])


def typesetter(texts: Iterable[tuple[Style, str]], *, language: str) -> Typesetter:
    """Return what draws the texts, each in its style.

    Raises:
        RenderError: A system library is missing.
    """
    asked = sorted(set(texts))
    spelt = _spelt(text for _, text in asked)
    lines = _lines((style, text.translate(spelt)) for style, text in asked)
    content = _specimens_page(lines, language)
    source = pikepdf.open(io.BytesIO(content))
    return Typesetter(source.pages[0].Resources.Font, source, _read(source.pages[0], lines), spelt)


def shortened(text: str, width: float, size: float) -> str:
    """Return a text that joins or reorders characters, cut to about a width; others as they are.

    What such a script draws cannot be cut, so it is cut before.

    >>> shortened("plain text stays", 10, 7), shortened("\u7530" * 9, 28, 7)
    ('plain text stays', '田田田…')
    """
    if _is_simple(text):
        return text
    room = width / size
    for place, character in enumerate(text):
        room -= 1 if unicodedata.east_asian_width(character) in "WF" else _WIDTH_OF_A_LETTER
        if room < 0:
            return text[: max(1, place - 1)] + _ELLIPSIS
    return text


def _squeezed(run: Run, width: float) -> Run:
    """Return a text narrowed to a width, for scripts whose text cannot be cut."""
    share = width / run.width
    return Run(
        tuple(
            Segment(
                one.right * share, one.rise, one.font, one.size * share, one.colour, one.glyphs,
                one.width * share,
            )
            for one in run.segments
        ),
        width,
    )  # fmt: skip


def _is_simple(text: str) -> bool:
    """Tell whether each character is a glyph of its own, from left to right.

    >>> _is_simple("D01-03 \u00e9 \u2212 3"), _is_simple("e\u0301"), _is_simple("\u05d0")
    (True, False, False)
    """
    return all(map(_is_simple_character, text))


def _is_simple_character(character: str) -> bool:
    if character in _SPACES:
        return True
    known = character <= _LAST_SIMPLE_LETTER or _PUNCTUATION[0] <= character <= _PUNCTUATION[1]
    return known and unicodedata.category(character)[0] in "LNPS"


def _spelt(texts: Iterable[str]) -> dict[int, str]:
    characters = sorted(set().union(*texts))
    missing = uncovered_characters(html.escape("".join(characters)))
    return {ord(one): f"[U+{ord(one):04X}]" for one in missing}


def _lines(texts: Iterable[tuple[Style, str]]) -> tuple[tuple[Style, str], ...]:
    """Return the specimens to set: characters of simple texts, and other texts whole."""
    found: set[tuple[Style, str]] = set()
    for style, text in texts:
        if _is_simple(text):
            found.update((style, character) for character in text)
            found.update(((style, "0"), (style, _ELLIPSIS)))
        else:
            found.add((style, text))
    return tuple(sorted(found))


def _specimens_page(lines: Sequence[tuple[Style, str]], language: str) -> bytes:
    # A space alone is not drawn, so it is set between two others.
    shown = tuple((style, f"0{text}0" if text in _SPACES else text) for style, text in lines)
    view = _Specimens(language, _LINE_PT * (len(lines) + 1), shown)
    content = render_page(render_html(TEMPLATE, view))
    if content is None:
        raise RenderError("the texts of the annex of objects cannot be set", where=TEMPLATE)
    return content


# --- reading what was drawn ----------------------------------------------------------------


class _Reader:
    """Reads the operators of a page of specimens; its origin is at the upper left corner."""

    def __init__(self, page: pikepdf.Page) -> None:
        self._widths = {name: _widths(font) for name, font in page.Resources.Font.items()}
        self._font, self._size, self._colour, self._rise = "", 0.0, "0 0 0", 0.0
        self._left = self._top = 0.0
        self.found: list[tuple[float, Segment]] = []
        """Distance from the upper edge, and what is drawn there, in points."""
        for one in pikepdf.parse_content_stream(page, "Tf Tm Ts rg TJ"):
            getattr(self, f"_{one.operator}")(one.operands)

    def _Tf(self, operands: Any) -> None:  # noqa: ANN401, N802 - pikepdf's, and PDF's name
        self._font, self._size = str(operands[0]), float(operands[1]) * _PT_PER_PX

    def _Tm(self, operands: Any) -> None:  # noqa: ANN401, N802
        self._left, self._top = (float(one) * _PT_PER_PX for one in operands[4:])

    def _Ts(self, operands: Any) -> None:  # noqa: ANN401, N802
        self._rise = float(operands[0]) * _PT_PER_PX

    def _rg(self, operands: Any) -> None:  # noqa: ANN401
        self._colour = " ".join(f"{float(one):.3f}".rstrip("0").rstrip(".") for one in operands)

    def _TJ(self, operands: Any) -> None:  # noqa: ANN401, N802
        glyphs = tuple(_glyphs(operands[0]))
        widths = self._widths[self._font]
        units = sum(widths[one] if isinstance(one, str) else -one for one in glyphs)
        width = units * self._size / 1000
        segment = Segment(
            self._left, self._rise, self._font, self._size, self._colour, glyphs, width
        )
        self.found.append((self._top, segment))
        self._left += width


def _glyphs(array: Any) -> Iterator[Glyph | float]:  # noqa: ANN401
    for one in array:
        if isinstance(one, pikepdf.String):
            codes = bytes(one).hex()
            yield from (codes[place : place + 4] for place in range(0, len(codes), 4))
        elif one:
            yield float(one)


def _widths(font: pikepdf.Object) -> dict[Glyph, float]:
    """Return the width of each glyph in thousandths of the size (ISO 32000-1, 9.7.4.3)."""
    found: dict[Glyph, float] = {}
    listed = list(font.DescendantFonts[0].W)
    for first, widths in zip(listed[::2], listed[1::2], strict=True):
        found |= {f"{int(first) + place:04x}": float(one) for place, one in enumerate(widths)}
    return found


def _read(page: pikepdf.Page, lines: Sequence[tuple[Style, str]]) -> dict[tuple[Style, str], Run]:
    segments: list[list[Segment]] = [[] for _ in lines]
    for top, segment in _Reader(page).found:
        segments[int(top / _LINE_PT)].append(segment)
    found = {}
    for line, own in zip(lines, segments, strict=True):
        if not own:
            raise RenderError(f"nothing was drawn of {line[1]!r}", where=TEMPLATE)
        run = Run(tuple(own), max(one.right + one.width for one in own))
        found[line] = run
    for style, text in lines:
        if text in _SPACES:
            found[style, text] = _inner(found[style, text], found[style, "0"])
    return found


def _inner(run: Run, zero: Run) -> Run:
    """Return what stands between two zeros."""
    *_, last = run.segments
    segments = []
    for one in run.segments:
        glyphs = one.glyphs[1:] if one is run.segments[0] else one.glyphs
        right = one.right if one is run.segments[0] else one.right - zero.width
        segments.append(replace(one, right=right, glyphs=glyphs[:-1] if one is last else glyphs))
    width = run.width - 2 * zero.width
    return Run((replace(segments[0], width=width), *segments[1:]), width)


def _joined(runs: Sequence[Run]) -> Run:
    segments: list[Segment] = []
    glyphs: list[Glyph | float] = []
    begun, right, drawn, width = None, 0.0, 0.0, 0.0

    def end() -> None:
        if begun is not None:
            font, colour = begun.font, begun.colour
            segments.append(
                Segment(right, begun.rise, font, begun.size, colour, tuple(glyphs), drawn)
            )
            glyphs.clear()

    for run in runs:
        for one in run.segments:
            if begun is None or not _goes_on(begun, one):
                end()
                begun, right, drawn = one, width + one.right, 0.0
            glyphs.extend(one.glyphs)
            drawn += one.width
        width += run.width
    end()
    return Run(tuple(segments), width)


def _goes_on(before: Segment, after: Segment) -> bool:
    return (before.font, before.size, before.colour, before.rise) == (
        after.font, after.size, after.colour, after.rise
    )  # fmt: skip
