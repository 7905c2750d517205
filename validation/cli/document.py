"""``segval document``: the documents beside protocol and report."""

from pathlib import Path

import click

from validation.cli.options import ANYTHING, data_option, json_option, progress_bars, say_json

# Names of `validation.study.documents.KINDS`, which would be slow to import for --help.
_KINDS = ("test-set", "method", "traceability", "objects")


@click.command("document")
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("source", type=ANYTHING)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The PDF; must be new. Tables are written beside it under the same name.",
)
@data_option
@json_option
def document_command(kind: str, source: Path, out: Path, data: Path | None, as_json: bool) -> None:
    """Make a document from SOURCE: a protocol, or a record, which has results, too.

    KIND is what the document is. test-set describes the locked test set; method says why the
    evidence is per pixel or per object, and why by these figures; traceability leads from
    requirement and risk to criterion and result, and writes the same beside the PDF as a CSV
    table and a workbook (XLSX); objects prints every object of a record. Each embeds the files
    that it was made from; nobody signs it.

    \b
    Example:
        segval document test-set protocols/nuclei-count/protocol.yaml --out TS-NUC.pdf
        segval document traceability records/nuclei-count --out VP-001-trace.pdf
    """
    from validation.study.documents import KINDS, write_document

    with progress_bars() as bars:
        task = bars.add_task("Checking the lock", total=None)
        made = write_document(
            next(one for one in KINDS if one == kind),
            source,
            out=out,
            data=data,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )
    if as_json:
        say_json({"documents": made})
        return
    for path, rendered in made.items():
        click.echo(f"{path}\n{rendered}")
