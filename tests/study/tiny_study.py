"""A tiny complete study, drawn by code: six images of 64 x 64 pixels, a model, a protocol.

The corner pixel of each image is the number of its case, so that a model can tell them apart.
Two discs of C2 touch and are merged, one of C4 is too dim to be found, C5 has a bright spot
that is no cell, and C6 is empty.
"""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

SIDE = 64
CELLS = {
    1: [(16, 16, 7, 200), (44, 40, 8, 190)],
    2: [(20, 20, 7, 200), (20, 34, 7, 180), (50, 50, 6, 210)],
    3: [(30, 30, 10, 170)],
    4: [(14, 46, 7, 185), (46, 14, 7, 70)],
    5: [(32, 20, 9, 205)],
    6: [],
}
"""Row, column, radius and brightness of each cell by case."""
FORMATS = {"instance": "label_map", "panoptic": "panoptic_map", "semantic": "class_map"}
SPOTS = {5: [(52, 52, 3, 250)]}

MODEL = '''"""The model under test: what is bright is a cell."""
import hashlib
import os
import time

import numpy as np
from scipy import ndimage


def _before(image, log, delay, fail_on, how):
    if log:
        with open(log, "a") as file:
            file.write(f"{image[0, 0]} {os.getpid()}\\n")
    time.sleep(delay)
    if int(image[0, 0]) != fail_on:
        return None
    if how == "raise":
        raise ZeroDivisionError("the model divides by zero")
    if how == "nan":
        return np.full(image.shape, np.nan)
    if how == "size":
        return np.zeros((3, 5), np.int32)
    if how == "value":
        return np.full(image.shape, 99, np.int32)
    if how == "empty":
        return np.zeros(image.shape, np.int32)
    if how == "print":
        print("a model that talks")
    return None


def segment(image, threshold=100, log="", delay=0.0, fail_on=0, how="raise"):
    other = _before(image, log, delay, fail_on, how)
    if other is not None:
        return other
    labels, count = ndimage.label(image > threshold)
    scores = {one: float(image[labels == one].mean()) / 255 for one in range(1, count + 1)}
    return labels.astype(np.int32), scores


def classify(image, threshold=100, log="", delay=0.0, fail_on=0, how="raise"):
    other = _before(image, log, delay, fail_on, how)
    if other is not None:
        return other
    return ((image > threshold) + 6 * (image > 235)).astype(np.int32)


def segment_all(image, threshold=100, log="", delay=0.0, fail_on=0, how="raise"):
    other = _before(image, log, delay, fail_on, how)
    if other is not None:
        return other
    labels, _ = ndimage.label((image > threshold) & (image <= 235))
    return np.where(labels > 0, labels + 999, 7 * (image > 235))
'''


def png(values: np.ndarray) -> bytes:
    """Return an image as PNG."""
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, format="PNG")
    return stream.getvalue()


def _disc(row: int, column: int, radius: int) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def draw(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return image, label map and class map of a case."""
    image = np.random.default_rng(number).integers(10, 40, (SIDE, SIDE)).astype(np.uint8)
    labels = np.zeros((SIDE, SIDE), np.uint8)
    classes = np.zeros((SIDE, SIDE), np.uint8)
    for one, (row, column, radius, brightness) in enumerate(CELLS[number], start=1):
        inside = _disc(row, column, radius) & (labels == 0)
        labels[inside], classes[inside] = one, 1
        image[inside] = brightness
    for row, column, radius, brightness in SPOTS.get(number, []):
        image[_disc(row, column, radius)] = brightness
        classes[_disc(row, column, radius)] = 7
    image[0, 0] = number
    return image, labels, classes


def case_rows() -> list[dict[str, str]]:
    return [
        {
            "case_id": f"C{number}",
            "image": f"images/C{number}.png",
            "reference": f"references/C{number}.png",
            "subject_id": f"S{(number + 1) // 2}",
            "site": "A" if number <= 3 else "B",
        }
        for number in CELLS
    ]


def protocol(kind: str) -> dict[str, Any]:
    """Return a protocol of the tiny study; `model` is added by `write`."""
    is_instance, is_panoptic = kind == "instance", kind == "panoptic"
    cell = {"name": "cell", "description": "Bright discs", "value": 1}
    spot = {"name": "spot", "description": "Small bright spots", "value": 7}
    if is_panoptic:
        cell["role"], spot["role"] = "thing", "stuff"
    first = {
        "id": "AC-01",
        "requirements": ["REQ-01"],
        "metric": {"instance": "segmentation_quality", "panoptic": "pq"}.get(kind, "dice"),
        "class": "cell",
        **({"iou": 0.5} if is_instance else {}),
        "direction": "at_least",
        "bound": 0.5,
        "judged_on": "lower_limit",
        "rationale": "Half is the least that can be of use.",
    }
    return {
        "format": "segval/protocol/1",
        "document": {
            "number": "VP-T1",
            "report_number": "VR-T1",
            "revision": "A",
            "title": "Bright discs on a dark ground",
            "organisation": "Tests",
        },
        "device": {
            "name": "Disc finder",
            "version": "1",
            "intended_use": "Finds bright discs.",
            "use_environment": "Drawn images.",
            "users": "Tests",
        },
        "method": {
            "kind": kind,
            "justification": "It is what is tested here.",
            "not_chosen": "The other kind is tested elsewhere.",
        },
        "test_set": {
            "id": "TINY-1",
            "title": "Six drawn images",
            "root": "data",
            "case_table": "cases.csv",
            "folders": ["images", "references"],
            "reference_standard": {
                "format": FORMATS[kind],
                "standing": "exact_truth",
                "origin": "Drawn by the same script.",
                "annotators": [],
                "uncertainty": "None.",
            },
            "provenance": "Drawn by a script.",
            "independence": "The model was not trained.",
            "training_data": {"none_because": "The model is a threshold."},
            "licence": "Apache-2.0",
            "simulated": True,
        },
        "classes": [cell] if is_instance else [cell, spot],
        "requirements": [
            {"id": "REQ-01", "text": "Cells are outlined.", "risks": ["RISK-01"]},
        ],
        "risks": [
            {"id": "RISK-01", "hazard": "Cells are missed.", "harm": "Delay", "severity": "minor"},
        ],
        "analysis": {
            "confidence_level": 0.95,
            "interval_method": "percentile_bootstrap",
            "resampling_unit": "subject",
            "replicates": 1000,
            "seed": 7,
            "undefined_values": "leave_out",
            "failed_cases": "count_as_empty",
            **({"matching": _matching(kind)} if kind != "semantic" else {}),
            **({"presence_minimum_area_px": 20} if kind == "semantic" else {}),
            "rationale": "Customary.",
            "sample_size_rationale": "Six images are enough for a test of the tool.",
        },
        "subgroups": ["site"],
        "criteria": [first],
        "limits": "Shows nothing but that the tool works.",
        "signatories": [
            {"role": "author", "title": "Tester", "meaning": "I wrote this"},
            {
                "role": "approver",
                "title": "Head of tests",
                "meaning": "I approve this",
                "distinct_from": ["author"],
            },
        ],
    }


def _matching(kind: str) -> dict[str, Any]:
    return {
        "algorithm": "optimal" if kind == "panoptic" else "greedy_by_score",
        "iou_threshold": 0.5,
        "further_iou_thresholds": [0.75],
        "score_threshold": 0.0,
        "maximum_detections": 100,
        "merge_split_fraction": 0.75,
    }


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as PyYAML has it
        return True


def to_yaml(values: dict[str, Any]) -> bytes:
    text: str = yaml.dump(values, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return text.encode()


def to_csv(rows: list[dict[str, str]]) -> bytes:
    import csv

    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Study:
    """A study in a folder, and short ways to change, lock and run it."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder
        self.kind = kind
        self.values = protocol(kind)
        self.rows = case_rows()
        self.source = MODEL
        self.parameters: dict[str, Any] = {}
        self.callable = {"instance": "segment", "panoptic": "segment_all"}.get(kind, "classify")
        self.model: dict[str, Any] | None = None
        """Another model than the Python one."""
        for number in CELLS:
            image, labels, classes = draw(number)
            segments = np.where(labels > 0, labels.astype(np.uint16) + 999, classes)
            reference = {"instance": labels, "panoptic": segments}.get(kind, classes)
            self.put(f"images/C{number}.png", png(image))
            self.put(f"references/C{number}.png", png(reference))
        self.write()

    @property
    def path(self) -> Path:
        return self.folder / "protocol.yaml"

    @property
    def root(self) -> Path:
        return self.folder / "data"

    def put(self, name: str, content: bytes) -> None:
        """Write a file of the test set."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def change(self, dotted: str, value: Any) -> "Study":
        """Set a field of the protocol, e.g. ``analysis.seed``."""
        *above, last = dotted.split(".")
        place = self.values
        for part in above:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
        self.write()
        return self

    def write(self) -> None:
        """Write protocol, case table and model."""
        source = self.source.encode()
        (self.folder / "model.py").write_bytes(source)
        self.values["model"] = self.model or {
            "adapter": "python",
            "name": "brightness",
            "version": "1",
            "file": "model.py",
            "digest": sha256(source),
            "callable": self.callable,
            "parameters": self.parameters,
        }
        (self.folder / "cases.csv").write_bytes(to_csv(self.rows))
        self.path.write_bytes(to_yaml(self.values))

    def lock(self) -> "Study":
        from validation import clock
        from validation.study.locking import lock_test_set
        from validation.study.opening import read_protocol

        lock_test_set(read_protocol(self.path), data=None, at=clock.now())
        return self

    def run(self, out: str = "record", **options: Any) -> Any:
        from validation import run

        return run(self.path, out=self.folder / out, **options)
