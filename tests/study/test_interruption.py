"""A run that is interrupted at any moment: nothing is lost, and nothing is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from validation import verify
from validation.errors import RecordError, RunError
from validation.study import running

SLOW = 0.4


def _evidence(record: Path) -> dict[str, bytes]:
    names = [*record.glob("evidence/**/*"), *record.glob("predictions/*"), record / "findings.json"]
    return {one.relative_to(record).as_posix(): one.read_bytes() for one in names if one.is_file()}


def _calls(log: Path) -> Counter[int]:
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(int(line.split()[0]) for line in lines)


def _journalled(study: Any) -> int:
    path = study.folder / "record.incomplete/journal.jsonl"
    return max(0, path.read_bytes().count(b"\n") - 1) if path.exists() else 0


def _start(study: Any, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "validation", "run", str(study.path),
         "--out", str(study.folder / "record"), *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def _wait_for(process: subprocess.Popen[str], happened: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def slow(locked: Any) -> Any:
    """The tiny study with a slow model that writes down its calls."""
    locked.parameters = {"log": str(locked.folder / "calls"), "delay": SLOW}
    locked.write()
    return locked


@pytest.mark.slow
@pytest.mark.usefixtures("no_report")  # of the run that is resumed; the one stopped has its own
@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.parametrize(
    ("stop", "workers"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGKILL, 1)]
)
def test_a_run_that_is_stopped_half_way_is_taken_up_again(
    slow: Any, finished: Any, stop: signal.Signals, workers: int
) -> None:
    process = _start(slow, "--workers", str(workers))
    _wait_for(process, lambda: _journalled(slow) >= 2)
    if stop == signal.SIGINT:
        os.killpg(process.pid, stop)  # as a terminal does
    else:
        process.kill()
    _, stderr = process.communicate(timeout=60)
    if stop == signal.SIGINT:
        assert process.returncode == 3
        assert "--resume" in stderr
        assert "Traceback" not in stderr
    assert not (slow.folder / "record").exists()
    kept = _journalled(slow)
    assert 2 <= kept < 6

    with pytest.raises(RecordError, match="an interrupted run lies there"):
        slow.run()
    assert _journalled(slow) == kept

    before = _calls(slow.folder / "calls")
    findings = slow.run(resume=True).findings
    after = _calls(slow.folder / "calls")
    assert (after - before).total() == 6 - kept
    assert set(after) == {1, 2, 3, 4, 5, 6}
    assert findings.verdict == "met"

    record = slow.folder / "record"
    assert _evidence(record) == _evidence(finished().folder / "record")
    assert verify(record).outcome != "did_not_hold"
    assert not (slow.folder / "record.incomplete").exists()
    assert not list(record.glob("**/.new-*"))
    run = json.loads((record / "run.json").read_bytes())
    assert run["resumed"] == 1
    assert "taken up again 1 time" in " ".join(run["notes"])


@pytest.mark.slow
@pytest.mark.usefixtures("no_report")  # of the run that is resumed; the one stopped has its own
@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_a_run_that_is_killed_while_its_report_is_rendered_is_taken_up_again(
    locked: Any, finished: Any
) -> None:
    locked.parameters = {"log": str(locked.folder / "calls")}
    locked.write()
    process = _start(locked)
    findings = locked.folder / "record.incomplete/record/findings.json"
    _wait_for(process, findings.exists)
    time.sleep(0.3)  # into the rendering, which takes seconds
    process.kill()
    process.communicate(timeout=60)
    assert not (locked.folder / "record").exists()
    locked.run(resume=True)
    assert _calls(locked.folder / "calls") == dict.fromkeys(range(1, 7), 1)
    assert _evidence(locked.folder / "record") == _evidence(finished().folder / "record")
    assert verify(locked.folder / "record").outcome != "did_not_hold"


class _Killed(BaseException):
    """Stands for the end of the process: nothing of the tool catches it."""


STEPS = (
    "write_report",
    "seal",
    "overlays_of_cases",
    "measure",
    "environment",
    "assess",
)


@pytest.mark.usefixtures("no_report")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_run_can_be_taken_up_after_any_step(
    locked: Any, finished: Any, monkeypatch: pytest.MonkeyPatch, step: str, before: bool
) -> None:
    locked.parameters = {"log": str(locked.folder / "calls")}
    locked.write()
    do = getattr(running, step)

    def die(*given: Any, **named: Any) -> None:
        if not before:
            do(*given, **named)
        raise _Killed

    with monkeypatch.context() as deadly:
        deadly.setattr(running, step, die)
        with pytest.raises(_Killed):
            locked.run()
    assert not (locked.folder / "record").exists()
    (locked.folder / "record.incomplete/record/predictions/.new-abc").write_bytes(b"half")
    locked.run(resume=True)
    assert _calls(locked.folder / "calls") == dict.fromkeys(range(1, 7), 1)
    record = locked.folder / "record"
    assert _evidence(record) == _evidence(finished().folder / "record")
    assert verify(record).outcome != "did_not_hold"
    assert not list(record.glob("**/.new-*"))


@pytest.mark.usefixtures("no_report")
@pytest.mark.parametrize("method", ["finish", "remove"])
def test_a_run_that_is_killed_round_its_last_step_is_complete_or_resumed(
    locked: Any, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    from validation.study.unfinished import UnfinishedRun

    def die(self: Any) -> None:
        raise _Killed

    with monkeypatch.context() as deadly:
        deadly.setattr(UnfinishedRun, method, die)
        with pytest.raises(_Killed):
            locked.run()
    assert (locked.folder / "record").exists() == (method == "remove")
    outcome = locked.run(resume=True)
    assert outcome.findings.verdict == "met"
    assert outcome.record == str(locked.folder / "record")
    assert verify(locked.folder / "record").outcome != "did_not_hold"
    assert not (locked.folder / "record.incomplete").exists()


@pytest.fixture
def stopped(locked: Any, monkeypatch: pytest.MonkeyPatch, no_report: None) -> Any:
    """The tiny study, stopped when all its cases were done."""

    def die(*_: Any, **__: Any) -> None:
        raise _Killed

    locked.parameters = {"log": str(locked.folder / "calls")}
    locked.write()
    with monkeypatch.context() as deadly:
        deadly.setattr(running, "measure", die)
        with pytest.raises(_Killed):
            locked.run()
    return locked


@pytest.mark.parametrize("how", ["lost", "changed", "cut"])
def test_a_stored_prediction_that_is_lost_or_changed_is_made_again(
    stopped: Any, finished: Any, how: str
) -> None:
    path = stopped.folder / "record.incomplete/record/predictions/C2.png"
    if how == "lost":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-5] if how == "cut" else b"other")
    stopped.run(resume=True)
    assert _calls(stopped.folder / "calls") == {1: 1, 2: 2, 3: 1, 4: 1, 5: 1, 6: 1}
    assert _evidence(stopped.folder / "record") == _evidence(finished().folder / "record")
    run = json.loads((stopped.folder / "record/run.json").read_bytes())
    assert "lost or had changed: C2." in " ".join(run["notes"])


def test_a_run_is_not_resumed_with_another_protocol(stopped: Any) -> None:
    stopped.change("document.title", "Another title")
    with pytest.raises(RunError, match="another protocol"):
        stopped.run(resume=True)
    assert _journalled(stopped) == 6


def test_a_run_is_not_resumed_by_another_version(
    stopped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import validation

    with monkeypatch.context() as later:
        later.setattr(validation, "__version__", "9.9")
        with pytest.raises(RunError, match="begun by segval"):
            stopped.run(resume=True)
    assert _journalled(stopped) == 6
    stopped.run(resume=True)


def test_a_run_is_not_resumed_with_a_changed_test_set(stopped: Any) -> None:
    stopped.put("images/C1.png", (stopped.root / "images/C2.png").read_bytes())
    with pytest.raises(Exception, match="differs from its lock"):
        stopped.run(resume=True)
    assert _journalled(stopped) == 6


def test_two_runs_into_one_record_do_not_mix(stopped: Any) -> None:
    from validation import clock
    from validation.study.source import read_source

    ready = read_source(stopped.path, None).checked(None, None, clock.now(), lambda *_: None)
    unfinished = running.UnfinishedRun(stopped.folder / "record")
    start = running.Start(record_id="R-1", started_at="2026-02-01T00:00:00Z")
    with unfinished.opened(start, running._key(ready), resume=True) as first:
        with pytest.raises(RunError, match="another process"):
            stopped.run(resume=True)
        assert first.start.record_id != "R-1"
    stopped.run(resume=True)


def test_a_damaged_start_is_told(stopped: Any) -> None:
    (stopped.folder / "record.incomplete/start.json").write_text("{")
    with pytest.raises(RunError, match="damaged"):
        stopped.run(resume=True)


def test_a_lost_start_begins_anew_without_losing_cases(stopped: Any) -> None:
    (stopped.folder / "record.incomplete/start.json").unlink()
    stopped.run(resume=True)
    assert _calls(stopped.folder / "calls") == dict.fromkeys(range(1, 7), 1)


def test_a_record_that_appears_meanwhile_is_not_replaced(
    stopped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = running.seal

    def seal_and_meet(*given: Any) -> None:
        seal(*given)
        (stopped.folder / "record").write_text("someone else's")

    monkeypatch.setattr(running, "seal", seal_and_meet)
    with pytest.raises(RecordError, match="never replaced"):
        stopped.run(resume=True)
    assert (stopped.folder / "record").read_text() == "someone else's"
