"""Results by size of the reference object; sizes that no object has are told in a note."""

from collections.abc import Collection
from typing import Literal

from validation.evidence.catalogue import definition
from validation.evidence.metric_values import MetricValue, Scope
from validation.report.figures import ForestRow, forest_plot
from validation.report.formatting import number
from validation.report.view.elements import Column, Figure, Table, row, strong
from validation.report.view.results.teller import Teller, estimate
from validation.report.view.wording import sentence

Size = Literal["small", "medium", "large"]

SIZES: tuple[Size, ...] = ("small", "medium", "large")

_NOTE = (
    "Areas of reference objects as COCO has them: small up to 32\u00b2 pixels, medium "
    "32\u00b2 to 96\u00b2, large from 96\u00b2 on, ends included."
)


def sizes_of(teller: Teller, name: str | None, metrics: Collection[str]) -> tuple[Size, ...]:
    """Return the sizes for which a class has a figure of some metrics that is defined."""
    return tuple(
        size
        for size in SIZES
        if any(one.value is not None for one in _figures(teller, name, size, metrics))
    )


def empty_sizes(teller: Teller, name: str | None, metrics: Collection[str]) -> tuple[str, ...]:
    """Return notes that say of which sizes no figure is defined, and why."""
    notes = []
    for size in SIZES:
        figures = _figures(teller, name, size, metrics)
        if figures and all(one.value is None for one in figures):
            reasons = dict.fromkeys(one.undefined or "" for one in figures)
            notes.append(f"Not defined for {size} objects: {'; '.join(filter(None, reasons))}.")
    return (" ".join(notes),) if notes else ()


def size_tables(
    teller: Teller, name: str | None, title: str, apart: Collection[str]
) -> list[Table]:
    """Return the figures by size of the reference object; none where there are none.

    Args:
        teller: What tables are made with.
        name: Class; None: over all classes.
        title: How the caption begins.
        apart: Metrics that stand elsewhere.
    """
    metrics = _metrics(teller, name, apart)
    sizes = sizes_of(teller, name, metrics)
    if not sizes:
        return []
    found = {
        (size, one.metric, one.scope.iou): one
        for size in sizes
        for one in _figures(teller, name, size, metrics)
    }
    rows = []
    for metric, iou in dict.fromkeys((metric, iou) for _, metric, iou in found):
        at = f"IoU\u00a0{number(iou)}" if iou is not None else ""
        cells = [teller.cell(found.get((size, metric, iou))) for size in sizes]
        rows.append(row(strong(teller.words.metric(definition(metric)), at), *cells))
    columns = [Column("Figure", f"{100 - 22 * len(sizes)}%")]
    columns += [Column(sentence(size), "22%", "number") for size in sizes]
    notes = (_NOTE, *empty_sizes(teller, name, metrics))
    return [teller.numbering.table(f"{title}: by size of object", columns, rows, notes=notes)]


def size_figures(
    teller: Teller, name: str | None, title: str, tables: Collection[Table]
) -> list[Figure]:
    """Return recall by size of the object; none unless two sizes have objects."""
    recalls = [
        one
        for size in SIZES
        for one in _figures(teller, name, size, ("recall",))
        if one.value is not None
    ]
    if len({one.scope.size for one in recalls}) < 2 or not tables:  # noqa: PLR2004 - to compare
        return []
    rows = [_row(teller, one) for one in sorted(recalls, key=lambda one: one.scope.iou or 0.0)]
    metric = teller.words.metric(definition("recall"))
    drawing = forest_plot(
        rows,
        alt=f"Forest plot, {title}: {metric} by size of the reference object. "
        + "; ".join(f"{one.label}: {one.text}" for one in rows),
        axis_label=metric,
    )
    caption = f"{title}: {metric} by size of the reference object, with intervals."
    return [teller.drawn(caption, drawing, numbers=", ".join(one.label for one in tables))]


def _row(teller: Teller, figure: MetricValue) -> ForestRow:
    iou = f", IoU\u00a0{number(figure.scope.iou)}" if figure.scope.iou is not None else ""
    label = f"{sentence(str(figure.scope.size))}{iou}"
    words = teller.addresses.result(figure.id).words
    return ForestRow(label, f"n = {number(figure.n)}", estimate(figure), words)


def _metrics(teller: Teller, name: str | None, apart: Collection[str]) -> tuple[str, ...]:
    every = [
        one.metric
        for size in SIZES
        for one in teller.addresses.select(Scope(class_name=name, size=size))
    ]
    return tuple(one for one in dict.fromkeys(every) if one not in apart)


def _figures(
    teller: Teller, name: str | None, size: Size, metrics: Collection[str]
) -> list[MetricValue]:
    scope = Scope(class_name=name, size=size)
    return [one for one in teller.addresses.select(scope) if one.metric in metrics]
