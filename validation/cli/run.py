"""``segval run``: from a protocol to a record with its report."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from validation.cli.gate import pipeline_options, require_new, write_for_pipeline
from validation.cli.leakage import leakage_lines
from validation.cli.options import (
    FILE,
    FOLDER,
    NEW_FOLDER,
    SYMBOLS,
    data_option,
    json_option,
    progress_bars,
    say_json,
    staged,
)

if TYPE_CHECKING:
    from validation.judge.findings import CriterionFinding, Findings
    from validation.study.running import Outcome, Stage

_LIMITS = {"lower_limit": "lower limit", "upper_limit": "upper limit", "value": "value"}

_STAGES: dict["Stage", str] = {
    "lock": "Checking the lock",
    "cases": "Segmenting and measuring",
    "report": "Rendering the report",
}


@click.command("run")
@click.argument("protocol", type=FILE)
@click.option("--out", type=NEW_FOLDER, required=True, help="Folder of the record; must be new.")
@data_option
@click.option(
    "--study",
    type=FOLDER,
    help="Folder that a signed protocol belongs to; default: the one at or above the PDF.",
)
@click.option(
    "--trust",
    type=FOLDER,
    help="Certificates that signers are held against; default: identities/trust of the study.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes that share the cases. The evidence does not depend on it; latencies do.",
)
@click.option("--resume", is_flag=True, help="Take an interrupted run up again.")
@click.option(
    "--cases",
    metavar="ID,ID…|@FILE",
    help="Run these cases only, for development: never for the record.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="Run N cases only, spread evenly over all by id, for development: never for the record.",
)
@pipeline_options
@json_option
def run_command(  # noqa: PLR0917 - click calls it by name
    protocol: Path,
    out: Path,
    data: Path | None,
    study: Path | None,
    trust: Path | None,
    workers: int,
    resume: bool,
    cases: str | None,
    limit: int | None,
    junit: Path | None,
    markdown: Path | None,
    as_json: bool,
) -> None:
    """Run PROTOCOL on its locked test set, measure, judge and report.

    PROTOCOL is the signed protocol document, or the text of a protocol. Of a document the
    signatures are checked, and what it embeds is what runs. A run of the text is not approved:
    exploratory, and says so.

    With --cases or --limit some of the cases run, for quick feedback while a model is developed.
    Such a record says on every page that it does not count, its verdict is never "met", and
    nobody can sign it; the run counts as an opening of the test set all the same.

    Exit status 0: every criterion is met; 1: one is not met or not evaluable, a case failed, or
    not every case ran; 3: it could not be run.

    \b
    Example:
        segval run protocols/nuclei-count/protocol.yaml --out records/nuclei-count
        segval run study/signed/VP-001-2-approver.pdf --out study/records/VR-001
    """
    from validation.study.running import run

    require_new(junit, markdown)
    with _stdout_for_results_alone(), progress_bars() as bars:
        outcome = run(
            protocol,
            out=out,
            data=data,
            study=study,
            trust=trust,
            workers=workers,
            resume=resume,
            cases=None if cases is None else _ids(cases),
            limit=limit,
            progress=staged(bars, _STAGES),
        )
    if junit or markdown:
        from validation.study.gating import judged_again

        write_for_pipeline(judged_again(out), junit, markdown)
    if as_json:
        say_json(outcome.model_dump(mode="json"))
    else:
        click.echo(summary(outcome))
    if outcome.findings.verdict != "met":
        raise click.exceptions.Exit(1)


def _ids(given: str) -> list[str]:
    """Return the ids of cases: parted by commas, or those in a file, a line or a comma each."""
    if not given.startswith("@"):
        return [one.strip() for one in given.split(",")] if given.strip() else []
    from validation import workspace
    from validation.errors import TestSetError

    path = Path(given.removeprefix("@"))
    try:
        text = workspace.read(path, "the list of cases").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TestSetError("the list of cases is not UTF-8 text", where=str(path)) from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [one.strip() for line in lines for one in line.split(",")]


@contextmanager
def _stdout_for_results_alone() -> Iterator[None]:
    """Send to stderr what the model under test prints, native code and worker processes too."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no stdout
        yield
        return
    try:
        os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def summary(outcome: "Outcome") -> str:
    """Return the verdict table of a run, and where the record lies."""
    *lines, verdict = verdict_lines(outcome.findings, outcome.protocol)
    lines += [*leakage_lines(outcome.leakage), verdict]
    lines.append(f"record   {outcome.record}")
    lines.append(f"report   {Path(outcome.record) / 'report.pdf'}")
    if (annex := Path(outcome.record) / "annex.pdf").is_file():
        lines.append(f"annex    {annex}")
    return "\n".join(lines)


def verdict_lines(findings: "Findings", protocol: str = "") -> list[str]:
    """Return the verdict table, the cases that failed, open deviations, and the verdict."""
    lines = [*verdict_table(findings.criteria), ""]
    lines += [
        f"case {one.case_id} failed ({one.stage}): {one.what}" for one in findings.failed_cases
    ]
    if findings.subset is not None:
        lines.append(f"subset   {findings.subset.words}")
    approval = "not approved: exploratory"
    if findings.approval == "approved":
        approval = f"approved protocol {protocol}".rstrip()
    lines += [
        f"deviation {one} is open: the verdict cannot be met" for one in findings.open_deviations
    ]
    verdict = f"{SYMBOLS[findings.verdict]}{findings.with_deviations}"
    return [*lines, f"verdict  {verdict}  ({approval})"]


def verdict_table(criteria: tuple["CriterionFinding", ...]) -> list[str]:
    """Return a line a criterion, columns aligned."""
    header = ("criterion", "figure", "observed", "asked", "verdict")
    rows = [header, *(_row(one) for one in criteria)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _row(one: "CriterionFinding") -> tuple[str, str, str, str, str]:
    sign = "≥" if one.direction == "at_least" else "≤"
    observed = "-" if one.observed is None else f"{one.observed:.6g}"
    limit = _LIMITS[one.judged_on]
    asked = f"{limit} {sign} {one.bound:g}"
    return one.id, one.metric_id, observed, asked, SYMBOLS[one.verdict]
