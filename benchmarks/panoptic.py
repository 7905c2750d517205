"""Pair table and panoptic quality of label maps, against a plain numpy computation.

python -m benchmarks.panoptic [--json] [--maps N] [--objects N] [--repeat N]
"""

import argparse
import json
from typing import Any

import numpy as np

from benchmarks.fresh import Measured, measured


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--maps", type=int, default=200)
    parser.add_argument("--objects", type=int, default=150)
    parser.add_argument("--repeat", type=int, default=3, help="fewest CPU seconds of so many")
    chosen = parser.parse_args()
    report = compare(chosen.maps, chosen.objects, chosen.repeat)
    print(json.dumps(report) if chosen.json else _text(report))


def compare(maps: int, objects: int, repeat: int) -> dict[str, Any]:
    """Return what we and the plain computation take, in the contract of the benchmarks."""
    ours, plain = (
        min(
            (
                measured(f"benchmarks.panoptic_work:{name}", str(maps), str(objects))
                for _ in range(repeat)
            ),
            key=lambda one: one.result["cpu_s"],
        )
        for name in ("ours", "plain")
    )
    apart = float(np.abs(np.subtract(ours.result["quality"], plain.result["quality"])).max())
    return {
        "workload": {"maps": maps, "objects": objects, "rows": 512, "columns": 512},
        "ours": _cost(ours),
        "peers": [
            {
                "name": "numpy, unique pairs of ids",
                "version": np.__version__,
                **_cost(plain),
                "ratio": plain.result["cpu_s"] / ours.result["cpu_s"],
                "agrees": f"panoptic quality of each map, largest difference {apart:.3g}",
            }
        ],
    }


def _cost(one: Measured) -> dict[str, float]:
    return {
        "cpu_s": one.result["cpu_s"],
        "wall_s": one.wall_s,
        "peak_rss_mb": one.peak_rss_mb,
        "ms_each": one.result["ms_each"],
    }


def _text(report: dict[str, Any]) -> str:
    rows = [{"name": "segval", **report["ours"]}, *report["peers"]]
    return "\n".join(
        f"{row['name']:28}{row['ms_each']:8.2f} ms a map  {row.get('agrees', '')}" for row in rows
    )


if __name__ == "__main__":
    main()
