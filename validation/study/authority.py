"""A study's own test authority: its key file, its root certificate, its revocation list."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from validation import workspace
from validation.attest import certificates
from validation.attest.audit_trail import Subject
from validation.attest.certificates import PrivateKey, Revocation, Validity
from validation.attest.key_file import OpenKey, open_key, sealed
from validation.attest.persons import LONGEST_NAME
from validation.errors import IdentityError, WrongPassword
from validation.study.auditing import StudyTrail
from validation.study.identity_acts import AUTHORITY, act, moments
from validation.study.identity_store import IdentityStore, as_pem

LIST_DAYS = 365
"""For how long a revocation list of the test authority counts."""


class Authority(NamedTuple):
    """A test authority whose key is open."""

    key: PrivateKey
    certificate: x509.Certificate


def create_authority(
    study: Path, *, name: str, organisation: str, password: str, at: datetime, days: int
) -> x509.Certificate:
    """Make a test authority for a study and return its certificate.

    Args:
        study: Folder of the study.
        name: Name of the authority.
        organisation: Whose authority it is; empty: not named.
        password: What is to open its key file.
        at: When, UTC: from then on it holds.
        days: For how long.

    Raises:
        IdentityError: There are identities already, or a name cannot be used.
        RecordError: The folder cannot be written.

    Side effects: writes the folder ``identities``, whole or not at all, and the audit trail.
    """
    store = IdentityStore(study)
    require_room(store)
    for text in (name, organisation):
        if len(text) > LONGEST_NAME or not text.isprintable() or text != text.strip():
            raise IdentityError(
                f"{text!r} cannot name an authority",
                fix=f"give 1 to {LONGEST_NAME} printable characters",
            )
    trail, about = StudyTrail(study), Subject(kind="identity", id=AUTHORITY)
    with act(trail, about, "identity.authority") as told:
        key = certificates.new_key()
        validity = Validity(at, at + timedelta(days=days))
        root = certificates.authority_certificate(
            key, name=name, organisation=organisation, validity=validity
        )
        _write_authority(store, Authority(key, root), password, at)
        told.done("identity.authority_created", root, {"name": name, **moments(root)})
    return root


def require_room(store: IdentityStore) -> None:
    """Refuse a study that has identities.

    Raises:
        IdentityError: It has.
    """
    if store.folder.exists():
        raise IdentityError(
            "the study has identities already; they are never replaced", where=str(store.folder)
        )


def _write_authority(
    store: IdentityStore, authority: Authority, password: str, at: datetime
) -> None:
    staging = Path(mkdtemp(dir=store.study, prefix=".identities-"))
    inside = IdentityStore(staging)
    try:
        content = sealed(OpenKey(*authority), password, label=AUTHORITY)
        workspace.write_new(inside.authority_key, content, secret=True)
        workspace.write_new(inside.root, as_pem(authority.certificate))
        workspace.write_new(inside.crl, _list(authority, (), number=1, at=at, days=LIST_DAYS))
        workspace.finish(inside.folder, store.folder)
    finally:
        workspace.remove(staging)


def require_authority(study: Path) -> None:
    """Refuse a study without an authority of its own, before a password is asked.

    Raises:
        IdentityError: It has none.
    """
    with IdentityStore(study).held():
        pass


def open_authority(study: Path, password: str) -> Authority:
    """Return the study's test authority; a password that does not open it is an event.

    Raises:
        WrongPassword: The password does not open its key.
        KeyFileError: Its key file cannot be read.
        IdentityError: The study has none.
    """
    store = IdentityStore(study)
    with store.held():
        content = workspace.read(store.authority_key, "the authority's key file")
    trail, about = StudyTrail(study), Subject(kind="identity", id=AUTHORITY)
    try:
        opened = open_key(content, password, where=str(store.authority_key))
    except WrongPassword as error:
        trail.tell("identity.attempt_failed", about, reason=error.what)
        raise
    if opened.certificate is None:
        raise IdentityError(
            "the authority's key file holds no certificate", where=str(store.authority_key)
        )
    return Authority(opened.key, opened.certificate)


def renew_list(
    study: Path, authority: Authority, *, at: datetime, days: int
) -> x509.CertificateRevocationList:
    """Write the revocation list anew, with a higher number and a later end, and return it.

    Raises:
        RecordError: It cannot be written.

    Side effects: writes the list, keeps the one before, and writes the audit trail.
    """
    store, trail = IdentityStore(study), StudyTrail(study)
    about = Subject(kind="identity", id=AUTHORITY)
    with store.held(), act(trail, about, "identity.list") as told:
        number = write_list(store, authority, (), at=at, days=days)
        told.done("identity.list_renewed", authority.certificate, {"list": str(number)})
    return store.revocation_list()


def write_list(
    store: IdentityStore,
    authority: Authority,
    added: Iterable[Revocation],
    *,
    at: datetime,
    days: int,
) -> int:
    """Write the next list; the one before is kept first."""
    before = store.revocation_list()
    number = crl_number(before)
    kept = store.old_crls / f"{number:04}.crl"
    if not kept.exists():
        workspace.write_new(kept, store.crl.read_bytes())
    revocations = (*certificates.revocations_of(before), *added)
    content = _list(authority, revocations, number=number + 1, at=at, days=days)
    workspace.write_again(store.crl, content)
    return number + 1


def crl_number(crl: x509.CertificateRevocationList) -> int:
    """Return the number of a list; 0 where it has none."""
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return 0


def _list(
    authority: Authority,
    revocations: tuple[Revocation, ...],
    *,
    number: int,
    at: datetime,
    days: int,
) -> bytes:
    return certificates.revocation_list(
        revocations,
        number=number,
        authority_key=authority.key,
        authority=authority.certificate,
        this_update=at,
        next_update=at + timedelta(days=days),
    ).public_bytes(Encoding.PEM)
