"""A set that is locked already is locked again as a revision; the one before is kept."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from validation import verify
from validation.attest.audit_file import load, trail_path
from validation.attest.audit_trail import Event
from validation.errors import LockError
from validation.record import digest
from validation.study.locking import Locked, lock_test_set
from validation.study.opening import read_lock, read_protocol
from validation.study.starting import start_study

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    start_study(folder, kind="instance", title="Discs", organisation="Example")
    _lock(folder)
    return folder


def _lock(study: Path, why: str | None = None) -> Locked:
    return lock_test_set(
        read_protocol(study / "protocol.yaml"), data=None, at=AT, revise_because=why
    )


def _without_the_last_case(study: Path) -> None:
    lines = (study / "cases.csv").read_text().splitlines(keepends=True)
    (study / "cases.csv").write_text("".join(lines[:-1]))
    for folder in ("images", "reference"):
        (study / "data" / folder / "C06.png").unlink()


def _events(study: Path) -> tuple[Event, ...]:
    return load(trail_path(study)).events


def test_a_revision_keeps_the_lock_before_and_names_it(study: Path) -> None:
    before = (study / "lock/lock.json").read_bytes()
    manifest = (study / "lock/manifest-sha256.txt").read_bytes()
    _without_the_last_case(study)
    revised = _lock(study, "case C06 was a duplicate").lock
    assert (revised.revision, revised.reason) == (2, "case C06 was a duplicate")
    assert revised.supersedes == digest(before)
    assert revised.case_count == 5
    assert (study / "lock/revision-1/lock.json").read_bytes() == before
    assert (study / "lock/revision-1/manifest-sha256.txt").read_bytes() == manifest
    assert read_lock(read_protocol(study / "protocol.yaml")).lock == revised
    last = _events(study)[-1]
    assert (last.action, last.about.revision) == ("lock.created", "2")
    assert (last.old, last.new) == (digest(manifest), revised.manifest_digest)


def test_a_lock_is_not_replaced_and_nothing_is_revised_without_a_change(study: Path) -> None:
    before = (study / "lock/lock.json").read_bytes()
    with pytest.raises(LockError, match="locked already"):
        _lock(study)
    with pytest.raises(LockError, match="nothing to revise"):
        _lock(study, "no reason")
    assert (study / "lock/lock.json").read_bytes() == before
    assert not (study / "lock/revision-1").exists()
    assert _events(study)[-1].action == "lock.failed"


def test_a_set_without_a_lock_cannot_be_revised(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    start_study(folder, kind="instance", title="Discs", organisation="Example")
    with pytest.raises(LockError, match="nothing to revise"):
        _lock(folder, "why")


def test_an_interrupted_revision_is_ended_by_the_next(study: Path) -> None:
    before = (study / "lock/lock.json").read_bytes()
    _without_the_last_case(study)
    revised = _lock(study, "first try").lock
    # As a kill between the two files leaves it: the new manifest beside the old lock.
    (study / "lock/lock.json").write_bytes(before)
    with pytest.raises(LockError, match="manifest is not the one"):
        read_lock(read_protocol(study / "protocol.yaml"))
    again = _lock(study, "second try").lock
    assert (again.revision, again.supersedes) == (2, revised.supersedes)


_KILLED = """
import os, signal, sys
from pathlib import Path
from validation import clock, workspace
from validation.attest import audit_file
from validation.study.locking import lock_test_set
from validation.study.opening import read_protocol

left = int(sys.argv[2])
def counted(do):
    def done(*given, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return do(*given, **named)
    return done

workspace._write = counted(workspace._write)
workspace.append_whole = counted(workspace.append_whole)
lock_test_set(read_protocol(Path(sys.argv[1])), data=None, at=clock.now())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_lock_that_is_killed_between_any_two_steps_is_whole_or_not_there(tmp_path: Path) -> None:
    for step in range(20):
        study = tmp_path / f"study-{step}"
        start_study(study, kind="instance", title="Discs", organisation="Example")
        shutil.rmtree(study / "lock", ignore_errors=True)
        shutil.rmtree(study / "audit", ignore_errors=True)
        done = subprocess.run(
            [sys.executable, "-c", _KILLED, study / "protocol.yaml", str(step)], check=False
        )
        if (study / "lock/lock.json").exists():
            with pytest.raises(LockError, match="locked already"):
                _lock(study)
        else:
            _lock(study)
        assert verify(study).outcome == "held", step
        if done.returncode == 0:
            assert step > 4  # two events, then three files at least, and the last event
            return
    pytest.fail("it was killed at each of 20 steps")


@pytest.mark.parametrize("how", ["whole", "missing", "edited", "swapped", "manifest", "text"])
def test_the_chain_of_revisions_is_followed_to_the_first(study: Path, how: str) -> None:
    for name in ("C06", "C05"):
        lines = (study / "cases.csv").read_text().splitlines(keepends=True)
        (study / "cases.csv").write_text("".join(lines[:-1]))
        for folder in ("images", "reference"):
            (study / "data" / folder / f"{name}.png").unlink()
        _lock(study, f"case {name} was a duplicate")
    first, second = (study / "lock" / f"revision-{number}" for number in (1, 2))
    if how == "missing":
        shutil.rmtree(first)
    elif how == "edited":
        text = (first / "lock.json").read_text()
        (first / "lock.json").write_text(text.replace('"first lock"', '"no reason"'))
        assert (first / "lock.json").read_text() != text
    elif how == "swapped":
        first.rename(study / "lock" / "aside")
        second.rename(first)
        (study / "lock" / "aside").rename(second)
    elif how == "manifest":
        (first / "manifest-sha256.txt").write_bytes(b"")
    elif how == "text":
        (second / "lock.json").write_text("{")
    what = "every revision before is kept, and is the one that its successor names"
    (found,) = [one for one in verify(study / "lock").checks if one.what == what]
    failures = {"whole": None, "missing": "incomplete"}
    assert found.failure == failures.get(how, "altered")
    if how != "whole":
        assert found.detail.startswith("revision-")
