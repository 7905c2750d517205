"""Every opening of a locked test set: a set that is run on again and again is no longer unseen.

The audit trail holds a run before its first image is decoded; this is what a record keeps of it.
"""

from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from validation.record import Digest, Record, without_empty

Outcome = Literal["completed", "failed", "aborted", "unfinished", "this_run"]


class Opening(Record):
    """One run on the test set, whatever became of it."""

    record_id: str
    started_at: str
    """UTC, as the audit trail states it."""
    user: str
    host: str
    revision: int
    """Revision of the lock that it ran on."""
    protocol_digest: Digest
    model_digest: Digest
    outcome: Outcome
    """``unfinished``: no event says how it ended (it runs still, or was killed)."""
    verdict: str | None
    """What it came to; None unless completed."""
    resumed: int
    """How often it was interrupted and taken up again."""
    audit_sequence: int
    """Number of the event that says that it began."""
    subset: str = ""
    """How many cases it took, where not all, e.g. ``5 of 48 cases: not for the record``."""

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_empty(write(self), "subset")


class Openings(Record):
    """``openings.json``: the runs on a test set as the study's audit trail knew them."""

    format: Literal["segval/openings/1"] = "segval/openings/1"
    trail_id: str
    """Id of the audit trail."""
    head_sequence: int
    """Number of the trail's last event when this was written."""
    head_digest: Digest
    """Digest of that event: an anchor against a trail that is cut off or written anew."""
    number: int
    """Which run this is, counted from 1 in the order of beginning."""
    openings: tuple[Opening, ...]
    """All of them, in the order of beginning."""

    @property
    def count(self) -> int:
        """Number of runs known when this was written."""
        return len(self.openings)
