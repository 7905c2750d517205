"""``segval init``: a commented study to start from."""

from pathlib import Path

import click

from validation.cli.options import NEW_FOLDER


@click.command("init")
@click.argument("folder", type=NEW_FOLDER, metavar="DIR")
def init_command(folder: Path) -> None:
    """Write a commented study to DIR."""
    raise click.ClickException(str(folder))
