"""One signature at a time in a study: no two persons sign the same revision at once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from validation import workspace
from validation.attest.audit_file import trail_path
from validation.errors import AuditError

LOCK_NAME = "signing.lock"
"""An empty file beside the audit trail; the system lets go of it when a process ends."""


@contextmanager
def signing_alone(study: Path) -> Iterator[None]:
    """Hold the signing of a study for this process; others wait.

    Raises:
        AuditError: The folder of the audit trail cannot be written, so that no act could be told.
    """
    path = trail_path(study).with_name(LOCK_NAME)
    try:
        descriptor = workspace.open_to_append(path)
    except OSError as error:
        raise AuditError(
            f"the audit trail cannot be written: {error.strerror}; nothing was done",
            where=str(path.parent),
            fix="let the study lie in a folder that you may write to",
        ) from error
    try:
        workspace.hold(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)
