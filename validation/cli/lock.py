"""``segval lock``: fix a test set by the digest of every file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from validation import clock
from validation.cli.leakage import say_leakage
from validation.cli.options import (
    FILE,
    FOLDER,
    data_option,
    json_option,
    progress_bars,
    say_json,
    staged,
)

if TYPE_CHECKING:
    from validation.study.locking import Stage

_STAGES: dict["Stage", str] = {
    "training": "Reading training images",
    "files": "Hashing files",
    "cases": "Decoding cases",
}


@click.command("lock")
@click.argument("protocol", type=FILE)
@data_option
@click.option(
    "--revise",
    metavar="REASON",
    help="Lock a set that is locked already as a new revision; the reason is recorded.",
)
@click.option(
    "--training",
    type=FOLDER,
    help="Folder of the training images, if it does not lie where the protocol says.",
)
@json_option
def lock_command(
    protocol: Path, data: Path | None, revise: str | None, training: Path | None, as_json: bool
) -> None:
    """Lock the test set that PROTOCOL names.

    Every file is hashed and every case decoded. The lock is written to the folder ``lock``
    beside the protocol; one that is there is never replaced: --revise keeps it under
    ``lock/revision-N`` and writes the next revision. The study's audit trail is told.

    The images are compared with those that the model was developed on, where the protocol
    states them (training_data), and with one another. What is found is a warning: the lock is
    written, and the cases can be excluded in a revision.

    \b
    Example:
        segval lock protocols/nuclei-count/protocol.yaml
        segval lock study/protocol.yaml --revise "specimen 7 was a duplicate and is excluded"
    """
    from validation.study.locking import lock_test_set
    from validation.study.opening import read_protocol

    if revise is not None and not (revise.strip() and revise.isprintable()):
        said = "say why the set is locked again, in one printable line"
        raise click.BadParameter(said, param_hint="--revise")
    with progress_bars() as bars:
        locked = lock_test_set(
            read_protocol(protocol),
            data=data,
            at=clock.now(),
            revise_because=revise.strip() if revise else None,
            training=training,
            progress=staged(bars, _STAGES),
        )
    lock = locked.lock
    if locked.note:
        click.echo(f"note: {locked.note}", err=True)
    say_leakage(lock.leakage, locked.comparison)
    if as_json:
        values = lock.model_dump(mode="json", exclude={"cases"})
        comparison = locked.comparison.model_dump(mode="json")
        say_json({"lock": str(locked.folder), **values, "comparison": comparison})
        return
    click.echo(
        f"locked {lock.test_set_id}, revision {lock.revision}: {lock.case_count} cases, "
        f"{lock.file_count} files, {lock.byte_count:,} bytes\n{locked.folder}\n"
        f"{lock.manifest_digest}"
    )
