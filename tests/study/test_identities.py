"""Identities of a study: ids are never reused, revocation counts, every act is an event."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from validation import workspace
from validation.attest import certificates
from validation.attest.certificates import Validity, fingerprint
from validation.attest.key_file import open_key
from validation.attest.persons import Person
from validation.errors import AuditError, IdentityError, KeyFileError, RecordError, WrongPassword
from validation.study import authority as authorities
from validation.study import identity_review, issuing, personal_key, revoking
from validation.study.authority import Authority
from validation.study.identity_store import IdentityStore

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
PASSWORD = "the authority's password"  # noqa: S105 - of keys that are made here
JANE = Person("jdoe", "Jane Doe")
CHECKOUT = Path(__file__).resolve().parents[2]


class Made(NamedTuple):
    study: Path
    authority: Authority


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A study with a test authority, and the authority, opened."""
    study = tmp_path_factory.mktemp("study")
    authorities.create_authority(
        study, name="Test authority", organisation="Acme", password=PASSWORD, at=NOW, days=1000
    )
    return Made(study, authorities.open_authority(study, PASSWORD))


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    """A copy of a study with a test authority."""
    return Path(shutil.copytree(made.study, tmp_path / "study"))


@pytest.fixture
def authority(made: Made) -> Authority:
    """The authority, opened."""
    return made.authority


def issue(folder: Path, authority: Authority, person: Person = JANE, **given: Any) -> Any:
    key = given.pop("key", None) or certificates.new_key()
    request = certificates.certificate_request(key, person)
    return issuing.issue(folder, request, authority, **{"at": NOW, "days": 365, **given})


def standings(folder: Path, at: datetime = NOW) -> list[str]:
    return [one.standing for one in identity_review.list_identities(folder, at).identities]


def events(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "audit" / "audit.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def outcomes(folder: Path, at: datetime = NOW) -> dict[str, str]:
    return {one.what: one.outcome for one in identity_review.check_study(folder, at).checks}


# --- user ids and keys --------------------------------------------------------------------


def test_a_user_id_is_never_given_to_another_person(folder: Path, authority: Authority) -> None:
    issue(folder, authority)
    with pytest.raises(IdentityError, match=r"was given to Jane Doe.*11\.100\(a\)"):
        issue(folder, authority, Person("jdoe", "John Doe"))
    assert len(standings(folder)) == 1


def test_an_id_stays_taken_when_its_certificate_is_revoked_or_removed(
    folder: Path, authority: Authority
) -> None:
    jane = issue(folder, authority)
    revoking.revoke(folder, "jdoe", authority, reason="superseded", note="", at=NOW)
    jane.path.unlink()
    with pytest.raises(IdentityError, match="was given to Jane Doe"):
        issue(folder, authority, Person("jdoe", "John Doe"))


def test_ids_that_differ_in_case_are_one_id(folder: Path, authority: Authority) -> None:
    issue(folder, authority)
    with pytest.raises(IdentityError, match="was given to jdoe, Jane Doe"):
        issue(folder, authority, Person("JDoe", "Jane Doe"))


def test_the_same_person_has_a_second_certificate(folder: Path, authority: Authority) -> None:
    first, second = issue(folder, authority), issue(folder, authority, at=NOW + DAY)
    assert first.path != second.path
    assert standings(folder, NOW + 2 * DAY) == ["valid", "valid"]
    revoking.revoke(folder, first.serial, authority, reason="superseded", note="", at=NOW + 2 * DAY)
    assert standings(folder, NOW + 2 * DAY) == ["revoked", "valid"]


def test_a_key_is_never_that_of_two_users(folder: Path, authority: Authority) -> None:
    key = certificates.new_key()
    issue(folder, authority, key=key)
    with pytest.raises(IdentityError, match="is that of user jdoe, Jane Doe"):
        issue(folder, authority, Person("jroe", "Jane Roe"), key=key)
    issue(folder, authority, key=key)  # the same person renews it


def test_of_two_who_issue_one_id_at_once_one_is_refused(folder: Path, authority: Authority) -> None:
    def attempt(name: str) -> str:
        try:
            issue(folder, authority, Person("jdoe", name))
        except IdentityError:
            return "refused"
        return "issued"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, [f"Jane Doe {number}" for number in range(8)]))
    assert sorted(results) == ["issued"] + ["refused"] * 7


def test_a_certificate_does_not_outlast_its_authority(folder: Path, authority: Authority) -> None:
    with pytest.raises(IdentityError, match="would outlast"):
        issue(folder, authority, days=1001)
    assert standings(folder) == []


# --- what a certificate is ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "word"), [(-1, "not_yet_valid"), (0, "valid"), (364, "valid"), (366, "expired")]
)
def test_validity(folder: Path, authority: Authority, days: int, word: str) -> None:
    issue(folder, authority)
    authorities.renew_list(folder, authority, at=NOW, days=900)
    assert standings(folder, NOW + days * DAY) == [word]


def test_a_revocation_counts_from_its_moment(folder: Path, authority: Authority) -> None:
    issue(folder, authority)
    later = NOW + 10 * DAY
    (revoked,) = revoking.revoke(
        folder, "jdoe", authority, reason="key_compromise", note="stolen", at=later
    )
    assert standings(folder, later) == ["revoked"]
    assert standings(folder, later + 400 * DAY) == ["revoked"]
    with pytest.raises(IdentityError, match="is revoked already"):
        revoking.to_revoke(folder, revoked.serial)


def test_an_id_names_all_certificates_of_a_user(folder: Path, authority: Authority) -> None:
    for person in (JANE, JANE, Person("jroe", "Jane Roe")):
        issue(folder, authority, person)
    found = revoking.revoke(
        folder, "jdoe", authority, reason="affiliation_changed", note="left", at=NOW
    )
    assert len(found) == 2
    assert standings(folder) == ["revoked", "revoked", "valid"]


def test_the_list_before_is_kept_and_every_list_has_a_higher_number(
    folder: Path, authority: Authority
) -> None:
    store = IdentityStore(folder)
    issue(folder, authority)
    first = store.crl.read_bytes()
    revoking.revoke(folder, "jdoe", authority, reason="superseded", note="", at=NOW)
    renewed = authorities.renew_list(folder, authority, at=NOW + DAY, days=30)
    assert authorities.crl_number(renewed) == 3
    assert [one.name for one in sorted(store.old_crls.iterdir())] == ["0001.crl", "0002.crl"]
    assert (store.old_crls / "0001.crl").read_bytes() == first
    assert len(certificates.revocations_of(renewed)) == 1


def test_without_a_list_or_a_root_nobody_is_called_valid(
    folder: Path, authority: Authority
) -> None:
    issue(folder, authority)
    store = IdentityStore(folder)
    after = NOW + 366 * DAY
    issue(folder, authority, at=after)
    assert standings(folder, after)[1] == "could_not_be_checked"  # the list ended a day before
    store.crl.unlink()
    assert standings(folder)[0] == "could_not_be_checked"
    store.root.unlink()
    assert standings(folder)[0] == "could_not_be_checked"
    assert outcomes(folder)["root certificates are pinned"] == "could_not_be_checked"


def test_an_authority_of_the_same_name_is_not_trusted(folder: Path, authority: Authority) -> None:
    key = certificates.new_key()
    impostor = certificates.authority_certificate(
        key, name="Test authority", organisation="Acme", validity=Validity(NOW, NOW + 900 * DAY)
    )
    forged = certificates.person_certificate(
        certificates.certificate_request(certificates.new_key(), Person("jroe", "Jane Roe")),
        authority_key=key,
        authority=impostor,
        validity=Validity(NOW, NOW + 100 * DAY),
    )
    store = IdentityStore(folder)
    path = store.path_of(forged)
    path.parent.mkdir()
    path.write_bytes(forged.public_bytes(Encoding.PEM))
    assert standings(folder) == ["untrusted"]
    found = outcomes(folder)
    assert found["every certificate was issued by a pinned root, for signatures"] == "did_not_hold"
    assert found["the audit trail knows of every certificate"] == "did_not_hold"


def test_a_revocation_list_of_an_impostor_revokes_nobody(
    folder: Path, authority: Authority
) -> None:
    jane = issue(folder, authority)
    forged = certificates.revocation_list(
        [certificates.Revocation(jane.certificate.serial_number, NOW)],
        number=9,
        authority_key=certificates.new_key(),
        authority=authority.certificate,
        this_update=NOW,
        next_update=NOW + 30 * DAY,
    )
    (IdentityStore(folder).trust_folder / "forged.crl").write_bytes(
        forged.public_bytes(Encoding.DER)
    )
    assert standings(folder) == ["valid"]


def test_a_certificate_for_something_else_is_unfit(folder: Path, authority: Authority) -> None:
    stamps = certificates.time_stamp_certificate(
        certificates.new_time_stamp_key().public_key(),
        name="Test time stamps",
        authority_key=authority.key,
        authority=authority.certificate,
        validity=Validity(NOW, NOW + 100 * DAY),
    )
    from validation.attest.standing import standing

    assert standing(stamps, IdentityStore(folder).trust(), NOW).word == "unfit"


@pytest.mark.parametrize(
    ("days", "said"), [(300, None), (340, "counts until"), (365, "counted until")]
)
def test_a_list_that_ends_soon_is_a_warning(folder: Path, days: int, said: str | None) -> None:
    warnings = identity_review.list_identities(folder, NOW + days * DAY).warnings
    assert [said] * len(warnings) == [one for one in (said,) if one]
    for one in warnings:
        assert str(said) in one


# --- pinned trust -------------------------------------------------------------------------


def test_trust_is_read_from_pem_and_der_with_several_parts(
    folder: Path, authority: Authority
) -> None:
    store = IdentityStore(folder)
    der = authority.certificate.public_bytes(Encoding.DER)
    other = certificates.authority_certificate(
        certificates.new_key(), name="Other", validity=Validity(NOW, NOW + DAY)
    )
    store.root.write_bytes(store.root.read_bytes() + other.public_bytes(Encoding.PEM))
    (store.trust_folder / "tsa.pem").write_bytes(der)
    trust = store.trust()
    assert trust.roots == (der, other.public_bytes(Encoding.DER))
    assert trust.time_authorities == (der,)
    assert len(trust.crls) == 1


def test_trust_that_cannot_be_read_is_refused_all_at_once(
    folder: Path, authority: Authority
) -> None:
    jane, store = issue(folder, authority), IdentityStore(folder)
    store.root.write_bytes(jane.path.read_bytes())  # a person who would vouch for themself
    store.crl.write_bytes(b"")
    (store.trust_folder / "x.crl").write_bytes(b"-----BEGIN X509 CRL-----\nAAAA\n")
    (store.trust_folder / "tsa.pem").write_bytes(b"\x30\x03abc")
    (store.trust_folder / "gone.crl").symlink_to("nowhere")
    with pytest.raises(IdentityError) as caught:
        store.trust()
    assert len(caught.value.problems) == 5
    assert "is not that of an authority" in str(caught.value)


def test_files_that_are_no_certificates_are_named(folder: Path, authority: Authority) -> None:
    issue(folder, authority)
    certificates_folder = IdentityStore(folder).certificates
    (certificates_folder / "a.pem").write_bytes(b"")
    (certificates_folder / "b.pem").write_bytes(b"\x30\x82")
    with pytest.raises(IdentityError) as caught:
        identity_review.list_identities(folder, NOW)
    assert [Path(one.where).name for one in caught.value.problems] == ["a.pem", "b.pem"]


# --- the company's own authority ----------------------------------------------------------


@pytest.fixture
def company(tmp_path: Path) -> tuple[Path, Authority]:
    """A study that pins a company's root, and the company."""
    key = certificates.new_key()
    validity = Validity(NOW - 100 * DAY, NOW + 900 * DAY)
    root = certificates.authority_certificate(key, name="Acme CA", validity=validity)
    crl = certificates.revocation_list(
        (), number=7, authority_key=key, authority=root,
        this_update=NOW - DAY, next_update=NOW + 30 * DAY,
    )  # fmt: skip
    store = IdentityStore(tmp_path / "company-study")
    workspace.write_new(store.root, root.public_bytes(Encoding.PEM))
    workspace.write_new(store.trust_folder / "acme.crl", crl.public_bytes(Encoding.DER))
    return store.study, Authority(key, root)


def company_certificate(company: Authority, person: Person, folder: Path) -> Path:
    certificate = certificates.person_certificate(
        certificates.certificate_request(certificates.new_key(), person),
        authority_key=company.key,
        authority=company.certificate,
        validity=Validity(NOW - DAY, NOW + 100 * DAY),
    )
    path = folder / f"{person.user}-{person.name}.der"
    path.write_bytes(certificate.public_bytes(Encoding.DER))
    return path


def test_a_companys_certificates_are_registered(
    company: tuple[Path, Authority], tmp_path: Path
) -> None:
    folder, acme = company
    given = company_certificate(acme, JANE, tmp_path)
    registered = issuing.register(folder, given, at=NOW)
    assert standings(folder) == ["valid"]
    assert set(outcomes(folder).values()) == {"held"}
    assert events(folder)[-1]["action"] == "identity.registered"
    assert events(folder)[-1]["about"]["digest"] == registered.fingerprint
    with pytest.raises(RecordError, match="never replaced"):
        issuing.register(folder, given, at=NOW)
    john = company_certificate(acme, Person("jdoe", "John Doe"), tmp_path)
    with pytest.raises(IdentityError, match="was given to Jane Doe"):
        issuing.register(folder, john, at=NOW)


def test_a_strangers_certificate_is_not_registered(
    company: tuple[Path, Authority], authority: Authority, tmp_path: Path
) -> None:
    given = company_certificate(authority, JANE, tmp_path)
    with pytest.raises(IdentityError, match="is untrusted"):
        issuing.register(company[0], given, at=NOW)


def test_who_has_no_authority_issues_nothing(
    company: tuple[Path, Authority], authority: Authority
) -> None:
    with pytest.raises(IdentityError, match="no authority of its own"):
        issue(company[0], authority)
    with pytest.raises(IdentityError, match="identities already"):
        authorities.create_authority(
            company[0], name="A", organisation="", password=PASSWORD, at=NOW, days=9
        )


# --- the audit trail ----------------------------------------------------------------------


def test_every_act_is_an_event_before_and_after(folder: Path, authority: Authority) -> None:
    jane = issue(folder, authority)
    revoking.revoke(folder, "jdoe", authority, reason="superseded", note="new key", at=NOW)
    authorities.renew_list(folder, authority, at=NOW, days=30)
    told = [one["action"].removeprefix("identity.") for one in events(folder)[1:]]
    assert told == [
        "authority_started", "authority_created", "issue_started", "issued",
        "revocation_started", "revoked", "list_started", "list_renewed",
    ]  # fmt: skip
    issued = events(folder)[4]
    assert issued["about"]["id"] == "jdoe"
    assert issued["about"]["digest"] == fingerprint(jane.certificate)
    assert issued["details"]["name"] == "Jane Doe"
    assert issued["details"]["serial"] == jane.serial
    assert events(folder)[6]["reason"] == "new key"
    assert events(folder)[6]["details"]["why"] == "superseded"


def test_a_wrong_password_is_an_event_and_an_unreadable_file_is_none(folder: Path) -> None:
    before = len(events(folder))
    with pytest.raises(WrongPassword):
        authorities.open_authority(folder, "another password")
    assert [one["action"] for one in events(folder)[before:]] == ["identity.attempt_failed"]
    IdentityStore(folder).authority_key.write_bytes(b"")
    with pytest.raises(KeyFileError, match="is empty"):
        authorities.open_authority(folder, PASSWORD)
    assert len(events(folder)) == before + 1


def test_an_act_whose_event_cannot_be_written_is_not_done(
    folder: Path, authority: Authority
) -> None:
    trail = folder / "audit" / "audit.jsonl"
    trail.write_bytes(trail.read_bytes() + b"damaged\n")
    with pytest.raises(AuditError):
        issue(folder, authority)
    assert standings(folder) == []


def test_a_refusal_is_an_event(folder: Path, authority: Authority) -> None:
    issue(folder, authority)
    with pytest.raises(IdentityError):
        issue(folder, authority, Person("jdoe", "John Doe"))
    last = events(folder)[-1]
    assert (last["action"], last["about"]["id"]) == ("identity.issue_failed", "jdoe")
    assert "was given to Jane Doe" in last["reason"]


# --- key files ----------------------------------------------------------------------------


def test_a_certificate_of_another_key_is_not_installed(
    folder: Path, authority: Authority, tmp_path: Path
) -> None:
    key = tmp_path / "jdoe.p12"
    personal_key.new_request(JANE, key, PASSWORD)
    before = key.read_bytes()
    with pytest.raises(IdentityError, match="belongs to another key"):
        personal_key.install(key, (issue(folder, authority).certificate,), PASSWORD)
    with pytest.raises(WrongPassword):
        personal_key.install(key, (), "another password")
    assert key.read_bytes() == before


def test_a_key_is_never_lost_where_the_disk_is_full(
    folder: Path, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "jdoe.p12"
    made = personal_key.new_request(JANE, key, PASSWORD)
    before = key.read_bytes()
    jane = issuing.issue(folder, made.request, authority, at=NOW, days=9)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RecordError, match="No space left"):
            personal_key.install(key, (jane.certificate,), PASSWORD)
    assert key.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_a_link_to_a_key_file_stays_a_link(
    folder: Path, authority: Authority, tmp_path: Path
) -> None:
    key, link = tmp_path / "jdoe.p12", tmp_path / "link.p12"
    made = personal_key.new_request(JANE, key, PASSWORD)
    link.symlink_to(key)
    jane = issuing.issue(folder, made.request, authority, at=NOW, days=9)
    personal_key.install(link, (authority.certificate, jane.certificate), PASSWORD)
    assert link.is_symlink()
    found = open_key(key.read_bytes(), PASSWORD)
    assert (found.certificate, found.others) == (jane.certificate, (authority.certificate,))


def test_an_existing_key_file_is_never_replaced_by_a_request(tmp_path: Path) -> None:
    key = tmp_path / "jdoe.p12"
    personal_key.new_request(JANE, key, PASSWORD)
    before = key.read_bytes()
    with pytest.raises(RecordError, match="never replaced"):
        personal_key.new_request(JANE, key, PASSWORD)
    assert key.read_bytes() == before


# --- interruption -------------------------------------------------------------------------

_WORK = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from validation.attest import certificates
from validation.attest.persons import Person
from validation.study import authority, issuing, revoking
folder, at = Path(sys.argv[1]), datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
opened = authority.open_authority(folder, sys.argv[2])
for number in range(1000):
    request = certificates.certificate_request(
        certificates.new_key(), Person(f"user{number}", "Jane Doe"))
    issuing.issue(folder, request, opened, at=at, days=9)
    revoking.revoke(folder, f"user{number}", opened, reason="superseded", note="", at=at)
    print(number, flush=True)
"""


@pytest.mark.parametrize("wait", [0.0, 0.004, 0.011, 0.023])
def test_killed_at_any_moment_what_was_told_is_there(folder: Path, wait: float) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WORK, str(folder), PASSWORD],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    ) as child:
        assert child.stdout is not None
        while b"2\n" not in child.stdout.readline():
            assert child.poll() is None
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
    found = outcomes(folder)
    assert found["every certificate that the audit trail knows is there"] == "held"
    assert found["a revocation list of every root counts now"] == "held"
    revoked = {one["about"]["id"] for one in events(folder) if one["action"] == "identity.revoked"}
    now = {one.user: one.standing
           for one in identity_review.list_identities(folder, NOW).identities}  # fmt: skip
    assert len(revoked) >= 3
    assert all(now[user] == "revoked" for user in revoked)
    opened = authorities.open_authority(folder, PASSWORD)
    issue(folder, opened, Person("after", "Jane Doe"))


def test_a_certificate_is_whole_or_not_there(folder: Path, authority: Authority) -> None:
    issue(folder, authority)
    for path in IdentityStore(folder).certificates.iterdir():
        x509.load_pem_x509_certificate(path.read_bytes())
