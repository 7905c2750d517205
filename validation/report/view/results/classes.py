"""Results over all classes and of each class."""

from collections.abc import Iterable, Sequence

from validation.evidence.catalogue import CATALOGUE, definition
from validation.evidence.metric_values import MetricValue, Scope
from validation.plan.protocol import Protocol
from validation.report.formatting import long_unit, number
from validation.report.view.addresses import sample_words
from validation.report.view.confusion import confusion_figures, confusion_tables
from validation.report.view.elements import Column, Table, row, strong, text
from validation.report.view.results.average_precision import METRICS as AVERAGE_PRECISIONS
from validation.report.view.results.average_precision import average_precision_tables
from validation.report.view.results.class_bars import figures_by_class
from validation.report.view.results.curves import class_curves, grids_of_curves
from validation.report.view.results.sizes import size_figures, size_tables
from validation.report.view.results.teller import AGREEMENT, NOTHING, TIMINGS, BlockView, Teller
from validation.report.view.wording import sentence

MOST_IN_FULL = 20
"""With more classes than this, only those with a criterion have tables of their own."""
_PRESENCE_COUNTS = (
    "presence_true_positives",
    "presence_false_negatives",
    "presence_false_positives",
    "presence_true_negatives",
)
_THRESHOLDS_A_TABLE = 4
_BY_THRESHOLD = frozenset(AVERAGE_PRECISIONS)
_ELSEWHERE = frozenset({*TIMINGS, *(one.id for one in CATALOGUE if one.is_of_reference_alone)})
"""Printed under timing, and with the method: those of the reference alone."""


def classes(teller: Teller) -> list[BlockView]:
    """Return a block for figures over all classes and one for each class that is told in full."""
    blocks = []
    names = teller.contents.protocol.class_names()
    # What is left out is said with the figures over all classes; without these nothing is.
    in_full = told_in_full(teller.contents.protocol) if _figures(teller, None) else names
    for place, name in enumerate((None, *names)):
        if name is not None and name not in in_full:
            continue
        if figures := _figures(teller, name):
            title = f"Class {name}" if name else "Over all classes"
            anchor = f"results-class-{place}" if name else "results-all"
            heading = teller.numbering.subsection(title, anchor)
            by_class, bars = figures_by_class(teller) if name is None else ((), ())
            tables = _class_tables(teller, name, figures, title)
            sizes = size_tables(teller, name, title, _BY_THRESHOLD)
            drawn = [*bars, *size_figures(teller, name, title, sizes)]
            if name is None:
                told = confusion_tables(teller.contents, teller.words, teller.numbering)
                drawn += confusion_figures(teller.contents, teller.words, teller.numbering, told)
                drawn += grids_of_curves(teller)
            else:
                told = ()
                drawn += class_curves(teller, name, ", ".join(one.label for one in tables[:2]))
            words = () if name else _words_on_others(names, in_full)
            shown = (*by_class, *tables, *sizes, *told)
            blocks.append(BlockView(heading, words, shown, tuple(drawn)))
    return blocks


def _figures(teller: Teller, name: str | None) -> list[MetricValue]:
    return [
        one
        for one in teller.addresses.select(Scope(class_name=name))
        if not one.metric.startswith(AGREEMENT) and one.metric not in _ELSEWHERE
    ]


def told_in_full(plan: Protocol) -> tuple[str, ...]:
    """Return the classes with tables of their own: all, or of many those with a criterion."""
    names = plan.class_names()
    if len(names) <= MOST_IN_FULL:
        return names
    judged = {one.class_name for one in plan.criteria}
    return tuple(name for name in names if name in judged)


def _words_on_others(names: Sequence[str], in_full: Sequence[str]) -> tuple[str, ...]:
    if len(in_full) == len(names):
        return ()
    who = (
        f"only those with an acceptance criterion have tables of their own ({number(len(in_full))})"
        if in_full
        else "none has tables of its own, as no criterion names a class"
    )
    said = (
        f"Of {number(len(names))} classes, {who}. The main figures of every class are in the table "
        "and the drawings of this section; every other figure of every class is in the attached "
        "files evidence/classes.csv and evidence/metrics.json."
    )
    return (said,)


def _class_tables(
    teller: Teller, name: str | None, figures: Sequence[MetricValue], title: str
) -> tuple[Table, ...]:
    here = [one for one in figures if one.metric not in _BY_THRESHOLD]
    at_iou = [one for one in here if one.scope.iou is not None]
    plain = [one for one in here if one.scope.iou is None]
    presence = [one for one in plain if one.metric in _PRESENCE_COUNTS]
    rest = [one for one in plain if one.metric not in _PRESENCE_COUNTS]
    counts = [one for one in rest if definition(one.metric).aggregation == "count"]
    others = [one for one in rest if definition(one.metric).aggregation != "count"]
    tables = _threshold_tables(teller, at_iou, title)
    tables += average_precision_tables(teller, name, title)
    if others:
        tables.append(teller.list_of(f"{title}: further figures" if at_iou else title, others))
    if presence:
        tables.append(_presence_table(teller, presence, title))
    if counts:
        tables.append(_count_table(teller, f"{title}: counts", counts))
    return tuple(tables)


def _threshold_tables(teller: Teller, figures: Sequence[MetricValue], title: str) -> list[Table]:
    thresholds = sorted({one.scope.iou for one in figures if one.scope.iou is not None})
    by_place = {(one.metric, one.scope.iou): one for one in figures}
    metrics = [one for one in CATALOGUE if any(one.id == place[0] for place in by_place)]
    tables = []
    for some in _batches(thresholds, _THRESHOLDS_A_TABLE):
        width = f"{64 // len(some)}%"
        rows = []
        for metric in metrics:
            cells = [teller.cell(by_place.get((metric.id, iou))) for iou in some]
            if any(cell is not NOTHING for cell in cells):
                rows.append(
                    row(strong(teller.words.metric(metric), long_unit(metric.unit)), *cells)
                )
        columns = [Column("Figure", "36%")]
        columns += [Column(f"IoU\u00a0{number(iou)}", width, "number") for iou in some]
        tables.append(teller.numbering.table(f"{title}: by IoU threshold", columns, rows))
    return tables


def _count_table(teller: Teller, caption: str, figures: Iterable[MetricValue]) -> Table:
    return teller.numbering.table(
        caption,
        (
            Column("Count", "36%"),
            Column("Number", "22%", "number"),
            Column("Counted in", "42%"),
        ),
        [
            row(
                strong(teller.words.metric(definition(one.metric))),
                teller.addresses.compact_result(one.id),
                text(sample_words(one)),
            )
            for one in figures
        ],
        notes=("Counts describe this sample and have no interval.",),
    )


def _presence_table(teller: Teller, figures: Sequence[MetricValue], title: str) -> Table:
    tp, fn, fp, tn = (
        next(one for one in figures if one.metric == metric) for metric in _PRESENCE_COUNTS
    )
    return teller.numbering.table(
        f"{title}: presence in an image, number of images",
        (
            Column(sentence(teller.words.reference), "36%"),
            Column("Found by the model", "32%", "number"),
            Column("Not found", "32%", "number"),
        ),
        [
            row(strong("present"), teller.cell(tp), teller.cell(fn)),
            row(strong("absent"), teller.cell(fp), teller.cell(tn)),
        ],
    )


def _batches(values: Sequence[float], size: int) -> list[Sequence[float]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
