"""Revocation: a certificate of the study's authority that counts no more, for ever."""

from datetime import datetime
from pathlib import Path

from validation.attest import certificates
from validation.attest.audit_trail import Subject
from validation.attest.certificates import Reason, Revocation
from validation.errors import IdentityError
from validation.study.auditing import StudyTrail
from validation.study.authority import LIST_DAYS, Authority, write_list
from validation.study.identity_acts import act
from validation.study.identity_store import IdentityStore, Issued


def to_revoke(study: Path, which: str) -> tuple[Issued, ...]:
    """Return the certificates that a serial number or user id names and that are not revoked.

    Raises:
        IdentityError: It names none.
    """
    store = IdentityStore(study)
    revoked = {one.serial for one in certificates.revocations_of(store.revocation_list())}
    named = [one for one in store.issued() if which in {one.person.user, one.serial}]
    found = tuple(one for one in named if one.certificate.serial_number not in revoked)
    if not found:
        what = "is revoked already" if named else "is neither a user id nor a serial number here"
        raise IdentityError(
            f"{which} {what}", where=str(store.folder), fix="`segval identity list` shows them"
        )
    return found


def revoke(
    study: Path,
    which: str,
    authority: Authority,
    *,
    reason: Reason,
    note: str,
    at: datetime,
) -> tuple[Issued, ...]:
    """Revoke a certificate, or all of a user, for ever; what was revoked is returned.

    Args:
        study: Folder of the study.
        which: Serial number or user id.
        authority: The study's authority.
        reason: Why, as the list states it.
        note: Why, in words, for the audit trail.
        at: When, UTC.

    Raises:
        IdentityError: There is nothing of that name to revoke.
        RecordError: The list cannot be written.

    Side effects: writes the list, keeps the one before, and writes the audit trail.
    """
    store, trail = IdentityStore(study), StudyTrail(study)
    with store.held():
        found = to_revoke(study, which)
        about = Subject(kind="identity", id=found[0].person.user)
        with act(trail, about, "identity.revocation") as told:
            added = [Revocation(one.certificate.serial_number, at, reason) for one in found]
            number = write_list(store, authority, added, at=at, days=LIST_DAYS)
            for one in found:
                details = {"name": one.person.name, "list": str(number), "why": reason}
                told.done("identity.revoked", one.certificate, details, reason=note)
    return found
