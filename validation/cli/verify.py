"""``segval verify``: numbered checks of a record, a report or a lock."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from validation.cli.options import ANYTHING, FOLDER, SYMBOLS, json_option, say_json

if TYPE_CHECKING:
    from validation.attest.verification import Verification


@click.command("verify")
@click.argument("path", type=ANYTHING)
@click.option("--data", type=FOLDER, help="Folder of the test set, to check a lock against.")
@json_option
def verify_command(path: Path, data: Path | None, as_json: bool) -> None:
    """Check a record folder, a report PDF or a lock folder; nothing is written.

    Exit status 0: every check held; 1: one did not hold; 3: one could not be made.

    \b
    Example:
        segval verify records/nuclei-count
        segval verify protocols/nuclei-count/lock --data protocols/simulated-nuclei
    """
    from validation.attest.verify import verify

    found = verify(path, data=data)
    if as_json:
        say_json({**found.model_dump(mode="json"), "outcome": found.outcome})
    else:
        for line in _lines(found):
            click.echo(line)
    if found.outcome != "held":
        raise click.exceptions.Exit(1 if found.outcome == "did_not_hold" else 3)


def _lines(found: "Verification") -> list[str]:
    lines = [f"{found.kind} {found.path}"]
    lines += [
        f"{one.number:>3}  {SYMBOLS[one.outcome]:<22}  {one.what}: {one.detail}"
        for one in found.checks
    ]
    return [*lines, f"     {SYMBOLS[found.outcome]}"]
