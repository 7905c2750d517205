"""What a study's test authority does: it begins, issues, revokes and renews its list.

A user id is never given to a second person (21 CFR 11.100(a)), nor a key to a second user. Each
act is told to the audit trail before and after it, and an act whose event cannot be written is
not done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from validation import workspace
from validation.attest import certificates
from validation.attest.audit_file import load
from validation.attest.audit_trail import Subject
from validation.attest.certificates import PrivateKey, Reason, Revocation, Validity, serial_text
from validation.attest.key_file import OpenKey, open_key, sealed
from validation.attest.persons import LONGEST_NAME, Person, person_of
from validation.errors import IdentityError, WrongPassword
from validation.study.auditing import StudyTrail
from validation.study.identity_store import IdentityStore, Issued, as_pem

LIST_DAYS = 365
"""For how long a revocation list of the test authority counts."""
_AUTHORITY = "authority"


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
    trail, about = StudyTrail(study), Subject(kind="identity", id=_AUTHORITY)
    with _act(trail, about, "identity.authority") as told:
        key = certificates.new_key()
        validity = Validity(at, at + timedelta(days=days))
        root = certificates.authority_certificate(
            key, name=name, organisation=organisation, validity=validity
        )
        _write_authority(store, Authority(key, root), password, at)
        told.done("identity.authority_created", root, {"name": name, **_moments(root)})
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
        content = sealed(OpenKey(*authority), password, label=_AUTHORITY)
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
    trail, about = StudyTrail(study), Subject(kind="identity", id=_AUTHORITY)
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


def issue(
    study: Path,
    request: x509.CertificateSigningRequest,
    authority: Authority,
    *,
    at: datetime,
    days: int,
) -> Issued:
    """Issue a certificate to the person of a request and return it.

    Args:
        study: Folder of the study.
        request: The request.
        authority: The study's authority.
        at: When, UTC: from then on the certificate holds.
        days: For how long.

    Raises:
        IdentityError: The request is not fit, its user id is another person's, its key another
            user's, or the certificate would outlast the authority.
        RecordError: The certificate cannot be written.

    Side effects: writes the certificate to ``identities/certificates``, and the audit trail.
    """
    store, trail = IdentityStore(study), StudyTrail(study)
    certificates.require_fit(request)
    person = person_of(request)
    about = Subject(kind="identity", id=person.user)
    with store.held(), _act(trail, about, "identity.issue") as told:
        validity = Validity(at, at + timedelta(days=days))
        _require_within(validity, authority.certificate)
        require_new_or_same_person(store, person, request)
        certificate = certificates.person_certificate(
            request,
            authority_key=authority.key,
            authority=authority.certificate,
            validity=validity,
        )
        path = store.path_of(certificate)
        workspace.write_new(path, as_pem(certificate))
        told.done("identity.issued", certificate, {"name": person.name, **_moments(certificate)})
    return Issued(certificate, person, path)


def require_issuable(study: Path, request: x509.CertificateSigningRequest) -> None:
    """Refuse, before a password is asked, a request that would be refused after it.

    Raises:
        IdentityError: See `issue`.
    """
    certificates.require_fit(request)
    require_new_or_same_person(IdentityStore(study), person_of(request), request)


def require_free_id(study: Path, person: Person) -> None:
    """Refuse a user id that is another person's.

    Raises:
        IdentityError: It is taken.
    """
    require_new_or_same_person(IdentityStore(study), person, None)


def _require_within(validity: Validity, root: x509.Certificate) -> None:
    end = root.not_valid_after_utc
    if validity.not_before < root.not_valid_before_utc or validity.not_after > end:
        raise IdentityError(
            f"the certificate would outlast its authority, which holds until {end:%Y-%m-%d}",
            fix="give fewer --days",
        )


def require_new_or_same_person(
    store: IdentityStore,
    person: Person,
    holder: x509.CertificateSigningRequest | x509.Certificate | None,
) -> None:
    """Refuse a user id that is another person's, and a key that is another user's.

    Certificates and the audit trail are both asked, so that an id stays taken after its
    certificate was removed. Ids that differ in case alone are the same id.

    Raises:
        IdentityError: It is taken; who has it is named.
    """
    key = _public_bytes(holder) if holder is not None else b""
    for one in store.issued():
        same_user = one.person.user.casefold() == person.user.casefold()
        if same_user and one.person.user != person.user:
            raise _taken(person, f"{one.person.user}, {one.person.name}")
        if not same_user and _public_bytes(one.certificate) == key:
            raise IdentityError(
                f"the key of this request is that of user {one.person.user}, {one.person.name}",
                fix="every person needs a key of their own: make one by `segval identity request`",
            )
    for user, name in _known(store):
        if user.casefold() == person.user.casefold() and name != person.name:
            raise _taken(person, name)


def _taken(person: Person, holder: str) -> IdentityError:
    return IdentityError(
        f"user id {person.user} was given to {holder}, and is never given to another person "
        "(21 CFR 11.100(a))",
        fix="choose another user id, or the same printed name if it is the same person",
    )


def _known(store: IdentityStore) -> Iterator[tuple[str, str]]:
    """Yield every user id that was given, with the printed name."""
    for one in store.issued():
        yield one.person.user, one.person.name
    for event in load(StudyTrail(store.study).path).events:
        if event.action in {"identity.issued", "identity.registered"}:
            yield event.about.id, event.details.get("name", "")


def _public_bytes(holder: x509.CertificateSigningRequest | x509.Certificate) -> bytes:
    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def to_revoke(study: Path, which: str) -> tuple[Issued, ...]:
    """Return the certificates that a serial number or user id names and that are not revoked.

    Raises:
        IdentityError: It names none.
    """
    store = IdentityStore(study)
    revoked = {one.serial for one in certificates.revocations_of(store.revocation_list())}
    named = [one for one in store.issued() if which in {one.person.user, one.serial}]
    found = tuple(one for one in named if one.certificate.serial_number not in revoked)
    if not found:
        what = "is revoked already" if named else "is neither a user id nor a serial number here"
        raise IdentityError(
            f"{which} {what}", where=str(store.folder), fix="`segval identity list` shows them"
        )
    return found


def revoke(
    study: Path,
    which: str,
    authority: Authority,
    *,
    reason: Reason,
    note: str,
    at: datetime,
) -> tuple[Issued, ...]:
    """Revoke a certificate, or all of a user, for ever; what was revoked is returned.

    Args:
        study: Folder of the study.
        which: Serial number or user id.
        authority: The study's authority.
        reason: Why, as the list states it.
        note: Why, in words, for the audit trail.
        at: When, UTC.

    Raises:
        IdentityError: There is nothing of that name to revoke.
        RecordError: The list cannot be written.

    Side effects: writes the list, keeps the one before, and writes the audit trail.
    """
    store, trail = IdentityStore(study), StudyTrail(study)
    with store.held():
        found = to_revoke(study, which)
        about = Subject(kind="identity", id=found[0].person.user)
        with _act(trail, about, "identity.revocation") as told:
            added = [Revocation(one.certificate.serial_number, at, reason) for one in found]
            number = _write_list(store, authority, added, at=at, days=LIST_DAYS)
            for one in found:
                details = {"name": one.person.name, "list": str(number), "why": reason}
                told.done("identity.revoked", one.certificate, details, reason=note)
    return found


def renew_list(
    study: Path, authority: Authority, *, at: datetime, days: int
) -> x509.CertificateRevocationList:
    """Write the revocation list anew, with a higher number and a later end, and return it.

    Raises:
        RecordError: It cannot be written.

    Side effects: writes the list, keeps the one before, and writes the audit trail.
    """
    store, trail = IdentityStore(study), StudyTrail(study)
    about = Subject(kind="identity", id=_AUTHORITY)
    with store.held(), _act(trail, about, "identity.list") as told:
        number = _write_list(store, authority, (), at=at, days=days)
        told.done("identity.list_renewed", authority.certificate, {"list": str(number)})
    return store.revocation_list()


def _write_list(
    store: IdentityStore,
    authority: Authority,
    added: list[Revocation] | tuple[()],
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


class _Told:
    """Tells the trail what was done to which certificate."""

    def __init__(self, trail: StudyTrail, about: Subject) -> None:
        self._trail, self._about = trail, about

    def done(
        self,
        action: str,
        certificate: x509.Certificate,
        details: dict[str, str],
        *,
        reason: str = "",
    ) -> None:
        about = self._about.model_copy(update={"digest": certificates.fingerprint(certificate)})
        serial = {"serial": serial_text(certificate.serial_number)}
        self._trail.tell(action, about, details={**details, **serial}, reason=reason)


@contextmanager
def _act(trail: StudyTrail, about: Subject, act: str) -> Iterator[_Told]:
    """Tell the trail of an act before it, and where it fails."""
    trail.tell(f"{act}_started", about)
    with trail.failure(about, failed=f"{act}_failed", aborted=f"{act}_aborted"):
        yield _Told(trail, about)


def _moments(certificate: x509.Certificate) -> dict[str, str]:
    return {
        "valid_from": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "valid_until": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
    }
