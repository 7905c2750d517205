"""The benchmarks at a small size: the contract, and agreement with every peer installed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.workload import coco_files

COST = {"cpu_s", "wall_s", "peak_rss_mb"}


def report(*command: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", *command, "--json", "--repeat", "1"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return json.loads(done.stdout)


def test_the_workload_is_the_same_each_time(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for one in folders:
        one.mkdir()
    first, second = (coco_files(one, images=3) for one in folders)
    assert first.reference.read_bytes() == second.reference.read_bytes()
    assert first.results.read_bytes() == second.results.read_bytes()


@pytest.mark.parametrize("reference", [(), ("--rle",)])
def test_our_twelve_statistics_are_those_of_the_peers(reference: tuple[str, ...]) -> None:
    found = report("benchmarks.instance", "--images", "20", *reference)
    assert set(found["ours"]) >= COST
    compared = [one for one in found["peers"] if "skipped" not in one]
    assert "pycocotools" in {one["name"] for one in compared}
    for one in compared:
        assert COST | {"name", "version", "ratio", "agrees"} <= set(one)
        assert float(one["agrees"].split()[-1]) < 1e-12


def test_panoptic_quality_is_that_of_a_plain_computation() -> None:
    found = report("benchmarks.panoptic", "--maps", "2", "--objects", "20")
    [peer] = found["peers"]
    assert float(peer["agrees"].split()[-1]) < 1e-12


def test_intervals_of_curves_are_those_of_an_evaluator_in_a_loop() -> None:
    found = report("benchmarks.intervals", "--coco", "--images", "20", "--replicates", "200")
    for method in ("percentile", "bca"):
        assert {"figures of sums", "AP, AR and FROC"} == set(found[method])
        assert all(one["intervals"] > 0 for one in found[method].values())
    assert float(found["evaluator"]["agrees"].split()[-1]) < 1e-12
