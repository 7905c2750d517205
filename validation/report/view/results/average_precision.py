"""Average precision by IoU threshold and size of the object, in one table."""

from collections.abc import Sequence

from validation.evidence.metric_values import MetricValue, Scope, metric_id
from validation.report.formatting import number
from validation.report.view.elements import Cell, Column, Table, row, strong
from validation.report.view.results.sizes import empty_sizes, sizes_of
from validation.report.view.results.teller import Teller

METRICS = ("average_precision_at", "average_precision")
"""What the table holds: the figure at each threshold, and their mean."""


def average_precision_tables(teller: Teller, name: str | None, title: str) -> list[Table]:
    """Return the table of a class, or of the mean over classes; none where there is no figure."""
    figures = [one for one in teller.addresses.select(Scope(class_name=name)) if _is_here(one)]
    if not figures:
        return []
    sizes = sizes_of(teller, name, METRICS)
    at = [one for one in figures if one.scope.iou is not None]
    if all(one.value is None for one in figures):
        at = []  # the row of the mean says why
    rows = [
        row(strong(f"IoU\u00a0{number(one.scope.iou or 0.0)}"), *_cells(teller, one, sizes))
        for one in at
    ]
    rows += [
        row(strong(_mean_words(one)), *_cells(teller, one, sizes))
        for one in figures
        if one.scope.iou is None
    ]
    columns = [Column("IoU threshold", f"{80 - 20 * len(sizes)}%")]
    columns.append(Column("All objects", "20%", "number"))
    columns += [Column(f"{one.capitalize()} objects", "20%", "number") for one in sizes]
    caption = f"{title}: average precision by IoU threshold"
    return [
        teller.numbering.table(caption, columns, rows, notes=empty_sizes(teller, name, METRICS))
    ]


def _is_here(figure: MetricValue) -> bool:
    return figure.metric in METRICS


def _mean_words(figure: MetricValue) -> str:
    return "Mean, IoU\u00a0.50 to .95" if figure.metric == "average_precision" else figure.metric


def _cells(teller: Teller, figure: MetricValue, sizes: Sequence[str]) -> list[Cell]:
    ids = [figure.id] + [
        metric_id(
            figure.metric, class_name=figure.scope.class_name, iou=figure.scope.iou, size=size
        )
        for size in sizes
    ]
    known = [teller.addresses.figure(one) if one in teller.addresses else None for one in ids]
    return [teller.cell(one) for one in known]
