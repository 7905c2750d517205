"""The studies of a session: each runs once, whoever asks first and in whichever process.

A study runs in a process of its own, by the command that a person would give: what other tests
left behind in this one, filters of warnings and patched modules, is no part of a validation.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import pytest

from validation import workspace
from validation.errors import RecordError, RunError, ToolError
from validation.pytest_plugin.settings import Folders, Settings
from validation.record_folder import RECORD_FILE
from validation.study.evidence_view import RecordEvidence, evidence_of

_MOST_SAID = 20_000
"""Bytes of what a run says of its failure; the last ones."""
_PATIENCE_S = 5.0
"""How long a run that is interrupted may take to end."""


class Studies:
    """The studies of a session."""

    def __init__(self, settings: Settings, folders: Folders) -> None:
        self.settings = settings
        self.folders = folders
        self.used = 0
        """How often a protocol was collected, or a test asked for evidence."""
        self._known: dict[Path, RecordEvidence | ToolError] = {}

    def close(self) -> None:
        """Remove what the processes of the session shared."""
        self.folders.close()

    def is_unused(self, config: pytest.Config) -> bool:
        """Tell whether studies were asked for on the command line, and there are none."""
        return self.used == 0 and "--segval" in config.invocation_params.args

    def evidence(self, protocol: Path) -> RecordEvidence:
        """Return the evidence of a protocol; its study runs where that was not done yet.

        Raises:
            ToolError: There is no record; the same one whenever it is asked for.
            pytest.skip.Exception: The data are not here, and that is allowed.
        """
        path = Path(os.path.abspath(protocol))  # noqa: PTH100 - links stay unfollowed
        if path not in self._known:
            try:
                self._known[path] = self._found(path)
            except ToolError as error:
                self._known[path] = error
        known = self._known[path]
        if isinstance(known, ToolError):
            raise known
        return known

    def evidence_or_fail(self, protocol: Path) -> RecordEvidence:
        """Return the evidence of a protocol; where there is none, the test fails in words."""
        self.used += 1
        try:
            return self.evidence(protocol)
        except ToolError as error:
            said = str(error)
        # Out here, so that pytest shows the reason alone and no chain of exceptions.
        pytest.fail(said, pytrace=False)

    def _found(self, protocol: Path) -> RecordEvidence:
        if self.settings.records:
            return _given(protocol, self.settings.records)
        if self.settings.allow_missing and (variable := self._missing(protocol)):
            pytest.skip(f"the data are not here: the environment variable {variable} is not set")
        return evidence_of(self._record(protocol))

    def _missing(self, protocol: Path) -> str | None:
        """Return the variable that would name the data of a protocol, which are not here."""
        from validation.study.opening import read_protocol

        opened = read_protocol(protocol)
        variable = opened.protocol.test_set.root_variable
        if self.settings.data or not variable or os.environ.get(variable):
            return None
        return None if (opened.folder / opened.protocol.test_set.root).is_dir() else variable

    def _record(self, protocol: Path) -> Path:
        """Return the record of a protocol, made by this process or another of the session."""
        name = sha256(os.fsencode(protocol)).hexdigest()[:16]
        state = self.folders.shared / f"{name}.json"
        with _held(self.folders.shared / f"{name}.lock"):
            if not state.exists():
                workspace.write_new(state, json.dumps(self._outcome(protocol, name)).encode())
        outcome: dict[str, str] = json.loads(workspace.read(state, "the outcome of the run"))
        if "failed" in outcome:
            raise RunError(outcome["failed"])
        return Path(outcome["record"])

    def _outcome(self, protocol: Path, name: str) -> dict[str, str]:
        """Run a study and return where the record is, or why there is none."""
        record = self.folders.out / self._name(protocol)
        started = self.folders.shared / f"{name}.started"
        # Begun by a process of this session that is gone.
        resume = started.exists() and record.with_name(f"{record.name}.incomplete").exists()
        try:
            self._make_way(record)
            started.touch()
            return _run(protocol, record, self.settings, resume=resume)
        except ToolError as error:
            return {"failed": str(error)}
        except OSError as error:
            return {"failed": f"the study cannot be run: {error}"}

    def _name(self, protocol: Path) -> Path:
        """Return where the record of a protocol goes: the protocol's own place below the root."""
        if protocol.is_relative_to(self.settings.root):
            return protocol.relative_to(self.settings.root).with_suffix("")
        return Path(f"{protocol.parent.name}-{sha256(os.fsencode(protocol)).hexdigest()[:8]}")

    def _make_way(self, record: Path) -> None:
        if record.exists():
            raise RecordError(
                "a record of that name exists, and none is overwritten",
                where=str(record),
                fix="give a new folder by --segval-out, or judge the record by --segval-record",
            )
        above = [one for one in record.parents if one.is_relative_to(self.folders.out)]
        if any((one / RECORD_FILE).exists() for one in above):
            raise RecordError(
                "another record lies there, and nothing is added to it",
                where=str(record),
                fix="give a new folder by --segval-out",
            )
        record.parent.mkdir(parents=True, exist_ok=True)
        if self.folders.is_default:
            ignored = self.folders.out.parent / ".gitignore"
            if not ignored.exists():
                ignored.write_text("# Made by segval's pytest plugin.\n*\n", "utf-8")


def properties(evidence: RecordEvidence, protocol: str) -> list[tuple[str, object]]:
    """Return what a test tells of the record that it is about, by name."""
    findings = evidence.findings
    return [
        ("segval_protocol", protocol),
        ("segval_record", str(evidence.record)),
        ("segval_record_id", evidence.contents.record_id),
        ("segval_report", str(evidence.report)),
        ("segval_verdict", findings.verdict),
        ("segval_deviations", len(findings.open_deviations) + len(findings.closed_deviations)),
        ("segval_approval", findings.approval),
    ]


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a file against every other process."""
    descriptor = workspace.open_to_append(path)
    try:
        workspace.hold(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)


def _run(protocol: Path, record: Path, settings: Settings, *, resume: bool) -> dict[str, str]:
    """Run a study as `segval run` does it."""
    command = [sys.executable, "-P", "-m", "validation", "run", str(protocol), "--json",
               "--out", str(record), "--workers", str(settings.workers)]  # fmt: skip
    command += ["--data", str(settings.data)] if settings.data else []
    command += ["--resume"] if resume else []
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(  # noqa: S603 - the interpreter and module of this process
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
        )
        status = _ended(child)
        said.seek(max(0, said.tell() - _MOST_SAID))
        complaint = said.read().decode(errors="replace").strip()
    sys.stderr.write(complaint and f"{complaint}\n")
    if status in {0, 1} and (record / RECORD_FILE).is_file():
        return {"record": str(record)}
    said_last = re.split(r"^Error: ", complaint, flags=re.MULTILINE)[-1]
    return {"failed": said_last or f"the run ended with exit status {status}"}


def _ended(child: "subprocess.Popen[bytes]") -> int:
    """Return the exit status of a run.

    Ctrl-C at a terminal reaches it, too. It gets time to tell the audit trail before it is ended.
    """
    try:
        return child.wait()
    except BaseException:
        for end in (child.poll, child.terminate, child.kill):
            end()
            with suppress(subprocess.TimeoutExpired):
                child.wait(_PATIENCE_S)
                break
        raise


def _given(protocol: Path, records: tuple[Path, ...]) -> RecordEvidence:
    """Return the evidence of the one given record that is of a protocol."""
    content = workspace.read(protocol, "the protocol")
    found = [
        one for one in records
        if workspace.read(one / "protocol.yaml", "the protocol of a record") == content
    ]  # fmt: skip
    if len(found) != 1:
        raise RecordError(
            f"{len(found) or 'none'} of the records that --segval-record gives "
            f"{'are' if found else 'is'} of this protocol, byte for byte",
            where=str(protocol),
            fix="give the record of the protocol as it is now, once",
        )
    return evidence_of(found[0])
