"""How the parts of a picture are drawn, in small, on a dark ground."""

from markupsafe import Markup, escape

from validation.report.overlays.labels import Box
from validation.report.overlays.styles import OUTCOME_STYLES, PIXEL_STYLES, OutcomeStyle
from validation.report.overlays.svg import FONT, hatching, plate, stroke, text_in


def swatch(outcome: str) -> Markup:
    """Return how an outcome is drawn."""
    style = {**OUTCOME_STYLES, **PIXEL_STYLES}[outcome]
    is_hatched = style.line in {"falling", "rising"}
    return _svg(_hatched(outcome, style) if is_hatched else _outlined(style), style.word)


def _hatched(outcome: str, style: OutcomeStyle) -> str:
    name, is_falling = f"swatch-{outcome}", style.line == "falling"
    edge = stroke("M4 2.5h18v7h-18z", style.hexadecimal, 0.7, "" if is_falling else "2 1.3")
    return (
        f"{hatching(name, 4, style.hexadecimal, is_falling=is_falling)}"
        f'<rect x="4" y="2.5" width="18" height="7" fill="url(#{name})"/><g fill="none">{edge}</g>'
    )


def _outlined(style: OutcomeStyle) -> str:
    dashes = "3 2" if style.line == "dashed" else ""
    if not style.letter:
        return stroke("M3 6h20", style.hexadecimal, 1.5, dashes)
    box = Box(16.5, 1.8, 7, 8.4)
    return (
        stroke("M3 6h12", style.hexadecimal, 1.5, dashes)
        + plate(box, style.hexadecimal)
        + text_in(box, style.letter, 7.4, "#000000")
    )


def source_swatch(source: str, words: str) -> Markup:
    """Return how the outlines of the reference, or of the prediction, are drawn."""
    return _svg(stroke("M3 6h20", "#ffffff", 1.3, "3 2" if source == "prediction" else ""), words)


def label_swatch(words: str) -> Markup:
    """Return how objects are named."""
    box = Box(5, 1.8, 16, 8.4)
    return _svg(plate(box, "#ffffff") + text_in(box, "X12", 7.4, "#000000"), words)


def _svg(parts: str, alt: str) -> Markup:
    return Markup(  # noqa: S704 - made of numbers and of words that are escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" class="swatch" role="img" width="26pt" '
        f'height="12pt" viewBox="0 0 26 12" font-family="{FONT}"><title>{escape(alt)}</title>'
        f'<rect width="26" height="12" fill="#20252b"/>{parts}</svg>'
    )
