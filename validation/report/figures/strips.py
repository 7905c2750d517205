"""Distributions: every value a dot."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.figures.axes import Scale, axis, padded_scale
from validation.report.figures.canvas import circle, lettering, line, rectangle, svg
from validation.report.figures.palette import ACCENT, HAIRLINE, INK, MOST_MARKS, PAGE_WIDTH
from validation.report.formatting import clipped

_DOT = 1.8
_FEW = 6
"""More strips than these are lower."""


@dataclass(frozen=True)
class Strip:
    """Values of a group of cases, drawn as one strip of dots."""

    label: str
    values: tuple[float, ...]
    mark: float | None = None
    """A value marked by a line, e.g. a median that the evidence holds."""

    @property
    def is_binned(self) -> bool:
        """True where there are more values than dots have room for: bars are drawn."""
        return len(self.values) > MOST_MARKS


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
    width, left, top = PAGE_WIDTH, 104.0, 8.0
    strip_height = 36.0 if len(strips) <= _FEW else 25.0
    numbers = [one for strip in strips for one in strip.values]
    numbers += [one for one in (low, high) if one is not None]
    scale = padded_scale(numbers, left, width - 6, pad=0.0 if high is not None else 0.03)
    bottom = top + strip_height * len(strips)
    parts = axis(scale, bottom + 2, axis_label, grid_top=top)
    room = strip_height - 8
    for index, strip in enumerate(strips):
        base = top + strip_height * (index + 1) - 3
        parts.append(lettering(0, base - 8, clipped(strip.label, 24)))
        parts.append(line(left, base, width - 6, base, HAIRLINE, 0.5))
        parts.extend(_stacked(strip.values, scale, base, room))
        if strip.mark is not None:
            x = scale(strip.mark)
            parts.append(line(x, base - room, x, base + 2, ACCENT, 1.0))
            if mark_label:
                parts.append(
                    lettering(x + 2.5, base - room + 5, mark_label, size=6.5, colour=ACCENT)
                )
    return svg(width, bottom + 30, alt, parts)


def _stacked(values: Sequence[float], scale: Scale, base: float, room: float) -> list[str]:
    """Return the dots of a strip, or bars where there would be too many dots.

    Where a stack would be higher than its strip, its dots overlap.
    """
    columns = Counter(math.floor(scale(value) / (2 * _DOT)) for value in values)
    if not columns:
        return []
    if len(values) > MOST_MARKS:
        return _bars(columns, _DOT, base, room)
    highest = max(columns.values())
    step = min(2 * _DOT, (room - 2 * _DOT) / max(1, highest - 1))
    circles = [
        circle((column + 0.5) * 2 * _DOT, base - _DOT - level * step, _DOT * 0.92)
        for column, count in sorted(columns.items())
        for level in range(count)
    ]
    return [f'<path d="{"".join(circles)}" fill="{INK}"/>']


def _bars(columns: Counter[int], radius: float, base: float, room: float) -> list[str]:
    step = 2 * radius
    unit = room / max(columns.values())
    return [
        rectangle(column * step, base - count * unit, step, count * unit, INK)
        for column, count in sorted(columns.items())
    ]
