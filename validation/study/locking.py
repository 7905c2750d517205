"""Locking a test set: every file hashed, every case decoded once, everything wrong named."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import validation
from validation import workspace
from validation.errors import LockError, Problem, RecordError
from validation.record import digest
from validation.study.opening import (
    OpenProtocol,
    read_case_table,
    require_no_errors,
    test_set_root,
)
from validation.study.operator import operator
from validation.study.reading import CaseReader, Unreadable
from validation.testset.annotations import ObjectSet, PanopticMap
from validation.testset.cases import Case, CaseTable
from validation.testset.formats import coco
from validation.testset.lock import (
    LOCK_NAME,
    MANIFEST_NAME,
    Lock,
    coverage_problems,
    files_of,
    manifest,
    name_problems,
    role_counts,
)


class Locked(NamedTuple):
    """A new lock and where it lies."""

    lock: Lock
    folder: Path
    note: str = ""
    """What the reader should know of the reference standard; empty if there is nothing."""


def lock_test_set(
    opened: OpenProtocol,
    *,
    data: Path | None,
    at: datetime,
    progress: workspace.Progress | None = None,
) -> Locked:
    """Lock the test set of a protocol and return the lock.

    Every file in the protocol's folders is hashed; every case is decoded and its reference
    held against its image, so that what is locked can be measured.

    Raises:
        ProtocolError: The protocol has errors.
        TestSetError: Folder or case table cannot be read.
        LockError: The set is locked already, or files or cases have problems; all at once.

    Side effects: writes ``lock/lock.json`` and ``lock/manifest-sha256.txt`` beside the protocol.
    """
    require_no_errors(opened)
    _require_no_lock(opened)
    root = test_set_root(opened, data)
    table, table_content = read_case_table(opened)
    test_set = opened.protocol.test_set
    found = workspace.walk(root, test_set.folders)
    shared = [test_set.reference_standard.file] if test_set.reference_standard.file else []
    roles = files_of(table, shared)
    problems = [*name_problems(found), *coverage_problems(roles, found)]
    if problems:
        raise LockError("the test set cannot be locked", where=str(root), problems=problems)
    entries = workspace.hash_files(root, found)
    reference = coco_reference(opened, root, table)
    # What is decoded has to be what was hashed, should a file change in between.
    digests = {one.path: one.sha256 for one in entries}
    reader = CaseReader(root, digests, opened.protocol, reference.objects if reference else None)
    objects = _decode_all(reader, table, progress)
    manifest_content = manifest(entries)
    lock = Lock(
        test_set_id=test_set.id,
        revision=1,
        reason="first lock",
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
        reference_object_count=objects,
        cases=table,
        reference_standard=test_set.reference_standard,
    )
    _write(opened.lock_folder, lock, manifest_content)
    return Locked(lock, opened.lock_folder, reference.stated_areas.note if reference else "")


def _write(folder: Path, lock: Lock, manifest_content: bytes) -> None:
    """Write the two files of a lock, or none."""
    workspace.write_again(folder / MANIFEST_NAME, manifest_content)
    try:
        # The lock is what makes the set locked: it is written last.
        workspace.write_new(folder / LOCK_NAME, lock.to_json())
    except RecordError:
        if not (folder / LOCK_NAME).exists():
            (folder / MANIFEST_NAME).unlink(missing_ok=True)
        raise


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


def _require_no_lock(opened: OpenProtocol) -> None:
    if (opened.lock_folder / LOCK_NAME).exists():
        raise LockError(
            f"test set {opened.protocol.test_set.id} is locked already",
            where=str(opened.lock_folder / LOCK_NAME),
            fix="verify against it by `segval verify`; a changed set is locked under a new id, "
            "in a new revision of the protocol",
        )


def _decode_all(
    reader: CaseReader, table: CaseTable, progress: workspace.Progress | None
) -> int | None:
    """Return the number of reference objects; None where the reference does not tell objects."""
    problems: list[Problem] = []
    count: int | None = None
    for done, case in enumerate(table.evaluated, start=1):
        try:
            found = _objects_of(reader, case)
        except Unreadable as error:
            problems.append(Problem(f"case {case.case_id}", str(error), "mend or exclude the case"))
        else:
            count = count if found is None else (count or 0) + found
        if progress is not None:
            progress(done, len(table.evaluated))
    if problems:
        raise LockError("cases cannot be used", where=str(reader.root), problems=problems)
    return count


def _objects_of(reader: CaseReader, case: Case) -> int | None:
    shape = reader.image(case).shape[:2]
    annotation = reader.reference(case, (shape[0], shape[1]))
    if isinstance(annotation, PanopticMap):
        annotation = annotation.objects
    return len(annotation) if isinstance(annotation, ObjectSet) else None
