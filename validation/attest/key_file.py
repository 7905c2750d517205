"""Key files: a person's private key and certificate in a PKCS#12 that a password opens.

A key file is written with PBES2 (PBKDF2 over HMAC-SHA-256, 600,000 rounds, AES-256) and with a
MAC of as many rounds. The usual 2,048 rounds of the MAC would let a stolen file's password be
guessed some 300 times faster than the encryption does, since a guess can be held against either.
"""

import hashlib
import hmac
import secrets
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asn1crypto import algos, keys, pkcs12
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12 as pkcs12_files

from validation.attest.certificates import PrivateKey
from validation.errors import KeyFileError, WrongPassword

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner

ROUNDS: Final = 600_000
"""Rounds of key derivation; a quarter of a second for whoever has the password."""
_MOST_ROUNDS: Final = 20_000_000
_MOST_BYTES: Final = 1 << 20
_SHROUDED, _PLAIN = "pkcs8_shrouded_key_bag", "key_bag"
_SHA256_BLOCK = 64


@dataclass(frozen=True)
class OpenKey:
    """What a key file holds, opened."""

    key: PrivateKey
    certificate: x509.Certificate | None
    """None until a certificate is issued and installed."""
    others: tuple[x509.Certificate, ...] = ()
    """Certificates of authorities that are kept beside it."""


def sealed(opened: OpenKey, password: str, *, label: str) -> bytes:
    """Return a key, with its certificate where it has one, as a PKCS#12.

    Args:
        opened: What the file is to hold.
        password: What opens it; not empty.
        label: Friendly name of the key, e.g. the user id.
    """
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(ROUNDS)
        .key_cert_algorithm(pkcs12_files.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(password.encode())
    )
    content = pkcs12_files.serialize_key_and_certificates(
        label.encode(), opened.key, opened.certificate, opened.others or None, encryption
    )
    return _with_slow_mac(content, password)


def _with_slow_mac(content: bytes, password: str) -> bytes:
    """Return a PKCS#12 with a MAC of `ROUNDS` rounds in place of its own (RFC 7292, 4)."""
    file = pkcs12.Pfx.load(content, strict=True)
    salt = secrets.token_bytes(16)
    key = _mac_key(password, salt, ROUNDS)
    mac = hmac.digest(key, file["auth_safe"]["content"].native, "sha256")
    file["mac_data"] = pkcs12.MacData(
        {
            "mac": algos.DigestInfo({"digest_algorithm": {"algorithm": "sha256"}, "digest": mac}),
            "mac_salt": salt,
            "iterations": ROUNDS,
        }
    )
    return bytes(file.dump())


def _mac_key(password: str, salt: bytes, rounds: int) -> bytes:
    """Return the key of a MAC: RFC 7292, appendix B.2, for one block of SHA-256."""
    text = password.encode("utf-16-be") + b"\0\0"
    block = b"\3" * _SHA256_BLOCK + _filled(salt) + _filled(text)
    for _ in range(rounds):
        block = hashlib.sha256(block).digest()
    return block


def _filled(part: bytes) -> bytes:
    """Return `part` repeated to a multiple of a block of the hash."""
    length = -(-len(part) // _SHA256_BLOCK) * _SHA256_BLOCK
    return (part * (length // len(part) + 1))[:length]


def open_key(content: bytes, password: str, *, where: str = "") -> OpenKey:
    """Return what a key file holds.

    A file whose structure can be read but that the password does not open is a wrong password.
    So is one that was altered where its key is encrypted, which nobody can tell from it; where
    the password still opens the key, the alteration is named.

    Args:
        content: Bytes of the file.
        password: The password.
        where: Path of the file, for the message.

    Raises:
        WrongPassword: The password does not open it.
        KeyFileError: It is no PKCS#12, was altered, holds no key that can sign, or holds its
            key unprotected.
    """
    bags = tuple(_key_bags(content, where))
    _require_protected_key(bags, where)
    try:
        with warnings.catch_warnings():
            # Bytes that follow the file would make cryptography read it less strictly; they
            # are refused above, and so is all else that the warning could be about.
            warnings.simplefilter("ignore")
            found = pkcs12_files.load_pkcs12(content, password.encode())
    except UnsupportedAlgorithm as error:
        raise KeyFileError(f"the key file cannot be opened: {error}", where=where) from error
    except ValueError as error:
        raise _refusal(error, bags, password, where) from None
    if not isinstance(found.key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise KeyFileError("the key is neither ECDSA nor RSA", where=where)
    certificate = found.cert.certificate if found.cert else None
    if certificate is not None and certificate.public_key() != found.key.public_key():
        raise KeyFileError("its certificate belongs to another key", where=where)
    return OpenKey(found.key, certificate, tuple(one.certificate for one in found.additional_certs))


def _refusal(
    error: ValueError, bags: tuple[Any, ...], password: str, where: str
) -> KeyFileError | WrongPassword:
    """Tell a wrong password from a file that was altered."""
    if "password" not in str(error):
        return KeyFileError(f"the key file cannot be read: {error}", where=where)
    for bag in bags:
        try:
            serialization.load_der_private_key(bag["bag_value"].untag().dump(), password.encode())
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        return KeyFileError(
            "the key file was altered: the password opens its key, and its MAC does not hold",
            where=where,
            fix="bring back a copy of it",
        )
    return WrongPassword("the password does not open the key file", where=where)


def _require_protected_key(bags: tuple[Any, ...], where: str) -> None:
    if not bags:
        raise KeyFileError("the key file holds no private key", where=where)
    if any(bag["bag_id"].native == _PLAIN for bag in bags):
        raise KeyFileError(
            "the key file holds its key unencrypted: whoever has the file can sign with it",
            where=where,
            fix="have a new key and certificate, and revoke this one",
        )


def _key_bags(content: bytes, where: str) -> Iterator[Any]:
    """Yield the parts of a PKCS#12 that hold keys, without any password.

    Raises:
        KeyFileError: It is no PKCS#12, or opening it would take for ever.
    """
    if not content:
        raise KeyFileError("the key file is empty", where=where)
    if content.lstrip().startswith(b"-----BEGIN"):
        raise KeyFileError(
            "the key file is PEM, not PKCS#12",
            where=where,
            fix="openssl pkcs12 -export -inkey KEY.pem -in CERTIFICATE.pem -out KEY.p12",
        )
    if len(content) > _MOST_BYTES:
        raise KeyFileError("the key file is larger than 1 MiB", where=where)
    try:
        file = pkcs12.Pfx.load(content, strict=True)
        _require_rounds(file["mac_data"].native, where)
        for safe in file.authenticated_safe:
            _require_rounds(safe["content"].native, where)
            if safe["content_type"].native == "data":
                yield from _keys_among(pkcs12.SafeContents.load(safe["content"].native), where)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise KeyFileError("the key file is no PKCS#12, or is damaged", where=where) from error


def _keys_among(bags: Any, where: str) -> Iterator[Any]:  # noqa: ANN401 - asn1crypto is untyped
    for bag in bags:
        if bag["bag_id"].native in {_PLAIN, _SHROUDED}:
            if bag["bag_id"].native == _SHROUDED:
                _require_rounds(bag["bag_value"]["encryption_algorithm"].native, where)
            yield bag


def _require_rounds(value: Any, where: str) -> None:  # noqa: ANN401 - any ASN.1 value
    """Refuse a number of rounds that would keep this machine busy for hours."""
    if not isinstance(value, Mapping):
        return
    for name, one in value.items():
        if (
            name in {"iterations", "iteration_count"}
            and isinstance(one, int)
            and one > _MOST_ROUNDS
        ):
            raise KeyFileError(f"the key file asks for {one} rounds of derivation", where=where)
        _require_rounds(one, where)


def signer_of(opened: OpenKey, *, where: str = "") -> "SimpleSigner":
    """Return what pyHanko signs with.

    Args:
        opened: What the key file holds.
        where: Path of the key file, for the message.

    Raises:
        KeyFileError: It holds no certificate yet.
    """
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    if opened.certificate is None:
        raise KeyFileError(
            "the key file holds no certificate yet",
            where=where,
            fix="`segval identity install CERTIFICATE --key FILE`",
        )
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # the library's omission
    store.register_multiple(_as_asn1(one) for one in opened.others)
    key = opened.key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SimpleSigner(
        signing_cert=_as_asn1(opened.certificate),
        signing_key=keys.PrivateKeyInfo.load(key),
        cert_registry=store,
    )


def _as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
