"""``segval deviation``: departures from the protocol, recorded before anybody signs the report."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validation.cli.options import FOLDER, SYMBOLS, json_option, say_json
from validation.errors import RecordError

if TYPE_CHECKING:
    from validation.judge.deviations import Deviation, Deviations
    from validation.study.deviations import Recorded

_record = click.argument("record", type=FOLDER)
_study = click.option("--study", type=FOLDER, help="Folder of the protocol, where it is not found.")
_by = click.option(
    "--by", metavar="NAME", help="Who states it: name or user id; else the account at the machine."
)


@click.group("deviation")
def deviation_command() -> None:
    """Record departures from the protocol in a record, and what became of them.

    An open deviation keeps the verdict from being "met". Entries are only added; each is an event
    of the audit trail, and the report is rendered again. Once the report is signed, nothing is
    added to it.

    \b
    Example:
        segval deviation add records/nuclei-count --what "D01-03 was scanned twice" \\
            --reason "the stage jammed" --impact "none: the locked image is the second scan"
        segval deviation close records/nuclei-count DEV-01 --disposition "accepted"
        segval deviation list records/nuclei-count
    """


@deviation_command.command("add")
@_record
@click.option("--what", metavar="TEXT", help="What was done otherwise than the protocol says.")
@click.option("--reason", metavar="TEXT", help="Why.")
@click.option("--impact", metavar="TEXT", help="What it means for the results.")
@click.option("--criterion", metavar="ID", help="Acceptance criterion that it concerns.")
@click.option("--case", metavar="ID", help="Case that it concerns.")
@_by
@_study
@json_option
def _add(  # noqa: PLR0917 - click calls it by name
    record: Path,
    what: str | None,
    reason: str | None,
    impact: str | None,
    criterion: str | None,
    case: str | None,
    by: str | None,
    study: Path | None,
    as_json: bool,
) -> None:
    """Record a departure from the protocol in RECORD.

    At a terminal, what is not given is asked for. Exit status 0: it is recorded; 3: it is not,
    and why.

    \b
    Example:
        segval deviation add records/nuclei-count --case D01-03 \\
            --what "The image was exported with another look-up table" \\
            --reason "Export preset of the other microscope" \\
            --impact "Gray values differ by less than 1 %; the segmentation is the same"
    """
    from validation.study.deviations import add_deviation

    given = {"what": what, "reason": reason, "impact": impact}
    texts = _asked(given, {"what": "What was done otherwise", "reason": "Why", "impact": "Impact"})
    done = add_deviation(record, **texts, criterion=criterion, case=case, by=by, study=study)
    _say(done, "recorded", as_json=as_json)


@deviation_command.command("close")
@_record
@click.argument("deviation")
@click.option("--disposition", metavar="TEXT", help="How it was assessed and resolved.")
@_by
@_study
@json_option
def _close(  # noqa: PLR0917 - click calls it by name
    record: Path,
    deviation: str,
    disposition: str | None,
    by: str | None,
    study: Path | None,
    as_json: bool,
) -> None:
    """Close DEVIATION of RECORD with what became of it: accepted, corrected, and on what grounds.

    The entry that recorded it stays as it is. Exit status 0: it is closed; 3: it is not, and why.

    \b
    Example:
        segval deviation close records/nuclei-count DEV-01 --by "R. Keller" \\
            --disposition "Accepted: the criteria do not depend on gray values below 1 %"
    """
    from validation.study.deviations import close_deviation

    text = _asked({"disposition": disposition}, {"disposition": "What became of it"})
    done = close_deviation(record, deviation, **text, by=by, study=study)
    _say(done, "closed", as_json=as_json)


@deviation_command.command("list")
@_record
@json_option
def _list(record: Path, as_json: bool) -> None:
    """List the deviations of RECORD, and change nothing.

    Exit status 0: none is open; 1: one is; 3: they cannot be read.

    \b
    Example:
        segval deviation list records/nuclei-count
    """
    from validation.study.deviations import deviations_of

    known = deviations_of(record)
    if as_json:
        say_json(_as_json(known))
    else:
        for line in _lines(known):
            click.echo(line)
    if known is not None and known.open_ids:
        raise click.exceptions.Exit(1)


@deviation_command.command("resume")
@_record
@_study
def _resume(record: Path, study: Path | None) -> None:
    """Finish the recording of a deviation that was interrupted, or say that none was.

    \b
    Example:
        segval deviation resume records/nuclei-count
    """
    from validation.study.deviations import finish_deviation

    finished = finish_deviation(record, study=study)
    click.echo(f"{finished} is recorded now" if finished else "nothing was left half-recorded")


def _asked(given: dict[str, str | None], words: dict[str, str]) -> dict[str, str]:
    """Return every text, those that are not given asked for at the terminal.

    Raises:
        click.UsageError: There is no terminal; all that is missing is named.
    """
    missing = [name for name, one in given.items() if one is None]
    if missing and not is_at_terminal():
        options = ", ".join(f"--{name}" for name in missing)
        raise click.UsageError(f"missing: {options} (there is no terminal to ask at)")
    return {name: _ask(words[name]) if one is None else one for name, one in given.items()}


def is_at_terminal() -> bool:
    """Tell whether there is somebody to ask."""
    return sys.stdin.isatty()


def _ask(question: str) -> str:
    """Return a line that is typed; an empty one is refused with everything else that is wrong."""
    # Not `click.prompt`: it writes a space to stdout, which may be a file.
    click.echo(f"{question}: ", nl=False, err=True)
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError as error:
        raise RecordError("what was typed is not text in the terminal's encoding") from error
    if not line:
        click.echo(err=True)
        raise RecordError("the input ended before all was said: nothing was recorded")
    return line.strip()


def _say(done: "Recorded", what: str, *, as_json: bool) -> None:
    from validation.record import printable

    entry, findings = done.entry, done.findings
    if as_json:
        say_json(
            {
                "entry": entry.model_dump(mode="json"),
                "verdict": findings.verdict,
                "open": list(findings.open_deviations),
                "closed": list(findings.closed_deviations),
                "finished": done.finished or None,
            }
        )
        return
    if done.finished:
        click.echo(f"{done.finished}  its recording was interrupted, and is finished now")
    click.echo(f"{entry.id}  {what} by {printable(entry.by)}, {entry.at}")
    click.echo(f"verdict  {SYMBOLS[findings.verdict]}{findings.with_deviations}")


def _as_json(known: "Deviations | None") -> dict[str, Any]:
    if known is None:
        return {"open": [], "closed": [], "entries": []}
    entries = [one.model_dump(mode="json") for one in known.entries]
    return {"open": list(known.open_ids), "closed": list(known.closed_ids), "entries": entries}


def _lines(known: "Deviations | None") -> list[str]:
    if known is None:
        return ["no deviation is recorded"]
    return [line for one in known.all for line in _lines_of(one)]


def _lines_of(one: "Deviation") -> list[str]:
    from validation.record import printable

    said, closed = one.recorded, one.closed
    about = [f"criterion {said.criterion}"] if said.criterion else []
    about += [f"case {said.case}"] if said.case else []
    told = [
        ("what", said.what),
        ("reason", said.reason),
        ("impact", said.impact),
        ("concerns", ", ".join(about)),
        ("recorded", f"{said.by} ({said.user}), {said.at}"),
    ]
    if closed is not None:
        told += [
            ("became", closed.disposition),
            ("closed", f"{closed.by} ({closed.user}), {closed.at}"),
        ]
    lines = [f"{said.id}  {'closed' if closed else 'open'}"]
    lines += [f"  {name:<9} {printable(' '.join(text.split()))}" for name, text in told if text]
    return lines
