"""How the power of a design grows with the number of units, or with what is true."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.figures.axes import Frame, Scale, frame_axes
from validation.report.figures.canvas import disc, lettering, line, polyline, svg
from validation.report.figures.palette import ACCENT, INK, MUTED, NOT_MET, PAGE_WIDTH

Place = tuple[float, float]
_WIDTH = PAGE_WIDTH
_HEIGHT = 190.0
_HEADROOM = 1.1


@dataclass(frozen=True)
class PowerCurve:
    """A curve with the place that is read off it."""

    points: tuple[Place, ...]
    """Across and up, from left to right."""
    label_across: str
    label_up: str
    wanted: float | None
    """Drawn as a dashed line across; None: none."""
    marked: Place
    """The place that is read off, e.g. the number that is needed."""
    words: str
    """What stands beside it."""
    upright: float | None = None
    """Drawn as a dotted line upwards, e.g. the bound; None: none."""
    upright_words: str = ""


def power_curve(one: PowerCurve, *, alt: str) -> Markup:
    """Return the curve on axes that begin at its least place; heights that are shares end at 1."""
    frame = Frame(width=_WIDTH, height=_HEIGHT, left=40, top=14)
    across = Scale(*_ends(one.points, 0), frame.left, frame.right)
    top = max(height for _, height in one.points)
    up = Scale(0.0, 1.0 if one.wanted is not None else top * _HEADROOM, frame.bottom, frame.top)
    parts = frame_axes(frame, across, up, one.label_across, one.label_up)
    if one.wanted is not None:
        y = up(one.wanted)
        parts.append(line(frame.left, y, frame.right, y, MUTED, 0.8, dash="4 2"))
    if one.upright is not None:
        parts.extend(_upright(one, frame, across))
    parts.append(polyline([(across(x), up(y)) for x, y in one.points], INK, 1.0, ""))
    return svg(_WIDTH, _HEIGHT, alt, [*parts, *_mark(one, frame, across, up)])


def _ends(points: Sequence[Place], axis: int) -> Place:
    places = [one[axis] for one in points]
    return min(places), max(places)


def _upright(one: PowerCurve, frame: Frame, across: Scale) -> list[str]:
    x = across(one.upright or 0.0)
    return [
        line(x, frame.top, x, frame.bottom, NOT_MET, 0.9, dash="1.2 1.6"),
        lettering(x + 4, frame.top + 7, one.upright_words, size=8, colour=NOT_MET),
    ]


def _mark(one: PowerCurve, frame: Frame, across: Scale, up: Scale) -> list[str]:
    x, y = across(one.marked[0]), up(one.marked[1])
    is_left = x > (frame.left + frame.right) / 2
    return [
        line(x, y, x, frame.bottom, ACCENT, 0.8),
        disc(x, y, 2.6, ACCENT),
        lettering(
            x - 6 if is_left else x + 6,
            frame.bottom - 6,
            one.words,
            anchor="end" if is_left else "start",
            size=8.5,
            weight=600,
            colour=ACCENT,
        ),
    ]
