"""Unit tests for validation/inference/adapters/python.py."""

from typing import Any, Literal

import numpy as np
import pytest

from validation.errors import RunError
from validation.inference.adapters.python import PythonSegmenter
from validation.inference.segmenter import Segmentation, SegmentationFailure
from validation.plan.protocol import PythonModel, SegmentedClass
from validation.testset.annotations import ClassMap, ObjectSet
from validation.testset.cases import Case

IMAGE = np.array([[0, 9], [200, 9], [200, 200]], np.uint8)
CELL = SegmentedClass(name="cell", description="cells", value=4)
HEAD = "import numpy as np\ndef segment(image, **options):\n    "


def run(
    body: str, case: Case, kind: Literal["semantic", "instance"] = "instance", **parameters: Any
) -> Segmentation:
    model = PythonModel(
        adapter="python",
        name="tiny",
        version="1",
        file="model.py",
        digest="sha256:" + "0" * 64,
        callable="segment",
        parameters=parameters,
    )
    segmenter = PythonSegmenter(model, (HEAD + body).encode(), classes=[CELL], kind=kind)
    return segmenter.segment(case, IMAGE)


def failure(body: str, case: Case, kind: Literal["semantic", "instance"] = "instance") -> str:
    with pytest.raises(SegmentationFailure) as caught:
        run(body, case, kind)
    return str(caught.value)


def test_a_label_map_without_scores_gets_ones_and_says_so(case: Case) -> None:
    found = run("return np.where(image > options['above'], 7, 0)", case, above=100)
    assert isinstance(found.prediction, ObjectSet)
    assert found.prediction.ids.tolist() == [7]
    assert found.prediction.scores is not None
    assert found.prediction.scores.tolist() == [1.0]
    assert found.scores_are_constant
    assert found.timing.preprocess_ms == 0


def test_scores_are_taken_by_id(case: Case) -> None:
    found = run("return image.astype(int), {9: 0.25, 200: 1}", case)
    assert isinstance(found.prediction, ObjectSet)
    assert found.prediction.scores is not None
    assert found.prediction.scores.tolist() == [0.25, 1.0]
    assert not found.scores_are_constant


def test_class_values_become_classes(case: Case) -> None:
    found = run("return (image > 100) * np.uint8(4)", case, "semantic")
    assert isinstance(found.prediction, ClassMap)
    assert found.prediction.classes.tolist() == [[0, 0], [1, 0], [1, 1]]


def test_the_model_cannot_change_the_image(case: Case) -> None:
    run("image[:] = 0; return image.astype(int)", case)
    assert IMAGE.max() == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyError('weights')", "inference: KeyError: 'weights'"),
        ("raise SystemExit(3)", "inference: SystemExit: 3"),
        ("return 1 / 0", "inference: ZeroDivisionError: division by zero"),
        ("return None", "prediction: the callable returned NoneType"),
        ("return image.astype(float)", "holds float64"),
        ("return image > 3", "holds bool"),
        ("return image.astype(int) - 1", "found -1"),
        ("return image[:2].astype(int)", "2 rows and 2 columns for an image of 3 and 2"),
        ("return image[None].astype(int)", "the shape (1, 3, 2)"),
        ("return image, {9: 0.5}", "missing for [200]"),
        ("return image, {9: 0.5, 200: 1, 3: 0}", "without object ['3']"),
        ("return image, {9: float('nan'), 200: 1}", "not in [0, 1]"),
        ("return image, {9: 1.5, 200: 1}", "not in [0, 1]"),
        ("return image, {9: None, 200: 1}", "no numbers"),
        ("return image, [0.5, 1]", "a tuple that is not"),
    ],
)
def test_what_is_no_segmentation_is_a_failure_with_its_reason(
    body: str, said: str, case: Case
) -> None:
    assert said in failure(body, case)


def test_an_unknown_class_value_is_a_failure(case: Case) -> None:
    assert "9 (2 pixels), 200 (3 pixels)" in failure("return image", case, "semantic")


def test_a_source_that_cannot_be_run_is_an_error(case: Case) -> None:
    with pytest.raises(RunError, match=r"cannot be run: SyntaxError"):
        run("return (", case)
    with pytest.raises(RunError, match=r"ModuleNotFoundError: No module named 'no_such_module'"):
        run("pass\nimport no_such_module", case)
    with pytest.raises(RunError, match="holds no callable 'segment'"):
        run("pass\nsegment = 3", case)


def test_a_dataclass_in_the_source_finds_its_module(case: Case) -> None:
    body = (
        "return image.astype(int)\n"
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n@dataclass\nclass Weights:\n    one: int"
    )
    with pytest.raises(RunError, match="__future__"):
        run(body, case)
    found = run(body.replace("from __future__ import annotations\n", ""), case)
    assert isinstance(found.prediction, ObjectSet)
