"""Pieces of SVG of which the pictures of cases and their legends are made."""

from markupsafe import escape

from validation.report.overlays.labels import Box

FONT = "IBM Plex Sans Condensed, IBM Plex Sans, DejaVu Sans, sans-serif"
DARK = "#0b0e11"


def n(value: float) -> str:
    """Return a number with at most three decimals.

    >>> n(2.0), n(0.126)
    ('2', '0.126')
    """
    return f"{value:.3f}".rstrip("0").rstrip(".")


def stroke(path: str, colour: str, width: float, dashes: str = "", unit: float = 1) -> str:
    """Return a path as a line; `dashes` are lengths in parts of `unit`."""
    lengths = " ".join(n(float(one) * unit) for one in dashes.split())
    dashed = f' stroke-dasharray="{lengths}"' if lengths else ""
    return f'<path d="{path}" stroke="{colour}" stroke-width="{n(width)}"{dashed}/>'


def hatching(name: str, side: float, colour: str, *, is_falling: bool) -> str:
    """Return a pattern of diagonals with a dark edge, falling to the right or rising."""
    low, half, high = f"-{n(side / 2)}", n(side / 2), n(1.5 * side)
    path = (
        f"M{low} {half}L{half} {high}M{low} {low}L{high} {high}M{half} {low}L{high} {half}"
        if is_falling
        else f"M{low} {half}L{half} {low}M{low} {high}L{high} {low}M{half} {high}L{high} {half}"
    )
    lines = stroke(path, DARK, side * 0.5) + stroke(path, colour, side * 0.26)
    return (
        f'<defs><pattern id="{escape(name)}" width="{n(side)}" height="{n(side)}" '
        f'patternUnits="userSpaceOnUse"><g fill="none">{lines}</g></pattern></defs>'
    )


def plate(box: Box, colour: str) -> str:
    """Return a filled rectangle."""
    return (
        f'<rect x="{n(box.x)}" y="{n(box.y)}" width="{n(box.width)}" height="{n(box.height)}" '
        f'fill="{colour}"/>'
    )


def text_in(box: Box, text: str, size: float, colour: str) -> str:
    """Return a text in the middle of a box."""
    x, y = box.middle
    return (
        f'<text x="{n(x)}" y="{n(y + 0.35 * size)}" text-anchor="middle" font-size="{n(size)}" '
        f'font-weight="600" fill="{colour}">{escape(text)}</text>'
    )
