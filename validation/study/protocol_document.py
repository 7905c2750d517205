"""Rendering the protocol document of a study: what is about to be approved, held against itself."""

import os
from pathlib import Path

import validation
from validation import workspace
from validation.attest.audit_trail import Subject
from validation.errors import RecordError
from validation.record import digest
from validation.report.contents import ProtocolContents
from validation.report.protocol_document import render_protocol
from validation.study.auditing import StudyTrail
from validation.study.inputs import Inputs, read_inputs
from validation.study.opening import read_protocol

_NO_PROGRESS: workspace.Progress = lambda _done, _total: None  # noqa: E731 - a default argument


def write_protocol_document(
    protocol: Path,
    *,
    out: Path,
    data: Path | None = None,
    progress: workspace.Progress = _NO_PROGRESS,
) -> str:
    """Write the protocol document to a new file and return its digest.

    Args:
        protocol: The protocol file.
        out: The PDF; it must not exist.
        data: Folder of the test set, if it does not lie where the protocol says.
        progress: Told how many files of the test set are hashed.

    Raises:
        ProtocolError: The protocol has errors.
        LockError: There is no lock, or protocol or test set differ from it.
        RunError: The model is not the one that the protocol names.
        RenderError: The company's templates are not, or cannot be used.
        RecordError: The file exists, or cannot be written.
        AuditError: The audit trail cannot be written: no file is then, either.

    Side effects: writes the file, and the study's audit trail.
    """
    opened = read_protocol(protocol)
    trail = StudyTrail(opened.folder)
    document = opened.protocol.document
    about = Subject(
        kind="protocol",
        id=document.number,
        revision=document.revision,
        digest=digest(opened.content),
    )
    with trail.failure(about, failed="protocol.refused", aborted="protocol.aborted"):
        _require_new(out)
        inputs = read_inputs(opened, data, progress)
        inputs.require_outside(out, "document")
        content = render_protocol(_contents(inputs, trail))
    rendered = digest(content)
    lock = inputs.locked
    trail.tell(
        "protocol.rendered",
        about,
        details={
            "document": rendered,
            "lock": digest(lock.lock_content),
            "manifest": lock.lock.manifest_digest,
            "model": inputs.protocol.model.digest,
        },
    )
    with trail.failure(about, failed="protocol.failed", aborted="protocol.aborted"):
        workspace.write_new(out, content)
    return rendered


def _require_new(out: Path) -> None:
    if os.path.lexists(out):
        raise RecordError(
            "a file of that name exists and is never replaced",
            where=str(out),
            fix="give another name by --out",
        )


def _contents(inputs: Inputs, trail: StudyTrail) -> ProtocolContents:
    locked = inputs.locked
    files = {
        "protocol.yaml": inputs.opened.content,
        **{f"lock/{name}": content for name, content in locked.files().items()},
        **inputs.template_files(),
    }
    known = trail.openings_of_set(locked.lock.test_set_id, locked.lock.manifest_digest)
    return ProtocolContents(
        protocol=inputs.protocol,
        lock=locked.lock,
        openings=known.openings,
        trail_id=known.trail_id,
        files=files,
        digests={name: digest(content) for name, content in files.items()},
        tool_version=validation.__version__,
        leakage=inputs.leakage,
    )
