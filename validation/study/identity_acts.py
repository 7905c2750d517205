"""Acts on identities, as the audit trail is told of them: before, after, and when they fail."""

from collections.abc import Iterator
from contextlib import contextmanager

from cryptography import x509

from validation.attest.audit_trail import Subject
from validation.attest.certificates import fingerprint, serial_text
from validation.study.auditing import StudyTrail

AUTHORITY = "authority"
"""Id of the authority in events."""


class Told:
    """Tells the trail what was done to which certificate."""

    def __init__(self, trail: StudyTrail, about: Subject) -> None:
        self._trail, self._about = trail, about

    def done(
        self,
        action: str,
        certificate: x509.Certificate,
        details: dict[str, str],
        *,
        reason: str = "",
    ) -> None:
        """Write the event after the act.

        Args:
            action: What was done, e.g. ``identity.issued``.
            certificate: To which certificate.
            details: What else belongs to it, by name.
            reason: Why.

        Raises:
            AuditError: It cannot be written.
        """
        about = self._about.model_copy(update={"digest": fingerprint(certificate)})
        serial = {"serial": serial_text(certificate.serial_number)}
        self._trail.tell(action, about, details={**details, **serial}, reason=reason)


@contextmanager
def act(trail: StudyTrail, about: Subject, name: str) -> Iterator[Told]:
    """Tell the trail of an act before it, and where it fails."""
    trail.tell(f"{name}_started", about)
    with trail.failure(about, failed=f"{name}_failed", aborted=f"{name}_aborted"):
        yield Told(trail, about)


def moments(certificate: x509.Certificate) -> dict[str, str]:
    """Return from when to when a certificate holds, as details of an event."""
    return {
        "valid_from": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "valid_until": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
    }
