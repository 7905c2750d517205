"""Unit tests for validation/inference/adapters/preprocess.py."""

import numpy as np
import pytest

from validation.inference.adapters.preprocess import gray, network_input, pad, rgb, scale
from validation.plan.protocol import DivisionScaling, PercentileScaling, Preprocess

PERCENTILES = PercentileScaling(kind="percentiles", low=1, high=99.8, clip_low=0, clip_high=1.5)
BY_255 = DivisionScaling(kind="divide", by=255)


def test_the_percentiles_map_to_zero_and_one() -> None:
    # 0..1000 in steps of 1: the 1st percentile is 10, the 99.8th 998.
    values = np.arange(1001, dtype=np.float32).reshape(7, 143)
    scaled = scale(values, PERCENTILES)
    assert scaled.dtype == np.float32
    flat = scaled.ravel()
    assert (flat[:11] == 0).all()
    assert flat[998] == pytest.approx(1)
    assert flat[1000] == pytest.approx(990 / 988)


def test_values_far_beyond_the_percentiles_are_clipped() -> None:
    values = np.zeros((100, 100), np.float32)
    values[:2] = 10
    values[0, :5] = 1000
    assert scale(values, PERCENTILES).max() == 1.5


def test_an_image_of_one_gray_value_becomes_zero() -> None:
    assert not scale(np.full((1, 5, 5), 77, np.float32), PERCENTILES).any()


def test_padding_reflects_at_the_lower_right() -> None:
    padded = pad(np.arange(6, dtype=np.float32).reshape(1, 2, 3), 4)
    assert padded[0].tolist() == [[0, 1, 2, 1], [3, 4, 5, 4], [0, 1, 2, 1], [3, 4, 5, 4]]


def test_one_pixel_can_be_padded() -> None:
    assert pad(np.full((1, 1, 1), 7, np.float32), 8).tolist() == [[[7] * 8] * 8]


def test_colours_with_equal_channels_keep_their_value_exactly() -> None:
    image = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    assert np.array_equal(gray(image), image[..., 0])


def test_other_colours_become_luma() -> None:
    assert gray(np.array([[[100, 200, 50]]], np.uint8))[0, 0] == pytest.approx(153)


def test_a_gray_image_is_repeated_for_three_channels() -> None:
    assert rgb(np.array([[7]], np.uint16)).tolist() == [[[7]], [[7]], [[7]]]


def test_the_input_has_images_channels_rows_columns() -> None:
    image = np.zeros((5, 6, 3), np.uint8)
    image[..., 1] = 255
    block = Preprocess(channels="rgb", scaling=BY_255, pad_to_multiple_of=4)
    values = network_input(image, block)
    assert values.shape == (1, 3, 8, 8)
    assert values.dtype == np.float32
    assert values[0, :, 0, 0].tolist() == [0, 1, 0]
    assert network_input(image[..., 0], Preprocess(channels="gray", scaling=BY_255)).shape == (
        1,
        1,
        5,
        6,
    )
