"""Masks of a COCO file: run lengths, compressed or not, and polygons.

All masks of a file are taken through at once. What passes the screening is sound; what does
not is looked at again by itself, and there it is said what is wrong with it.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from validation.testset import run_lengths
from validation.testset.annotations import Rle
from validation.testset.formats.coco_gate import is_integer, shape_of
from validation.testset.mask_areas import UNSOUND, areas_of

Shape = tuple[int, int]

_LEAST_POLYGON = 6
"""Numbers of a polygon of three corners."""
_LARGEST_CORNER = 2.0**53
"""No image reaches so far; a larger whole number is not exact as a float."""
_DRAWN_AT_ONCE = 500


EMPTY = "the object is empty: its mask has no pixel"
"""What is wrong with a mask that is sound and holds nothing."""


class Masks(NamedTuple):
    """The masks of the entries of a file."""

    rles: list[Rle | None]
    """Mask of each entry; None: it has a problem."""
    areas: list[int]
    """Pixels of each mask, counted; 0: it has a problem."""
    problems: Mapping[int, str]
    """What is wrong with an entry, by its number."""

    @property
    def sound(self) -> tuple[Rle, ...]:
        """Those without a problem."""
        return tuple(rle for rle in self.rles if rle is not None)


def masks_of(segmentations: Sequence[object], shapes: Sequence[Shape | None]) -> Masks:
    """Return the masks of entries, each checked against the size of its image.

    Areas are counted from the run lengths: a mask without a pixel is a problem, too.

    Args:
        segmentations: ``segmentation`` of each entry.
        shapes: Rows and columns of the image of each; None where they are not known.

    >>> whole = {"size": [2, 2], "counts": [0, 4]}
    >>> masks_of([whole, whole, []], [(2, 2), (2, 3), (2, 2)]).problems[1]
    'the mask has 2 rows and 2 columns, the image 2 and 3'
    """
    rles: list[Rle | None] = [
        _compressed(segmentation, shape)
        for segmentation, shape in zip(segmentations, shapes, strict=True)
    ]
    _draw_polygons(segmentations, shapes, rles)
    problems: dict[int, str] = {}
    for number, rle in enumerate(rles):
        if rle is None:
            rles[number] = _or_problem(number, segmentations, shapes, problems)
    areas = [0] * len(rles)
    for number, area in zip(*_areas(rles), strict=True):
        rle = rles[number]
        if area == UNSOUND:
            rle = rles[number] = _or_problem(number, segmentations, shapes, problems)
        if rle is None:
            continue
        areas[number] = run_lengths.area(rle) if area == UNSOUND else area
        if areas[number] == 0:
            rles[number], problems[number] = None, EMPTY
    return Masks(rles, areas, problems)


def _areas(rles: Sequence[Rle | None]) -> tuple[list[int], list[int]]:
    """Return the numbers of the entries with a mask, and their areas."""
    numbers = [number for number, rle in enumerate(rles) if rle is not None]
    found = [rle for rle in rles if rle is not None]
    pixels = np.array([rle["size"] for rle in found], np.int64).reshape(-1, 2).prod(axis=1)
    return numbers, areas_of([rle["counts"] for rle in found], pixels).tolist()


def _compressed(segmentation: object, shape: Shape | None) -> Rle | None:
    """Return a mask whose string is yet to be screened; None where it is no such mask."""
    if not isinstance(segmentation, dict):
        return None
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if not (isinstance(counts, str) and counts.isascii() and isinstance(size, list)):
        return None
    found = size_of(segmentation)
    if found is None or (shape is not None and found != shape):
        return None
    return {"size": size, "counts": counts.encode("ascii")}


def _or_problem(
    number: int,
    segmentations: Sequence[object],
    shapes: Sequence[Shape | None],
    problems: dict[int, str],
) -> Rle | None:
    """Return a mask that was looked at by itself; None, with its problem, where it has one."""
    try:
        rle = mask_of(segmentations[number], shapes[number])
    except ValueError as error:
        problems[number] = str(error)
        return None
    return rle


def mask_of(segmentation: object, shape: Shape | None) -> Rle:
    """Return the mask of one entry.

    Raises:
        ValueError: It has none, or it does not fit the image.
    """
    if isinstance(segmentation, dict):
        return _run_length_mask(segmentation, shape)
    if isinstance(segmentation, list) and segmentation:
        if shape is None:
            raise ValueError("polygons need the size of the image; use a run-length mask")
        for polygon in segmentation:
            _require_polygon(polygon, shape)
        return _united(_drawn(segmentation, shape))
    raise ValueError("the object has no mask: 'segmentation' is missing or empty")


def size_of(segmentation: Mapping[str, Any]) -> Shape | None:
    """Return the size that a run-length mask says it has; None where it is none."""
    size = segmentation.get("size")
    return shape_of(*size) if isinstance(size, list) and len(size) == 2 else None  # noqa: PLR2004


def _run_length_mask(segmentation: Mapping[str, Any], shape: Shape | None) -> Rle:
    size = segmentation.get("size")
    found = size_of(segmentation)
    if found is None:
        raise ValueError(f"size {size!r} of the mask is not rows and columns")
    if shape is not None and found != shape:
        raise ValueError(
            f"the mask has {found[0]} rows and {found[1]} columns, the image {shape[0]} and "
            f"{shape[1]}"
        )
    counts = segmentation.get("counts")
    if not isinstance(counts, list | str):
        raise ValueError("the mask has no counts")  # noqa: TRY004 - bad data, not a bad call
    return run_lengths.checked(counts, found)


def _draw_polygons(
    segmentations: Sequence[object], shapes: Sequence[Shape | None], rles: list[Rle | None]
) -> None:
    """Draw the polygons that pass the screening, many at a time; leave the others."""
    for shape, numbers in _outlined(segmentations, shapes).items():
        objects: dict[int, Any] = {number: segmentations[number] for number in numbers}
        for some in _screened(objects, shape):
            outlines = [objects[number] for number in some]
            drawn = iter(_drawn(list(chain.from_iterable(outlines)), shape))
            for number, polygons in zip(some, outlines, strict=True):
                rles[number] = _united([next(drawn) for _ in polygons])


def _outlined(
    segmentations: Sequence[object], shapes: Sequence[Shape | None]
) -> dict[Shape, list[int]]:
    """Return the numbers of the entries that have polygons, by the size of their image."""
    by_shape: dict[Shape, list[int]] = defaultdict(list)
    for number, (segmentation, shape) in enumerate(zip(segmentations, shapes, strict=True)):
        if shape is not None and isinstance(segmentation, list) and segmentation:
            by_shape[shape].append(number)
    return by_shape


def _screened(objects: Mapping[int, Any], shape: Shape) -> Iterator[list[int]]:
    """Yield numbers of objects whose polygons all fit the image, some at a time."""
    numbers = [number for number, polygons in objects.items() if _are_lists(polygons)]
    for start in range(0, len(numbers), _DRAWN_AT_ONCE):
        some = numbers[start : start + _DRAWN_AT_ONCE]
        polygons = [polygon for number in some for polygon in objects[number]]
        owners = [number for number in some for _ in objects[number]]
        fits = _fit(polygons, shape)
        outside = {one for one, good in zip(owners, fits.tolist(), strict=True) if not good}
        kept = [number for number in some if number not in outside]
        if kept:
            yield kept


def _are_lists(polygons: list[Any]) -> bool:
    """Return whether all are lists of enough numbers, which can be made arrays."""
    return all(
        isinstance(polygon, list)
        and len(polygon) >= _LEAST_POLYGON
        and len(polygon) % 2 == 0
        and set(map(type, polygon)) <= {int, float}
        and all(abs(value) < _LARGEST_CORNER for value in polygon if type(value) is int)
        for polygon in polygons
    )


def _fit(polygons: Sequence[list[float]], shape: Shape) -> NDArray[np.bool_]:
    """Return which polygons have finite corners not far from the image; shape (n,)."""
    lengths = np.fromiter(map(len, polygons), np.int64, len(polygons)) // 2
    values = np.fromiter(chain.from_iterable(polygons), np.float64, 2 * int(lengths.sum()))
    corners = values.reshape(-1, 2)
    starts = np.cumsum(lengths) - lengths
    sides = np.array([shape[1], shape[0]])  # x, y
    # A corner that is NaN is in no range.
    near = ((corners >= -sides) & (corners <= 2 * sides)).all(axis=1)
    fits: NDArray[np.bool_] = np.logical_and.reduceat(near, starts)
    return fits


def _require_polygon(polygon: object, shape: Shape) -> None:
    if not isinstance(polygon, list) or len(polygon) < _LEAST_POLYGON or len(polygon) % 2:
        raise ValueError("a polygon is a list of at least three x, y pairs")
    if not all(_is_finite(value) for value in polygon):
        raise ValueError("a polygon has corners that are not finite numbers")
    # Editors draw a little beyond the border; more is a polygon of another image, and the
    # library would follow its edges pixel by pixel.
    for values, side, axis in ((polygon[0::2], shape[1], "x"), (polygon[1::2], shape[0], "y")):
        if min(values) < -side or max(values) > 2 * side:
            raise ValueError(
                f"a polygon leaves the image: {axis} from {min(values)} to {max(values)} of {side}"
            )


def _drawn(polygons: list[Any], shape: Shape) -> list[Rle]:
    from pycocotools import mask

    drawn: list[Rle] = mask.frPyObjects(polygons, shape[0], shape[1])
    return drawn


def _united(masks: list[Rle]) -> Rle:
    from pycocotools import mask

    if len(masks) == 1:
        return masks[0]
    united: Rle = mask.merge(masks)
    return united


def _is_finite(value: object) -> TypeGuard[float]:
    # Compared first: `math.isfinite` overflows on an integer larger than any float.
    return (is_integer(value) or isinstance(value, float)) and (
        abs(value) <= _LARGEST_CORNER and math.isfinite(value)
    )
