"""``segval lock``: fix a test set by the digest of every file."""

from pathlib import Path

import click

from validation import clock
from validation.cli.options import FILE, data_option, json_option, progress_bars, say_json


@click.command("lock")
@click.argument("protocol", type=FILE)
@data_option
@json_option
def lock_command(protocol: Path, data: Path | None, as_json: bool) -> None:
    """Lock the test set that PROTOCOL names.

    Every file is hashed and every case decoded. The lock is written to the folder ``lock``
    beside the protocol; one that is there is never replaced.

    \b
    Example:
        segval lock protocols/nuclei-count/protocol.yaml
    """
    from validation.study.locking import lock_test_set
    from validation.study.opening import read_protocol

    with progress_bars() as bars:
        task = bars.add_task("Decoding cases", total=None)
        locked = lock_test_set(
            read_protocol(protocol),
            data=data,
            at=clock.now(),
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )
    lock = locked.lock
    if locked.note:
        click.echo(f"note: {locked.note}", err=True)
    if as_json:
        say_json({"lock": str(locked.folder), **lock.model_dump(mode="json", exclude={"cases"})})
        return
    click.echo(
        f"locked {lock.test_set_id}: {lock.case_count} cases, {lock.file_count} files, "
        f"{lock.byte_count:,} bytes\n{locked.folder}\n{lock.manifest_digest}"
    )
