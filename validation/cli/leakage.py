"""What ``lock`` and ``run`` say of leakage."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from validation.errors import Problem
    from validation.testset.leakage_record import Comparison, Leakage, LeakageSummary

_MOST_LISTED = 20


def say_leakage(summary: "LeakageSummary | None", comparison: "Comparison") -> None:
    """Say on stderr what a new lock found, the first twenty of each kind."""
    from validation.study.leakage import leak_problems, within_problems

    if summary is not None and summary.training_data is None:
        click.echo(f"warning: {summary.not_checked}", err=True)
    _say("shared with the images of development", leak_problems(comparison))
    _say("the same, or alike, within the test set", within_problems(comparison))
    if comparison.uncompared:
        count = len(comparison.uncompared)
        said = f"warning: {count} image(s) have no perceptual hash: near-duplicates of them"
        click.echo(f"{said} are not found (named by --json)", err=True)


def _say(what: str, problems: Sequence["Problem"]) -> None:
    if not problems:
        return
    click.echo(f"warning: {len(problems)} finding(s): {what}", err=True)
    for one in problems[:_MOST_LISTED]:
        click.echo(f"  {one.where}: {one.what}", err=True)
    if len(problems) > _MOST_LISTED:
        click.echo(f"  and {len(problems) - _MOST_LISTED} more (all by --json)", err=True)


def leakage_lines(leakage: "Leakage") -> list[str]:
    """Return what a run says of leakage: a line that counts, and where all of it stands."""
    counts = leakage.counts
    lines = [f"leakage  {leakage.not_checked}"] if leakage.not_checked else []
    if counts.any_leak:
        lines.append(
            f"leakage  ✗ found: {counts.identical_file} case(s) with the file, "
            f"{counts.identical_pixels} with the pixels of a training image, "
            f"{counts.near_duplicate} near-duplicate(s), {counts.shared_subject} shared subject(s)"
        )
    elif not leakage.not_checked:
        lines.append("leakage  none found, as far as compared")
    if counts.within_test_set:
        lines.append(f"leakage  {counts.within_test_set} case(s) are like another of the test set")
    return lines
