"""Verifying an artefact: numbered checks, offline, writing nothing.

A lock is held against the test set, a record against its digests and against itself: every
figure is derived again from the per-case tables and every finding from the figures. A document
is checked from its own attachments, and its signatures against pinned certificates and the audit
trail. What could not be checked is never said to hold.
"""

from pathlib import Path

from validation import workspace
from validation.attest.approval_check import check_approval
from validation.attest.comparison_check import (
    FROM_RECORDS,
    check_change_assessment,
    check_comparison,
)
from validation.attest.derived_check import check_derived
from validation.attest.document_check import (
    Known,
    check_document,
    check_own_anchor,
    check_revisions,
)
from validation.attest.lock_check import check_lock
from validation.attest.record_check import check_record
from validation.attest.trust import Trust
from validation.attest.verification import Checks, Verification
from validation.errors import RecordError
from validation.judge.findings import Subset
from validation.record_folder import RECORD_FILE, SIGNED, read_index
from validation.report.comparison import COMPARISON_FILE
from validation.testset.lock import LOCK_NAME


def verify_artefact(
    path: Path,
    known: Known,
    *,
    data: Path | None = None,
    progress: workspace.Progress | None = None,
) -> Verification:
    """Return every check of a record folder, a document, a comparison or a lock.

    Args:
        path: A record folder, a protocol document or report, or a folder that holds
            ``lock.json`` and its manifest.
        known: Trust, audit trail and present moment.
        data: Root of the test set, for a lock; None: only the lock itself is checked.
        progress: Told how many files of the test set are hashed.

    Raises:
        RecordError: The path is none of these.
    """
    checks = Checks()
    if path.is_file() and path.suffix.lower() == ".pdf":
        content = workspace.read(path, "the document")
        if check_change_assessment(content, checks) or check_derived(content, checks):
            return Verification(path=str(path), kind="document", checks=checks.all())
        subject = check_document(content, known, checks)
        kind = subject.kind if subject else "report"
        findings = subject.findings if subject else None
        notes = _not_for_the_record(findings.subset if findings else None)
        return Verification(path=str(path), kind=kind, checks=checks.all(), notes=notes)
    if (path / RECORD_FILE).is_file():
        notes = _check_record(path, known, checks)
        return Verification(path=str(path), kind="record", checks=checks.all(), notes=notes)
    if (path / COMPARISON_FILE).is_file():
        check_comparison(path, checks)
        return Verification(
            path=str(path), kind="comparison", checks=checks.all(), notes=(FROM_RECORDS,)
        )
    if (path / LOCK_NAME).is_file():
        check_lock(path, data, checks, progress)
        return Verification(path=str(path), kind="lock", checks=checks.all())
    raise RecordError(
        "this is no record, no document, no comparison, no lock and no study",
        where=str(path),
        fix="give a record folder, a signed PDF, the lock folder beside a protocol, or the "
        "folder of the protocol",
    )


def _check_record(folder: Path, known: Known, checks: Checks) -> tuple[str, ...]:
    files = check_record(folder, checks)
    if files is None:
        return ()
    check_approval(files, known.trust or Trust(), checks, at=known.at)
    check_own_anchor(files, known, checks)
    notes = _not_for_the_record(read_index(folder).subset)
    if "report.pdf" not in files:
        return notes
    signed = {
        # What is no plain file may never end; it is no signed revision, and so found below.
        name: workspace.read(path, "a signed report") if path.is_file() else b""
        for name in workspace.files_below(folder / SIGNED)
        for path in [folder / SIGNED / name]
    }
    check_revisions(files["report.pdf"], signed, known, checks)
    said = "nobody has signed this report: there is no signed revision in signed/"
    return notes if signed else (*notes, said)


def _not_for_the_record(subset: Subset | None) -> tuple[str, ...]:
    """Return what has to be said of a subset, whatever the checks came to."""
    if subset is None:
        return ()
    return (f"only a subset of the cases ran, for development: {subset.words}",)
