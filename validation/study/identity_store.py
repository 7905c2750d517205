"""The folder ``identities`` of a study: its authority, its certificates, what is pinned."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from validation import workspace
from validation.attest.certificates import fingerprint, serial_text
from validation.attest.persons import Person, person_of
from validation.attest.trust import Trust
from validation.attest.trust_files import ROOT_NAME, der_parts, load_trust
from validation.errors import IdentityError, Problem, ToolError

FOLDER_NAME = "identities"


class Issued(NamedTuple):
    """A certificate of a person, and the file that it lies in."""

    certificate: x509.Certificate
    person: Person
    path: Path

    @property
    def serial(self) -> str:
        """Serial number in hexadecimal digits."""
        return serial_text(self.certificate.serial_number)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate."""
        return fingerprint(self.certificate)


class IdentityStore:
    """Paths of a study's identities, and what lies there."""

    def __init__(self, study: Path) -> None:
        self.study = study
        self.folder = study / FOLDER_NAME
        self.authority_key = self.folder / "authority.p12"
        self.certificates = self.folder / "certificates"
        self.trust_folder = self.folder / "trust"
        self.root = self.trust_folder / ROOT_NAME
        self.crl = self.trust_folder / "authority.crl"
        self.old_crls = self.folder / "revocation-lists"

    def require(self) -> None:
        """Refuse a study that has no identities.

        Raises:
            IdentityError: It has none.
        """
        if not self.folder.is_dir():
            raise IdentityError(
                "the study has no identities",
                where=str(self.folder),
                fix="make a test authority by `segval identity authority`, or put the "
                "certificates of the company's own there",
            )

    def trust(self) -> Trust:
        """Return what is pinned; empty where nothing is.

        Raises:
            IdentityError: It cannot be read.
        """
        return load_trust(self.trust_folder)

    def issued(self) -> tuple[Issued, ...]:
        """Return the certificates of persons, by user id and beginning of validity.

        Raises:
            IdentityError: A file is no certificate of a person; all are named.
        """
        found: list[Issued] = []
        problems: list[Problem] = []
        for path in sorted(self.certificates.glob("*.pem")):
            try:
                found.append(read_certificate(path))
            except ToolError as error:
                problems.append(Problem(str(path), error.what))
        if problems:
            raise IdentityError(
                "certificates cannot be read", where=str(self.certificates), problems=problems
            )
        return tuple(
            sorted(found, key=lambda one: (one.person.user, one.certificate.not_valid_before_utc))
        )

    def path_of(self, certificate: x509.Certificate) -> Path:
        """Return where the certificate of a person belongs."""
        serial = serial_text(certificate.serial_number)
        return self.certificates / f"{person_of(certificate).user}-{serial}.pem"

    def revocation_list(self) -> x509.CertificateRevocationList:
        """Return the list of the study's own authority.

        Raises:
            IdentityError: It cannot be read.
        """
        content = workspace.read(self.crl, "the revocation list")
        try:
            return x509.load_der_x509_crl(der_parts(content)[0])
        except (ValueError, IndexError) as error:
            raise IdentityError(
                "the revocation list cannot be read", where=str(self.crl)
            ) from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the authority for this process: no two issue or revoke at once.

        Raises:
            IdentityError: The study has no authority of its own.
        """
        if not self.authority_key.is_file():
            raise IdentityError(
                "the study has no authority of its own that could do this",
                where=str(self.authority_key),
                fix="make a test authority by `segval identity authority`, or turn to the "
                "company's own",
            )
        import os

        descriptor = workspace.open_to_append(self.authority_key)
        try:
            workspace.hold(descriptor, wait=True)
            yield
        finally:
            os.close(descriptor)


def pinned_trust(study: Path, folder: Path | None = None) -> Trust:
    """Return the pinned trust: that of a named folder, else the study's own.

    Raises:
        IdentityError: It cannot be read.
    """
    return load_trust(folder) if folder else IdentityStore(study).trust()


def read_certificate(path: Path) -> Issued:
    """Return the certificate of a person in a PEM or DER file; the first, where it holds several.

    Raises:
        ToolError: It cannot be read, is no certificate, or names no person.
    """
    content = workspace.read(path, "the certificate")
    try:
        certificate = x509.load_der_x509_certificate(der_parts(content)[0])
        person = person_of(certificate)
    except (ValueError, IndexError) as error:
        raise IdentityError(f"it is no certificate: {error}", where=str(path)) from error
    if not person.user or not person.name:
        raise IdentityError(
            "the certificate names no user id (UID) or no printed name (CN)", where=str(path)
        )
    return Issued(certificate, person, path)


def as_pem(part: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    """Return a certificate or a request as PEM."""
    return part.public_bytes(Encoding.PEM)
