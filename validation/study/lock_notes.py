"""Noting a lock that was written, and of which the audit trail saw the beginning alone."""

from pathlib import Path

from pydantic import ValidationError

from validation import workspace
from validation.attest.audit_file import load
from validation.attest.audit_trail import Event, Subject
from validation.errors import ToolError
from validation.record import digest
from validation.study.auditing import StudyTrail
from validation.testset.lock import LOCK_NAME, Lock

FIRST = "first lock"
"""Reason of a lock that revises none."""


def note_interrupted_lock(folder: Path, trail: StudyTrail) -> Event | None:
    """Tell the trail of a lock whose writing it saw begin and not end; return the event.

    Args:
        folder: Folder of the lock.
        trail: The study's trail.

    Returns:
        None where nothing was interrupted after the lock was written.

    Raises:
        AuditError: The trail cannot be read or written.
    """
    try:
        content = workspace.read(folder / LOCK_NAME, "the lock")
        lock = Lock.from_json(content)
    except (ToolError, ValidationError):
        return None
    acts = [
        one
        for one in load(trail.path).events
        if one.action.startswith("lock.") and one.about.id == lock.test_set_id
    ]
    if not acts or acts[-1].action != "lock.started":
        return None
    # Another reason: the act was interrupted before it wrote its lock, and this is an older one.
    if lock.reason != (acts[-1].reason or FIRST):
        return None
    return trail.tell(
        "lock.created",
        Subject(
            kind="test_set",
            id=lock.test_set_id,
            revision=str(lock.revision),
            digest=digest(content),
        ),
        reason="the lock was found after an interruption",
        details={"manifest": lock.manifest_digest, "cases": str(lock.case_count)},
        new=lock.manifest_digest,
    )
