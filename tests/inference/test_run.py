"""Unit tests for validation/inference/run.py, with real processes that are really killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from validation.errors import RunError
from validation.inference.journal import Journal
from validation.inference.run import THREAD_VARIABLES, CaseOutcome, _interrupts_held, run_cases
from validation.testset.cases import Case

ROOT = Path(__file__).parents[2]
VALUES = {f"C-{number:02}": number / 7 for number in range(1, 7)}


started: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    yield
    while started:
        process = started.pop()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("driving.py")), str(folder), *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    started.append(process)
    return process


def finished(folder: Path, *options: str) -> list[list[Any]]:
    process = start(folder, *options)
    printed, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    rows: list[list[Any]] = json.loads(printed.splitlines()[-1])
    return rows


def refused(folder: Path, *options: str) -> str:
    process = start(folder, *options)
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 3, complaints
    return complaints


def wait_for_cases(process: subprocess.Popen[str], count: int) -> None:
    assert process.stdout is not None
    for _ in range(count):
        assert process.stdout.readline()


def calls(folder: Path) -> Counter[str]:
    return Counter(line.split()[0] for line in (folder / "notes").read_text().splitlines())


def alive(folder: Path) -> set[int]:
    """Return the processes that ever ran a case and are still there."""
    ids = {int(line.split()[1]) for line in (folder / "notes").read_text().splitlines()}
    return {one for one in ids if Path(f"/proc/{one}/cmdline").exists() and _runs(one)}


def _runs(process_id: int) -> bool:
    status = Path(f"/proc/{process_id}/status").read_text()
    return "State:\tZ" not in status


def journalled(folder: Path) -> list[str]:
    with Journal.open(folder / "journal.jsonl", key="k") as journal:
        return list(journal.entries)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_outcomes_are_ordered_by_case_however_many_workers(tmp_path: Path, workers: str) -> None:
    rows = finished(tmp_path, "--workers", workers)
    assert [row[0] for row in rows] == sorted(VALUES)
    assert {row[0]: row[1] for row in rows} == VALUES
    assert not any(row[3] for row in rows)
    assert calls(tmp_path)["prepare"] <= int(workers)
    journal = (tmp_path / "journal.jsonl").read_text()
    assert journal.count('"threads":"1"') == 6


@pytest.mark.parametrize("workers", ["1", "2"])
def test_after_kill_9_nothing_is_redone_and_nothing_lost(tmp_path: Path, workers: str) -> None:
    process = start(tmp_path, "--workers", workers, "--seconds", "0.3")
    wait_for_cases(process, 2)
    process.kill()
    process.communicate()
    done = journalled(tmp_path)
    assert 2 <= len(done) < 6
    before = calls(tmp_path)
    rows = finished(tmp_path, "--workers", workers)
    assert {row[0]: row[1] for row in rows} == VALUES
    assert [row[0] for row in rows if row[3]] == sorted(done)
    assert all(calls(tmp_path)[case_id] == before[case_id] for case_id in done)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_workers_do_not_outlive_a_killed_run(tmp_path: Path) -> None:
    process = start(tmp_path, "--workers", "2", "--seconds", "0.2", "--cases", "20")
    wait_for_cases(process, 2)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while alive(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_leaves_a_journal_to_resume_from(tmp_path: Path, workers: str) -> None:
    process = start(tmp_path, "--workers", workers, "--seconds", "0.3")
    wait_for_cases(process, 2)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    done = journalled(tmp_path)
    assert 2 <= len(done) < 6
    before = calls(tmp_path)
    if workers == "2":
        # What ran when Ctrl-C came was finished and kept.
        assert all(before[case_id] == 1 for case_id in done)
        assert set(before) - {"prepare"} == set(done)
    rows = finished(tmp_path, "--workers", workers)
    assert {row[0]: row[1] for row in rows} == VALUES
    assert all(calls(tmp_path)[case_id] == 1 for case_id in done)


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_while_workers_start_ends_the_run(tmp_path: Path) -> None:
    process = start(tmp_path, "--workers", "2", "--seconds", "0.1")
    while not (tmp_path / "notes").exists():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    done = journalled(tmp_path)
    assert len(done) < 6
    assert set(calls(tmp_path)) - {"prepare"} == set(done)


def test_a_case_that_kills_its_worker_fails_alone(tmp_path: Path) -> None:
    rows = finished(tmp_path, "--workers", "2", "--kills", "C-03")
    failed = [row for row in rows if row[2] is not None]
    assert [row[0] for row in failed] == ["C-03"]
    assert "the worker process died" in failed[0][2]
    assert {row[0]: row[1] for row in rows if row[2] is None} == {
        case_id: value for case_id, value in VALUES.items() if case_id != "C-03"
    }
    assert calls(tmp_path)["C-03"] == 2
    # It stays a finding when the run is taken up again.
    again = finished(tmp_path, "--workers", "2")
    assert [row[:3] for row in again] == [row[:3] for row in rows]
    assert calls(tmp_path)["C-03"] == 2


def test_a_case_whose_worker_died_once_is_run_again(tmp_path: Path) -> None:
    rows = finished(tmp_path, "--workers", "2", "--kills-once", "C-02")
    assert {row[0]: row[1] for row in rows} == VALUES


def test_a_worker_that_dies_while_loading_ends_the_run(tmp_path: Path) -> None:
    assert "died while it loaded the model" in refused(
        tmp_path, "--workers", "2", "--kills-loading"
    )
    assert journalled(tmp_path) == []


def test_two_runs_into_one_record_are_refused(tmp_path: Path) -> None:
    process = start(tmp_path, "--seconds", "0.3")
    wait_for_cases(process, 1)
    assert "another process is running into this record" in refused(tmp_path)
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file size are POSIX")
def test_a_full_disk_keeps_what_is_finished(tmp_path: Path) -> None:
    said = refused(tmp_path, "--file-size-limit", "300")
    assert "the journal cannot be written" in said
    kept = journalled(tmp_path)
    assert 1 <= len(kept) < 6
    assert f"{len(kept)} finished cases are kept" in said
    assert not (tmp_path / "journal.jsonl.torn").exists()
    assert {row[0]: row[1] for row in finished(tmp_path)} == VALUES


class Counting:
    """Work in this process."""

    def __init__(self) -> None:
        self.prepared = 0
        self.environment: dict[str, str | None] = {}

    def prepare(self) -> None:
        self.prepared += 1

    def __call__(self, case: Case) -> dict[str, Any]:
        self.environment = {name: os.environ.get(name) for name in THREAD_VARIABLES}
        return {"case": case.case_id}


def cases(*case_ids: str) -> list[Case]:
    return [Case(case_id=one, image="i.png", reference=None, attributes={}) for one in case_ids]


def test_progress_tells_each_case_and_how_many_are_done(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []

    def tell(outcome: CaseOutcome, done: int, total: int) -> None:
        told.append((outcome.case_id, done, total))

    with Journal.open(tmp_path / "j", key="k") as journal:
        journal.append("B", {"outcome": {"case": "B"}})
        outcomes = run_cases(cases("C", "B", "A"), Counting(), journal=journal, on_progress=tell)
    assert told == [("A", 2, 3), ("C", 3, 3)]
    assert [(one.case_id, one.resumed) for one in outcomes] == [
        ("A", False),
        ("B", True),
        ("C", False),
    ]


def test_nothing_is_loaded_when_nothing_is_left_to_do(tmp_path: Path) -> None:
    work = Counting()
    with Journal.open(tmp_path / "j", key="k") as journal:
        run_cases(cases("A"), work, journal=journal)
        run_cases(cases("A"), work, journal=journal)
        assert run_cases([], work, journal=Journal.open(tmp_path / "k", key="k")) == ()
    assert work.prepared == 1


def test_native_threads_are_held_to_one_and_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    work = Counting()
    with Journal.open(tmp_path / "j", key="k") as journal:
        run_cases(cases("A"), work, journal=journal)
    assert set(work.environment.values()) == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_wrong_calls_are_refused(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "j", key="k") as journal:
        with pytest.raises(ValueError, match="occurs twice"):
            run_cases(cases("A", "A"), Counting(), journal=journal)
        with pytest.raises(ValueError, match="at least 1"):
            run_cases(cases("A"), Counting(), workers=0, journal=journal)
        journal.append("Z", {})
        with pytest.raises(RunError, match="not in the run: Z"):
            run_cases(cases("A"), Counting(), journal=journal)


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_ctrl_c_that_another_thread_gets_waits_until_the_outcome_is_written() -> None:
    # A mask of this thread alone would not hold it back: the pool's threads get the signal, too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    go, finished = threading.Event(), []

    def interrupt() -> None:
        go.wait()
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    def block() -> None:
        with _interrupts_held():
            go.set()
            thread.join()
            finished.append("the block")

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            block()
    finally:
        signal.signal(signal.SIGINT, before)
    assert finished == ["the block"]
