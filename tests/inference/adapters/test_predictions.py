"""Unit tests for validation/inference/adapters/predictions.py."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from validation.errors import RunError
from validation.inference.adapters.predictions import (
    ClassMapPredictions,
    CocoPredictions,
    predictions_segmenter,
)
from validation.inference.segmenter import SegmentationFailure, Segmenter
from validation.plan.protocol import (
    Method,
    PredictionsModel,
    Protocol,
    ReferenceStandard,
    SegmentedClass,
    TestSet,
)
from validation.testset.annotations import ObjectSet
from validation.testset.cases import Case

IMAGE = np.zeros((4, 5), np.uint8)
CELL = SegmentedClass(name="cell", description="cells", value=3)
LABELS = np.array([[0, 0, 7, 7, 0]] * 2 + [[2, 2, 0, 0, 0]] * 2, np.uint16)
HEADER = "case_id,prediction_id,score\n"


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def folder(files: dict[str, bytes]) -> Callable[[str], bytes]:
    def read(name: str) -> bytes:
        if name not in files:
            raise FileNotFoundError(name)
        return files[name]

    return read


def segmenter(
    form: str, files: dict[str, bytes] | None = None, kind: str = "instance", **others: Any
) -> Segmenter:
    model = PredictionsModel.model_validate(
        {
            "adapter": "predictions",
            "name": "elsewhere",
            "version": "1",
            "format": form,
            "location": "predictions",
            "digest": "sha256:" + "0" * 64,
            "produced_by": "a script",
        }
    )
    method = Method.model_construct(kind=kind)
    standard = ReferenceStandard.model_construct(file="reference.json")
    protocol = Protocol.model_construct(
        method=method,
        model=model,
        classes=(CELL,),
        test_set=TestSet.model_construct(reference_standard=standard),
    )
    return predictions_segmenter(
        protocol,
        model,
        content=others.get("content"),
        cases=others.get("cases", ()),
        read=None if files is None else folder(files),
        coco_reference=others.get("coco_reference"),
    )


def scores_of(found: Segmenter, case: Case) -> list[float]:
    prediction = found.segment(case, IMAGE).prediction
    assert isinstance(prediction, ObjectSet)
    assert prediction.scores is not None
    return [float(score) for score in prediction.scores]


def test_label_maps_without_scores_get_ones_and_say_so(case: Case) -> None:
    found = segmenter("label_maps", {"C-1.png": png(LABELS)})
    assert scores_of(found, case) == [1.0, 1.0]
    assert found.segment(case, IMAGE).scores_are_constant
    assert not found.measures_latency


def test_scores_are_read_beside_label_maps(case: Case) -> None:
    table = (HEADER + "C-1,7,0.5\nC-1,2,1e-3\nC-9,1,1\n").encode()
    found = segmenter("label_maps", {"C-1.png": png(LABELS), "scores.csv": table})
    assert scores_of(found, case) == [0.001, 0.5]
    assert not found.segment(case, IMAGE).scores_are_constant


def test_every_problem_of_the_scores_is_reported_at_once() -> None:
    table = HEADER + "C-1,7,0.5\nC-1,7,0.6\nC-1,0,1\nC-1,8,nan\nC-1,9,2\nC-1,x,1\nC-1,3\n"
    with pytest.raises(RunError) as caught:
        segmenter("label_maps", {"scores.csv": table.encode()})
    lines = [problem.where.rsplit(":", 1)[1] for problem in caught.value.problems]
    assert lines == ["3", "4", "5", "6", "7", "8"]
    with pytest.raises(RunError, match="columns are not"):
        segmenter("label_maps", {"scores.csv": b"a,b\n"})
    with pytest.raises(RunError, match="not CSV in UTF-8"):
        segmenter("label_maps", {"scores.csv": b"\xff\xfe\xff"})


def test_scores_that_do_not_fit_the_label_map_are_a_failure(case: Case) -> None:
    table = (HEADER + "C-1,7,0.5\nC-1,3,0.5\n").encode()
    found = segmenter("label_maps", {"C-1.png": png(LABELS), "scores.csv": table})
    with pytest.raises(SegmentationFailure, match=r"missing for \[2\], without object \[3\]"):
        found.segment(case, IMAGE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no prediction C-1.png"),
        (png(LABELS)[:-20], "cannot be decoded"),
        (png(LABELS[:2]), "has 2 rows and 5 columns, the image 4 and 5"),
        (png(np.zeros((4, 5, 3), np.uint8)), "one channel"),
    ],
)
def test_a_missing_or_bad_prediction_is_a_failure(
    content: bytes | None, said: str, case: Case
) -> None:
    files = {} if content is None else {"C-1.png": content}
    with pytest.raises(SegmentationFailure, match="prediction: ") as caught:
        segmenter("label_maps", files).segment(case, IMAGE)
    assert said in caught.value.what


def test_class_maps_hold_the_values_of_the_protocol(case: Case) -> None:
    found = segmenter("class_maps", {"C-1.png": png(np.uint8(3) * (LABELS > 0))}, "semantic")
    assert isinstance(found, ClassMapPredictions)
    prediction = found.segment(case, IMAGE).prediction
    assert not isinstance(prediction, ObjectSet)
    assert np.array_equal(prediction.classes, LABELS > 0)
    wrong = segmenter("class_maps", {"C-1.png": png(LABELS)}, "semantic")
    with pytest.raises(SegmentationFailure, match="no class"):
        wrong.segment(case, IMAGE)


def test_coco_results_name_cases_by_id_and_may_leave_one_out(case: Case) -> None:
    mask = {"size": [4, 5], "counts": [0, 3, 17]}
    entry = {"image_id": "C-1", "category_id": 3, "score": 0.75, "segmentation": mask}
    found = segmenter("coco_results", content=json.dumps([entry]).encode(), cases=[case])
    assert isinstance(found, CocoPredictions)
    assert scores_of(found, case) == [0.75]
    assert scores_of(segmenter("coco_results", content=b"[]", cases=[case]), case) == []
    with pytest.raises(SegmentationFailure, match="has 4 rows and 5 columns, the image 4 and 6"):
        found.segment(case, np.zeros((4, 6), np.uint8))


def test_coco_results_name_images_as_a_coco_reference_does(case: Case) -> None:
    reference = {
        "images": [{"id": 40, "file_name": "c1.png", "height": 4, "width": 5}],
        "categories": [{"id": 3, "name": "cell"}],
        "annotations": [],
    }
    mask = {"size": [4, 5], "counts": [0, 3, 17]}
    entry = {"image_id": 40, "category_id": 3, "score": 0.5, "segmentation": mask}
    files = {
        "content": json.dumps([entry]).encode(),
        "coco_reference": json.dumps(reference).encode(),
    }
    assert scores_of(segmenter("coco_results", cases=[case], **files), case) == [0.5]
    mask["size"] = [4, 4]
    files["content"] = json.dumps([entry]).encode()
    with pytest.raises(RunError, match="mask has 4 rows and 4 columns, the image 4 and 5"):
        segmenter("coco_results", cases=[case], **files)


def test_a_format_that_does_not_fit_the_method_is_an_error() -> None:
    with pytest.raises(RunError, match="are instance segmentation, the method is semantic"):
        segmenter("label_maps", {}, "semantic")
    with pytest.raises(RunError, match="are semantic segmentation, the method is instance"):
        segmenter("class_maps", {})
