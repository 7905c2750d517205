"""The record folder: which file is what, read back whole, sealed by digests.

`seal` writes ``record.json`` with the digest of every other file, and ``SHA256SUMS`` so that
``sha256sum -c SHA256SUMS`` checks the folder without this tool.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import SerializerFunctionWrapHandler, ValidationError, model_serializer

import validation
from validation import workspace
from validation.errors import RecordError
from validation.evidence.csv_text import csv_rows
from validation.evidence.files import metrics_from_json
from validation.evidence.run_record import RunRecord
from validation.judge.deviations import DEVIATIONS, Deviations
from validation.judge.findings import Findings, Subset, Verdict
from validation.plan.approval import Approval
from validation.plan.source import parse, protocol_from
from validation.record import Digest, Record, digest, without_empty
from validation.report.company import FOLDER
from validation.report.contents import Overlays, RecordContents, Row
from validation.testset.leakage_record import Leakage
from validation.testset.lock import Lock
from validation.testset.openings import Openings

PREDICTIONS = "predictions"
OVERLAYS = "overlays"
OVERLAY_INDEX = "overlays/overlays.json"
RECORD_FILE = "record.json"
SUMS_FILE = "SHA256SUMS"
ANNEX = "annex.pdf"
"""Every object in print, where the protocol asks for it."""
REPORTS = ("report.html", "report.pdf", ANNEX)
"""What is made from the other files of a record, and can be made again."""
SIGNED = "signed"
"""Folder of the report's signed revisions. They come after the record and are no part of it:
each holds the record's report, and its own signatures."""

_R = TypeVar("_R", bound=Record)

EMBEDDED = (
    "protocol.yaml",
    "protocol.pdf",
    "approval.json",
    "lock/",
    "environment.json",
    "run.json",
    "evidence/",
    "findings.json",
    DEVIATIONS,
    "openings.json",
    "leakage.json",
    OVERLAY_INDEX,
    FOLDER,
)
"""How the names of the files begin that the report embeds."""


class RecordIndex(Record):
    """``record.json``: what a record is and what belongs to it."""

    format: Literal["segval/record/1"] = "segval/record/1"
    record_id: str
    status: Literal["complete"] = "complete"
    """A record is written whole or not at all."""
    verdict: Verdict
    approval: Literal["not_approved_exploratory", "approved"]
    sealed_at: datetime
    """UTC, when the last file was written."""
    tool_version: str
    files: dict[str, Digest]
    """Digest of every other file by its path in the record, ``SHA256SUMS`` left out."""
    deviations: int = 0
    """Deviations from the protocol that are recorded."""
    open_deviations: int = 0
    """Those of them that nobody has assessed yet."""
    subset: Subset | None = None
    """The cases that ran, where they are not all: the record is then none that counts."""

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_empty(write(self), "deviations", "open_deviations", "subset")


def seal(folder: Path, record_id: str, findings: Findings, at: datetime) -> None:
    """Write ``record.json`` and ``SHA256SUMS`` over everything in the folder."""
    entries = workspace.hash_files(folder, files_of_record(folder))
    files = {entry.path: f"sha256:{entry.sha256}" for entry in entries}
    for name, content in seal_of(record_id, findings, files, at).items():
        workspace.write_again(folder / name, content)


def seal_of(
    record_id: str, findings: Findings, files: Mapping[str, str], at: datetime
) -> dict[str, bytes]:
    """Return ``record.json`` and ``SHA256SUMS`` of a record, by name and in this order.

    Args:
        record_id: Id of the record.
        findings: Its findings.
        files: ``sha256:…`` of every other file by its path.
        at: When.
    """
    index = RecordIndex(
        record_id=record_id,
        verdict=findings.verdict,
        approval=findings.approval,
        sealed_at=at,
        tool_version=validation.__version__,
        files=dict(sorted(files.items())),
        deviations=len(findings.open_deviations) + len(findings.closed_deviations),
        open_deviations=len(findings.open_deviations),
        subset=findings.subset,
    )
    content = index.to_json()
    return {RECORD_FILE: content, SUMS_FILE: sums(index.files, content)}


def files_of_record(folder: Path) -> list[str]:
    """Return every file that belongs to a record, by sorted path, but the index and the sums."""
    return [
        name
        for name in workspace.files_below(folder)
        if name not in {RECORD_FILE, SUMS_FILE} and not name.startswith(f"{SIGNED}/")
    ]


def sums(files: Mapping[str, str], record_content: bytes) -> bytes:
    """Return ``SHA256SUMS``: a line a file in the form of ``sha256sum``, sorted by path."""
    everything = {**files, RECORD_FILE: digest(record_content)}
    lines = [f"{everything[name].removeprefix('sha256:')}  {name}\n" for name in sorted(everything)]
    return "".join(lines).encode()


def read_index(folder: Path) -> RecordIndex:
    """Return the index of a record.

    Raises:
        RecordError: The folder is not a record, or its index is damaged.
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        raise RecordError(
            "this is not a record: it has no record.json",
            where=str(folder),
            fix="give the folder that `segval run --out` wrote",
        )
    try:
        return RecordIndex.from_json(workspace.read(path, "the index of the record"))
    except ValidationError as error:
        raise RecordError(f"the index is damaged: {_first(error)}", where=str(path)) from error


def read_contents(folder: Path, record_id: str) -> RecordContents:
    """Return the parts of a record, parsed.

    Raises:
        ToolError: A part is missing or damaged; the message names it.
    """
    names = [one for one in files_of_record(folder) if one not in REPORTS]
    entries = workspace.hash_files(folder, names)
    files = {
        name: workspace.read(folder / name, "a file of the record")
        for name in names
        if name.startswith(EMBEDDED) or name.startswith(f"{OVERLAYS}/")
    }
    digests = {entry.path: f"sha256:{entry.sha256}" for entry in entries}
    return contents_from(files, digests, record_id, where=str(folder))


def contents_from(
    files: Mapping[str, bytes],
    digests: Mapping[str, str],
    record_id: str,
    *,
    where: str,
    pictures: bool = True,
) -> RecordContents:
    """Return the parts of a record, parsed from its files.

    Args:
        files: Files by their path in the record.
        digests: ``sha256:…`` of every file of the record but ``record.json`` and the report.
        record_id: Id of the record.
        where: What errors name.
        pictures: False: the pictures are not at hand, and are left out.

    Raises:
        ToolError: A part is missing or damaged; the message names it.
    """
    parsed = _Parts(where, files)
    overlays = parsed.record(OVERLAY_INDEX, Overlays).overlays
    shown = overlays if pictures else ()
    for one in shown:
        if digest(parsed[f"{OVERLAYS}/{one.file}"]) != one.digest:
            raise RecordError(
                f"{OVERLAYS}/{one.file} is not the picture that {OVERLAY_INDEX} names", where=where
            )
    return RecordContents(
        record_id=record_id,
        protocol=protocol_from(parse(parsed["protocol.yaml"], "protocol.yaml")),
        lock=parsed.record("lock/lock.json", Lock),
        environment=parsed.json("environment.json"),
        run=parsed.record("run.json", RunRecord),
        metrics=metrics_from_json(parsed["evidence/metrics.json"]),
        findings=parsed.record("findings.json", Findings),
        openings=parsed.record("openings.json", Openings) if "openings.json" in files else None,
        leakage=parsed.record("leakage.json", Leakage) if "leakage.json" in files else None,
        approval=parsed.record("approval.json", Approval) if "approval.json" in files else None,
        deviations=parsed.record(DEVIATIONS, Deviations) if DEVIATIONS in files else None,
        case_rows=parsed.rows("evidence/cases.csv"),
        class_rows=parsed.rows("evidence/classes.csv"),
        instance_rows=parsed.rows("evidence/instances.csv", needed=False),
        overlays=overlays,
        pictures={one.file: parsed[f"{OVERLAYS}/{one.file}"] for one in shown},
        files={name: content for name, content in files.items() if name.startswith(EMBEDDED)},
        digests=digests,
        tool_version=validation.__version__,
        confusion_rows=parsed.rows("evidence/class_confusion.csv", needed=False),
        curve_rows=parsed.rows("evidence/curves.csv", needed=False),
    )


class _Parts:
    """Files of a record, parsed on demand, with errors that name them."""

    def __init__(self, where: str, files: Mapping[str, bytes]) -> None:
        self._where = where
        self._files = files

    def __getitem__(self, name: str) -> bytes:
        if name not in self._files:
            raise RecordError(f"{name} is missing", where=self._where)
        return self._files[name]

    def record(self, name: str, kind: type[_R]) -> _R:
        try:
            return kind.from_json(self[name])
        except ValidationError as error:
            raise self._damaged(name, _first(error)) from error

    def json(self, name: str) -> Any:  # noqa: ANN401 - any JSON value
        try:
            return json.loads(self[name])
        except ValueError as error:
            raise self._damaged(name, str(error)) from error

    def rows(self, name: str, *, needed: bool = True) -> tuple[Row, ...]:
        if not needed and name not in self._files:
            return ()
        try:
            return tuple(csv_rows(self[name])[1])
        except ValueError as error:
            raise self._damaged(name, str(error)) from error

    def _damaged(self, name: str, what: str) -> RecordError:
        return RecordError(f"{name} is damaged: {what}", where=self._where)


def _first(error: ValidationError) -> str:
    one = error.errors()[0]
    return f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
