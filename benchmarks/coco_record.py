"""A record of the size of the COCO validation set, made once, for the benchmark of reports.

The test set, the protocol and the predictions are the same each time. The images show nothing:
no model looks at them, but no two are alike, as the check of leakage wants it.
"""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from benchmarks.workload import CLASSES, COLUMNS, ROWS, CocoFiles, coco_files
from validation import clock
from validation.record import digest

IMAGES = 5_000
_PATCHES = (12, 16)
_SCORE_THRESHOLD = 0.7  # leaves few false positives, so that most rows are reference objects


def coco_record(folder: Path, *, images: int, one_class: bool = False) -> Path:
    """Return the folder of a new record of a simulated study.

    Args:
        folder: An existing folder, to work in.
        images: Number of cases; 5,000 for the size of COCO.
        one_class: Let all objects be of one class, not of 80.
    """
    from validation import run
    from validation.study.locking import lock_test_set
    from validation.study.opening import read_protocol

    root = folder / "data"
    (root / "images").mkdir(parents=True)
    (root / "references").mkdir()
    files = coco_files(root / "references", images=images)
    results = files.results.rename(folder / "results.json")
    if one_class:
        _merge_classes(files.reference, results)
    _write_images(root / "images", images)
    _write_cases(folder / "cases.csv", images)
    path = folder / "protocol.yaml"
    values = _protocol(files, results.read_bytes(), 1 if one_class else CLASSES)
    path.write_text(yaml.safe_dump(values), "utf-8")
    lock_test_set(read_protocol(path), data=None, at=clock.now())
    run(path, out=folder / "record", workers=2)
    return folder / "record"


def _merge_classes(reference: Path, results: Path) -> None:
    whole, found = json.loads(reference.read_bytes()), json.loads(results.read_bytes())
    whole["categories"] = whole["categories"][:1]
    for one in (*whole["annotations"], *found):
        one["category_id"] = 1
    reference.write_text(json.dumps(whole), "utf-8")
    results.write_text(json.dumps(found), "utf-8")


def _write_images(folder: Path, count: int) -> None:
    generator = np.random.default_rng(5)
    for number in range(1, count + 1):
        patches = generator.integers(0, 255, _PATCHES, dtype=np.uint8)
        image = np.repeat(np.repeat(patches, ROWS // _PATCHES[0], 0), COLUMNS // _PATCHES[1], 1)
        cv2.imwrite(str(folder / f"{number:06d}.png"), image)


def _write_cases(path: Path, count: int) -> None:
    rows = [
        f"{number:06d},images/{number:06d}.png,,{'AB'[number % 2]}"
        for number in range(1, count + 1)
    ]
    path.write_text("\n".join(["case_id,image,reference,site", *rows, ""]), "utf-8")


def _protocol(files: CocoFiles, results: bytes, classes: int) -> dict[str, Any]:
    said = "Simulated for a benchmark."
    return {
        "format": "segval/protocol/1",
        "document": {
            "number": "VP-BENCH", "report_number": "VR-BENCH", "revision": "A",
            "title": f"{files.references} objects in {files.images} images",
            "organisation": "Benchmarks",
        },
        "device": {
            "name": "Benchmark", "version": "1", "intended_use": said, "use_environment": said,
            "users": said,
        },
        "method": {"kind": "instance", "justification": said, "not_chosen": said},
        "model": {
            "adapter": "predictions", "name": "simulated", "version": "1",
            "format": "coco_results", "location": "results.json", "digest": digest(results),
            "produced_by": said,
        },
        "test_set": {
            "id": "BENCH-1", "title": "Simulated objects", "root": "data",
            "case_table": "cases.csv", "folders": ["images", "references"],
            "reference_standard": {
                "format": "coco", "file": "references/reference.json", "standing": "exact_truth",
                "origin": said, "annotators": [], "uncertainty": "None.",
            },
            "provenance": said, "independence": said, "licence": "Apache-2.0",
            "training_data": {"none_because": said}, "simulated": True,
        },
        "classes": [
            {"name": f"class {one}", "description": said, "value": one}
            for one in range(1, classes + 1)
        ],
        "requirements": [{"id": "REQ-01", "text": said, "risks": ["RISK-01"]}],
        "risks": [{"id": "RISK-01", "hazard": said, "harm": said, "severity": "minor"}],
        "analysis": {
            "confidence_level": 0.95, "interval_method": "percentile_bootstrap",
            "resampling_unit": "case", "replicates": 1000, "seed": 7,
            "undefined_values": "leave_out", "failed_cases": "count_as_empty",
            "matching": {
                "algorithm": "greedy_by_score", "iou_threshold": 0.5,
                "score_threshold": _SCORE_THRESHOLD,
                "maximum_detections": 100, "merge_split_fraction": 0.75,
            },
            "rationale": said, "sample_size_rationale": said,
        },
        "subgroups": ["site"],
        "criteria": [
            {
                "id": "AC-01", "requirements": ["REQ-01"], "iou": 0.5, "bound": 0.5,
                "metric": "recall", "class": "class 1", "direction": "at_least",
                "judged_on": "lower_limit", "rationale": said,
            },
        ],
        "limits": said,
        "signatories": [{"role": "author", "title": said, "meaning": said}],
    }  # fmt: skip
