"""Checking a signed document: who signed what, and that it is what its evidence says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from validation.attest.anchors import anchors_of
from validation.attest.approval_check import check_approval
from validation.attest.attachments import attachments_of
from validation.attest.audit_trail import Trail
from validation.attest.deviation_check import check_deviations_in_trail
from validation.attest.picture_check import check_pictures
from validation.attest.printed import check_printed
from validation.attest.rederive import check_derivation, check_promise
from validation.attest.signature_check import check_signatures
from validation.attest.signed_pdf import SignedDocument, unsigned_part
from validation.attest.signing_subject import SigningSubject, subject_of
from validation.attest.subset_check import check_subset_in_trail
from validation.attest.trail_check import (
    check_anchors,
    check_chain,
    check_nothing_lost,
    check_signatures_against,
)
from validation.attest.trust import Trust
from validation.attest.verification import Checks
from validation.errors import AuditError, SignatureError, ToolError
from validation.record import digest


@dataclass(frozen=True)
class Known:
    """What documents are held against; what is None was not given."""

    trust: Trust | None
    trail: Trail | None
    at: datetime
    """The present moment: certificates are valid or not at it."""


def check_document(content: bytes, known: Known, checks: Checks) -> SigningSubject | None:
    """Add every check of a protocol document or a report; return what it is.

    Args:
        content: Bytes of the PDF.
        known: What it is held against.
        checks: Where the checks are added.

    Returns:
        None where it is no document of ours that can be read.
    """
    what = "the document can be read and embeds what it was made from"
    attached = attachments_of(content)
    if attached is None:
        checks(what, None, "this is not a PDF that can be read")
        return None
    presented = _presented(content)
    try:
        subject = subject_of(presented)
    except ToolError as error:
        is_annex = attached.keys() == {"evidence/instances.csv"}
        said = "it is an annex of objects: give the folder of its record"
        checks(what, None, said if is_annex else error.what)
        return None
    checks(what, held=True, detail=f"{len(attached)} attachments, {digest(content)}")
    if len(presented) < len(content):
        what = "what is embedded is what was presented for signing"
        same = attachments_of(presented) == attached
        checks(what, same, digest(presented), clause="21 CFR 11.70")
    check_signed(content, subject, known, checks)
    check_own_anchor(attached, known, checks)
    if subject.kind == "report":
        check_derivation(attached, checks)
        check_approval(attached, known.trust or Trust(), checks, at=known.at)
        check_pictures(attached, checks)
        check_printed(content, attached, checks)
    else:
        check_promise(attached, checks)
    return subject


def check_own_anchor(files: Mapping[str, bytes], known: Known, checks: Checks) -> None:
    """Add the checks that the audit trail reaches the events that a record names, and agrees.

    Args:
        files: Files of the record, or those that its report embeds.
        known: Holds the trail; without one nothing is added.
        checks: Where the checks are added.
    """
    if known.trail is None or known.trail.problems:
        return
    try:
        anchors = anchors_of(files, "the record")
    except AuditError as error:
        what = "the events that the record names can be read"
        checks(what, None, error.what)
        return
    if anchors:
        check_anchors(known.trail, anchors, checks)
    check_deviations_in_trail(files, known.trail, checks)
    check_subset_in_trail(files, known.trail, checks)


def _presented(content: bytes) -> bytes:
    """Return the document before its first signature; all of it where signatures are unreadable."""
    try:
        return unsigned_part(content)
    except SignatureError:
        return content


def check_signed(
    content: bytes, subject: SigningSubject, known: Known, checks: Checks
) -> SignedDocument | None:
    """Add the checks of a document's signatures, and hold them against the audit trail."""
    document = check_signatures(
        content, subject.signatories, known.trust or Trust(), at=known.at, checks=checks
    )
    if document is None or not document.signatures:
        return document
    _check_named(document, subject, checks)
    if known.trail is None:
        what = "the audit trail knows of every signature"
        checks(what, None, "no study given; give it by --study", clause="21 CFR 11.10(e)")
    elif check_chain(known.trail, checks):
        check_signatures_against(document, known.trail, checks)
    return document


def _check_named(document: SignedDocument, subject: SigningSubject, checks: Checks) -> None:
    """Add the check that signatures name the document that they sign."""
    named = {
        one.field: (one.manifestation.document, one.manifestation.revision)
        for one in document.signatures
        if one.manifestation is not None
    }
    others = [
        f"{field}: {number} revision {revision}"
        for field, (number, revision) in named.items()
        if (number, revision) != (subject.id, subject.revision)
    ]
    checks(
        "signatures name the document that they sign",
        not others,
        ", ".join(others) or f"{subject.id} revision {subject.revision}",
        clause="21 CFR 11.50, 11.70",
    )


def check_revisions(
    report: bytes, signed: Mapping[str, bytes], known: Known, checks: Checks
) -> None:
    """Add the checks of the signed revisions of a record's report.

    Args:
        report: The report of the record.
        signed: Content of each signed revision by its name.
        known: What they are held against.
        checks: Where the checks are added.
    """
    try:
        subject = subject_of(report)
    except ToolError as error:
        checks("the report says what it is", None, error.what)
        return
    if known.trail is not None:
        check_nothing_lost(subject.id, map(digest, signed.values()), known.trail, checks)
    if not signed:
        return
    signed = _without_leftovers(signed, checks)
    newest = max(sorted(signed), key=lambda name: len(signed[name]), default="")
    if not newest:
        return
    strangers = sorted(
        name
        for name, content in signed.items()
        if not (content.startswith(report) and signed[newest].startswith(content))
    )
    checks(
        "every file in signed/ is a signed revision of this report",
        not strangers,
        ", ".join(strangers) or f"{len(signed)} revisions, the newest is {newest}",
        clause="21 CFR 11.70",
    )
    check_signed(signed[newest], subject, known, checks)


def _without_leftovers(signed: Mapping[str, bytes], checks: Checks) -> Mapping[str, bytes]:
    """Return files but those whose writing was interrupted, which are no revisions."""
    left = sorted(name for name in signed if name.rpartition("/")[2].startswith(".new-"))
    if left:
        checks(
            "nothing half-written lies in signed/",
            held=False,
            detail=f"{', '.join(left)}: a writing was interrupted; the next signature removes it",
            failure="incomplete",
        )
    return {name: content for name, content in signed.items() if name not in left}
