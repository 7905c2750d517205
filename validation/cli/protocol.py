"""``segval protocol``: the protocol document, ready for signatures."""

from pathlib import Path

import click

from validation.cli.options import FILE, data_option, json_option, progress_bars, say_json


@click.command("protocol")
@click.argument("protocol", type=FILE)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The PDF; must be new.",
)
@data_option
@json_option
def protocol_command(protocol: Path, out: Path, data: Path | None, as_json: bool) -> None:
    """Render PROTOCOL and the lock of its test set as a document to be signed.

    The document embeds the protocol and the lock, and has a field for every signature that the
    protocol asks for. A protocol with errors, a test set that is not locked or differs from its
    lock, and another model than the one named are refused.

    \b
    Example:
        segval protocol protocols/nuclei-count/protocol.yaml --out VP-001.pdf
    """
    from validation.study.protocol_document import write_protocol_document

    with progress_bars() as bars:
        task = bars.add_task("Checking the lock", total=None)
        rendered = write_protocol_document(
            protocol,
            out=out,
            data=data,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )
    if as_json:
        say_json({"document": str(out), "digest": rendered})
        return
    click.echo(f"{out}\n{rendered}\nnot approved until every field is signed")
