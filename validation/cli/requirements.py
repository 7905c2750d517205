"""``segval requirements``: requirements and risks from where they are kept."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from validation.cli.options import ANYTHING, FILE, json_option, say_json

if TYPE_CHECKING:
    from validation.errors import Problem
    from validation.plan.imports.columns import What
    from validation.plan.imports.drift import Difference
    from validation.plan.imports.taking import Taken
    from validation.plan.protocol import Protocol
    from validation.study.requirements import Asked

_SHOWN = 300


def _of_both(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that requirements and risks have alike."""
    for prefix, of in (("risk-", "a risk: id, hazard, harm, severity, requirements"),
                       ("", "a requirement: id, text, risks")):  # fmt: skip
        things = "risks" if prefix else "requirements"
        for name, metavar, said, multiple in (
            ("only", "NAME=VALUE", f"Take the {things} with this value; may be repeated.", True),
            ("sheet", "NAME", f"Sheet of the workbook with the {things}.", False),
            ("column", "FIELD=NAME", f"Column or attribute of {of}.", True),
        ):
            command = click.option(
                f"--{prefix}{name}", metavar=metavar, multiple=multiple, help=said
            )(command)
    return command


@click.command("requirements")
@click.argument("source", type=ANYTHING, nargs=-1, required=True)
@click.option("--risks", type=ANYTHING, multiple=True, help="Where the risks are kept.")
@_of_both
@click.option("--linked-risks", is_flag=True, help="Leave out risks that nothing taken controls.")
@click.option("--baseline", metavar="TEXT", help="Revision of the sources, for the protocol.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the YAML to this file; must be new.",
)
@click.option(
    "--against", type=FILE, help="Say what differs from this protocol, instead of writing YAML."
)
@click.option(
    "--part", is_flag=True, help="With --against: the protocol tests a part of the source."
)
@json_option
def requirements_command(
    source: tuple[Path, ...],
    out: Path | None,
    against: Path | None,
    as_json: bool,
    part: bool,
    **asked: Any,  # noqa: ANN401 - options that `_taken` names
) -> None:
    """Take requirements and risks from SOURCE, and write them as YAML for a protocol.

    SOURCE is what another tool keeps: a CSV file, a workbook, a ReqIF file or archive, a
    StrictDoc document or a folder of Doorstop. Ids and texts stay as they are; what cannot be
    taken so is refused, with file and cell. Columns are recognised by their usual names, or
    named by --column.

    With --against nothing is written; where no options say so, columns, sheet and selection
    are those that the protocol names for its sources. Exit status 0: the protocol says what
    the source says; 1: it does not; 3: the source cannot be taken.

    \b
    Example:
        segval requirements srs.xlsx --risks risks.xlsx --only Status=Approved
        segval requirements srs.xlsx --risks risks.xlsx --against protocol.yaml
    """
    if against is not None and out is not None:
        raise click.UsageError("--out and --against exclude each other")
    if part and against is None:
        raise click.UsageError("--part goes with --against")
    if out is not None:
        _require_new(out)
    protocol = None if against is None else _protocol(against)
    taken = _taken(source, asked, protocol)
    for note in taken.notes:
        _say_note(note)
    if protocol is not None:
        _say_differences(taken, protocol, str(against), part=part, as_json=as_json)
    else:
        _say(taken, out, as_json=as_json)


def _require_new(out: Path) -> None:
    from validation.cli.gate import require_new

    require_new(out)


def _taken(source: tuple[Path, ...], asked: dict[str, Any], protocol: "Protocol | None") -> "Taken":
    from validation.study.requirements import take_from

    return take_from(
        _asked("requirements", source, _options("", asked), protocol),
        _asked("risks", asked["risks"], _options("risk_", asked), protocol),
        baseline=asked["baseline"],
        only_linked=asked["linked_risks"],
    )


class _Options(NamedTuple):
    columns: tuple[str, ...]
    only: tuple[str, ...]
    sheet: str | None


def _options(prefix: str, asked: dict[str, Any]) -> _Options:
    return _Options(*(asked[f"{prefix}{name}"] for name in ("column", "only", "sheet")))


def _asked(
    what: "What", paths: tuple[Path, ...], options: _Options, protocol: "Protocol | None"
) -> "Asked":
    """Return what is wanted of files: as the options say, else as the protocol says it was."""
    from validation.plan.imports.columns import wanted
    from validation.study.requirements import Asked

    if protocol is not None and not any(options):
        named = [one for one in protocol.requirement_sources if one.holds == what]
        before = {_Options(one.columns, one.only, one.sheet) for one in named}
        if len(before) == 1:
            options = before.pop()
    return Asked(paths, wanted(what, options.columns, options.only), options.sheet)


def _say_note(note: "Problem") -> None:
    where = f"{note.where}: " if note.where else ""
    click.echo(f"note: {where}{note.what}", err=True)


def _say(taken: "Taken", out: Path | None, *, as_json: bool) -> None:
    from validation import workspace
    from validation.plan.imports.yaml_text import yaml_text

    if as_json and out is None:
        say_json(_as_json(taken))
        return
    text = yaml_text(taken)
    if out is None:
        click.echo(text, nl=False)
        return
    workspace.write_new(out, text.encode())
    counted = f"{len(taken.requirements)} requirement(s), {len(taken.risks)} risk(s)"
    if as_json:
        say_json({**_as_json(taken), "file": str(out)})
    else:
        click.echo(f"{out}: {counted}")


def _as_json(taken: "Taken") -> dict[str, Any]:
    return {
        "requirements": [one.model_dump(mode="json") for one in taken.requirements],
        "risks": [one.model_dump(mode="json") for one in taken.risks],
        "requirement_sources": [one.model_dump(mode="json") for one in taken.sources],
        "notes": [{"where": one.where, "what": one.what} for one in taken.notes],
    }


def _protocol(path: Path) -> "Protocol":
    from validation.study.requirements import protocol_of

    return protocol_of(path)


def _say_differences(
    taken: "Taken", protocol: "Protocol", against: str, *, part: bool, as_json: bool
) -> None:
    from validation.plan.imports.drift import differences

    found = differences(taken, protocol, part=part)
    if as_json:
        sources = _as_json(taken)["requirement_sources"]
        say_json({"same": not found, "requirement_sources": sources,
                  "differences": [one.model_dump(mode="json") for one in found]})  # fmt: skip
    else:
        for one in found:
            click.echo("\n".join(_lines(one)))
        said = f"{len(found)} difference(s)" if found else "says what the source says"
        click.echo(f"{against}: {said}")
    if found:
        raise click.exceptions.Exit(1)


def _lines(one: "Difference") -> list[str]:
    lines = [f"✗ {one.words()}"]
    if one.change == "changed":
        lines += [f"  source:   {_shown(one.source)}", f"  protocol: {_shown(one.protocol)}"]
    return lines


def _shown(text: str) -> str:
    from validation.record import printable

    shown = printable(text) or "none"
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
