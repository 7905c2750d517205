"""From a decoded image to a network's input: pure functions of arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.plan.protocol import DivisionScaling, PercentileScaling, Preprocess

_LEAST_RANGE = 1e-6
"""Least distance of the two percentiles: an image of one gray value becomes zero everywhere."""

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
"""Weights of luma (ITU-R BT.601)."""


def network_input(image: NDArray[Any], preprocess: Preprocess) -> NDArray[np.float32]:
    """Return the network's input for one image.

    Args:
        image: uint8 or uint16, shape (rows, columns) or (rows, columns, 3) RGB.
        preprocess: Channels, scaling and padding.

    Returns:
        float32, shape (1, channels, padded rows, padded columns).

    Raises:
        ValueError: The image has another shape.
    """
    channels = gray(image)[None] if preprocess.channels == "gray" else rgb(image)
    scaled = scale(channels.astype(np.float32), preprocess.scaling)
    return pad(scaled, preprocess.pad_to_multiple_of)[None]


def gray(image: NDArray[Any]) -> NDArray[Any]:
    """Return one channel, shape (rows, columns).

    Colour images whose channels are equal keep their values exactly; of others the luma
    (BT.601) is taken, not rounded.
    """
    _require_image(image)
    plane = 2
    if image.ndim == plane:
        return image
    first = image[..., 0]
    if np.array_equal(first, image[..., 1]) and np.array_equal(first, image[..., 2]):
        return first
    weights = np.array([_RED, _GREEN, _BLUE], np.float32)
    luma: NDArray[Any] = (image.astype(np.float32) * weights).sum(axis=2)
    return luma


def rgb(image: NDArray[Any]) -> NDArray[Any]:
    """Return three channels, shape (3, rows, columns); a gray image is repeated."""
    _require_image(image)
    plane = 2
    if image.ndim == plane:
        return np.repeat(image[None], 3, axis=0)
    return np.moveaxis(image, 2, 0)


def scale(
    values: NDArray[np.float32], scaling: PercentileScaling | DivisionScaling
) -> NDArray[np.float32]:
    """Return the values scaled; percentiles are taken over all channels together."""
    if isinstance(scaling, DivisionScaling):
        return np.divide(values, np.float32(scaling.by))
    low, high = np.percentile(values, (scaling.low, scaling.high))
    spread = max(float(high - low), _LEAST_RANGE)
    scaled = np.clip((values - low) / spread, scaling.clip_low, scaling.clip_high)
    return np.asarray(scaled, np.float32)


def pad(values: NDArray[np.float32], multiple: int) -> NDArray[np.float32]:
    """Return the channels padded by reflection at the lower right.

    Args:
        values: Shape (channels, rows, columns).
        multiple: Rows and columns become multiples of this.

    >>> pad(np.array([[[1, 2, 3]]], np.float32), 2).tolist()
    [[[1.0, 2.0, 3.0, 2.0], [1.0, 2.0, 3.0, 2.0]]]
    """
    rows, columns = values.shape[1:]
    return np.pad(values, ((0, 0), (0, -rows % multiple), (0, -columns % multiple)), "reflect")


def _require_image(image: NDArray[Any]) -> None:
    plane, colour, colours = 2, 3, 3
    if image.ndim == plane or (image.ndim == colour and image.shape[2] == colours):
        return
    raise ValueError(f"an image is gray or RGB; this one has the shape {image.shape}")
