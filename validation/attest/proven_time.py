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
from pyhanko.sign.validation.status import PdfSignatureStatus

from validation.attest.quiet_library import quiet_library
from validation.attest.signatures import time_context
from validation.attest.signed_pdf import FoundSignature, SignedDocument, end_of
from validation.attest.standing import Standing, standing
from validation.attest.trust import Trust


class Stamp(NamedTuple):
    """A time stamp, validated."""

    end: int
    """Number of bytes of the file that are before its end."""
    at: datetime
    """When, as it says."""
    is_whole: bool
    """Whether what it covers is what was stamped."""
    authority: Standing
    """What the certificate of its authority is, when the stamp is judged."""

    @property
    def proves(self) -> bool:
        """Whether it proves that what it covers was there at its time."""
        return self.is_whole and self.authority.word == "valid"


class Proven(NamedTuple):
    """The moment at which a certificate is judged."""

    at: datetime
    is_past: bool
    """Whether a time stamp proves it; else it is the present."""


def stamps_of(document: SignedDocument, trust: Trust, at: datetime) -> tuple[Stamp, ...]:
    """Return the document time stamps, the newest first, each judged when the next proves it.

    Args:
        document: The signatures of a document.
        trust: Pins the time-stamp authorities.
        at: The present moment.
    """
    moment, found = at, list[Stamp]()
    for one in sorted(document.time_stamps, key=end_of, reverse=True):
        with quiet_library():
            status = validate_pdf_timestamp(one, time_context(trust, moment))
        authority = _authority(one.signed_data, trust, Proven(moment, is_past=moment < at))
        stamp = Stamp(end_of(one), status.timestamp, status.intact and status.valid, authority)
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
    return Stamp(one.end, stamp.timestamp, stamp.intact and stamp.valid, authority)


def _authority(signed: cms.SignedData, trust: Trust, proven: "Proven") -> Standing:
    if not trust.time_authorities:
        return Standing("could_not_be_checked", "no time-stamp authority is pinned")
    certificates = extract_certs_for_validation(signed)
    return standing(
        x509.load_der_x509_certificate(certificates.signer_cert.dump()),
        Trust(roots=trust.time_authorities, crls=trust.crls),
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
    except NoDSSFoundError:
        return trust
    lists = (bytes(one.get_object().data) for one in store.crls)
    return replace(trust, crls=(*trust.crls, *filter(_is_list, lists)))


def _is_list(content: bytes) -> bool:
    try:
        x509.load_der_x509_crl(content)
    except ValueError:
        return False
    return True
