"""The folder of a comparison: written whole or not at all, sealed by ``SHA256SUMS``."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from validation import workspace
from validation.errors import RecordError
from validation.evidence.csv_text import csv_bytes, csv_rows
from validation.evidence.paired.changes import COLUMNS
from validation.judge.comparison.records import Comparison
from validation.plan.protocol import Protocol
from validation.plan.source import parse, protocol_from
from validation.record import digest
from validation.record_folder import OVERLAY_INDEX, OVERLAYS, SUMS_FILE
from validation.report.company import FOLDER
from validation.report.comparison import ComparisonContents, render_comparison
from validation.report.overlays.changed import ChangedCases
from validation.study.comparing import Compared, Progress, compare
from validation.study.comparison_pictures import pictures_of_changes

COMPARISON_FILE, DOCUMENT = "comparison.json", "comparison.pdf"
FIRST_PROTOCOL = "first/protocol.yaml"


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
        "changes.csv": csv_bytes(COLUMNS, compared.changes),
        "cases.csv": csv_bytes(compared.case_columns, compared.case_rows),
        "protocol.yaml": compared.second.files["protocol.yaml"],
        FIRST_PROTOCOL: compared.first.files["protocol.yaml"],
        **templates,
        OVERLAY_INDEX: shown.to_json(),
        **{f"{OVERLAYS}/{name}": content for name, content in pictures.items()},
    }


def contents_of(files: Mapping[str, bytes]) -> ComparisonContents:
    """Return what the document of a comparison is made from, from the files of its folder.

    Raises:
        RecordError: A file is missing or damaged.
        ProtocolError: A protocol is damaged.
    """
    try:
        comparison = Comparison.from_json(files[COMPARISON_FILE])
        shown = ChangedCases.from_json(files[OVERLAY_INDEX])
        changes = tuple(csv_rows(files["changes.csv"])[1])
        pictures = {one.first.file: files[f"{OVERLAYS}/{one.first.file}"] for one in shown.cases}
        first, second = _protocol(files, FIRST_PROTOCOL), _protocol(files, "protocol.yaml")
    except KeyError as error:
        raise RecordError(f"{error.args[0]} is missing", where="the comparison") from error
    except (ValidationError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise RecordError(f"the comparison is damaged: {said}") from error
    return ComparisonContents(
        comparison=comparison,
        first=first,
        second=second,
        changes=changes,
        overlays=shown,
        pictures=pictures,
        files={
            name: one
            for name, one in files.items()
            if name not in {DOCUMENT, SUMS_FILE} and not name.endswith(".png")
        },
        tool_version=comparison.tool_version,
    )


def _protocol(files: Mapping[str, bytes], name: str) -> Protocol:
    return protocol_from(parse(files[name], name))


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


def sums_of(files: Mapping[str, bytes]) -> bytes:
    """Return ``SHA256SUMS``: a line a file in the form of ``sha256sum``, sorted by path."""
    lines = [
        f"{digest(content).removeprefix('sha256:')}  {name}\n"
        for name, content in sorted(files.items())
    ]
    return "".join(lines).encode()
