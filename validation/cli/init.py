"""``segval init``: a commented study to start from."""

import shlex
from pathlib import Path
from typing import cast

import click

from validation.cli.options import NEW_FOLDER, json_option, say_json
from validation.study.starting import Kind, start_study

_TITLES = {
    "instance": "Counting discs (example to be replaced)",
    "semantic": "Area covered by discs (example to be replaced)",
    "panoptic": "Discs and ground (example to be replaced)",
}


@click.command("init")
@click.argument("folder", type=NEW_FOLDER, metavar="DIR")
@click.option(
    "--method",
    type=click.Choice(["instance", "semantic", "panoptic"]),
    default="instance",
    show_default=True,
    help="Evidence per object, per class and pixel, or both on one map of things and stuff.",
)
@click.option("--title", help="Title of the protocol.")
@click.option(
    "--organisation",
    default="Your organisation",
    show_default=True,
    help="Company or department whose record it is.",
)
@json_option
def init_command(
    folder: Path, method: str, title: str | None, organisation: str, as_json: bool
) -> None:
    """Write a commented study to DIR, which runs as it is.

    It holds a protocol with a comment on every choice, a small model in Python, six drawn
    images with their reference, a case table and a page of next steps. DIR must not exist, or
    be empty; nothing is overwritten.

    \b
    Example:
        segval init my-study --method instance --title "Counting cells"
    """
    started = start_study(
        folder,
        kind=cast("Kind", method),
        title=_TITLES[method] if title is None else title,
        organisation=organisation,
    )
    if as_json:
        say_json({"folder": str(started.folder), "method": method, "files": list(started.files)})
        return
    protocol = shlex.quote(str(folder / "protocol.yaml"))
    record = shlex.quote(str(folder / "records" / "first"))
    click.echo(
        f"{started.folder}: {len(started.files)} files; README.md there says what comes next\n"
        f"  segval check {protocol}\n"
        f"  segval lock {protocol}\n"
        f"  segval run {protocol} --out {record}\n"
        f"  segval verify {record}"
    )
