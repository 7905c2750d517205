"""The main figures of every class side by side: a table, and bars with intervals."""

from collections.abc import Sequence

from validation.evidence.catalogue import definition
from validation.evidence.metric_values import MetricValue, metric_id
from validation.report.figures import BarPanel, class_bars
from validation.report.formatting import plural
from validation.report.view.elements import Column, Figure, Table, row, strong
from validation.report.view.results.teller import Teller, estimate

_METRICS = {
    "instance": ("recall", "precision", "f1"),
    "semantic": ("dice", "iou"),
    "panoptic": ("pq", "recall", "precision"),
}
_MOST_ROWS = 40


def figures_by_class(teller: Teller) -> tuple[tuple[Table, ...], tuple[Figure, ...]]:
    """Return the table and the bars; nothing where there is one class."""
    names = teller.contents.protocol.class_names()
    chosen = _chosen(teller, names)
    if len(names) < 2 or not chosen:  # noqa: PLR2004 - nothing to compare
        return (), ()
    table = _table(teller, names, chosen)
    parts = [names[start : start + _MOST_ROWS] for start in range(0, len(names), _MOST_ROWS)]
    return (table,), tuple(_figure(teller, part, chosen, table) for part in parts)


_Chosen = dict[str, dict[str, MetricValue]]
"""Figures by metric and class."""


def _chosen(teller: Teller, names: Sequence[str]) -> _Chosen:
    plan = teller.contents.protocol
    matching = plan.analysis.matching
    chosen: _Chosen = {}
    for metric in _METRICS[plan.method.kind]:
        iou = matching.iou_threshold if matching and definition(metric).needs_iou else None
        ids = {name: metric_id(metric, class_name=name, iou=iou) for name in names}
        found = {
            name: teller.addresses.figure(one)
            for name, one in ids.items()
            if one in teller.addresses
        }
        if found:
            chosen[metric] = found
    return chosen


def _table(teller: Teller, names: Sequence[str], chosen: _Chosen) -> Table:
    width = f"{72 // len(chosen)}%"
    columns = [Column("Class", "28%")]
    columns += [Column(_label(teller, found), width, "number") for found in chosen.values()]
    rows = [
        row(strong(name), *(teller.cell(found.get(name)) for found in chosen.values()))
        for name in names
    ]
    return teller.numbering.table("Main figures by class", columns, rows)


def _figure(teller: Teller, names: Sequence[str], chosen: _Chosen, table: Table) -> Figure:
    panels = [
        BarPanel(_label(teller, found), tuple(estimate(found.get(name)) for name in names))
        for found in chosen.values()
    ]
    drawing = class_bars(names, panels, alt=_alt(teller, names, chosen))
    caption = "Main figures by class; a bar from zero to the figure, and its interval."
    return teller.drawn(caption, drawing, numbers=table.label)


def _alt(teller: Teller, names: Sequence[str], chosen: _Chosen) -> str:
    """Return how many classes are drawn, and the lowest and the highest figure of each panel."""
    said = [f"Bars of {plural(len(names), 'class', 'classes')}."]
    for found in chosen.values():
        known = [found[name] for name in names if name in found and found[name].value is not None]
        if known:
            ends = min(known, key=_value), max(known, key=_value)
            words = [
                f"{one.scope.class_name} {teller.addresses.result(one.id).text}" for one in ends
            ]
            said.append(f"{_label(teller, found)}: lowest {words[0]}, highest {words[1]}.")
    return " ".join(said)


def _value(figure: MetricValue) -> float:
    return figure.value or 0.0


def _label(teller: Teller, found: dict[str, MetricValue]) -> str:
    return teller.name_at_threshold(next(iter(found.values())))
