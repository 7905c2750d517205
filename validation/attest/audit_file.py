"""The file of an audit trail: appended to by one process at a time, and flushed to the disk.

``audit/audit.jsonl`` beside the protocol is the trail of a study. An event counts as written
when its line is on the disk. A line whose writing was cut off (``kill -9``, no power) is moved
to ``audit.torn-N.bin`` and that is itself an event. Nothing else is ever removed.
"""

import contextlib
import os
import platform
import secrets
from collections.abc import Iterator
from pathlib import Path

import validation
from validation import clock, workspace
from validation.attest.audit_trail import (
    Actor,
    Draft,
    Event,
    Moment,
    Subject,
    Trail,
    chained,
    last_event,
    line_of,
    read_trail,
)
from validation.errors import AuditError, Problem
from validation.record import digest

_BLOCK_BYTES = 1 << 16
TRAIL_NAME = "audit.jsonl"
FOLDER_NAME = "audit"


def trail_path(study: Path) -> Path:
    """Return where the trail of a study lies."""
    return study / FOLDER_NAME / TRAIL_NAME


def load(path: Path) -> Trail:
    """Return the trail in a file; an empty one where there is no file.

    Raises:
        AuditError: It cannot be read, which is not the same as being empty.
    """
    try:
        return read_trail(path.read_bytes(), path.name)
    except FileNotFoundError:
        return Trail((), (), b"")
    except OSError as error:
        raise AuditError(
            f"the audit trail cannot be read: {error.strerror}", where=str(path)
        ) from error


def append(path: Path, draft: Draft, *, user: str) -> Event:
    """Write an event and return it; when this returns, it is on the disk.

    Args:
        path: File of the trail; made where there is none.
        draft: What was done.
        user: Who did it.

    Raises:
        AuditError: The trail is damaged, or cannot be written; it is then as it was before.
    """
    with _opened(path) as descriptor:
        last, torn = _end(descriptor, path)
        actor = Actor(user=user, host=platform.node() or "unknown")
        writer = _Writer(descriptor, path, actor, last)
        if last is None:
            writer.begin()
        if torn:
            writer.recover(torn)
        return writer.write(draft)


def go_on_after_break(path: Path, reason: str, *, user: str) -> Event:
    """Put a damaged trail aside and begin another that names it; the event of that is returned.

    The damaged file stays, under a name of its own, and its digest is the new trail's beginning.

    Raises:
        AuditError: The trail is not damaged, or the folder cannot be written.
    """
    with _opened(path) as descriptor:
        content = _content(descriptor)
        if not read_trail(content, path.name).problems:
            raise AuditError(
                "the audit trail is whole: there is nothing to leave behind", where=str(path)
            )
        aside = _free_name(path, "broken", ".jsonl")
        with _told(path):
            os.link(path, aside)
        fresh = path.with_name(f".new-{secrets.token_hex(8)}")
        actor = Actor(user=user, host=platform.node() or "unknown")
        draft = Draft(
            action="trail.continued",
            about=Subject(kind="trail", id=aside.name, digest=digest(content)),
            reason=reason,
        )
        with _opened(fresh) as new:
            writer = _Writer(new, fresh, actor, None)
            writer.begin()
            event = writer.write(draft)
            with _told(path):
                fresh.replace(path)
                workspace.sync_folder(path.parent)
        return event


class _Writer:
    """Writes events at the end of a trail that this process holds."""

    def __init__(self, descriptor: int, path: Path, actor: Actor, last: Event | None) -> None:
        self._descriptor = descriptor
        self._path = path
        self._actor = actor
        self._last = last
        self._trail_id = last.trail_id if last else secrets.token_hex(16)

    def begin(self) -> None:
        self.write(Draft(action="trail.begun", about=Subject(kind="trail", id=self._trail_id)))
        with _told(self._path):
            workspace.sync_folder(self._path.parent)

    def recover(self, torn: bytes) -> None:
        """Move a line that was cut off aside, and say so in the trail."""
        aside = _free_name(self._path, "torn", ".bin")
        kept = os.fstat(self._descriptor).st_size - len(torn)
        with _told(self._path):
            workspace.write_new(aside, torn)
            os.ftruncate(self._descriptor, kept)
            os.fsync(self._descriptor)
        about = Subject(kind="trail", id=aside.name, digest=digest(torn))
        what = "an event whose writing was cut off was moved aside"
        self.write(Draft(action="trail.recovered", about=about, reason=what))

    def write(self, draft: Draft) -> Event:
        moment = Moment(*clock.moment())
        event = chained(
            draft,
            self._last,
            trail_id=self._trail_id,
            moment=moment,
            actor=self._actor,
            version=validation.__version__,
        )
        try:
            workspace.append_whole(self._descriptor, line_of(event))
        except OSError as error:
            raise AuditError(
                f"the audit trail cannot be written: {error.strerror}; nothing was done",
                where=str(self._path),
                fix="make room, and try again",
            ) from error
        self._last = event
        return event


def _end(descriptor: int, path: Path) -> tuple[Event | None, bytes]:
    """Return the last event and what stands after it.

    Only the last line is checked: `read_trail` checks them all, which takes its time.

    Raises:
        AuditError: The last line is no event of a trail.
    """
    size = os.fstat(descriptor).st_size
    content, start = b"", size
    while start and content.count(b"\n") < 2:  # noqa: PLR2004 - one line whole
        start = max(0, start - _BLOCK_BYTES)
        os.lseek(descriptor, start, os.SEEK_SET)
        content = os.read(descriptor, min(_BLOCK_BYTES, size - start)) + content
    *lines, torn = content.split(b"\n")
    if not lines:
        return None, torn
    last = last_event(lines[-1], path.name)
    if isinstance(last, Problem):
        raise AuditError(
            "the audit trail was altered; nothing is added to it",
            where=str(path),
            fix="bring back the true file; where there is none, `segval audit --leave-behind` "
            "keeps this one and begins another, with your reason",
            problems=[last],
        )
    return last, torn


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    blocks = []
    while block := os.read(descriptor, 1 << 20):
        blocks.append(block)
    return b"".join(blocks)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Hold a trail for this process; others wait. The system lets go when the process ends."""
    while True:
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = workspace.open_to_append(path)
        try:
            with _told(path):
                workspace.hold(descriptor, wait=True)
            # Another process may have put the file aside while this one waited.
            with _told(path):
                is_it = path.exists() and os.path.samestat(os.fstat(descriptor), path.stat())
            if is_it:
                yield descriptor
                return
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn the operating system's objections into sentences."""
    try:
        yield
    except OSError as error:
        raise AuditError(
            f"the audit trail cannot be written: {error.strerror}",
            where=str(path),
            fix="let the study lie in a folder that you may write to",
        ) from error


def _free_name(path: Path, what: str, ending: str) -> Path:
    number = 1
    while os.path.lexists(name := path.with_name(f"{path.stem}.{what}-{number}{ending}")):
        number += 1
    return name
