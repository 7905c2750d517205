"""The marks that figures are made of, as parts of one ``<svg>``."""

from collections.abc import Iterable

from markupsafe import Markup, escape

from validation.report.figures.palette import FONT, INK


def svg(
    width: float, height: float, alt: str, parts: Iterable[str], *, css_class: str = "figure"
) -> Markup:
    """Return a drawing of its parts; `alt` is its alternative text."""
    body = "".join(parts)
    return Markup(  # noqa: S704 - every text inside has been escaped by `lettering`
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{css_class}" role="img" '
        f'width="{short(width)}pt" height="{short(height)}pt" '
        f'viewBox="0 0 {short(width)} {short(height)}" '
        f'font-family="{FONT}"><title>{escape(alt)}</title>{body}</svg>'
    )


def line(  # noqa: PLR0917 - two ends and a stroke, as SVG orders them
    x1: float, y1: float, x2: float, y2: float, colour: str, width: float, *, dash: str = ""
) -> str:
    """Return a line; `dash` is SVG's pattern of dashes and gaps."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{short(x1)}" y1="{short(y1)}" x2="{short(x2)}" y2="{short(y2)}" '
        f'stroke="{colour}" stroke-width="{short(width)}"{dashed}/>'
    )


def polyline(places: Iterable[tuple[float, float]], colour: str, width: float, dash: str) -> str:
    """Return a line through several places; `dash` as in `line`."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    corners = " ".join(f"{short(x)},{short(y)}" for x, y in places)
    return (
        f'<polyline points="{corners}" fill="none" stroke="{colour}" '
        f'stroke-width="{short(width)}" stroke-linejoin="round"{dashed}/>'
    )


def rectangle(x: float, y: float, width: float, height: float, fill: str) -> str:
    """Return a filled rectangle."""
    return (
        f'<rect x="{short(x)}" y="{short(y)}" width="{short(width)}" height="{short(height)}" '
        f'fill="{fill}"/>'
    )


def disc(x: float, y: float, radius: float, fill: str) -> str:
    """Return a filled circle."""
    return f'<circle cx="{short(x)}" cy="{short(y)}" r="{short(radius)}" fill="{fill}"/>'


def square(x: float, y: float, half: float, stroke: str, fill: str) -> str:
    """Return a square with an edge, around its middle."""
    return (
        f'<rect x="{short(x - half)}" y="{short(y - half)}" width="{short(2 * half)}" '
        f'height="{short(2 * half)}" fill="{fill}" stroke="{stroke}" stroke-width="1.2"/>'
    )


def diamond(x: float, y: float, half: float, fill: str) -> str:
    """Return a filled diamond."""
    corners = ((x - half, y), (x, y - half), (x + half, y), (x, y + half))
    places = " ".join(f"{short(a)},{short(b)}" for a, b in corners)
    return f'<polygon points="{places}" fill="{fill}"/>'


def triangle(x: float, y: float, half: float, fill: str, *, points_right: bool) -> str:
    """Return a small filled triangle beside a place, which points away from it."""
    tip = x + (2 * half if points_right else -2 * half)
    corners = ((x, y - half), (tip, y), (x, y + half))
    places = " ".join(f"{short(a)},{short(b)}" for a, b in corners)
    return f'<polygon points="{places}" fill="{fill}"/>'


def circle(x: float, y: float, radius: float) -> str:
    """Return a circle as a part of a path: one path is laid out faster than many circles."""
    arc, across = f"a{short(radius)} {short(radius)} 0 1 0", short(2 * radius)
    return f"M{short(x - radius)} {short(y)}{arc} {across} 0{arc} -{across} 0z"


def lettering(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: float = 8.5,
    weight: int = 400,
    colour: str = INK,
) -> str:
    """Return a line of text, escaped."""
    return (
        f'<text x="{short(x)}" y="{short(y)}" text-anchor="{anchor}" font-size="{short(size)}" '
        f'font-weight="{weight}" fill="{colour}">{escape(text)}</text>'
    )


def short(value: float) -> str:
    """Return a place on the paper, to a hundredth of a point.

    >>> short(12.5), short(3.0), short(0.3333)
    ('12.5', '3', '0.33')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")
