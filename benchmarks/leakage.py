"""Comparing perceptual hashes of a test set with those of training images, in eight orientations.

    python -m benchmarks.leakage [--json] [--cases N] [--training N] [--repeat N]

Ours is what `segval lock` and every run do with the two lists of a lock, from the hashes as bytes
to the near-duplicates. The peer is what packages of perceptual hashes leave to their user: a loop
over all pairs, here of Python's integers, which is the quickest such loop.
"""

import argparse
from typing import Any

import numpy as np

from benchmarks.comparison import Peer, compare, show

_PLANTED = 10


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--training", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=3, help="fewest CPU seconds of so many")
    chosen = parser.parse_args()
    here = "benchmarks.leakage"
    report = compare(
        {"cases": chosen.cases, "training images": chosen.training, "orientations": 8},
        f"{here}:ours",
        [Peer("int.bit_count, pair by pair", "", f"{here}:pair_by_pair", _same, _of_python)],
        [str(chosen.cases), str(chosen.training)],
        repeat=chosen.repeat,
    )
    show(report, as_json=chosen.json, per=chosen.cases, what="case")


def hashes(cases: int, training: int) -> tuple[Any, Any]:
    """Return hashes of both, the same each time; ten cases are 12 bits from a training image."""
    rng = np.random.default_rng(0)
    tested = rng.integers(0, 256, (cases, 32), np.uint8)
    trained = rng.integers(0, 256, (training, 32), np.uint8)
    planted = min(_PLANTED, cases, training)
    trained[-planted:] = tested[:planted]
    trained[-planted:, 0] ^= 0b111111
    trained[-planted:, 9] ^= 0b111111
    return tested, trained


def imports(name: str) -> None:
    """Import beforehand what the work needs."""
    import validation.testset.leakage  # noqa: F401 - not to be measured

    del name


def ours(cases: str, training: str) -> list[tuple[int, int, int]]:
    """Return case, training image and distance of near-duplicates."""
    from validation.testset.leakage import hamming_matches

    found = hamming_matches(*hashes(int(cases), int(training)))
    return [(case, at, bits) for case, one in enumerate(found) for at, bits, _ in one]


def pair_by_pair(cases: str, training: str) -> list[tuple[int, int, int]]:
    """Return the same, pair by pair."""
    from validation.testset.fingerprints import orientations
    from validation.testset.leakage_record import NEAR_DUPLICATE_DISTANCE

    tested, trained = hashes(int(cases), int(training))
    others = [int.from_bytes(one.tobytes()) for one in trained]
    found = []
    for case, turned in enumerate(orientations(tested)):
        own = [int.from_bytes(one.tobytes()) for one in turned]
        for at, other in enumerate(others):
            bits = min((one ^ other).bit_count() for one in own)
            if bits <= NEAR_DUPLICATE_DISTANCE:
                found.append((case, at, bits))
    return found


def _same(found: Any, theirs: Any) -> str:  # noqa: ANN401 - any result
    return "same pairs" if found == theirs else "OTHER PAIRS"


def _of_python(_: str) -> str:
    import platform

    return platform.python_version()


if __name__ == "__main__":
    main()
