"""Unit tests for validation/inference/adapters/onnx.py."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from validation.errors import RunError
from validation.inference.adapters.onnx import OnnxSegmenter
from validation.inference.segmenter import SegmentationFailure
from validation.plan.protocol import OnnxModel
from validation.testset.annotations import ClassMap, ObjectSet
from validation.testset.cases import Case

Block = dict[str, Any]
Network = Callable[..., bytes]

IMAGE = np.array([[0, 255, 200], [255, 0, 0], [130, 127, 128], [0, 0, 0], [1, 2, 255]], np.uint8)
NUCLEI = Path(__file__).parents[3] / "protocols" / "models" / "nuclei_unet_1.1.onnx"
WATERSHED = {
    "kind": "watershed",
    "class": "cell",
    "background_channel": 0,
    "interior_channel": 1,
    "foreground_threshold": 0.8,
    "distance_sigma_px": 1.0,
    "peak_distance_px": 6,
    "distance_weight": 0.01,
    "minimum_area_px": 20,
}


def segmenter(block: Block, content: bytes) -> OnnxSegmenter:
    return OnnxSegmenter(OnnxModel.model_validate(block), content, class_names=("debris", "cell"))


def test_a_padded_output_is_cropped_back_and_timed(
    threshold_model: Block, network: Network, case: Case
) -> None:
    model = segmenter(threshold_model, network())
    found = model.segment(case, IMAGE)
    assert isinstance(found.prediction, ClassMap)
    assert np.array_equal(found.prediction.classes, np.where(IMAGE > 127.5, 2, 0))
    assert found.timing.read_ms == 0
    assert found.timing.inference_ms > 0
    assert found.timing.total_ms > found.timing.inference_ms
    assert not found.scores_are_constant
    assert model.providers[-1] == "CPUExecutionProvider"


def test_what_is_not_finite_is_a_failure_that_names_the_channel(
    threshold_model: Block, network: Network, case: Case
) -> None:
    # x/x is NaN where the image is black; the 7 black pixels are doubled by padding.
    model = segmenter(threshold_model, network("Div", ("image", "image")))
    with pytest.raises(SegmentationFailure, match=r"inference: output 'output' of shape") as caught:
        model.segment(case, IMAGE)
    assert "not finite" in caught.value.what
    assert "in channel 0" in caught.value.what
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


def test_an_infinite_value_is_a_failure(
    threshold_model: Block, network: Network, case: Case
) -> None:
    model = segmenter(threshold_model, network("Div", ("image", "constant")))
    with pytest.raises(SegmentationFailure, match="not finite"):
        model.segment(case, np.full((8, 8), 9, np.uint8))


def test_an_output_of_another_size_is_a_failure(
    threshold_model: Block, network: Network, case: Case
) -> None:
    model = segmenter(threshold_model, network("Concat", ("image", "image"), axis=2))
    with pytest.raises(SegmentationFailure, match=r"shape \(1, 1, 16, 4\) for an input of"):
        model.segment(case, IMAGE)


def test_values_that_are_no_probabilities_are_a_failure(
    threshold_model: Block, network: Network, case: Case
) -> None:
    model = segmenter(threshold_model, network("Add", ("image", "constant"), constant=3.0))
    with pytest.raises(SegmentationFailure, match=r"postprocess: channel 0 .*no probabilities"):
        model.segment(case, IMAGE)


def test_an_error_inside_onnx_runtime_is_a_failure(
    threshold_model: Block, network: Network, case: Case
) -> None:
    model = segmenter(threshold_model, network(channels="c"))
    with pytest.raises(SegmentationFailure, match="preprocess: an image is gray or RGB"):
        model.segment(case, np.zeros((4, 4, 7), np.uint8))
    matrix = segmenter(threshold_model, network("MatMul", ("image", "image")))
    with pytest.raises(SegmentationFailure, match="inference: ONNX Runtime: "):
        matrix.segment(case, IMAGE)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08"])
def test_what_is_no_network_is_an_error(threshold_model: Block, content: bytes) -> None:
    with pytest.raises(RunError, match="cannot load the network"):
        segmenter(threshold_model, content)


def test_a_network_that_does_not_fit_the_protocol_is_an_error(
    threshold_model: Block, network: Network
) -> None:
    with pytest.raises(RunError, match="takes 3 channels; the protocol prepares 1"):
        segmenter(threshold_model, network(channels=3))
    with pytest.raises(RunError, match="2 inputs"):
        segmenter(
            threshold_model,
            network("Add", ("image", "other"), inputs_of_graph=("image", "other")),
        )
    with pytest.raises(RunError, match=r"tensor\(double\)"):
        segmenter(threshold_model, network(element=11))
    beyond = {**threshold_model["postprocess"], "channel": 1}
    with pytest.raises(RunError, match="1 channels; the protocol names channel 1"):
        segmenter({**threshold_model, "postprocess": beyond}, network(output_channels=1))
    argmax = {"kind": "argmax", "channel_classes": ["background", "cell", "debris"]}
    with pytest.raises(RunError, match="names 3 channels"):
        segmenter({**threshold_model, "postprocess": argmax}, network(output_channels=1))


def test_channels_that_the_network_does_not_state_are_checked_when_it_runs(
    threshold_model: Block, network: Network, case: Case
) -> None:
    beyond = {**threshold_model["postprocess"], "channel": 4}
    model = segmenter({**threshold_model, "postprocess": beyond}, network(channels="c"))
    with pytest.raises(SegmentationFailure, match="postprocess: the output has 1 channels"):
        model.segment(case, IMAGE)


def test_the_largest_channel_gives_the_class(
    threshold_model: Block, network: Network, case: Case
) -> None:
    block = {
        **threshold_model,
        "preprocess": {"channels": "rgb", "scaling": {"kind": "divide", "by": 255}},
        "postprocess": {"kind": "argmax", "channel_classes": ["cell", "background", "debris"]},
    }
    image = np.array([[[9, 0, 0], [0, 9, 0], [0, 0, 9], [5, 5, 5]]], np.uint8)
    found = segmenter(block, network(channels=3)).segment(case, image).prediction
    assert isinstance(found, ClassMap)
    assert found.classes.tolist() == [[2, 0, 1, 2]]


def test_the_same_image_gives_the_same_bytes_twice(threshold_model: Block, case: Case) -> None:
    if not NUCLEI.exists():
        pytest.skip(f"{NUCLEI} is not there")
    block = {
        **threshold_model,
        "preprocess": {
            "channels": "gray",
            "scaling": {
                "kind": "percentiles",
                "low": 1,
                "high": 99.8,
                "clip_low": 0,
                "clip_high": 1.5,
            },
            "pad_to_multiple_of": 8,
        },
        "postprocess": WATERSHED,
    }
    rows, columns = np.mgrid[0:61, 0:75]
    light = [np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / 60) for r, c in ((20, 20), (40, 52))]
    image = np.clip(10 + 200 * (light[0] + light[1]), 0, 255).astype(np.uint8)
    first, second = (
        segmenter(block, NUCLEI.read_bytes()).segment(case, image).prediction for _ in range(2)
    )
    assert isinstance(first, ObjectSet)
    assert isinstance(second, ObjectSet)
    assert first.shape == image.shape
    assert len(first) == 2
    assert first.label_map is not None
    assert second.label_map is not None
    assert first.scores is not None
    assert second.scores is not None
    assert first.label_map.tobytes() == second.label_map.tobytes()
    assert first.scores.tobytes() == second.scores.tobytes()
    assert {int(first.label_map[20, 20]), int(first.label_map[40, 52])} == {1, 2}
