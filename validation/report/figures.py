"""Figures of the report, drawn by hand as SVG.

Pure functions of numbers and labels that are ready to print; each returns one ``<svg>``
element with a title (its alternative text). Vector, the same bytes for the same input, text
that can be selected, no opacity and no gradients (both break PDF/A or PDF/UA); what colour
says, a shape says too. Where there would be more marks than a page can carry, they are
binned and the figure says so.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from validation.report.formatting import MINUS, Direction, clipped, number

INK = "#1c2127"
MUTED = "#5c6670"
HAIRLINE = "#b9c0c7"
PALE = "#e9edf0"
ACCENT = "#0b4f6c"
MET = "#00664b"
NOT_MET = "#a63a00"

VERDICT_COLOURS = {"met": MET, "not_met": NOT_MET, "not_evaluable": MUTED}

PAGE_WIDTH = 459.0
"""Width of a page between its margins, in points (A4; Letter is wider)."""

_FONT = "IBM Plex Sans Condensed, IBM Plex Sans, DejaVu Sans, sans-serif"
_MOST_MARKS = 1500
_DOT = 1.8
_TICK_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0)


@dataclass(frozen=True)
class Estimate:
    """A value with its limits, as they are drawn."""

    value: float | None
    lower: float | None = None
    upper: float | None = None

    @property
    def numbers(self) -> tuple[float, ...]:
        """Every number that has to lie inside the axis."""
        return tuple(one for one in (self.value, self.lower, self.upper) if one is not None)


@dataclass(frozen=True)
class Scale:
    """Maps numbers to places on the paper, in points."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of `value`, not beyond the ends."""
        part = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + min(1.0, max(0.0, part)) * (self.end - self.start)


@dataclass(frozen=True)
class CriterionMark:
    """A criterion in the forest plot of the criteria table."""

    estimate: Estimate
    bound: float
    direction: Direction
    verdict: str
    alt: str
    """The comparison in words."""


@dataclass(frozen=True)
class ForestRow:
    """A row of a forest plot; the texts are ready to print."""

    label: str
    sample: str
    """Size of the sample, e.g. ``n = 412``."""
    estimate: Estimate
    text: str
    """Value and limits."""
    is_overall: bool = False


# --- the criteria table ----------------------------------------------------------------


def reach(marks: Iterable[CriterionMark]) -> float:
    """Return the half width of an axis on which all marks find room around their bounds."""
    distances = [abs(one - mark.bound) for mark in marks for one in mark.estimate.numbers]
    return 1.12 * max(distances, default=0.0) or 1.0


def criterion_mark(mark: CriterionMark, half_width: float) -> Markup:
    """Return the interval of a criterion against its bound, for a cell of a table.

    The bound is the line in the middle, so that the lines of all rows meet; the side that
    meets the bound is shaded. Met: a disc; not met: a hollow square.
    """
    width, height = 80.0, 17.0
    scale = Scale(mark.bound - half_width, mark.bound + half_width, 3, width - 3)
    middle, line = width / 2, height / 2
    shaded = middle if mark.direction == "at_least" else 3.0
    parts = [
        _rectangle(shaded, 0, middle - 3, height, PALE),
        _line(middle, 0, middle, height, INK, 0.8),
        *_estimate(mark.estimate, scale, line, mark.verdict),
    ]
    return _svg(width, height, mark.alt, parts, css_class="criterion-mark")


def _estimate(estimate: Estimate, scale: Scale, y: float, verdict: str) -> list[str]:
    colour = VERDICT_COLOURS.get(verdict, INK)
    parts = []
    if estimate.lower is not None and estimate.upper is not None:
        left, right = scale(estimate.lower), scale(estimate.upper)
        parts.append(_line(left, y, right, y, colour, 1.3))
        parts.extend(_line(x, y - 2.6, x, y + 2.6, colour, 1.3) for x in (left, right))
    if estimate.value is not None:
        x = scale(estimate.value)
        hollow = verdict == "not_met"
        parts.append(_square(x, y, 2.7, colour, "#ffffff") if hollow else _disc(x, y, 2.7, colour))
    return parts


# --- forest plots ----------------------------------------------------------------------


def forest_plot(
    rows: Sequence[ForestRow], *, alt: str, axis_label: str, bound: float | None = None
) -> Markup:
    """Return a forest plot: a row a subgroup, the overall row with a diamond.

    A dashed line marks the overall value; a solid line the bound, where there is one.
    """
    width, row_height, top = PAGE_WIDTH, 15.0, 6.0
    left, right, text_right = 162.0, 352.0, width
    height = top + row_height * len(rows) + 28
    numbers = [one for row in rows for one in row.estimate.numbers]
    numbers += [bound] if bound is not None else []
    scale = _padded_scale(numbers, left, right)
    bottom = top + row_height * len(rows) + 2
    parts = _axis(scale, bottom, axis_label, grid_top=top)
    overall = next((row.estimate.value for row in rows if row.is_overall), None)
    if overall is not None:
        parts.append(_line(scale(overall), top, scale(overall), bottom, ACCENT, 0.7, dash="2 2"))
    if bound is not None:
        parts.append(_line(scale(bound), top, scale(bound), bottom, INK, 0.9))
        parts.append(_text(scale(bound), top - 1.0, "bound", size=6.5, anchor="middle"))
    for index, row in enumerate(rows):
        y = top + row_height * (index + 0.5)
        parts.extend(_forest_row(row, scale, y, left, text_right))
    return _svg(width, height, alt, parts)


def _forest_row(
    row: ForestRow, scale: Scale, y: float, left: float, text_right: float
) -> list[str]:
    weight = 600 if row.is_overall else 400
    parts = [
        _text(0, y + 3, clipped(row.label, 30), weight=weight),
        _text(left - 12, y + 3, row.sample, anchor="end", colour=MUTED, size=7.5),
        _text(text_right, y + 3, row.text, anchor="end", weight=weight),
    ]
    estimate = row.estimate
    if estimate.lower is not None and estimate.upper is not None:
        parts.append(_line(scale(estimate.lower), y, scale(estimate.upper), y, INK, 1.2))
    if estimate.value is not None:
        x = scale(estimate.value)
        parts.append(_diamond(x, y, 4.4, ACCENT) if row.is_overall else _disc(x, y, 2.6, INK))
    return parts


# --- agreement -------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """What the reference and the model give for one case."""

    reference: float
    prediction: float


def agreement_scatter(
    pairs: Sequence[Pair], *, alt: str, quantity: str, labels: tuple[str, str] | None = None
) -> Markup:
    """Return predicted against reference quantity, with the line of equality.

    `labels` are those of the axes, across and up, where they are not reference and prediction.
    """
    numbers = [0.0, *(one for pair in pairs for one in (pair.reference, pair.prediction))]
    frame = _Frame(width=222, height=196)
    scale_x = _padded_scale(numbers, frame.left, frame.right, pad=0.04, floor=0.0)
    scale_y = Scale(scale_x.low, scale_x.high, frame.bottom, frame.top)
    ends = (scale_x.low, scale_x.high)
    parts = _frame_axes(
        frame, scale_x, scale_y, *(labels or (f"reference: {quantity}", f"predicted: {quantity}"))
    )
    parts.append(
        _line(scale_x(ends[0]), scale_y(ends[0]), scale_x(ends[1]), scale_y(ends[1]), ACCENT, 0.8)
    )
    points = [(scale_x(pair.reference), scale_y(pair.prediction)) for pair in pairs]
    parts.extend(_points(points))
    return _svg(frame.width, frame.height, alt, parts)


def difference_plot(
    pairs: Sequence[Pair],
    *,
    alt: str,
    quantity: str,
    bias: float | None,
    labels: tuple[str, str] | None = None,
) -> Markup:
    """Return differences against means (Bland and Altman), with zero and the bias.

    `labels` are those of the axes, across and up, where they are not reference and prediction.
    """
    frame = _Frame(width=222, height=196)
    means = [(pair.reference + pair.prediction) / 2 for pair in pairs]
    differences = [pair.prediction - pair.reference for pair in pairs]
    largest = max((abs(one) for one in differences), default=0.0) or 1.0
    scale_x = _padded_scale([0.0, *means], frame.left, frame.right, pad=0.04, floor=0.0)
    scale_y = _padded_scale([-largest, largest], frame.bottom, frame.top)
    usual = (f"mean of both: {quantity}", f"predicted {MINUS} reference")
    parts = _frame_axes(frame, scale_x, scale_y, *(labels or usual))
    zero = scale_y(0.0)
    parts.append(_line(frame.left, zero, frame.right, zero, MUTED, 0.7))
    if bias is not None:
        y = scale_y(bias)
        parts.append(_line(frame.left, y, frame.right, y, ACCENT, 0.9, dash="3 2"))
        parts.append(_text(frame.right, y - 3, "bias", anchor="end", colour=ACCENT, size=7))
    parts.extend(
        _points([(scale_x(x), scale_y(y)) for x, y in zip(means, differences, strict=True)])
    )
    return _svg(frame.width, frame.height, alt, parts)


# --- distributions ---------------------------------------------------------------------


@dataclass(frozen=True)
class Strip:
    """Values of a group of cases, drawn as one strip of dots."""

    label: str
    values: tuple[float, ...]
    mark: float | None = None
    """A value marked by a line, e.g. a median that the evidence holds."""


def dot_strips(
    strips: Sequence[Strip],
    *,
    alt: str,
    axis_label: str,
    low: float | None = None,
    high: float | None = None,
    mark_label: str = "",
) -> Markup:
    """Return one strip of stacked dots a group: every case is a dot.

    Dots that would cover one another are stacked.
    """
    width, left, top, strip_height = PAGE_WIDTH, 104.0, 8.0, 36.0
    numbers = [one for strip in strips for one in strip.values]
    numbers += [one for one in (low, high) if one is not None]
    scale = _padded_scale(numbers, left, width - 6, pad=0.0 if high is not None else 0.03)
    bottom = top + strip_height * len(strips)
    parts = _axis(scale, bottom + 2, axis_label, grid_top=top)
    room = strip_height - 8
    for index, strip in enumerate(strips):
        base = top + strip_height * (index + 1) - 3
        parts.append(_text(0, base - 8, clipped(strip.label, 24)))
        parts.append(_line(left, base, width - 6, base, HAIRLINE, 0.5))
        parts.extend(_stacked(strip.values, scale, base, room))
        if strip.mark is not None:
            x = scale(strip.mark)
            parts.append(_line(x, base - room, x, base + 2, ACCENT, 1.0))
            if mark_label:
                parts.append(_text(x + 2.5, base - room + 5, mark_label, size=6.5, colour=ACCENT))
    return _svg(width, bottom + 30, alt, parts)


def _stacked(values: Sequence[float], scale: Scale, base: float, room: float) -> list[str]:
    """Return the dots of a strip, or bars where there would be too many dots.

    Where a stack would be higher than its strip, its dots overlap.
    """
    columns = Counter(math.floor(scale(value) / (2 * _DOT)) for value in values)
    if not columns:
        return []
    if len(values) > _MOST_MARKS:
        return _bars(columns, _DOT, base, room)
    highest = max(columns.values())
    step = min(2 * _DOT, (room - 2 * _DOT) / max(1, highest - 1))
    circles = [
        _circle((column + 0.5) * 2 * _DOT, base - _DOT - level * step, _DOT * 0.92)
        for column, count in sorted(columns.items())
        for level in range(count)
    ]
    return [f'<path d="{"".join(circles)}" fill="{INK}"/>']


def _bars(columns: Counter[int], radius: float, base: float, room: float) -> list[str]:
    step = 2 * radius
    unit = room / max(columns.values())
    return [
        _rectangle(column * step, base - count * unit, step, count * unit, INK)
        for column, count in sorted(columns.items())
    ]


def swatch(colour: str, *, letter: str, line: str, alt: str) -> Markup:
    """Return a piece of a legend: how an outcome is drawn on a dark picture."""
    width, height = 26.0, 12.0
    parts = [_rectangle(0, 0, width, height, "#20252b")]
    if line == "filled":
        parts.append(_rectangle(4, 3, width - 8, height - 6, colour))
    elif line == "hatched":
        parts.extend(_line(x, height - 3, x + 4, 3, colour, 1.1) for x in (4.0, 8.0, 12.0, 16.0))
    else:
        parts.append(
            _line(3, 6, 13 if letter else width - 3, 6, colour, 1.5,
                  dash="3 2" if line == "dashed" else "")
        )  # fmt: skip
    if letter:
        parts.append(_text(19, 9, letter, anchor="middle", size=8, weight=600, colour="#ffffff"))
    return _svg(width, height, alt, parts, css_class="swatch")


# --- axes and marks --------------------------------------------------------------------


@dataclass(frozen=True)
class _Frame:
    """The rectangle of a plot with two axes."""

    width: float
    height: float
    left: float = 36.0
    top: float = 8.0

    @property
    def right(self) -> float:
        return self.width - 6

    @property
    def bottom(self) -> float:
        return self.height - 30


def ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Return round numbers from `low` to `high`, at most `most` of them.

    >>> ticks(0.0, 1.0), ticks(0.71, 0.93)
    ((0.0, 0.2, 0.4, 0.6, 0.8, 1.0), (0.75, 0.8, 0.85, 0.9))
    """
    span = high - low
    if span <= 0:
        return (low,)
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(one * power for one in _TICK_STEPS if span / (one * power) <= most - 1 + 1e-9)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, 2 - math.floor(math.log10(step)))
    return tuple(round(index * step, digits) for index in range(first, last + 1))


def _padded_scale(
    numbers: Sequence[float], start: float, end: float, *, pad: float = 0.06,
    floor: float | None = None,
) -> Scale:  # fmt: skip
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    span = high - low or abs(high) or 1.0
    padded_low = low - pad * span if floor is None else max(floor, low - pad * span)
    return Scale(padded_low, high + pad * span, start, end)


def _axis(scale: Scale, y: float, label: str, *, grid_top: float) -> list[str]:
    parts = [_line(scale.start, y, scale.end, y, MUTED, 0.6)]
    for tick in ticks(scale.low, scale.high):
        x = scale(tick)
        parts.append(_line(x, grid_top, x, y, PALE, 0.6))
        parts.append(_line(x, y, x, y + 3, MUTED, 0.6))
        parts.append(_text(x, y + 11, number(tick), anchor="middle", size=7.5, colour=MUTED))
    middle = (scale.start + scale.end) / 2
    return [*parts, _text(middle, y + 23, label, anchor="middle", size=8)]


def _frame_axes(
    frame: _Frame, scale_x: Scale, scale_y: Scale, label_x: str, label_y: str
) -> list[str]:
    parts = _axis(scale_x, frame.bottom, label_x, grid_top=frame.top)
    parts.append(_line(frame.left, frame.top, frame.left, frame.bottom, MUTED, 0.6))
    for tick in ticks(scale_y.low, scale_y.high):
        y = scale_y(tick)
        parts.append(_line(frame.left - 3, y, frame.left, y, MUTED, 0.6))
        parts.append(_text(frame.left - 5, y + 2.6, number(tick), anchor="end", size=7.5,
                           colour=MUTED))  # fmt: skip
    x, y = 7.0, (frame.top + frame.bottom) / 2
    parts.append(
        f'<text x="{_n(x)}" y="{_n(y)}" transform="rotate(-90 {_n(x)} {_n(y)})" '
        f'text-anchor="middle" font-size="8" fill="{INK}">{escape(label_y)}</text>'
    )
    return parts


def _points(points: Sequence[tuple[float, float]]) -> list[str]:
    """Return a ring a place; its area grows with the number of cases there."""
    if len(points) > _MOST_MARKS:
        points = [(round(x / 3) * 3.0, round(y / 3) * 3.0) for x, y in points]
    places = Counter((round(x, 2), round(y, 2)) for x, y in points)
    rings = [
        _circle(x, y, min(7.0, 1.9 * math.sqrt(count))) for (x, y), count in sorted(places.items())
    ]
    return [f'<path d="{"".join(rings)}" fill="none" stroke="{INK}" stroke-width="0.9"/>']


def _circle(x: float, y: float, radius: float) -> str:
    """Return a circle as a part of a path: one path is laid out faster than many circles."""
    arc, across = f"a{_n(radius)} {_n(radius)} 0 1 0", _n(2 * radius)
    return f"M{_n(x - radius)} {_n(y)}{arc} {across} 0{arc} -{across} 0z"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _line(  # noqa: PLR0917 - two ends and a stroke, as SVG orders them
    x1: float, y1: float, x2: float, y2: float, colour: str, width: float, *, dash: str = ""
) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" stroke="{colour}" '
        f'stroke-width="{_n(width)}"{dashed}/>'
    )


def _rectangle(x: float, y: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{fill}"/>'
    )


def _disc(x: float, y: float, radius: float, fill: str) -> str:
    return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}"/>'


def _square(x: float, y: float, half: float, stroke: str, fill: str) -> str:
    return (
        f'<rect x="{_n(x - half)}" y="{_n(y - half)}" width="{_n(2 * half)}" '
        f'height="{_n(2 * half)}" fill="{fill}" stroke="{stroke}" stroke-width="1.2"/>'
    )


def _diamond(x: float, y: float, half: float, fill: str) -> str:
    corners = ((x - half, y), (x, y - half), (x + half, y), (x, y + half))
    return f'<polygon points="{" ".join(f"{_n(a)},{_n(b)}" for a, b in corners)}" fill="{fill}"/>'


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: float = 8.5,
    weight: int = 400,
    colour: str = INK,
) -> str:
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-size="{_n(size)}" '
        f'font-weight="{weight}" fill="{colour}">{escape(text)}</text>'
    )


def _svg(
    width: float, height: float, alt: str, parts: Iterable[str], *, css_class: str = "figure"
) -> Markup:
    body = "".join(parts)
    return Markup(  # noqa: S704 - every text inside has been escaped above
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{css_class}" role="img" '
        f'width="{_n(width)}pt" height="{_n(height)}pt" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'font-family="{_FONT}"><title>{escape(alt)}</title>{body}</svg>'
    )
