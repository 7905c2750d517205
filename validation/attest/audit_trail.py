r"""The audit trail: who did what, when and why; append-only and chained (21 CFR 11.10(e)).

A trail is text: one event a line, in canonical JSON (RFC 8785), LF at the end of each. Every
event holds its number, the digest of the event before it and its own digest, so that an edit, a
deletion, an insertion or a swap breaks the chain at a named line. That the end was cut off, or
that the whole was written anew, a chain cannot show: *anchors* can, numbers and digests of
events that were printed, signed or sent elsewhere while the trail was true.

This module knows events and bytes; `validation.attest.audit_file` knows the file.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, StringConstraints, ValidationError

from validation.errors import Problem
from validation.record import Digest, Line, Record, canonical_json

FORMAT = "segval/audit/1"
GENESIS = "sha256:" + "0" * 64
"""What stands for the digest of the event before the first."""

_Moment = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", strict=True)
]
_Zone = Annotated[str, StringConstraints(pattern=r"^[+-]\d\d:\d\d$", strict=True)]


class Actor(Record):
    """Who acted, and where."""

    user: Line
    """User name at the machine, or user id of the identity that signs."""
    host: Line
    """Name of the machine."""


class Subject(Record):
    """What an event is about."""

    kind: Literal["trail", "test_set", "run", "record", "protocol", "document", "identity"]
    id: Line
    """E.g. id of the test set or record."""
    revision: str = ""
    """Revision of it, where it has revisions."""
    digest: Digest | None = None
    """SHA-256 of it, where it has bytes."""


class Draft(Record):
    """An event before it has a place in a trail."""

    action: Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$")]
    """What was done: thing and past participle, e.g. ``run.started``."""
    about: Subject
    """What it was done to."""
    old: str | None = None
    """Value before, where the act changed one."""
    new: str | None = None
    """Value after."""
    reason: str = ""
    """Why, in the actor's words."""
    details: dict[str, str] = Field(default_factory=dict)
    """What else belongs to the act, by name: digests, counts, verdict; all of it text."""


class Event(Draft):
    """One line of a trail."""

    format: Literal["segval/audit/1"] = "segval/audit/1"
    trail_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    """Drawn at random when the trail began: events of two trails cannot be mixed."""
    sequence: int
    """1 for the first."""
    previous: Digest
    """Digest of the event before; 64 zeros for the first."""
    at: _Moment
    """When, UTC, to the microsecond."""
    zone: _Zone
    """The actor's offset from UTC at that moment."""
    clock: Literal["forwards", "backwards"]
    """``backwards`` where the clock showed an earlier moment than at the event before."""
    actor: Actor
    tool_version: Line
    digest: Digest
    """SHA-256 of the format's name, LF, and the canonical JSON of all other fields."""


class Head(NamedTuple):
    """An event of a trail, named so that nobody can exchange it."""

    sequence: int
    digest: str


class Moment(NamedTuple):
    """A moment as an event states it."""

    at: str
    zone: str


class Trail(NamedTuple):
    """A trail as it was found."""

    events: tuple[Event, ...]
    """Every line that can be read, in order."""
    problems: tuple[Problem, ...]
    """What is wrong, by line; empty where the chain holds."""
    torn: bytes
    """What stands after the last line break: an event whose writing was cut off."""

    @property
    def head(self) -> Head | None:
        """The last event; None for an empty trail."""
        return Head(self.events[-1].sequence, self.events[-1].digest) if self.events else None


def chained(
    draft: Draft, before: Event | None, *, trail_id: str, moment: Moment, actor: Actor, version: str
) -> Event:
    """Return the event that follows `before`.

    Args:
        draft: What was done.
        before: The last event of the trail; None for the first.
        trail_id: Id of the trail.
        moment: When.
        actor: Who.
        version: Version of the tool.
    """
    values = {
        **draft.model_dump(mode="json"),
        "format": FORMAT,
        "trail_id": trail_id,
        "sequence": before.sequence + 1 if before else 1,
        "previous": before.digest if before else GENESIS,
        "at": moment.at,
        "zone": moment.zone,
        "clock": "backwards" if before and moment.at < before.at else "forwards",
        "actor": actor.model_dump(mode="json"),
        "tool_version": version,
    }
    return Event(**values, digest=event_digest(values))


def event_digest(values: Mapping[str, Any]) -> str:
    """Return the digest of an event from its other fields, as JSON values."""
    content = canonical_json({name: one for name, one in values.items() if name != "digest"})
    return "sha256:" + hashlib.sha256(FORMAT.encode() + b"\n" + content).hexdigest()


def line_of(event: Event) -> bytes:
    """Return an event as its line in the trail."""
    return canonical_json(event.model_dump(mode="json")) + b"\n"


def read_trail(content: bytes, name: str = "audit.jsonl") -> Trail:
    """Return the trail in `content`, with everything that is wrong with it.

    Args:
        content: Bytes of the file.
        name: Its name, for the problems.
    """
    *lines, torn = content.split(b"\n")
    events: list[Event] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        where = f"{name}:{number}"
        event = _parsed(line)
        if isinstance(event, str):
            problems.append(Problem(where, event))
            continue
        problems += [Problem(where, one) for one in _objections(event, line, events)]
        events.append(event)
    return Trail(tuple(events), tuple(problems), torn)


def _parsed(line: bytes) -> Event | str:
    """Return the event of a line, or why it is none."""
    try:
        values = json.loads(line)
        return Event.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        return f"is not an event: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (ValueError, RecursionError):
        return "is not an event: the line is not JSON in UTF-8"


def last_event(line: bytes, name: str = "audit.jsonl") -> Event | Problem:
    """Return the event of the last line, held against its own digest, or what is wrong."""
    event = _parsed(line)
    if isinstance(event, str):
        return Problem(name, f"the last line {event}")
    if event.digest != event_digest(event.model_dump(mode="json")):
        return Problem(name, "the last line has another digest than its content: it was edited")
    return event


def _objections(event: Event, line: bytes, before: list[Event]) -> list[str]:
    found = []
    last = before[-1] if before else None
    if line + b"\n" != line_of(event):
        found.append("is not written in the canonical form: it was edited")
    if event.digest != event_digest(event.model_dump(mode="json")):
        found.append("has another digest than its content: it was edited")
    if event.sequence != (last.sequence + 1 if last else 1):
        found.append(
            f"has number {event.sequence} where {last.sequence + 1 if last else 1} follows: "
            "events were removed, added or moved"
        )
    if event.previous != (last.digest if last else GENESIS):
        found.append("does not follow the event before it: the chain is broken")
    if last is not None and event.trail_id != last.trail_id:
        found.append("belongs to another trail")
    return found


class Anchor(NamedTuple):
    """An event as it was known elsewhere."""

    head: Head
    source: str
    """Where it stands, e.g. a record folder."""
    trail_id: str
    """Trail that it belongs to."""


def anchor_problems(events: Iterable[Event], anchors: Iterable[Anchor]) -> tuple[Problem, ...]:
    """Return the anchors that a trail does not reach or contradicts, by their source."""
    known = list(events)
    digests = {one.sequence: one.digest for one in known}
    trails = {one.trail_id for one in known}
    problems = []
    for anchor in anchors:
        there = digests.get(anchor.head.sequence)
        if trails and anchor.trail_id not in trails:
            problems.append(Problem(anchor.source, "names an event of another trail"))
        elif there is None:
            what = f"event {anchor.head.sequence} is not in the trail: its end was cut off"
            problems.append(Problem(anchor.source, what))
        elif there != anchor.head.digest:
            what = f"event {anchor.head.sequence} is another one: the trail was written anew"
            problems.append(Problem(anchor.source, what))
    return tuple(problems)
