"""When a signature was there at the latest, as far as time stamps prove it.

A signature without a time stamp proves no moment: it is judged at the present one. A time stamp
of a pinned authority proves its own moment while the authority's certificate is valid; when that
has ended, a later document time stamp over it has to prove that it was there before.
"""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from asn1crypto import cms
from cryptography import x509
from pyhanko.sign.validation import validate_pdf_timestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel

from validation.attest.quiet_library import quiet_library
from validation.attest.signatures import time_context
from validation.attest.signed_pdf import (
    FoundSignature,
    SignedDocument,
    end_of,
    padding_problem,
)
from validation.attest.standing import Standing, standing
from validation.attest.time_stamps import MOST_APART
from validation.attest.trust import Trust


class Stamp(NamedTuple):
    """A time stamp, validated."""

    end: int
    """Number of bytes of the file up to its end."""
    at: datetime
    """When, as it says."""
    alteration: str
    """Why what it covers is not what was stamped; empty where it is."""
    authority: Standing
    """What the certificate of its authority is, when the stamp is judged."""

    @property
    def proves(self) -> bool:
        """Whether it proves that what it covers was there at its time."""
        return not self.alteration and self.authority.word == "valid"


class Proven(NamedTuple):
    """The moment at which a certificate is judged."""

    at: datetime
    is_past: bool
    """Whether a time stamp proves it; else it is the present."""


def stamps_of(
    document: SignedDocument, content: bytes, trust: Trust, at: datetime
) -> tuple[Stamp, ...]:
    """Return the document time stamps, the newest first, each judged when the next proves it.

    Args:
        document: The signatures of a document.
        content: Its bytes.
        trust: Pins the time-stamp authorities.
        at: The present moment.
    """
    moment, found = at, list[Stamp]()
    for one in sorted(document.time_stamps, key=end_of, reverse=True):
        with quiet_library():
            status = validate_pdf_timestamp(one, time_context(trust, moment))
        authority = _authority(one.signed_data, trust, Proven(moment, is_past=moment < at))
        altered = _alteration(one, content, is_intact=status.intact and status.valid)
        stamp = Stamp(end_of(one), status.timestamp, altered, authority)
        stamp = _not_later(stamp, moment)
        found.append(stamp)
        if stamp.proves:
            moment = min(moment, stamp.at)
    return tuple(found)


def own_stamp(
    one: FoundSignature, status: PdfSignatureStatus, trust: Trust, covered: Proven
) -> Stamp | None:
    """Return the time stamp that a signature carries (B-T, B-LTA); None: none.

    Args:
        one: The signature.
        status: What pyHanko says of it.
        trust: Pins the time-stamp authorities.
        covered: The moment at which the stamp is judged.
    """
    stamp = status.timestamp_validity
    if stamp is None:
        return None
    token = next(extract_tst_data_iter(one.embedded.signer_info, signed=False))
    authority = _authority(token, trust, covered)
    altered = "" if stamp.intact and stamp.valid else "what it covers was altered"
    return _not_later(Stamp(one.end, stamp.timestamp, altered, authority), covered.at)


def _not_later(stamp: Stamp, moment: datetime) -> Stamp:
    """Judge what a time stamp says by when it was there: its clock may not be ahead of that."""
    if stamp.authority.word != "valid" or stamp.at <= moment + MOST_APART:
        return stamp
    said = f"it was there at {moment:%Y-%m-%d %H:%M:%S} UTC already: one clock is wrong"
    return stamp._replace(authority=Standing("untrusted", said))


def _alteration(one: EmbeddedPdfSignature, content: bytes, *, is_intact: bool) -> str:
    """Return what is wrong with the bytes that a time stamp covers; empty if nothing is.

    Anyone may ask an authority for a time stamp, and over any bytes: one that leaves out a part
    of the file proves nothing of that part.
    """
    if not is_intact:
        return "what it covers was altered"
    if one.coverage is None or one.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return "it does not cover every byte before it"
    problem = padding_problem(one, content)
    return f"something is hidden in its room in the file: {problem}" if problem else ""


def _authority(signed: cms.SignedData, trust: Trust, proven: "Proven") -> Standing:
    if not trust.time_authorities:
        return Standing("could_not_be_checked", "no time-stamp authority is pinned")
    certificates = extract_certs_for_validation(signed)
    return standing(
        x509.load_der_x509_certificate(certificates.signer_cert.dump()),
        Trust(roots=trust.time_authorities, crls=trust.crls, issuers=trust.roots),
        proven.at,
        [x509.load_der_x509_certificate(two.dump()) for two in certificates.other_certs],
        is_past=proven.is_past,
        is_clock=True,
    )


def covered_until(end: int, stamps: tuple[Stamp, ...], at: datetime) -> Proven:
    """Return the moment until which document time stamps prove that a signature was there.

    Args:
        end: Where the signature's revision ends.
        stamps: The document time stamps.
        at: The present moment, where none does.
    """
    proving = [one.at for one in stamps if one.end > end and one.proves]
    return Proven(min(proving), is_past=True) if proving else Proven(at, is_past=False)


def with_embedded_lists(trust: Trust, document: SignedDocument) -> Trust:
    """Return the trust with the revocation lists that the document carries (B-LTA).

    A list counts by the signature of its authority, wherever it lies.
    """
    if not document.time_stamps:
        return trust
    try:
        store = DocumentSecurityStore.read_dss(document.time_stamps[0].reader)
        lists = [bytes(one.get_object().data) for one in store.crls]
    except NoDSSFoundError:
        return trust
    return replace(trust, crls=(*trust.crls, *filter(_is_list, lists)))


def _is_list(content: bytes) -> bool:
    try:
        list(x509.load_der_x509_crl(content))  # an entry is read where it is asked for
    except ValueError:
        return False
    return True
