"""Checking a record folder: its digests, its index, what it derives from, and what it embeds."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from validation import workspace
from validation.attest.annex_check import check_annex
from validation.attest.attachments import attachments_of
from validation.attest.deviation_check import check_not_interrupted
from validation.attest.differences import check_differences, listed
from validation.attest.picture_check import check_pictures
from validation.attest.printed import check_printed
from validation.attest.rederive import check_derivation
from validation.attest.verification import Checks
from validation.errors import ToolError
from validation.evidence.run_record import RunRecord
from validation.judge.deviations import DEVIATIONS
from validation.judge.findings import Findings
from validation.record_folder import (
    EMBEDDED,
    RECORD_FILE,
    SUMS_FILE,
    RecordIndex,
    files_of_record,
    read_index,
    sums,
)

_CLAUSE = "21 CFR 11.10(a), (c)"


def check_record(folder: Path, checks: Checks) -> Mapping[str, bytes] | None:
    """Add the checks of a record; return its files, or None where they cannot be read."""
    index = _read_index(folder, checks)
    if index is None:
        return None
    try:
        entries = workspace.hash_files(folder, files_of_record(folder))
    except ToolError as error:
        checks("every file of the record can be read", None, str(error).replace("\n", "; "))
        return None
    found = {entry.path: f"sha256:{entry.sha256}" for entry in entries}
    own = folder / DEVIATIONS
    content = workspace.read(own, "the deviations") if DEVIATIONS in found else None
    check_not_interrupted(index.files, found, content, checks)
    check_differences("", index.files, found, checks, clause=_CLAUSE)
    _check_sums(folder, index, checks)
    files = {name: workspace.read(folder / name, "a file of the record") for name in found}
    _check_index(index, files, checks)
    check_derivation(files, checks)
    _check_embedded(files, checks)
    check_pictures(files, checks)
    if "report.pdf" in files:
        of_index = {name: files[name] for name in index.files if name in files}
        check_printed(files["report.pdf"], of_index, checks)
    check_annex(index, files, checks)
    return files


def _read_index(folder: Path, checks: Checks) -> RecordIndex | None:
    what = "the index of the record can be read"
    try:
        index = read_index(folder)
    except ToolError as error:
        checks(what, None, error.what)
        return None
    checks(what, held=True, detail=f"{index.record_id}, {len(index.files)} files")
    return index


def _check_sums(folder: Path, index: RecordIndex, checks: Checks) -> None:
    what = "SHA256SUMS says the same as the index"
    path = folder / SUMS_FILE
    if not path.is_file():
        checks(what, held=False, detail="SHA256SUMS is missing", failure="incomplete")
        return
    expected = sums(index.files, workspace.read(folder / RECORD_FILE, "the index"))
    same = workspace.read(path, "the sums") == expected
    checks(what, same, f"{len(index.files) + 1} lines", clause=_CLAUSE)


def _check_index(index: RecordIndex, files: Mapping[str, bytes], checks: Checks) -> None:
    what = "the index says the same as run and findings"
    try:
        run = RunRecord.from_json(files["run.json"])
        findings = Findings.from_json(files["findings.json"])
    except (KeyError, ValidationError):
        checks(what, None, "run.json or findings.json cannot be read")
        return
    still_open = len(findings.open_deviations)
    stated = (index.record_id, index.verdict, index.approval)
    found = (run.record_id, findings.verdict, findings.approval)
    same_besides = (index.deviations, index.open_deviations, index.subset) == (
        still_open + len(findings.closed_deviations),
        still_open,
        findings.subset,
    )
    checks(what, stated == found and same_besides, ", ".join(found))


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
    checks(what, not differing, listed(differing) or f"{len(attached)} attachments", clause=_CLAUSE)
