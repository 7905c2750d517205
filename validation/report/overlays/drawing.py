"""A case as it is printed: its picture with the outlines over it, as one SVG element.

Each outcome is a group of its own, so that a browser can show and hide it. Lines have a dark
edge, so that they stand out on light and on dark images; there is no opacity (PDF/A, PDF/UA).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from validation.report.contents import Outline, Overlay
from validation.report.formatting import number
from validation.report.overlays.labels import Box, Label, labels, on_line
from validation.report.overlays.styles import OUTCOME_STYLES, PIXEL_STYLES, OutcomeStyle
from validation.report.overlays.svg import DARK, FONT, hatching, n, plate, stroke, text_in

_DASHES = "2.2 1.3"
_FINE = 0.28
"""Width of the edges of pixels of a class, in points."""
_BAR_LENGTHS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_BAR_PART = 5
"""The scale bar is at most this part of the width."""


def scale_bar(width_px: int, spacing_um: float | None) -> tuple[float, str] | None:
    r"""Return the length of the scale bar in pixels, and its words; None: too narrow for one.

    A round number of micrometres, or of pixels where the size of a pixel is not known.

    >>> scale_bar(256, 0.5), scale_bar(256, None), scale_bar(2, None)
    ((40.0, '20\xa0µm'), (50.0, '50\xa0px'), None)
    """
    side = spacing_um or 1.0
    fitting = [one for one in _BAR_LENGTHS if one <= width_px * side / _BAR_PART]
    if spacing_um is None:
        fitting = [one for one in fitting if one >= 1]
    if not fitting:
        return None
    unit = "px" if spacing_um is None else "µm"
    return fitting[-1] / side, f"{number(fitting[-1])}\u00a0{unit}"


def overlay_drawing(overlay: Overlay, *, width_pt: float, letter_pt: float, alt: str) -> Markup:
    """Return the picture of a case with its outlines.

    Args:
        overlay: The case.
        width_pt: Width in print, in points.
        letter_pt: Size of the letters in print.
        alt: Alternative text.
    """
    unit = overlay.width_px / width_pt
    size = letter_pt * unit
    bar = _bar(overlay, size, unit)
    parts = [_picture(overlay), *_layers(overlay, unit), *_words(overlay, bar, size)]
    height_pt = overlay.height_px / unit
    return Markup(  # noqa: S704 - numbers, names of outcomes, and texts that are escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" class="overlay" role="img" '
        f'width="{n(width_pt)}pt" height="{n(height_pt)}pt" '
        f'viewBox="0 0 {overlay.width_px} {overlay.height_px}" font-family="{FONT}">'
        f"<title>{escape(alt)}</title>{''.join(parts)}</svg>"
    )


def _picture(overlay: Overlay) -> str:
    by = overlay.reduction
    width, height = (-(-side // by) * by for side in (overlay.width_px, overlay.height_px))
    return (
        f'<image href="overlays/{escape(overlay.file)}" width="{width}" height="{height}" '
        'preserveAspectRatio="none" image-rendering="crisp-edges"/>'
    )


# --- outlines ----------------------------------------------------------------------------


def _layers(overlay: Overlay, unit: float) -> Iterator[str]:
    """Yield a group for each outcome that the case has; what differs lies under what agrees."""
    present = dict.fromkeys(one.outcome for one in overlay.outlines)
    for outcome in sorted(present, key=lambda one: one == "agreed"):
        own = [one for one in overlay.outlines if one.outcome == outcome]
        if outcome in PIXEL_STYLES:
            paths = [_pixels(one, f"{outcome}-{overlay.case_id}", unit) for one in own]
        else:
            paths = [*_objects(own, OUTCOME_STYLES[outcome], unit, is_large=overlay.is_worst)]
        yield f'<g class="of-{outcome}">{"".join(paths)}</g>'


def _objects(
    outlines: Iterable[Outline], style: OutcomeStyle, unit: float, *, is_large: bool
) -> Iterator[str]:
    """Yield the dark edges of the lines, then the lines: none lies over another's line.

    In small pictures, of which there are many, matched objects have no dark edges.
    """
    paths: dict[str, str] = {}
    for one in outlines:
        paths[one.source] = paths.get(one.source, "") + one.path
    thick = 0.85 if style.letter else 0.5
    for source, path in paths.items() if style.letter or is_large else ():
        yield _by(source, stroke(path, DARK, (thick + 0.5) * unit))
    for source, path in paths.items():
        dashes = _DASHES if source == "prediction" else ""
        yield _by(source, stroke(path, style.hexadecimal, thick * unit, dashes, unit))


def _by(source: str, line: str) -> str:
    return f'<g class="by-{source}" fill="none" stroke-linejoin="round">{line}</g>'


def _pixels(outline: Outline, name: str, unit: float) -> str:
    colour = PIXEL_STYLES[outline.outcome].hexadecimal
    side, is_missed = 2.6 * unit, outline.outcome == "missed_pixels"
    dashes = "1.2 0.8" if outline.outcome == "false_pixels" else ""
    dark = stroke(outline.path, DARK, 2 * _FINE * unit)
    edge = stroke(outline.path, colour, _FINE * unit, dashes, unit)
    edges = f'<g fill="none">{dark}{edge}</g>'
    if outline.outcome == "agreed":
        return edges
    return (
        f"{hatching(f'hatch-{name}', side, colour, is_falling=is_missed)}"
        f'<path d="{outline.path}" fill="url(#hatch-{escape(name)})" fill-rule="evenodd"/>{edges}'
    )


# --- letters and scale -------------------------------------------------------------------


@dataclass(frozen=True)
class _Bar:
    """The scale bar."""

    words: str
    text: Box
    line: Box
    ground: Box


def _bar(overlay: Overlay, size: float, unit: float) -> _Bar | None:
    """Return the scale bar, in the lower right corner."""
    known = scale_bar(overlay.width_px, overlay.spacing_um)
    if known is None:
        return None
    length, words = known
    margin, thick = 3 * unit, 1.4 * unit
    width, height = max(length, size * 0.5 * (len(words) + 1)), 1.3 * size
    left, top = overlay.width_px - margin - width, overlay.height_px - margin - thick - height
    text = on_line(Box(left, top - 0.3 * size, width, height), size)
    return _Bar(
        words,
        text,
        Box(left + (width - length) / 2, text.y + height, length, thick),
        Box(left - unit, text.y - unit, width + 2 * unit, height + thick + 2 * unit),
    )


def _words(overlay: Overlay, bar: _Bar | None, size: float) -> Iterator[str]:
    """Yield the labels and the scale bar, line by line."""
    taken = [bar.ground] if bar is not None else []
    drawn = [(one.box, _label(one, size)) for one in labels(overlay, size, taken)]
    if bar is not None:
        drawn.append((bar.text, _scale(bar, size)))
    for _, element in sorted(drawn, key=lambda one: (round(one[0].middle[1], 6), one[0].x)):
        yield element


def _label(one: Label, size: float) -> str:
    ground = plate(one.box, OUTCOME_STYLES[one.outcome].hexadecimal)
    name = text_in(one.box, one.text, size, "#000000")
    return f'<g class="labels"><g class="of-{one.outcome}">{ground}{name}</g></g>'


def _scale(bar: _Bar, size: float) -> str:
    words = text_in(bar.text, bar.words, size, "#ffffff")
    return f"{plate(bar.ground, DARK)}{plate(bar.line, '#ffffff')}{words}"
