"""Checking time stamps, and what a certificate counts for at a moment that is proven or not."""

from collections.abc import Sequence

from validation.attest.proven_time import Stamp
from validation.attest.signed_pdf import FoundSignature
from validation.attest.standing import Word
from validation.attest.time_stamps import MOST_APART
from validation.attest.verification import Checks

_LINKING = "21 CFR 11.70"


def check_stamps(stamps: Sequence[Stamp], checks: Checks) -> None:
    """Add the checks of the document time stamps, which are given the newest first."""
    for number, one in enumerate(reversed(stamps), start=1):
        check_stamp(f"document time stamp {number}", one, checks)


def check_stamp(name: str, one: Stamp, checks: Checks) -> None:
    """Add the check of a time stamp.

    Args:
        name: What it is called.
        one: The stamp, validated.
        checks: Where the check is added.
    """
    what = f"{name}: what it covers is what was stamped, by an authority that is pinned"
    when = f"{one.at:%Y-%m-%d %H:%M:%S} UTC"
    if one.alteration:
        checks(what, held=False, detail=one.alteration, clause=_LINKING)
        return
    word, reason = one.authority
    checks(
        what,
        held_of(word, proven=False),
        when if word == "valid" else f"{when}: {word.replace('_', ' ')}: {reason}",
        failure="untrusted",
        clause=_LINKING,
    )


def check_moment(one: FoundSignature, stamp: Stamp, checks: Checks) -> None:
    """Add the check that a signature states the moment that its time stamp proves.

    Whoever signs can set back the own clock, not that of the authority. One that was made
    elsewhere states no moment that our clock told.
    """
    if one.manifestation is None or not stamp.proves:
        return
    stated = one.manifestation.moment
    checks(
        f"{one.field}: the moment that it states is that of its time stamp",
        abs(stamp.at - stated) <= 2 * MOST_APART,
        f"stated {stated:%Y-%m-%d %H:%M:%S} UTC, stamped {stamp.at:%Y-%m-%d %H:%M:%S} UTC",
        failure="untrusted",
        clause="21 CFR 11.50",
    )


def held_of(word: Word, *, proven: bool) -> bool | None:
    """Return whether a certificate counts; None where that cannot be told.

    One that has ended may have been valid when it was used, which nobody can tell where no time
    stamp proves the moment.
    """
    if word == "could_not_be_checked" or (word == "expired" and not proven):
        return None
    return word == "valid"
