"""Anchors of an audit trail: where else its events are named, and can be held against it.

A chain does not show that its end was cut off, or that all of it was written anew. What was
printed, embedded, signed or sent elsewhere while it was true does.
"""

import json
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from validation import workspace
from validation.attest.attachments import attachments_of
from validation.attest.audit_trail import Anchor, Head
from validation.errors import AuditError
from validation.record import Digest, Record
from validation.testset.openings import Openings

OPENINGS = "openings.json"


class Checkpoint(Record):
    """The head of a trail, to be kept where whoever writes the trail cannot reach it."""

    format: Literal["segval/checkpoint/1"] = "segval/checkpoint/1"
    trail_id: str
    sequence: int
    digest: Digest
    at: str
    """When the event was written, UTC."""


def anchor_in(path: Path) -> Anchor:
    """Return the anchor that a record folder, a report or a checkpoint holds.

    Raises:
        AuditError: It holds none.
    """
    content = _content(path)
    try:
        values = json.loads(content) if content is not None else None
        if isinstance(values, dict) and values.get("format") == "segval/checkpoint/1":
            point = Checkpoint.model_validate(values)
            return Anchor(Head(point.sequence, point.digest), str(path), point.trail_id)
        if content is not None:
            known = Openings.from_json(content)
            head = Head(known.head_sequence, known.head_digest)
            return Anchor(head, str(path), known.trail_id)
    except (ValueError, ValidationError) as error:
        raise AuditError("it holds no anchor that can be read", where=str(path)) from error
    raise AuditError(
        "it names no event of an audit trail",
        where=str(path),
        fix="give a record folder, its report, or what `segval audit --checkpoint` wrote",
    )


def _content(path: Path) -> bytes | None:
    """Return the text that holds the anchor; None where there is none."""
    if path.is_dir():
        name = path / OPENINGS
        return workspace.read(name, "the openings") if name.is_file() else None
    content = workspace.read(path, "the anchor")
    if content.startswith(b"%PDF"):
        return (attachments_of(content) or {}).get(OPENINGS)
    return content
