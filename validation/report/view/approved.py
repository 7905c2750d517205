"""Whether the protocol that ran was approved, and by whom; every report says one or the other."""

from dataclasses import dataclass

from validation.plan.approval import Approval, ApprovalSignature
from validation.report.contents import RecordContents
from validation.report.formatting import plural, timestamp
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    TableRow,
    code,
    code_item,
    item,
    row,
    strong,
    text,
)

_APPROVED = (
    "The protocol that ran was approved: the record holds the signed protocol document "
    "(protocol.pdf), whose signatures were checked before the test set was opened, and what it "
    "embeds is what ran. Approval of the protocol is not approval of this report."
)
_NOT_APPROVED = (
    "The protocol that ran was not approved: it did not carry the signatures that it asks for. "
    "This run is exploratory and supports no release."
)


@dataclass(frozen=True)
class ProtocolApprovalView:
    """The approval of the protocol, or that there is none."""

    heading: Heading
    words: str
    signatures: Table | None
    items: tuple[Item, ...]


def protocol_approval(contents: RecordContents, numbering: Numbering) -> ProtocolApprovalView:
    """Return who approved the protocol, or that nobody did."""
    heading = numbering.subsection("Approval of the protocol", "protocol-approval")
    approval = contents.approval
    if approval is None or contents.findings.approval != "approved":
        return ProtocolApprovalView(heading, _NOT_APPROVED, None, ())
    return ProtocolApprovalView(
        heading,
        _APPROVED,
        _signatures(approval, numbering),
        (
            item("Protocol", f"{approval.document}, revision {approval.revision}"),
            code_item("Signed document", approval.document_digest),
            item("Checked", f"{timestamp(approval.checked_at)}, before the run"),
            item(
                "Against",
                f"{plural(len(approval.roots), 'pinned authority', 'pinned authorities')}, "
                f"{plural(len(approval.revocation_lists), 'revocation list')}",
            ),
            *(code_item("Authority", one) for one in approval.roots),
        ),
    )


def _signatures(approval: Approval, numbering: Numbering) -> Table:
    return numbering.table(
        "Signatures of the protocol (21 CFR 11.50)",
        (
            Column("Name", "24%"),
            Column("Function and meaning", "30%"),
            Column("Signed", "18%"),
            Column("Certificate, SHA-256", "28%"),
        ),
        [_signature(one) for one in approval.signatures],
    )


def _signature(one: ApprovalSignature) -> TableRow:
    return row(
        strong(one.name, f"user {one.user}"),
        text(one.title, one.meaning),
        text(_moment(one), f"PAdES {one.level}"),
        code(one.certificate.removeprefix("sha256:")),
    )


def _moment(one: ApprovalSignature) -> str:
    if not one.at:
        return "moment not stated"
    zone = f", zone {one.zone}" if one.zone else ""
    return f"{one.at[:10]} {one.at[11:19]} UTC{zone}"


def approval_words(contents: RecordContents) -> str:
    """Return the approval in a line, for the title page."""
    approval = contents.approval
    if approval is None or contents.findings.approval != "approved" or not approval.signatures:
        return "not approved: exploratory"
    count = plural(len(approval.signatures), "signature")
    day = approval.signatures[-1].at[:10]
    return f"approved by {count}, the last on {day}" if day else f"approved by {count}"
