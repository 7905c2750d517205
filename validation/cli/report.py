"""``segval report``: the report of a record, rendered again."""

from pathlib import Path

import click

from validation.cli.options import FOLDER, NEW_FOLDER, json_option, say_json
from validation.errors import RecordError


@click.command("report")
@click.argument("record", type=FOLDER)
@click.option(
    "--out",
    type=NEW_FOLDER,
    help="Folder for report.html and report.pdf, and for annex.pdf where the protocol asks for "
    "every object. Without it, they are rendered and compared with those in the record.",
)
@click.option(
    "--phrases",
    type=FOLDER,
    metavar="DIR",
    help="Render nothing: list the texts of the report that the wording of the company's template "
    "folder DIR has no words for, as lines for its wording.yaml.",
)
@json_option
def report_command(record: Path, out: Path | None, phrases: Path | None, as_json: bool) -> None:
    """Render the report of RECORD again, from the record alone.

    The record itself is never changed. Exit status 1: the report in the record has other
    bytes than the one rendered now (another version of the tool or of its fonts).

    \b
    Example:
        segval report records/nuclei-count --out /tmp/nuclei-count-report
    """
    if phrases is not None:
        _say_phrases(record, phrases, as_json=as_json)
        return
    from validation import workspace
    from validation.record import digest
    from validation.record_folder import read_index
    from validation.study.reporting import files_of, rendered, templates_of_record

    if out is not None and out.resolve().is_relative_to(record.resolve()):
        fix = "give a folder outside of it by --out"
        raise RecordError("a record is never added to", where=str(out), fix=fix)
    index = read_index(record)
    report = rendered(record, index.record_id)
    files = files_of(report)
    if out is not None:
        for name, content in files.items():
            workspace.write_new(out / name, content)
    same = {name: digest(content) == index.files.get(name) for name, content in files.items()}
    templates = templates_of_record(index.files)
    if as_json:
        say_json(
            {
                "out": str(out) if out else None,
                "same_as_in_record": same,
                "templates": templates or None,
            }
        )
    else:
        for name, is_same in same.items():
            said = "the same bytes as in the record" if is_same else "other bytes than the record's"
            click.echo(f"{(out or record) / name}: {said}")
        if templates:
            click.echo(f"design and wording are those of the templates of the record, {templates}")
    if not all(same.values()):
        raise click.exceptions.Exit(1)


def _say_phrases(record: Path, templates: Path, *, as_json: bool) -> None:
    """Print each text that has no words yet; as JSON strings, which YAML reads as keys."""
    import json

    from validation.study.reporting import phrases

    found = phrases(record, templates)
    if as_json:
        say_json({"phrases": list(found)})
        return
    for one in found:
        click.echo(f"  {json.dumps(one, ensure_ascii=False)}: ")
