"""Hashing a test set, against sha256sum.

    python -m benchmarks.lock [--json] [--files N] [--kib N] [--repeat N]

Ours is what `segval lock` and every run do with each file of a test set: open it, see that it
is a plain file, read it in blocks and hash it, several files at a time. The peer is
``sha256sum`` of the same files in one call. Both read from the cache of the system.
"""

import argparse
import subprocess
import tempfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.comparison import Peer, Report, compare, show
from validation import workspace

_PROGRAM = "sha256sum"


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--kib", type=int, default=512, help="size of a file")
    parser.add_argument("--repeat", type=int, default=3, help="fewest CPU seconds of so many")
    chosen = parser.parse_args()
    here = "benchmarks.lock"
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), chosen.files, 1024 * chosen.kib)
        megabytes = chosen.files * chosen.kib * 1024 / 1e6
        report = compare(
            {"files": chosen.files, "MB": megabytes},
            f"{here}:ours",
            [Peer(_PROGRAM, _PROGRAM, f"{here}:sha256sum", _same, _of_program)],
            [folder],
            repeat=chosen.repeat,
        )
    show(report, as_json=chosen.json, per=chosen.files, what="file")
    if not chosen.json:
        _show_throughput(report, megabytes)


def write_files(folder: Path, count: int, size: int) -> None:
    """Write files of random bytes, the same each time."""
    for number in range(count):
        (folder / f"{number:06d}.bin").write_bytes(np.random.default_rng(number).bytes(size))


def ours(folder: str) -> dict[str, str]:
    """Return the digest of each file, as the lock has it."""
    names = [one.name for one in Path(folder).iterdir()]
    return {one.path: one.sha256 for one in workspace.hash_files(Path(folder), names)}


def sha256sum(folder: str) -> dict[str, str]:
    """Return the digest of each file, as sha256sum says it."""
    names = sorted(one.name for one in Path(folder).iterdir())
    done = subprocess.run(
        [_PROGRAM, "--", *names], cwd=folder, capture_output=True, text=True, check=True
    )
    return {line[66:]: line[:64] for line in done.stdout.splitlines()}


def _same(found: Any, theirs: Any) -> str:  # noqa: ANN401 - any result
    return "same digests" if found == theirs else "OTHER DIGESTS"


def _of_program(name: str) -> str:
    try:
        done = subprocess.run([name, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PackageNotFoundError(name) from error
    return done.stdout.splitlines()[0].split()[-1]


def _show_throughput(report: Report, megabytes: float) -> None:
    rows = [{"name": "segval", **report["ours"]}, *report["peers"]]
    for one in (row for row in rows if "skipped" not in row):
        by_cpu, by_clock = megabytes / one["cpu_s"], megabytes / one["wall_s"]
        print(f"  {one['name']:38} {by_cpu:9.0f} MB a CPU second, {by_clock:.0f} MB a second")


if __name__ == "__main__":
    main()
