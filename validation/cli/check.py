"""``segval check``: every problem of a protocol."""

from pathlib import Path

import click

from validation.cli.options import FILE, json_option, say_json
from validation.errors import Problem, ProtocolError, TestSetError, ToolError


@click.command("check")
@click.argument("protocol", type=FILE)
@json_option
def check_command(protocol: Path, as_json: bool) -> None:
    """Report every problem of PROTOCOL at once, with line numbers.

    Exit status 0: no errors (warnings may stand); 3: the protocol cannot be run as it is.

    \b
    Example:
        segval check protocols/nuclei-count/protocol.yaml
    """
    errors, warnings = _problems(protocol)
    if as_json:
        say_json(
            {
                "protocol": str(protocol),
                "errors": [_as_json(one) for one in errors],
                "warnings": [_as_json(one) for one in warnings],
            }
        )
    else:
        for level, problems in (("error", errors), ("warning", warnings)):
            for one in problems:
                click.echo(f"{level}: {one}")
        click.echo(f"{protocol}: {len(errors)} error(s), {len(warnings)} warning(s)")
    if errors:
        raise click.exceptions.Exit(3)


def _problems(path: Path) -> tuple[list[Problem], list[Problem]]:
    """Return errors and warnings of the protocol, its case table and its lock."""
    from validation.study.opening import (
        read_case_table,
        read_lock,
        read_protocol,
        require_locked_cases,
    )
    from validation.study.templates import read_templates

    try:
        opened = read_protocol(path)
    except ProtocolError as error:
        return list(error.problems) or [_as_problem(error)], []
    errors = [one.problem for one in opened.remarks if one.level == "error"]
    try:
        read_templates(opened)
    except ToolError as error:
        errors.extend(error.problems or [_as_problem(error)])
    warnings = [one.problem for one in opened.remarks if one.level == "warning"]
    try:
        table, content = read_case_table(opened)
    except TestSetError as error:
        return [*errors, *(error.problems or [_as_problem(error)])], warnings
    except ToolError as error:
        return [*errors, _as_problem(error)], warnings
    if not (opened.lock_folder / "lock.json").exists():
        fix = f"segval lock {path}"
        warnings.append(Problem(str(opened.lock_folder), "the test set is not locked yet", fix))
        return errors, warnings
    try:
        require_locked_cases(opened, read_lock(opened), table, content)
    except ToolError as error:
        errors.extend(error.problems or [_as_problem(error)])
    return errors, warnings


def _as_problem(error: ToolError) -> Problem:
    return Problem(error.where, error.what, error.fix)


def _as_json(problem: Problem) -> dict[str, str]:
    return {"where": problem.where, "what": problem.what, "fix": problem.fix}
