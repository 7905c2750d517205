"""The runs on a test set, read out of an audit trail."""

from collections.abc import Iterable, Mapping

from validation.attest.audit_trail import Event, Trail
from validation.testset.openings import Opening, Openings, Outcome

_ENDS: dict[str, Outcome] = {
    "run.completed": "completed",
    "run.failed": "failed",
    "run.aborted": "aborted",
}


def openings_of(trail: Trail, record_id: str) -> Openings:
    """Return the runs on the test set of a run, that run among them.

    Runs belong together that name the same test set, by its id (whatever the revision of the
    lock) or by the digest of its manifest (whatever the id).

    Args:
        trail: The study's trail.
        record_id: The run that asks.

    Raises:
        ValueError: The trail does not know the run.
    """
    begun = _begun(trail)
    own = next((one for one in begun if one.about.id == record_id), None)
    if own is None or trail.head is None:
        raise ValueError(f"the audit trail does not know run {record_id}")
    same = [one for one in begun if _is_same_set(one.details, own.details)]
    return Openings(
        trail_id=own.trail_id,
        head_sequence=trail.head.sequence,
        head_digest=trail.head.digest,
        number=1 + same.index(own),
        openings=tuple(_opening(one, trail.events, is_own=one is own) for one in same),
    )


def openings_of_set(trail: Trail, *, test_set: str, manifest: str) -> tuple[Opening, ...]:
    """Return every run on a test set that the trail knows, in the order of beginning.

    Args:
        trail: The study's trail.
        test_set: Id of the test set.
        manifest: Digest of its manifest; runs of either belong together.
    """
    identity = {"test_set": test_set, "manifest": manifest}
    same = [one for one in _begun(trail) if _is_same_set(one.details, identity)]
    return tuple(_opening(one, trail.events, is_own=False) for one in same)


def _begun(trail: Trail) -> list[Event]:
    return [one for one in trail.events if one.action == "run.started"]


def _is_same_set(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(one.get(name) == other.get(name) for name in ("test_set", "manifest"))


def _newest_verdict(events: Iterable[Event]) -> str | None:
    """Return the verdict of a record as it is now: a deviation may have come after the run."""
    told = [one.details["verdict"] for one in events if "verdict" in one.details]
    return told[-1] if told else None


def _opening(start: Event, events: Iterable[Event], *, is_own: bool) -> Opening:
    later = [one for one in events if one.about.id == start.about.id]
    ends = [one for one in later if one.action in _ENDS]
    last = max(ends, key=lambda one: one.sequence, default=None)
    resumed = [one for one in later if one.action == "run.resumed"]
    if last is not None and any(one.sequence > last.sequence for one in resumed):
        last = None
    outcome: Outcome = _ENDS[last.action] if last else "unfinished"
    return Opening(
        record_id=start.about.id,
        started_at=start.at,
        user=start.actor.user,
        host=start.actor.host,
        revision=int(start.details["revision"]),
        protocol_digest=start.details["protocol"],
        model_digest=start.details["model"],
        outcome="this_run" if is_own else outcome,
        verdict=_newest_verdict(later) if outcome == "completed" and not is_own else None,
        resumed=len(resumed),
        audit_sequence=start.sequence,
        subset=start.details.get("subset", ""),
    )
