"""Certificates of a test authority, of persons and of a time-stamp authority, and its CRL.

Pure functions over X.509 (RFC 5280). A private key never leaves its owner: a person's
certificate is issued from a request. Every moment is an argument.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from validation.attest.persons import (
    Person,
    long_names,
    name_of,
    person_of,
    person_problems,
    require_names,
    subject_name,
)
from validation.errors import IdentityError, Problem

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""What signs: ECDSA on P-256 or larger, or RSA of 3,072 bits or more."""

DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
"""Extended key usage of RFC 9336."""

_SMALLEST_RSA = 3072
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


class Validity(NamedTuple):
    """From when to when a certificate holds, both inclusive, UTC."""

    not_before: datetime
    not_after: datetime


Reason = Literal[
    "unspecified", "key_compromise", "affiliation_changed", "superseded", "cessation_of_operation"
]
"""Why a certificate is revoked, in the words of RFC 5280, 5.3.1."""


class Revocation(NamedTuple):
    """A certificate that is revoked."""

    serial: int
    at: datetime
    """From when; UTC."""
    reason: Reason = "unspecified"


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a new key on the curve P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def new_time_stamp_key() -> rsa.RSAPrivateKey:
    """Return a new RSA key of 3,072 bits, which every time-stamp software can use."""
    return rsa.generate_private_key(public_exponent=65537, key_size=_SMALLEST_RSA)


def authority_certificate(
    key: PrivateKey, *, name: str, validity: Validity, organisation: str = ""
) -> x509.Certificate:
    """Return the self-signed certificate of an authority: the root that verifiers pin.

    Args:
        key: Key of the authority.
        name: Name of the authority; CN of the subject.
        validity: From when to when it holds.
        organisation: O of the subject; empty: none.
    """
    parts = [(NameOID.ORGANIZATION_NAME, organisation)] if organisation else []
    subject = name_of([*parts, (NameOID.COMMON_NAME, name)])
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = (
        _builder(subject, subject, key.public_key(), validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return _signed(builder, key)


def certificate_request(key: PrivateKey, person: Person) -> x509.CertificateSigningRequest:
    """Return a person's request for a certificate (PKCS#10), signed by their own key.

    Raises:
        IdentityError: Names cannot be used; all problems at once.
    """
    require_names(person)
    with long_names():
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject_name(person))
        return builder.sign(key, hashes.SHA256())


def request_problems(request: x509.CertificateSigningRequest) -> tuple[str, ...]:
    """Return why no certificate may be issued from a request; empty if one may.

    The requester has to have the key (its own signature holds), the key has to be strong
    enough, and user id and printed name have to be there.
    """
    try:
        problems = list(person_problems(person_of(request)))
    except ValueError as error:
        problems = [str(error)]
    try:
        if not request.is_signature_valid:
            problems.append("its signature is not by the key that it names")
        problems += key_problems(request.public_key())
    except (ValueError, UnsupportedAlgorithm, InvalidSignature) as error:
        problems.append(f"its key or signature cannot be read: {error}")
    return tuple(problems)


def require_fit(request: x509.CertificateSigningRequest) -> None:
    """Refuse a request that no certificate may be issued from.

    Raises:
        IdentityError: It is not fit; all problems at once.
    """
    if problems := request_problems(request):
        raise IdentityError(
            "no certificate can be issued from this request",
            problems=[Problem("", one) for one in problems],
        )


def key_problems(key: CertificatePublicKeyTypes) -> tuple[str, ...]:
    """Return why a key is not fit for signatures that have to last; empty if it is."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size >= _SMALLEST_RSA:
            return ()
        return (f"its RSA key has {key.key_size} bits; {_SMALLEST_RSA} are the least",)
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name in _CURVES:
            return ()
        return (f"its key is on the curve {key.curve.name}, not P-256, P-384 or P-521",)
    return ("its key is neither ECDSA nor RSA, which many PDF readers cannot verify",)


def person_certificate(
    request: x509.CertificateSigningRequest,
    *,
    authority_key: PrivateKey,
    authority: x509.Certificate,
    validity: Validity,
) -> x509.Certificate:
    """Return a certificate for the person and the key of a request.

    Subject: UID = user id, CN = printed name, O = organisation. Key usage (critical):
    digitalSignature and nonRepudiation; extended key usage (not critical: readers object to
    one that they do not know): documentSigning and emailProtection.

    Args:
        request: The request; what else it asks for is left out.
        authority_key: Key of the authority.
        authority: Certificate of the authority.
        validity: From when to when it holds.

    Raises:
        IdentityError: The request is not fit; all problems at once.
    """
    require_fit(request)
    issuer_key = authority.public_key()
    with long_names():
        builder = (
            _builder(
                subject_name(person_of(request)), authority.subject, request.public_key(), validity
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]),
                critical=False,
            )
            .add_extension(_issued_by(issuer_key), critical=False)
        )
        return _signed(builder, authority_key)


def time_stamp_certificate(
    key: CertificatePublicKeyTypes,
    *,
    name: str,
    authority_key: PrivateKey,
    authority: x509.Certificate,
    validity: Validity,
) -> x509.Certificate:
    """Return the certificate of a time-stamp authority (RFC 3161, 2.3).

    Args:
        key: Public key of the time-stamp authority.
        name: Its name; CN of the subject.
        authority_key: Key of the authority that issues.
        authority: Certificate of the authority that issues.
        validity: From when to when it holds.
    """
    with long_names():
        builder = (
            _builder(name_of([(NameOID.COMMON_NAME, name)]), authority.subject, key, validity)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
            )
            .add_extension(_issued_by(authority.public_key()), critical=False)
        )
        return _signed(builder, authority_key)


def revocation_list(
    revocations: Iterable[Revocation],
    *,
    number: int,
    authority_key: PrivateKey,
    authority: x509.Certificate,
    this_update: datetime,
    next_update: datetime,
) -> x509.CertificateRevocationList:
    """Return a certificate revocation list (RFC 5280, 5).

    Args:
        revocations: Every certificate of the authority that is revoked.
        number: Its number, higher than that of the list before.
        authority_key: Key of the authority.
        authority: Certificate of the authority.
        this_update: When it is made.
        next_update: Until when it counts.
    """
    with long_names():
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(authority.subject)
            .last_update(this_update)
            .next_update(next_update)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(_issued_by(authority.public_key()), critical=False)
        )
        for one in sorted(revocations, key=lambda one: (one.at, one.serial)):
            builder = builder.add_revoked_certificate(_revoked(one))
        return builder.sign(authority_key, hashes.SHA256())


def revocations_of(crl: x509.CertificateRevocationList) -> tuple[Revocation, ...]:
    """Return what a list revokes; a reason that is none of `Reason` becomes ``unspecified``."""
    return tuple(
        Revocation(one.serial_number, one.revocation_date_utc, _reason(one)) for one in crl
    )


def _reason(entry: x509.RevokedCertificate) -> Reason:
    try:
        flag = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return "unspecified"
    return next((name for name, one in _FLAGS.items() if one is flag), "unspecified")


_FLAGS: Final[dict[Reason, x509.ReasonFlags]] = {
    "unspecified": x509.ReasonFlags.unspecified,
    "key_compromise": x509.ReasonFlags.key_compromise,
    "affiliation_changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessation_of_operation": x509.ReasonFlags.cessation_of_operation,
}


def _revoked(revocation: Revocation) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(revocation.serial)
        .revocation_date(revocation.at)
    )
    # RFC 5280, 5.3.1: "unspecified" is said by leaving the reason out.
    if revocation.reason != "unspecified":
        reason = x509.CRLReason(_FLAGS[revocation.reason])
        builder = builder.add_extension(reason, critical=False)
    return builder.build()


def serial_text(serial: int) -> str:
    """Return a serial number as hexadecimal digits, an even number of them.

    >>> serial_text(4660), serial_text(10)
    ('1234', '0a')
    """
    return serial.to_bytes(max(1, (serial.bit_length() + 7) // 8)).hex()


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate's DER as ``sha256:`` and 64 hexadecimal digits."""
    return f"sha256:{certificate.fingerprint(hashes.SHA256()).hex()}"


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, validity: Validity
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.not_before.astimezone(UTC))
        .not_valid_after(validity.not_after.astimezone(UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    with long_names():
        return builder.sign(key, hashes.SHA256())


def _issued_by(key: CertificatePublicKeyTypes) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)  # type: ignore[arg-type]


def _usage(**held: bool) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: held.get(name, False) for name in names})
