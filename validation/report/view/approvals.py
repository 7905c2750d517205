"""Who approves a document: a block for each signatory, with the field for the signature."""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.plan.protocol import Signatory
from validation.report.signature_fields import SignatureField

NOTE = (
    "Printed name, date and time, and meaning of each signature (21 CFR 11.50). "
    "Signed in this order."
)


@dataclass(frozen=True)
class ApprovalView:
    """A signature that the document needs."""

    role: str
    title: str
    meaning: str
    name: str
    """Printed name where it is known beforehand; else empty, to be filled in."""
    field: str
    """Name of the signature field."""


@dataclass(frozen=True)
class ApprovalsView:
    """What ``_partials/approvals.html.jinja`` prints."""

    lines: tuple[ApprovalView, ...]
    note: str


def approvals(signatories: Sequence[Signatory]) -> ApprovalsView:
    """Return the approvals of a document, in the order in which it is signed."""
    return ApprovalsView(
        lines=tuple(
            ApprovalView(one.role, one.title, one.meaning, one.name or "", field_name(number))
            for number, one in enumerate(signatories, start=1)
        ),
        note=NOTE,
    )


def signature_fields(signatories: Sequence[Signatory]) -> tuple[SignatureField, ...]:
    """Return the fields that `approvals` shows the places of, in the same order."""
    return tuple(
        SignatureField(
            field_name(number),
            f"{one.title}: {one.meaning}",
            locks=number == len(signatories),
        )
        for number, one in enumerate(signatories, start=1)
    )


def field_name(number: int) -> str:
    """Return the name of the field of the n-th signatory.

    >>> field_name(1)
    'signature-1'
    """
    return f"signature-{number}"
