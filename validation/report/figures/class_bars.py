"""Figures of every class side by side, as bars with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.figures.axes import Scale, axis
from validation.report.figures.canvas import disc, lettering, line, rectangle, svg
from validation.report.figures.forest import Estimate
from validation.report.figures.palette import BAR, INK, MUTED, PAGE_WIDTH
from validation.report.formatting import clipped

_ROW, _TOP, _LEFT, _GAP = 13.0, 14.0, 104.0, 16.0


@dataclass(frozen=True)
class BarPanel:
    """One figure of every class."""

    label: str
    estimates: tuple[Estimate, ...]
    """In the order of the classes; a figure that is not defined has no value."""


def class_bars(names: Sequence[str], panels: Sequence[BarPanel], *, alt: str) -> Markup:
    """Return a panel a figure, and in it a bar a class from zero, with the interval over it."""
    bottom = _TOP + _ROW * len(names)
    parts = [
        lettering(0, _TOP + _ROW * (place + 0.5) + 3, clipped(name, 22), size=8)
        for place, name in enumerate(names)
    ]
    width = (PAGE_WIDTH - _LEFT - 6 - _GAP * (len(panels) - 1)) / len(panels)
    for place, panel in enumerate(panels):
        left = _LEFT + place * (width + _GAP)
        parts.extend(_panel(panel, left, left + width, bottom))
    return svg(PAGE_WIDTH, bottom + 28, alt, parts)


def _panel(panel: BarPanel, left: float, right: float, bottom: float) -> list[str]:
    numbers = [number for one in panel.estimates for number in one.numbers]
    scale = Scale(min(0.0, *numbers, 0.0), max(1.0, *numbers, 1.0), left, right)
    parts = axis(scale, bottom + 1, panel.label, grid_top=_TOP - 2)
    for place, one in enumerate(panel.estimates):
        parts.extend(_bar(one, scale, _TOP + _ROW * (place + 0.5)))
    return parts


def _bar(estimate: Estimate, scale: Scale, y: float) -> list[str]:
    if estimate.value is None:
        return [lettering(scale.start + 3, y + 2.5, "not defined", size=7, colour=MUTED)]
    zero, x = scale(0.0), scale(estimate.value)
    parts = [rectangle(min(zero, x), y - 3.6, abs(x - zero), 7.2, BAR)]
    if estimate.lower is not None and estimate.upper is not None:
        low, high = scale(estimate.lower), scale(estimate.upper)
        parts.append(line(low, y, high, y, INK, 1.0))
        parts.extend(line(end, y - 2, end, y + 2, INK, 1.0) for end in (low, high))
    return [*parts, disc(x, y, 1.7, INK)]
