"""The same run gives the same bytes; figures agree with pycocotools; the wheel stands alone."""

import contextlib
import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from validation import run

CHECKOUT = Path(__file__).resolve().parents[2]


def _evidence(record: Path) -> dict[str, bytes]:
    names = [*record.glob("evidence/**/*"), *record.glob("predictions/*"), record / "findings.json"]
    return {one.relative_to(record).as_posix(): one.read_bytes() for one in names if one.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "workers"), [("1", "1"), ("4242", "2")])
def test_a_run_gives_the_same_bytes_whatever_the_hash_seed(
    make_study: Any, finished: Any, seed: str, workers: str
) -> None:
    study = make_study().lock()
    code = (
        "import sys, pathlib; from validation.study import running\n"
        "running.write_report = lambda folder, _: (folder / 'report.html').write_bytes(b'')\n"
        "if __name__ == '__main__':\n"
        "    running.run(pathlib.Path(sys.argv[1]), out=pathlib.Path(sys.argv[2]),"
        " workers=int(sys.argv[3]))\n"
    )
    script = study.folder / "go.py"
    script.write_text(code)
    subprocess.run(
        [sys.executable, str(script), str(study.path), str(study.folder / "record"), workers],
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Kathmandu", "LC_ALL": "C"},
        check=True,
    )
    assert _evidence(study.folder / "record") == _evidence(finished().folder / "record")


# Agreement with pycocotools, from what a record keeps


def _reference_objects(path: Path) -> list[np.ndarray]:
    labels = np.asarray(Image.open(path))
    return [labels == one for one in np.unique(labels) if one]


def _coco_precision(record: Path, root: Path, maximum: int) -> dict[str, float]:
    """Return what plain COCOeval finds for the predictions and references of a record."""
    from pycocotools import mask
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    lock = json.loads((record / "lock/lock.json").read_bytes())
    scores: dict[str, dict[int, float]] = {}
    with (record / "predictions/scores.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            scores.setdefault(row["case_id"], {})[int(row["prediction_id"])] = float(row["score"])
    images: list[Any] = []
    annotations: list[Any] = []
    results: list[Any] = []
    for number, case in enumerate(lock["cases"]["evaluated"], start=1):
        rows, columns = np.asarray(Image.open(root / case["reference"])).shape
        images.append({"id": number, "height": rows, "width": columns})
        for one in _reference_objects(root / case["reference"]):
            rle = mask.encode(np.asfortranarray(one.astype(np.uint8)))
            annotations.append({
                "id": len(annotations) + 1, "image_id": number, "category_id": 1, "iscrowd": 0,
                "segmentation": rle, "area": int(one.sum()), "bbox": mask.toBbox(rle).tolist(),
            })  # fmt: skip
        predicted = np.asarray(Image.open(record / f"predictions/{case['case_id']}.png"))
        for identity in np.unique(predicted):
            if identity:
                one = predicted == identity
                results.append({
                    "image_id": number, "category_id": 1,
                    "segmentation": mask.encode(np.asfortranarray(one.astype(np.uint8))),
                    "score": scores[case["case_id"]][int(identity)],
                })  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {}, "images": images, "annotations": annotations,
            "categories": [{"id": 1, "name": "object"}],
        }  # fmt: skip
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "segm")
        evaluation.params.maxDets = [1, 10, maximum]
        evaluation.params.areaRng = [[0, 1e10]]
        evaluation.params.areaRngLbl = ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, 0, 0, -1]  # thresholds, recalls
    return {
        "average_precision": float(np.mean(precision)),
        "average_precision_at/iou=0.5": float(np.mean(precision[0])),
        "average_precision_at/iou=0.75": float(np.mean(precision[5])),
    }


def _stated(record: Path, class_name: str) -> dict[str, float]:
    metrics = json.loads((record / "evidence/metrics.json").read_bytes())["metrics"]
    values = {one["id"]: one["value"] for one in metrics}
    return {
        "average_precision": values[f"average_precision/class={class_name}"],
        **{
            f"average_precision_at/iou={iou}": values[
                f"average_precision_at/class={class_name}/iou={iou}"
            ]
            for iou in ("0.5", "0.75")
        },
    }


def _agrees(record: Path, root: Path, class_name: str, maximum: int) -> None:
    expected = _coco_precision(record, root, maximum)
    stated = _stated(record, class_name)
    assert {name: one.hex() for name, one in stated.items()} == {
        name: one.hex() for name, one in expected.items()
    }


def test_average_precision_is_that_of_pycocotools_to_the_last_bit(finished: Any) -> None:
    study = finished()
    _agrees(study.folder / "record", study.root, "cell", 100)


@pytest.mark.slow
@pytest.mark.usefixtures("no_report")
def test_the_bundled_study_agrees_with_pycocotools_to_the_last_bit(tmp_path: Path) -> None:
    protocol = CHECKOUT / "protocols/nuclei-count/protocol.yaml"
    run(protocol, out=tmp_path / "record", workers=2)
    _agrees(tmp_path / "record", CHECKOUT / "protocols/simulated-nuclei", "nucleus", 1000)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.usefixtures("no_report")
def test_the_dsb2018_study_has_every_case_and_object_and_agrees_with_pycocotools(
    shared_data: Path, tmp_path: Path
) -> None:
    import yaml

    protocol = CHECKOUT / "protocols/dsb2018-nuclei/protocol.yaml"
    values = yaml.safe_load(protocol.read_text("utf-8"))
    root = shared_data / "nuclei"
    outcome = run(protocol, out=tmp_path / "record", data=root, workers=2)
    record = tmp_path / "record"
    assert outcome.findings.failed_cases == ()
    with (record / "evidence/cases.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 111
    with (record / "evidence/instances.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["reference_id"]]
    assert len(rows) == 4930
    assert {row["outcome"] for row in rows} <= {"matched", "missed", "merged", "split"}
    maximum = values["analysis"]["matching"]["maximum_detections"]
    _agrees(record, root, values["classes"][0]["name"], maximum)


# The wheel


@pytest.mark.slow
def test_the_installed_wheel_works_outside_the_checkout(finished: Any, tmp_path: Path) -> None:
    """Its metrics are listed, and a report is rendered from the templates inside it."""
    if (
        shutil.which("uv") is None
        and subprocess.run(
            [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("neither pip nor uv is here to build a wheel")
    try:
        import hatchling  # noqa: F401
    except ImportError:
        pytest.skip("hatchling is not installed (it is in the extra `dev`)")
    tree = tmp_path / "tree"
    shutil.copytree(
        CHECKOUT, tree,
        ignore=shutil.ignore_patterns(
            ".*", "records", "tests", "protocols", "docs", "benchmarks", "__pycache__"
        ),
    )  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=tree, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    shutil.unpack_archive(wheel, site, "zip")
    environment = {**os.environ, "PYTHONPATH": str(site)}
    code = "import validation; print(validation.__file__)"
    for arguments in (["-c", code], ["-m", "validation", "metrics"]):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert str(site) in done.stdout or "recall" in done.stdout
    done = subprocess.run(
        [sys.executable, "-m", "validation", "report", str(finished().folder / "record"), "--json",
         "--out", str(tmp_path / "report")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert json.loads(done.stdout)["same_as_in_record"]["report.pdf"], done.stderr
