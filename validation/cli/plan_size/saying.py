"""Saying what a design needs: as text or as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validation.cli.options import say_json
from validation.cli.plan_size.options import Asked, values_of
from validation.cli.plan_size.piloted import pilot_of, said_of, with_pilot
from validation.cli.plan_size.planned import decided_by, held_against, planned_of, with_terms

if TYPE_CHECKING:
    from validation.plan.sample_size.designs import Design
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
    from validation.report.sizing.words import as_typed

    asked = Asked(given["criterion"], given["basis"], given["as_json"])
    if given["out"] is not None:
        _require_new(given["out"])
    planned = planned_of(given)
    piloted = decided_by(planned, given)
    pilot = pilot_of(piloted)
    values = {**values_of(design, with_pilot(piloted, pilot)), **fixed}
    is_at_most = fixed.get("direction") == "at_most"
    found = size(read_design(with_terms(values, planned, is_at_most=is_at_most)))
    made: Mapping[str, str] = {}
    if given["out"] is not None:
        made = _written(given["out"], found.design, asked, pilot, planned)
    if asked.as_json:
        say_json({**_as_json(found, pilot, planned), "documents": made})
    else:
        click.echo(as_typed("\n".join(_text(found, asked, pilot, planned))))
        for path, digest in made.items():
            click.echo(f"{path}\n{digest}", err=True)
    if planned is not None and planned.units < found.units:
        raise click.exceptions.Exit(1)


def _require_new(out: Path) -> None:
    from validation.study.sizing import require_new

    require_new(out)


def _written(
    out: Path,
    design: "Design",
    asked: Asked,
    pilot: "Pilot | None",
    planned: "PlannedCriterion | None",
) -> Mapping[str, str]:
    """Write the document and the table beside it; return their digests by path."""
    from pydantic import ValidationError

    from validation.errors import Problem, SampleSizeError
    from validation.study.sizing import statement_of, write_size

    try:
        statement = statement_of(
            design, criterion=asked.criterion, basis=asked.basis, pilot=pilot, planned=planned
        )
    except ValidationError as error:
        problems = [Problem(f"--{one['loc'][0]}", one["msg"], "") for one in error.errors()]
        raise SampleSizeError("the texts cannot be printed", problems=problems) from error
    return write_size(statement, planned.opened if planned else None, out)


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
    head = f"{'units':>10} {'observations':>14} {'half-width' if is_width else 'power':>12}"
    lines = [
        f"{one.units:>10,} {one.observations:>14,} "
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
