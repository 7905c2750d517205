"""Which study a document belongs to: the folder that holds its protocol and its audit trail."""

from pathlib import Path

from validation.attest.audit_file import trail_path
from validation.errors import AuditError


def study_of(document: Path, named: Path | None = None) -> Path:
    """Return the folder of the study that a document belongs to.

    Args:
        document: The document.
        named: The study, where the user names it. Else it is the nearest folder at or above the
            document that holds an audit trail, or the current folder if that holds one.

    Raises:
        AuditError: There is no audit trail in any of them.
    """
    places = [named] if named else [*document.resolve().parents, Path.cwd()]
    for folder in places:
        if trail_path(folder).is_file():
            return folder
    raise AuditError(
        "there is no audit trail here: which study the document belongs to is not known",
        where=str(named or document),
        fix="give the folder that the protocol lies in by --study",
    )
