"""An unfinished run: begun, taken up again, and turned into a record.

``RECORD.incomplete`` holds the record as far as it is written (``record/``) and, beside it,
what only the run needs: ``start.json`` and the journal. The last step gives ``record/`` its
own name. At any moment before it the run can be taken up again; at any moment after it the
record is complete, and nothing that belongs to the run has to be taken out of it.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import validation
from validation import workspace
from validation.errors import RecordError, RunError, ToolError
from validation.inference.journal import Journal
from validation.record import Record, digest
from validation.record_folder import PREDICTIONS, read_index

_START, _JOURNAL, _RECORD = "start.json", "journal.jsonl", "record"


class Start(Record):
    """When and as what a run began; kept through interruptions."""

    record_id: str
    started_at: datetime
    """UTC, when the run began the first time."""
    tool_version: str = validation.__version__
    """Version that began it, and has to finish it."""
    resumed: int = 0
    """How often it was taken up again."""
    redone: tuple[str, ...] = ()
    """Cases that were run again because their stored prediction was lost or had changed."""


@dataclass(frozen=True)
class OpenRun:
    """A run that this process, and no other, is working on."""

    start: Start
    journal: Journal
    folder: Path
    """The record as far as it is written."""

    def keep_only(self, names: AbstractSet[str]) -> None:
        """Remove what is in the record's folder and not in the record.

        Such files are left by an interruption in the middle of one, or by a case that came
        out otherwise when it was run again.
        """
        for name in set(workspace.files_below(self.folder)) - names:
            (self.folder / name).unlink(missing_ok=True)


@dataclass(frozen=True)
class UnfinishedRun:
    """Where a run's unfinished work lies."""

    out: Path
    """Folder that the record will have."""

    @property
    def folder(self) -> Path:
        """Folder of the unfinished work, beside the record's place."""
        return self.out.with_name(f"{self.out.name}.incomplete")

    def require(self, *, resume: bool) -> None:
        """Refuse to begin where something lies, and to resume where nothing does.

        Raises:
            RecordError: The record exists, or there is an interrupted run, or there is none.
        """
        if os.path.lexists(self.out):
            raise RecordError(
                "a record or another file lies there already and is never replaced",
                where=str(self.out),
                fix="give another folder by --out",
            )
        if os.path.lexists(self.folder) and not resume:
            raise RecordError(
                "an interrupted run lies there",
                where=str(self.folder),
                fix="take it up again by --resume, or remove the folder",
            )
        if resume and not self.folder.is_dir():
            raise RecordError(
                "there is no interrupted run to take up",
                where=str(self.folder),
                fix="leave --resume out",
            )

    def finished_record_id(self, name: str, content: bytes) -> str | None:
        """Return the id of a record that was complete when its run was killed, if it was.

        Between the record's naming and the removal of the work there is a moment in which
        both are there; a run that is resumed then has nothing left to do.

        Args:
            name: Name in a record of what is run, e.g. ``protocol.yaml``.
            content: The bytes of it.
        """
        if not self.out.is_dir() or (self.folder / _RECORD).exists():
            return None
        try:
            start = self._read_start()
            index = read_index(self.out)
        except ToolError:
            return None
        is_it = (
            start is not None
            and start.record_id == index.record_id
            and index.files.get(name) == digest(content)
        )
        return index.record_id if is_it else None

    @contextlib.contextmanager
    def opened(self, new: Start, key: str, *, resume: bool) -> Iterator[OpenRun]:
        """Begin the run, or take it up again, and hold it against other processes.

        Work in which no case is finished yet is removed when it ends by an error.

        Args:
            new: The run as it begins, if it was not begun before.
            key: Digest of all that outcomes depend on.
            resume: Whether an interrupted run is taken up.

        Raises:
            RecordError: The folder cannot be written, or another run was quicker.
            RunError: The run was begun with something else, or its journal is damaged.
        """
        if not resume:
            workspace.make_folder(self.folder)
        journal, lost = self._open_journal(key)
        try:
            start = self._begin(new, lost, resume=resume)
            yield OpenRun(start, journal, self.folder / _RECORD)
        except BaseException:
            is_idle = not journal.entries
            journal.close()
            if is_idle:
                workspace.remove(self.folder)
            raise
        journal.close()

    def finish(self) -> None:
        """Give the record its name.

        Raises:
            RecordError: Something of that name exists, or the disk objects.
        """
        workspace.finish(self.folder / _RECORD, self.out)

    def remove(self) -> None:
        """Remove the work of a run whose record is complete."""
        workspace.remove(self.folder)

    def _begin(self, new: Start, lost: tuple[str, ...], *, resume: bool) -> Start:
        before = self._read_start() if resume else None
        if before is None:
            start = new
        else:
            redone = tuple(sorted({*before.redone, *lost}))
            start = before.model_copy(update={"resumed": before.resumed + 1, "redone": redone})
        workspace.write_again(self.folder / _START, start.to_json())
        return start

    def _read_start(self) -> Start | None:
        path = self.folder / _START
        if not path.exists():
            return None
        try:
            start = Start.from_json(workspace.read(path, "the start of the run"))
        except ValidationError as error:
            fix = "remove the folder and run anew"
            raise RunError("the start of the run is damaged", where=str(path), fix=fix) from error
        if start.tool_version != validation.__version__:
            raise RunError(
                f"the run was begun by segval {start.tool_version}; this is "
                f"{validation.__version__}",
                where=str(path),
                fix="resume with the version that began the run, or run anew",
            )
        return start

    def _open_journal(self, key: str) -> tuple[Journal, tuple[str, ...]]:
        """Return the journal without the cases whose predictions are lost, and those cases."""
        path = self.folder / _JOURNAL
        journal = Journal.open(path, key=key)
        try:
            predictions = self.folder / _RECORD / PREDICTIONS
            lost = tuple(
                case_id
                for case_id, entry in journal.entries.items()
                if _is_lost(predictions, entry)
            )
            if not lost:
                return journal, ()
            workspace.write_again(path, _without(path.read_bytes(), frozenset(lost)))
        except BaseException:
            journal.close()
            raise
        journal.close()
        return Journal.open(path, key=key), lost


def _is_lost(predictions: Path, entry: Mapping[str, Any]) -> bool:
    stored = (entry.get("outcome") or {}).get("prediction")
    if stored is None:
        return False
    try:
        found = digest((predictions / stored["file"]).read_bytes())
    except OSError:
        return True
    return found != str(stored["digest"])


def _without(content: bytes, lost: AbstractSet[str]) -> bytes:
    """Return a journal without the lines of some cases; the lines that stay are not touched."""
    header, *lines = content.splitlines(keepends=True)
    return b"".join([header, *(one for one in lines if json.loads(one)["case_id"] not in lost)])
