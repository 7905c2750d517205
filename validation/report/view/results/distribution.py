"""How the figure of single cases is spread."""

from collections.abc import Iterable, Sequence

from validation.report.contents import Row
from validation.report.figures import Strip, dot_strips
from validation.report.formatting import number, plural, share
from validation.report.view.elements import Figure
from validation.report.view.results.teller import BlockView, Teller

_MOST_STRIPS = 22
"""Strips of one drawing; a page has no room for more."""
_SOURCE = "evidence/cases.csv"

Group = tuple[str, list[float]]
"""A name, and the values of its cases."""


def distribution(teller: Teller) -> BlockView | None:
    """Return how the figure of single cases is spread, over all cases and in each subgroup."""
    label, column_of = _case_figure(teller)
    whole = [(name, _numbers(teller.contents.case_rows, one)) for name, one in column_of.items()]
    if not any(values for _, values in whole):
        return None
    heading = teller.numbering.subsection("Distribution over cases", "distribution")
    figures = _figures(teller, label, "cases", whole)
    for column in teller.contents.protocol.subgroups:
        figures += _figures(teller, label, f"cases by {column}", _by_value(teller, column))
    note = f"The values are those of {_SOURCE}; a case without a value is not drawn."
    return BlockView(heading, (note,), (), tuple(figures))


def _case_figure(teller: Teller) -> tuple[str, dict[str, str]]:
    """Return what a case's figure is called, and its column for each class or for all of them."""
    plan = teller.contents.protocol
    if plan.method.kind == "semantic":
        return "Dice", {name: f"dice/class={name}" for name in plan.class_names()}
    if plan.method.kind == "panoptic":
        return "Panoptic quality", {"All cases": "pq"}
    matching = plan.analysis.matching
    label = f"F1 at IoU {number(matching.iou_threshold)}" if matching else "F1"
    return label, {"All cases": "f1"}


def _by_value(teller: Teller, column: str) -> list[Group]:
    rows, cell = teller.contents.case_rows, f"subgroup/{column}"
    of_classes = _case_figure(teller)[1]
    return [
        (
            f"{column} {value}" if len(of_classes) == 1 else f"{name}, {column} {value}",
            _numbers([line for line in rows if line[cell] == value], one),
        )
        for name, one in of_classes.items()
        for value in sorted({line[cell] for line in rows})
    ]


def _figures(teller: Teller, label: str, what: str, groups: Sequence[Group]) -> list[Figure]:
    """Return the strips of some groups; long ones by page."""
    least = min((value for _, values in groups for value in values), default=1.0)
    return [
        _figure(teller, label, what, groups[start : start + _MOST_STRIPS], min(0.5, least))
        for start in range(0, len(groups), _MOST_STRIPS)
    ]


def _figure(teller: Teller, label: str, what: str, groups: Sequence[Group], low: float) -> Figure:
    total = len(teller.contents.case_rows)
    strips = [Strip(name, tuple(values)) for name, values in groups]
    said = "; ".join(f"{name}: {plural(len(values), 'case')}" for name, values in groups)
    drawing = dot_strips(
        strips,
        alt=f"Dot plot of the {label} of single {what}, in {plural(len(groups), 'strip')}. {said}.",
        axis_label=label,
        low=low,
        high=1.0,
    )
    defined = f" Defined for {share(len(groups[0][1]), total)} cases." if what == "cases" else ""
    marks = "bars count cases" if any(one.is_binned for one in strips) else "each dot is a case"
    return teller.drawn(f"{label} of single {what}; {marks}.{defined}", drawing, numbers=_SOURCE)


def _numbers(rows: Iterable[Row], column: str) -> list[float]:
    return [float(line[column]) for line in rows if line[column]]
