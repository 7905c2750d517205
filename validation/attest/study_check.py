"""Checking a study: its audit trail, its lock and what the trail says of both."""

from collections.abc import Iterable

from validation.attest.audit_trail import Event, Trail
from validation.attest.deviation_events import BEGUN, ENDS
from validation.attest.verification import Checks
from validation.testset.lock import Lock

_ENDED_BY = {
    "lock.started": ("lock.created", "lock.failed", "lock.aborted"),
    "run.started": ("run.completed", "run.failed", "run.aborted"),
    BEGUN: ENDS,
    "sign.intent": ("sign.completed", "sign.imported", "sign.failed", "sign.aborted"),
}


def open_acts(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the events of acts that were begun and of which no later event says how they ended.

    A signature is told from others of the same document by the file that was presented.
    """
    known = list(events)
    return tuple(
        one
        for place, one in enumerate(known)
        if (ends := _ENDED_BY.get(one.action))
        and not any(later.action in ends and _is_same(one, later) for later in known[place:])
    )


def _is_same(one: Event, other: Event) -> bool:
    if one.action == "sign.intent":
        return one.about.id == other.about.id and one.about.digest == other.about.digest
    return one.about.id == other.about.id


def check_acts(trail: Trail, checks: Checks) -> None:
    """Add the check that everything that was begun came to an end that the trail knows."""
    begun = open_acts(trail.events)
    said = "; ".join(f"event {one.sequence}: {one.action} of {one.about.id}" for one in begun[:5])
    checks(
        "every act that was begun has an end",
        not begun,
        said or "nothing is open",
        failure="incomplete",
        clause="21 CFR 11.10(e)",
    )


def check_lock_in_trail(lock: Lock, lock_digest: str, trail: Trail, checks: Checks) -> None:
    """Add the check that the trail saw this lock made.

    Args:
        lock: The newest lock of the study.
        lock_digest: Digest of ``lock.json``.
        trail: The study's trail.
        checks: Where the check is added.
    """
    made = [
        one
        for one in trail.events
        if one.action == "lock.created" and one.about.id == lock.test_set_id
    ]
    what = "the audit trail saw this lock made, and no later one"
    if not made:
        checks(
            what,
            held=False,
            detail="no event says so: it was made elsewhere, or before this trail began",
            failure="incomplete",
        )
        return
    last = made[-1]
    checks(
        what,
        last.about.digest == lock_digest,
        f"event {last.sequence}: revision {last.about.revision}, {last.at}",
        clause="21 CFR 11.10(e)",
    )
