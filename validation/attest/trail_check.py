"""Checking a signed document against the audit trail: what signatures state, the trail knows.

A signature names the event that was written before it, and the trail has the digest of every
signed file: neither can be changed alone, and the end of the trail cannot be cut off up to there.
"""

from collections.abc import Iterable

from validation.attest.audit_trail import Anchor, Event, Head, Trail, anchor_problems
from validation.attest.signed_pdf import FoundSignature, SignedDocument
from validation.attest.verification import Checks
from validation.report.formatting import plural

_CLAUSE = "21 CFR 11.10(e)"
ENDS = ("sign.completed", "sign.imported")
"""Events that hold the digest of a signed file."""


def check_chain(trail: Trail, checks: Checks) -> bool:
    """Add the check that a trail is whole."""
    what = "the chain of the audit trail holds"
    if not trail.events and not trail.problems:
        detail = "there is no event: the trail is lost, or this is no study"
        return checks(what, held=False, detail=detail, failure="incomplete", clause=_CLAUSE)
    problems = "; ".join(f"{one.where} {one.what}" for one in trail.problems[:5])
    held = checks(
        what,
        not trail.problems,
        problems or f"{len(trail.events)} events",
        clause=_CLAUSE,
    )
    if trail.torn:
        checks(
            "no event was cut off while it was written",
            held=False,
            detail=f"{len(trail.torn)} bytes after the last event; the next event says so",
            failure="incomplete",
        )
    return held


def check_anchors(trail: Trail, anchors: Iterable[Anchor], checks: Checks) -> None:
    """Add the check that a trail reaches every event that is named elsewhere."""
    named = list(anchors)
    problems = anchor_problems(trail.events, named)
    detail = "; ".join(f"{one.where}: {one.what}" for one in problems[:5])
    what = "the audit trail reaches every event that is named outside of it"
    checks(what, not problems, detail or plural(len(named), "anchor"), clause=_CLAUSE)


def check_signatures_against(document: SignedDocument, trail: Trail, checks: Checks) -> None:
    """Add the checks that hold a document's signatures against the audit trail.

    Args:
        document: The signatures of a document.
        trail: The trail of its study.
        checks: Where the checks are added.
    """
    check_signatures_known(document, trail, checks)
    _check_newest(document, trail, checks)


def check_signatures_known(document: SignedDocument, trail: Trail, checks: Checks) -> None:
    """Add the checks that the trail saw every signature of a document begin and end."""
    anchors = [anchor for one in document.signatures if (anchor := anchor_of(one)) is not None]
    check_anchors(trail, anchors, checks)
    begun = {one.sequence: one for one in trail.events if one.action == "sign.intent"}
    ended = [one for one in trail.events if one.action in ENDS]
    for one, file in zip(document.signatures, signed_files(document), strict=True):
        _check_intent(one, begun, checks)
        _check_end(one, file, ended, checks)


def signed_files(document: SignedDocument) -> tuple[str, ...]:
    """Return the digest of the file that each signature left.

    It is what was presented for the next one, and the document itself for the last: at level
    B-LTA a time stamp follows the signature, which belongs to the same file.
    """
    return (*(one.presented for one in document.signatures[1:]), document.digest)[
        : len(document.signatures)
    ]


def check_nothing_lost(subject_id: str, there: Iterable[str], trail: Trail, checks: Checks) -> None:
    """Add the check that every signed revision of a document that the trail knows is there.

    A signature that was given again, with a reason, takes the place of the one before.

    Args:
        subject_id: Record id of a report, number of a protocol.
        there: Digests of the signed revisions that are there.
        trail: The study's trail.
        checks: Where the check is added.
    """
    newest = {
        one.about.digest: one.details.get("signed", "")
        for one in trail.events
        if one.action in ENDS and one.about.id == subject_id
    }
    lost = sorted(set(newest.values()) - set(there))
    checks(
        "every signed revision that the trail knows is here",
        not lost,
        ", ".join(lost) or f"{len(newest)} revisions",
        failure="incomplete",
        clause=_CLAUSE,
    )


def anchor_of(signature: FoundSignature) -> Anchor | None:
    """Return the event that a signature names; None where it was made elsewhere."""
    stated = signature.manifestation
    if stated is None:
        return None
    return Anchor(Head(stated.sequence, stated.event), signature.field, stated.trail_id)


def _check_intent(signature: FoundSignature, begun: dict[int, Event], checks: Checks) -> None:
    stated = signature.manifestation
    if stated is None:
        return
    what = f"{signature.field}: the trail says that this signer began this signature"
    event = begun.get(stated.sequence)
    if event is None:
        detail = f"no sign.intent with number {stated.sequence}"
        checks(what, held=False, detail=detail, failure="incomplete", clause=_CLAUSE)
        return
    said = (event.actor.user, event.about.digest, event.details.get("role"))
    found = (signature.user, signature.presented, stated.role)
    fingerprint = event.details.get("certificate") == signature.fingerprint
    checks(
        what,
        said == found and fingerprint,
        f"event {stated.sequence}, {event.at}",
        clause=_CLAUSE,
    )


def _check_end(signature: FoundSignature, file: str, ended: list[Event], checks: Checks) -> None:
    what = f"{signature.field}: the trail has the digest of the file as it was signed"
    own = [one for one in ended if one.about.digest == signature.presented]
    signed = {one.details.get("signed") for one in own}
    if not own:
        detail = "no event says so: signing was interrupted, or not done by this tool"
        checks(what, held=False, detail=detail, failure="incomplete", clause=_CLAUSE)
    else:
        checks(what, file in signed, file, clause=_CLAUSE)


def _check_newest(document: SignedDocument, trail: Trail, checks: Checks) -> None:
    """Find a document that was rolled back: the trail knows of a later signature."""
    ended = [one for one in trail.events if one.action in ENDS]
    later = [one for one in ended if one.about.digest == document.digest]
    detail = (
        f"event {later[0].sequence} signed it again: {later[0].details.get('signed', '')}"
        if later
        else f"{len(document.signatures)} signatures"
    )
    what = "this is the newest signed revision that the trail knows"
    checks(what, not later, detail, failure="incomplete", clause=_CLAUSE)
