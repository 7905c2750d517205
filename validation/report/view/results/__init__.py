"""Results: per criterion, class, threshold and subgroup; distribution, agreement, timing.

Every number printed here is a figure of ``metrics.json`` or ``run.json``, fetched by its id
through `Addresses.result`; the dots of the drawings are the rows of ``cases.csv``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.report.contents import RecordContents
from validation.report.view.addresses import Addresses
from validation.report.view.criteria import CriterionView
from validation.report.view.elements import Figure, Heading, Numbering, Table
from validation.report.view.results.agreement import agreement
from validation.report.view.results.classes import classes
from validation.report.view.results.criteria import bounds_table, criteria_figures, criteria_table
from validation.report.view.results.distribution import distribution
from validation.report.view.results.subgroups import subgroups
from validation.report.view.results.teller import BlockView, Teller
from validation.report.view.results.timing import timing
from validation.report.view.wording import Words


@dataclass(frozen=True)
class ResultsView:
    """All results: those with a bound, and all others."""

    criteria_heading: Heading
    criteria: Table
    bounds: Table
    """Where each bound comes from."""
    criteria_figures: tuple[Figure, ...]
    """Every criterion with its interval and bound."""
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
    teller = Teller(contents, addresses, words, numbering)
    criteria_heading = numbering.section("Results by criterion", "results-criteria")
    table = criteria_table(numbering, criteria)
    return ResultsView(
        criteria_heading=criteria_heading,
        criteria=table,
        criteria_figures=criteria_figures(numbering, criteria, table),
        bounds=bounds_table(numbering, criteria),
        heading=numbering.section("Results in detail", "results"),
        blocks=tuple(
            block
            for block in (
                *classes(teller),
                distribution(teller),
                subgroups(teller),
                agreement(teller),
                timing(teller),
            )
            if block is not None
        ),
    )
