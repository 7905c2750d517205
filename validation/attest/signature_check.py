"""Checking the signatures of a document: numbered, offline, by pinned certificates alone.

pyHanko validates each signature and compares the revisions. What it calls valid is not enough: a
file can go on after its last signature, a signature can be missing or a second one of the same
person, the room of a signature is covered by nobody, and a flipped bit hides a signature from a
reader. Each of these has a check of its own here.
"""

from collections.abc import Sequence
from datetime import datetime

from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus

from validation.attest.proven_time import (
    Proven,
    covered_until,
    own_stamp,
    stamps_of,
    with_embedded_lists,
)
from validation.attest.quiet_library import quiet_library
from validation.attest.revision_check import addition_problem
from validation.attest.signatures import time_context, validation_context
from validation.attest.signed_pdf import (
    FoundSignature,
    SignedDocument,
    end_of,
    padding_problem,
    read_signed,
)
from validation.attest.signing_policy import Given, policy_findings
from validation.attest.standing import standing
from validation.attest.statement_check import check_statement
from validation.attest.time_stamp_check import check_moment, check_stamp, check_stamps, held_of
from validation.attest.trust import Trust
from validation.attest.verification import Checks
from validation.errors import SignatureError
from validation.plan.protocol import Signatory

_LINKING = "21 CFR 11.70"
_AUTHORITY = "21 CFR 11.10(g)"
_ALLOWED = (
    ModificationLevel.NONE,
    ModificationLevel.LTA_UPDATES,
    ModificationLevel.FORM_FILLING,
)


def check_signatures(
    content: bytes,
    signatories: Sequence[Signatory],
    trust: Trust,
    *,
    at: datetime,
    checks: Checks,
    compare: bool = True,
) -> SignedDocument | None:
    """Add every check of the signatures of a document.

    Args:
        content: Bytes of the PDF.
        signatories: Who has to sign it, in their order.
        trust: What is pinned.
        at: The present moment.
        checks: Where the checks are added.
        compare: Whether the revisions are compared, which takes seconds. Not asked for where a
            signature was just added to a document whose revisions were compared.

    Returns:
        The signatures; None where they cannot be read.
    """
    document = _read(content, checks)
    if document is None or not _check_complete(document, signatories, checks):
        return document
    try:
        trust = with_embedded_lists(trust, document)
        stamps = stamps_of(document, content, trust, at)
    except Exception as error:  # noqa: BLE001 - whatever a hostile time stamp makes it raise
        checks("the document time stamps can be read", held=False, detail=_said(error))
        return document
    check_stamps(stamps, checks)
    for one in document.signatures:
        try:
            covered = covered_until(end_of(one.embedded), stamps, at)
            proven = _check_signature(one, content, covered, trust, checks, compare=compare)
            _check_presented(one, document, content, checks, compare=compare)
            check_statement(one, signatories, proven, checks)
        except Exception as error:  # noqa: BLE001 - whatever a hostile signature makes it raise
            checks(f"{one.field}: the signature can be read", held=False, detail=_said(error))
    _check_revisions(document, checks)
    whole = document.last_end == document.size
    rest = document.size - document.last_end
    checks(
        "the last signature covers the whole file",
        whole,
        f"{document.size} bytes" if whole else f"{rest} bytes follow that nobody signed",
        clause=_LINKING,
    )
    _check_policy(document, signatories, checks)
    return document


def _read(content: bytes, checks: Checks) -> SignedDocument | None:
    what = "the signatures can be read"
    try:
        document = read_signed(content)
    except SignatureError as error:
        # Where the file says that something was signed, it was readable once.
        is_altered = b"/ByteRange" in content
        checks(what, False if is_altered else None, error.what, clause=_LINKING)
        return None
    found = len(document.signatures) + len(document.time_stamps)
    said = f"{len(document.signatures)} signatures, {len(document.time_stamps)} time stamps"
    checks(
        "everything in the file that looks like a signature is one",
        document.byte_ranges == found,
        said if document.byte_ranges == found else f"{said}, {document.byte_ranges} places",
        clause=_LINKING,
    )
    return document


def _check_complete(
    document: SignedDocument, signatories: Sequence[Signatory], checks: Checks
) -> bool:
    """Add the check that the document is signed at all; False where nothing more can be said."""
    asked = len(signatories)
    checks(
        "the document is signed by everyone who has to",
        len(document.signatures) >= asked,
        f"{len(document.signatures)} of {asked} signatures",
        failure="incomplete",
        clause="21 CFR 11.10(f)",
    )
    return bool(document.signatures)


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _check_revisions(document: SignedDocument, checks: Checks) -> None:
    """Add the check that the revisions of the file are those of signatures and no others.

    pyHanko lets later revisions change metadata.
    """
    given = [one.embedded for one in document.signatures] + list(document.time_stamps)
    numbers = sorted(one.signed_revision for one in given)
    total = given[0].reader.xrefs.total_revisions
    strangers = sorted(set(range(numbers[0], total)) - set(numbers))
    checks(
        "every revision since the first signature is that of a signature or time stamp",
        not strangers and len(set(numbers)) == len(numbers),
        f"{total - numbers[0]} revisions"
        if not strangers
        else f"{len(strangers)} of {total - numbers[0]} revisions are not",
        clause=_LINKING,
    )


def _check_signature(
    one: FoundSignature,
    content: bytes,
    covered: Proven,
    trust: Trust,
    checks: Checks,
    *,
    compare: bool,
) -> Proven:
    """Add the checks of a signature by itself; return the moment that is proven of it."""
    status = _status(one, trust, covered, compare=compare)
    if isinstance(status, str):
        checks(f"{one.field}: the signature holds", held=False, detail=status, clause=_LINKING)
        return covered
    checks(
        f"{one.field}: the bytes that it covers are those that were signed",
        status.intact and status.valid,
        f"{one.end} bytes, {one.revision}",
        clause=_LINKING,
    )
    if compare:
        _check_additions(one, status, checks)
    _check_room(one, content, checks)
    stamp = own_stamp(one, status, trust, covered)
    if stamp is not None:
        check_stamp(f"{one.field}: its time stamp", stamp, checks)
        check_moment(one, stamp, checks)
        covered = Proven(stamp.at, is_past=True) if stamp.proves else covered
    _check_person(one, covered, trust, checks)
    return covered


def _check_presented(
    one: FoundSignature, document: SignedDocument, content: bytes, checks: Checks, *, compare: bool
) -> None:
    problem = addition_problem(one, document, content, compare=compare)
    checks(
        f"{one.field}: nothing was added with it to what was presented",
        not problem,
        problem or one.presented,
        clause=_LINKING,
    )


def _check_additions(one: FoundSignature, status: PdfSignatureStatus, checks: Checks) -> None:
    level = status.modification_level
    checks(
        f"{one.field}: nothing was added after it but later signatures",
        status.docmdp_ok is not False and level in _ALLOWED,
        (level.name if level is not None else "other changes").lower().replace("_", " "),
        clause=_LINKING,
    )


def _status(
    one: FoundSignature, trust: Trust, covered: Proven, *, compare: bool
) -> PdfSignatureStatus | str:
    """Return what pyHanko says of a signature, or why it cannot say anything."""
    try:
        with quiet_library():
            return validate_pdf_signature(
                one.embedded,
                signer_validation_context=validation_context(trust, covered.at),
                ts_validation_context=time_context(trust, covered.at),
                skip_diff=not compare,
            )
    except Exception as error:  # noqa: BLE001 - whatever a hostile signature makes it raise
        return _said(error)


def _check_room(one: FoundSignature, content: bytes, checks: Checks) -> None:
    problem = padding_problem(one.embedded, content)
    checks(
        f"{one.field}: nothing is hidden in its room in the file",
        not problem,
        problem or "zeros after it",
        clause=_LINKING,
    )


def _check_person(one: FoundSignature, proven: Proven, trust: Trust, checks: Checks) -> None:
    others = one.other_certificates
    now = standing(one.certificate, trust, proven.at, others, is_past=proven.is_past)
    when = f"at {proven.at:%Y-%m-%d %H:%M:%S} UTC"
    basis = "by a time stamp" if proven.is_past else "now; no time stamp proves an earlier moment"
    held = held_of(now.word, proven=proven.is_past)
    checks(
        f"{one.field}: the signer's certificate is one of ours and valid",
        held,
        f"{one.name} ({one.user}), {when}, {basis}"
        if held
        else f"{one.name} ({one.user}): {now.word.replace('_', ' ')}: {now.reason}",
        failure="untrusted",
        clause="21 CFR 11.10(d), 11.100",
    )


def _check_policy(
    document: SignedDocument, signatories: Sequence[Signatory], checks: Checks
) -> None:
    what = "roles, order and persons are those that the protocol asks for"
    given = given_by(document, signatories)
    found = [one for one in policy_findings(signatories, given) if one[0] != "incomplete"]
    for failure, said in found:
        checks(what, held=False, detail=said, failure=failure, clause=_AUTHORITY)
    if not found:
        persons = ", ".join(f"{one.role}: {one.name}" for one in given)
        checks(what, held=True, detail=persons, clause=_AUTHORITY)


def given_by(document: SignedDocument, signatories: Sequence[Signatory]) -> tuple[Given, ...]:
    """Return the signatures of a document as the policy sees them, roles by their fields."""
    return tuple(
        Given(
            role=signatories[one.number - 1].role if 0 < one.number <= len(signatories) else "?",
            user=one.user,
            name=one.name,
            fingerprint=one.fingerprint,
            key=one.key,
        )
        for one in document.signatures
    )
