"""What every block of the results is made with, and what a block is."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from validation.evidence.catalogue import CATALOGUE, definition
from validation.evidence.metric_values import MetricValue
from validation.report.contents import RecordContents
from validation.report.figures import Estimate
from validation.report.formatting import NO_BREAK, long_unit, number
from validation.report.view.addresses import Addresses, sample_words
from validation.report.view.elements import (
    Cell,
    Column,
    Figure,
    Heading,
    Numbering,
    Table,
    row,
    strong,
    text,
)
from validation.report.view.wording import Words

NOTHING = text("\u2013")
"""The cell of a figure that the evidence does not hold."""

TIMINGS = tuple(one.id for one in CATALOGUE if "timing" in one.methods)
"""Metrics that are printed under timing."""

AGREEMENT = ("count_", "area_fraction_")
"""How the ids of metrics begin that are printed under agreement."""


@dataclass(frozen=True)
class BlockView:
    """A subsection of tables and figures with a few words in front."""

    heading: Heading
    words: tuple[str, ...]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Teller:
    """Holds what all blocks need, and makes the cells and tables that they share."""

    contents: RecordContents
    addresses: Addresses
    words: Words
    numbering: Numbering

    def cell(self, figure: MetricValue | None) -> Cell:
        """Return a figure as a cell of a table; a dash where there is none."""
        return NOTHING if figure is None else self.addresses.compact_result(figure.id)

    def list_of(self, caption: str, figures: Iterable[MetricValue]) -> Table:
        """Return a table with a row for each figure."""
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

    def drawn(self, caption: str, *drawings: Markup, numbers: str) -> Figure:
        """Return the next figure; its caption says where the numbers behind it stand."""
        unbroken = numbers.replace("Table ", f"Table{NO_BREAK}")
        return self.numbering.figure(f"{caption} Numbers: {unbroken}.", *drawings)

    def short_name(self, figure: MetricValue) -> str:
        """Return the name of a figure with its threshold, and its class where there are several."""
        several = len(self.contents.protocol.classes) > 1
        class_name = figure.scope.class_name
        return self.name_at_threshold(figure, f", {class_name}" if several and class_name else "")

    def name_at_threshold(self, figure: MetricValue, class_words: str = "") -> str:
        """Return the name of a figure with its threshold, size and a unit of words."""
        name = self.words.metric(definition(figure.metric))
        iou = f", IoU\u00a0{number(figure.scope.iou)}" if figure.scope.iou is not None else ""
        size = f", {figure.scope.size} objects" if figure.scope.size is not None else ""
        unit = long_unit(figure.unit)
        return f"{name}{class_words}{iou}{size}" + (f" [{unit}]" if unit else "")


def estimate(figure: MetricValue | None) -> Estimate:
    """Return a figure as it is drawn; nothing where there is none."""
    if figure is None:
        return Estimate(None)
    interval = figure.interval
    return Estimate(
        figure.value,
        interval.lower if interval else None,
        interval.upper if interval else None,
    )
