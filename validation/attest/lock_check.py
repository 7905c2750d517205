"""Checking a lock: its two files, the revisions before it, and the test set itself."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from validation import workspace
from validation.attest.differences import check_differences
from validation.attest.leakage_checks import check_fingerprints, check_lists
from validation.attest.verification import Checks, Failure
from validation.errors import ToolError
from validation.record import digest
from validation.testset.lock import (
    FINGERPRINTS_NAME,
    LOCK_NAME,
    MANIFEST_NAME,
    TRAINING_NAME,
    Lock,
    parse_manifest,
    revision_folder,
)

_CLAUSE = "21 CFR 11.10(c)"


def check_lock(
    folder: Path,
    data: Path | None,
    checks: Checks,
    progress: workspace.Progress | None = None,
) -> Lock | None:
    """Add the checks of a lock folder; return the lock, or None where it cannot be read.

    Args:
        folder: Holds ``lock.json``, its manifest, and the revisions before.
        data: Root of the test set; None: the files themselves cannot be checked.
        checks: Where the checks are added.
        progress: Told how many files of the test set are hashed.
    """
    what = "the lock can be read"
    try:
        lock = Lock.from_json(workspace.read(folder / LOCK_NAME, "the lock"))
        content = workspace.read(folder / MANIFEST_NAME, "the manifest")
    except (ToolError, ValidationError) as error:
        checks(what, None, str(error).splitlines()[0])
        return None
    checks(what, held=True, detail=f"{lock.test_set_id}, revision {lock.revision}")
    same = digest(content) == lock.manifest_digest
    checks("the manifest is the one that the lock names", same, digest(content), clause=_CLAUSE)
    check_lists(_files_of_lock(folder), lock, checks)
    _check_revisions(folder, lock, checks)
    try:
        locked = parse_manifest(content)
    except ToolError as error:
        checks("the manifest can be read", None, error.what)
        return lock
    _check_test_set(lock, locked, data, checks, progress)
    if lock.leakage is not None and data is not None and data.is_dir():
        check_fingerprints(folder, data, checks)
    return lock


def _files_of_lock(folder: Path) -> dict[str, bytes]:
    """Return the files beside ``lock.json`` that are there, by name."""
    names = (MANIFEST_NAME, FINGERPRINTS_NAME, TRAINING_NAME)
    return {
        name: workspace.read(folder / name, "a file of the lock")
        for name in names
        if (folder / name).is_file()
    }


def _check_revisions(folder: Path, lock: Lock, checks: Checks) -> None:
    """Follow the lock back to its first revision; each names the digest of the one before."""
    if lock.revision == 1 and lock.supersedes is None:
        return
    what = "every revision before is kept, and is the one that its successor names"
    later = lock
    while later.revision > 1:
        before = folder / revision_folder(later.revision - 1)
        objection, missing = _objection(before, later)
        if objection:
            failure: Failure = "incomplete" if missing else "altered"
            checks(what, held=False, detail=f"{before.name}: {objection}", failure=failure)
            return
        later = Lock.from_json(workspace.read(before / LOCK_NAME, "the lock"))
    checks(what, held=True, detail=f"{lock.revision - 1} before this one", clause=_CLAUSE)


def _objection(before: Path, later: Lock) -> tuple[str, bool]:
    """Return what is wrong with the revision before one, and whether it is missing."""
    if not (before / LOCK_NAME).is_file() or not (before / MANIFEST_NAME).is_file():
        return "is missing", True
    try:
        content = workspace.read(before / LOCK_NAME, "the lock")
        manifest = workspace.read(before / MANIFEST_NAME, "the manifest")
        lock = Lock.from_json(content)
    except (ToolError, ValidationError) as error:
        return str(error).splitlines()[0], False
    if digest(content) != later.supersedes:
        return f"is not the lock that revision {later.revision} names", False
    if lock.revision != later.revision - 1 or lock.test_set_id != later.test_set_id:
        return f"is revision {lock.revision} of {lock.test_set_id}", False
    if digest(manifest) != lock.manifest_digest:
        return "its manifest is not the one that it names", False
    return "", False


def _check_test_set(
    lock: Lock,
    locked: Mapping[str, str],
    data: Path | None,
    checks: Checks,
    progress: workspace.Progress | None,
) -> None:
    what = "the test set is there"
    if data is None or not data.is_dir():
        checks(what, None, f"{data or 'no folder given'}; give it by --data")
        return
    try:
        paths = workspace.walk(data, lock.folders)
        entries = workspace.hash_files(data, paths, progress=progress)
    except ToolError as error:
        checks(what, None, str(error).replace("\n", "; "))
        return
    checks(what, held=True, detail=str(data))
    found = {entry.path: entry.sha256 for entry in entries}
    check_differences(" of the test set", locked, found, checks, clause=_CLAUSE)
