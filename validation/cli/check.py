"""``segval check``: every problem of a protocol, and of the plan that it states."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validation.cli.options import FILE, json_option, say_json
from validation.record import printable

if TYPE_CHECKING:
    from validation.plan.check import Remark


@click.command("check")
@click.argument("protocol", type=FILE)
@click.option("--strict", is_flag=True, help="Exit with 1 where a warning is not answered.")
@json_option
def check_command(protocol: Path, strict: bool, as_json: bool) -> None:
    """Report every problem of PROTOCOL at once, with line numbers.

    It reads the protocol, its case table and its lock, and no image. Beside contradictions it
    names criteria that the test set cannot satisfy or can hardly miss, risks that nothing
    covers, and subgroups that are too small. A warning that the protocol answers under
    accepted_warnings is listed with its reason, and is no longer open.

    Exit status 0: no errors (warnings may stand); 1: a warning is open, with --strict; 3: the
    protocol cannot be run as it is.

    \b
    Example:
        segval check protocols/nuclei-count/protocol.yaml
    """
    from validation.study.plan_check import check_plan

    remarks = check_plan(protocol)
    errors = [one for one in remarks if one.level == "error"]
    warnings = [one for one in remarks if one.level == "warning" and one.is_open]
    answered = [one for one in remarks if not one.is_open]
    if as_json:
        say_json(
            {
                "protocol": str(protocol),
                "errors": [_as_json(one) for one in errors],
                "warnings": [_as_json(one) for one in warnings],
                "answered": [{**_as_json(one), "reason": one.answer} for one in answered],
            }
        )
    else:
        for word, listed in (("error", errors), ("warning", warnings), ("answered", answered)):
            for one in listed:
                click.echo(_said(word, one))
        counted = f"{len(errors)} error(s), {len(warnings)} warning(s)"
        more = f", {len(answered)} answered" if answered else ""
        click.echo(f"{protocol}: {counted}{more}")
    if errors:
        raise click.exceptions.Exit(3)
    if strict and warnings:
        raise click.exceptions.Exit(1)


def _said(word: str, one: "Remark") -> str:
    problem = one.problem
    lines = [f"{word}: {problem.what}", f"  where: {problem.where}"]
    if one.answer is not None:
        lines.append(f"  why:   {' '.join(one.answer.split())}")
    elif problem.fix:
        lines.append(f"  fix:   {problem.fix}")
    lines.append(f"  rule:  {one.rule}, about {one.about}")
    return "\n".join(map(printable, lines))


def _as_json(one: "Remark") -> dict[str, Any]:
    return {
        "rule": one.rule,
        "about": one.about,
        "line": one.line,
        "where": one.problem.where,
        "what": one.problem.what,
        "fix": one.problem.fix,
    }
