"""COCO-scale instance evidence against pycocotools and its faster replacements.

python -m benchmarks.instance [--json] [--images N] [--rle] [--repeat N] [--intervals]
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.fresh import Measured, best_of, measured
from benchmarks.peers import PEERS, installed_version
from benchmarks.workload import CLASSES, CocoFiles, coco_files


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--rle", action="store_true", help="reference masks as run lengths")
    parser.add_argument("--repeat", type=int, default=3, help="fewest CPU seconds of so many")
    parser.add_argument("--intervals", action="store_true", help="1,000 replicates, too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = coco_files(Path(folder), images=chosen.images, reference_as_rle=chosen.rle)
        report = compare(files, chosen.repeat, reference_as_rle=chosen.rle)
        if chosen.intervals:
            report["further"] |= _intervals(files)
    print(json.dumps(report) if chosen.json else _text(report))


def compare(files: CocoFiles, repeat: int, *, reference_as_rle: bool) -> dict[str, Any]:
    """Return what we and each peer take, in the contract of the benchmarks."""
    paths = str(files.reference), str(files.results)
    ours = best_of(repeat, "benchmarks.instance_work:evidence", *paths)
    more = {
        f"ours_with_{what}": _cost(best_of(repeat, f"benchmarks.instance_work:{function}", *paths))
        for what, function in (
            ("rows_of_instances_csv", "evidence_with_rows"),
            ("figures_over_classes_and_confusion", "evidence_over_classes"),
        )
    }
    return {
        "workload": {
            "images": files.images,
            "references": files.references,
            "detections": files.detections,
            "classes": CLASSES,
            "reference_as": "run lengths" if reference_as_rle else "polygons",
        },
        "ours": _cost(ours),
        "peers": [_peer(name, paths, repeat, ours) for name in PEERS],
        "further": more,
    }


def _peer(name: str, paths: tuple[str, str], repeat: int, ours: Measured) -> dict[str, Any]:
    version = installed_version(name)
    if version is None:
        return {"name": name, "skipped": "not installed"}
    one = best_of(repeat, f"benchmarks.peers:{name.replace('-', '_')}", *paths)
    apart = max(abs(a - b) for a, b in zip(one.result, ours.result, strict=True))
    return {
        "name": name,
        "version": version,
        **_cost(one),
        "ratio": one.cpu_s / ours.cpu_s,
        "ratio_of_memory": one.peak_rss_mb / ours.peak_rss_mb,
        "agrees": f"twelve statistics, largest difference {apart:.3g}",
    }


def _intervals(files: CocoFiles) -> dict[str, Any]:
    paths = str(files.reference), str(files.results)
    one = measured("benchmarks.interval_work:intervals", *paths, "percentile_bootstrap", "1000")
    return {f"intervals of {name}, 1000 replicates": cost for name, cost in one.result.items()}


def _cost(one: Measured) -> dict[str, float]:
    return {"cpu_s": one.cpu_s, "wall_s": one.wall_s, "peak_rss_mb": one.peak_rss_mb}


def _text(report: dict[str, Any]) -> str:
    lines = [", ".join(f"{name} {value}" for name, value in report["workload"].items())]
    lines.append(f"{'':20}{'CPU s':>8}{'wall s':>8}{'MB':>7}{'ratio':>7}")
    rows = [{"name": "segval", **report["ours"], "ratio": 1.0}, *report["peers"]]
    for row in rows:
        if "skipped" in row:
            lines.append(f"{row['name']:20}{row['skipped']}")
            continue
        lines.append(
            f"{row['name']:20}{row['cpu_s']:8.2f}{row['wall_s']:8.2f}{row['peak_rss_mb']:7.0f}"
            f"{row['ratio']:7.2f}  {row.get('agrees', '')}"
        )
    lines.extend(f"{name}: {value}" for name, value in report["further"].items())
    return "\n".join(lines)


if __name__ == "__main__":
    main()
