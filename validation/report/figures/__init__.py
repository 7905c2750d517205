"""Figures of the report, drawn by hand as SVG.

Pure functions of numbers and labels that are ready to print; each returns one ``<svg>``
element with a title (its alternative text). Vector, the same bytes for the same input, text
that can be selected, no opacity and no gradients (both break PDF/A or PDF/UA); what colour
says, a shape says too. Where there would be more marks than a page can carry, they are
binned and the figure says so.
"""

from validation.report.figures.agreement import Level, Pair, agreement_scatter, difference_plot
from validation.report.figures.axes import ticks
from validation.report.figures.class_bars import BarPanel, class_bars
from validation.report.figures.criteria_forest import (
    CriterionPanel,
    CriterionRow,
    criteria_forest,
)
from validation.report.figures.criterion_marks import CriterionMark, criterion_mark, reach
from validation.report.figures.curves import (
    MOST_CURVES,
    STYLE_WORDS,
    Curve,
    CurvePanel,
    free_response,
    grid_of_curves,
    precision_recall,
)
from validation.report.figures.forest import Estimate, ForestRow, forest_plot
from validation.report.figures.matrix import Matrix, matrix_picture
from validation.report.figures.palette import PAGE_WIDTH
from validation.report.figures.power_curve import PowerCurve, power_curve
from validation.report.figures.strips import Strip, dot_strips

__all__ = [
    "MOST_CURVES",
    "PAGE_WIDTH",
    "STYLE_WORDS",
    "BarPanel",
    "CriterionMark",
    "CriterionPanel",
    "CriterionRow",
    "Curve",
    "CurvePanel",
    "Estimate",
    "ForestRow",
    "Level",
    "Matrix",
    "Pair",
    "PowerCurve",
    "Strip",
    "agreement_scatter",
    "class_bars",
    "criteria_forest",
    "criterion_mark",
    "difference_plot",
    "dot_strips",
    "forest_plot",
    "free_response",
    "grid_of_curves",
    "matrix_picture",
    "power_curve",
    "precision_recall",
    "reach",
    "ticks",
]
