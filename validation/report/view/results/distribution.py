"""How the figure of single cases is spread."""

from collections.abc import Iterable

from validation.report.contents import Row
from validation.report.figures import Strip, dot_strips
from validation.report.formatting import number, plural, share
from validation.report.view.results.teller import BlockView, Teller


def distribution(teller: Teller) -> BlockView | None:
    """Return how the figure of single cases is spread."""
    groups, label = _case_values(teller)
    if not any(values for _, values in groups):
        return None
    heading = teller.numbering.subsection("Distribution over cases", "distribution")
    total = len(teller.contents.case_rows)
    defined = len(groups[0][1])
    caption = (
        f"{label} of single cases; each dot is a case. Defined for {share(defined, total)} cases."
    )
    drawing = dot_strips(
        [Strip(name, tuple(values)) for name, values in groups],
        alt=f"Dot plot of the {label} of {plural(defined, 'case')}, in "
        f"{plural(len(groups), 'strip')}: {', '.join(name for name, _ in groups)}.",
        axis_label=label,
        low=min(0.5, *(value for _, values in groups for value in values)),
        high=1.0,
    )
    note = "The values are those of evidence/cases.csv."
    return BlockView(heading, (note,), (), (teller.numbering.figure(caption, drawing),))


def _case_values(teller: Teller) -> tuple[list[tuple[str, list[float]]], str]:
    rows, plan = teller.contents.case_rows, teller.contents.protocol
    if plan.method.kind == "semantic":
        groups = [(name, _numbers(rows, f"dice/class={name}")) for name in plan.class_names()]
        return groups, "Dice"
    matching, figure = plan.analysis.matching, "f1"
    label = f"F1 at IoU {number(matching.iou_threshold)}" if matching else "F1"
    if plan.method.kind == "panoptic":
        figure, label = "pq", "Panoptic quality"
    groups = [("All cases", _numbers(rows, figure))]
    for column in plan.subgroups[:1]:
        cell = f"subgroup/{column}"
        groups += [
            (f"{column} {value}", _numbers([r for r in rows if r[cell] == value], figure))
            for value in sorted({line[cell] for line in rows})
        ]
    return groups, label


def _numbers(rows: Iterable[Row], column: str) -> list[float]:
    return [float(line[column]) for line in rows if line[column]]
