"""Every acceptance criterion with its interval and its bound, those that compare on one axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.figures.axes import Scale, axis, padded_scale
from validation.report.figures.canvas import lettering, line, rectangle, svg, triangle
from validation.report.figures.criterion_marks import CriterionMark, estimate_parts
from validation.report.figures.palette import INK, MUTED, PAGE_WIDTH, PALE
from validation.report.formatting import clipped, clipped_before

_ROW, _FOOT, _GAP = 15.0, 26.0, 8.0
_LEFT, _RIGHT = 258.0, 372.0
_LONGEST = 44


@dataclass(frozen=True)
class CriterionRow:
    """A criterion; the texts are ready to print."""

    id: str
    what: str
    bound: str
    """E.g. ``at least 0.85``."""
    result: str
    """Value and limits, or that there is none."""
    mark: CriterionMark
    scope: str = ""
    """How `what` ends: class, threshold and subgroup, which tell criteria apart."""


@dataclass(frozen=True)
class CriterionPanel:
    """Criteria of one unit and direction."""

    axis_label: str
    rows: tuple[CriterionRow, ...]


def criteria_forest(panels: Sequence[CriterionPanel], *, alt: str) -> Markup:
    """Return the criteria, a panel with its own axis for each unit and direction.

    In each row the line is the bound, the shade and the tip lie on the side that meets it.
    """
    parts: list[str] = []
    top = 4.0
    for panel in panels:
        parts.extend(_panel(panel, top))
        top += _ROW * len(panel.rows) + _FOOT + _GAP
    return svg(PAGE_WIDTH, top - _GAP + 2, alt, parts)


def _panel(panel: CriterionPanel, top: float) -> list[str]:
    marks = [one.mark for one in panel.rows]
    numbers = [number for mark in marks for number in (*mark.estimate.numbers, mark.bound)]
    scale = padded_scale(numbers, _LEFT, _RIGHT, pad=0.1)
    bottom = top + _ROW * len(panel.rows)
    shades = [_shade(one, scale, top + _ROW * place) for place, one in enumerate(marks)]
    parts = [*shades, *axis(scale, bottom + 1, panel.axis_label, grid_top=top)]
    for place, one in enumerate(panel.rows):
        parts.extend(_row(one, scale, top + _ROW * place))
    return parts


def _shade(mark: CriterionMark, scale: Scale, top: float) -> str:
    bound = scale(mark.bound)
    left, right = (bound, _RIGHT) if mark.direction == "at_least" else (_LEFT, bound)
    return rectangle(left, top + 1.5, right - left, _ROW - 3, PALE)


def _row(one: CriterionRow, scale: Scale, top: float) -> list[str]:
    y, bound = top + _ROW / 2, scale(one.mark.bound)
    return [
        lettering(0, y + 3, clipped(one.id, 10), weight=600),
        lettering(44, y + 3, clipped_before(one.what, one.scope, _LONGEST), size=8),
        lettering(_LEFT - 8, y + 3, one.bound, anchor="end", colour=MUTED, size=7.5),
        line(bound, top + 1.5, bound, top + _ROW - 1.5, INK, 1.0),
        triangle(bound, top + 3.2, 1.7, INK, points_right=one.mark.direction == "at_least"),
        *estimate_parts(one.mark.estimate, scale, y, one.mark.verdict),
        lettering(PAGE_WIDTH, y + 3, one.result, anchor="end", size=8),
    ]
