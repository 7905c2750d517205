"""Reviewing a study's audit trail: is it whole, does it reach its anchors, what is open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import validation
from validation import workspace
from validation.attest.anchors import Checkpoint, anchors_in
from validation.attest.audit_file import TRAIL_NAME, go_on_after_break, load, trail_path
from validation.attest.audit_trail import Event, anchor_problems
from validation.attest.study_check import open_acts
from validation.errors import AuditError, Problem
from validation.record import printable
from validation.report.documents import render_audit
from validation.report.view.documents.audit import AuditContents
from validation.study.operator import operator
from validation.study.templates import read_template_folder


@dataclass(frozen=True)
class Review:
    """A trail, read and checked."""

    path: Path
    events: tuple[Event, ...]
    problems: tuple[Problem, ...]
    """What is broken: lines, and anchors that are not reached."""
    remarks: tuple[str, ...]
    """What a reviewer should know and is no fault: acts that were begun and not ended."""
    against: tuple[str, ...] = ()
    """Names of the records, documents and checkpoints that the trail was held against."""

    @property
    def holds(self) -> bool:
        """Tell whether the chain holds and every anchor is reached."""
        return not self.problems


def review(study: Path, against: Iterable[Path] = ()) -> Review:
    """Return the audit trail of a study, checked.

    Args:
        study: Folder of a protocol, or the file of the trail.
        against: Records, reports or checkpoints that name an event of it.

    Raises:
        AuditError: There is no trail, or it cannot be read, or an anchor cannot be.
    """
    path, against = _path(study), tuple(against)
    if not path.exists():
        raise AuditError(
            "there is no audit trail: nothing was locked or run here yet",
            where=str(path),
            fix="give the folder that the protocol lies in",
        )
    trail = load(path)
    problems = [*trail.problems]
    problems += anchor_problems(
        trail.events, [anchor for one in against for anchor in anchors_in(one)]
    )
    remarks = [
        f"event {one.sequence}: {one.action} of {one.about.id} has no end yet"
        for one in open_acts(trail.events)
    ]
    if trail.torn:
        remarks.append(
            f"{len(trail.torn)} bytes after the last event: its writing was cut off; the next "
            "event says so"
        )
    named = tuple(Problem(printable(one.where), printable(one.what)) for one in problems)
    names = tuple(printable(one.name) for one in against)
    return Review(path, trail.events, named, tuple(remarks), names)


def write_checkpoint(found: Review, path: Path) -> None:
    """Write the head of a trail that holds to a new file.

    Raises:
        AuditError: The trail does not hold.
        RecordError: The file exists, or cannot be written.
    """
    if not found.holds or not found.events:
        raise AuditError("a trail that does not hold has no checkpoint", where=str(found.path))
    head = found.events[-1]
    point = Checkpoint(
        trail_id=head.trail_id, sequence=head.sequence, digest=head.digest, at=head.at
    )
    workspace.write_new(path, point.to_json())


def write_pdf(
    found: Review,
    shown: Sequence[Event],
    path: Path,
    selection: str = "",
    templates: Path | None = None,
) -> None:
    """Write a trail as a PDF to a new file; the trail itself is embedded.

    Args:
        found: The trail, reviewed.
        shown: The events that are printed one by one.
        path: The PDF.
        selection: Which these are, in words; empty: all.
        templates: A company's template folder.

    Raises:
        RecordError: The file exists, or cannot be written.
        RenderError: It cannot be rendered.
    """
    contents = AuditContents(
        content=workspace.read(found.path, "the audit trail"),
        events=tuple(one.model_dump(mode="json") for one in found.events),
        shown=tuple(one.model_dump(mode="json") for one in shown),
        selection=selection,
        problems=tuple(f"{one.where}: {one.what}" for one in found.problems),
        remarks=found.remarks,
        against=found.against,
        tool_version=validation.__version__,
    )
    workspace.write_new(
        path, render_audit(contents, read_template_folder(templates) if templates else {})
    )


def leave_behind(study: Path, reason: str) -> Event:
    """Keep a damaged trail and begin another that names it.

    Raises:
        AuditError: The trail is whole, or no reason is given.
    """
    if not reason.strip() or not reason.isprintable():
        raise AuditError("a reason is needed, in one printable line", where=str(study))
    return go_on_after_break(_path(study), reason.strip(), user=operator())


def _path(study: Path) -> Path:
    if study.is_file():
        return study if study.name == TRAIL_NAME else trail_path(study.parent)
    return trail_path(study)
