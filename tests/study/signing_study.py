"""A tiny study in which documents are signed: an authority, three persons, a protocol document."""

import io
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.study.tiny_study import Study
from validation import clock
from validation.attest import certificates
from validation.attest.audit_file import load, trail_path
from validation.attest.audit_trail import Event
from validation.attest.certificates import Validity
from validation.attest.key_file import OpenKey, sealed, signer_of
from validation.attest.persons import Person
from validation.attest.verification import Check, Verification
from validation.study import authority as authorities
from validation.study import issuing, revoking
from validation.study.authority import Authority
from validation.study.identity_store import IdentityStore
from validation.study.presenting import Presented, present
from validation.study.protocol_document import write_protocol_document
from validation.study.signing import SignedFile, sign_presented
from validation.study.verifying import verify

PASSWORDS = {"ada": "Ada's own password", "bo": "Bo's own password", "cy": "Cy's own password"}
NAMES = {"ada": "Ada Author", "bo": "Bo Boss", "cy": "Cy Third"}


class Keys(NamedTuple):
    """Opened keys of persons and of the authority."""

    authority: Authority
    persons: dict[str, OpenKey]


class SigningStudy:
    """A study to sign in, and short ways to do it without asking for a password."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self.folder = folder
        self.keys = keys
        self.document = folder / "VP.pdf"

    @property
    def events(self) -> tuple[Event, ...]:
        return load(trail_path(self.folder)).events

    @property
    def actions(self) -> list[str]:
        return [one.action for one in self.events]

    def signer(self, user: str) -> Any:
        return signer_of(self.keys.persons[user])

    def key_file(self, user: str) -> Path:
        return self.folder.parent / f"{user}.p12"

    def signed(self, number: int, name: str = "VP") -> Path:
        return self.folder / "signed" / f"{name}-{number}-{('author', 'approver')[number - 1]}.pdf"

    def present(self, path: Path | None = None, role: str = "author", **given: Any) -> Presented:
        trust = given.pop("trust", None) or IdentityStore(self.folder).trust()
        study = given.pop("study", self.folder)
        return present(path or self.document, role, study=study, trust=trust, **given)

    def sign(self, user: str, role: str, path: Path | None = None, **given: Any) -> SignedFile:
        again = given.pop("again", "")
        presented = self.present(path, role, again=again)
        return sign_presented(presented, self.signer(user), key=f"key of {user}", **given)

    def author(self, **given: Any) -> SignedFile:
        return self.sign("ada", "author", **given)

    def approver(self, path: Path | None = None, **given: Any) -> SignedFile:
        return self.sign("bo", "approver", path or self.signed(1), **given)

    def verified(self, path: Path | None = None) -> Verification:
        return verify(path or self.folder, study=self.folder)

    def failed(self, path: Path | None = None) -> list[Check]:
        return [one for one in self.verified(path).checks if one.outcome != "held"]

    def with_clock(self) -> Any:
        """Pin a time-stamp authority and return it; it answers in this process."""
        from asn1crypto import keys, x509
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )
        from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
        from pyhanko_certvalidator.registry import SimpleCertificateStore

        key, authority = certificates.new_time_stamp_key(), self.keys.authority
        certificate = certificates.time_stamp_certificate(
            key.public_key(),
            name="Test clock",
            authority_key=authority.key,
            authority=authority.certificate,
            validity=Validity(clock.now() - timedelta(minutes=1), clock.now() + timedelta(days=9)),
        )
        (self.folder / "identities" / "trust" / "tsa.pem").write_bytes(
            certificate.public_bytes(Encoding.PEM)
        )
        private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return DummyTimeStamper(
            tsa_cert=x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
            tsa_key=keys.PrivateKeyInfo.load(private),
            certs_to_embed=SimpleCertificateStore(),
        )

    def revoke(self, user: str) -> None:
        revoking.revoke(
            self.folder, user, self.keys.authority,
            reason="key_compromise", note="stolen", at=clock.now(),
        )  # fmt: skip


def made(folder: Path) -> SigningStudy:
    """Return a study, made in a folder, with an authority, key files and a protocol document."""
    folder.mkdir()
    study = Study(folder, "instance").lock()
    made = with_identities(folder)
    write_protocol_document(study.path, out=folder / "VP.pdf")
    return made


def with_identities(folder: Path) -> SigningStudy:
    """Return a study to sign in, given an authority, and key files beside it."""
    now = clock.now() - timedelta(minutes=5)
    authorities.create_authority(
        folder, name="Test authority", organisation="", password="x" * 12, at=now, days=1000
    )
    authority = authorities.open_authority(folder, "x" * 12)
    persons = {user: _person(folder, authority, user, now) for user in PASSWORDS}
    for user, key in persons.items():
        content = sealed(key, PASSWORDS[user], label=user)
        (folder.parent / f"{user}.p12").write_bytes(content)
    return SigningStudy(folder, Keys(authority, persons))


def _person(folder: Path, authority: Authority, user: str, now: Any) -> OpenKey:
    key = certificates.new_key()
    request = certificates.certificate_request(key, Person(user, NAMES[user]))
    issued = issuing.issue(folder, request, authority, at=now, days=365)
    return OpenKey(key, issued.certificate)


def copy_of(base: SigningStudy, folder: Path) -> SigningStudy:
    """Return a copy of a study and of its key files, for one test to sign and tamper in."""
    shutil.copytree(base.folder.parent, folder, dirs_exist_ok=True)
    return SigningStudy(folder / base.folder.name, base.keys)


def signed_elsewhere(content: Any, signer: Any, **entries: Any) -> bytes:
    """Return a document as a viewer signs it: into a prepared field, with a reason, no more.

    Args:
        content: Bytes of the document, or a writer that has changed it already.
        signer: Of pyHanko.
        entries: Other metadata.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata, signers
    from pyhanko.sign.fields import SigSeedSubFilter

    values = {
        "field_name": "signature-1",
        "reason": "I wrote this",
        "subfilter": SigSeedSubFilter.PADES,
        "md_algorithm": "sha256",
        **entries,
    }
    out = signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(content)) if isinstance(content, bytes) else content,
        PdfSignatureMetadata(**values),
        signer=signer,
    )
    return bytes(out.getvalue())


def trail_lines(study: SigningStudy) -> list[bytes]:
    """Return the lines of a study's audit trail."""
    return trail_path(study.folder).read_bytes().splitlines(keepends=True)
