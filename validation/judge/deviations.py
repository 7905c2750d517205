"""Deviations: departures from the protocol, each with reason, impact, who and when.

``deviations.json`` of a record is only ever added to. That a deviation is closed is an entry of
its own, so that what was said first stays as it was said (ISO 13485, 7.3.7; 21 CFR 11.10(e)).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from validation.record import Digest, Line, Prose, Record, canonical_json, digest

DEVIATIONS = "deviations.json"
"""The file of a record; it is there as soon as there is a deviation."""

DeviationId = Annotated[str, StringConstraints(pattern=r"^DEV-[0-9]{2,6}$")]
_Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
_Zone = Annotated[str, StringConstraints(pattern=r"^[+-]\d\d:\d\d$")]


class EventName(Record):
    """An event of the audit trail, named so that nobody can exchange it."""

    trail_id: str
    sequence: int
    digest: Digest


class Stated(Record):
    """What every entry says."""

    id: DeviationId
    by: Line
    """Who states it: a name or user id, or the account where none was given."""
    user: Line
    """Account at the machine."""


class DeviationStated(Stated):
    """A departure from the protocol, as somebody states it."""

    act: Literal["recorded"] = "recorded"
    what: Prose
    """What was done otherwise than the protocol says."""
    reason: Prose
    """Why."""
    impact: Prose
    """What it means for the results, or why it means nothing for them."""
    criterion: Line | None = None
    """Id of the acceptance criterion that it concerns; None: no single one."""
    case: Line | None = None
    """Id of the case that it concerns; None: no single one."""


class DispositionStated(Stated):
    """What became of a deviation, as somebody states it."""

    act: Literal["closed"] = "closed"
    disposition: Prose
    """How it was assessed and resolved, e.g. that it was accepted, and on what grounds."""


class Told(Record):
    """When an entry was made, by the event of the audit trail before it."""

    at: _Moment
    """UTC."""
    zone: _Zone
    """Offset from UTC of whoever stated it."""
    event: EventName


class DeviationRecorded(Told, DeviationStated):
    """The entry that records a deviation."""


class DeviationClosed(Told, DispositionStated):
    """The entry that closes a deviation."""


Statement = DeviationStated | DispositionStated
Entry = DeviationRecorded | DeviationClosed


@dataclass(frozen=True)
class Deviation:
    """A deviation, and what became of it."""

    recorded: DeviationRecorded
    closed: DeviationClosed | None
    """None: it is open."""


class Deviations(Record):
    """``deviations.json``: every entry, in the order in which they were made."""

    format: Literal["segval/deviations/1"] = "segval/deviations/1"
    entries: tuple[Annotated[Entry, Field(discriminator="act")], ...]

    @model_validator(mode="after")
    def _follow_one_another(self) -> Self:
        for problem in _problems(self.entries):
            raise ValueError(problem)
        return self

    @property
    def all(self) -> tuple[Deviation, ...]:
        """Every deviation, by id."""
        closed = {one.id: one for one in self.entries if isinstance(one, DeviationClosed)}
        recorded = [one for one in self.entries if isinstance(one, DeviationRecorded)]
        return tuple(Deviation(one, closed.get(one.id)) for one in recorded)

    @property
    def open_ids(self) -> tuple[str, ...]:
        """Ids of those that are open."""
        return tuple(one.recorded.id for one in self.all if one.closed is None)

    @property
    def closed_ids(self) -> tuple[str, ...]:
        """Ids of those that are closed."""
        return tuple(one.recorded.id for one in self.all if one.closed is not None)

    @property
    def before_last(self) -> "Deviations | None":
        """What the file held before its last entry; None: there was no file."""
        earlier = self.entries[:-1]
        return Deviations(entries=earlier) if earlier else None


def deviation_id(number: int) -> str:
    """Return the id of the n-th deviation of a record.

    >>> deviation_id(1)
    'DEV-01'
    """
    return f"DEV-{number:02d}"


def statement_digest(one: Statement) -> str:
    """Return the digest of what is stated: what the event of the audit trail before it names."""
    values = one.model_dump(mode="json", exclude=set(Told.model_fields))
    return digest(canonical_json(values))


def _problems(entries: tuple[Entry, ...]) -> Iterator[str]:
    """Yield what is wrong with the order of entries."""
    recorded: list[str] = []
    closed: list[str] = []
    last = 0
    if not entries:
        yield "there is no entry"
    for one in entries:
        if one.event.sequence <= last:
            yield f"{one.id}: its event {one.event.sequence} does not follow event {last}"
        last = one.event.sequence
        if isinstance(one, DeviationRecorded):
            recorded.append(one.id)
            if one.id != deviation_id(len(recorded)):
                yield f"{one.id} stands where {deviation_id(len(recorded))} follows"
        elif one.id not in recorded or one.id in closed:
            yield f"{one.id} is closed, and is not open"
        else:
            closed.append(one.id)
