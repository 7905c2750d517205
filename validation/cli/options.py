"""Arguments, options and output that several commands share."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_Stage = TypeVar("_Stage", bound=str)

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
NEW_FOLDER = click.Path(path_type=Path)
ANYTHING = click.Path(exists=True, path_type=Path)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
data_option = click.option(
    "--data",
    type=FOLDER,
    help="Folder of the test set, if it does not lie where the protocol says.",
)

templates_option = click.option(
    "--templates",
    type=FOLDER,
    help="Company's template folder for the PDF, which belongs to no protocol.",
)

SYMBOLS = {
    "met": "✓ met",
    "not_met": "✗ not met",
    "not_evaluable": "? not evaluable",
    "incomplete": "? incomplete",
    "held": "✓ held",
    "did_not_hold": "✗ did not hold",
    "could_not_be_checked": "? could not be checked",
}
"""Outcomes in words, with a symbol."""


def say_json(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Print a value as JSON on stdout."""
    from validation.record import readable_json

    click.echo(readable_json(value).decode(), nl=False)


def staged(bars: "Progress", words: Mapping[_Stage, str]) -> Callable[[_Stage, int, int], None]:
    """Return what shows each stage of some work as a bar of its own, once it begins.

    Args:
        bars: Where they are shown.
        words: What each stage is called.
    """
    tasks: dict[_Stage, TaskID] = {}

    def show(stage: _Stage, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(words[stage], total=total)
        bars.update(tasks[stage], completed=done, total=total)

    return show


@contextmanager
def progress_bars() -> Iterator["Progress"]:
    """Show progress on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description:<26}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bars:
        yield bars
