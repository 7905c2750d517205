"""Signing a document of a study: presented, noted, signed, checked, written, noted again.

The audit trail is told before the act, and number and digest of that event stand in the
signature; it is told again when the signed file is on the disk. An interruption between the two
leaves either no file, or one that the next command finds and notes.
"""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from pyhanko.sign.signers import Signer
from pyhanko.sign.timestamps.api import TimeStamper

from validation import clock, workspace
from validation.attest.audit_trail import Event, Subject
from validation.attest.certificates import fingerprint
from validation.attest.persons import Person, person_of
from validation.attest.signature_check import given_by
from validation.attest.signatures import Asked, Level, sign
from validation.attest.signed_pdf import key_digest
from validation.attest.signing_policy import Given, refusals
from validation.attest.standing import standing
from validation.errors import AuditError, Problem, SignatureError
from validation.record import digest
from validation.record_folder import SIGNED
from validation.report.manifestation import Manifestation
from validation.report.signature_stamp import render_stamp
from validation.study.auditing import StudyTrail
from validation.study.presenting import (
    Presented,
    about_document,
    require_still_new,
    require_whole,
)
from validation.study.signing_lock import signing_alone
from validation.study.unfinished_signatures import note_lost, signed_folder


class SignedFile(NamedTuple):
    """What signing came to."""

    path: Path
    digest: str
    manifestation: Manifestation


def signed_path(presented: Presented) -> Path:
    """Return where the signed revision goes: ``signed/NAME-NUMBER-ROLE.pdf``."""
    stem = presented.path.stem
    if presented.document.signatures and presented.path.parent.name == SIGNED:
        before = presented.subject.signatories[presented.position - 1].role
        stem = stem.removesuffix(f"-{presented.position}-{before}")
    return (
        signed_folder(presented.path)
        / f"{stem}-{presented.position + 1}-{presented.signatory.role}.pdf"
    )


def sign_presented(
    presented: Presented,
    signer: Signer,
    *,
    key: str,
    level: Level = "B-B",
    time_stamper: TimeStamper | None = None,
    out: Path | None = None,
) -> SignedFile:
    """Sign a document and write the signed revision beside it.

    Args:
        presented: From `present`.
        signer: The opened key, with its certificate.
        key: What names the key in the audit trail, e.g. the digest of the key file.
        level: PAdES level.
        time_stamper: Time-stamp authority, for B-T and B-LTA.
        out: Where the signed revision goes; None: `signed_path`.

    Raises:
        SignatureError: The person may not give this signature, or it could not be made.
        ToolError: A file or the audit trail cannot be written.
    """
    with signing_alone(presented.study):
        require_still_new(presented)
        return _sign(
            presented,
            signer,
            key=key,
            level=level,
            time_stamper=time_stamper,
            place=out or signed_path(presented),
        )


def _sign(
    presented: Presented,
    signer: Signer,
    *,
    key: str,
    level: Level,
    time_stamper: TimeStamper | None,
    place: Path,
) -> SignedFile:
    trail, about = StudyTrail(presented.study), about_document(presented.subject, presented.digest)
    certificate = _certificate(signer)
    person = person_of(certificate)
    _require_allowed(presented, signer, trail, about)
    require_free(place)
    clear_leftovers(place.parent)
    note_lost(about, trail)
    intent = trail.tell(
        "sign.intent",
        about,
        details={
            "role": presented.signatory.role,
            "meaning": presented.signatory.meaning,
            "level": level,
            "certificate": fingerprint(certificate),
            "key": key,
        },
        reason=presented.again,
        user=person.user,
    )
    with trail.failure(about, failed="sign.failed", aborted="sign.aborted"):
        manifestation = _manifestation(presented, person, intent)
        content = _signed(presented, signer, manifestation, level, time_stamper)
        workspace.write_new(place, content)
    with told_of(place):
        trail.tell(
            "sign.completed",
            about,
            details={"signed": digest(content), "intent": str(intent.sequence)},
            user=person.user,
        )
    return SignedFile(place, digest(content), manifestation)


@contextmanager
def told_of(place: Path) -> Iterator[None]:
    """Say of a signed file that lies there that the trail could not be told of it.

    Raises:
        AuditError: The trail could not be told; the file stays, and how to go on is said.
    """
    try:
        yield
    except AuditError as error:
        raise AuditError(
            "the signed file is written, and the audit trail could not be told of it",
            where=str(place),
            fix="mend what is said below and call `segval sign` for the next signature: it finds "
            "the file and tells the trail",
            problems=[Problem(error.where, error.what)],
        ) from error


def clear_leftovers(folder: Path) -> None:
    """Remove what an interrupted writing left in a folder of signed revisions."""
    if folder.name == SIGNED:
        for one in folder.glob(".new-*"):
            one.unlink(missing_ok=True)


def _certificate(signer: Signer) -> x509.Certificate:
    if signer.signing_cert is None:
        raise SignatureError("the key has no certificate")
    return x509.load_der_x509_certificate(signer.signing_cert.dump())


def _require_allowed(
    presented: Presented, signer: Signer, trail: StudyTrail, about: Subject
) -> None:
    certificate = _certificate(signer)
    person, signatories = person_of(certificate), presented.subject.signatories
    asking = Given(
        role=presented.signatory.role,
        user=person.user,
        name=person.name,
        fingerprint=fingerprint(certificate),
        key=key_digest(certificate),
    )
    found = refusals(signatories, given_by(presented.document, signatories), asking)
    others = [x509.load_der_x509_certificate(one.dump()) for one in signer.cert_registry]
    now = standing(certificate, presented.trust, clock.now(), others)
    if now.word != "valid":
        found = (*found, f"the certificate cannot sign: {now.word.replace('_', ' ')}: {now.reason}")
    if found:
        trail.tell("sign.refused", about, reason="; ".join(found), user=person.user or None)
        raise SignatureError(
            "this person may not give this signature",
            where=str(presented.path),
            problems=[Problem("", one) for one in found],
        )


def require_free(place: Path) -> None:
    """Refuse before the act what `workspace.write_new` would refuse after it.

    Raises:
        SignatureError: A file of that name exists.
    """
    if os.path.lexists(place):
        raise SignatureError(
            "a file of that name exists and is never replaced",
            where=str(place),
            fix="give another by --out, or sign that one if it is the newest revision",
        )


def _manifestation(presented: Presented, person: Person, intent: Event) -> Manifestation:
    subject, signatory = presented.subject, presented.signatory
    return Manifestation(
        name=person.name,
        user=person.user,
        role=signatory.role,
        title=signatory.title,
        meaning=signatory.meaning,
        at=f"{intent.at[:19]}Z",
        zone=intent.zone,
        document=subject.id,
        revision=subject.revision,
        presented=presented.digest,
        trail_id=intent.trail_id,
        sequence=intent.sequence,
        event=intent.digest,
    )


def _signed(
    presented: Presented,
    signer: Signer,
    manifestation: Manifestation,
    level: Level,
    time_stamper: TimeStamper | None,
) -> bytes:
    room = presented.document.fields[presented.position]
    asked = Asked(
        field=room.field,
        manifestation=manifestation,
        appearance=render_stamp(manifestation, room.width_pt, room.height_pt),
        certifies=presented.position == 0,
        level=level,
        trust=presented.trust,
        time_stamper=time_stamper,
        host=platform.node() or "unknown",
    )
    content = sign(presented.content, signer, asked)
    # What was there before was compared when it was presented.
    require_whole(content, presented.subject, presented.trust, presented.path, compare=False)
    return content
