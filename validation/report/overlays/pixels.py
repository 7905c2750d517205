"""The picture under the outlines: the case's image in shades of gray, stretched in contrast."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Gray = NDArray[np.uint8]
"""Shape (rows, columns)."""
Mask = NDArray[np.bool_]

_BRIGHTEST = 205
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def contrast_stretched(image: NDArray[np.generic]) -> Gray:
    """Return `image` in shades of gray, 8 bits, with its contrast stretched.

    Percentiles 0.5 and 99.8 of the values become black and a light gray, so that outlines
    stand out. Colour images are shown in gray, so that no colour of the specimen can be taken
    for an outline. An image of one value comes out black; values that are no numbers count as
    the lowest.
    """
    values = np.asarray(image, dtype=np.float32)
    if values.ndim == 3:  # noqa: PLR2004 - colour
        values = values[:, :, :3] @ _LUMA if values.shape[2] >= len(_LUMA) else values[:, :, 0]
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = np.percentile(values[finite], (0.5, 99.8))
    span = high - low if high > low else np.float32(1)
    scaled = np.clip((np.where(finite, values, low) - low) / span, 0, 1) * _BRIGHTEST
    gray: Gray = np.rint(scaled).astype(np.uint8)
    return gray


def darkened(picture: Gray, where: Mask | None) -> Gray:
    """Return the picture with pixels that are not evaluated at a third of their brightness."""
    return picture if where is None else np.where(where, picture // 3, picture)


def reduction(shape: tuple[int, int], longest_px: int) -> int:
    """Return the whole number by which an image is reduced so that neither side is longer.

    >>> [reduction((side, 300), 1024) for side in (200, 1024, 1025, 4000)]
    [1, 1, 2, 4]
    """
    return max(1, -(-max(shape) // longest_px))


def reduced(picture: Gray, by: int) -> Gray:
    """Return the picture with the mean of every square of `by` times `by` pixels."""
    if by == 1:
        return picture
    rows, columns = (-side % by for side in picture.shape)
    padded = np.pad(picture, ((0, rows), (0, columns)), mode="edge")
    squares = padded.reshape(padded.shape[0] // by, by, padded.shape[1] // by, by)
    means: Gray = np.rint(squares.mean(axis=(1, 3))).astype(np.uint8)
    return means


def png(picture: Gray) -> bytes:
    """Return the picture as PNG in shades of gray."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG", compress_level=6)
    return stream.getvalue()
