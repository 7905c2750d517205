"""Confusion of classes in large images, against decoding alone and scikit-learn.

    python -m benchmarks.semantic [--json] [--pairs N] [--rows N] [--columns N] [--repeat N]

Ours reads, hashes, decodes and checks both files of a pair and counts every pair of classes,
pixels of the ignore value left out and counted. The peers are what cannot be undercut,
decoding the same files and nothing else, and what people use, scikit-learn.
"""

import argparse
import hashlib
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.comparison import Peer, compare, show

CLASSES, VOID = 19, 255


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--rows", type=int, default=1024)
    parser.add_argument("--columns", type=int, default=2048)
    parser.add_argument("--repeat", type=int, default=3, help="fewest CPU seconds of so many")
    chosen = parser.parse_args()
    here = "benchmarks.semantic"
    with tempfile.TemporaryDirectory() as folder:
        write_pairs(Path(folder), chosen.pairs, (chosen.rows, chosen.columns))
        report = compare(
            {
                "pairs": chosen.pairs,
                "size": f"{chosen.rows}x{chosen.columns}",
                "classes": f"{CLASSES} and void",
            },
            f"{here}:ours",
            [
                Peer("decoding alone, OpenCV", "opencv-python-headless", f"{here}:opencv", _no),
                Peer("decoding alone, Pillow", "pillow", f"{here}:pillow", _no),
                Peer("scikit-learn", "scikit-learn", f"{here}:sklearn", _same),
            ],
            [folder],
            repeat=chosen.repeat,
            further={"segval, figures and 1,000 replicates": f"{here}:ours_with_figures"},
        )
    show(report, as_json=chosen.json, per=chosen.pairs, what="pair")


def _no(_ours: Any, _theirs: Any) -> str:  # noqa: ANN401 - any result
    return "decodes and counts nothing"


def _same(ours: Any, theirs: Any) -> str:  # noqa: ANN401 - any result
    return "same counts" if ours == theirs else "OTHER COUNTS"


def write_pairs(folder: Path, pairs: int, shape: tuple[int, int]) -> None:
    """Write pairs of class images: smooth regions, and a prediction that errs at their edges."""
    for number in range(pairs):
        generator = np.random.default_rng(number)
        fields = generator.normal(size=(CLASSES + 1, 12, 24)).astype(np.float32)
        errors = fields + generator.normal(0, 0.15, fields.shape).astype(np.float32)
        for name, some in (("reference", fields), ("prediction", errors)):
            best, classes = np.full(shape, -np.inf, np.float32), np.zeros(shape, np.uint8)
            for index, field in enumerate(some):
                large = cv2.resize(field, shape[::-1], interpolation=cv2.INTER_CUBIC)
                classes[large > best] = index
                best = np.maximum(best, large)
            if name == "reference":
                classes[-shape[0] // 10 :] = VOID
            cv2.imwrite(str(folder / f"{name}_{number:03}.png"), classes)


def _pairs(folder: str) -> list[tuple[Path, Path]]:
    return list(
        zip(
            sorted(Path(folder).glob("reference_*")),
            sorted(Path(folder).glob("prediction_*")),
            strict=True,
        )
    )


def imports(name: str) -> None:
    """Import what a function needs, before its time is taken."""
    if name.startswith("ours"):
        import validation.evidence.measure
        import validation.testset.formats.label_maps  # noqa: F401
    if name == "sklearn":
        import sklearn.metrics  # noqa: F401
    if name == "pillow":
        from PIL import Image

        Image.init()


def _tables(folder: str) -> list[Any]:
    from validation.evidence.gate import problems_of_class_map
    from validation.evidence.overlap import confusion_table
    from validation.plan.protocol import SegmentedClass
    from validation.testset.formats.label_maps import read_class_map

    classes = [
        SegmentedClass(name=f"class {one}", description="-", value=one)
        for one in range(1, CLASSES + 1)
    ]
    tables = []
    for paths in _pairs(folder):
        maps = []
        for path, ignored in zip(paths, (VOID, None), strict=True):
            content = path.read_bytes()
            hashlib.sha256(content).hexdigest()
            found = read_class_map(content, classes, ignored)
            problems = problems_of_class_map(
                found, where=path.name, shape=found.shape, class_count=CLASSES
            )
            if problems:
                raise ValueError(problems)
            maps.append(found)
        tables.append(confusion_table(paths[0].stem, *maps, CLASSES))
    return tables


def ours(folder: str) -> list[Any]:
    """Return the confusion of all pairs together."""
    counts: list[Any] = sum(table.counts for table in _tables(folder)).tolist()
    return counts


def ours_with_figures(folder: str) -> int:
    """Measure everything, with intervals; return the number of figures."""
    from validation.evidence.estimates import metric_values
    from validation.evidence.semantic import class_pixels, overall_figures, pixel_figures
    from validation.plan.protocol import AnalysisPlan

    plan = AnalysisPlan(
        confidence_level=0.95,
        interval_method="percentile_bootstrap",
        resampling_unit="case",
        replicates=1000,
        seed=1,
        undefined_values="leave_out",
        failed_cases="leave_out",
        rationale="-",
        sample_size_rationale="-",
    )
    tables = _tables(folder)
    pixels = [class_pixels(tables, one) for one in range(1, CLASSES + 1)]
    figures = [*overall_figures(tables, pixels)]
    for number, one in enumerate(pixels, start=1):
        figures.extend(pixel_figures(one, f"class {number}"))
    units = [table.case_id for table in tables]
    return len(metric_values(figures, None, unit_of_case=units, plan=plan, subgroup={}))


def opencv(folder: str) -> int:
    """Decode every file by OpenCV."""
    return sum(
        cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED).shape[0]
        for pair in _pairs(folder)
        for path in pair
    )


def pillow(folder: str) -> int:
    """Decode every file by Pillow."""
    from PIL import Image

    return sum(np.array(Image.open(path)).shape[0] for pair in _pairs(folder) for path in pair)


def sklearn(folder: str) -> list[Any]:
    """Return the confusion of all pairs together, by scikit-learn on OpenCV's pixels."""
    from sklearn.metrics import confusion_matrix

    counts = np.zeros((CLASSES + 1, CLASSES + 1), np.int64)
    for pair in _pairs(folder):
        truth, found = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in pair)
        keep = truth != VOID
        counts += confusion_matrix(truth[keep], found[keep], labels=range(CLASSES + 1))
    listed: list[Any] = counts.tolist()
    return listed


if __name__ == "__main__":
    main()
