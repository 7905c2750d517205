"""``segval compare``: two versions of a model on one locked test set."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from validation.cli.gate import pipeline_options, require_new
from validation.cli.options import (
    FOLDER,
    NEW_FOLDER,
    SYMBOLS,
    json_option,
    progress_bars,
    say_json,
    staged,
)

if TYPE_CHECKING:
    from validation.evidence.paired.records import FigureDifference, FoundByBoth
    from validation.judge.comparison.records import Comparison, MarginFinding
    from validation.study.comparing import Compared, Stage

_STAGES: dict["Stage", str] = {
    "records": "Reading the records",
    "figures": "Resampling differences",
    "pictures": "Drawing changed cases",
    "document": "Rendering the document",
}
_AIMS = {"non_inferiority": "not inferior", "superiority": "superior"}
_EXPLORATORY = "exploratory: no margin was fixed"


@click.command("compare")
@click.argument("first", type=FOLDER, metavar="RECORD_A")
@click.argument("second", type=FOLDER, metavar="RECORD_B")
@click.option(
    "--out", type=NEW_FOLDER, help="Folder of tables, pictures and the document; must be new."
)
@click.option(
    "--data", type=FOLDER, help="Folder of the test set, for pictures of the cases that changed."
)
@pipeline_options
@click.option("--approved", is_flag=True, help="Let only runs of approved (signed) protocols pass.")
@json_option
def compare_command(  # noqa: PLR0917 - click calls it by name
    first: Path,
    second: Path,
    out: Path | None,
    data: Path | None,
    junit: Path | None,
    markdown: Path | None,
    approved: bool,
    as_json: bool,
) -> None:
    """Compare the new version of RECORD_B with the version before of RECORD_A.

    Both have to be of one locked test set, measured in the same way. Differences are B - A,
    with intervals for which the same subjects or cases are drawn for both. The protocol of B
    fixes the margins, under `comparison:`.

    Exit status 0: every margin is met; 1: one is not met or not evaluable, a case failed, no
    margin was fixed, or a run was not approved and --approved is given; 3: the records cannot
    be compared.

    \b
    Example:
        segval compare records/nuclei-1.0 records/nuclei-1.1 --out comparisons/1.1
    """
    if data is not None and out is None:
        raise click.UsageError("--data is for the pictures in the folder of --out")
    require_new(junit, markdown)
    with progress_bars() as bars:
        show = staged(bars, _STAGES)
        if out is None:
            from validation.study.comparing import compare

            found = compare(first, second, progress=show)
        else:
            from validation.study.comparison_folder import write_comparison

            found = write_comparison(first, second, out=out, data=data, progress=show)
    comparison = found.comparison
    _write_for_pipeline(comparison, junit, markdown)
    passes = comparison.verdict == "met" and (not approved or comparison.approval == "approved")
    if as_json:
        say_json(comparison.model_dump(mode="json"))
    else:
        click.echo("\n".join(_lines(found)))
        if out is not None:
            click.echo(f"document {out / 'comparison.pdf'}")
    if not passes:
        raise click.exceptions.Exit(1)


def _write_for_pipeline(
    comparison: "Comparison", junit: Path | None, markdown: Path | None
) -> None:
    from validation import workspace
    from validation.report import gating

    if junit is not None:
        workspace.write_new(junit, gating.comparison_junit(comparison))
    if markdown is not None:
        workspace.write_new(markdown, gating.comparison_summary(comparison).encode())


def _lines(found: "Compared") -> Iterator[str]:
    comparison = found.comparison
    for name, one in (("A", comparison.first), ("B", comparison.second)):
        yield f"{name}  {one.model_name} {one.model_version}, {one.protocol}, {one.record_id}"
    yield ""
    if comparison.margins:
        yield from _table(
            ("margin", "figure", "B - A", "asked", "verdict"), map(_margin, comparison.margins)
        )
    else:
        ids = {one.metric_id for one in found.second.findings.criteria}
        shown = [one for one in comparison.differences if one.id in ids]
        yield from _table(("figure", "A", "B", "B - A"), map(_difference, shown))
    yield ""
    yield from map(_found, comparison.found)
    yield f"changed  {_changes(comparison)}"
    yield from (f"note     {one}" for one in comparison.remarks)
    yield f"verdict  {_verdict(comparison)}"


def _verdict(comparison: "Comparison") -> str:
    if comparison.verdict == "exploratory":
        return f"- {_EXPLORATORY}"
    approval = "approved protocols" if comparison.approval == "approved" else "not approved"
    return f"{SYMBOLS[comparison.verdict]}  ({approval})"


def _margin(one: "MarginFinding") -> tuple[str, ...]:
    limit = one.judged_on.replace("_", " ")
    asked = f"{_AIMS[one.aim]}: {limit} {one.sign} {one.bound:g}"
    observed = _signed(one.difference)
    if one.interval is not None:
        observed += f" [{_signed(one.interval.lower)}, {_signed(one.interval.upper)}]"
    return one.id, one.metric_id, observed, asked, SYMBOLS[one.verdict]


def _difference(one: "FigureDifference") -> tuple[str, ...]:
    observed = _signed(one.difference)
    if one.interval is not None:
        observed += f" [{_signed(one.interval.lower)}, {_signed(one.interval.upper)}]"
    return one.id, _plain(one.first.value), _plain(one.second.value), observed


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4g}"


def _found(one: "FoundByBoth") -> str:
    scope = one.class_name if one.iou is None else f"{one.class_name}, IoU {one.iou:g}"
    p = "they never differ" if one.p is None else f"McNemar p = {one.p:.3g}"
    if one.clustered_p is not None:
        p += f", over {one.clusters} clusters p = {one.clustered_p:.3g}"
    return (
        f"found    {one.of} ({scope}): both {one.both}, only A {one.first_only}, "
        f"only B {one.second_only}, neither {one.neither}; {p}"
    )


def _changes(comparison: "Comparison") -> str:
    counts = [
        f"{count} {change.replace('_', ' ')}"
        for change, count in comparison.changes.items()
        if "/" not in change
    ]
    return ", ".join(counts) or comparison.no_change


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()
