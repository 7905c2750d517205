"""What every block of the results is made with, and what a block is."""

from collections.abc import Iterable
from dataclasses import dataclass

from validation.evidence.catalogue import CATALOGUE, definition
from validation.evidence.metric_values import MetricValue
from validation.report.contents import RecordContents
from validation.report.formatting import long_unit
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
