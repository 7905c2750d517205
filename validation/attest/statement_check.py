"""Checking what a signature states of itself against certificate, protocol and file (11.50)."""

from collections.abc import Sequence

from validation.attest.proven_time import Proven
from validation.attest.signed_pdf import FoundSignature
from validation.attest.time_stamps import MOST_APART
from validation.attest.verification import Checks
from validation.plan.protocol import Signatory
from validation.report.manifestation import Manifestation

_CLAUSE = "21 CFR 11.50"


def check_statement(
    one: FoundSignature, signatories: Sequence[Signatory], stamped: Proven, checks: Checks
) -> None:
    """Add the checks of a signature's manifestation.

    A signature that was made elsewhere states no role, no file and no event of the audit trail;
    of it the meaning is asked for, which a person enters there as the reason.

    Args:
        one: The signature.
        signatories: Of the protocol, in their order.
        stamped: Its time stamp's moment; where it has none, until when it was there.
        checks: Where the checks are added.
    """
    if not 0 < one.number <= len(signatories):
        what = f"{one.field}: the field is one of the document's"
        checks(what, held=False, detail="the protocol has no such signatory", clause=_CLAUSE)
        return
    signatory = signatories[one.number - 1]
    if one.manifestation is None:
        _check_foreign(one, signatory, checks)
        return
    differing = _differing(one, one.manifestation, signatory)
    if said := _moment_problem(one, stamped):
        differing.append(f"moment ({said})")
    checks(
        f"{one.field}: it states name, role and meaning as certificate and protocol have them",
        not differing,
        f"these differ: {', '.join(differing)}"
        if differing
        else f"{one.name} ({one.user}), {signatory.role}, {one.manifestation.at}",
        clause=_CLAUSE,
    )
    checks(
        f"{one.field}: the file that it says was presented is the one before it",
        one.manifestation.presented == one.presented,
        one.manifestation.presented,
        clause="21 CFR 11.70",
    )


def _differing(one: FoundSignature, stated: Manifestation, signatory: Signatory) -> list[str]:
    agreeing = {
        "name": stated.name == one.name,
        "user id": stated.user == one.user,
        "role": stated.role == signatory.role,
        "function": stated.title == signatory.title,
        "meaning": stated.meaning == signatory.meaning,
        "moment": one.signing_time in {"", stated.at},
    }
    return [name for name, same in agreeing.items() if not same]


def _moment_problem(one: FoundSignature, stamped: Proven) -> str:
    """Return why a signature cannot have been given when it says; empty if it can."""
    if one.manifestation is None:
        return ""
    moment = one.manifestation.moment
    certificate = one.certificate
    if stamped.is_past and moment > stamped.at + MOST_APART:
        return f"it was there at {stamped.at:%Y-%m-%d %H:%M:%S} UTC already"
    if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
        return "the certificate was not valid then"
    return ""


def _check_foreign(one: FoundSignature, signatory: Signatory, checks: Checks) -> None:
    checks(
        f"{one.field}: it was made elsewhere, and states its meaning as the protocol has it",
        one.meaning == signatory.meaning,
        one.meaning or "no reason is given",
        failure="incomplete",
        clause=_CLAUSE,
    )
