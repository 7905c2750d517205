"""Who signs next, and who may not: roles, order and distinct persons (21 CFR 11.10(f), (g))."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from validation.attest.verification import Failure
from validation.plan.protocol import Signatory


class Given(NamedTuple):
    """A signature that a document carries."""

    role: str
    user: str
    name: str
    fingerprint: str
    """SHA-256 of the certificate."""
    key: str
    """SHA-256 of the public key: one key under two names is still one person's."""


def next_signatory(signatories: Sequence[Signatory], given: Sequence[Given]) -> Signatory | None:
    """Return who signs next; None where every signature is there."""
    return signatories[len(given)] if len(given) < len(signatories) else None


def refusals(
    signatories: Sequence[Signatory], given: Sequence[Given], asking: Given
) -> tuple[str, ...]:
    """Return why a person may not give a signature now; empty where they may.

    Args:
        signatories: Of the protocol, in their order.
        given: The signatures so far, in their order.
        asking: The signature that is asked for.
    """
    turn = next_signatory(signatories, given)
    if turn is None:
        return ("every signature is there: nothing is left to sign",)
    own = next((one for one in signatories if one.role == asking.role), None)
    if own is None:
        return (f"the protocol has no signatory {asking.role}: {turn.role} signs next",)
    found = []
    if own != turn:
        found.append(f"it is not the turn of role {asking.role}: {turn.role} signs next")
    return (*found, *_objections(own, given, asking))


def _objections(signatory: Signatory, before: Sequence[Given], asking: Given) -> Iterator[str]:
    if not asking.user:
        yield "the certificate names no user id"
    if signatory.name is not None and signatory.name != asking.name:
        yield f"the protocol asks for {signatory.name}, the certificate names {asking.name}"
    for one in before:
        if one.role in signatory.distinct_from and _is_one_person(one, asking):
            yield (
                f"{asking.name} ({asking.user}) signed as {one.role} and may not sign as "
                f"{signatory.role}, too: the protocol asks for another person"
            )


def _is_one_person(one: Given, other: Given) -> bool:
    return (
        one.user.casefold() == other.user.casefold()
        or one.fingerprint == other.fingerprint
        or one.key == other.key
    )


def policy_findings(
    signatories: Sequence[Signatory], given: Sequence[Given]
) -> tuple[tuple[Failure, str], ...]:
    """Return what is wrong with the signatures of a document, as a whole.

    Args:
        signatories: Of the protocol, in their order.
        given: The signatures, in the order in which they were given; `role` is that of the
            field that carries them.
    """
    roles = [one.role for one in signatories]
    found: list[tuple[Failure, str]] = []
    missing = [role for role in roles if role not in {one.role for one in given}]
    if missing:
        found.append(("incomplete", f"these have not signed: {', '.join(missing)}"))
    in_order = [role for role in roles if role in {one.role for one in given}]
    if [one.role for one in given] != in_order or in_order != roles[: len(in_order)]:
        said = ", ".join(one.role for one in given)
        found.append(("untrusted", f"they signed out of order: {said}"))
    for place, one in enumerate(given):
        signatory = next((two for two in signatories if two.role == one.role), None)
        if signatory is None:
            found.append(("untrusted", f"the protocol has no signatory {one.role}"))
            continue
        found += [("untrusted", said) for said in _objections(signatory, given[:place], one)]
    return tuple(found)
