"""Pieces of the legend of pictures."""

from markupsafe import Markup

from validation.report.figures.canvas import lettering, rectangle, svg
from validation.report.figures.canvas import line as stroke


def swatch(colour: str, *, letter: str, line: str, alt: str) -> Markup:
    """Return a piece of a legend: how an outcome is drawn on a dark picture."""
    width, height = 26.0, 12.0
    parts = [rectangle(0, 0, width, height, "#20252b")]
    if line == "filled":
        parts.append(rectangle(4, 3, width - 8, height - 6, colour))
    elif line == "hatched":
        parts.extend(stroke(x, height - 3, x + 4, 3, colour, 1.1) for x in (4.0, 8.0, 12.0, 16.0))
    else:
        parts.append(
            stroke(3, 6, 13 if letter else width - 3, 6, colour, 1.5,
                  dash="3 2" if line == "dashed" else "")
        )  # fmt: skip
    if letter:
        parts.append(
            lettering(19, 9, letter, anchor="middle", size=8, weight=600, colour="#ffffff")
        )
    return svg(width, height, alt, parts, css_class="swatch")
