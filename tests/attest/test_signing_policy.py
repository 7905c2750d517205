"""Roles, order and distinct persons: what is refused before, and what is found after."""

from typing import Any

import pytest

from validation.attest.signing_policy import Given, next_signatory, policy_findings, refusals
from validation.plan.protocol import Signatory

AUTHOR = Signatory(role="author", title="Engineer", meaning="I wrote this")
REVIEWER = Signatory(role="reviewer", title="Physician", meaning="I read this", name="Rea Reader")
APPROVER = Signatory(
    role="approver", title="Head", meaning="I approve this", distinct_from=("author",)
)
ALL = (AUTHOR, REVIEWER, APPROVER)
ADA = Given("author", "a.author", "Ada Author", "sha256:a", "key-a")
REA = Given("reviewer", "r.reader", "Rea Reader", "sha256:r", "key-r")
BO = Given("approver", "b.boss", "Bo Boss", "sha256:b", "key-b")


def test_each_signs_in_turn_and_nobody_after_the_last() -> None:
    given: list[Given] = []
    for signatory, asking in zip(ALL, (ADA, REA, BO), strict=True):
        assert next_signatory(ALL, given) == signatory
        assert refusals(ALL, given, asking) == ()
        given.append(asking)
    assert next_signatory(ALL, given) is None
    (said,) = refusals(ALL, given, BO)
    assert "nothing is left to sign" in said
    assert policy_findings(ALL, given) == ()


def test_who_is_not_next_is_told_who_is() -> None:
    (said,) = refusals(ALL, (ADA,), BO)
    assert "approver" in said
    assert "reviewer signs next" in said


def test_a_role_that_the_protocol_does_not_have_signs_nothing() -> None:
    (said,) = refusals(ALL, (), ADA._replace(role="auditor"))
    assert "no signatory auditor" in said


@pytest.mark.parametrize(
    "changes",
    [{"user": "a.author"}, {"user": "A.Author"}, {"fingerprint": "sha256:a"}, {"key": "key-a"}],
)
def test_one_person_is_known_by_id_certificate_or_key(changes: dict[str, Any]) -> None:
    same = BO._replace(**changes)
    (said,) = refusals(ALL, (ADA, REA), same)
    assert "another person" in said
    assert "author" in said
    ((failure, found),) = policy_findings(ALL, (ADA, REA, same))
    assert failure == "untrusted"
    assert found == said


def test_one_person_may_sign_twice_where_the_protocol_does_not_mind() -> None:
    again = ADA._replace(role="reviewer")
    free = (AUTHOR, REVIEWER.model_copy(update={"name": None}))
    assert refusals(free, (ADA,), again) == ()
    assert policy_findings(free, (ADA, again)) == ()


def test_a_printed_name_that_the_protocol_states_has_to_be_the_signers() -> None:
    other = REA._replace(name="Rea Writer")
    (said,) = refusals(ALL, (ADA,), other)
    assert "Rea Reader" in said
    assert "Rea Writer" in said
    assert policy_findings(ALL, (ADA, other, BO)) == (("untrusted", said),)


def test_a_certificate_without_a_user_id_signs_nothing() -> None:
    (said,) = refusals(ALL, (), ADA._replace(user=""))
    assert "names no user id" in said


def test_all_refusals_are_said_at_once() -> None:
    same = ADA._replace(role="approver", user="")
    assert len(refusals(ALL, (), same)) == 2


@pytest.mark.parametrize(
    ("given", "failure", "said"),
    [
        ((ADA, REA), "incomplete", "these have not signed: approver"),
        ((), "incomplete", "author, reviewer, approver"),
        ((REA, ADA, BO), "untrusted", "out of order"),
        ((ADA, BO), "incomplete", "reviewer"),
        ((ADA, BO), "untrusted", "out of order"),
        ((BO,), "untrusted", "out of order"),
        ((ADA, REA, BO, BO), "untrusted", "out of order"),
        ((ADA, REA, BO, BO._replace(role="?")), "untrusted", "no signatory ?"),
    ],
)
def test_what_is_wrong_with_the_whole_is_found(
    given: tuple[Given, ...], failure: str, said: str
) -> None:
    assert any(found == (failure) and said in text for found, text in policy_findings(ALL, given))
