"""Who a certificate names: user id, printed name, organisation."""

import re
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from validation.errors import IdentityError, Problem
from validation.record import one_line

LONGEST_NAME = 64
"""Characters in a printed name and an organisation (RFC 5280, ub-common-name)."""
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


class Person(NamedTuple):
    """A person as a certificate names them."""

    user: str
    """User id, e.g. ``jdoe``; UID of the subject, empty where the certificate has none."""
    name: str
    """Printed name; CN of the subject."""
    organisation: str = ""
    """Empty where the certificate names none."""


def person_problems(person: Person) -> tuple[str, ...]:
    """Return what is wrong with the names of a person; empty if they can be used."""
    problems = []
    if not _USER.fullmatch(person.user):
        problems.append(
            f"user id {person.user!r} is not 1 to 64 letters (A-Z), digits, '.', '_', '-', "
            "a letter or digit first"
        )
    problems += _text_problems("the printed name", person.name)
    if person.organisation:
        problems += _text_problems("the organisation", person.organisation)
    return tuple(problems)


def require_names(person: Person) -> None:
    """Refuse names of a person that a certificate cannot hold.

    Raises:
        IdentityError: They cannot be used; all problems at once.
    """
    if problems := person_problems(person):
        raise IdentityError(
            "the identity cannot be named so", problems=[Problem("", one) for one in problems]
        )


def _text_problems(what: str, text: str) -> Iterator[str]:
    if not text.strip():
        yield f"{what} is empty"
    elif text != " ".join(text.split()):
        yield f"{what} begins or ends with a blank, or has several in a row"
    if len(text) > LONGEST_NAME:
        yield f"{what} has {len(text)} characters; a certificate holds {LONGEST_NAME}"
    if text != unicodedata.normalize("NFC", text):
        yield f"{what} is not in Unicode's composed form (NFC)"
    if any(unicodedata.bidirectional(one) in _BIDI for one in text):
        yield f"{what} holds characters that turn the direction of writing"
    if _mixes_directions(text):
        yield f"{what} mixes two directions of writing, which no certificate can hold (RFC 4518)"
    try:
        one_line(text)
    except ValueError as error:
        yield f"{what} {error}"


def _mixes_directions(text: str) -> bool:
    """Tell whether names of certificates that hold the text could not be compared."""
    name = asn1_x509.Name.build({"common_name": text})
    try:
        return not name.hashable
    except ValueError:
        return True


def subject_name(person: Person) -> x509.Name:
    """Return a person as the subject of a certificate.

    Raises:
        ValueError: Names cannot be used; see `person_problems`.
    """
    if problems := person_problems(person):
        raise ValueError("; ".join(problems))
    parts = [(NameOID.ORGANIZATION_NAME, person.organisation)] if person.organisation else []
    parts += [(NameOID.COMMON_NAME, person.name), (NameOID.USER_ID, person.user)]
    return name_of(parts)


def name_of(parts: list[tuple[ObjectIdentifier, str]]) -> x509.Name:
    """Return a distinguished name of the parts, in their order."""
    with long_names():
        # cryptography counts a name's bytes where RFC 5280 bounds its characters, which
        # would refuse a Cyrillic name of 33 letters; the characters are counted above.
        return x509.Name([x509.NameAttribute(oid, text, _validate=False) for oid, text in parts])


@contextmanager
def long_names() -> Iterator[None]:
    """Read and write names of up to 64 characters of any script without a warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Attribute's length must be")
        yield


def person_of(named: x509.Certificate | x509.CertificateSigningRequest) -> Person:
    """Return whom a certificate or a request names; what it does not name is empty.

    Raises:
        ValueError: The subject cannot be read, or names two users or two names.
    """
    with long_names():
        subject = named.subject
        return Person(
            user=_only(subject, NameOID.USER_ID, "user ids"),
            name=_only(subject, NameOID.COMMON_NAME, "names"),
            organisation=_only(subject, NameOID.ORGANIZATION_NAME, "organisations"),
        )


def _only(subject: x509.Name, oid: ObjectIdentifier, what: str) -> str:
    found = subject.get_attributes_for_oid(oid)
    if len(found) > 1:
        raise ValueError(f"the subject holds {len(found)} {what}")
    return str(found[0].value) if found else ""
