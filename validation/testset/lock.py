"""The lock: digests of every file of a test set, fixed before the run.

Pure functions of names and digests; `validation.workspace` walks and hashes the files.
The manifest is in the line format of ``sha256sum``, so that anyone can check it.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from validation.errors import LockError, Problem
from validation.plan.protocol import ReferenceStandard
from validation.record import Digest, Record
from validation.testset.case_table import path_objection
from validation.testset.cases import CaseTable
from validation.testset.leakage_record import LeakageSummary

MANIFEST_NAME = "manifest-sha256.txt"
LOCK_NAME = "lock.json"
FINGERPRINTS_NAME = "fingerprints.csv"
"""List of the images of the evaluated cases, with their fingerprints."""
TRAINING_NAME = "training.csv"
"""List of the images that the model was developed on; only where the protocol states them."""


def revision_folder(revision: int) -> str:
    """Return the folder under the lock's that a superseded revision is kept in.

    >>> revision_folder(1)
    'revision-1'
    """
    return f"revision-{revision}"


class Lock(Record):
    """What was locked, when, by whom."""

    format: Literal["segval/lock/1"] = "segval/lock/1"
    test_set_id: str
    """Id of the test set in the protocol."""
    revision: int
    """1 for the first lock of the set."""
    reason: str
    """Why this revision was made."""
    locked_at: datetime
    """When, UTC."""
    locked_by: str
    """User name of whoever locked."""
    tool_version: str
    folders: tuple[str, ...]
    """Folders under the root that are locked whole."""
    file_count: int
    byte_count: int
    manifest_digest: Digest
    """SHA-256 of ``manifest-sha256.txt``."""
    case_table_digest: Digest
    """SHA-256 of the case table's bytes."""
    roles: dict[str, int]
    """Number of files by role: image, reference, region."""
    case_count: int
    """Cases evaluated."""
    excluded_case_count: int
    subject_count: int
    """Distinct subjects among the evaluated cases; 0 where none are given."""
    reference_object_count: int | None
    """Objects of the reference standard in the evaluated cases; None for class maps."""
    cases: CaseTable
    """The case table, evaluated and excluded."""
    reference_standard: ReferenceStandard
    """What counts as true."""
    supersedes: Digest | None = None
    """SHA-256 of the ``lock.json`` of the revision before; None for the first."""
    leakage: LeakageSummary | None = None
    """What the set shares with the images of development; None in locks that did not look."""


class Entry(NamedTuple):
    """A file of the test set, as found."""

    path: str
    """Relative to the root, forward slashes."""
    sha256: str
    """64 hexadecimal digits."""
    size_bytes: int


class Differences(NamedTuple):
    """How a test set differs from its lock, by name."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Tell whether there is a difference."""
        return bool(self.missing or self.extra or self.changed)

    def problems(self) -> tuple[Problem, ...]:
        """Return one problem a file, missing ones first."""
        return (
            *(Problem(name, "is missing") for name in self.missing),
            *(Problem(name, "was not there when the set was locked") for name in self.extra),
            *(
                Problem(name, "has another content than when it was locked")
                for name in self.changed
            ),
        )


def manifest(entries: Iterable[Entry]) -> bytes:
    """Return the manifest: ``sha256sum`` lines, sorted by the bytes of the path, LF.

    >>> manifest([Entry("b.png", "0" * 64, 1), Entry("a.png", "1" * 64, 1)]).splitlines()[0][-5:]
    b'a.png'
    """
    lines = sorted((entry.path.encode(), entry.sha256.encode()) for entry in entries)
    return b"".join(sha256 + b"  " + path + b"\n" for path, sha256 in lines)


def parse_manifest(content: bytes) -> dict[str, str]:
    """Return digest (64 hexadecimal digits) by path.

    Raises:
        LockError: A line is not of the form ``<64 hex>  <path>``, or a path stands twice.
    """
    digests: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        where = f"{MANIFEST_NAME}:{number}"
        sha256, separator, path = line.partition(b"  ")
        try:
            name = path.decode()
        except UnicodeDecodeError:
            separator = b""
            name = ""
        if not separator or len(sha256) != 64 or set(sha256) - set(b"0123456789abcdef"):  # noqa: PLR2004
            problems.append(Problem(where, "is not a line of sha256sum"))
        elif name in digests:
            problems.append(Problem(where, f"{name} stands twice"))
        else:
            digests[name] = sha256.decode()
    if content and not content.endswith(b"\n"):
        problems.append(Problem(MANIFEST_NAME, "the last line is cut off"))
    if problems:
        raise LockError("the manifest is damaged", where=MANIFEST_NAME, problems=problems)
    return digests


def compare(locked: Mapping[str, str], found: Mapping[str, str]) -> Differences:
    """Return how the digests found differ from the locked ones, each list sorted."""
    return Differences(
        missing=tuple(sorted(locked.keys() - found.keys())),
        extra=tuple(sorted(found.keys() - locked.keys())),
        changed=tuple(sorted(p for p in locked.keys() & found.keys() if locked[p] != found[p])),
    )


def files_of(table: CaseTable, shared: Iterable[str] = ()) -> dict[str, str]:
    """Return the role of every file that the case table names: image, reference or region.

    Args:
        table: Evaluated and excluded cases.
        shared: Reference files that serve all cases (a COCO file).
    """
    roles = dict.fromkeys(shared, "reference")
    for case in (*table.evaluated, *(one.case for one in table.excluded)):
        if case.reference is not None:
            roles.setdefault(case.reference, "reference")
        if case.region is not None:
            roles.setdefault(case.region, "region")
        roles[case.image] = "image"
    return roles


def name_problems(paths: Iterable[str]) -> tuple[Problem, ...]:
    """Return what forbids the names of files to be locked, all at once.

    Names that two machines may read differently are refused: control characters,
    backslashes, names that are not NFC, and names that differ in case only.
    """
    problems: list[Problem] = []
    folded: dict[str, str] = {}
    for path in sorted(paths):
        objection = path_objection(path)
        if objection:
            problems.append(Problem(repr(path), objection, "rename the file"))
        first = folded.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if first != path:
            what = f"differs from {first!r} in upper and lower case or in Unicode form only"
            problems.append(Problem(repr(path), what, "rename one of the two"))
    return tuple(problems)


def coverage_problems(roles: Mapping[str, str], found: Iterable[str]) -> tuple[Problem, ...]:
    """Return files that are named but not there, and files there that no case names."""
    there = set(found)
    missing = [
        Problem(path, f"the {roles[path]} is not in a locked folder, or does not exist",
                "bring the file, or correct the case table and `folders:`")
        for path in sorted(roles.keys() - there)
    ]  # fmt: skip
    unnamed = [
        Problem(path, "no case names this file",
                "add its case (and list it under `exclusions:` with the reason), or remove it")
        for path in sorted(there - roles.keys())
    ]  # fmt: skip
    return (*missing, *unnamed)


def role_counts(roles: Mapping[str, str]) -> dict[str, int]:
    """Return the number of files by role, sorted by role."""
    return dict(sorted(Counter(roles.values()).items()))
