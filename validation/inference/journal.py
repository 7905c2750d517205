"""The journal of a run: one line for each case that is done, so that nothing is done twice.

Lines are JSON. The first states the format and the key: a digest over everything that the
outcomes depend on, so that a run is never resumed with another protocol, lock or model. A
line is on the disk before the case counts as done. A last line that is not whole (the power
went, or ``kill -9``) is moved to ``<journal>.torn`` and its case is run again. One process
writes a journal at a time.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from validation import workspace
from validation.errors import RunError
from validation.record import canonical_json, digest

FORMAT = "segval/journal/1"

Entry = Mapping[str, Any]


def journal_key(**digests: str) -> str:
    """Return the key of a run: one digest over all that its outcomes depend on.

    Args:
        digests: The digests, by name, e.g. ``protocol=…, lock=…, model=…``.

    >>> journal_key(protocol="sha256:aa", lock="sha256:bb") == journal_key(
    ...     lock="sha256:bb", protocol="sha256:aa"
    ... )
    True
    """
    return digest(canonical_json(digests))


class Journal:
    """An open journal; use as a context manager, or call `close`.

    Side effects: `open` creates or mends the file and holds a lock on it until `close`.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._entries: dict[str, Entry] = {}

    @classmethod
    def open(cls, path: Path, *, key: str) -> Self:
        """Return the journal at `path`, created where there is none.

        Args:
            path: The file; its folder exists.
            key: Key of the run (`journal_key`).

        Raises:
            RunError: Another process writes it, it belongs to another run, it is damaged
                before its last line, it lists a case twice, or it cannot be written.
        """
        try:
            descriptor = workspace.open_to_append(path)
        except OSError as error:
            raise RunError(
                f"the journal cannot be opened: {error.strerror}", where=str(path)
            ) from (error)
        journal = cls(path, descriptor)
        try:
            _lock(descriptor, path)
            journal._load(key)
        except BaseException:
            journal.close()
            raise
        return journal

    @property
    def entries(self) -> Mapping[str, Entry]:
        """What is done, by case id, in the order in which it was finished."""
        return MappingProxyType(self._entries)

    def append(self, case_id: str, entry: Entry) -> None:
        """Record a case as done; when this returns, the line is on the disk.

        Args:
            case_id: Id of the case.
            entry: JSON values; NaN and infinity are refused.

        Raises:
            ValueError: The case is in the journal already, or `entry` is not JSON.
            RunError: The disk is full or failed; the journal is as it was before.
        """
        if case_id in self._entries:
            raise ValueError(f"case {case_id} is in the journal already")
        line = _line({"case_id": case_id, "entry": entry})
        # As read back, so that a resumed run sees what an uninterrupted one saw.
        parsed = json.loads(line)["entry"]
        self._write(line)
        self._entries[case_id] = parsed

    def close(self) -> None:
        """Release the lock and the file; harmless when called again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        """Return the open journal."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the journal, whatever happened."""
        self.close()

    def _load(self, key: str) -> None:
        content = self._path.read_bytes()
        whole, torn = _parted(content)
        header = _line({"format": FORMAT, "key": key})
        # Everything is checked before anything is mended: this may be a file of another kind.
        if whole:
            self._check_header(whole[0], key)
        elif not header.startswith(torn) and torn.strip(b"\0"):
            self._check_header(torn, key)
        for number, line in enumerate(whole[1:], start=2):
            self._take(number, line)
        if torn:
            self._move_torn_end_aside(torn, kept=len(content) - len(torn))
        if not whole:
            self._write(header)
            workspace.sync_folder(self._path.parent)

    def _check_header(self, line: bytes, key: str) -> None:
        header = _parsed(line) or {}
        if header.get("format") != FORMAT:
            raise RunError(
                f"the journal is not of the format {FORMAT}",
                where=f"{self._path}:1",
                fix="resume with the version of segval that began the run, or run anew",
            )
        if header.get("key") != key:
            raise RunError(
                "the journal belongs to a run with another protocol, lock or model",
                where=str(self._path),
                fix="run into a new record; a run is only resumed with what it began with",
            )

    def _take(self, number: int, line: bytes) -> None:
        parsed = _parsed(line)
        where = f"{self._path}:{number}"
        if parsed is None or set(parsed) != {"case_id", "entry"}:
            raise RunError("the journal is damaged", where=where, fix="run anew into a new record")
        if parsed["case_id"] in self._entries:
            raise RunError(
                f"the journal lists case {parsed['case_id']} twice",
                where=where,
                fix="run anew into a new record",
            )
        self._entries[parsed["case_id"]] = parsed["entry"]

    def _write(self, line: bytes) -> None:
        try:
            workspace.append_whole(self._descriptor, line)
        except OSError as error:
            raise RunError(
                f"the journal cannot be written: {error.strerror}; {len(self._entries)} finished "
                "cases are kept",
                where=str(self._path),
                fix="make room, then resume the run",
            ) from error

    def _move_torn_end_aside(self, torn: bytes, *, kept: int) -> None:
        aside = self._path.with_name(self._path.name + ".torn")
        try:
            with aside.open("ab") as file:
                file.write(torn + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.ftruncate(self._descriptor, kept)
            os.fsync(self._descriptor)
        except OSError as error:
            raise RunError(
                f"the torn end of the journal cannot be moved aside: {error.strerror}",
                where=str(aside),
            ) from error


def _parted(content: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole lines, and what of the end is not one."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    if not lines[-1]:
        del lines[-1]
    if not lines:
        return [], b""
    last = lines[-1]
    if last.endswith(b"\n") and _parsed(last) is not None:
        return lines, b""
    return lines[:-1], last


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _line(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def _lock(descriptor: int, path: Path) -> None:
    """Hold the journal for this process; the system releases it when the process ends."""
    try:
        workspace.hold(descriptor, wait=False)
    except OSError as error:
        raise RunError(
            "another process is running into this record",
            where=str(path),
            fix="wait until it ends, or run into another record",
        ) from error
