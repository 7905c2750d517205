"""Anchors of an audit trail: where else its events are named, and can be held against it.

A chain does not show that its end was cut off, or that all of it was written anew. What was
printed, embedded, signed or sent elsewhere while it was true does.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from validation import workspace
from validation.attest.attachments import attachments_of
from validation.attest.audit_trail import Anchor, Head
from validation.attest.deviation_check import anchors_of_deviations
from validation.attest.signed_pdf import read_signed
from validation.attest.trail_check import anchor_of
from validation.errors import AuditError, SignatureError
from validation.judge.deviations import DEVIATIONS
from validation.record import Digest, Record
from validation.record_folder import SIGNED
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


def anchors_in(path: Path) -> tuple[Anchor, ...]:
    """Return the events that a record folder, a document or a checkpoint names.

    A record names the last event at its run, and every signature the event before it.

    Raises:
        AuditError: It names none.
    """
    found = tuple(_anchors(path))
    if not found:
        raise AuditError(
            "it names no event of an audit trail",
            where=str(path),
            fix="give a record folder, a report, a signed document, or what "
            "`segval audit --checkpoint` wrote",
        )
    return found


def anchors_of(files: Mapping[str, bytes], source: str) -> tuple[Anchor, ...]:
    """Return the event that the files of a record, or those embedded in its report, name.

    Args:
        files: Content by path in the record.
        source: What holds them, for messages.

    Raises:
        AuditError: It cannot be read.
    """
    own = (_stated(files[OPENINGS], Path(source)),) if OPENINGS in files else ()
    return (*own, *anchors_of_deviations(files, source))


def _anchors(path: Path) -> Iterator[Anchor]:
    if path.is_dir():
        if (path / OPENINGS).is_file():
            yield _stated(workspace.read(path / OPENINGS, "the openings"), path)
        if (path / DEVIATIONS).is_file():
            content = workspace.read(path / DEVIATIONS, "the deviations")
            yield from anchors_of_deviations({DEVIATIONS: content}, str(path))
        for name in sorted(filter(Path.is_file, (path / SIGNED).glob("*.pdf"))):
            yield from _signed(workspace.read(name, "a signed report"), name)
        return
    content = workspace.read(path, "the anchor")
    if not content.startswith(b"%PDF"):
        yield _stated(content, path)
        return
    yield from anchors_of(attachments_of(content) or {}, str(path))
    yield from _signed(content, path)


def _stated(content: bytes, path: Path) -> Anchor:
    """Return the anchor in the text of a checkpoint or of the openings of a record."""
    try:
        values = json.loads(content)
        if isinstance(values, dict) and values.get("format") == "segval/checkpoint/1":
            point = Checkpoint.model_validate(values)
            return Anchor(Head(point.sequence, point.digest), str(path), point.trail_id)
        known = Openings.from_json(content)
        return Anchor(Head(known.head_sequence, known.head_digest), str(path), known.trail_id)
    except (ValueError, ValidationError) as error:
        raise AuditError("it holds no anchor that can be read", where=str(path)) from error


def _signed(content: bytes, path: Path) -> Iterator[Anchor]:
    """Yield the event that each signature of a document names."""
    try:
        signatures = read_signed(content).signatures
    except SignatureError as error:
        raise AuditError(error.what, where=str(path)) from error
    for one in signatures:
        if (anchor := anchor_of(one)) is not None:
            yield anchor._replace(source=f"{path}, {one.field}")
