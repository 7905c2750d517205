"""The gate: what an annotation has to be before anything is counted on it.

Common tools score what they should refuse: id 0 halves the average precision, NaN scores
give a perfect one, a mask of another size counts as a miss. Here every problem of an
annotation is named at once, with its case and entry, and nothing is scored when there is
one. The same rules hold for the reference standard and for predictions.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.errors import Problem
from validation.evidence.run_lengths import run_lengths
from validation.testset.annotations import Annotation, ClassMap, ObjectSet, PanopticMap, Rle
from validation.testset.mask_areas import areas_of

_MOST_NAMED = 10


def problems_of(
    annotation: Annotation, *, where: str, shape: tuple[int, int], class_count: int
) -> tuple[Problem, ...]:
    """Return every problem of an annotation, whatever its kind; see the functions for each.

    Args:
        annotation: What a reference standard marks, or a model returned.
        where: What it is, for the reader, e.g. ``case D01-03, prediction``.
        shape: Rows and columns of the image.
        class_count: Classes of the protocol, background not counted.
    """
    if isinstance(annotation, ClassMap):
        return problems_of_class_map(annotation, where=where, shape=shape, class_count=class_count)
    if isinstance(annotation, ObjectSet):
        return problems_of_objects(annotation, where=where, shape=shape, class_count=class_count)
    return problems_of_panoptic_map(annotation, where=where, shape=shape, class_count=class_count)


def problems_of_panoptic_map(
    panoptic_map: PanopticMap, *, where: str, shape: tuple[int, int], class_count: int
) -> tuple[Problem, ...]:
    """Return every problem of a panoptic map: of its classes, of its segments, of the two.

    Args:
        panoptic_map: Classes and segments of one image.
        where: What it is, for the reader, e.g. ``case D01-03, prediction``.
        shape: Rows and columns of the image.
        class_count: Classes of the protocol, background not counted.
    """
    found = (
        *_class_map_problems(panoptic_map.classes, shape, class_count),
        *_object_problems(panoptic_map.segments, shape, class_count),
    )
    if not found:
        found = tuple(_segment_problems(panoptic_map))
    return tuple(Problem(where, what, fix) for what, fix in found)


def problems_of_class_map(
    class_map: ClassMap, *, where: str, shape: tuple[int, int], class_count: int
) -> tuple[Problem, ...]:
    """Return every problem of a class map.

    Args:
        class_map: A class for every pixel.
        where: What it is, for the reader, e.g. ``case D01-03, prediction``.
        shape: Rows and columns of the image.
        class_count: Classes of the protocol, background not counted.
    """
    return tuple(
        Problem(where, what, fix)
        for what, fix in _class_map_problems(class_map, shape, class_count)
    )


def problems_of_objects(
    objects: ObjectSet, *, where: str, shape: tuple[int, int], class_count: int
) -> tuple[Problem, ...]:
    """Return every problem of a set of objects.

    Ids have to be positive and unique and rising, classes known, scores finite and in
    [0, 1], every mask well-formed, of the image's size and not empty, and a label map has to
    hold exactly the listed ids.

    Args:
        objects: Objects of one image.
        where: What they are, for the reader, e.g. ``case D01-03, prediction``.
        shape: Rows and columns of the image.
        class_count: Classes of the protocol.

    >>> import numpy as np
    >>> one = np.array([1])
    >>> twice = ObjectSet((1, 2), one, one, np.array([1.5]), label_map=np.array([[1, 7]]))
    >>> for problem in problems_of_objects(twice, where="C-1", shape=(1, 2), class_count=1):
    ...     print(problem.what)
    the scores of objects 1 are not in [0, 1]: 1.5
    the label map holds ids that are not listed as objects: 7
    """
    return tuple(
        Problem(where, what, fix) for what, fix in _object_problems(objects, shape, class_count)
    )


_Said = Iterator[tuple[str, str]]


def _class_map_problems(class_map: ClassMap, shape: tuple[int, int], class_count: int) -> _Said:
    classes = class_map.classes
    if tuple(classes.shape) != tuple(shape):
        yield _another_size("the class map", classes.shape, shape)
    if classes.dtype.kind not in "ui":
        yield f"the class map holds {classes.dtype.name} values, not integers", ""
    elif classes.size and (classes.max() > class_count or classes.min() < 0):
        found = np.unique(classes)
        unknown = found[(found > class_count) | (found < 0)]
        yield (
            f"the class map holds classes that are not known: {_named(unknown)}",
            f"the protocol has classes 1 to {class_count}, and 0 is the background",
        )
    ignored = class_map.ignored
    if ignored is not None and ignored.shape != classes.shape:
        yield _another_size("the map of ignored pixels", ignored.shape, classes.shape)
    if ignored is not None and ignored.dtype != bool:
        yield f"the map of ignored pixels holds {ignored.dtype.name} values, not booleans", ""


def _segment_problems(panoptic_map: PanopticMap) -> _Said:
    segments, classes = panoptic_map.segments, panoptic_map.classes.classes
    if segments.label_map is None:
        yield "the segments of a panoptic map are a label map", ""
        return
    of_label = np.zeros(int(segments.ids.max(initial=0)) + 1, np.int64)
    of_label[segments.ids] = segments.classes
    if (of_label[segments.label_map] != classes).any():
        yield "classes and segments of the panoptic map contradict one another", ""


def _object_problems(objects: ObjectSet, shape: tuple[int, int], class_count: int) -> _Said:
    if tuple(objects.shape) != tuple(shape):
        yield _another_size("the set of objects", objects.shape, shape)
    yield from _length_problems(objects)
    yield from _id_problems(objects.ids)
    if len(objects.classes) == len(objects):
        yield from _class_problems(objects, class_count)
    if objects.scores is not None and len(objects.scores) == len(objects):
        yield from _score_problems(objects.ids, objects.scores)
    if (objects.label_map is None) == (objects.masks is None):
        yield "either a label map or masks have to be given, and not both", ""
    if objects.label_map is not None:
        yield from _label_map_problems(objects.ids, objects.label_map, shape)
    if objects.ignored is not None and objects.ignored.dtype != bool:
        yield f"what is ignored is told by {objects.ignored.dtype.name} values, not booleans", ""
    masks = objects.masks or ()
    for number, area in enumerate(_areas(masks, shape)):
        if area <= 0:
            name = str(objects.ids[number]) if number < len(objects) else f"number {number + 1}"
            yield from _mask_problems(name, masks[number], shape)


def _length_problems(objects: ObjectSet) -> _Said:
    for name in ("classes", "scores", "ignored", "masks"):
        values = getattr(objects, name)
        if values is not None and len(values) != len(objects):
            yield f"there are {len(objects)} ids and {len(values)} {name}", ""


def _id_problems(ids: NDArray[np.int64]) -> _Said:
    if ids.dtype.kind not in "ui":
        yield f"the ids are {ids.dtype.name} values, not integers", ""
        return
    if (ids <= 0).any():
        yield f"ids are not positive: {_named(np.unique(ids[ids <= 0]))}", "number from 1"
    found, times = np.unique(ids, return_counts=True)
    if (times > 1).any():
        yield f"ids occur more than once: {_named(found[times > 1])}", ""
    elif (np.diff(ids) <= 0).any():
        yield "the objects are not ordered by id", ""


def _class_problems(objects: ObjectSet, class_count: int) -> _Said:
    if objects.classes.dtype.kind not in "ui":
        yield f"the classes are {objects.classes.dtype.name} values, not integers", ""
        return
    unknown = (objects.classes < 1) | (objects.classes > class_count)
    if unknown.any():
        named, classes = _named(objects.ids[unknown]), _named(np.unique(objects.classes[unknown]))
        yield (
            f"objects {named} are of classes that are not known: {classes}",
            f"the protocol has classes 1 to {class_count}",
        )


def _score_problems(ids: NDArray[np.int64], scores: NDArray[np.float64]) -> _Said:
    if scores.dtype.kind not in "fui":
        yield f"the scores are {scores.dtype.name} values, not numbers", ""
        return
    not_finite = ~np.isfinite(scores)
    if not_finite.any():
        named, values = _named(ids[not_finite]), _named(scores[not_finite])
        yield f"the scores of objects {named} are not finite: {values}", ""
    outside = ~not_finite & ~((scores >= 0) & (scores <= 1))
    if outside.any():
        named, values = _named(ids[outside]), _named(scores[outside])
        yield f"the scores of objects {named} are not in [0, 1]: {values}", ""


def _label_map_problems(
    ids: NDArray[np.int64], label_map: NDArray[np.int32], shape: tuple[int, int]
) -> _Said:
    if tuple(label_map.shape) != tuple(shape):
        yield _another_size("the label map", label_map.shape, shape)
    if label_map.dtype.kind not in "ui":
        yield f"the label map holds {label_map.dtype.name} values, not integers", ""
        return
    found = np.unique(label_map)
    unlisted = np.setdiff1d(found[found != 0], ids)
    if len(unlisted):
        yield f"the label map holds ids that are not listed as objects: {_named(unlisted)}", ""
    without_pixels = np.setdiff1d(ids, found)
    if len(without_pixels):
        yield f"objects without pixels: {_named(without_pixels)}", ""


def _areas(masks: Sequence[Rle], shape: tuple[int, int]) -> list[int]:
    """Return the area of each mask; `UNSOUND` for one that has to be looked at by itself."""
    encoded = [_encoded(mask, shape) for mask in masks]
    areas: list[int] = areas_of(
        encoded, np.full(len(masks), shape[0] * shape[1], np.int64)
    ).tolist()
    return areas


def _encoded(mask: Rle, shape: tuple[int, int]) -> bytes:
    """Return the string of a mask of the image's size; an empty one if it is none."""
    if not isinstance(mask, dict) or not _is_size(mask.get("size")):
        return b""
    counts = mask.get("counts")
    if tuple(mask["size"]) != tuple(shape) or not isinstance(counts, str | bytes):
        return b""
    if isinstance(counts, str):
        return counts.encode("ascii") if counts.isascii() else b""
    return counts


def _mask_problems(name: str, mask: Rle, shape: tuple[int, int]) -> _Said:
    if not isinstance(mask, dict) or not {"size", "counts"} <= set(mask):
        yield f"the mask of object {name} has no size and counts", ""
        return
    if not _is_size(mask["size"]):
        yield f"the size of the mask of object {name} is not two positive integers", ""
        return
    if tuple(mask["size"]) != tuple(shape):
        yield _another_size(f"the mask of object {name}", tuple(mask["size"]), shape)
    try:
        lengths = run_lengths(mask)
    except ValueError as error:
        yield f"object {name}: {error}", ""
        return
    if not lengths[1::2].any():
        yield f"objects without pixels: {name}", ""


def _is_size(size: Any) -> bool:  # noqa: ANN401 - whatever the file held
    return (
        isinstance(size, list | tuple)
        and len(size) == 2  # noqa: PLR2004 - rows and columns
        and all(
            isinstance(side, int | np.integer) and not isinstance(side, bool) and side > 0
            for side in size
        )
    )


def _another_size(what: str, found: tuple[int, ...], expected: tuple[int, ...]) -> tuple[str, str]:
    sizes = ["x".join(str(side) for side in shape) for shape in (found, expected)]
    return (
        f"{what} has another size than its image",
        f"{sizes[0]} pixels were found, the image is {sizes[1]}",
    )


def _named(values: NDArray[Any]) -> str:
    listed = ", ".join(str(one) for one in values[:_MOST_NAMED].tolist())
    more = len(values) - _MOST_NAMED
    return f"{listed} and {more} more" if more > 0 else listed
