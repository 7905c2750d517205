"""Whose signature counts, and when: revoked, expired, unknown, and what cannot be checked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from validation.attest.certificates import Validity
from validation.attest.trust import Trust

DAY = timedelta(days=1)
LEVELS = ("B-B", "B-T", "B-LTA")
at_each_level = pytest.mark.parametrize("level", LEVELS)
STAMPED = LEVELS[1:]


def _trust(world: Any, **changes: Any) -> Trust:
    values = {
        "roots": world.trust.roots,
        "time_authorities": world.trust.time_authorities,
        "crls": world.trust.crls,
    }
    return Trust(**{**values, **changes})


def _said(found: Any, part: str) -> list[tuple[str, str | None]]:
    return [(one.outcome, one.failure) for one in found.checks if part in one.what]


PERSON = "the signer's certificate is one of ours"
STAMP = "what it covers is what was stamped"
HELD, UNMADE, UNTRUSTED = ("held", None), ("could_not_be_checked", None), (
    "did_not_hold", "untrusted",
)  # fmt: skip


@at_each_level
def test_every_check_has_a_clause_and_a_number(level: str, at_level: Any, told: Any) -> None:
    checks = told(at_level(level)).checks
    assert [one.number for one in checks] == list(range(1, len(checks) + 1))
    assert all("21 CFR 11" in one.clause for one in checks)


@at_each_level
def test_without_a_root_nobody_can_be_checked(
    level: str, at_level: Any, told: Any, world: Any
) -> None:
    found = told(at_level(level), trust=_trust(world, roots=()))
    assert found.outcome == "could_not_be_checked"
    assert _said(found, PERSON) == [UNMADE, UNMADE]


@at_each_level
def test_with_nothing_pinned_nothing_of_the_machine_is_trusted(
    level: str, at_level: Any, told: Any
) -> None:
    found = told(at_level(level), trust=Trust())
    assert found.outcome == "could_not_be_checked"
    assert _said(found, PERSON) == [UNMADE, UNMADE]
    assert set(_said(found, STAMP)) <= {UNMADE}


@pytest.mark.parametrize("level", LEVELS[:2])
def test_without_a_list_or_with_a_stale_one_it_could_not_be_checked(
    level: str, at_level: Any, told: Any, world: Any
) -> None:
    for crls in ((), (world.crl(days=-0.5),)):
        found = told(at_level(level), trust=_trust(world, crls=crls))
        assert found.outcome == "could_not_be_checked"
        assert _said(found, PERSON) == [UNMADE, UNMADE]


def test_a_document_at_b_lta_brings_its_lists_along(at_level: Any, told: Any, world: Any) -> None:
    assert told(at_level("B-LTA"), trust=_trust(world, crls=())).outcome == "held"


@at_each_level
def test_a_root_of_another_company_makes_the_signers_untrusted(
    level: str, at_level: Any, told: Any, world: Any, signing: Any
) -> None:
    other = signing.World(world.now)
    found = told(at_level(level), trust=_trust(world, roots=other.trust.roots))
    assert found.failures == {"untrusted"}
    assert _said(found, PERSON) == [UNTRUSTED, UNTRUSTED]


@pytest.mark.parametrize("level", STAMPED)
def test_a_time_stamp_of_an_authority_that_is_not_pinned_is_told(
    level: str, at_level: Any, told: Any, world: Any, signing: Any
) -> None:
    other = signing.World(world.now).trust.time_authorities
    found = told(at_level(level), trust=_trust(world, time_authorities=other))
    assert found.failures == {"untrusted"}
    assert set(_said(found, STAMP)) == {UNTRUSTED}
    found = told(at_level(level), trust=_trust(world, time_authorities=()))
    assert found.outcome == "could_not_be_checked"
    assert set(_said(found, STAMP)) == {UNMADE}


def _revoking(world: Any, signing: Any, at: datetime) -> tuple[bytes, ...]:
    """Return a list that revokes the approver since a moment, as it is issued a day later."""
    later = signing.World.__new__(signing.World)
    later.__dict__.update(world.__dict__, revoked=[], now=world.now + 2 * DAY)
    later.revoke(world.approver, at)
    return (later.crl(),)


@at_each_level
def test_a_signer_who_was_revoked_before_signing_is_untrusted(
    level: str, at_level: Any, told: Any, world: Any, signing: Any
) -> None:
    trust = _trust(world, crls=_revoking(world, signing, world.now - DAY))
    found = told(at_level(level), trust=trust, at=world.now + 3 * DAY)
    assert found.failures == {"untrusted"}
    assert _said(found, PERSON) == [HELD, UNTRUSTED]
    assert "Bo Boss (b.boss): revoked: since" in found.broken


@pytest.mark.parametrize("level", STAMPED)
def test_a_time_stamp_proves_that_a_signature_is_older_than_the_revocation(
    level: str, at_level: Any, told: Any, world: Any, signing: Any
) -> None:
    trust = _trust(world, crls=_revoking(world, signing, world.now + DAY))
    assert told(at_level(level), trust=trust, at=world.now + 3 * DAY).outcome == "held"


def test_without_a_time_stamp_a_revocation_counts_for_all_signatures(
    at_level: Any, told: Any, world: Any, signing: Any
) -> None:
    trust = _trust(world, crls=_revoking(world, signing, world.now + DAY))
    found = told(at_level("B-B"), trust=trust, at=world.now + 3 * DAY)
    assert _said(found, PERSON) == [HELD, UNTRUSTED]


def test_without_a_time_stamp_nobody_can_check_an_ended_certificate(
    at_level: Any, told: Any, world: Any
) -> None:
    trust = _trust(world, crls=(world.crl(days=2000),))
    found = told(at_level("B-B"), trust=trust, at=world.now + 400 * DAY)
    assert found.outcome == "could_not_be_checked"
    assert _said(found, PERSON) == [UNMADE, UNMADE]


@pytest.mark.parametrize("level", STAMPED)
def test_with_a_time_stamp_a_signature_outlives_its_certificate(
    level: str, told: Any, world: Any, signing: Any, give: Any
) -> None:
    short = Validity(world.now - DAY, world.now + 10 * DAY)
    author = world.person("s.short", "Sy Short", short)
    content = give(level, signing.document(count=1), 1, author)
    found = told(content, signatories=signing.SIGNATORIES[:1], at=world.now + 20 * DAY)
    assert found.outcome == "held"
    assert _said(found, PERSON) == [HELD]


@pytest.mark.parametrize("level", STAMPED)
def test_a_moment_that_was_set_back_is_found_by_its_time_stamp(
    level: str, told: Any, world: Any, signing: Any, stamper: Any
) -> None:
    content = world.signed(
        signing.document(count=1),
        world.author,
        1,
        level=level,
        time_stamper=stamper(level),
        at=f"{world.now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
    )
    found = told(content, signatories=signing.SIGNATORIES[:1])
    assert found.failures == {"untrusted"}
    assert "signature-1: the moment that it states is that of its time stamp" in found.broken


@pytest.mark.parametrize("level", STAMPED)
def test_nobody_can_check_a_time_stamp_whose_authority_has_ended(
    level: str, at_level: Any, told: Any, world: Any
) -> None:
    found = told(at_level(level), at=world.now + 400 * DAY)
    assert found.outcome == "could_not_be_checked"
    assert UNMADE in _said(found, STAMP)


def test_a_signature_by_a_certificate_that_was_not_valid_yet_is_untrusted(
    told: Any, world: Any, signing: Any
) -> None:
    once = world.signed(signing.document(), world.author, 1)
    found = told(once, at=world.now - 100 * DAY, signatories=signing.SIGNATORIES[:1])
    assert found.failures == {"untrusted"}


def test_it_can_be_checked_at_any_place_and_time_of_day(at_level: Any, told: Any) -> None:
    later = datetime.now(UTC) + timedelta(hours=5)
    assert told(at_level("B-B"), at=later).outcome == "held"


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7\n", b"no PDF", b"%PDF-1.7\n%%EOF\n" * 9, b"\0" * 5000]
)
def test_what_is_no_pdf_could_not_be_checked(content: bytes, told: Any) -> None:
    found = told(content)
    assert found.outcome == "could_not_be_checked"


def test_what_says_that_it_is_signed_and_cannot_be_read_is_altered(
    at_level: Any, told: Any
) -> None:
    content = at_level("B-B")
    for torn in (content[:-300], content[: len(content) // 2], content[500:]):
        assert "altered" in told(torn).failures
