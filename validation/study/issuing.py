"""Certificates of persons: issued by the study's authority, or registered from the company's.

A user id is never given to a second person (21 CFR 11.100(a)), nor a key to a second user. Each
act is told to the audit trail before and after it, and an act whose event cannot be written is
not done.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from validation import workspace
from validation.attest import certificates
from validation.attest.audit_file import load
from validation.attest.audit_trail import Subject
from validation.attest.certificates import Validity
from validation.attest.persons import Person, person_of, require_names
from validation.attest.standing import standing
from validation.errors import IdentityError
from validation.study.auditing import StudyTrail
from validation.study.authority import Authority
from validation.study.identity_acts import act, moments
from validation.study.identity_store import IdentityStore, Issued, as_pem, read_certificate


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
    with store.held(), act(trail, about, "identity.issue") as told:
        validity = require_within(authority, at=at, days=days)
        require_new_or_same_person(store, person, request)
        certificate = certificates.person_certificate(
            request,
            authority_key=authority.key,
            authority=authority.certificate,
            validity=validity,
        )
        path = store.path_of(certificate)
        workspace.write_new(path, as_pem(certificate))
        told.done("identity.issued", certificate, {"name": person.name, **moments(certificate)})
    return Issued(certificate, person, path)


def register(study: Path, certificate_file: Path, *, at: datetime) -> Issued:
    """Take in a certificate that the company's own authority issued, and return it.

    Args:
        study: Folder of the study, where the company's root is pinned.
        certificate_file: The certificate.
        at: When, UTC.

    Raises:
        IdentityError: No pinned root issued it, it is not for signatures, its user id is another
            person's, or its key another user's.
        RecordError: It is there already, or cannot be written.

    Side effects: writes the certificate to ``identities/certificates``, and the audit trail.
    """
    store, trail = IdentityStore(study), StudyTrail(study)
    given = read_certificate(certificate_file)
    require_names(given.person)
    now = standing(given.certificate, store.trust(), at)
    if now.word in {"untrusted", "unfit"} or not store.trust().roots:
        raise IdentityError(
            f"the certificate is {now.word.replace('_', ' ')}: {now.reason}",
            where=str(certificate_file),
            fix=f"pin the root of the authority that issued it in {store.root}",
        )
    require_new_or_same_person(store, given.person, given.certificate)
    about = Subject(kind="identity", id=given.person.user)
    with act(trail, about, "identity.registration") as told:
        path = store.path_of(given.certificate)
        workspace.write_new(path, as_pem(given.certificate))
        details = {"name": given.person.name, **moments(given.certificate)}
        told.done("identity.registered", given.certificate, details)
    return given._replace(path=path)


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


def require_within(authority: Authority, *, at: datetime, days: int) -> Validity:
    """Return the validity of a certificate that begins now.

    Raises:
        IdentityError: It would outlast its authority.
    """
    validity, root = Validity(at, at + timedelta(days=days)), authority.certificate
    end = root.not_valid_after_utc
    if validity.not_before < root.not_valid_before_utc or validity.not_after > end:
        raise IdentityError(
            f"the certificate would outlast its authority, which holds until {end:%Y-%m-%d}",
            fix="give fewer --days",
        )
    return validity


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
