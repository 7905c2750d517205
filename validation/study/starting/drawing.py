"""The images of a new study: discs on a dark ground with noise and specks, always alike."""

import io
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["semantic", "instance", "panoptic"]

SPECIMENS = (("S1", "A"), ("S2", "A"), ("S3", "A"), ("S4", "B"), ("S5", "B"), ("S6", "B"))
"""Specimen and site of each image."""
NOISE = {"A": 9.0, "B": 14.0}
"""Standard deviation of the noise by site, in gray levels."""

_SIDE_PX = 64
_SEED = 20260201
_GROUND = 40.0


def draw_case(number: int, *, noise: float) -> "tuple[NDArray[np.uint8], NDArray[np.uint8]]":
    """Return an image of discs and its label map, the same ones for the same number.

    Discs do not overlap, but some touch; their brightness varies, and the faintest are hard
    to see. Small bright specks are no discs. A pixel belongs to a disc when its centre does.

    Args:
        number: Number of the image.
        noise: Standard deviation of the noise, in gray levels.

    Returns:
        Image and label map, uint8, shape (64, 64); labels are 0 for the ground, then 1 to n.
    """
    import numpy as np

    generator = np.random.Generator(np.random.PCG64((_SEED, number)))
    down, across = np.mgrid[:_SIDE_PX, :_SIDE_PX]
    light = np.full((_SIDE_PX, _SIDE_PX), _GROUND)
    labels = np.zeros((_SIDE_PX, _SIDE_PX), np.uint8)
    taken = np.zeros(labels.shape, np.bool_)
    discs, specks = 8 + number % 4, 1 + number % 3
    drawn = 0
    while drawn < discs + specks:
        is_disc = drawn < discs
        radius = generator.uniform(4.0, 6.5) if is_disc else generator.uniform(2.4, 3.0)
        row, column = generator.uniform(radius, _SIDE_PX - radius, size=2)
        distance = np.hypot(down - row, across - column)
        inside = distance <= radius
        if taken[inside].any():
            continue
        drawn += 1
        taken |= inside
        if is_disc:
            labels[inside] = drawn
        brightness = generator.uniform(25.0, 150.0)
        light += brightness * np.clip(radius - distance + 0.5, 0.0, 1.0)
    seen = light + generator.normal(0.0, noise, size=light.shape)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8), labels


def marked(labels: "NDArray[np.integer]", kind: Kind) -> "NDArray[np.uint8 | np.uint16]":
    """Return objects, numbered from 1, in the form that a method has its maps in."""
    import numpy as np

    if kind == "instance":
        return labels.astype(np.uint8)
    if kind == "semantic":
        return (labels > 0).astype(np.uint8)
    return np.where(labels > 0, np.uint16(1999) + labels.astype(np.uint16), np.uint16(1))


def png(values: "NDArray[np.uint8 | np.uint16]") -> bytes:
    """Return an image as PNG."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(values).save(stream, format="PNG")
    return stream.getvalue()
