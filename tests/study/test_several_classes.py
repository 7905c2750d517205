"""A study of two classes of objects, from COCO files to a verified record and its report."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from validation import verify


def _rle(pixels: np.ndarray) -> dict[str, Any]:
    encoded = coco_mask.encode(np.asfortranarray(pixels.astype(np.uint8)))
    return {"size": encoded["size"], "counts": encoded["counts"].decode()}


def _study(tiny: Any, make_study: Any) -> Any:
    """Return the tiny study with cells and spots; C3's cell is found as a spot, C4's not at all."""
    study = make_study("instance")
    annotations, results = [], []
    for number in tiny.CELLS:
        _, labels, classes = tiny.draw(number)
        masks = [(1, labels == one) for one in range(1, int(labels.max()) + 1)]
        masks += [(7, classes == 7)] if (classes == 7).any() else []
        for category, pixels in masks:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": category,
                    "segmentation": _rle(pixels),
                }
            )
            if number != 4:
                found = 7 if number == 3 else category
                result = {"category_id": found, "score": 0.9, "segmentation": _rle(pixels)}
                results.append({"image_id": number, **result})
    images = [
        {"id": one, "file_name": f"images/C{one}.png", "width": tiny.SIDE, "height": tiny.SIDE}
        for one in tiny.CELLS
    ]
    categories = [{"id": 1, "name": "cell"}, {"id": 7, "name": "spot"}]
    for path in (study.root / "references").iterdir():
        path.unlink()
    reference = {"images": images, "categories": categories, "annotations": annotations}
    study.put("references/coco.json", json.dumps(reference).encode())
    (study.folder / "results.json").write_text(json.dumps(results), "utf-8")
    study.rows = [{**row, "reference": ""} for row in study.rows]
    study.values["test_set"]["reference_standard"] |= {
        "format": "coco",
        "file": "references/coco.json",
    }
    study.values["classes"].append({"name": "spot", "description": "Small spots", "value": 7})
    study.values["criteria"] = [
        _criterion("AC-01", metric="recall_pooled_over_classes", iou=0.5, bound=0.4),
        _criterion("AC-02", metric="recall", iou=0.5, size="small", bound=0.4, **{"class": "cell"}),
        _criterion("AC-03", metric="recall", iou=0.5, size="large", bound=0.4, **{"class": "cell"}),
        _criterion("AC-04", metric="class_agreement_of_matched", bound=0.99),
        _criterion("AC-05", metric="segmentation_quality_pooled_over_classes", iou=0.5, bound=0.9),
    ]
    study.model = {
        "adapter": "predictions",
        "name": "n",
        "version": "1",
        "format": "coco_results",
        "location": "results.json",
        "digest": tiny.sha256((study.folder / "results.json").read_bytes()),
        "produced_by": "A test.",
    }
    study.write()
    return study.lock()


def _criterion(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "requirements": ["REQ-01"],
        "direction": "at_least",
        "judged_on": "value",
        "rationale": "r",
        **changes,
    }


@pytest.fixture
def study(tiny: Any, make_study: Any) -> Any:
    return _study(tiny, make_study)


def _evidence(record: Path) -> dict[str, bytes]:
    found = [one for one in record.glob("evidence/**/*") if one.is_file()]
    return {one.relative_to(record).as_posix(): one.read_bytes() for one in found}


def _derivation(record: Path) -> tuple[str, str]:
    [found] = [one for one in verify(record).checks if "per-case tables" in one.what]
    return found.outcome, found.detail


def test_a_study_of_two_classes_is_told_and_verified(study: Any) -> None:
    study.run("record", workers=1)
    record = study.folder / "record"
    assert verify(record).outcome == "held"
    confusion = (record / "evidence/class_confusion.csv").read_text("utf-8").splitlines()
    # Nine cells: one found as a spot, two of C4 missed; one spot.
    assert confusion[1:5] == [
        ",,cell,cell,6",
        ",,cell,spot,1",
        ",,cell,(missed),2",
        ",,spot,spot,1",
    ]
    rows = (record / "evidence/tables/class_confusion.csv").read_text("utf-8").splitlines()
    [swapped] = [one for one in rows if ",cell,spot," in one]
    case_id, *_, reference_id, prediction_id = swapped.split(",")
    assert case_id == "C3"
    instances = (record / "evidence/instances.csv").read_text("utf-8").splitlines()
    assert [one for one in instances if re.match(rf"C3,cell,{reference_id},,missed,", one)]
    assert [one for one in instances if re.match(rf"C3,spot,,{prediction_id},false_positive,", one)]
    findings = json.loads((record / "findings.json").read_bytes())
    assert [(one["metric_id"], one["value"], one["verdict"]) for one in findings["criteria"]] == [
        ("recall_pooled_over_classes/iou=0.5", 7 / 10, "met"),
        ("recall/class=cell/iou=0.5/size=small", 6 / 9, "met"),
        ("recall/class=cell/iou=0.5/size=large", None, "not_evaluable"),
        ("class_agreement_of_matched", 7 / 8, "not_met"),
        ("segmentation_quality_pooled_over_classes/iou=0.5", 1.0, "met"),
    ]
    assert findings["criteria"][2]["reason"] == "no large reference object of the class"
    report = (record / "report.html").read_text("utf-8")
    assert "objects by class in reference and prediction" in report
    assert "small objects" in report


@pytest.mark.usefixtures("no_report")
def test_the_confusion_is_derived_again_and_the_same_for_any_number_of_workers(
    study: Any,
) -> None:
    study.run("one", workers=1)
    study.run("two", workers=2)
    one, two = study.folder / "one", study.folder / "two"
    assert _evidence(one) == _evidence(two)
    for name in ("evidence/class_confusion.csv", "evidence/tables/class_confusion.csv"):
        path = two / name
        content = path.read_bytes()
        path.write_bytes(content.replace(b"cell,spot,1", b"cell,cell,1"))
        assert path.read_bytes() != content
        outcome, detail = _derivation(two)
        assert outcome == "did_not_hold"
        assert name.removeprefix("evidence/") in detail
        path.unlink()
        assert _derivation(two)[0] == "did_not_hold"
        path.write_bytes(content)
    assert _derivation(two)[0] == "held"
