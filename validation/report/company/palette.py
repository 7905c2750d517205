"""The colours of a company: those of its style sheet, also in drawings, and legible."""

import re
from collections.abc import Iterator, Mapping

from validation.report.render import COMPANY_STYLE

DEFAULTS: Mapping[str, str] = {
    "ink": "#1c2127",
    "muted": "#5c6670",
    "subdued": "#3d464e",
    "hairline": "#b9c0c7",
    "faint": "#d5dade",
    "pale": "#e9edf0",
    "accent": "#0b4f6c",
    "met": "#00664b",
    "not-met": "#a63a00",
}
"""Colours of the bundled style sheet and drawings, by the name of the CSS variable."""

OF_TEXT = ("ink", "muted", "subdued", "accent", "met", "not-met")
"""Colours in which text is set."""

LEAST_CONTRAST = 4.5
"""Least contrast of text with paper (WCAG 2.2, 1.4.3)."""

_COLOUR = re.compile(r"--([a-z-]+)\s*:\s*([^;}]+?)\s*[;}]")
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)


def colours_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the colours that a company sets, by name, as written."""
    css = files.get(COMPANY_STYLE, b"").decode("utf-8", errors="replace")
    return {name: value for name, value in _COLOUR.findall(css) if name in DEFAULTS}


def colour_problems(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what is wrong with the colours that a company sets."""
    colours = colours_of(files)
    for name, value in colours.items():
        if not _HEX.fullmatch(value):
            yield f"--{name} must be six hexadecimal digits, e.g. {DEFAULTS[name]}, got {value}"
        elif name in OF_TEXT and contrast(value) < LEAST_CONTRAST:
            yield (
                f"--{name} {value} has a contrast of {contrast(value):.1f} with paper; text needs "
                f"{LEAST_CONTRAST} (WCAG 2.2, 1.4.3)"
            )
    both = {colours.get(name, DEFAULTS[name]).lower() for name in ("met", "not-met")}
    if len(both) == 1:
        yield "--met and --not-met are the same colour"


def contrast(colour: str) -> float:
    """Return the contrast of a colour with white (WCAG 2.2, relative luminance).

    >>> round(contrast("#000000"), 1), round(contrast("#767676"), 2)
    (21.0, 4.54)
    """
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB
        for one in parts
    )
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def recoloured(document: str, files: Mapping[str, bytes]) -> str:
    """Return a document with its drawings in the colours of a company."""
    colours = {DEFAULTS[name]: value for name, value in colours_of(files).items()}
    if not colours:
        return document
    known = re.compile("|".join(map(re.escape, colours)))
    return _DRAWING.sub(
        lambda drawing: known.sub(lambda found: colours[found[0]], drawing[0]), document
    )
