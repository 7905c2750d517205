"""Agreement of two quantities: scatter, and differences against means."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.figures.axes import Frame, Scale, frame_axes, padded_scale, rings
from validation.report.figures.canvas import lettering, line, svg
from validation.report.figures.forest import Estimate
from validation.report.figures.palette import ACCENT, MUTED
from validation.report.formatting import MINUS

_LINE = 8.5
"""Height of a line of labels."""


@dataclass(frozen=True)
class Pair:
    """What the reference and the model give for one case."""

    reference: float
    prediction: float


@dataclass(frozen=True)
class Level:
    """A figure of the evidence as a line across a plot, with its interval at the end."""

    label: str
    estimate: Estimate
    dash: str


def agreement_scatter(
    pairs: Sequence[Pair], *, alt: str, quantity: str, labels: tuple[str, str] | None = None
) -> Markup:
    """Return predicted against reference quantity, with the line of equality.

    `labels` are those of the axes, across and up, where they are not reference and prediction.
    """
    numbers = [0.0, *(one for pair in pairs for one in (pair.reference, pair.prediction))]
    frame = Frame(width=222, height=196)
    scale_x = padded_scale(numbers, frame.left, frame.right, pad=0.04, floor=0.0)
    scale_y = Scale(scale_x.low, scale_x.high, frame.bottom, frame.top)
    ends = (scale_x.low, scale_x.high)
    parts = frame_axes(
        frame, scale_x, scale_y, *(labels or (f"reference: {quantity}", f"predicted: {quantity}"))
    )
    parts.append(
        line(scale_x(ends[0]), scale_y(ends[0]), scale_x(ends[1]), scale_y(ends[1]), ACCENT, 0.8)
    )
    points = [(scale_x(pair.reference), scale_y(pair.prediction)) for pair in pairs]
    parts.extend(rings(points))
    return svg(frame.width, frame.height, alt, parts)


def difference_plot(
    pairs: Sequence[Pair],
    *,
    alt: str,
    quantity: str,
    levels: Sequence[Level] = (),
    labels: tuple[str, str] | None = None,
) -> Markup:
    """Return differences against means (Bland and Altman), with zero, bias and limits.

    `labels` are those of the axes, across and up, where they are not reference and prediction.
    """
    frame = Frame(width=222, height=196)
    means = [(pair.reference + pair.prediction) / 2 for pair in pairs]
    differences = [pair.prediction - pair.reference for pair in pairs]
    drawn = [number for one in levels for number in one.estimate.numbers]
    largest = max((abs(one) for one in (*differences, *drawn)), default=0.0) or 1.0
    scale_x = padded_scale([0.0, *means], frame.left, frame.right, pad=0.04, floor=0.0)
    scale_y = padded_scale([-largest, largest], frame.bottom, frame.top)
    usual = (f"mean of both: {quantity}", f"predicted {MINUS} reference")
    parts = frame_axes(frame, scale_x, scale_y, *(labels or usual))
    zero = scale_y(0.0)
    parts.append(line(frame.left, zero, frame.right, zero, MUTED, 0.7))
    told = [one for one in levels if one.estimate.value is not None]
    heights = apart([_label(one.estimate.value or 0.0, scale_y, frame) for one in told], _LINE)
    for one, height in zip(told, heights, strict=True):
        parts.extend(_level(one, frame, scale_y, height))
    parts.extend(rings([(scale_x(x), scale_y(y)) for x, y in zip(means, differences, strict=True)]))
    return svg(frame.width, frame.height, alt, parts)


def apart(heights: Sequence[float], least: float) -> list[float]:
    """Return the heights of labels, moved so that none is printed over another.

    >>> apart([50.0, 10.0, 51.0], 8.0)
    [46.5, 10.0, 54.5]
    """
    groups: list[list[tuple[float, int]]] = []
    for height, place in sorted((height, place) for place, height in enumerate(heights)):
        groups.append([(height, place)])
        while len(groups) > 1 and _top(groups[-1], least) < _top(groups[-2], least) + least * len(
            groups[-2]
        ):
            groups[-2:] = [[*groups[-2], *groups[-1]]]
    moved = {
        place: _top(group, least) + least * position
        for group in groups
        for position, (_, place) in enumerate(group)
    }
    return [moved[place] for place in range(len(heights))]


def _label(value: float, up: Scale, frame: Frame) -> float:
    """Return the height of a level's label: away from zero where the axis leaves it room."""
    below = up(value) + 7.0
    return below if value < 0 and below < frame.bottom - 3 else up(value) - 2.5


def _top(group: Sequence[tuple[float, int]], least: float) -> float:
    """Return where the first label of a group is, whose middle is that of what it names."""
    return sum(height for height, _ in group) / len(group) - least * (len(group) - 1) / 2


def _level(level: Level, frame: Frame, up: Scale, height: float) -> list[str]:
    estimate = level.estimate
    if estimate.value is None:
        return []
    y, end = up(estimate.value), frame.right - 3
    parts = [
        line(frame.left, y, frame.right, y, ACCENT, 0.9, dash=level.dash),
        lettering(end - 4, height, level.label, anchor="end", colour=ACCENT, size=7),
    ]
    if estimate.lower is not None and estimate.upper is not None:
        low, high = up(estimate.lower), up(estimate.upper)
        parts.append(line(end, low, end, high, ACCENT, 1.1))
        parts.extend(line(end - 2.5, one, end + 2.5, one, ACCENT, 1.1) for one in (low, high))
    return parts
