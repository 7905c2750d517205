"""Whether a certificate may sign at a moment: trusted, valid, not revoked, fit for signatures."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from validation.attest.trust import Trust

Word = Literal[
    "valid", "expired", "not_yet_valid", "revoked", "untrusted", "unfit", "could_not_be_checked"
]
"""What a certificate is."""


class Standing(NamedTuple):
    """What a certificate is at a moment, and why."""

    word: Word
    reason: str
    """One clause; empty where it is valid."""


def standing(
    certificate: x509.Certificate,
    trust: Trust,
    at: datetime,
    others: Iterable[x509.Certificate] = (),
    *,
    is_past: bool = False,
    is_clock: bool = False,
) -> Standing:
    """Return what a certificate is, by the pinned roots and lists alone (RFC 5280, 6).

    That it is revoked is said before that it is expired. Without a root, or without a list that
    counts at the moment, whether it may sign could not be checked, which is never "valid".

    Args:
        certificate: Certificate of a person or of a time-stamp authority.
        trust: What is pinned.
        at: The moment, UTC.
        others: Certificates of authorities between it and a root.
        is_past: Whether the moment is past and proven, so that a list that was issued later
            tells of it, too.
        is_clock: Whether it has to be fit for time stamps, and not for signatures.
    """
    if not trust.roots:
        return Standing("could_not_be_checked", "no root certificate is pinned")
    if revoked := _revoked(certificate, trust, at):
        return revoked
    from pyhanko_certvalidator import CertificateValidator, ValidationContext, errors

    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(one) for one in trust.roots],
        crls=list(trust.crls),
        moment=at,
        allow_fetching=False,
        # "hard-fail" would leave a certificate without a distribution point unchecked.
        revocation_mode="require",
        retroactive_revinfo=is_past,
    )
    validator = CertificateValidator(
        _as_asn1(certificate), [_as_asn1(one) for one in others], context
    )
    words: dict[type[Exception], Word] = {
        errors.ExpiredError: "expired",
        errors.NotYetValidError: "not_yet_valid",
        errors.RevokedError: "revoked",
        errors.InsufficientRevinfoError: "could_not_be_checked",
        errors.InvalidCertificateError: _unfit_or_untrusted(certificate, trust),
    }
    usage = ((), ("time_stamping",)) if is_clock else (("non_repudiation",), ())
    try:
        # The library says of none of its functions what they return.
        asyncio.run(validator.async_validate_usage(*map(set, usage)))  # type: ignore[no-untyped-call]
    except ValueError as error:  # a name or another part that the library cannot read
        return Standing("unfit", _clause(error))
    except (errors.PathError, errors.ValidationError) as error:
        known = (word for kind, word in words.items() if isinstance(error, kind))
        return Standing(next(known, "untrusted"), _clause(error))
    return _outside(certificate, at) or Standing("valid", "")


def _outside(certificate: x509.Certificate, at: datetime) -> Standing | None:
    """Judge the time of validity, which the library does not where the certificate is pinned."""
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < first:
        return Standing("not_yet_valid", f"it is valid from {first:%Y-%m-%d %H:%M:%S} UTC on")
    if at > last:
        return Standing("expired", f"it was valid until {last:%Y-%m-%d %H:%M:%S} UTC")
    return None


def _clause(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text[:1].lower() + text[1:]


def _unfit_or_untrusted(certificate: x509.Certificate, trust: Trust) -> Word:
    return "untrusted" if issuer_of(certificate, trust.roots) is None else "unfit"


def issuer_of(
    certificate: x509.Certificate | x509.CertificateRevocationList, roots: Iterable[bytes]
) -> x509.Certificate | None:
    """Return the root whose key signed a certificate or a list; None: none of them."""
    from validation.attest.persons import long_names

    with long_names():
        for root in map(x509.load_der_x509_certificate, roots):
            if certificate.issuer == root.subject and _signed_by(certificate, root):
                return root
    return None


def _signed_by(
    signed: x509.Certificate | x509.CertificateRevocationList, root: x509.Certificate
) -> bool:
    try:
        if isinstance(signed, x509.CertificateRevocationList):
            return signed.is_signature_valid(root.public_key())  # type: ignore[arg-type]
        signed.verify_directly_issued_by(root)
    except Exception:  # noqa: BLE001 - whatever is wrong with a signature, it does not hold
        return False
    return True


def _revoked(certificate: x509.Certificate, trust: Trust, at: datetime) -> Standing | None:
    issuer = issuer_of(certificate, (*trust.roots, *trust.issuers))
    if issuer is None:
        return None
    for crl in map(x509.load_der_x509_crl, trust.crls):
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is None or entry.revocation_date_utc > at or not _signed_by(crl, issuer):
            continue
        when = entry.revocation_date_utc.strftime("%Y-%m-%d %H:%M:%S UTC")
        return Standing("revoked", f"since {when}")
    return None


def _as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
