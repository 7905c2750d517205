"""The interval of a criterion against its bound, for a cell of a table."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.figures.axes import Scale
from validation.report.figures.canvas import disc, line, rectangle, square, svg
from validation.report.figures.forest import Estimate
from validation.report.figures.palette import INK, PALE, VERDICT_COLOURS
from validation.report.formatting import Direction


@dataclass(frozen=True)
class CriterionMark:
    """A criterion in the forest plot of the criteria table."""

    estimate: Estimate
    bound: float
    direction: Direction
    verdict: str
    alt: str
    """The comparison in words."""


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
    middle, y = width / 2, height / 2
    shaded = middle if mark.direction == "at_least" else 3.0
    parts = [
        rectangle(shaded, 0, middle - 3, height, PALE),
        line(middle, 0, middle, height, INK, 0.8),
        *estimate_parts(mark.estimate, scale, y, mark.verdict),
    ]
    return svg(width, height, mark.alt, parts, css_class="criterion-mark")


def estimate_parts(estimate: Estimate, scale: Scale, y: float, verdict: str) -> list[str]:
    """Return value and limits on a line; the mark and colour say the verdict."""
    colour = VERDICT_COLOURS.get(verdict, INK)
    parts = []
    if estimate.lower is not None and estimate.upper is not None:
        left, right = scale(estimate.lower), scale(estimate.upper)
        parts.append(line(left, y, right, y, colour, 1.3))
        parts.extend(line(x, y - 2.6, x, y + 2.6, colour, 1.3) for x in (left, right))
    if estimate.value is not None:
        x = scale(estimate.value)
        hollow = verdict == "not_met"
        parts.append(square(x, y, 2.7, colour, "#ffffff") if hollow else disc(x, y, 2.7, colour))
    return parts
