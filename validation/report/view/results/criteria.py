"""Results by criterion, and where the bounds come from."""

from collections.abc import Sequence

from validation.report.view.criteria import CriterionView
from validation.report.view.elements import Column, Numbering, Table, paragraphs, row, strong, text


def criteria_table(numbering: Numbering, criteria: Sequence[CriterionView]) -> Table:
    """Return every criterion with its result, its bound and its verdict."""
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


def bounds_table(numbering: Numbering, criteria: Sequence[CriterionView]) -> Table:
    """Return where each bound comes from."""
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
