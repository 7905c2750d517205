"""Forest plots: estimates with their intervals, one under another."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.figures.axes import Scale, axis, padded_scale
from validation.report.figures.canvas import diamond, disc, lettering, line, svg
from validation.report.figures.palette import ACCENT, INK, MUTED, PAGE_WIDTH
from validation.report.formatting import clipped


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
class ForestRow:
    """A row of a forest plot; the texts are ready to print."""

    label: str
    sample: str
    """Size of the sample, e.g. ``n = 412``."""
    estimate: Estimate
    text: str
    """Value and limits."""
    is_overall: bool = False


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
    scale = padded_scale(numbers, left, right)
    bottom = top + row_height * len(rows) + 2
    parts = axis(scale, bottom, axis_label, grid_top=top)
    overall = next((row.estimate.value for row in rows if row.is_overall), None)
    if overall is not None:
        parts.append(line(scale(overall), top, scale(overall), bottom, ACCENT, 0.7, dash="2 2"))
    if bound is not None:
        parts.append(line(scale(bound), top, scale(bound), bottom, INK, 0.9))
        parts.append(lettering(scale(bound), top - 1.0, "bound", size=6.5, anchor="middle"))
    for index, row in enumerate(rows):
        y = top + row_height * (index + 0.5)
        parts.extend(_forest_row(row, scale, y, left, text_right))
    return svg(width, height, alt, parts)


def _forest_row(
    row: ForestRow, scale: Scale, y: float, left: float, text_right: float
) -> list[str]:
    weight = 600 if row.is_overall else 400
    parts = [
        lettering(0, y + 3, clipped(row.label, 30), weight=weight),
        lettering(left - 12, y + 3, row.sample, anchor="end", colour=MUTED, size=7.5),
        lettering(text_right, y + 3, row.text, anchor="end", weight=weight),
    ]
    estimate = row.estimate
    if estimate.lower is not None and estimate.upper is not None:
        parts.append(line(scale(estimate.lower), y, scale(estimate.upper), y, INK, 1.2))
    if estimate.value is not None:
        x = scale(estimate.value)
        parts.append(diamond(x, y, 4.4, ACCENT) if row.is_overall else disc(x, y, 2.6, INK))
    return parts
