"""The benchmarks keep their contract, at a small size."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SMALL = {
    "semantic": ["--pairs", "1", "--rows", "64", "--columns", "96"],
    "surface": ["--images", "2", "--side", "64"],
    "gate": ["--images", "4"],
    "lock": ["--files", "5", "--kib", "16"],
    "intervals": ["--cases", "40", "--figures", "3", "--replicates", "50"],
}
AGREEMENTS = {
    "same counts",
    "same digests",
    "same number of objects",
    "equal to the last bit",
    "decodes and counts nothing",
}


def report_of(name: str, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--json", *options],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_ours_and_every_peer_are_measured_and_agree(name: str) -> None:
    report = report_of(name, "--repeat", "1", *SMALL[name])
    assert report["workload"]
    for one in (report["ours"], *report["peers"]):
        assert one["cpu_s"] >= 0
        assert one["wall_s"] > 0
        assert one["peak_rss_mb"] > 0
    for peer in report["peers"]:
        assert peer["ratio"] > 0
        found = peer["agrees"]
        is_close = found.startswith("largest difference") and float(found.split()[-1]) < 1e-12
        assert found in AGREEMENTS or is_close


@pytest.mark.slow
def test_memory_is_measured_at_three_sizes() -> None:
    report = report_of("memory", "--cases", "2", "--side", "64", "--objects", "9")
    for kind in ("instance", "semantic"):
        found = report["further"][kind]
        assert [one["cases"] for one in found["sizes"]] == [2, 8, 32]
        assert all(one["peak_rss_mb"] > 0 for one in found["sizes"])
        assert found["sizes"][0]["table_bytes_a_case"] > 0


@pytest.mark.slow
def test_the_report_of_a_record_is_measured_by_the_page(finished: Callable[..., Any]) -> None:
    record = finished().folder / "record"
    report = report_of("report", "--repeat", "1", "--record", str(record))
    assert report["workload"]["pages"] > 1
    assert report["ours"]["cpu_s"] > 0
    [peer] = report["peers"]
    assert peer["ratio"] > 0
