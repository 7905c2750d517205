"""Scales and axes with round numbers."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

from validation.report.figures.canvas import circle, lettering, line, short
from validation.report.figures.palette import INK, MOST_MARKS, MUTED, PALE
from validation.report.formatting import number

_TICK_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0)


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
class Frame:
    """The rectangle of a plot with two axes."""

    width: float
    height: float
    left: float = 36.0
    top: float = 8.0
    foot: float = 30.0
    """Room below the plot for the axis and its label."""

    @property
    def right(self) -> float:
        """The right end of the plot."""
        return self.width - 6

    @property
    def bottom(self) -> float:
        """The foot of the plot, where the axis lies."""
        return self.height - self.foot


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


def padded_scale(
    numbers: Sequence[float],
    start: float,
    end: float,
    *,
    pad: float = 0.06,
    floor: float | None = None,
) -> Scale:
    """Return a scale on which all numbers find room, with a margin; none below `floor`."""
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    span = high - low or abs(high) or 1.0
    padded_low = low - pad * span if floor is None else max(floor, low - pad * span)
    return Scale(padded_low, high + pad * span, start, end)


def axis(scale: Scale, y: float, label: str, *, grid_top: float) -> list[str]:
    """Return a horizontal axis with ticks, a grid up to `grid_top` and a label below."""
    parts = [line(scale.start, y, scale.end, y, MUTED, 0.6)]
    for tick in ticks(scale.low, scale.high):
        x = scale(tick)
        parts.append(line(x, grid_top, x, y, PALE, 0.6))
        parts.append(line(x, y, x, y + 3, MUTED, 0.6))
        parts.append(lettering(x, y + 11, number(tick), anchor="middle", size=7.5, colour=MUTED))
    middle = (scale.start + scale.end) / 2
    return [*parts, lettering(middle, y + 23, label, anchor="middle", size=8)]


def frame_axes(
    frame: Frame, scale_x: Scale, scale_y: Scale, label_x: str, label_y: str
) -> list[str]:
    """Return the two axes of a plot."""
    across = axis(scale_x, frame.bottom, label_x, grid_top=frame.top)
    return [*across, *rising_axis(frame, scale_y, label_y)]


def rising_axis(
    frame: Frame, scale: Scale, label: str, *, size: float = 7.5, most: int = 6
) -> list[str]:
    """Return the axis at the left of a plot, with ticks and its label along it; empty: none."""
    parts = [line(frame.left, frame.top, frame.left, frame.bottom, MUTED, 0.6)]
    for tick in ticks(scale.low, scale.high, most):
        y = scale(tick)
        parts.append(line(frame.left - 3, y, frame.left, y, MUTED, 0.6))
        parts.append(
            lettering(frame.left - 5, y + 2.6, number(tick), anchor="end", size=size, colour=MUTED)
        )
    if not label:
        return parts
    x, y = 7.0, (frame.top + frame.bottom) / 2
    parts.append(
        f'<text x="{short(x)}" y="{short(y)}" transform="rotate(-90 {short(x)} {short(y)})" '
        f'text-anchor="middle" font-size="{short(size + 0.5)}" fill="{INK}">{escape(label)}</text>'
    )
    return parts


def rings(places: Sequence[tuple[float, float]]) -> list[str]:
    """Return a ring a place; its area grows with the number of cases there."""
    if len(places) > MOST_MARKS:
        places = [(round(x / 3) * 3.0, round(y / 3) * 3.0) for x, y in places]
    counts = Counter((round(x, 2), round(y, 2)) for x, y in places)
    circles = [
        circle(x, y, min(7.0, 1.9 * math.sqrt(count))) for (x, y), count in sorted(counts.items())
    ]
    return [f'<path d="{"".join(circles)}" fill="none" stroke="{INK}" stroke-width="0.9"/>']
