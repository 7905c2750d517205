"""Signing a document of a study: presented, noted, signed, checked, written, noted again.

The audit trail is told before the act, and number and digest of that event stand in the
signature; it is told again when the signed file is on the disk. An interruption between the two
leaves either no file, or one that the next command finds and notes.
"""

import os
import platform
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from pyhanko.sign.signers import Signer
from pyhanko.sign.timestamps.api import TimeStamper

from validation import workspace
from validation.attest.audit_trail import Event, Subject
from validation.attest.certificates import fingerprint
from validation.attest.persons import Person, person_of
from validation.attest.signature_check import given_by
from validation.attest.signatures import Asked, Level, sign
from validation.attest.signed_pdf import key_digest
from validation.attest.signing_policy import Given, refusals
from validation.errors import Problem, SignatureError
from validation.record import digest
from validation.record_folder import SIGNED
from validation.report.manifestation import Manifestation
from validation.report.signature_stamp import render_stamp
from validation.study.auditing import StudyTrail
from validation.study.presenting import Presented, about_document, require_whole


class SignedFile(NamedTuple):
    """What signing came to."""

    path: Path
    digest: str
    manifestation: Manifestation


def signed_path(presented: Presented) -> Path:
    """Return where the signed revision goes: ``signed/NAME-NUMBER-ROLE.pdf``."""
    folder, stem = presented.path.parent, presented.path.stem
    if presented.document.signatures and folder.name == SIGNED:
        before = presented.subject.signatories[presented.position - 1].role
        stem = stem.removesuffix(f"-{presented.position}-{before}")
    else:
        folder = folder / SIGNED
    return folder / f"{stem}-{presented.position + 1}-{presented.signatory.role}.pdf"


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
    trail, about = StudyTrail(presented.study), about_document(presented.subject, presented.digest)
    certificate = _certificate(signer)
    person = person_of(certificate)
    _require_allowed(presented, certificate, trail, about)
    place = out or signed_path(presented)
    require_free(place)
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
    trail.tell(
        "sign.completed",
        about,
        details={"signed": digest(content), "intent": str(intent.sequence)},
        user=person.user,
    )
    return SignedFile(place, digest(content), manifestation)


def _certificate(signer: Signer) -> x509.Certificate:
    if signer.signing_cert is None:
        raise SignatureError("the key has no certificate")
    return x509.load_der_x509_certificate(signer.signing_cert.dump())


def _require_allowed(
    presented: Presented, certificate: x509.Certificate, trail: StudyTrail, about: Subject
) -> None:
    person, signatories = person_of(certificate), presented.subject.signatories
    asking = Given(
        role=presented.signatory.role,
        user=person.user,
        name=person.name,
        fingerprint=fingerprint(certificate),
        key=key_digest(certificate),
    )
    found = refusals(signatories, given_by(presented.document, signatories), asking)
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
