"""Cluster bootstrap by re-weighting, against a loop that draws and sums again.

python -m benchmarks.intervals [--json] [--cases N] [--figures N] [--replicates N]
python -m benchmarks.intervals --coco [--json] [--images N] [--replicates N]

With --coco: every figure of instance evidence at COCO scale, against a loop that resamples images
through pycocotools, whose matching is made once and not counted.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.comparison import Peer, compare, show
from benchmarks.fresh import measured
from benchmarks.workload import CLASSES, coco_files

LEVEL, SEED, CASES_A_SUBJECT = 0.95, 5, 4
_EVALUATED = 2
"""Replicates that go through the evaluator; seconds each."""


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--figures", type=int, default=200)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3, help="fewest CPU seconds of so many")
    parser.add_argument("--coco", action="store_true", help="instance evidence at COCO scale")
    parser.add_argument("--images", type=int, default=5000, help="with --coco")
    chosen = parser.parse_args()
    if chosen.coco:
        found = at_coco_scale(chosen.images, chosen.replicates)
        print(json.dumps(found) if chosen.json else _text(found))
        return
    here = "benchmarks.intervals"
    report = compare(
        {
            "cases": chosen.cases,
            "subjects": chosen.cases // CASES_A_SUBJECT,
            "figures": chosen.figures,
            "replicates": chosen.replicates,
        },
        f"{here}:ours",
        [Peer("plain loop, NumPy", "numpy", f"{here}:loop", _close)],
        [str(chosen.cases), str(chosen.figures), str(chosen.replicates)],
        repeat=chosen.repeat,
        further={"segval, BCa": f"{here}:bca"},
    )
    show(report, as_json=chosen.json, per=1, what="run")


def at_coco_scale(images: int, replicates: int) -> dict[str, Any]:
    """Return CPU seconds of the intervals of all figures, and of the evaluator in a loop."""
    with tempfile.TemporaryDirectory() as folder:
        files = coco_files(Path(folder), images=images, reference_as_rle=False)
        paths = str(files.reference), str(files.results)
        work = "benchmarks.interval_work"
        percentile, bca = (
            measured(f"{work}:intervals", *paths, f"{method}_bootstrap", str(replicates)).result
            for method in ("percentile", "bca")
        )
        evaluated = measured(f"{work}:loop", *paths, str(_EVALUATED)).result
        ours = measured(f"{work}:ours_of_replicates", *paths, str(_EVALUATED)).result
    curves = percentile["AP, AR and FROC"]["cpu_s"]
    return {
        "workload": {
            "images": files.images,
            "references": files.references,
            "detections": files.detections,
            "classes": CLASSES,
            "replicates": replicates,
        },
        "percentile": percentile,
        "bca": bca,
        "evaluator": {
            "name": "pycocotools, images drawn and accumulated again",
            "cpu_s_a_replicate": evaluated["cpu_s"],
            "ratio": evaluated["cpu_s"] * replicates / curves,
            "agrees": _close(ours, evaluated["values"]).replace("limit", "replicate of AP"),
        },
    }


def _text(report: dict[str, Any]) -> str:
    lines = [", ".join(f"{name}: {value}" for name, value in report["workload"].items())]
    for method in ("percentile", "bca"):
        lines += [
            f"  {f'{name}, {method}':38} {cost['cpu_s']:9.2f} CPU s, {cost['intervals']} intervals"
            for name, cost in report[method].items()
        ]
    peer = report["evaluator"]
    lines.append(
        f"  {peer['name']}: {peer['cpu_s_a_replicate']:.2f} CPU s a replicate, {peer['ratio']:.0f} "
        f"times our AP, AR and FROC; {peer['agrees']}"
    )
    return "\n".join(lines)


def _close(ours: Any, theirs: Any) -> str:  # noqa: ANN401 - any result
    apart = float(np.abs(np.array(ours) - np.array(theirs)).max())
    return f"largest difference of a limit {apart:.1g}"


def study(cases: int, figures: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return numerators and denominators, shape (figures, cases), and the subject of each case."""
    generator = np.random.default_rng(SEED)
    below = generator.integers(1, 50, (figures, cases)).astype(np.float64)
    return below * generator.random((figures, cases)), below, np.arange(cases) // CASES_A_SUBJECT


def imports(_: str) -> None:
    """Import what the functions need, before their time is taken."""
    import validation.evidence.intervals
    import validation.evidence.reweighting  # noqa: F401


def _intervals(arguments: tuple[str, str, str], *, is_bca: bool) -> list[list[float]]:
    from validation.evidence.intervals import bca_interval, percentile_interval, weight_blocks
    from validation.evidence.ratios import ratio
    from validation.evidence.reweighting import Reweighting

    cases, count, times = map(int, arguments)
    above, below, subjects = study(cases, count)
    clusters = int(subjects.max()) + 1
    figures = [
        ratio("recall", one, other, n=1, undefined="-")
        for one, other in zip(above, below, strict=True)
    ]
    blocks = weight_blocks(clusters, times, SEED)
    sums = Reweighting(figures, clusters, subjects)
    drawn = np.concatenate([sums.replicates(weights) for weights in blocks])
    left_out = sums.jackknife() if is_bca else None
    limits = []
    for number, figure in enumerate(figures):
        terms: dict[str, Any] = {"level": LEVEL, "unit": "subject", "cluster_count": clusters}
        one = (
            percentile_interval(drawn[:, number], **terms)
            if left_out is None
            else bca_interval(figure.value() or 0, drawn[:, number], left_out[:, number], **terms)
        )
        if one is not None:
            limits.append([one.lower, one.upper])
    return limits


def ours(cases: str, figures: str, replicates: str) -> list[list[float]]:
    """Return the percentile limits of every figure."""
    return _intervals((cases, figures, replicates), is_bca=False)


def bca(cases: str, figures: str, replicates: str) -> list[list[float]]:
    """Return the BCa limits of every figure."""
    return _intervals((cases, figures, replicates), is_bca=True)


def loop(cases: str, figures: str, replicates: str) -> list[list[float]]:
    """Return the percentile limits by drawing subjects and summing their cases again."""
    above, below, subjects = study(int(cases), int(figures))
    clusters = int(subjects.max()) + 1
    members = [np.flatnonzero(subjects == one) for one in range(clusters)]
    generator = np.random.Generator(np.random.PCG64(SEED))
    drawn = []
    for _ in range(int(replicates)):
        chosen = generator.integers(clusters, size=clusters, dtype=np.int64)
        rows = np.concatenate([members[one] for one in chosen])
        drawn.append(above[:, rows].sum(axis=1) / below[:, rows].sum(axis=1))
    tail = (1 - LEVEL) / 2
    limits: list[list[float]] = np.quantile(drawn, [tail, 1 - tail], axis=0).T.tolist()
    return limits


if __name__ == "__main__":
    main()
