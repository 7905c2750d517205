"""Annotations stored as images: label maps, class maps and regions.

The same checks serve the reference standard and what a model returns, as files or arrays.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from validation.plan.protocol import SegmentedClass
from validation.testset.annotations import ClassMap, ObjectSet
from validation.testset.formats.images import decode_label_image

_SHOWN = 5
"""Most unknown values that a message names."""

_UNKNOWN = 255
"""What an unknown value is looked up as; no class of a map with fewer classes."""


def read_label_map(content: bytes) -> ObjectSet:
    """Return the objects of a label image, each of the first class.

    Args:
        content: A PNG or TIFF file: 0 is background, every other value an object.

    Raises:
        ValueError: The image cannot be decoded exactly.
    """
    return objects_of(decode_label_image(content))


def read_class_map(
    content: bytes, classes: Sequence[SegmentedClass], ignore_value: int | None = None
) -> ClassMap:
    """Return the class of each pixel of a class-value image.

    Args:
        content: A PNG or TIFF file: 0 is background, the other values are those of
            `classes` and `ignore_value`.
        classes: The protocol's classes, in order.
        ignore_value: Value of pixels that are not evaluated.

    Raises:
        ValueError: The image cannot be decoded exactly, or holds values that are unknown.
    """
    return class_map_of(decode_label_image(content), classes, ignore_value)


def read_region(content: bytes) -> NDArray[np.bool_]:
    """Return where an image is evaluated: True where the stored value is not zero.

    Raises:
        ValueError: The image cannot be decoded exactly.
    """
    evaluated: NDArray[np.bool_] = decode_label_image(content) != 0
    return evaluated


def objects_of(label_map: NDArray[Any], *, scores: NDArray[np.float64] | None = None) -> ObjectSet:
    """Return the objects of a label map, each of the first class.

    Args:
        label_map: Any integer type, shape (rows, columns); 0 is background.
        scores: One in [0, 1] for each id, in rising order of ids.

    Raises:
        ValueError: Values are not integers, are negative or beyond 32 bits, or the array is
            not two-dimensional.

    >>> objects_of(np.array([[0, 7], [3, 7]])).ids
    array([3, 7])
    """
    require_integers(label_map, "label map")
    found = np.unique(label_map)
    if found.size and (found[0] < 0 or found[-1] > np.iinfo(np.int32).max):
        raise ValueError(f"ids of objects are 1 to 2147483647; found {found[0]} to {found[-1]}")
    ids = found[found != 0].astype(np.int64)
    return ObjectSet(
        shape=(label_map.shape[0], label_map.shape[1]),
        ids=ids,
        classes=np.ones(len(ids), np.int64),
        scores=scores,
        label_map=label_map.astype(np.int32),
    )


def class_map_of(
    values: NDArray[Any], classes: Sequence[SegmentedClass], ignore_value: int | None = None
) -> ClassMap:
    """Return the class of each pixel from an array of class values.

    Args:
        values: Any integer type, shape (rows, columns): 0, the values of `classes`, and
            `ignore_value`.
        classes: The protocol's classes, in order.
        ignore_value: Value of pixels that are not evaluated; they count as background in the
            map and are True in `ClassMap.ignored`.

    Raises:
        ValueError: The array is not one of integers in two dimensions, or values in it are
            unknown; the message names them and counts their pixels.
    """
    require_integers(values, "class map")
    known = (0, *(one.value for one in classes))
    ignored = None if ignore_value is None else values == ignore_value
    if values.dtype == np.uint8 and len(known) < _UNKNOWN:
        index = _looked_up(values, known, ignored)
        if index is not None:
            return ClassMap(index, ignored)
    _require_known(values, {*known, ignore_value})
    index = np.zeros(values.shape, np.uint8)
    for position, value in enumerate(known):
        index[values == value] = position
    return ClassMap(index, ignored)


def _looked_up(
    values: NDArray[np.uint8], known: Sequence[int], ignored: NDArray[np.bool_] | None
) -> NDArray[np.uint8] | None:
    """Return the position of each value among those known; None if one is unknown."""
    if not values.size:
        return None
    evaluated = values
    if ignored is not None:
        evaluated = (~ignored).view(np.uint8)
        evaluated *= values  # what is not evaluated is background
    if known == tuple(range(len(known))):
        return evaluated if evaluated.max() < len(known) else None
    table = np.full(256, _UNKNOWN, np.uint8)
    for position, value in enumerate(known):
        if value < len(table):
            table[value] = position
    found = np.asarray(cv2.LUT(evaluated, table), np.uint8)
    return None if found.max() == _UNKNOWN else found


def require_integers(values: NDArray[Any], name: str) -> None:
    """Refuse an array that is not one of integers in two dimensions.

    Args:
        values: The array.
        name: What it is, for the message.

    Raises:
        ValueError: It has another number of dimensions, or another type.
    """
    plane = 2
    if values.ndim != plane:
        raise ValueError(f"a {name} has rows and columns; this one has the shape {values.shape}")
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(f"a {name} holds integers; this one holds {values.dtype}")


def _require_known(values: NDArray[Any], known: set[int | None]) -> None:
    found, counts = np.unique(values, return_counts=True)
    unknown = [
        f"{value} ({count} pixels)"
        for value, count in zip(found.tolist(), counts.tolist(), strict=True)
        if value not in known
    ]
    if unknown:
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        allowed = ", ".join(str(value) for value in sorted(v for v in known if v is not None))
        raise ValueError(
            f"values that are no class: {', '.join(unknown[:_SHOWN])}{more}; known: {allowed}"
        )
