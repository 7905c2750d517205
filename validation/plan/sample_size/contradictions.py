"""Assumptions that cannot be met together, found before anything is computed."""

from collections.abc import Iterator
from typing import NamedTuple

from validation.plan.sample_size.designs import (
    Design,
    Mean,
    MeanDifference,
    PairedShares,
    PresenceBounds,
    Proportion,
    SuccessRun,
    UnpairedShares,
)


class Contradiction(NamedTuple):
    """What is wrong with a design."""

    field: str
    """The field concerned."""
    what: str
    fix: str


def contradictions(design: Design) -> Iterator[Contradiction]:
    """Yield what no test set of any size can bring about."""
    match design:
        case Proportion() | Mean():
            yield from _expected(design.expected, design.bound, design.direction, "")
        case SuccessRun():
            if design.expected is not None:
                yield from _expected(design.expected, design.bound, "at_least", "")
        case PresenceBounds():
            yield from _expected(
                design.sensitivity, design.sensitivity_bound, "at_least", "sensitivity_"
            )
            yield from _expected(
                design.specificity, design.specificity_bound, "at_least", "specificity_"
            )
        case PairedShares():
            yield from _loss(design.difference, design.margin)
            yield from _discordance(design)
        case UnpairedShares():
            yield from _loss(design.new - design.old, design.margin)
        case MeanDifference():
            yield from _loss(design.difference, design.margin)


def _expected(expected: float, bound: float, direction: str, kind: str) -> Iterator[Contradiction]:
    met = expected > bound if direction == "at_least" else expected < bound
    if met:
        return
    side = "above" if direction == "at_least" else "below"
    wanted = "lower" if direction == "at_least" else "upper"
    named = "the expected value" if not kind else f"the expected {kind.rstrip('_')}"
    yield Contradiction(
        f"{kind}bound",
        f"{named} {expected:g} does not lie {side} the bound {bound:g}: no number of units brings "
        f"the {wanted} limit there",
        f"expect a value {side} the bound, or state another bound; were they swapped?",
    )


def _loss(difference: float, margin: float) -> Iterator[Contradiction]:
    if difference <= -margin:
        yield Contradiction(
            "margin",
            f"the expected difference {difference:g} does not lie above -{margin:g}: no number "
            "of units shows that the loss is smaller",
            "expect a smaller loss, or state a wider margin with its reason",
        )


def _discordance(design: PairedShares) -> Iterator[Contradiction]:
    if abs(design.difference) >= design.discordant:
        yield Contradiction(
            "discordant",
            f"shares that differ by {design.difference:g} need more discordant pairs than "
            f"{design.discordant:g}",
            "give the share of units for which exactly one of the models succeeds",
        )
