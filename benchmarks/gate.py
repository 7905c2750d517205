"""The gate of COCO files, against reading their JSON and doing nothing with it.

    python -m benchmarks.gate [--json] [--images N] [--rle] [--repeat N]

Ours reads a reference and results of COCO scale, holds every entry against the rules (ids,
images, classes, scores, sizes, run lengths, areas), draws polygons, and returns the objects of
each case. The peers are what cannot be undercut, ``json.load`` of the same two files, and what
people use, the loading of pycocotools, which checks next to nothing.
"""

import argparse
import contextlib
import io
import json
import platform
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.comparison import Peer, compare, show
from benchmarks.workload import CLASSES, coco_files
from validation.plan.protocol import SegmentedClass
from validation.testset.cases import Case
from validation.testset.formats.coco import read_reference, read_results


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--rle", action="store_true", help="reference masks as run lengths")
    parser.add_argument("--repeat", type=int, default=3, help="fewest CPU seconds of so many")
    chosen = parser.parse_args()
    here = "benchmarks.gate"
    with tempfile.TemporaryDirectory() as folder:
        files = coco_files(Path(folder), images=chosen.images, reference_as_rle=chosen.rle)
        report = compare(
            {
                "images": files.images,
                "references": files.references,
                "detections": files.detections,
                "reference as": "run lengths" if chosen.rle else "polygons",
                "bytes": files.reference.stat().st_size + files.results.stat().st_size,
            },
            f"{here}:ours",
            [
                Peer("json.load of both files", "json", f"{here}:plain", _counts, _of_python),
                Peer("loading of pycocotools", "pycocotools", f"{here}:pycocotools", _counts),
            ],
            [str(files.reference), str(files.results)],
            repeat=chosen.repeat,
        )
    show(report, as_json=chosen.json, per=files.references + files.detections, what="mask")


def ours(reference: str, results: str) -> list[int]:
    """Return the numbers of reference and predicted objects that pass the gate."""
    content, found = Path(reference).read_bytes(), Path(results).read_bytes()
    cases = [
        Case(case_id=Path(name).stem, image=name, reference=None) for name in _image_names(content)
    ]
    classes = [
        SegmentedClass(name=f"class {one}", description="drawn", value=one)
        for one in range(1, CLASSES + 1)
    ]
    truth = read_reference(content, cases=cases, classes=classes, file="reference.json")
    objects = read_results(found, images=truth.images, classes=classes, file="results.json")
    return [sum(map(len, one.values())) for one in (truth.objects, objects)]


def plain(reference: str, results: str) -> list[int]:
    """Return the numbers of entries, as Python's reader of JSON finds them."""
    with Path(reference).open() as file:
        whole = json.load(file)
    with Path(results).open() as file:
        found = json.load(file)
    return [len(whole["annotations"]), len(found)]


def pycocotools(reference: str, results: str) -> list[int]:
    """Return the numbers of entries that pycocotools loads."""
    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(reference)
        found = truth.loadRes(results)
    return [len(truth.anns), len(found.anns)]


def imports(name: str) -> None:
    """Import what `name` needs, so that the import is not part of what is measured."""
    if name in ("ours", "pycocotools"):
        import pycocotools.coco  # noqa: F401 - to have been imported


def _image_names(content: bytes) -> list[str]:
    """Return the names of the workload's images, without reading the file as JSON once more."""
    end = content.index(b"]")
    return [one["file_name"] for one in json.loads(content[: end + 1] + b"}")["images"]]


def _counts(ours_found: Any, found: Any) -> str:  # noqa: ANN401 - any result
    return "same number of objects" if ours_found == found else "OTHER NUMBER OF OBJECTS"


def _of_python(_package: str) -> str:
    return platform.python_version()


if __name__ == "__main__":
    main()
