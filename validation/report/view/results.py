"""Results: per criterion, class, threshold and subgroup; distribution, agreement, timing.

Every number printed here is a figure of ``metrics.json`` or ``run.json``, fetched by its id
through `Addresses.result`; the dots of the drawings are the rows of ``cases.csv``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from validation.evidence.catalogue import CATALOGUE, POOLED_OVER_CLASSES, definition
from validation.evidence.metric_values import MetricValue, Scope, metric_id
from validation.report.contents import RecordContents, Row
from validation.report.figures import (
    Estimate,
    ForestRow,
    Pair,
    Strip,
    agreement_scatter,
    difference_plot,
    dot_strips,
    forest_plot,
)
from validation.report.formatting import long_unit, number, plural, share
from validation.report.view.addresses import Addresses, sample_words
from validation.report.view.confusion import confusion_tables
from validation.report.view.criteria import CriterionView
from validation.report.view.elements import (
    Cell,
    Column,
    Figure,
    Heading,
    Numbering,
    Table,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.wording import STAGES, Words, sentence

_AGREEMENT = ("count_", "area_fraction_")
_PRESENCE_COUNTS = (
    "presence_true_positives",
    "presence_false_negatives",
    "presence_false_positives",
    "presence_true_negatives",
)
_HEADLINES = {
    "instance": ("recall", "precision", "f1"),
    "semantic": ("dice", "iou", "presence_sensitivity"),
    "panoptic": ("pq",),
}
_HEADLINES_OVER_CLASSES = {"panoptic": ("pq_all", "pq_things", "pq_stuff")}
_AGREEMENT_TITLES = {
    "instance": "Agreement of counts",
    "semantic": "Agreement of area fractions",
    "panoptic": "Agreement of counts and area fractions",
}
_THRESHOLDS_A_TABLE = 4
_BY_THRESHOLD = frozenset({"average_precision_at"})
_SIZES: tuple[Literal["small", "medium", "large"], ...] = ("small", "medium", "large")
_MOST_HEADLINES = 4
_MOST_FORESTS = 3


@dataclass(frozen=True)
class BlockView:
    """A subsection of tables and figures with a few words in front."""

    heading: Heading
    words: tuple[str, ...]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class ResultsView:
    """All results: those with a bound, and all others."""

    criteria_heading: Heading
    criteria: Table
    bounds: Table
    """Where each bound comes from."""
    heading: Heading
    blocks: tuple[BlockView, ...]
    """By class, distribution over cases, subgroups, agreement, timing."""


def results(
    contents: RecordContents,
    addresses: Addresses,
    words: Words,
    numbering: Numbering,
    criteria: Sequence[CriterionView],
) -> ResultsView:
    """Return all results, in the order in which they are printed."""
    teller = _Teller(contents, addresses, words, numbering)
    return ResultsView(
        criteria_heading=numbering.section("Results by criterion", "results-criteria"),
        criteria=_criteria_table(numbering, criteria),
        bounds=_bounds_table(numbering, criteria),
        heading=numbering.section("Results in detail", "results"),
        blocks=tuple(
            block
            for block in (
                *teller.classes(),
                teller.distribution(),
                teller.subgroups(),
                teller.agreement(),
                teller.timing(),
            )
            if block is not None
        ),
    )


def _criteria_table(numbering: Numbering, criteria: Sequence[CriterionView]) -> Table:
    return numbering.table(
        "Every acceptance criterion with its result; the bound was fixed before the run",
        (
            Column("Criterion", "10%"),
            Column("Figure", "28%"),
            Column("Result", "18%", "number"),
            Column("Comparison with the bound", "22%"),
            Column("Verdict", "12%"),
            Column("Verifies", "10%"),
        ),
        [
            row(
                strong(one.id),
                text(one.name, one.scope, one.sample),
                one.result,
                text(one.bound, one.comparison),
                one.verdict,
                text(*one.requirements),
                anchor=one.anchor,
            )
            for one in criteria
        ],
    )


def _bounds_table(numbering: Numbering, criteria: Sequence[CriterionView]) -> Table:
    return numbering.table(
        "Where the bounds come from",
        (Column("Criterion", "10%"), Column("Bound", "28%"), Column("Rationale", "62%")),
        [
            row(
                strong(one.id),
                text(f"{one.judged_on} {one.bound}"),
                text(*paragraphs(one.rationale)),
            )
            for one in criteria
        ],
    )


@dataclass(frozen=True)
class _Teller:
    """Makes the blocks of the results; holds what all of them need."""

    contents: RecordContents
    addresses: Addresses
    words: Words
    numbering: Numbering

    # --- by class

    def classes(self) -> list[BlockView]:
        """Return a block for figures over all classes and one for each class."""
        blocks = []
        for place, name in enumerate((None, *self.contents.protocol.class_names())):
            scope = Scope(class_name=name)
            figures = [
                one
                for one in self.addresses.select(scope)
                if not one.metric.startswith(_AGREEMENT) and one.metric not in _ELSEWHERE
            ]
            if figures:
                title = f"Class {name}" if name else "Over all classes"
                anchor = f"results-class-{place}" if name else "results-all"
                heading = self.numbering.subsection(title, anchor)
                tables = (*self._class_tables(figures, title), *self._size_tables(name, title))
                if name is None:
                    told = confusion_tables(self.contents, self.words, self.numbering)
                    tables = (*tables, *told)
                blocks.append(BlockView(heading, (), tables, ()))
        return blocks

    def _class_tables(self, figures: Sequence[MetricValue], title: str) -> tuple[Table, ...]:
        at_iou = [one for one in figures if one.scope.iou is not None]
        plain = [one for one in figures if one.scope.iou is None]
        presence = [one for one in plain if one.metric in _PRESENCE_COUNTS]
        rest = [one for one in plain if one.metric not in _PRESENCE_COUNTS]
        counts = [one for one in rest if definition(one.metric).aggregation == "count"]
        others = [one for one in rest if definition(one.metric).aggregation != "count"]
        curves = [one for one in at_iou if one.metric in _BY_THRESHOLD]
        tables = self._threshold_tables([one for one in at_iou if one not in curves], title)
        if curves:
            tables.append(self._curve_table(curves, title))
        if others:
            tables.append(self._list_of(f"{title}: further figures" if at_iou else title, others))
        if presence:
            tables.append(self._presence_table(presence, title))
        if counts:
            tables.append(self._count_table(f"{title}: counts", counts))
        return tuple(tables)

    def _threshold_tables(self, figures: Sequence[MetricValue], title: str) -> list[Table]:
        thresholds = sorted({one.scope.iou for one in figures if one.scope.iou is not None})
        by_place = {(one.metric, one.scope.iou): one for one in figures}
        metrics = [one for one in CATALOGUE if any(one.id == place[0] for place in by_place)]
        tables = []
        for some in _batches(thresholds, _THRESHOLDS_A_TABLE):
            width = f"{64 // len(some)}%"
            rows = []
            for metric in metrics:
                cells = [self._cell(by_place.get((metric.id, iou))) for iou in some]
                if any(cell is not _NOTHING for cell in cells):
                    rows.append(
                        row(strong(self.words.metric(metric), long_unit(metric.unit)), *cells)
                    )
            columns = [Column("Figure", "36%")]
            columns += [Column(f"IoU\u00a0{number(iou)}", width, "number") for iou in some]
            tables.append(self.numbering.table(f"{title}: by IoU threshold", columns, rows))
        return tables

    def _curve_table(self, figures: Sequence[MetricValue], title: str) -> Table:
        """Return figures that are given at many thresholds, one line a threshold."""
        return self.numbering.table(
            f"{title}: average precision by IoU threshold",
            (
                Column("Figure", "46%"),
                Column("IoU", "14%"),
                Column("Result", "40%", "number"),
            ),
            [
                row(
                    strong(self.words.metric(definition(one.metric))),
                    text(number(one.scope.iou)),
                    self._cell(one),
                )
                for one in figures
                if one.scope.iou is not None
            ],
        )

    def _size_tables(self, name: str | None, title: str) -> list[Table]:
        """Return the figures by size of the reference object; none where there are none."""
        by_size = {
            size: self.addresses.select(Scope(class_name=name, size=size)) for size in _SIZES
        }
        places = dict.fromkeys(
            (one.metric, one.scope.iou) for figures in by_size.values() for one in figures
        )
        if not places:
            return []
        found = {
            (size, one.metric, one.scope.iou): one
            for size, figures in by_size.items()
            for one in figures
        }
        rows = []
        for metric, iou in places:
            at = f"IoU\u00a0{number(iou)}" if iou is not None else ""
            cells = [self._cell(found.get((size, metric, iou))) for size in _SIZES]
            rows.append(row(strong(self.words.metric(definition(metric)), at), *cells))
        columns = [Column("Figure", "34%")]
        columns += [Column(size.capitalize(), "22%", "number") for size in _SIZES]
        note = (
            "Areas of reference objects as COCO has them: small up to 32\u00b2 pixels, medium "
            "32\u00b2 to 96\u00b2, large from 96\u00b2 on, ends included."
        )
        return [self.numbering.table(f"{title}: by size of object", columns, rows, notes=(note,))]

    def _cell(self, figure: MetricValue | None) -> Cell:
        return _NOTHING if figure is None else self.addresses.compact_result(figure.id)

    def _list_of(self, caption: str, figures: Iterable[MetricValue]) -> Table:
        rows = [
            row(
                strong(self.words.metric(definition(one.metric)), long_unit(one.unit)),
                self.addresses.compact_result(one.id),
                text(sample_words(one)),
                text("" if one.undefined else (one.no_interval or "")),
            )
            for one in figures
        ]
        return self.numbering.table(
            caption,
            (
                Column("Figure", "34%"),
                Column("Result", "22%", "number"),
                Column("Rests on", "16%"),
                Column("Remark", "28%"),
            ),
            rows,
        )

    def _count_table(self, caption: str, figures: Iterable[MetricValue]) -> Table:
        return self.numbering.table(
            caption,
            (
                Column("Count", "36%"),
                Column("Number", "22%", "number"),
                Column("Counted in", "42%"),
            ),
            [
                row(
                    strong(self.words.metric(definition(one.metric))),
                    self.addresses.compact_result(one.id),
                    text(sample_words(one)),
                )
                for one in figures
            ],
            notes=("Counts describe this sample and have no interval.",),
        )

    def _presence_table(self, figures: Sequence[MetricValue], title: str) -> Table:
        tp, fn, fp, tn = (
            next(one for one in figures if one.metric == metric) for metric in _PRESENCE_COUNTS
        )
        return self.numbering.table(
            f"{title}: presence in an image, number of images",
            (
                Column(sentence(self.words.reference), "36%"),
                Column("Found by the model", "32%", "number"),
                Column("Not found", "32%", "number"),
            ),
            [
                row(strong("present"), self._cell(tp), self._cell(fn)),
                row(strong("absent"), self._cell(fp), self._cell(tn)),
            ],
        )

    # --- distribution over cases

    def distribution(self) -> BlockView | None:
        """Return how the figure of single cases is spread."""
        groups, label = self._case_values()
        if not any(values for _, values in groups):
            return None
        heading = self.numbering.subsection("Distribution over cases", "distribution")
        total = len(self.contents.case_rows)
        defined = len(groups[0][1])
        caption = (
            f"{label} of single cases; each dot is a case. "
            f"Defined for {share(defined, total)} cases."
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
        return BlockView(heading, (note,), (), (self.numbering.figure(caption, drawing),))

    def _case_values(self) -> tuple[list[tuple[str, list[float]]], str]:
        rows, plan = self.contents.case_rows, self.contents.protocol
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

    # --- subgroups

    def subgroups(self) -> BlockView | None:
        """Return the main figures of every subgroup."""
        plan = self.contents.protocol
        headlines = self._headlines()
        if not plan.subgroups or not headlines:
            return None
        heading = self.numbering.subsection("Subgroups", "subgroups")
        tables = tuple(self._subgroup_table(column, headlines) for column in plan.subgroups)
        figures = tuple(self._subgroup_forest(one) for one in headlines[:_MOST_FORESTS])
        words = (
            (
                "Subgroups were named in the protocol. Their intervals are wider than the overall "
                "one; no correction is made for looking at several."
            ),
        )
        return BlockView(heading, words, tables, figures)

    def _headlines(self) -> list[MetricValue]:
        """Return the overall figures shown by subgroup: those with a bound, then the usual."""
        plan = self.contents.protocol
        bounded = [
            metric_id(one.metric, class_name=one.class_name, iou=one.iou, size=one.size)
            for one in plan.criteria
            if one.metric not in _TIMINGS
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
        known = [one for one in dict.fromkeys([*bounded, *usual]) if one in self.addresses]
        return [self.addresses.figure(one) for one in known[:_MOST_HEADLINES]]

    def _of_subgroup(self, figure: MetricValue, column: str, value: str) -> MetricValue | None:
        address = metric_id(
            figure.metric,
            class_name=figure.scope.class_name,
            iou=figure.scope.iou,
            size=figure.scope.size,
            subgroup={column: value},
        )
        return self.addresses.figure(address) if address in self.addresses else None

    def _values_of(self, column: str) -> list[str]:
        figures = self.addresses.all_figures()
        found = {one.scope.subgroup[column] for one in figures if column in one.scope.subgroup}
        return sorted(found)

    def _subgroup_table(self, column: str, headlines: Sequence[MetricValue]) -> Table:
        width = f"{84 // len(headlines)}%"
        rows = [
            row(
                strong(value),
                *(self._cell(self._of_subgroup(one, column, value)) for one in headlines),
            )
            for value in self._values_of(column)
        ]
        rows.append(row(strong("all cases"), *(self._cell(one) for one in headlines)))
        return self.numbering.table(
            f"Main figures by {column}",
            (
                Column(sentence(column), "16%"),
                *(Column(self._short_name(one), width, "number") for one in headlines),
            ),
            rows,
        )

    def _short_name(self, figure: MetricValue) -> str:
        name = self.words.metric(definition(figure.metric))
        iou = f", IoU\u00a0{number(figure.scope.iou)}" if figure.scope.iou is not None else ""
        several = len(self.contents.protocol.classes) > 1
        class_name = f", {figure.scope.class_name}" if several and figure.scope.class_name else ""
        size = f", {figure.scope.size} objects" if figure.scope.size is not None else ""
        unit = long_unit(figure.unit)
        return f"{name}{class_name}{iou}{size}" + (f" [{unit}]" if unit else "")

    def _subgroup_forest(self, overall: MetricValue) -> Figure:
        rows = [self._forest_row("all cases", overall, is_overall=True)]
        for column in self.contents.protocol.subgroups:
            for value in self._values_of(column):
                figure = self._of_subgroup(overall, column, value)
                if figure is not None:
                    rows.append(self._forest_row(f"{column} {value}", figure))
        name = self._short_name(overall)
        bound = self._bound_of(overall)
        drawing = forest_plot(
            rows,
            alt=f"Forest plot of {name} by subgroup. "
            + "; ".join(f"{one.label}: {one.text}" for one in rows),
            axis_label=name,
            bound=bound,
        )
        lines = "dashed line: all cases" + ("; solid line: bound" if bound is not None else "")
        return self.numbering.figure(f"{name} by subgroup; {lines}.", drawing)

    def _bound_of(self, figure: MetricValue) -> float | None:
        bounds = [
            one.bound for one in self.contents.findings.criteria if one.metric_id == figure.id
        ]
        return bounds[0] if bounds else None

    def _forest_row(
        self, label: str, figure: MetricValue, *, is_overall: bool = False
    ) -> ForestRow:
        interval = figure.interval
        estimate = Estimate(
            figure.value,
            interval.lower if interval else None,
            interval.upper if interval else None,
        )
        printed = self.addresses.result(figure.id)
        words = "not defined" if figure.value is None else printed.words
        return ForestRow(label, f"n = {number(figure.n)}", estimate, words, is_overall)

    # --- agreement

    def agreement(self) -> BlockView | None:
        """Return how well quantities agree: counts of objects, or shares of area."""
        figures = [
            one
            for one in self.addresses.all_figures()
            if one.metric.startswith(_AGREEMENT) and not one.scope.subgroup
        ]
        if not figures:
            return None
        plan = self.contents.protocol
        title = _AGREEMENT_TITLES[plan.method.kind]
        heading = self.numbering.subsection(title, "agreement")
        tables = tuple(
            self._list_of(
                f"{title}: {name or 'all classes'}",
                [one for one in figures if one.scope.class_name == name],
            )
            for name in dict.fromkeys(one.scope.class_name for one in figures)
        )
        drawn = [self._count_figure(plan.thing_names())] if plan.method.is_by_object else []
        if plan.method.is_by_pixel:
            drawn += [self._area_figure(name) for name in plan.class_names()]
        return BlockView(heading, (), tables, tuple(one for one in drawn if one is not None))

    def _count_figure(self, names: Sequence[str]) -> Figure | None:
        pairs = _pairs(self.contents.case_rows, "reference_objects", "predicted_objects")
        bias = metric_id("count_bias", class_name=names[0])
        if len(names) > 1:
            bias = metric_id(f"count_bias{POOLED_OVER_CLASSES}")
        return self._agreement_figure(pairs, "objects in an image", bias)

    def _area_figure(self, name: str) -> Figure | None:
        columns = (f"reference_px/class={name}", f"predicted_px/class={name}")
        pairs = _pairs(self.contents.case_rows, *columns, whole="evaluated_px")
        bias = metric_id("area_fraction_bias", class_name=name)
        return self._agreement_figure(pairs, f"area fraction of {name}", bias)

    def _agreement_figure(
        self, pairs: Sequence[Pair], quantity: str, bias_id: str
    ) -> Figure | None:
        if not pairs:
            return None
        known = bias_id in self.addresses
        bias = self.addresses.figure(bias_id).value if known else None
        said = f" Bias {self.addresses.result(bias_id).words}." if known else ""
        cases = plural(len(pairs), "case")
        return self.numbering.figure(
            f"Left: predicted against reference {quantity}, with the line of equality. Right: "
            f"difference against mean (Bland and Altman){', with the bias' if known else ''}. "
            f"A larger ring stands for several cases.",
            agreement_scatter(
                pairs,
                alt=f"Scatter of predicted against reference {quantity}, {cases}.",
                quantity=quantity,
            ),
            difference_plot(
                pairs,
                alt=f"Differences against means of {quantity}, {cases}.{said}",
                quantity=quantity,
                bias=bias,
            ),
        )

    # --- timing

    def timing(self) -> BlockView | None:
        """Return the latencies, by stage."""
        run = self.contents.run
        if not run.timing:
            return None
        heading = self.numbering.subsection("Timing", "timing")
        processes = plural(run.workers, "process", "processes")
        tables = (self._list_of("Latency of a case, from reading to the prediction", run.timing),)
        words = ((f"Measured on the machine named above, with {processes}."),)
        return BlockView(heading, words, tables, self._latency_figures())

    def _latency_figures(self) -> tuple[Figure, ...]:
        timings = self.contents.run.case_timings
        if not timings:
            return ()
        median = metric_id("latency_median_ms")
        mark = self.addresses.figure(median).value if median in self.addresses else None
        strips = [
            Strip(sentence(STAGES[stage]), tuple(getattr(one, f"{stage}_ms") for one in timings))
            for stage in ("read", "preprocess", "inference", "postprocess")
        ]
        strips.append(Strip("Total", tuple(one.total_ms for one in timings), mark))
        drawing = dot_strips(
            strips,
            alt=f"Dot plot of the latency of {plural(len(timings), 'case')} by stage: reading, "
            "pre-processing, inference, post-processing and total.",
            axis_label="milliseconds",
            low=0.0,
            mark_label="median",
        )
        caption = "Latency by stage; each dot is a case."
        return (self.numbering.figure(caption, drawing),)


_NOTHING = text("\u2013")
_TIMINGS = tuple(one.id for one in CATALOGUE if "timing" in one.methods)
_ELSEWHERE = frozenset({*_TIMINGS, *(one.id for one in CATALOGUE if one.is_of_reference_alone)})
"""Printed under timing, and with the method: those of the reference alone."""


def _numbers(rows: Iterable[Row], column: str) -> list[float]:
    return [float(line[column]) for line in rows if line[column]]


def _pairs(rows: Iterable[Row], reference: str, prediction: str, whole: str = "") -> list[Pair]:
    pairs = []
    for line in rows:
        if line[reference] and line[prediction] and line["in_figures"] == "true":
            of = float(line[whole]) if whole else 1.0
            if of:
                pairs.append(Pair(float(line[reference]) / of, float(line[prediction]) / of))
    return pairs


def _batches(values: Sequence[float], size: int) -> list[Sequence[float]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
