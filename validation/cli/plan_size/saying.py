"""Saying what a design needs: as text or as JSON."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from validation.cli.options import say_json
from validation.cli.plan_size.options import Asked, values_of
from validation.cli.plan_size.piloted import pilot_of, said_of, with_pilot
from validation.cli.plan_size.planned import decided_by, held_against, planned_of, with_terms

if TYPE_CHECKING:
    from validation.plan.sample_size.sizing import Sizing
    from validation.study.piloting import Pilot
    from validation.study.planned_criterion import PlannedCriterion


def answer(design: str, given: Mapping[str, Any], **fixed: str) -> None:
    """Compute what a design needs, and say it.

    Args:
        design: Name of the design.
        given: The options by name; None: not given. Those that the design does not have are
            refused before.
        fixed: Further fields of the design.

    Raises:
        SampleSizeError: With everything that is wrong with the assumptions.
    """
    from validation.plan.sample_size.reading import read_design
    from validation.plan.sample_size.sizing import size

    asked = Asked(given["criterion"], given["basis"], given["as_json"])
    planned = planned_of(given)
    piloted = decided_by(planned, given)
    pilot = pilot_of(piloted)
    values = {**values_of(design, with_pilot(piloted, pilot)), **fixed}
    is_at_most = fixed.get("direction") == "at_most"
    found = size(read_design(with_terms(values, planned, is_at_most=is_at_most)))
    if asked.as_json:
        say_json(_as_json(found, pilot, planned))
    else:
        click.echo("\n".join(_text(found, asked, pilot, planned)))
    if planned is not None and planned.units < found.units:
        raise click.exceptions.Exit(1)


def _text(
    found: "Sizing", asked: Asked, pilot: "Pilot | None", planned: "PlannedCriterion | None"
) -> list[str]:
    from validation.report.sizing import assumed, needed, protocol_block, remarks, title

    return [
        *([*_labelled(said_of(pilot, found)), ""] if pilot else []),
        title(found.design),
        "",
        *_labelled(assumed(found.design)),
        "",
        *_labelled(needed(found)),
        *(_labelled(held_against(planned, found)) if planned else []),
        *remarks(found),
        *(planned.remarks(found.design.design) if planned else ()),
        "",
        *_curve(found),
        "for the protocol:",
        "",
        protocol_block(found, criterion=asked.criterion, basis=asked.basis).rstrip(),
    ]


def _labelled(lines: Any) -> list[str]:  # noqa: ANN401 - pairs of texts
    return [f"{label:<23} {said}".rstrip() for label, said in lines]


def _curve(found: "Sizing") -> list[str]:
    from validation.plan.sample_size.designs import Precision
    from validation.report.sizing import power_rows
    from validation.report.sizing.words import rounded_percentage

    rows = power_rows(found)
    if not rows:
        return []
    is_width = isinstance(found.design, Precision)
    head = f"{'observations':>14} {'units':>10} {'half-width' if is_width else 'power':>12}"
    lines = [
        f"{round(one.independent * found.effect):>14,} {one.units:>10,} "
        f"{f'{one.power:.4g}' if is_width else rounded_percentage(one.power):>12}"
        for one in rows
    ]
    return [head, *lines, ""]


def _as_json(
    found: "Sizing", pilot: "Pilot | None", planned: "PlannedCriterion | None"
) -> dict[str, Any]:
    from dataclasses import asdict

    from validation.report.sizing import power_rows, rationale

    return {
        "assumptions": found.design.model_dump(mode="json", exclude_none=True),
        "independent": found.independent,
        "first": found.first,
        "design_effect": found.effect,
        "observations": found.observations,
        "units": found.units,
        "reached": found.reached,
        "parts": dict(found.parts),
        "power": [one._asdict() for one in power_rows(found)],
        "rationale": rationale(found),
        "pilot": asdict(pilot) if pilot else None,
        "test_set": _held(planned, found) if planned else None,
    }


def _held(planned: "PlannedCriterion", found: "Sizing") -> dict[str, Any]:
    return {
        "criterion": planned.criterion.id,
        "unit": planned.unit,
        "units": planned.units,
        "cases": planned.cases,
        "enough": planned.units >= found.units,
    }
