"""The benchmarks of semantic figures, borders and intervals keep their contract."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SMALL = {
    "semantic": ["--pairs", "1", "--rows", "64", "--columns", "96"],
    "surface": ["--images", "2", "--side", "64"],
    "intervals": ["--cases", "40", "--figures", "3", "--replicates", "50"],
}
AGREEMENTS = {"same counts", "equal to the last bit", "decodes and counts nothing"}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_ours_and_every_peer_are_measured_and_agree(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--json", "--repeat", "1", *SMALL[name]],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
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
