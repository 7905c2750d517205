"""Checking the deviations of a record: in themselves, and against the audit trail."""

from collections.abc import Mapping

from pydantic import ValidationError

from validation.attest.audit_trail import Anchor, Event, Head, Trail
from validation.attest.deviation_events import END_OF, recordings
from validation.attest.verification import Checks
from validation.errors import AuditError
from validation.evidence.run_record import RunRecord
from validation.judge.deviations import (
    DEVIATIONS,
    DeviationRecorded,
    Deviations,
    Entry,
    statement_digest,
)
from validation.plan.protocol import Protocol
from validation.record import digest
from validation.testset.lock import Lock

_CLAUSE = "ISO 13485, 7.3.7; 21 CFR 11.10(e)"
_TEMPORARY = ".new-"


def check_deviations(
    files: Mapping[str, bytes], protocol: Protocol, lock: Lock, checks: Checks
) -> Deviations | None:
    """Add the checks of the deviations of a record, where it has any; return them.

    Args:
        files: Files of the record by their path in it.
        protocol: Its protocol, for the criteria.
        lock: Its lock, for the cases.
        checks: Where the checks are added.
    """
    if DEVIATIONS not in files:
        return None
    what = "the deviations can be read, and their entries follow one another"
    try:
        known = Deviations.from_json(files[DEVIATIONS])
    except ValidationError as error:
        checks(what, held=False, detail=str(error.errors()[0]["msg"]), clause=_CLAUSE)
        return None
    count = f"{len(known.all)} recorded, {len(known.open_ids)} open"
    checks(what, held=True, detail=count, clause=_CLAUSE)
    _check_named(known, protocol, lock, checks)
    return known


def _check_named(known: Deviations, protocol: Protocol, lock: Lock, checks: Checks) -> None:
    criteria = {one.id for one in protocol.criteria}
    cases = {one.case_id for one in lock.cases.evaluated}
    cases |= {one.case.case_id for one in lock.cases.excluded}
    strange = [
        f"{one.recorded.id}: {name}"
        for one in known.all
        for name, there in ((one.recorded.criterion, criteria), (one.recorded.case, cases))
        if name is not None and name not in there
    ]
    what = "deviations name criteria of the protocol and cases of the lock"
    checks(what, not strange, ", ".join(strange) or f"{len(known.all)} deviations")


def check_deviations_in_trail(
    files: Mapping[str, bytes], trail: Trail | None, checks: Checks
) -> None:
    """Add the check that trail and record say the same of deviations, where either knows any.

    Args:
        files: Files of the record, or those that its report embeds.
        trail: The study's trail; nothing is added without one, or where it was altered.
        checks: Where the check is added.
    """
    if trail is None or trail.problems:
        return
    try:
        record_id = RunRecord.from_json(files["run.json"]).record_id
        entries = Deviations.from_json(files[DEVIATIONS]).entries if DEVIATIONS in files else ()
    except (KeyError, ValidationError):
        return  # said by the checks of the record itself
    told = recordings(trail.events, record_id)
    if not entries and not told:
        return
    differing = _unlike(entries, {one.sequence: one for one, _ in told})
    named = {one.event.sequence for one in entries}
    lost = [
        f"event {one.sequence}: {one.details.get('deviation', '')} is not in the record"
        for one, end in told
        if one.sequence not in named and end is not None and end.action in END_OF.values()
    ]
    unfinished = [
        f"event {one.sequence}: the recording of {one.details.get('deviation', '')} was interrupted"
        for one, end in told
        if end is None
    ]
    checks(
        "the audit trail says the same of the deviations as the record",
        not differing and not lost and not unfinished,
        "; ".join([*differing, *lost, *unfinished][:5]) or f"{len(entries)} entries",
        failure="altered" if differing else "incomplete",
        clause=_CLAUSE,
    )


def _unlike(entries: tuple[Entry, ...], begun: Mapping[int, Event]) -> list[str]:
    """Return the entries of which the trail says something else, or nothing."""
    found = []
    for one in entries:
        event = begun.get(one.event.sequence)
        if event is None or event.digest != one.event.digest:
            found.append(f"{one.id}: event {one.event.sequence} does not say that it was {one.act}")
            continue
        said = (event.details.get("statement"), f"{event.at[:19]}Z", event.zone, event.trail_id)
        if said != (statement_digest(one), one.at, one.zone, one.event.trail_id):
            found.append(f"{one.id}: event {one.event.sequence} says something else")
    return found


def anchors_of_deviations(files: Mapping[str, bytes], source: str) -> tuple[Anchor, ...]:
    """Return the events of the trail that the deviations of a record name.

    Raises:
        AuditError: They cannot be read.
    """
    if DEVIATIONS not in files:
        return ()
    try:
        known = Deviations.from_json(files[DEVIATIONS])
    except ValidationError as error:
        raise AuditError("its deviations cannot be read", where=source) from error
    return tuple(
        Anchor(Head(one.event.sequence, one.event.digest), source, one.event.trail_id)
        for one in known.entries
    )


def check_not_interrupted(
    stated: Mapping[str, str], found: Mapping[str, str], content: bytes | None, checks: Checks
) -> None:
    """Add a check that fails where the recording of a deviation was interrupted; else nothing.

    Args:
        stated: Digest of every file by name, as sealed.
        found: The same as it is now.
        content: ``deviations.json`` as it is now; None where there is none.
        checks: Where the check is added.
    """
    left = sorted(name for name in found if name.startswith(_TEMPORARY))
    said = f"{', '.join(left)}: files whose writing was interrupted" if left else ""
    if (last := _last_unsealed(stated.get(DEVIATIONS), content)) is not None:
        doing = "recording" if isinstance(last, DeviationRecorded) else "closing"
        said = f"the {doing} of {last.id} was interrupted"
    if not said:
        return
    detail = f"{said}; `segval deviation resume` finishes it, and what is said below is then mended"
    what = "no recording of a deviation was interrupted"
    checks(what, held=False, detail=detail, failure="incomplete", clause=_CLAUSE)


def _last_unsealed(stated: str | None, content: bytes | None) -> Entry | None:
    """Return the last entry, where the file without it is the one that was sealed."""
    if content is None or digest(content) == stated:
        return None
    try:
        known = Deviations.from_json(content)
    except ValidationError:
        return None
    before = known.before_last
    sealed = digest(before.to_json()) if before is not None else None
    return known.entries[-1] if sealed == stated else None
