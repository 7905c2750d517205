"""The approval of a protocol: made from a signed document, and checked again from a record."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import ValidationError

from validation.attest.attachments import attachments_of
from validation.attest.signature_check import check_signatures
from validation.attest.signed_pdf import FoundSignature, SignedDocument, unsigned_part
from validation.attest.trust import Trust
from validation.attest.verification import Checks
from validation.errors import SignatureError, ToolError
from validation.plan.approval import Approval, ApprovalSignature
from validation.plan.protocol import Protocol, Signatory
from validation.plan.source import parse, protocol_from
from validation.record import digest

APPROVAL_FILE = "approval.json"
DOCUMENT_FILE = "protocol.pdf"

_CLAUSE = "21 CFR 11.70"


def approval_of(
    content: bytes,
    embedded: Mapping[str, bytes],
    signed: SignedDocument,
    trust: Trust,
    at: datetime,
) -> Approval:
    """Return the approval that a signed protocol document is, its signatures checked before.

    Args:
        content: The document.
        embedded: What it embeds, by name in a record.
        signed: Its signatures.
        trust: What they were held against.
        at: When.

    Raises:
        ProtocolError: The embedded protocol cannot be read.
    """
    protocol = protocol_from(parse(embedded["protocol.yaml"], "protocol.yaml"))
    return Approval(
        document=protocol.document.number,
        revision=protocol.document.revision,
        document_digest=digest(content),
        protocol_digest=digest(embedded["protocol.yaml"]),
        lock_digest=digest(embedded["lock/lock.json"]),
        signatures=_signatures(signed, protocol.signatories),
        checked_at=at,
        roots=_digests(trust.roots),
        time_authorities=_digests(trust.time_authorities),
        revocation_lists=_digests(trust.crls),
    )


def _digests(parts: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(digest(one) for one in parts)


def _signatures(
    signed: SignedDocument, signatories: tuple[Signatory, ...]
) -> tuple[ApprovalSignature, ...]:
    return tuple(
        ApprovalSignature(
            role=signatory.role,
            title=signatory.title,
            meaning=signatory.meaning,
            name=one.name,
            user=one.user,
            at=one.manifestation.at if one.manifestation else one.signing_time,
            zone=one.manifestation.zone if one.manifestation else "",
            certificate=one.fingerprint,
            level=_level(one, signed),
            presented=one.presented,
        )
        for one, signatory in zip(signed.signatures, signatories, strict=False)
    )


def _level(one: FoundSignature, signed: SignedDocument) -> str:
    if signed.time_stamps:
        return "B-LTA"
    attributes = one.embedded.signer_info["unsigned_attrs"]
    stamped = any(each["type"].native == "signature_time_stamp_token" for each in attributes)
    return "B-T" if stamped else "B-B"


def check_approval(
    files: Mapping[str, bytes], trust: Trust, checks: Checks, *, at: datetime
) -> None:
    """Add the checks of the approval of a record's protocol, from the record's own files.

    Nothing is added where the record holds no part of an approval: it is exploratory.

    Args:
        files: Files of the record by their path in it.
        trust: Against which the signers are held.
        checks: Where the checks are added.
        at: Moment at which the signatures are checked.
    """
    if not {APPROVAL_FILE, DOCUMENT_FILE} & files.keys():
        return
    what = "the approval of the protocol can be read"
    try:
        approval = Approval.from_json(files[APPROVAL_FILE])
        protocol = protocol_from(parse(files["protocol.yaml"], "protocol.yaml"))
        content = files[DOCUMENT_FILE]
    except KeyError as error:
        checks(what, held=False, detail=f"{error.args[0]} is missing", failure="incomplete")
        return
    except (ToolError, ValidationError) as error:
        checks(what, None, str(error).splitlines()[0])
        return
    checks(what, held=True, detail=f"{approval.document}, revision {approval.revision}")
    _check_embedded(files, content, checks)
    before = len(checks.all())
    signed = check_signatures(content, protocol.signatories, trust, at=at, checks=checks)
    checks.name_since(before, DOCUMENT_FILE)
    _check_stated(approval, protocol, files, signed, checks)


def _check_embedded(files: Mapping[str, bytes], content: bytes, checks: Checks) -> None:
    what = "the signed protocol document embeds the protocol and the lock of this record"
    try:
        embedded = attachments_of(unsigned_part(content))
    except SignatureError as error:
        checks(what, None, error.what)
        return
    if embedded is None:
        checks(what, None, f"{DOCUMENT_FILE} cannot be read")
        return
    own = {name for name in files if name == "protocol.yaml" or name.startswith("lock/")}
    names = sorted({*own, *embedded})
    differing = [one for one in names if embedded.get(one) != files.get(one)]
    detail = f"these differ: {', '.join(differing)}" if differing else f"{len(names)} files"
    checks(what, not differing, detail, clause=_CLAUSE)


def _check_stated(
    approval: Approval,
    protocol: Protocol,
    files: Mapping[str, bytes],
    signed: SignedDocument | None,
    checks: Checks,
) -> None:
    what = "the approval says the same as the signed protocol document"
    if signed is None:
        checks(what, None, "its signatures cannot be read")
        return
    agreeing = {
        "number and revision": (approval.document, approval.revision)
        == (protocol.document.number, protocol.document.revision),
        "digest of the document": approval.document_digest == digest(files[DOCUMENT_FILE]),
        "digest of the protocol": approval.protocol_digest == digest(files["protocol.yaml"]),
        "digest of the lock": approval.lock_digest == digest(files.get("lock/lock.json", b"")),
        "signatures": approval.signatures == _signatures(signed, protocol.signatories),
    }
    differing = [name for name, same in agreeing.items() if not same]
    detail = f"these differ: {', '.join(differing)}" if differing else approval.document_digest
    checks(what, not differing, detail, clause=_CLAUSE)
