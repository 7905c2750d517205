"""``segval fingerprint``: list images by digest, so that they can be recognised without them."""

from pathlib import Path

import click

from validation.cli.options import FILE, FOLDER, json_option, progress_bars, say_json
from validation.errors import RecordError


@click.command("fingerprint")
@click.argument("folder", type=FOLDER)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The list; a new CSV.")
@click.option(
    "--subjects", type=FILE, help="CSV with the columns file and subject_id for every image."
)
@json_option
def fingerprint_command(folder: Path, out: Path, subjects: Path | None, as_json: bool) -> None:
    """List every file below FOLDER: digest, digest of the pixels, perceptual hash, subject.

    The team that trains hands this list over and keeps its images: a protocol names it under
    ``training_data:``, and lock and run report what the test set shares with it. No image can
    be made from it.

    \b
    Example:
        segval fingerprint training-images --out training.csv --subjects subjects.csv
    """
    from validation import workspace
    from validation.record import digest
    from validation.study.fingerprinting import list_folder
    from validation.testset.training import listed_images

    if out.resolve().is_relative_to(folder.resolve()):
        raise RecordError(
            "the list would lie in the folder that it lists",
            where=str(out),
            fix="give a file outside of it by --out",
        )
    with progress_bars() as bars:
        task = bars.add_task("Reading images", total=None)
        images = list_folder(
            folder,
            subjects=subjects,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )
    content = listed_images(images)
    workspace.write_new(out, content)
    without = [one for one in images if one.note]
    for one in without:
        click.echo(f"note: {one.name}: {one.note}; listed by its digest alone", err=True)
    counts = {
        "files": len(images),
        "decoded": len(images) - len(without),
        "with_subject": sum(one.subject_id is not None for one in images),
    }
    if as_json:
        say_json({"list": str(out), "digest": digest(content), **counts})
        return
    click.echo(
        f"listed {counts['files']} files, {counts['decoded']} of them images, "
        f"{counts['with_subject']} with a subject\n{out}\n{digest(content)}"
    )
