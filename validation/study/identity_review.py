"""Whose certificates a study has and what they are now; whether a key file may sign."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

from cryptography import x509

from validation import workspace
from validation.attest.audit_file import load
from validation.attest.audit_trail import Subject
from validation.attest.key_file import OpenKey, open_key
from validation.attest.persons import person_of
from validation.attest.standing import Standing, issuer_of, standing
from validation.attest.trust import Trust
from validation.attest.verification import Checks, Verification
from validation.errors import KeyFileError, ToolError, WrongPassword
from validation.record import Digest, Line, Record
from validation.study.auditing import StudyTrail
from validation.study.identity_store import IdentityStore, Issued

_SOON = timedelta(days=30)


class Identity(Record):
    """A person's certificate, as ``segval identity list`` shows it."""

    user: Line
    name: Line
    organisation: str
    serial: Line
    """Hexadecimal digits."""
    fingerprint: Digest
    """SHA-256 of the certificate."""
    valid_from: datetime
    valid_until: datetime
    standing: Literal[
        "valid", "expired", "not_yet_valid", "revoked", "untrusted", "unfit",
        "could_not_be_checked",
    ]  # fmt: skip
    reason: str
    """Why it is not valid; empty where it is."""
    file: Line
    """Name of its file in ``identities/certificates``."""


class Listing(NamedTuple):
    """The identities of a study."""

    identities: tuple[Identity, ...]
    warnings: tuple[str, ...]
    """What will soon keep signatures from being made or checked."""


def list_identities(study: Path, at: datetime) -> Listing:
    """Return every certificate of a study and what it is at a moment.

    Raises:
        IdentityError: The study has no identities, or files of it cannot be read.
    """
    store = IdentityStore(study)
    store.require()
    trust = store.trust()
    found = tuple(_identity(one, standing(one.certificate, trust, at)) for one in store.issued())
    return Listing(found, tuple(list_warnings(trust, at)))


def _identity(issued: Issued, now: Standing) -> Identity:
    return Identity(
        user=issued.person.user,
        name=issued.person.name,
        organisation=issued.person.organisation,
        serial=issued.serial,
        fingerprint=issued.fingerprint,
        valid_from=issued.certificate.not_valid_before_utc,
        valid_until=issued.certificate.not_valid_after_utc,
        standing=now.word,
        reason=now.reason,
        file=issued.path.name,
    )


def list_warnings(trust: Trust, at: datetime) -> list[str]:
    """Return which roots lack a revocation list that counts, now or in 30 days."""
    said = []
    lists = [x509.load_der_x509_crl(one) for one in trust.crls]
    for root in trust.roots:
        name = person_of(x509.load_der_x509_certificate(root)).name
        ends = [
            one.next_update_utc
            for one in lists
            if issuer_of(one, [root]) is not None and one.next_update_utc is not None
        ]
        fix = "a new one is needed: `segval identity crl`, or from the company's authority"
        if not ends:
            said.append(f"there is no revocation list of {name}: {fix}")
        elif max(ends) <= at:
            said.append(f"the revocation list of {name} counted until {max(ends):%Y-%m-%d}: {fix}")
        elif max(ends) <= at + _SOON:
            said.append(f"the revocation list of {name} counts until {max(ends):%Y-%m-%d}: {fix}")
    return said


def study_warnings(study: Path, at: datetime) -> tuple[str, ...]:
    """Return the warnings of `list_warnings` for what a study pins.

    Raises:
        IdentityError: Files cannot be read.
    """
    return tuple(list_warnings(IdentityStore(study).trust(), at))


def check_study(study: Path, at: datetime) -> Verification:
    """Check the identities of a study: what is pinned, whom ids name, what the trail knows.

    Raises:
        IdentityError: The study has none, or files cannot be read.
    """
    found = list_identities(study, at)
    store, checks = IdentityStore(study), Checks()
    trust = store.trust()
    roots = len(trust.roots)
    checks(
        "root certificates are pinned",
        True if roots else None,
        f"{roots} in {store.root.name}" if roots else f"{store.root} is not there",
    )
    lists = [one for one in found.warnings if " counts until " not in one]
    checks(
        "a revocation list of every root counts now",
        None if lists or not roots else True,
        "; ".join(lists) or f"lists: {len(trust.crls)}",
        clause="21 CFR 11.300(c)",
    )
    strangers = [one.file for one in found.identities if one.standing in {"untrusted", "unfit"}]
    checks(
        "every certificate was issued by a pinned root, for signatures",
        (not strangers) if roots else None,
        ", ".join(strangers) or f"certificates: {len(found.identities)}",
        failure="untrusted",
    )
    shared = _shared_ids(found.identities)
    checks(
        "no user id names two persons",
        not shared,
        "; ".join(shared) or f"user ids: {len({one.user for one in found.identities})}",
        failure="untrusted",
        clause="21 CFR 11.100(a)",
    )
    _check_trail(checks, store, found.identities)
    return Verification(path=str(study), kind="study", checks=checks.all())


def _shared_ids(identities: tuple[Identity, ...]) -> list[str]:
    names: dict[str, set[str]] = {}
    for one in identities:
        names.setdefault(one.user.casefold(), set()).add(one.name)
    return [f"{user}: {', '.join(sorted(of))}" for user, of in names.items() if len(of) > 1]


def _check_trail(checks: Checks, store: IdentityStore, identities: tuple[Identity, ...]) -> None:
    events = load(StudyTrail(store.study).path).events
    told = {
        one.about.digest: one.about.id
        for one in events
        if one.action in {"identity.issued", "identity.registered"}
    }
    here = {one.fingerprint for one in identities}
    unknown = [one.file for one in identities if one.fingerprint not in told]
    checks(
        "the audit trail knows of every certificate",
        not unknown,
        ", ".join(unknown) or f"certificates: {len(here)}",
        failure="incomplete",
        clause="21 CFR 11.10(e)",
    )
    gone = sorted({user for digest, user in told.items() if digest not in here})
    checks(
        "every certificate that the audit trail knows is there",
        not gone,
        f"certificates of {', '.join(gone)} are missing" if gone else f"certificates: {len(told)}",
        failure="incomplete",
        clause="21 CFR 11.10(e)",
    )


def check_key_file(study: Path, key_file: Path, password: str, at: datetime) -> Verification:
    """Check whether a key file could sign for a study now.

    Raises:
        ToolError: The key file or the study's trust cannot be read.

    Side effects: a password that does not open it is an event of the audit trail.
    """
    checks = Checks()
    store = IdentityStore(study)
    store.require()
    trust = store.trust()
    content = workspace.read(key_file, "the key file")
    opened: OpenKey | None = None
    try:
        opened = open_key(content, password, where=str(key_file))
    except WrongPassword as error:
        about = Subject(kind="identity", id=key_file.name)
        StudyTrail(study).tell("identity.attempt_failed", about, reason=error.what)
        checks(
            "the password opens the key file", held=False, detail=error.what, failure="untrusted"
        )
    except KeyFileError as error:
        checks("the key file can be read", held=False, detail=error.what, failure="altered")
    if opened is not None:
        checks(
            "the password opens the key file",
            held=True,
            detail=key_file.name,
            clause="21 CFR 11.200(a)(1)",
        )
        _check_certificate(checks, store, opened, trust, at)
    return Verification(path=str(key_file), kind="study", checks=checks.all())


def _check_certificate(
    checks: Checks, store: IdentityStore, opened: OpenKey, trust: Trust, at: datetime
) -> None:
    certificate = opened.certificate
    if certificate is None:
        said = "a certificate was not installed yet: `segval identity install`"
        checks("it holds a certificate of its key", held=False, detail=said, failure="incomplete")
        return
    person = person_of(certificate)
    named = bool(person.user and person.name)
    checks(
        "its certificate names a user id and a printed name",
        named,
        f"{person.user}, {person.name}" if named else "UID or CN is not in the subject",
        failure="untrusted",
        clause="21 CFR 11.100(a)",
    )
    now = standing(certificate, trust, at, opened.others)
    until = f"until {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    checks(
        "its certificate may sign now: issued by a pinned root, valid, not revoked",
        None if now.word == "could_not_be_checked" else now.word == "valid",
        f"{now.word.replace('_', ' ')}: {now.reason}" if now.reason else until,
        failure="untrusted",
        clause="21 CFR 11.300",
    )
    try:
        known = any(one.certificate == certificate for one in store.issued())
    except ToolError as error:
        checks("the study has its certificate", None, error.what)
        return
    checks(
        "the study has its certificate",
        known,
        "identities/certificates" if known else "it is not in identities/certificates",
        failure="incomplete",
    )
