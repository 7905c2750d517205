"""Locking a test set: every file hashed, every case decoded once, everything wrong named.

A lock is never replaced. A changed set is locked as a new revision with a reason; the revision
before stays in a folder of its own, and the new one names its digest.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import validation
from validation import workspace
from validation.attest.audit_trail import Subject
from validation.errors import LockError, Problem, RecordError
from validation.record import digest
from validation.study.auditing import StudyTrail
from validation.study.leakage import Training, new_lists, read_training
from validation.study.lock_notes import FIRST, note_interrupted_lock
from validation.study.opening import (
    LockedTestSet,
    OpenProtocol,
    read_case_table,
    read_lock,
    read_lock_folder,
    require_no_errors,
    same_training_data,
    test_set_root,
)
from validation.study.operator import operator
from validation.study.reading import CaseReader, Unreadable
from validation.testset.annotations import ObjectSet, PanopticMap
from validation.testset.cases import Case, CaseTable
from validation.testset.fingerprints import fingerprint
from validation.testset.formats import coco
from validation.testset.leakage_record import Comparison
from validation.testset.lock import (
    FINGERPRINTS_NAME,
    LOCK_NAME,
    MANIFEST_NAME,
    TRAINING_NAME,
    Lock,
    coverage_problems,
    files_of,
    manifest,
    name_problems,
    revision_folder,
    role_counts,
)
from validation.testset.training import ListedImage

Stage = Literal["training", "files", "cases"]
Progress = Callable[[Stage, int, int], None]
"""Called with what is read, hashed or decoded, the number done and the number in all."""


class Locked(NamedTuple):
    """A new lock and where it lies."""

    lock: Lock
    folder: Path
    comparison: Comparison
    """What the set shares with the images of development, and its cases with one another."""
    note: str = ""
    """What the reader should know of the reference standard; empty if there is nothing."""


def lock_test_set(
    opened: OpenProtocol,
    *,
    data: Path | None,
    at: datetime,
    revise_because: str | None = None,
    training: Path | None = None,
    progress: Progress | None = None,
) -> Locked:
    """Lock the test set of a protocol and return the lock.

    Every file in the protocol's folders is hashed; every case is decoded and its reference
    held against its image, so that what is locked can be measured.

    Args:
        opened: The protocol.
        data: Folder of the test set, if it does not lie where the protocol says.
        at: When, UTC.
        revise_because: Why a set that is locked already is locked again, as a new revision;
            None: it must not be locked yet.
        training: Folder of the images of development, if it does not lie where the protocol says.
        progress: Told how far each stage is.

    Raises:
        ProtocolError: The protocol has errors.
        TestSetError: Folder or case table cannot be read.
        LockError: The set is locked already, or there is no lock to revise, or the files are
            those that are locked, or files or cases have problems; all at once.
        AuditError: The audit trail cannot be written.

    What the set shares with the images of development is recorded and returned; it does not
    prevent the lock, as the cases concerned may be excluded by the next revision.

    Side effects: writes ``lock/lock.json``, ``lock/manifest-sha256.txt`` and the lists of images
    beside the protocol, and the audit trail.
    """
    require_no_errors(opened)
    tell = progress or (lambda _stage, _done, _total: None)
    trail = StudyTrail(opened.folder)
    note_interrupted_lock(opened.lock_folder, trail)
    before = _lock_before(opened, revise=revise_because is not None)
    about = Subject(kind="test_set", id=opened.protocol.test_set.id)
    trail.tell("lock.started", about, reason=revise_because or "")
    with trail.failure(about, failed="lock.failed", aborted="lock.aborted"):
        trained = read_training(opened, training, partial(tell, "training"))
        locked, files = _made(opened, data, at, before, revise_because, trained, tell)
        lock = locked.lock
        _write(opened.lock_folder, files, before)
    trail.tell(
        "lock.created",
        about.model_copy(update={"revision": str(lock.revision), "digest": digest(lock.to_json())}),
        reason=lock.reason,
        details=_details(lock),
        old=before.lock.manifest_digest if before else None,
        new=lock.manifest_digest,
    )
    return locked


def _details(lock: Lock) -> dict[str, str]:
    """Return what was locked, for the audit trail."""
    details = {"manifest": lock.manifest_digest, "cases": str(lock.case_count)}
    if lock.leakage is not None:
        counts = lock.leakage.counts
        found = f"{counts.images} image(s), {counts.shared_subject} subject(s)"
        details["leakage"] = lock.leakage.not_checked or found
    return details


def _made(  # noqa: PLR0917 - the parts of a lock
    opened: OpenProtocol,
    data: Path | None,
    at: datetime,
    before: LockedTestSet | None,
    revise_because: str | None,
    training: Training,
    tell: Progress,
) -> tuple[Locked, dict[str, bytes]]:
    """Return a new lock and its files, every file hashed and every case decoded."""
    root = test_set_root(opened, data)
    table, table_content = read_case_table(opened)
    test_set = opened.protocol.test_set
    found = workspace.walk(root, test_set.folders)
    shared = [test_set.reference_standard.file] if test_set.reference_standard.file else []
    roles = files_of(table, shared)
    problems = [*name_problems(found), *coverage_problems(roles, found)]
    if problems:
        raise LockError("the test set cannot be locked", where=str(root), problems=problems)
    entries = workspace.hash_files(root, found, progress=partial(tell, "files"))
    manifest_content = manifest(entries)
    if before is not None:
        _require_difference(opened, before, manifest_content, table_content, training)
    reference = coco_reference(opened, root, table)
    # What is decoded has to be what was hashed, should a file change in between.
    digests = {one.path: one.sha256 for one in entries}
    reader = CaseReader(root, digests, opened.protocol, reference.objects if reference else None)
    decoded = _decode_all(reader, table, partial(tell, "cases"))
    lists = new_lists(opened, table, decoded.images, training)
    lock = Lock(
        test_set_id=test_set.id,
        revision=before.lock.revision + 1 if before else 1,
        reason=revise_because or FIRST,
        locked_at=at,
        locked_by=operator(),
        tool_version=validation.__version__,
        folders=test_set.folders,
        file_count=len(entries),
        byte_count=sum(entry.size_bytes for entry in entries),
        manifest_digest=digest(manifest_content),
        case_table_digest=digest(table_content),
        roles=role_counts(roles),
        case_count=len(table.evaluated),
        excluded_case_count=len(table.excluded),
        subject_count=len({one.subject_id for one in table.evaluated if one.subject_id}),
        reference_object_count=decoded.objects,
        cases=table,
        reference_standard=test_set.reference_standard,
        supersedes=digest(before.lock_content) if before else None,
        leakage=lists.summary,
    )
    note = reference.stated_areas.note if reference else ""
    files = {
        MANIFEST_NAME: manifest_content,
        FINGERPRINTS_NAME: lists.fingerprints,
        **({TRAINING_NAME: lists.training} if lists.training is not None else {}),
        LOCK_NAME: lock.to_json(),
    }
    return Locked(lock, opened.lock_folder, lists.comparison, note), files


def _write(folder: Path, files: Mapping[str, bytes], before: LockedTestSet | None) -> None:
    """Write the files of a lock, or none; what is superseded is kept first.

    A revision that is interrupted here leaves the old ``lock.json``, which names another
    manifest than lies there: the set then counts as not locked until it is revised again.
    """
    if before is not None:
        kept = folder / revision_folder(before.lock.revision)
        for name, content in before.files().items():
            _keep(kept / name, content)
    try:
        for name in sorted(_BESIDE_LOCK & files.keys()):
            workspace.write_again(folder / name, files[name])
        for name in sorted(_BESIDE_LOCK - files.keys()):
            (folder / name).unlink(missing_ok=True)
        if before is not None:
            workspace.write_again(folder / LOCK_NAME, files[LOCK_NAME])
        else:
            # The lock is what makes the set locked: it is written last.
            workspace.write_new(folder / LOCK_NAME, files[LOCK_NAME])
    except RecordError:
        if not (folder / LOCK_NAME).exists():
            for name in _BESIDE_LOCK:
                (folder / name).unlink(missing_ok=True)
        raise


_BESIDE_LOCK = frozenset({MANIFEST_NAME, FINGERPRINTS_NAME, TRAINING_NAME})


def _keep(path: Path, content: bytes) -> None:
    """Write a file that may be there from a revision that was interrupted."""
    if not path.exists() or path.read_bytes() != content:
        workspace.write_new(path, content)


def coco_reference(opened: OpenProtocol, root: Path, table: CaseTable) -> coco.CocoReference | None:
    """Return the COCO reference of all cases, or None where each case has its own file.

    Raises:
        ToolError: The file cannot be read.
        TestSetError: It fails the gate; all problems at once.
    """
    standard = opened.protocol.test_set.reference_standard
    if standard.format != "coco" or standard.file is None:
        return None
    content = workspace.read(root / standard.file, "the COCO reference")
    return coco.read_reference(
        content, cases=table.evaluated, classes=opened.protocol.classes, file=standard.file
    )


def _lock_before(opened: OpenProtocol, *, revise: bool) -> LockedTestSet | None:
    """Return the lock that is revised; None where the set is locked for the first time."""
    path, test_set_id = opened.lock_folder / LOCK_NAME, opened.protocol.test_set.id
    if not path.exists():
        if revise:
            raise LockError(
                f"test set {test_set_id} is not locked: there is nothing to revise",
                where=str(path),
                fix="leave --revise out",
            )
        return None
    if not revise:
        raise LockError(
            f"test set {test_set_id} is locked already",
            where=str(path),
            fix="verify against it by `segval verify`; a changed set is locked again by "
            '`--revise "why"`, which keeps this lock',
        )
    before = _interrupted(opened) or read_lock(opened)
    if before.lock.test_set_id != test_set_id:
        raise LockError(
            f"what is locked here is test set {before.lock.test_set_id}, not {test_set_id}",
            where=str(path),
            fix="another test set needs a protocol in a folder of its own",
        )
    return before


def _interrupted(opened: OpenProtocol) -> LockedTestSet | None:
    """Return the lock whose revision was interrupted after it was kept; None: none was."""
    folder = opened.lock_folder
    content = workspace.read(folder / LOCK_NAME, "the lock")
    for kept in sorted(folder.glob("revision-*")):
        if (kept / LOCK_NAME).is_file() and (kept / LOCK_NAME).read_bytes() == content:
            return read_lock_folder(kept)
    return None


def _require_difference(
    opened: OpenProtocol,
    before: LockedTestSet,
    manifest_content: bytes,
    table_content: bytes,
    training: Training,
) -> None:
    """Refuse a revision in which nothing is revised."""
    lock, test_set = before.lock, opened.protocol.test_set
    table, _ = read_case_table(opened)
    same = (
        digest(manifest_content) == lock.manifest_digest
        and digest(table_content) == lock.case_table_digest
        and test_set.folders == lock.folders
        and test_set.reference_standard == lock.reference_standard
        and table.excluded == lock.cases.excluded
        # A lock that did not look for leakage can be revised into one that did.
        and lock.leakage is not None
        and same_training_data(lock, test_set.training_data)
        and lock.leakage.training_digest == training.list_digest()
    )
    if same:
        raise LockError(
            f"test set {test_set.id} is as it was locked: there is nothing to revise",
            where=str(opened.lock_folder / LOCK_NAME),
        )


class _Decoded(NamedTuple):
    """What the cases came to when they were decoded."""

    objects: int | None
    """Number of reference objects; None where the reference does not tell objects."""
    images: tuple[ListedImage, ...]


def _decode_all(reader: CaseReader, table: CaseTable, progress: workspace.Progress) -> _Decoded:
    problems: list[Problem] = []
    images: list[ListedImage] = []
    count: int | None = None
    for done, case in enumerate(table.evaluated, start=1):
        try:
            listed, found = _decoded(reader, case)
        except Unreadable as error:
            problems.append(Problem(f"case {case.case_id}", str(error), "mend or exclude the case"))
        else:
            images.append(listed)
            count = count if found is None else (count or 0) + found
        progress(done, len(table.evaluated))
    if problems:
        raise LockError("cases cannot be used", where=str(reader.root), problems=problems)
    return _Decoded(count, tuple(images))


def _decoded(reader: CaseReader, case: Case) -> tuple[ListedImage, int | None]:
    image = reader.image(case)
    shape = image.shape[:2]
    listed = ListedImage(
        reader.digests[case.image], case.image, fingerprint(image), case.subject_id
    )
    annotation = reader.reference(case, (shape[0], shape[1]))
    if isinstance(annotation, PanopticMap):
        annotation = annotation.objects
    return listed, len(annotation) if isinstance(annotation, ObjectSet) else None
