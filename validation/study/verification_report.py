"""Writing what a verification found as a document."""

import os
import platform
from pathlib import Path
from typing import NamedTuple

import validation
from validation import clock, workspace
from validation.attest.audit_file import trail_path
from validation.attest.verification import Verification
from validation.errors import RecordError
from validation.record import digest, printable, readable_json
from validation.record_folder import RECORD_FILE
from validation.report.documents import render_verification
from validation.report.view.documents.verification import CheckLine, VerificationContents
from validation.study.operator import operator
from validation.study.templates import read_template_folder
from validation.study.verifying import study_above
from validation.testset.lock import LOCK_NAME

_NAMING = (RECORD_FILE, LOCK_NAME, "protocol.yaml", f"lock/{LOCK_NAME}")
"""Files of a folder that name its other files, so that their digest stands for all of it."""


class Given(NamedTuple):
    """What a verification was given beside the object."""

    data: Path | None
    """Root of the test set."""
    study: Path | None
    """Folder of the study."""
    trust: Path | None
    """Folder of pinned certificates."""


def require_new(out: Path, path: Path) -> None:
    """Refuse a name under which nothing can be written, before anything is checked.

    Raises:
        RecordError: It exists, or lies in the folder that is checked.
    """
    if os.path.lexists(out):
        fix = "give another name by --pdf"
        raise RecordError("a file of that name exists", where=str(out), fix=fix)
    if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
        fix = "give a file outside of it by --pdf"
        raise RecordError("what is checked is never added to", where=str(out), fix=fix)


def write_verification(
    found: Verification,
    out: Path,
    *,
    path: Path,
    given: Given,
    templates: Path | None = None,
) -> None:
    """Write a verification as a PDF to a new file; its checks are embedded as JSON.

    Args:
        found: What was checked and found.
        out: The PDF.
        path: What was checked.
        given: What it was held against.
        templates: A company's template folder.

    Raises:
        RecordError: The file exists, or cannot be written.
        RenderError: It cannot be rendered.
    """
    at = clock.now()
    by = {"user": printable(operator()), "host": printable(platform.node() or "unknown")}
    digests = _digests(path)
    names = {
        "data": _named(given.data),
        "study": _named(given.study or study_above(path)),
        "trust": _named(given.trust),
    }
    name = printable(path.resolve().name)
    value = {
        **found.model_dump(mode="json"),
        "path": name,  # as of the folders below: where it lay is no part of what was found
        "outcome": found.outcome,
        "failures": list(found.failures),
        "checked_at": at.isoformat().replace("+00:00", "Z"),
        "checked_by": by,
        "tool_version": validation.__version__,
        "digests": digests,
        "held_against": names,
    }
    contents = VerificationContents(
        kind=found.kind,
        name=name,
        outcome=found.outcome,
        checks=tuple(
            CheckLine(one.number, one.what, one.outcome, one.failure or "", one.clause, one.detail)
            for one in found.checks
        ),
        notes=found.notes,
        at=at,
        **by,
        tool_version=validation.__version__,
        digests=digests,
        **names,
        content=readable_json(value),
    )
    company = read_template_folder(templates) if templates else {}
    workspace.write_new(out, render_verification(contents, company))


def _digests(path: Path) -> dict[str, str]:
    """Return the digest of a file, or of the files of a folder that name the others."""
    if path.is_file():
        return {printable(path.name): digest(workspace.read(path, "the document"))}
    files = {name: path / name for name in _NAMING} | {"audit.jsonl": trail_path(path)}
    return {
        name: digest(workspace.read(file, "what was checked"))
        for name, file in files.items()
        if file.is_file()
    }


def _named(folder: Path | None) -> str:
    return printable(folder.resolve().name) if folder is not None else ""
