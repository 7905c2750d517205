"""Unit tests for validation/inference/adapters/postprocess.py."""

from typing import Any

import numpy as np
import pytest

from validation.inference.adapters.postprocess import prediction_of
from validation.plan.protocol import (
    ArgmaxPostprocess,
    ThresholdPostprocess,
    WatershedPostprocess,
)
from validation.testset.annotations import ClassMap, ObjectSet

CLASSES = ("debris", "nucleus")


def threshold(**changes: Any) -> ThresholdPostprocess:
    block = {"kind": "threshold", "class": "nucleus", "channel": 0, "threshold": 0.5, **changes}
    return ThresholdPostprocess.model_validate(block)


def watershed(**changes: Any) -> WatershedPostprocess:
    block = {
        "kind": "watershed",
        "class": "nucleus",
        "background_channel": 0,
        "interior_channel": 1,
        "foreground_threshold": 0.8,
        "distance_sigma_px": 1.0,
        "peak_distance_px": 6,
        "distance_weight": 0.01,
        "minimum_area_px": 20,
        **changes,
    }
    return WatershedPostprocess.model_validate(block)


def classes_of(output: np.ndarray, rule: Any) -> np.ndarray:
    found = prediction_of(output, rule, CLASSES)
    assert isinstance(found, ClassMap)
    return found.classes


def objects_in(output: np.ndarray, rule: Any) -> ObjectSet:
    found = prediction_of(output, rule, CLASSES)
    assert isinstance(found, ObjectSet)
    assert found.label_map is not None
    assert found.scores is not None
    return found


def discs(*centres: tuple[int, int], radius: int = 7, shape: tuple[int, int] = (40, 60)) -> Any:
    """Three channels: background, interior (0.9 well inside a disc), boundary."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    distance = np.min([np.hypot(rows - r, columns - c) for r, c in centres], axis=0)
    background = np.where(distance <= radius, 0.05, 0.99)
    interior = np.where(distance <= radius - 2, 0.9, np.where(distance <= radius, 0.5, 0.0))
    return np.stack([background, interior, 1 - background - np.minimum(interior, 0)]).astype(
        np.float32
    )


def test_a_class_is_strictly_above_the_threshold() -> None:
    output = np.array([[[0.5, 0.50001, 0.1, 1.0]]], np.float32)
    assert classes_of(output, threshold()).tolist() == [[0, 2, 0, 2]]
    assert classes_of(output, threshold(complement=True)).tolist() == [[0, 0, 2, 0]]


def test_holes_are_filled_where_the_protocol_says_so() -> None:
    ring = np.ones((1, 5, 5), np.float32)
    ring[0, 2, 2] = 0
    assert classes_of(ring, threshold()).sum() == 48
    assert classes_of(ring, threshold(fill_holes=True)).sum() == 50


def test_of_equal_channels_the_first_gives_the_class() -> None:
    rule = ArgmaxPostprocess(
        kind="argmax", channel_classes=("background", "nucleus", "background", "debris")
    )
    output = np.zeros((4, 1, 3), np.float32)
    output[1, 0, 1] = 3
    output[3, 0, 2] = -1
    output[:3, 0, 2] = -2
    assert classes_of(output, rule).tolist() == [[0, 2, 1]]


def test_discs_that_touch_are_parted_and_scored() -> None:
    found = objects_in(discs((15, 15), (15, 28), (30, 50)), watershed())
    assert found.ids.tolist() == [1, 2, 3]
    assert found.classes.tolist() == [2, 2, 2]
    assert found.label_map is not None
    assert found.label_map.dtype == np.int32
    assert len({int(found.label_map[at]) for at in ((15, 15), (15, 28), (30, 50))}) == 3
    assert found.scores is not None
    assert ((found.scores > 0.6) & (found.scores < 0.9)).all()


def test_small_objects_are_dropped_and_the_others_numbered_without_gaps() -> None:
    output = discs((10, 10), (30, 40))
    output[0, 2:4, 50:52] = 0.0
    found = objects_in(output, watershed())
    assert found.ids.tolist() == [1, 2]
    assert found.label_map is not None
    assert np.unique(found.label_map).tolist() == [0, 1, 2]
    assert len(objects_in(output, watershed(minimum_area_px=4))) == 3
    assert len(objects_in(output, watershed(minimum_area_px=5))) == 2


def test_an_output_of_background_alone_has_no_objects() -> None:
    output = np.zeros((3, 16, 16), np.float32)
    output[0] = 1
    found = objects_in(output, watershed())
    assert len(found) == 0
    assert found.scores is not None
    assert found.scores.shape == (0,)


def test_an_output_of_foreground_alone_is_one_object() -> None:
    output = np.zeros((3, 17, 17), np.float32)
    output[1] = 0.7
    found = objects_in(output, watershed())
    assert found.label_map is not None
    assert (found.label_map == 1).all()
    assert found.scores is not None
    assert found.scores[0] == pytest.approx(0.7)


@pytest.mark.parametrize("rule", [threshold(channel=3), watershed(interior_channel=3)])
def test_a_channel_that_the_output_lacks_is_named(rule: Any) -> None:
    with pytest.raises(ValueError, match="3 channels; the protocol names channel 3"):
        prediction_of(discs((10, 10)), rule, CLASSES)


def test_logits_are_not_taken_for_probabilities() -> None:
    for value in (-0.2, 1.2):
        with pytest.raises(ValueError, match="no probabilities"):
            prediction_of(np.full((3, 4, 4), value, np.float32), watershed(), CLASSES)
    rounded = np.full((1, 2, 2), 1.00001, np.float32)
    assert classes_of(rounded, threshold()).tolist() == [[2, 2], [2, 2]]
