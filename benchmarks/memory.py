"""Peak memory as cases grow: 1, 4 and 16 times as many, reading the files included.

    python -m benchmarks.memory [--json] [--cases N] [--side N] [--objects N]

Each size is a process of its own, which reads every file, decodes it, holds it against the
gate, reduces the case to its table and keeps the table, and then makes the figures of all
cases. Printed is by how much the peak grows with each further case, beside what a case has in
pixels and in its table: were pixels kept, the growth would be that of the pixels. The files of
the first N cases are read again for the further ones.
"""

import argparse
import json
import pickle
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.fresh import measured
from benchmarks.workload import label_maps

TIMES = (1, 4, 16)
BYTES_A_PIXEL = {"instance": 4, "semantic": 1}
"""As the maps lie in memory."""
_CLASSES = 4


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--cases", type=int, default=60, help="cases of the smallest size")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--objects", type=int, default=150, help="objects of a label map")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_maps(Path(folder), chosen.cases, side=chosen.side, objects=chosen.objects)
        kinds = {kind: _growth(kind, folder, chosen.cases, chosen.side) for kind in BYTES_A_PIXEL}
    report = {
        "workload": {
            "cases": [chosen.cases * times for times in TIMES],
            "size": f"{chosen.side}x{chosen.side}",
            "objects of a label map": chosen.objects,
        },
        "ours": kinds["instance"]["sizes"][-1],
        "peers": [],
        "further": kinds,
    }
    print(json.dumps(report) if chosen.json else _text(report))


def write_maps(folder: Path, count: int, *, side: int, objects: int) -> None:
    """Write pairs of label maps, and of class maps made of them, as PNG."""
    for number, pair in enumerate(label_maps(count, objects=objects, side=side)):
        for name, labels in zip(("reference", "prediction"), pair, strict=True):
            classes = np.where(labels > 0, labels % _CLASSES + 1, 0).astype(np.uint8)
            cv2.imwrite(str(folder / f"instance-{number}-{name}.png"), labels.astype(np.uint16))
            cv2.imwrite(str(folder / f"semantic-{number}-{name}.png"), classes)


def instance(folder: str, distinct: str, cases: str) -> dict[str, float]:
    """Return the size of the tables of so many pairs of label maps, having pooled them."""
    from dataclasses import replace

    from validation.evidence.gate import problems_of_objects
    from validation.evidence.instance import object_counts
    from validation.evidence.object_pool import object_pool
    from validation.evidence.overlap import overlap_table
    from validation.plan.protocol import Matching
    from validation.testset.formats.label_maps import read_label_map

    tables = []
    for number in range(int(cases)):
        reference, found = (
            read_label_map(one) for one in _contents(folder, "instance", number, distinct)
        )
        prediction = replace(found, scores=np.ones(len(found)))
        for one in (reference, prediction):
            _require_none(problems_of_objects(one, where="", shape=one.shape, class_count=1))
        tables.append(overlap_table(f"{number:06d}", reference, prediction))
    rule = Matching(
        algorithm="greedy_by_score",
        iou_threshold=0.5,
        score_threshold=0.3,
        maximum_detections=1000,
        merge_split_fraction=0.75,
    )
    object_counts(object_pool(tables, 1), rule)
    return {"table_bytes_a_case": len(pickle.dumps(tables)) / len(tables)}


def semantic(folder: str, distinct: str, cases: str) -> dict[str, float]:
    """Return the size of the tables of so many pairs of class maps, having summed them."""
    from validation.evidence.gate import problems_of_class_map
    from validation.evidence.overlap import confusion_table
    from validation.plan.protocol import SegmentedClass
    from validation.testset.formats.label_maps import read_class_map

    classes = [
        SegmentedClass(name=f"class {one}", description="drawn", value=one)
        for one in range(1, _CLASSES + 1)
    ]
    tables = []
    for number in range(int(cases)):
        reference, prediction = (
            read_class_map(one, classes) for one in _contents(folder, "semantic", number, distinct)
        )
        for one in (reference, prediction):
            _require_none(
                problems_of_class_map(one, where="", shape=one.shape, class_count=_CLASSES)
            )
        tables.append(confusion_table(f"{number:06d}", reference, prediction, _CLASSES))
    return {"table_bytes_a_case": len(pickle.dumps(tables)) / len(tables)}


def _contents(folder: str, kind: str, number: int, distinct: str) -> list[bytes]:
    stem = f"{kind}-{number % int(distinct)}"
    return [
        (Path(folder) / f"{stem}-{name}.png").read_bytes() for name in ("reference", "prediction")
    ]


def _require_none(problems: tuple[Any, ...]) -> None:
    if problems:
        raise RuntimeError(str(problems[0]))


def _growth(kind: str, folder: str, cases: int, side: int) -> dict[str, Any]:
    sizes = []
    for times in TIMES:
        one = measured(f"benchmarks.memory:{kind}", folder, str(cases), str(cases * times))
        sizes.append(
            {
                "cases": cases * times,
                "cpu_s": one.cpu_s,
                "wall_s": one.wall_s,
                "peak_rss_mb": one.peak_rss_mb,
                **one.result,
            }
        )
    more = sizes[-1]["cases"] - sizes[0]["cases"]
    grown = (sizes[-1]["peak_rss_mb"] - sizes[0]["peak_rss_mb"]) * 2**20
    return {
        "sizes": sizes,
        "growth_bytes_a_case": grown / more,
        "pixel_bytes_a_case": 2 * side**2 * BYTES_A_PIXEL[kind],
    }


def _text(report: dict[str, Any]) -> str:
    lines = [", ".join(f"{name}: {value}" for name, value in report["workload"].items())]
    for kind, found in report["further"].items():
        lines.append(kind)
        lines.extend(
            f"  {one['cases']:6} cases {one['peak_rss_mb']:8.1f} MB at the peak, "
            f"table of a case {one['table_bytes_a_case']:8.0f} bytes"
            for one in found["sizes"]
        )
        lines.append(
            f"  each further case adds {found['growth_bytes_a_case']:.0f} bytes, "
            f"its pixels are {found['pixel_bytes_a_case']}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
