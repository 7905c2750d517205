"""``segval init``: a commented study to start from."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from validation.cli.init_dialog import (
    KINDS,
    ORGANISATION,
    TITLES,
    Choices,
    ask_choices,
)
from validation.cli.options import NEW_FOLDER, json_option, say_json
from validation.study.starting import (
    ADAPTERS,
    PAGE_SIZES,
    Adapter,
    PageSize,
    require_free,
    start_study,
)

if TYPE_CHECKING:
    from validation.study.starting.drawing import Kind


@click.command("init")
@click.argument("folder", type=NEW_FOLDER, metavar="DIR")
@click.option(
    "--method",
    type=click.Choice(KINDS),
    help="Evidence per object (the default), per class and pixel, or both on one map of things "
    "and stuff. `segval choose` finds it from the use of the result.",
)
@click.option("--title", help="Title of the protocol.")
@click.option("--organisation", help="Company or department whose record it is.")
@click.option("--page-size", type=click.Choice(PAGE_SIZES), help="Paper of the documents.")
@click.option(
    "--adapter",
    type=click.Choice(ADAPTERS),
    help="How the model is reached: a Python callable (the default), a network in ONNX, or "
    "predictions made elsewhere.",
)
@click.option("--yes", is_flag=True, help="Ask nothing, and take the defaults.")
@json_option
def init_command(  # noqa: PLR0917 - click calls it by name
    folder: Path,
    method: str | None,
    title: str | None,
    organisation: str | None,
    page_size: str | None,
    adapter: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Write a commented study to DIR, which runs as it is.

    It holds a protocol with a comment on every choice, a small model, six drawn images with
    their reference, a case table, requirements and risks, workflows for GitHub and GitLab with
    the script that they call, and a page of next steps. DIR must not exist, or be empty;
    nothing is overwritten.

    At a terminal, and without options, it asks for each choice. Ctrl-C leaves nothing.

    \b
    Example:
        segval init my-study
        segval init my-study --method instance --adapter onnx --title "Counting cells"
    """
    given = Choices(
        cast("Kind | None", method),
        title,
        organisation,
        cast("PageSize | None", page_size),
        cast("Adapter | None", adapter),
    )
    if not yes and not as_json and given == Choices(*[None] * 5) and is_at_terminal():
        require_free(folder)
        given = ask_choices()
    kind, model = given.method or "instance", given.adapter or "python"
    started = start_study(
        folder,
        kind=kind,
        title=TITLES[kind] if given.title is None else given.title,
        organisation=ORGANISATION if given.organisation is None else given.organisation,
        page_size=given.page_size or "A4",
        adapter=model,
    )
    if as_json:
        say_json({"folder": str(started.folder), "method": kind, "adapter": model,
                  "files": list(started.files)})  # fmt: skip
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


def is_at_terminal() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin.isatty()
