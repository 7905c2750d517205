"""What the audit trail knows of the deviations of a record, and of the record's newest state."""

from collections.abc import Iterable

from validation.attest.audit_trail import Event

BEGUN = "deviation.begun"
END_OF = {"recorded": "deviation.recorded", "closed": "deviation.closed"}
"""Action of the event after an entry is written, by what the entry does."""
ENDS = (*END_OF.values(), "deviation.failed", "deviation.aborted")


def recordings(events: Iterable[Event], record_id: str) -> tuple[tuple[Event, Event | None], ...]:
    """Return the events before each entry of a record, each with the event of its end.

    Args:
        events: The trail.
        record_id: Id of the record.

    Returns:
        In their order; None as the end where no event says how it ended.
    """
    found: list[tuple[Event, Event | None]] = []
    for one in events:
        if one.about.id != record_id:
            continue
        if one.action == BEGUN:
            found.append((one, None))
        elif one.action in ENDS and found and found[-1][1] is None:
            found[-1] = (found[-1][0], one)
    return tuple(found)


def open_recording(events: Iterable[Event], record_id: str) -> Event | None:
    """Return the event before an entry whose recording was interrupted; None: none was."""
    known = recordings(events, record_id)
    return known[-1][0] if known and known[-1][1] is None else None


def newest_state(events: Iterable[Event], record_id: str, name: str) -> str | None:
    """Return a digest of the newest state of a record that the trail knows.

    Args:
        events: The trail.
        record_id: Id of the record.
        name: ``record`` for that of ``record.json``, ``report`` for that of the PDF.

    Returns:
        None where the trail does not know the record, or that file of it.
    """
    stating = ("run.completed", *END_OF.values())
    known = [one for one in events if one.action in stating and one.about.id == record_id]
    return known[-1].details.get(name) if known else None
