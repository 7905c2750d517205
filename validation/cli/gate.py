"""``segval gate``: a record judged again, and what a pipeline shows of it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validation.cli.options import FOLDER, json_option, say_json
from validation.errors import RecordError

if TYPE_CHECKING:
    from validation.report.contents import RecordContents

NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_SEALED = ("record.json", "comparison.json")
"""In a folder with one of these, every file is listed with its digest."""


def pipeline_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that write what a pipeline shows."""
    for name, what in (
        ("--markdown", "Write a summary of the job in Markdown."),
        ("--junit", "Write a JUnit file, a test case for each acceptance criterion or margin."),
    ):
        said = f"{what} The file must be new."
        command = click.option(name, type=NEW_FILE, metavar="FILE", help=said)(command)
    return command


@click.command("gate")
@click.argument("record", type=FOLDER)
@pipeline_options
@click.option(
    "--approved", is_flag=True, help="Let only the run of an approved (signed) protocol pass."
)
@json_option
def gate_command(
    record: Path, junit: Path | None, markdown: Path | None, approved: bool, as_json: bool
) -> None:
    """Judge RECORD again without running it: pass or stop a pipeline.

    The criteria of its protocol are held against the figures of its evidence. A record that
    was changed, or whose findings do not follow, does not pass.

    Exit status 0: every criterion is met; 1: one is not met or not evaluable, a case failed, a
    deviation is open, not every case ran, or the run was not approved and --approved is given;
    3: the record cannot be judged.

    \b
    Example:
        segval gate records/nuclei-count --junit criteria.xml --markdown summary.md
    """
    from validation.cli.run import verdict_lines
    from validation.study.gating import judged_again

    require_new(junit, markdown)
    contents = judged_again(record)
    write_for_pipeline(contents, junit, markdown)
    findings = contents.findings
    passes = findings.verdict == "met" and (not approved or findings.approval == "approved")
    if as_json:
        say_json({"passes": passes, "record_id": contents.record_id,
                  "findings": findings.model_dump(mode="json")})  # fmt: skip
    else:
        click.echo("\n".join(verdict_lines(findings)))
        click.echo(f"gate     {'passes' if passes else 'stops'}")
    if not passes:
        raise click.exceptions.Exit(1)


def require_new(*files: Path | None) -> None:
    """Refuse files that cannot be written, or must not be, before anything long begins.

    Raises:
        RecordError: One exists, its folder does not, it would lie in a record or a comparison,
            which it would break, or two are one.
    """
    given = [one for one in files if one is not None]
    for one in given:
        if one.exists():
            raise RecordError("a file is never replaced", where=str(one), fix="give a new name")
        if not one.parent.is_dir():
            raise RecordError("the folder of a file does not exist", where=str(one))
        if any((above / name).is_file() for above in one.resolve().parents for name in _SEALED):
            raise RecordError(
                "nothing is added to a record or a comparison",
                where=str(one),
                fix="give a name outside of it",
            )
    if len({one.resolve() for one in given}) < len(given):
        raise RecordError(
            "one name is given for two files", where=str(given[0]), fix="give each its own"
        )


def write_for_pipeline(
    contents: "RecordContents", junit: Path | None, markdown: Path | None
) -> None:
    """Write what a pipeline shows of a record, where it is asked for."""
    from validation import workspace
    from validation.report import gating

    if junit is not None:
        workspace.write_new(junit, gating.junit(contents))
    if markdown is not None:
        workspace.write_new(markdown, gating.job_summary(contents).encode())
