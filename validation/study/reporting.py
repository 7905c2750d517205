"""Rendering the report of a record, from the record alone."""

from collections.abc import Mapping
from pathlib import Path

from validation import workspace
from validation.errors import RecordError
from validation.record import digest
from validation.record_folder import ANNEX, RECORD_FILE, REPORTS, read_contents, read_index
from validation.report.company import FOLDER
from validation.report.contents import RecordContents
from validation.report.report import Report, phrases_of_report, render_report
from validation.study.templates import read_template_folder
from validation.testset.lock import Entry, compare, manifest


def write_report(folder: Path, record_id: str) -> None:
    """Write ``report.html`` and ``report.pdf`` of a record that is being made.

    ``annex.pdf`` too, where the protocol asks for every object in print.

    Raises:
        ToolError: The record cannot be read, or the document cannot be rendered.
    """
    for name, content in files_of(rendered(folder, record_id)).items():
        workspace.write_again(folder / name, content)


def files_of(report: Report) -> dict[str, bytes]:
    """Return the files of a report by their name in the record."""
    files = {"report.html": report.html, "report.pdf": report.pdf}
    return files if report.annex is None else {**files, ANNEX: report.annex}


def rendered(folder: Path, record_id: str) -> Report:
    """Return the report of a record; the same record gives the same bytes.

    Raises:
        ToolError: The record cannot be read, or the document cannot be rendered.
    """
    if (folder / RECORD_FILE).exists():
        return render_report(sealed_contents(folder, record_id))
    return render_report(read_contents(folder, record_id))


def sealed_contents(folder: Path, record_id: str) -> RecordContents:
    """Return the parts of a record that is what was sealed.

    Raises:
        ToolError: The record cannot be read, or was changed.
    """
    contents = read_contents(folder, record_id)
    _require_sealed(folder, contents.digests)
    return contents


def phrases(folder: Path, templates: Path) -> tuple[str, ...]:
    """Return the texts of a record's report that the wording in a template folder has no words for.

    Args:
        folder: The record.
        templates: The folder, which may still be written.

    Raises:
        ToolError: The record cannot be read.
        RenderError: The templates cannot be used.
    """
    company = read_template_folder(templates)
    return phrases_of_report(sealed_contents(folder, read_index(folder).record_id), company)


def templates_of_record(digests: Mapping[str, str]) -> str:
    """Return the digest of a record's template folder; empty where it has none.

    Args:
        digests: Digest of every file by its path in the record.
    """
    entries = [
        Entry(name.removeprefix(FOLDER), one.removeprefix("sha256:"), 0)
        for name, one in sorted(digests.items())
        if name.startswith(FOLDER)
    ]
    return digest(manifest(entries)) if entries else ""


def _require_sealed(folder: Path, found: Mapping[str, str]) -> None:
    """Refuse a record that is not the one that was sealed: its report would say what is not so."""
    stated = {name: one for name, one in read_index(folder).files.items() if name not in REPORTS}
    differences = compare(stated, found)
    if differences.any:
        names = sorted({*differences.missing, *differences.extra, *differences.changed})
        raise RecordError(
            f"the record was changed after it was sealed: {', '.join(names)}",
            where=str(folder),
            fix=f"segval verify {folder}",
        )
