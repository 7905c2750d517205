"""The signature manifestation: what a signature says of itself to a reader (21 CFR 11.50)."""

import re
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import StringConstraints

from validation.plan.names import Identifier
from validation.record import Digest, Line, Record

_Second = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", strict=True)
]
_Zone = Annotated[str, StringConstraints(pattern=r"^[+-]\d\d:\d\d$", strict=True)]

_STATEMENT = re.compile(
    r"user (?P<user>\S+); role (?P<role>\S+), (?P<title>.+); document (?P<document>\S+)"
    r" revision (?P<revision>\S+); presented (?P<presented>sha256:[0-9a-f]{64}); audit event"
    r" (?P<sequence>\d+) (?P<event>sha256:[0-9a-f]{64}) of trail (?P<trail_id>[0-9a-f]{32});"
    r" zone (?P<zone>[+-]\d\d:\d\d)"
)


class Manifestation(Record):
    """Who signed what, when, in which role and with which meaning."""

    name: Line
    """Printed name of the signer, as in the certificate."""
    user: Identifier
    """User id, as in the certificate."""
    role: Identifier
    """Role in the protocol, e.g. ``approver``."""
    title: Line
    """Function of the person, e.g. ``Head of quality``."""
    meaning: Line
    """Meaning of the signature, in words."""
    at: _Second
    """When, UTC, to the second."""
    zone: _Zone
    """The signer's offset from UTC at that moment."""
    document: Identifier
    """Record id of a report, number of a protocol."""
    revision: Identifier
    """Revision of the document."""
    presented: Digest
    """SHA-256 of the file that was presented for signing: all bytes before this signature."""
    trail_id: str
    """Audit trail that knows of the signature."""
    sequence: int
    """Number of its event before the act (``sign.intent``)."""
    event: Digest
    """Digest of that event: an anchor of the trail."""

    @property
    def moment(self) -> datetime:
        """When."""
        return datetime.strptime(self.at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    def statement(self) -> str:
        """Return what the signature dictionary's /ContactInfo holds, one readable line.

        Name, meaning and moment have entries of their own there: /Name, /Reason and /M.
        """
        return (
            f"user {self.user}; role {self.role}, {self.title}; document {self.document} "
            f"revision {self.revision}; presented {self.presented}; audit event {self.sequence} "
            f"{self.event} of trail {self.trail_id}; zone {self.zone}"
        )

    @classmethod
    def parsed(cls, statement: str, *, name: str, meaning: str, at: str) -> Self:
        """Return the manifestation that a signature dictionary holds.

        Args:
            statement: /ContactInfo.
            name: /Name.
            meaning: /Reason.
            at: /M in UTC, e.g. ``2026-11-29T13:45:00Z``.

        Raises:
            ValueError: It does not have the form of `statement`.
        """
        found = _STATEMENT.fullmatch(statement)
        if found is None:
            raise ValueError("the statement is not of the form that segval writes")
        parts = found.groupdict()
        sequence = int(parts.pop("sequence"))
        return cls(name=name, meaning=meaning, at=at, sequence=sequence, **parts)
