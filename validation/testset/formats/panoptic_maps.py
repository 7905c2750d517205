"""Panoptic maps: an image whose values name class and object of every pixel.

The values are those of Cityscapes' ``instanceIds`` (``json2instanceImg.py`` of
cityscapesScripts): of stuff, the value of the class; of an object, 1000 times the value of its
class and the object's number in the image, from 0 to 999. In a reference standard the value of
a class of things alone marks a region whose objects are not told apart, which is ignored. 0 is
background: evaluated, and of no class; or, where the protocol's ``ignore_value`` is 0, void.

The same checks serve the reference standard and what a model returns, as files or arrays.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.plan.protocol import SegmentedClass
from validation.testset.annotations import NUMBERS_A_CLASS, ClassMap, ObjectSet, PanopticMap
from validation.testset.formats.images import decode_label_image
from validation.testset.formats.label_maps import require_integers

LARGEST_VALUE = 65535
"""Of the 16 bits that a panoptic map has."""

_SHOWN = 5
"""Most values that a message names."""


def read_panoptic_map(
    content: bytes,
    classes: Sequence[SegmentedClass],
    *,
    ignore_value: int | None = None,
    is_reference: bool = False,
) -> PanopticMap:
    """Return the segments of a panoptic map; the arguments are those of `panoptic_map_of`.

    Args:
        content: A PNG or TIFF file of one channel with 8 or 16 bits.
        classes: The protocol's classes.
        ignore_value: Value of pixels that are not evaluated.
        is_reference: False for a prediction.

    Raises:
        ValueError: The image cannot be decoded exactly, or holds values that it must not.
    """
    values = decode_label_image(content)
    return panoptic_map_of(values, classes, ignore_value=ignore_value, is_reference=is_reference)


def panoptic_map_of(
    values: NDArray[Any],
    classes: Sequence[SegmentedClass],
    *,
    ignore_value: int | None = None,
    is_reference: bool = False,
) -> PanopticMap:
    """Return the segments of a panoptic map from an array of its values.

    Args:
        values: Any integer type, shape (rows, columns).
        classes: The protocol's classes, in order, each with its role.
        ignore_value: Value of pixels that are not evaluated: of no class in the map, and True
            in `ClassMap.ignored`; None: there is none.
        is_reference: True: the value of a class of things alone is a region that is ignored;
            False: it is refused, as a model has to tell objects apart.

    Raises:
        ValueError: The array is not one of integers in two dimensions, or holds values that
            are of no class or no object; the message names all of them.

    >>> car = SegmentedClass(name="car", description="-", value=26, role="thing")
    >>> sky = SegmentedClass(name="sky", description="-", value=23, role="stuff")
    >>> panoptic_map_of(np.array([[23, 23, 26000, 26001]]), (sky, car)).segments.ids
    array([   23, 26000, 26001])
    """
    require_integers(values, "panoptic map")
    if values.size and (values.min() < 0 or values.max() > LARGEST_VALUE):
        raise ValueError(
            f"values of a panoptic map are 0 to {LARGEST_VALUE}; found {values.min()} to "
            f"{values.max()}"
        )
    counts = np.bincount(values.ravel().astype(np.intp), minlength=1)
    found = np.flatnonzero(counts)
    segments = found[(found != 0) & (found != ignore_value)]
    problems = list(_problems(segments, counts, classes, is_reference=is_reference))
    if problems:
        raise ValueError("; ".join(problems))
    index = {one.value: number for number, one in enumerate(classes, start=1)}
    of_segments = np.array([index[_class_value(one)] for one in segments.tolist()], np.int64)
    things = np.array([one.role == "thing" for one in classes], bool)
    ignored = things[of_segments - 1] & (segments < NUMBERS_A_CLASS)
    lookup = np.zeros(len(counts), np.uint8)
    lookup[segments] = of_segments
    is_void = None if ignore_value is None else values == ignore_value
    label_map = values.astype(np.int32)
    if is_void is not None:
        label_map[is_void] = 0
    return PanopticMap(
        ClassMap(lookup[values], is_void),
        ObjectSet(
            shape=(values.shape[0], values.shape[1]),
            ids=segments.astype(np.int64),
            classes=of_segments,
            ignored=ignored if ignored.any() else None,
            label_map=label_map,
        ),
    )


def _class_value(value: int) -> int:
    return value // NUMBERS_A_CLASS if value >= NUMBERS_A_CLASS else value


def _problems(
    segments: NDArray[np.intp],
    counts: NDArray[np.intp],
    classes: Sequence[SegmentedClass],
    *,
    is_reference: bool,
) -> Iterator[str]:
    role_of = {one.value: one.role for one in classes}
    by_what: dict[str, list[str]] = {}
    for value in segments.tolist():
        what = _objection(value, role_of, is_reference=is_reference)
        if what is not None:
            by_what.setdefault(what, []).append(f"{value} ({counts[value]} pixels)")
    for what, named in by_what.items():
        more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        yield f"{what}: {', '.join(named[:_SHOWN])}{more}"


def _objection(value: int, role_of: dict[int, Any], *, is_reference: bool) -> str | None:
    """Return what is wrong with a value that is neither background nor void; None: nothing."""
    role = role_of.get(_class_value(value))
    if role is None:
        listed = ", ".join(str(one) for one in sorted(role_of))
        return f"values of no class (the classes are {listed})"
    if role == "stuff" and value >= NUMBERS_A_CLASS:
        return "values of objects of a class of stuff, which has none"
    if role == "thing" and value < NUMBERS_A_CLASS and not is_reference:
        return (
            "values of a class of things without the number of an object (1000 times the class "
            "and 0 to 999)"
        )
    return None
