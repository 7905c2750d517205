# ruff: noqa: T201 - what it prints is what the tests read
"""A run in a process of its own, for tests that kill or interrupt it.

Prints one JSON line for each case that is finished, and one with all outcomes at the end.
"""

import argparse
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from validation.errors import RunError
from validation.inference.journal import Journal
from validation.inference.run import CaseOutcome, run_cases
from validation.testset.cases import Case


@dataclass
class Trial:
    """Work that notes each call, and can be slow or kill its process."""

    notes: Path
    seconds: float
    kills: str
    kills_once: str
    kills_loading: bool

    def prepare(self) -> None:
        self._note("prepare")
        if self.kills_loading:
            os.kill(os.getpid(), signal.SIGKILL)

    def __call__(self, case: Case) -> dict[str, Any]:
        self._note(case.case_id)
        time.sleep(self.seconds)
        marker = self.notes.with_name(f"{case.case_id}.killed")
        first = not marker.exists()
        if case.case_id == self.kills or (case.case_id == self.kills_once and first):
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"value": int(case.case_id[2:]) / 7, "threads": os.environ.get("OMP_NUM_THREADS")}

    def _note(self, what: str) -> None:
        with self.notes.open("a") as file:
            file.write(f"{what} {os.getpid()}\n")


def say(outcome: CaseOutcome, done: int, total: int) -> None:
    print(json.dumps([outcome.case_id, done, total]), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=6)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--kills", default="")
    parser.add_argument("--kills-once", default="")
    parser.add_argument("--kills-loading", action="store_true")
    parser.add_argument("--file-size-limit", type=int)
    options = parser.parse_args()
    if options.file_size_limit is not None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (options.file_size_limit,) * 2)
    cases = [
        Case(case_id=f"C-{number:02}", image="i.png", reference=None, attributes={})
        for number in range(options.cases, 0, -1)
    ]
    work = Trial(
        options.folder / "notes",
        options.seconds,
        options.kills,
        options.kills_once,
        options.kills_loading,
    )
    try:
        with Journal.open(options.folder / "journal.jsonl", key="k") as journal:
            outcomes = run_cases(
                cases, work, workers=options.workers, journal=journal, on_progress=say
            )
    except RunError as error:
        print(error, file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    print(
        json.dumps(
            [
                [
                    one.case_id,
                    one.outcome and one.outcome["value"],
                    one.failure and one.failure.what,
                    one.resumed,
                ]
                for one in outcomes
            ]
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
