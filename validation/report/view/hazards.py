"""Failure analysis by hazard: what the evidence says of each risk control (ISO 14971)."""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.plan.protocol import Protocol, Risk
from validation.report.view.criteria import CriterionView, verdict_lines
from validation.report.view.elements import (
    Column,
    Heading,
    Numbering,
    Table,
    TableRow,
    listed,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.plan import acceptance_words

_WORDS = (
    "A risk control is effective as far as this evidence goes where every criterion of its "
    "requirements is met. Whether the residual risk is acceptable is for the risk file to say."
)


@dataclass(frozen=True)
class HazardsView:
    """What the evidence says of each risk; the section of the failure analysis begins with it."""

    heading: Heading
    hazards_heading: Heading
    words: tuple[str, ...]
    table: Table | None
    no_risks: str
    """Said where the protocol names no risk."""


def hazards(
    protocol: Protocol, numbering: Numbering, criteria: Sequence[CriterionView]
) -> HazardsView:
    """Return the verdicts on the controls of each risk, in the protocol's order."""
    return HazardsView(
        heading=numbering.section("Failure analysis", "failures"),
        hazards_heading=numbering.subsection("By hazard", "hazards"),
        words=(_WORDS, *acceptance_words(protocol)),
        table=_table(protocol, numbering, criteria) if protocol.risks else None,
        no_risks="The protocol names no risk.",
    )


def _table(protocol: Protocol, numbering: Numbering, criteria: Sequence[CriterionView]) -> Table:
    return numbering.table(
        "Risks, and the verdicts on the requirements that control them",
        (
            Column("Risk", "12%"),
            Column("Hazard and harm", "40%"),
            Column("Severity", "12%"),
            Column("Controlled by", "14%"),
            Column("Criteria", "22%"),
        ),
        [_row(one, protocol, criteria) for one in protocol.risks],
    )


def _row(risk: Risk, protocol: Protocol, criteria: Sequence[CriterionView]) -> TableRow:
    controls = [one.id for one in protocol.requirements if risk.id in one.risks]
    judged = [one for one in criteria if set(one.requirements) & set(controls)]
    return row(
        strong(risk.id),
        text(*paragraphs(risk.hazard), risk.harm),
        text(risk.severity),
        listed(*controls or ("no requirement",)),
        listed(*verdict_lines(judged) or ("no criterion",)),
    )
