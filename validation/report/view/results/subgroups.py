"""The main figures of every subgroup."""

from collections.abc import Sequence

from validation.evidence.catalogue import definition
from validation.evidence.metric_values import MetricValue, metric_id
from validation.report.figures import ForestRow, forest_plot
from validation.report.formatting import number
from validation.report.view.cases import cases_and_subjects
from validation.report.view.elements import Column, Figure, Table, row, strong
from validation.report.view.results.teller import TIMINGS, BlockView, Teller, estimate
from validation.report.view.wording import joined, sentence
from validation.testset.cases import Case

_HEADLINES = {
    "instance": ("recall", "precision", "f1"),
    "semantic": ("dice", "iou", "presence_sensitivity"),
    "panoptic": ("pq",),
}
_HEADLINES_OVER_CLASSES = {"panoptic": ("pq_all", "pq_things", "pq_stuff")}
_MOST_HEADLINES = 4
_MOST_FORESTS = 3


def subgroups(teller: Teller) -> BlockView | None:
    """Return the main figures of every subgroup."""
    plan = teller.contents.protocol
    headlines = headlines_of(teller)
    if not plan.subgroups or not headlines:
        return None
    heading = teller.numbering.subsection("Subgroups", "subgroups")
    tables = tuple(_subgroup_table(teller, column, headlines) for column in plan.subgroups)
    numbers = joined([one.label for one in tables])
    figures = tuple(_subgroup_forest(teller, one, numbers) for one in headlines[:_MOST_FORESTS])
    words = (
        (
            "Subgroups were named in the protocol. Each holds fewer cases than the whole, and an "
            "interval over few independent units can be too narrow; no correction is made for "
            "looking at several."
        ),
    )
    return BlockView(heading, words, tables, figures)


def headlines_of(teller: Teller) -> list[MetricValue]:
    """Return the overall figures shown by subgroup: those with a bound, then the usual."""
    plan = teller.contents.protocol
    bounded = [
        metric_id(one.metric, class_name=one.class_name, iou=one.iou, size=one.size)
        for one in plan.criteria
        if one.metric not in TIMINGS
    ]
    matching = plan.analysis.matching
    usual = [metric_id(one) for one in _HEADLINES_OVER_CLASSES.get(plan.method.kind, ())]
    usual += [
        metric_id(
            metric,
            class_name=name,
            iou=matching.iou_threshold if matching and definition(metric).needs_iou else None,
        )
        for name in plan.class_names()
        for metric in _HEADLINES[plan.method.kind]
    ]
    known = [one for one in dict.fromkeys([*bounded, *usual]) if one in teller.addresses]
    return [teller.addresses.figure(one) for one in known[:_MOST_HEADLINES]]


def _of_subgroup(
    teller: Teller, figure: MetricValue, column: str, value: str
) -> MetricValue | None:
    address = metric_id(
        figure.metric,
        class_name=figure.scope.class_name,
        iou=figure.scope.iou,
        size=figure.scope.size,
        subgroup={column: value},
    )
    return teller.addresses.figure(address) if address in teller.addresses else None


def _values_of(teller: Teller, column: str) -> list[str]:
    figures = teller.addresses.all_figures()
    found = {one.scope.subgroup[column] for one in figures if column in one.scope.subgroup}
    return sorted(found)


def _subgroup_table(teller: Teller, column: str, headlines: Sequence[MetricValue]) -> Table:
    width = f"{84 // len(headlines)}%"
    rows = [
        row(
            strong(value, cases_and_subjects(_members(teller, column, value))),
            *(teller.cell(_of_subgroup(teller, one, column, value)) for one in headlines),
        )
        for value in _values_of(teller, column)
    ]
    everything = cases_and_subjects(teller.contents.ran)
    rows.append(row(strong("all cases", everything), *(teller.cell(one) for one in headlines)))
    return teller.numbering.table(
        f"Main figures by {column}",
        (
            Column(sentence(column), "16%"),
            *(Column(teller.short_name(one), width, "number") for one in headlines),
        ),
        rows,
        notes=_without_interval(teller, column, headlines),
    )


def _members(teller: Teller, column: str, value: str) -> list[Case]:
    evaluated = teller.contents.ran
    return [one for one in evaluated if one.attributes.get(column) == value]


def _without_interval(
    teller: Teller, column: str, headlines: Sequence[MetricValue]
) -> tuple[str, ...]:
    """Return why figures of a table have no limits; nothing where all have."""
    of_groups = [
        _of_subgroup(teller, one, column, value)
        for value in _values_of(teller, column)
        for one in headlines
    ]
    reasons = {
        one.no_interval
        for one in (*of_groups, *headlines)
        if one is not None and one.value is not None and one.no_interval
    }
    return tuple(f"No limits are printed where {one}." for one in sorted(reasons))


def _subgroup_forest(teller: Teller, overall: MetricValue, numbers: str) -> Figure:
    rows = [_forest_row(teller, "all cases", overall, is_overall=True)]
    for column in teller.contents.protocol.subgroups:
        for value in _values_of(teller, column):
            figure = _of_subgroup(teller, overall, column, value)
            if figure is not None:
                rows.append(_forest_row(teller, f"{column} {value}", figure))
    name = teller.short_name(overall)
    bound = _bound_of(teller, overall)
    drawing = forest_plot(
        rows,
        alt=f"Forest plot of {name} by subgroup. "
        + "; ".join(f"{one.label}: {one.text}" for one in rows),
        axis_label=name,
        bound=bound,
    )
    lines = "dashed line: all cases" + ("; solid line: bound" if bound is not None else "")
    return teller.drawn(f"{name} by subgroup; {lines}.", drawing, numbers=numbers)


def _bound_of(teller: Teller, figure: MetricValue) -> float | None:
    bounds = [one.bound for one in teller.contents.findings.criteria if one.metric_id == figure.id]
    return bounds[0] if bounds else None


def _forest_row(
    teller: Teller, label: str, figure: MetricValue, *, is_overall: bool = False
) -> ForestRow:
    printed = teller.addresses.result(figure.id)
    words = "not defined" if figure.value is None else printed.words
    return ForestRow(label, f"n = {number(figure.n)}", estimate(figure), words, is_overall)
