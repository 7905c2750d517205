"""Which document this is, of which record, and who approves it."""

from dataclasses import dataclass

from validation.plan.protocol import Document, Protocol, Signatory
from validation.report.contents import ProtocolContents, RecordContents
from validation.report.formatting import day, timestamp
from validation.report.view.approved import ProtocolApprovalView, protocol_approval
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    TableRow,
    code_item,
    item,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.wording import joined

_TITLE, _ANCHOR = "Identification and approvals", "identification"
_APPROVED = (
    "This protocol is approved when every field on the title page is signed, in this order. "
    "The pages of a signed and of an unsigned document are alike but for the fields: whether "
    "it is approved is told by its signatures, and segval verify checks them."
)
_SIGNED = (
    "This report is signed in the fields on the title page, in this order. Whether they are "
    "signed is told by the signatures in the file, not by a page in print; segval verify checks "
    "them."
)


@dataclass(frozen=True)
class IdentificationView:
    """The report and its record, and the approval of the protocol."""

    heading: Heading
    items: tuple[Item, ...]
    history: Table | None
    approval: ProtocolApprovalView


@dataclass(frozen=True)
class SignaturesView:
    """Who has to sign the document, in which order."""

    heading: Heading
    items: tuple[Item, ...]
    """What identifies the document; empty where another section says it."""
    history: Table | None
    words: tuple[str, ...]
    signatories: Table
    steps: tuple[Item, ...]


def of_report(contents: RecordContents, numbering: Numbering) -> IdentificationView:
    """Return what identifies the report, and the approval of the protocol that ran."""
    document, lock = contents.protocol.document, contents.lock
    heading = numbering.section(_TITLE, _ANCHOR)
    return IdentificationView(
        heading,
        (
            item("Report", f"{document.report_number}, revision {document.revision}"),
            *_of_protocol(contents.protocol),
            code_item("Protocol digest", contents.digests["protocol.yaml"]),
            code_item("Record", contents.record_id),
            item("Date", f"{day(contents.run.finished_at)}, the end of the run"),
            item("Test set", f"{lock.test_set_id}, lock revision {lock.revision}"),
            *_no_history(document),
        ),
        _history(document, numbering),
        protocol_approval(contents, numbering),
    )


def of_protocol(contents: ProtocolContents, numbering: Numbering) -> SignaturesView:
    """Return what identifies the protocol, and who has to approve it."""
    protocol, lock = contents.protocol, contents.lock
    heading = numbering.section(_TITLE, _ANCHOR)
    return SignaturesView(
        heading,
        (
            *_of_protocol(protocol),
            code_item("Protocol digest", contents.digests["protocol.yaml"]),
            item("Report", f"{protocol.document.report_number}, when it is run"),
            item(
                "Test set",
                f"{lock.test_set_id}, lock revision {lock.revision}, "
                f"locked {timestamp(lock.locked_at)}",
            ),
            *_no_history(protocol.document),
        ),
        _history(protocol.document, numbering),
        (_APPROVED,),
        _signatories(protocol, "Signatures that this protocol and its report need", numbering),
        (
            code_item("Sign", "segval sign FILE.pdf --role ROLE --key KEY"),
            code_item("Check", "segval verify FILE.pdf"),
        ),
    )


def signatures(protocol: Protocol, numbering: Numbering) -> SignaturesView:
    """Return who has to sign the report."""
    return SignaturesView(
        numbering.appendix("Signatures", "signatures"),
        (),
        None,
        (_SIGNED,),
        _signatories(protocol, "Signatures that this report needs (21 CFR 11.50)", numbering),
        (
            code_item("Sign", "segval sign report.pdf --role ROLE --key KEY"),
            code_item("Check", "segval verify report.pdf"),
        ),
    )


def _of_protocol(protocol: Protocol) -> tuple[Item, ...]:
    document = protocol.document
    return (
        item("Title", document.title),
        item("Organisation", document.organisation),
        item("Protocol", f"{document.number}, revision {document.revision}"),
    )


def _no_history(document: Document) -> tuple[Item, ...]:
    return () if document.history else (item("Revisions"),)


def _history(document: Document, numbering: Numbering) -> Table | None:
    if not document.history:
        return None
    return numbering.table(
        "Revisions of the protocol",
        (Column("Revision", "14%"), Column("Date", "18%"), Column("Change", "68%")),
        [
            row(strong(one.revision), text(one.date), text(*paragraphs(one.change)))
            for one in document.history
        ],
    )


def _signatories(protocol: Protocol, caption: str, numbering: Numbering) -> Table:
    return numbering.table(
        caption,
        (
            Column("Order", "8%"),
            Column("Role", "16%"),
            Column("Function", "28%"),
            Column("Meaning of the signature", "28%"),
            Column("Another person than", "20%"),
        ),
        [_signatory(order, one) for order, one in enumerate(protocol.signatories, start=1)],
    )


def _signatory(order: int, one: Signatory) -> TableRow:
    return row(
        strong(str(order)),
        text(one.role),
        text(one.title, one.name or ""),
        text(one.meaning),
        text(joined(list(one.distinct_from)) or "nobody named"),
    )
