"""Opening a study: the protocol, its case table, its lock and its model, read and checked."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from validation import workspace
from validation.errors import LockError, Problem, ProtocolError, RunError, TestSetError
from validation.evidence.catalogue import CATALOGUE
from validation.plan.check import MetricTerms, PlannedCase, Remark, check, count_cases
from validation.plan.protocol import Protocol, TrainingData
from validation.plan.source import Source, parse, protocol_from
from validation.record import digest
from validation.report.coverage import asked_of_a_protocol
from validation.testset.case_table import parse_case_table
from validation.testset.cases import CaseTable
from validation.testset.lock import (
    FINGERPRINTS_NAME,
    LOCK_NAME,
    MANIFEST_NAME,
    TRAINING_NAME,
    Differences,
    Lock,
    compare,
    manifest,
    parse_manifest,
)


@dataclass(frozen=True)
class OpenProtocol:
    """A protocol as read from its file."""

    path: Path
    content: bytes
    """The file's bytes: what is digested and embedded."""
    source: Source
    protocol: Protocol
    remarks: tuple[Remark, ...]
    """Errors and warnings of the check."""

    @property
    def folder(self) -> Path:
        """Folder that paths in the protocol are relative to."""
        return self.path.parent

    def without_measurement(self) -> "OpenProtocol":
        """Return the protocol without what was measured for the choice of its method."""
        method = self.protocol.method
        if method.choice is None:
            return self
        choice = method.choice.model_copy(update={"measured": None})
        changed = {"method": method.model_copy(update={"choice": choice})}
        return replace(self, protocol=self.protocol.model_copy(update=changed))

    @property
    def lock_folder(self) -> Path:
        """Folder of the lock."""
        return self.folder / "lock"


@dataclass(frozen=True)
class LockedTestSet:
    """A test set as it was locked."""

    lock: Lock
    lock_content: bytes
    manifest_content: bytes
    digests: Mapping[str, str]
    """64 hexadecimal digits by path under the root."""
    fingerprints_content: bytes | None = None
    """List of the images with their fingerprints; None in locks that did not look for leakage."""
    training_content: bytes | None = None
    """List of the images of development; None where there are none."""

    def files(self) -> dict[str, bytes]:
        """Return the files of the lock by name, ``lock.json`` last."""
        files = {
            MANIFEST_NAME: self.manifest_content,
            FINGERPRINTS_NAME: self.fingerprints_content,
            TRAINING_NAME: self.training_content,
            LOCK_NAME: self.lock_content,
        }
        return {name: content for name, content in files.items() if content is not None}


def metric_terms() -> dict[str, MetricTerms]:
    """Return what protocols need to know of the catalogue's metrics, by id."""
    return {
        one.id: MetricTerms(
            methods=frozenset(one.methods),
            needs_class=one.needs_class,
            needs_iou=one.needs_iou,
            lower=one.lower,
            upper=one.upper,
            has_interval=one.aggregation not in {"count", "quantile"},
            asked_by=one.asked_by,
            needs_objects=one.needs_objects,
            has_sizes=one.has_sizes,
            has_class_mean=one.has_class_mean,
            needs_several_classes=one.needs_several_classes,
            better=one.better,
            is_share_of_cases=one.is_share_of_cases,
        )
        for one in CATALOGUE
    }


def read_protocol(path: Path) -> OpenProtocol:
    """Return the protocol in a file, with every remark on it.

    Raises:
        ToolError: The file cannot be read.
        ProtocolError: It does not have the form of a protocol.
    """
    return opened_protocol(path, workspace.read(path, "the protocol"))


def opened_protocol(path: Path, content: bytes) -> OpenProtocol:
    """Return a protocol of which the bytes are read, with every remark on it.

    Args:
        path: Where it lies, or would lie: its folder is what paths are relative to.
        content: Its bytes.

    Raises:
        ProtocolError: It does not have the form of a protocol.
    """
    source = parse(content, path.name)
    protocol = protocol_from(source)
    remarks = check(protocol, source, metric_terms(), asked_of_a_protocol())
    return OpenProtocol(path, content, source, protocol, remarks)


def require_no_errors(opened: OpenProtocol) -> None:
    """Refuse a protocol that contradicts itself.

    Raises:
        ProtocolError: With every error.
    """
    errors = [one.problem for one in opened.remarks if one.level == "error"]
    if errors:
        raise ProtocolError(
            f"the protocol has {len(errors)} error(s)", where=str(opened.path), problems=errors
        )


def test_set_root(opened: OpenProtocol, data: Path | None) -> Path:
    """Return the folder of the test set: ``--data``, the environment variable, or the protocol.

    Raises:
        TestSetError: It is not there.
    """
    test_set = opened.protocol.test_set
    variable = test_set.root_variable
    named = os.environ.get(variable, "") if variable else ""
    root = data or (Path(named) if named else opened.folder / test_set.root)
    if not root.is_dir():
        fix = "give the folder by --data"
        if variable:
            fix += f", or by the environment variable {variable}"
        raise TestSetError(
            f"the folder of test set {test_set.id} is not there", where=str(root), fix=fix
        )
    return root


test_set_root.__test__ = False  # type: ignore[attr-defined]


def read_case_table(opened: OpenProtocol) -> tuple[CaseTable, bytes]:
    """Return the cases that the protocol names, and the bytes of their table.

    Raises:
        ToolError: The table cannot be read.
        TestSetError: It has problems, does not fit the protocol, or the plan cannot be met on
            it; all at once.
    """
    table, content = open_case_table(opened)
    problems = misfits(opened, table)
    before = {(one.rule, one.problem) for one in opened.remarks}
    problems += [
        one.problem
        for one in remarks_on(opened, table)
        if one.level == "error" and (one.rule, one.problem) not in before
    ]
    if problems:
        where = str(opened.folder / opened.protocol.test_set.case_table)
        raise TestSetError(
            "the case table does not fit the protocol", where=where, problems=problems
        )
    return table, content


def open_case_table(opened: OpenProtocol) -> tuple[CaseTable, bytes]:
    """Return the cases that the protocol names, and the bytes of their table.

    Raises:
        ToolError: The table cannot be read.
        TestSetError: It has problems; all at once.
    """
    test_set = opened.protocol.test_set
    path = opened.folder / test_set.case_table
    content = workspace.read(path, "the case table")
    table = parse_case_table(
        content,
        name=path.name,
        exclusions=test_set.exclusions,
        reference_needed=test_set.reference_standard.format != "coco",
    )
    return table, content


def remarks_on(
    opened: OpenProtocol, table: CaseTable, objects: int | None = None
) -> tuple[Remark, ...]:
    """Return every remark on a protocol, its plan judged by the test set, too.

    Args:
        opened: The protocol.
        table: Its cases.
        objects: Objects of the reference standard, where a lock tells.
    """
    cases = (PlannedCase(one.case_id, one.subject_id, one.attributes) for one in table.evaluated)
    counts = count_cases(opened.protocol, cases, objects)
    asked = asked_of_a_protocol()
    return check(opened.protocol, opened.source, metric_terms(), asked, counts)


def misfits(opened: OpenProtocol, table: CaseTable) -> list[Problem]:
    """Return where a case table lacks what the protocol needs of it."""
    name = Path(opened.protocol.test_set.case_table).name
    return _misfits(opened.protocol, table, name)


def _misfits(protocol: Protocol, table: CaseTable, name: str) -> list[Problem]:
    problems = [
        Problem(name, f"the subgroup column {column} is missing", "add it, or remove the subgroup")
        for column in protocol.subgroups
        if column not in table.columns
    ]
    for case in table.evaluated:
        where = f"{name}, case {case.case_id}"
        if protocol.analysis.resampling_unit == "subject" and case.subject_id is None:
            fix = "add it, or resample by case if each case is independent"
            problems.append(Problem(where, "the case has no subject_id", fix))
        if case.region is not None and protocol.method.is_by_object:
            what = f"{protocol.method.kind} evidence is not restricted to a region"
            fix = "remove the region, or crop the images"
            if protocol.method.kind == "panoptic":
                fix = "remove the region, and give the pixels outside the ignore value"
            problems.append(Problem(where, what, fix))
    return problems


def read_lock(opened: OpenProtocol) -> LockedTestSet:
    """Return the lock of the protocol's test set.

    Raises:
        LockError: There is none, or it is damaged.
    """
    folder = opened.lock_folder
    if not (folder / LOCK_NAME).is_file():
        raise LockError(
            f"test set {opened.protocol.test_set.id} is not locked",
            where=str(folder),
            fix=f"segval lock {opened.path}",
        )
    return read_lock_folder(folder)


def read_lock_folder(folder: Path) -> LockedTestSet:
    """Return the lock whose files lie in a folder.

    Raises:
        ToolError: A file cannot be read.
        LockError: A file is damaged, or they do not belong together.
    """
    return lock_from(lambda name: workspace.read(folder / name, "a file of the lock"), str(folder))


def lock_from(content_of: Callable[[str], bytes], where: str) -> LockedTestSet:
    """Return a lock from the content of its files.

    Args:
        content_of: Gives the bytes of a file by its name in the folder of the lock.
        where: What the files lie in, for messages.

    Raises:
        LockError: A file is damaged, or they do not belong together.
    """
    locked = parse_lock(content_of(LOCK_NAME), content_of(MANIFEST_NAME), where)
    known = locked.lock.leakage
    if known is None:
        return locked

    def list_of(name: str, stated: str | None) -> bytes | None:
        if stated is None:
            return None
        content = content_of(name)
        if digest(content) != stated:
            what = "a list of images is not the one that was locked"
            raise LockError(what, where=f"{where}/{name}", fix=_BRING_BACK)
        return content

    return replace(
        locked,
        fingerprints_content=list_of(FINGERPRINTS_NAME, known.fingerprints_digest),
        training_content=list_of(TRAINING_NAME, known.training_digest),
    )


_BRING_BACK = (
    "bring back the files of the lock; a changed test set, or a revision that was "
    'interrupted, needs `segval lock --revise "why"`'
)


def parse_lock(lock_content: bytes, manifest_content: bytes, where: str) -> LockedTestSet:
    """Return a lock from its two files.

    Raises:
        LockError: A file is damaged, or the two do not belong together.
    """
    try:
        lock = Lock.from_json(lock_content)
    except ValidationError as error:
        first = error.errors()[0]
        raise LockError(
            f"the lock is damaged: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            where=f"{where}/{LOCK_NAME}",
        ) from error
    digests = parse_manifest(manifest_content)
    if digest(manifest_content) != lock.manifest_digest:
        raise LockError(
            "the manifest is not the one that was locked",
            where=f"{where}/{MANIFEST_NAME}",
            fix=_BRING_BACK,
        )
    return LockedTestSet(lock, lock_content, manifest_content, digests)


def require_locked_cases(
    opened: OpenProtocol, locked: LockedTestSet, table: CaseTable, table_content: bytes
) -> None:
    """Refuse a protocol whose test set is another than the one locked.

    Raises:
        LockError: With every difference in cases, folders or reference standard.
    """
    lock, test_set = locked.lock, opened.protocol.test_set
    differences = {
        "the id of the test set": lock.test_set_id != test_set.id,
        "the case table": lock.case_table_digest != digest(table_content),
        "the exclusions": lock.cases.excluded != table.excluded,
        "the folders": lock.folders != test_set.folders,
        "the reference standard's description": lock.reference_standard
        != test_set.reference_standard,
        "the training data": not same_training_data(lock, test_set.training_data),
    }
    problems = [
        Problem(str(opened.path), f"{what} changed since the set was locked")
        for what, differs in differences.items()
        if differs
    ]
    measured = opened.protocol.method.choice.measured if opened.protocol.method.choice else None
    if measured is not None and measured.manifest_digest != lock.manifest_digest:
        what = f"method.choice was measured on another lock ({measured.manifest_digest})"
        fix = f"segval choose --protocol {opened.path} measures the locked reference again"
        problems.append(Problem(str(opened.path), what, fix))
    if problems:
        raise LockError(
            "the protocol's test set is not the one that was locked",
            where=str(opened.lock_folder),
            fix="undo the change, or lock again as a new revision",
            problems=problems,
        )


def same_training_data(lock: Lock, stated: TrainingData | None) -> bool:
    """Tell whether a protocol states the images of development that its lock was made with."""
    known = lock.leakage.training_data if lock.leakage else None
    return _source(known) == _source(stated)


def _source(stated: TrainingData | None) -> tuple[str | None, ...] | None:
    """Return where the images of development come from: what is said of them may be revised."""
    if stated is None:
        return None
    return stated.manifest, stated.folder, stated.subjects, stated.none_because


def differences_from_lock(
    root: Path, locked: LockedTestSet, progress: workspace.Progress | None = None
) -> Differences:
    """Return how the files under the root differ from the lock, every file hashed."""
    paths = workspace.walk(root, locked.lock.folders)
    entries = workspace.hash_files(root, paths, progress=progress)
    return compare(locked.digests, {entry.path: entry.sha256 for entry in entries})


def require_unchanged(differences: Differences, root: Path) -> None:
    """Refuse a test set that differs from its lock.

    Raises:
        LockError: With every file, by name.
    """
    if differences.any:
        raise LockError(
            "the test set differs from its lock",
            where=str(root),
            fix="bring back the locked files; a changed test set needs a new lock",
            problems=differences.problems(),
        )


def model_path(opened: OpenProtocol) -> Path:
    """Return the file or folder of the model under test."""
    model = opened.protocol.model
    named = model.location if model.adapter == "predictions" else model.file
    return opened.folder / named


@dataclass(frozen=True)
class ModelContent:
    """The model under test, its digest checked."""

    content: bytes | None
    """Bytes of the file; None for a folder of predictions."""
    digests: Mapping[str, str]
    """64 hexadecimal digits by name of the files of a folder; empty for a file."""


def read_model(opened: OpenProtocol) -> ModelContent:
    """Return the model under test.

    Raises:
        RunError: It is not there, is a file where a folder is asked or the other way round,
            or is another one than the protocol names.
    """
    path, model = model_path(opened), opened.protocol.model
    if model.adapter == "predictions" and model.format != "coco_results":
        if not path.is_dir():
            raise RunError("the folder of predictions is not there", where=str(path))
        entries = workspace.hash_files(path, workspace.walk(path, ["."]))
        found = digest(manifest(entries))
        read = ModelContent(None, {one.path: one.sha256 for one in entries})
    else:
        content = workspace.read(path, "the model")
        found, read = digest(content), ModelContent(content, {})
    if found != model.digest:
        raise RunError(
            f"the model under test is not the one that the protocol names: {found}, "
            f"asked {model.digest}",
            where=str(path),
            fix="bring the model that the protocol names; another one needs a new revision of it",
        )
    return read
