"""Keys on a token: a smart card, a USB token or an HSM, through PKCS#11.

The key never leaves the token, and the token itself locks after some wrong PINs. Which key signs
is found by itself where the token holds one key with its certificate, by a label otherwise.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography import x509

from validation.errors import KeyFileError, WrongPassword

if TYPE_CHECKING:
    from pkcs11 import Session
    from pyhanko.sign.pkcs11 import PKCS11Signer


class OpenToken(NamedTuple):
    """A token on which a key is ready to sign."""

    signer: "PKCS11Signer"
    """What pyHanko signs with, while the token is open."""
    certificate: x509.Certificate
    """Certificate of the key."""


class _Certified(NamedTuple):
    label: str
    id: bytes
    certificate: x509.Certificate


@contextmanager
def open_token(
    library: Path, *, token: str, pin: str, label: str | None = None
) -> Iterator[OpenToken]:
    """Open a token for as long as the block lasts.

    Args:
        library: PKCS#11 library of the token's maker, e.g. ``/usr/lib/libykcs11.so``.
        token: Label of the token.
        pin: Its PIN.
        label: Label of the key's certificate; None where the token holds only one.

    Raises:
        WrongPassword: The PIN is wrong.
        KeyFileError: The library, the token, the key or its certificate is not there, or the
            PIN is locked.
    """
    _require_support(library)
    import pkcs11
    from pyhanko.config.pkcs11 import TokenCriteria
    from pyhanko.sign.pkcs11 import open_pkcs11_session

    where = f"token {token}"
    with _told(where):
        criteria = TokenCriteria(label=token)
        _require_token(pkcs11.lib(str(library)), token, library)
        session = open_pkcs11_session(str(library), token_criteria=criteria, user_pin=pin)
    try:
        with _told(where):
            opened = _key_on(session, label, where)
        yield opened
    finally:
        session.close()


def _require_support(library: Path) -> None:
    try:
        import pkcs11  # noqa: F401 - whether it is there
    except ImportError:
        raise KeyFileError(
            "tokens need python-pkcs11, which is not installed",
            fix="pip install 'segval[token]'",
        ) from None
    if not library.is_file():
        raise KeyFileError("the token's library is not there", where=str(library))


def _require_token(library: Any, token: str, where: Path) -> None:  # noqa: ANN401 - compiled type
    found = [slot.get_token().label for slot in library.get_slots(token_present=True)]
    if token not in found:
        raise KeyFileError(
            f"there is no token {token!r}",
            where=str(where),
            fix=f"put it in; there is: {', '.join(map(repr, sorted(found))) or 'none'}",
        )
    if found.count(token) > 1:
        raise KeyFileError(
            f"{found.count(token)} tokens are named {token!r}", where=str(where), fix="remove one"
        )


def _key_on(session: "Session", label: str | None, where: str) -> OpenToken:
    from asn1crypto import x509 as asn1_x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko.sign.pkcs11 import PKCS11Signer

    chosen = _chosen(_certified_keys(session), label, where)
    signer = PKCS11Signer(
        session,
        signing_cert=asn1_x509.Certificate.load(chosen.certificate.public_bytes(Encoding.DER)),
        key_id=chosen.id,
        # Tokens hash for themselves in few ways; the digest is made here and signed there.
        use_raw_mechanism=True,
    )
    return OpenToken(signer, chosen.certificate)


def _certified_keys(session: "Session") -> list[_Certified]:
    """Return the certificates on a token that have a private key there, by their id."""
    from pkcs11 import Attribute, ObjectClass

    keys = {one[Attribute.ID] for one in _objects(session, ObjectClass.PRIVATE_KEY)}
    return [
        _Certified(
            one[Attribute.LABEL],
            one[Attribute.ID],
            x509.load_der_x509_certificate(one[Attribute.VALUE]),
        )
        for one in _objects(session, ObjectClass.CERTIFICATE)
        if one[Attribute.ID] in keys
    ]


def _objects(session: "Session", kind: Any) -> list[Any]:  # noqa: ANN401 - compiled types
    from pkcs11 import Attribute

    # All of them at once: a search that is left half-way keeps the session busy.
    return list(session.get_objects({Attribute.CLASS: kind}))


def _chosen(found: list[_Certified], label: str | None, where: str) -> _Certified:
    named = [one for one in found if label is None or one.label == label]
    if len(named) == 1:
        return named[0]
    labels = ", ".join(sorted(repr(one.label) for one in found)) or "none"
    if not named:
        what = f"labelled {label!r} " if label is not None else ""
        raise KeyFileError(
            f"the token holds no key {what}with its certificate",
            where=where,
            fix=f"key and certificate need the same id (CKA_ID); certified keys: {labels}",
        )
    raise KeyFileError(
        f"the token holds {len(named)} keys with certificates",
        where=where,
        fix=f"name one by its label: {labels}",
    )


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Turn what a token objects to into sentences."""
    import pkcs11

    try:
        yield
    except pkcs11.PKCS11Error as error:
        raise _refusal(error, where) from None
    except (OSError, ValueError) as error:
        raise KeyFileError(f"the token cannot be read: {error}", where=where) from error


def _refusal(error: Exception, where: str) -> KeyFileError | WrongPassword:
    """Return what a token's objection means."""
    from pkcs11 import exceptions

    if isinstance(error, exceptions.PinIncorrect | exceptions.PinInvalid | exceptions.PinLenRange):
        return WrongPassword("the PIN does not open the token", where=where)
    if isinstance(error, exceptions.PinLocked):
        return KeyFileError(
            "the PIN is locked after too many wrong ones",
            where=where,
            fix="unlock the token with its PUK, or turn to who administers it",
        )
    said = {
        exceptions.PinExpired: "its PIN has expired and has to be changed",
        exceptions.UserPinNotInitialized: "its PIN was not set yet",
        exceptions.TokenNotPresent: "it was removed",
        exceptions.DeviceRemoved: "it was removed",
        exceptions.TokenNotRecognised: "the library does not know its kind",
    }
    what = next((text for kind, text in said.items() if isinstance(error, kind)), "")
    name = " ".join([type(error).__name__, *map(str, error.args)])
    return KeyFileError(f"the token cannot be used: {what or name}", where=where)
