"""A person's own key file: made with a request, completed with a certificate.

The key is made here and stays in its file. The file is replaced only by one that was opened
again with the same password and holds the same key.
"""

from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from validation import workspace
from validation.attest import certificates
from validation.attest.key_file import OpenKey, open_key, sealed
from validation.attest.persons import Person, person_of
from validation.attest.trust_files import der_parts
from validation.errors import IdentityError
from validation.study.identity_store import as_pem


class Requested(NamedTuple):
    """A new key in its file, and the request for its certificate."""

    key: OpenKey
    request: x509.CertificateSigningRequest


def new_request(person: Person, key_file: Path, password: str) -> Requested:
    """Make a key, write its file and return it with a request for a certificate.

    Raises:
        IdentityError: The names cannot be used.
        RecordError: The file exists, or cannot be written.

    Side effects: writes the key file, which its owner alone may read.
    """
    key = certificates.new_key()
    request = certificates.certificate_request(key, person)
    opened = OpenKey(key, None)
    workspace.write_new(key_file, sealed(opened, password, label=person.user), secret=True)
    return Requested(opened, request)


def write_request(path: Path, request: x509.CertificateSigningRequest) -> None:
    """Write a request as PEM.

    Raises:
        RecordError: A file of that name exists, or it cannot be written.
    """
    workspace.write_new(path, as_pem(request))


def read_request(path: Path) -> x509.CertificateSigningRequest:
    """Return the request in a PEM or DER file.

    Raises:
        ToolError: It cannot be read, or is no request.
    """
    content = workspace.read(path, "the certificate request")
    try:
        return x509.load_der_x509_csr(der_parts(content)[0])
    except (ValueError, IndexError) as error:
        raise IdentityError("it is no certificate request (PKCS#10)", where=str(path)) from error


def read_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """Return every certificate in a PEM or DER file.

    Raises:
        ToolError: It cannot be read, or holds something else.
    """
    content = workspace.read(path, "the certificate")
    try:
        return tuple(map(x509.load_der_x509_certificate, der_parts(content)))
    except ValueError as error:
        raise IdentityError(f"it is no certificate: {error}", where=str(path)) from error


def install(key_file: Path, given: tuple[x509.Certificate, ...], password: str) -> OpenKey:
    """Put a person's certificate into their key file and return what it then holds.

    Args:
        key_file: The key file.
        given: The certificate, and those of its authorities, in any order.
        password: The password of the key file.

    Raises:
        WrongPassword: The password does not open the key file.
        IdentityError: None of the certificates belongs to the key, or it names no person.
        RecordError: The file cannot be written; it is then as it was.

    Side effects: writes the key file anew, whole.
    """
    path = key_file.resolve()  # a link is followed: what it names is written, not the link
    before = open_key(workspace.read(path, "the key file"), password, where=str(key_file))
    mine = [one for one in given if one.public_key() == before.key.public_key()]
    if not mine:
        raise IdentityError(
            "the certificate belongs to another key",
            where=str(key_file),
            fix="give the certificate that was issued from the request of this key",
        )
    person = person_of(mine[0])
    if not person.user or not person.name:
        raise IdentityError("the certificate names no user id (UID) or no printed name (CN)")
    after = OpenKey(before.key, mine[0], tuple(one for one in given if one != mine[0]))
    content = sealed(after, password, label=person.user)
    if open_key(content, password).key.private_numbers() != before.key.private_numbers():
        raise IdentityError("the new key file would not hold the key; the old one is kept")
    workspace.write_again(path, content, secret=True)
    return after
