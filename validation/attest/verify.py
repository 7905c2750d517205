"""Verifying an artefact: numbered checks, offline, writing nothing.

A lock is held against the test set, a record against its digests and against itself: every
figure is derived again from the per-case tables and every finding from the figures. A report
is checked from its own attachments. What could not be checked is never said to hold.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from validation import workspace
from validation.attest.attachments import attachments_of
from validation.attest.rederive import check_derivation
from validation.attest.verification import Checks, Verification
from validation.errors import RecordError, ToolError
from validation.evidence.run_record import RunRecord
from validation.judge.findings import Findings
from validation.record import digest
from validation.record_folder import (
    EMBEDDED,
    RECORD_FILE,
    SUMS_FILE,
    RecordIndex,
    files_of_record,
    read_index,
    sums,
)
from validation.testset.lock import (
    FINGERPRINTS_NAME,
    LOCK_NAME,
    MANIFEST_NAME,
    TRAINING_NAME,
    Lock,
    compare,
    parse_manifest,
)

_MOST_NAMED = 10


def verify(path: Path, *, data: Path | None = None) -> Verification:
    """Return every check of a record folder, a report PDF or a lock.

    Args:
        path: A record folder, a PDF with the evidence embedded, or a folder that holds
            ``lock.json`` and its manifest.
        data: Root of the test set, for a lock; None: only the lock itself is checked.

    Raises:
        RecordError: The path is none of these.
    """
    checks = Checks()
    if path.is_file() and path.suffix.lower() == ".pdf":
        _check_report(workspace.read(path, "the report"), checks)
        return Verification(path=str(path), kind="report", checks=checks.all())
    if (path / RECORD_FILE).is_file():
        _check_record(path, checks)
        return Verification(path=str(path), kind="record", checks=checks.all())
    if (path / LOCK_NAME).is_file():
        _check_lock(path, data, checks)
        return Verification(path=str(path), kind="lock", checks=checks.all())
    raise RecordError(
        "this is no record, no report and no lock",
        where=str(path),
        fix="give a record folder, its report.pdf, or the lock folder beside a protocol",
    )


def _check_record(folder: Path, checks: Checks) -> None:
    index = _read_index(folder, checks)
    if index is None:
        return
    try:
        entries = workspace.hash_files(folder, files_of_record(folder))
    except ToolError as error:
        checks("every file of the record can be read", None, str(error).replace("\n", "; "))
        return
    found = {entry.path: f"sha256:{entry.sha256}" for entry in entries}
    _check_differences("", index.files, found, checks)
    _check_sums(folder, index, checks)
    files = {name: workspace.read(folder / name, "a file of the record") for name in found}
    _check_index(index, files, checks)
    check_derivation(files, checks)
    _check_embedded(files, checks)


def _read_index(folder: Path, checks: Checks) -> RecordIndex | None:
    what = "the index of the record can be read"
    try:
        index = read_index(folder)
    except ToolError as error:
        checks(what, None, error.what)
        return None
    checks(what, held=True, detail=f"{index.record_id}, {len(index.files)} files")
    return index


def _check_differences(
    of_what: str, stated: Mapping[str, str], found: Mapping[str, str], checks: Checks
) -> None:
    """Add the three checks that compare digests by name."""
    differences = compare(stated, found)
    for what, names in (
        (f"no file{of_what} is missing", differences.missing),
        (f"no file{of_what} was added", differences.extra),
        (f"no file{of_what} has changed", differences.changed),
    ):
        checks(what, not names, _listed(names) or f"{len(stated)} files")


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return shown + (f" and {more} more" if more > 0 else "")


def _check_sums(folder: Path, index: RecordIndex, checks: Checks) -> None:
    what = "SHA256SUMS says the same as the index"
    path = folder / SUMS_FILE
    if not path.is_file():
        checks(what, held=False, detail="SHA256SUMS is missing")
        return
    expected = sums(index.files, workspace.read(folder / RECORD_FILE, "the index"))
    checks(what, workspace.read(path, "the sums") == expected, f"{len(index.files) + 1} lines")


def _check_index(index: RecordIndex, files: Mapping[str, bytes], checks: Checks) -> None:
    what = "the index says the same as run and findings"
    try:
        run = RunRecord.from_json(files["run.json"])
        findings = Findings.from_json(files["findings.json"])
    except (KeyError, ValidationError):
        checks(what, None, "run.json or findings.json cannot be read")
        return
    stated = (index.record_id, index.verdict, index.approval)
    found = (run.record_id, findings.verdict, findings.approval)
    checks(what, stated == found, ", ".join(found))


def _check_embedded(files: Mapping[str, bytes], checks: Checks) -> None:
    what = "the report embeds the files of this record"
    if "report.pdf" not in files:
        checks(what, None, "report.pdf is missing")
        return
    attached = attachments_of(files["report.pdf"])
    if attached is None:
        checks(what, None, "report.pdf cannot be read")
        return
    own = {name: content for name, content in files.items() if name.startswith(EMBEDDED)}
    differing = tuple(
        sorted(name for name in own.keys() | attached.keys() if attached.get(name) != own.get(name))
    )
    checks(what, not differing, _listed(differing) or f"{len(attached)} attachments")


def _check_report(content: bytes, checks: Checks) -> None:
    what = "the report can be read and embeds its evidence"
    attached = attachments_of(content)
    if attached is None:
        checks(what, None, "this is not a PDF that can be read")
        return
    if "evidence/metrics.json" not in attached:
        checks(what, None, f"{len(attached)} attachments, no evidence/metrics.json among them")
        return
    checks(what, held=True, detail=f"{len(attached)} attachments, {digest(content)}")
    check_derivation(attached, checks)


def _check_lock(folder: Path, data: Path | None, checks: Checks) -> None:
    what = "the lock can be read"
    try:
        lock = Lock.from_json(workspace.read(folder / LOCK_NAME, "the lock"))
        content = workspace.read(folder / MANIFEST_NAME, "the manifest")
    except (ToolError, ValidationError) as error:
        checks(what, None, str(error).splitlines()[0])
        return
    checks(what, held=True, detail=f"{lock.test_set_id}, revision {lock.revision}")
    same = digest(content) == lock.manifest_digest
    checks("the manifest is the one that the lock names", same, digest(content))
    _check_lists(folder, lock, checks)
    try:
        locked = parse_manifest(content)
    except ToolError as error:
        checks("the manifest can be read", None, error.what)
        return
    _check_test_set(lock, locked, data, checks)


def _check_lists(folder: Path, lock: Lock, checks: Checks) -> None:
    """Add a check of the lists of images that a lock keeps for the search for leakage."""
    if lock.leakage is None:
        return
    stated = {
        FINGERPRINTS_NAME: lock.leakage.fingerprints_digest,
        TRAINING_NAME: lock.leakage.training_digest,
    }
    for name, expected in stated.items():
        what = f"{name} is the one that the lock names"
        if expected is None and not (folder / name).exists():
            continue
        try:
            found = digest(workspace.read(folder / name, "a list of images"))
        except ToolError as error:
            checks(what, held=False, detail=error.what)
        else:
            checks(what, found == expected, found)


def _check_test_set(
    lock: Lock, locked: Mapping[str, str], data: Path | None, checks: Checks
) -> None:
    what = "the test set is there"
    if data is None or not data.is_dir():
        checks(what, None, f"{data or 'no folder given'}; give it by --data")
        return
    try:
        entries = workspace.hash_files(data, workspace.walk(data, lock.folders))
    except ToolError as error:
        checks(what, None, str(error).replace("\n", "; "))
        return
    checks(what, held=True, detail=str(data))
    found = {entry.path: entry.sha256 for entry in entries}
    _check_differences(" of the test set", locked, found, checks)
