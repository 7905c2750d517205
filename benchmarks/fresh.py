"""A piece of work, measured in a process of its own.

CPU seconds are user and system time of the process (all its threads, and programs that it
started), from after the imports to the end of the work; the peak of memory is that of the whole
process. On a shared machine
CPU seconds and their ratios are the figures to look at; wall time is not.
"""

import importlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple


class Measured(NamedTuple):
    """What a piece of work took, and what it returned."""

    cpu_s: float
    wall_s: float
    peak_rss_mb: float
    result: Any


def measured(function: str, *arguments: str) -> Measured:
    """Run ``module:function`` with text arguments in a fresh process.

    Raises:
        RuntimeError: It failed; the message is its last words.
    """
    command = [sys.executable, "-m", "benchmarks.fresh", function, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"{function} failed")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def best_of(times: int, function: str, *arguments: str) -> Measured:
    """Return the run with the fewest CPU seconds of several."""
    return min((measured(function, *arguments) for _ in range(times)), key=lambda one: one.cpu_s)


def _work(function: str, arguments: list[str]) -> Measured:
    module_name, name = function.split(":")
    module = importlib.import_module(module_name)
    if hasattr(module, "imports"):
        module.imports(name)
    cpu, wall = _cpu_seconds(), time.perf_counter()
    result = getattr(module, name)(*arguments)
    cpu, wall = _cpu_seconds() - cpu, time.perf_counter() - wall
    return Measured(cpu, wall, _peak_mb(), result)


def _peak_mb() -> float:
    """Return the largest resident memory of this process.

    What ``getrusage`` says on Linux includes that of the parent at the time of the fork, which
    may have made the workload; the high-water mark of the new program does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        marks = [one for one in status.read_text().splitlines() if one.startswith("VmHWM:")]
        return int(marks[0].split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    print(json.dumps(_work(sys.argv[1], sys.argv[2:])._asdict()))
