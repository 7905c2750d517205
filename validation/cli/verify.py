"""``segval verify``: numbered checks of a lock, a record, a signed document or a study."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from validation.cli.options import (
    ANYTHING,
    FOLDER,
    SYMBOLS,
    json_option,
    progress_bars,
    say_json,
    staged,
    templates_option,
)

if TYPE_CHECKING:
    from validation.attest.verification import Check, Verification


@click.command("verify")
@click.argument("path", type=ANYTHING)
@click.option("--data", type=FOLDER, help="Folder of the test set, to check a lock against.")
@click.option(
    "--study", type=FOLDER, help="Folder of the protocol: its audit trail and pinned trust count."
)
@click.option(
    "--trust", type=FOLDER, help="Folder of pinned roots and revocation lists, not the study's."
)
@click.option(
    "--pdf",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what was checked and found as a PDF; must be new.",
)
@templates_option
@json_option
def verify_command(  # noqa: PLR0917 - click calls it by name
    path: Path,
    data: Path | None,
    study: Path | None,
    trust: Path | None,
    pdf: Path | None,
    templates: Path | None,
    as_json: bool,
) -> None:
    """Check a lock folder, a record, a comparison, a PDF or a study; offline, changing nothing.

    A check that did not hold says whether something was altered, a signer is not trusted, or
    something is missing. Exit status 0: every check held; 1: one did not hold; 3: one could not
    be made.

    \b
    Example:
        segval verify records/nuclei-count --study protocols/nuclei-count
        segval verify protocols/nuclei-count/lock --data protocols/simulated-nuclei
    """
    from validation.study.verification_report import Given, require_new, write_verification
    from validation.study.verifying import verify

    if pdf is not None:
        require_new(pdf, path)
    with progress_bars() as bars:
        show = partial(staged(bars, {"files": "Hashing files"}), "files")
        found = verify(path, data=data, study=study, trust=trust, progress=show)
    if pdf is not None:
        given = Given(data, study, trust)
        write_verification(found, pdf, path=path, given=given, templates=templates)
    if as_json:
        values = found.model_dump(mode="json")
        say_json({**values, "outcome": found.outcome, "failures": list(found.failures)})
    else:
        for line in _lines(found):
            click.echo(line)
    if found.outcome != "held":
        raise click.exceptions.Exit(1 if found.outcome == "did_not_hold" else 3)


def _lines(found: "Verification") -> list[str]:
    lines = [f"{found.kind} {found.path}", *map(_line, found.checks)]
    lines += [f"     note: {one}" for one in found.notes]
    why = f": {', '.join(found.failures)}" if found.failures else ""
    return [*lines, f"     {SYMBOLS[found.outcome]}{why}"]


def _line(one: "Check") -> str:
    clause = f"  [{one.clause}]" if one.clause else ""
    why = f"{one.failure}: " if one.failure else ""
    return f"{one.number:>3}  {SYMBOLS[one.outcome]:<22}  {one.what}: {why}{one.detail}{clause}"
