"""The approval of a protocol, as a record keeps it: who signed what, and how that was checked."""

from datetime import datetime
from typing import Literal

from validation.plan.names import Identifier
from validation.record import Digest, Line, Record


class ApprovalSignature(Record):
    """A signature of the protocol document, as it was checked before the run."""

    role: Identifier
    """Role in the protocol, e.g. ``approver``."""
    title: Line
    """Function of the person."""
    meaning: Line
    """Meaning of the signature, in words."""
    name: Line
    """Printed name of the signer."""
    user: Identifier
    """User id of the signer."""
    at: str
    """When it was signed, UTC, to the second, as the signature states it; empty where it was
    made elsewhere and does not."""
    zone: str
    """The signer's offset from UTC at that moment; empty where the signature does not state it."""
    certificate: Digest
    """SHA-256 of the signer's certificate."""
    level: str
    """PAdES level, e.g. ``B-B``."""
    presented: Digest
    """SHA-256 of the file that was presented for this signature."""


class Approval(Record):
    """``approval.json``: which signed protocol document ran, and who approved it."""

    format: Literal["segval/approval/1"] = "segval/approval/1"
    document: Identifier
    """Number of the protocol."""
    revision: Identifier
    """Its revision."""
    document_digest: Digest
    """SHA-256 of the signed document, ``protocol.pdf``."""
    protocol_digest: Digest
    """SHA-256 of the ``protocol.yaml`` that it embeds, and that ran."""
    lock_digest: Digest
    """SHA-256 of the ``lock.json`` that it embeds."""
    signatures: tuple[ApprovalSignature, ...]
    """In the order in which they were given."""
    checked_at: datetime
    """UTC, when the signatures were checked, before the run."""
    roots: tuple[Digest, ...]
    """SHA-256 of each certificate of an authority that the signers were held against."""
    time_authorities: tuple[Digest, ...]
    """SHA-256 of each certificate of a time-stamp authority that was believed."""
    revocation_lists: tuple[Digest, ...]
    """SHA-256 of each revocation list."""
