"""Making the documents beside protocol and report, from a study or from a record."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import validation
from validation import workspace
from validation.errors import LockError, RecordError
from validation.record import digest
from validation.record_folder import OVERLAY_INDEX, RECORD_FILE, read_index
from validation.report.annex import render_annex
from validation.report.company import FOLDER
from validation.report.contents import PlannedContents, ProtocolContents, RecordContents
from validation.report.documents import render_method, render_test_set, render_traceability
from validation.study.auditing import StudyTrail
from validation.study.leakage import known_leakage
from validation.study.opening import (
    LockedTestSet,
    OpenProtocol,
    differences_from_lock,
    read_case_table,
    read_lock,
    read_protocol,
    require_locked_cases,
    require_no_errors,
    require_unchanged,
    test_set_root,
)
from validation.study.reporting import sealed_contents
from validation.study.templates import read_templates
from validation.testset.lock import LOCK_NAME, MANIFEST_NAME, parse_manifest

Kind = Literal["test-set", "method", "traceability", "objects"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Documents that can be made, by the name that the command line gives them."""

_RECORD_SOURCES = (
    "protocol.yaml",
    "lock/",
    "approval.json",
    "environment.json",
    "run.json",
    "findings.json",
    "evidence/metrics.json",
    "evidence/cases.csv",
    "evidence/classes.csv",
    OVERLAY_INDEX,
    "openings.json",
    "leakage.json",
    FOLDER,
)
"""How the names of the files of a record begin that these documents rest on, and that the parts
of a record are read from: whoever has the document can make it again."""


def write_document(
    kind: Kind,
    source: Path,
    *,
    out: Path,
    data: Path | None = None,
    progress: workspace.Progress,
) -> dict[str, str]:
    """Write a document to new files and return their digests by path.

    Args:
        kind: Which document.
        source: A protocol file, or the folder of a record.
        out: The PDF; neither it nor a table beside it may exist.
        data: Folder of the test set, if it does not lie where the protocol says.
        progress: Told how many files of the test set are hashed.

    Raises:
        ToolError: The source has errors, is damaged, or does not hold what the document says.
        RecordError: A file exists or cannot be written, or would lie in the record or test set.

    Side effects: writes the files; the study's audit trail is read and not written.
    """
    endings = (".csv", ".xlsx") if kind == "traceability" else ()
    files = [out, *map(out.with_suffix, endings)]
    _require_new(files)
    made = dict(zip(files, _documents(kind, source, out, data, progress), strict=True))
    for path, content in made.items():
        workspace.write_new(path, content)
    return {str(path): digest(content) for path, content in made.items()}


def _require_new(files: list[Path]) -> None:
    if files[0].suffix.lower() != ".pdf":
        raise RecordError(
            "the document is a PDF", where=str(files[0]), fix="give a name that ends in .pdf"
        )
    for path in files:
        if os.path.lexists(path):
            raise RecordError(
                "a file of that name exists and is never replaced",
                where=str(path),
                fix="give another name by --out",
            )


def _documents(
    kind: Kind, source: Path, out: Path, data: Path | None, progress: workspace.Progress
) -> tuple[bytes, ...]:
    """Return the PDF and, where there are some, the tables beside it."""
    if kind == "test-set":
        contents = (
            _resting_on(_record(source, out))
            if source.is_dir()
            else _locked(_protocol(source), out, data, progress)
        )
        listed = parse_manifest(contents.files[f"lock/{MANIFEST_NAME}"])
        return (render_test_set(contents, listed),)
    if kind == "objects":
        return (_objects(source, out),)
    known = _resting_on(_record(source, out)) if source.is_dir() else _plan(_protocol(source))
    return (render_method(known),) if kind == "method" else render_traceability(known)


def _objects(source: Path, out: Path) -> bytes:
    if not source.is_dir():
        raise RecordError(
            "objects are printed from a record: a protocol has none",
            where=str(source),
            fix="give the folder that `segval run --out` wrote",
        )
    return render_annex(_record(source, out))


# --- from a record -----------------------------------------------------------------------


def _record(folder: Path, out: Path) -> RecordContents:
    if not (folder / RECORD_FILE).is_file():
        raise RecordError(
            "this is no record: it has no record.json",
            where=str(folder),
            fix="give the folder that `segval run --out` wrote, or a protocol.yaml",
        )
    if out.resolve().is_relative_to(folder.resolve()):
        fix = "give a file outside of it by --out"
        raise RecordError("a record is never added to", where=str(out), fix=fix)
    return sealed_contents(folder, read_index(folder).record_id)


def _resting_on(contents: RecordContents) -> RecordContents:
    """Return the record with those of its files that a document rests on."""
    return replace(contents, files=_sources(contents))


def _sources(contents: RecordContents) -> dict[str, bytes]:
    return {name: one for name, one in contents.files.items() if name.startswith(_RECORD_SOURCES)}


# --- from a protocol ---------------------------------------------------------------------


def _protocol(path: Path) -> OpenProtocol:
    opened = read_protocol(path)
    require_no_errors(opened)
    return opened


def _plan(opened: OpenProtocol) -> PlannedContents:
    """Return the protocol, and the lock where there is one already."""
    locked = _lock_if_there(opened)
    files = _files(opened, locked)
    return PlannedContents(
        protocol=opened.protocol,
        lock=locked.lock if locked else None,
        files=files,
        digests={name: digest(content) for name, content in files.items()},
        tool_version=validation.__version__,
        leakage=known_leakage(opened, locked) if locked else None,
    )


def _lock_if_there(opened: OpenProtocol) -> LockedTestSet | None:
    """Return the lock; None where there is none yet."""
    if not (opened.lock_folder / LOCK_NAME).is_file():
        return None
    locked = read_lock(opened)
    table, content = read_case_table(opened)
    require_locked_cases(opened, locked, table, content)
    return locked


def _locked(
    opened: OpenProtocol, out: Path, data: Path | None, progress: workspace.Progress
) -> ProtocolContents:
    """Return protocol and lock, every file of the test set held against the lock."""
    locked = read_lock(opened)
    table, content = read_case_table(opened)
    require_locked_cases(opened, locked, table, content)
    root = test_set_root(opened, data)
    for folder in locked.lock.folders:
        if out.resolve().is_relative_to((root / folder).resolve()):
            raise LockError("the document would lie in the locked test set", where=str(out))
    require_unchanged(differences_from_lock(root, locked, progress), root)
    known = StudyTrail(opened.folder).openings_of_set(
        locked.lock.test_set_id, locked.lock.manifest_digest
    )
    files = _files(opened, locked)
    return ProtocolContents(
        protocol=opened.protocol,
        lock=locked.lock,
        openings=known.openings,
        trail_id=known.trail_id,
        files=files,
        digests={name: digest(one) for name, one in files.items()},
        tool_version=validation.__version__,
        leakage=known_leakage(opened, locked),
    )


def _files(opened: OpenProtocol, locked: LockedTestSet | None) -> Mapping[str, bytes]:
    of_lock = locked.files() if locked else {}
    return {
        "protocol.yaml": opened.content,
        **{f"lock/{name}": content for name, content in of_lock.items()},
        **{f"{FOLDER}{name}": content for name, content in read_templates(opened).items()},
    }
