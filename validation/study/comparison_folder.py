"""The folder of a comparison: written whole or not at all, sealed by ``SHA256SUMS``."""

import os
from collections.abc import Mapping
from pathlib import Path

from validation import workspace
from validation.errors import RecordError
from validation.evidence.csv_text import csv_bytes
from validation.evidence.paired.changes import COLUMNS
from validation.record_folder import OVERLAY_INDEX, OVERLAYS, SUMS_FILE
from validation.report.company import FOLDER
from validation.report.comparison import (
    CASES,
    CHANGES,
    COMPARISON_FILE,
    DOCUMENT,
    FIRST_PROTOCOL,
    contents_of,
    render_comparison,
    sums_of,
)
from validation.report.overlays.changed import ChangedCases
from validation.study.comparing import Compared, Progress, compare
from validation.study.comparison_pictures import pictures_of_changes


def write_comparison(
    first: Path,
    second: Path,
    *,
    out: Path,
    data: Path | None = None,
    progress: Progress | None = None,
) -> Compared:
    """Compare two records and write what they came to into a new folder.

    Args:
        first: Record of the version before.
        second: Record of the new version.
        out: The folder; it must not exist.
        data: Folder of the test set, for pictures of changed cases.
        progress: Told how far each stage is.

    Raises:
        ToolError: See `compare`; or the folder exists, would lie in a record or in the test
            set, or cannot be written.

    Side effects: writes the folder `out`, and ``out + ".incomplete"`` until it is complete.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    _require_new(out, (first, second, *(() if data is None else (data,))))
    compared = compare(first, second, progress=progress)
    tell("pictures", 0, 1)
    shown, pictures = pictures_of_changes(compared, (first, second), data)
    tell("pictures", 1, 1)
    tell("document", 0, 1)
    files = comparison_files(compared, shown, pictures)
    files[DOCUMENT] = render_comparison(contents_of(files))
    _write(out, files)
    tell("document", 1, 1)
    return compared


def comparison_files(
    compared: Compared, shown: ChangedCases, pictures: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return every file of the folder but the document and the sums, by name."""
    templates = {
        name: content for name, content in compared.second.files.items() if name.startswith(FOLDER)
    }
    return {
        COMPARISON_FILE: compared.comparison.to_json(),
        CHANGES: csv_bytes(COLUMNS, compared.changes),
        CASES: csv_bytes(compared.case_columns, compared.case_rows),
        "protocol.yaml": compared.second.files["protocol.yaml"],
        FIRST_PROTOCOL: compared.first.files["protocol.yaml"],
        **templates,
        OVERLAY_INDEX: shown.to_json(),
        **{f"{OVERLAYS}/{name}": content for name, content in pictures.items()},
    }


def _require_new(out: Path, others: tuple[Path, ...]) -> None:
    if os.path.lexists(out):
        raise RecordError(
            "something of that name exists and is never replaced",
            where=str(out),
            fix="give another name by --out",
        )
    for other in others:
        if out.resolve().is_relative_to(other.resolve()):
            raise RecordError(
                "a comparison does not lie in a record or in the test set", where=str(out)
            )


def _write(out: Path, files: Mapping[str, bytes]) -> None:
    staging = out.with_name(f"{out.name}.incomplete")
    if os.path.lexists(staging):
        raise RecordError(
            "an earlier comparison of that name was interrupted, or is under way",
            where=str(staging),
            fix="remove this folder once nothing writes to it",
        )
    workspace.make_folder(staging)
    try:
        for name, content in {**files, SUMS_FILE: sums_of(files)}.items():
            workspace.write_new(staging / name, content)
        workspace.finish(staging, out)
    except BaseException:
        workspace.remove(staging)
        raise
