"""Drives work over cases: in this process or several, journalled and resumable.

What is done with a case is the caller's (`Work`). Here is what must hold whatever it is: each
outcome is on the disk before the next; nothing that is done is done again; the order of the
results does not depend on how many processes there were; a worker that dies takes only its
case with it; Ctrl-C leaves a journal to resume from.

A worker can only die alone where there are several: with one worker the cases run in this
process, and what kills it kills the run, which is then resumed.
"""

import os
import pickle
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, current_process, get_context, parent_process
from pathlib import Path
from typing import Any, Literal, Protocol

from validation.errors import RunError
from validation.inference.journal import Journal
from validation.testset.cases import Case

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""What tells native libraries how many threads to use; read when they are loaded."""

_GUARD = "if __name__ == '__main__':"

WORKER_DIED = "the worker process died while it ran this case, and again when it ran it alone"


class Work(Protocol):
    """What is done with each case; picklable, as it is sent to the worker processes."""

    def prepare(self) -> None:
        """Load what all cases need; called once in each process, before its first case.

        Raises:
            ToolError: It cannot be loaded; the run ends.
        """
        ...

    def __call__(self, case: Case) -> dict[str, Any]:
        """Return the outcome of one case as JSON values, a failed one included.

        An exception is an error of the tool and ends the run.
        """
        ...


@dataclass(frozen=True)
class WorkerFailure:
    """Why a case has no outcome."""

    stage: Literal["inference"]
    """Always the model: it is what a worker runs."""
    what: str
    """What happened."""


@dataclass(frozen=True)
class CaseOutcome:
    """What became of one case: an outcome, or the death of the worker that ran it."""

    case_id: str
    outcome: dict[str, Any] | None
    """What the work returned; None where the worker died."""
    failure: WorkerFailure | None
    """Set where the worker died."""
    resumed: bool
    """True when an earlier run had finished the case."""


Progress = Callable[[CaseOutcome, int, int], None]
"""Called for each case as it is finished, with the number done and the number in all."""


def require_not_starting() -> None:
    """Refuse a run in a process that is only being started, to work for a run.

    It imports the script that called the run, and would begin the same run again.

    Raises:
        RunError: The process imports the script of its parent.
    """
    if getattr(current_process(), "_inheriting", False):
        raise RunError(
            "a worker process has imported a script that calls run() when it is imported",
            fix=f"call run() under {_GUARD}",
        )


def run_cases(
    cases: Sequence[Case],
    work: Work,
    *,
    workers: int = 1,
    journal: Journal,
    on_progress: Progress | None = None,
) -> tuple[CaseOutcome, ...]:
    """Return the outcome of every case, by case id.

    Args:
        cases: The cases; those that the journal holds are not run again.
        work: What is done with each.
        workers: Number of processes; 1 runs the cases in this one.
        journal: An open journal, which takes each outcome as soon as it is there.
        on_progress: Told of each case that is finished.

    Raises:
        RunError: The model cannot be loaded, a worker dies while loading it, the journal
            cannot be written, or it holds cases that are not among `cases`.
        ValueError: A case id occurs twice, or `workers` is less than 1.
        KeyboardInterrupt: After Ctrl-C; finished cases are in the journal.

    Side effects: Appends to the journal. Native libraries are held to one thread: by
    environment variables while this runs, and OpenCV for good.
    """
    run = _Run(cases, journal, on_progress)
    if workers < 1:
        raise ValueError(f"workers are at least 1, not {workers}")
    resumed = frozenset(journal.entries)
    with _one_thread_each():
        if workers == 1:
            _in_this_process(run, work)
        else:
            _in_processes(run, work, workers)
    return run.outcomes(resumed)


class _Run:
    """The cases of a run and how far they are."""

    def __init__(
        self, cases: Sequence[Case], journal: Journal, on_progress: Progress | None
    ) -> None:
        self._cases = {case.case_id: case for case in cases}
        self._journal = journal
        self._on_progress = on_progress
        if len(self._cases) != len(cases):
            raise ValueError("a case id occurs twice")
        foreign = sorted(set(journal.entries) - set(self._cases))
        if foreign:
            raise RunError(
                f"the journal holds cases that are not in the run: {', '.join(foreign[:5])}",
                fix="run anew into a new record",
            )

    def pending(self) -> list[Case]:
        return [
            self._cases[case_id]
            for case_id in sorted(self._cases)
            if case_id not in self._journal.entries
        ]

    def finish(self, case: Case, outcome: dict[str, Any]) -> None:
        self._record(case, {"outcome": outcome})

    def fail(self, case: Case) -> None:
        self._record(case, {"failure": {"stage": "inference", "what": WORKER_DIED}})

    def outcomes(self, resumed: frozenset[str]) -> tuple[CaseOutcome, ...]:
        return tuple(
            self._outcome(case_id, resumed=case_id in resumed) for case_id in sorted(self._cases)
        )

    def _record(self, case: Case, entry: dict[str, Any]) -> None:
        self._journal.append(case.case_id, entry)
        if self._on_progress is not None:
            outcome = self._outcome(case.case_id, resumed=False)
            self._on_progress(outcome, len(self._journal.entries), len(self._cases))

    def _outcome(self, case_id: str, *, resumed: bool) -> CaseOutcome:
        entry = self._journal.entries[case_id]
        failure = WorkerFailure(**entry["failure"]) if "failure" in entry else None
        return CaseOutcome(case_id, entry.get("outcome"), failure, resumed)


def _in_this_process(run: _Run, work: Work) -> None:
    pending = run.pending()
    if not pending:
        return
    _one_opencv_thread()
    work.prepare()
    for case in pending:
        run.finish(case, work(case))


def _in_processes(run: _Run, work: Work, workers: int) -> None:
    while pending := run.pending():
        suspects = _until_a_worker_dies(run, work, pending, min(workers, len(pending)))
        for case in suspects:
            _alone(run, work, case)


def _until_a_worker_dies(
    run: _Run, work: Work, pending: Sequence[Case], workers: int
) -> list[Case]:
    """Run cases in a pool; return those that ran when a worker died, empty if none did."""
    waiting = iter(pending)
    running: dict[Future[dict[str, Any]], Case] = {}
    with _pool(work, workers) as pool:
        try:
            # One more than there are workers, so that none waits for the journal.
            _submit(pool, waiting, running, workers + 1)
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    with _interrupts_held():
                        run.finish(running[future], future.result())
                        del running[future]
                _submit(pool, waiting, running, workers + 1 - len(running))
        except BrokenProcessPool:
            return _finished_or_suspect(run, running)
        except KeyboardInterrupt:
            _keep_what_is_done(run, running)
            raise
    return []


def _submit(
    pool: ProcessPoolExecutor,
    waiting: Iterator[Case],
    running: dict[Future[dict[str, Any]], Case],
    count: int,
) -> None:
    for _ in range(count):
        case = next(waiting, None)
        if case is None:
            return
        # Held, too, so that the worker which this may start is born deaf to Ctrl-C.
        with _interrupts_held():
            running[pool.submit(_do, case)] = case


def _finished_or_suspect(run: _Run, running: dict[Future[dict[str, Any]], Case]) -> list[Case]:
    """Keep what was finished before the worker died; return the cases that were not."""
    suspects = []
    for future, case in running.items():
        if future.done() and not future.cancelled() and future.exception() is None:
            run.finish(case, future.result())
        else:
            suspects.append(case)
    return suspects


def _keep_what_is_done(run: _Run, running: dict[Future[dict[str, Any]], Case]) -> None:
    """Let the cases that run come to their end and record them; a second Ctrl-C does not wait."""
    wait([future for future in running if not future.cancel()])
    _finished_or_suspect(run, running)


def _alone(run: _Run, work: Work, case: Case) -> None:
    """Run a case in a process of its own: if that dies too, it is the case that kills it."""
    with _pool(work, 1) as pool:
        try:
            outcome = pool.submit(_do, case).result()
        except BrokenProcessPool:
            run.fail(case)
        else:
            run.finish(case, outcome)


@contextmanager
def _pool(work: Work, workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose first worker has loaded the model.

    Spawned, not forked: native libraries with threads do not survive a fork. What they do is
    handed over as a file: a worker that dies before it takes it from a pipe would leave this
    process writing for ever.
    """
    with (
        _as_file(work) as content,
        ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=_begin_worker, initargs=(content,)
        ) as pool,
    ):
        try:
            with _interrupts_held():
                prepared = pool.submit(_prepare_worker)
            prepared.result()
        except BrokenProcessPool as error:
            raise RunError(
                "the worker process died while it loaded the model",
                fix="try with fewer workers, the memory may not be enough for all; a script has to "
                f"call run() under {_GUARD}",
            ) from error
        yield pool


@contextmanager
def _as_file(work: Work) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="segval-work-") as folder:
        content = Path(folder) / "work"
        try:
            content.write_bytes(pickle.dumps(work))
        except OSError as error:
            raise RunError(
                f"what the worker processes do cannot be written: {error.strerror}",
                where=str(folder),
            ) from error
        yield content


_worker: dict[str, Any] = {}
"""Work of this worker process, and whether it is prepared."""


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait until the block is done; processes started in it never hear of it.

    Ctrl-C reaches the whole process group, and only the parent decides what becomes of it. The
    mask is what new processes inherit; it does not hold Ctrl-C back from this one, as another
    thread of the pool can be the one that gets the signal. So the handler only takes note, and
    the interrupt is raised when the block is done. Windows has no mask; there a worker ignores
    Ctrl-C only once it has begun.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        with _interrupts_masked():
            yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came and callable(handler):
        handler(signal.SIGINT, None)


@contextmanager
def _interrupts_masked() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker(content: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _one_opencv_thread()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work = pickle.loads(content.read_bytes())  # noqa: S301 - written by this process's parent
    _worker.update(work=work, prepared=False)


def _prepare_worker() -> None:
    if not _worker["prepared"]:
        _worker["work"].prepare()
        _worker["prepared"] = True


def _do(case: Case) -> dict[str, Any]:
    _prepare_worker()
    outcome: dict[str, Any] = _worker["work"](case)
    return outcome


def _end_with_parent() -> None:
    """End this worker when its parent was killed, which a pool does not notice by itself."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _one_opencv_thread() -> None:
    import cv2

    cv2.setNumThreads(1)
