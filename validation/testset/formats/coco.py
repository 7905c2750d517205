"""COCO files: a reference standard with its images, and results of a model.

Images are joined to cases by ``file_name``: it is the whole path of `Case.image`, or, where
it has no folder, the last component of it. Images that belong to no case are left alone, as
one file often covers more than a test set. Fields that are only derived (``area``, ``bbox``)
are never used: in many files they disagree with the masks.

The gate reads a file as a whole and reports every problem at once, each with its entry.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from validation.errors import Problem, RunError, TestSetError
from validation.plan.protocol import SegmentedClass
from validation.testset.annotations import ObjectSet, Rle
from validation.testset.cases import Case
from validation.testset.formats import run_lengths

ImageId = int | str
Entry = Mapping[str, Any]

_LARGEST_ID = 2**63 - 1
_LEAST_POLYGON = 6
"""Numbers of a polygon of three corners."""


@dataclass(frozen=True)
class CocoImage:
    """An image as results name it."""

    image_id: ImageId
    """Id of the image in the COCO file; the id of the case where there is no such file."""
    case_id: str | None
    """Case that the image belongs to; None: it is not of the test set."""
    shape: tuple[int, int] | None
    """Rows and columns; None where they are not known beforehand."""


@dataclass(frozen=True)
class CocoReference:
    """What a COCO reference file holds of a test set."""

    objects: Mapping[str, ObjectSet]
    """Reference objects of each case, by case id; without objects, an empty set."""
    images: tuple[CocoImage, ...]
    """Every image of the file, in its order."""


@dataclass(frozen=True)
class _Object:
    """An annotation or result that passed the gate."""

    id: int
    class_index: int
    mask: Rle
    score: float | None
    ignored: bool


def images_of_cases(cases: Sequence[Case]) -> tuple[CocoImage, ...]:
    """Return the images of a test set whose reference is not a COCO file.

    Results then name an image by the id of its case; the size is that of each mask.
    """
    return tuple(CocoImage(case.case_id, case.case_id, None) for case in cases)


def read_reference(
    content: bytes, *, cases: Sequence[Case], classes: Sequence[SegmentedClass], file: str
) -> CocoReference:
    """Return the reference objects of every case.

    Polygons are drawn as pycocotools draws them; several polygons of one object are united.
    A crowd (``iscrowd: 1``) becomes an ignored region.

    Args:
        content: The COCO file.
        cases: The cases whose reference is wanted; each needs an image in the file.
        classes: The protocol's classes; `SegmentedClass.value` is the category id.
        file: Name of the file, for messages.

    Raises:
        TestSetError: With every problem of the file.
    """
    gate = _Gate(file, classes)
    whole = gate.parsed(content, dict)
    images: tuple[CocoImage, ...] = ()
    found: dict[str, list[_Object]] = {}
    if whole is not None:
        gate.check_categories(gate.entries(whole, "categories"))
        images = _joined_images(gate, gate.entries(whole, "images"), cases)
        found = _annotations(gate, gate.entries(whole, "annotations"), images)
    if gate.problems:
        raise TestSetError(
            f"the COCO reference has {_count(gate.problems)}", where=file, problems=gate.problems
        )
    objects = {
        image.case_id: _object_set(found[image.case_id], image.shape, scored=False)
        for image in images
        if image.case_id is not None and image.shape is not None
    }
    return CocoReference(objects, images)


def read_results(
    content: bytes,
    *,
    images: Sequence[CocoImage],
    classes: Sequence[SegmentedClass],
    file: str,
) -> dict[str, ObjectSet]:
    """Return the predicted objects of each case that the results mention, with scores.

    Results have no ids of their own; the objects of an image are numbered from 1 in the
    order of the file.

    Args:
        content: The COCO results file: a list of image_id, category_id, segmentation, score.
        images: The images results may name (`CocoReference.images`, `images_of_cases`).
        classes: The protocol's classes; `SegmentedClass.value` is the category id.
        file: Name of the file, for messages.

    Returns:
        By case id; cases without a predicted object are not in it.

    Raises:
        RunError: With every problem of the file.
    """
    gate = _Gate(file, classes)
    results = gate.parsed(content, list)
    entries = gate.objects_in(results, "result") if results is not None else []
    found = _results(gate, entries, images)
    if gate.problems:
        raise RunError(
            f"the COCO results have {_count(gate.problems)}", where=file, problems=gate.problems
        )
    return {
        case_id: _object_set(some, _size(some[0].mask), scored=True)
        for case_id, some in found.items()
        if some
    }


class _Gate:
    """Collects the problems of one file, in its order."""

    def __init__(self, file: str, classes: Sequence[SegmentedClass]) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.classes = {one.value: index for index, one in enumerate(classes, start=1)}
        self.names = {one.value: one.name for one in classes}

    def say(self, entry: str, what: str, fix: str = "") -> None:
        where = f"{self.file}: {entry}" if entry else self.file
        self.problems.append(Problem(where, what, fix))

    def parsed(self, content: bytes, kind: type[Any]) -> Any:  # noqa: ANN401 - any JSON value
        """Return the JSON value of the file; None, with a problem, where it is none."""
        try:
            value = json.loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            self.say("", f"the file is not JSON: {str(error).splitlines()[0]}")
            return None
        if not isinstance(value, kind):
            name = {"dict": "an object (reference)", "list": "a list (results)"}[kind.__name__]
            self.say("", f"the file holds {type(value).__name__}, not {name}")
            return None
        return value

    def entries(self, whole: Entry, name: str) -> list[tuple[str, Entry]]:
        """Return the entries of a list of the file, each with how to name it."""
        listed = whole.get(name)
        if not isinstance(listed, list):
            self.say("", f"there is no list '{name}'")
            return []
        return self.objects_in(listed, name)

    def objects_in(self, listed: list[Any], name: str) -> list[tuple[str, Entry]]:
        named = [(f"{name}[{position}]", entry) for position, entry in enumerate(listed)]
        for entry_name, entry in named:
            if not isinstance(entry, dict):
                self.say(entry_name, "the entry is not an object")
        return [(entry_name, entry) for entry_name, entry in named if isinstance(entry, dict)]

    def check_categories(self, entries: list[tuple[str, Entry]]) -> None:
        """Hold the names of the file's categories against those of the protocol."""
        for where, entry in entries:
            value, name = entry.get("id"), entry.get("name")
            if _is_integer(value) and value in self.names and name != self.names[value]:
                self.say(
                    where,
                    f"category {value} is {name!r} here and {self.names[value]!r} in the protocol",
                )

    def class_index(self, where: str, entry: Entry) -> int | None:
        value = entry.get("category_id")
        if _is_integer(value) and value in self.classes:
            return self.classes[value]
        self.say(where, f"category_id {value!r} is not the value of a class of the protocol")
        return None

    def mask(self, where: str, entry: Entry, shape: tuple[int, int] | None) -> Rle | None:
        try:
            rle = _mask(entry.get("segmentation"), shape)
        except ValueError as error:
            self.say(where, str(error))
            return None
        if run_lengths.area(rle) == 0:
            self.say(where, "the object is empty: its mask has no pixel", "remove the entry")
            return None
        return rle


def _joined_images(
    gate: _Gate, entries: list[tuple[str, Entry]], cases: Sequence[Case]
) -> tuple[CocoImage, ...]:
    by_name = _names_of_cases(cases)
    images: list[CocoImage] = []
    joined: dict[str, str] = {}
    for where, entry in _with_unique_ids(gate, entries):
        size = (entry.get("height"), entry.get("width"))
        shape = _shape(size)
        if shape is None:
            gate.say(where, f"height and width are {size[0]!r} and {size[1]!r}, no size")
        matching = by_name.get(str(entry.get("file_name")), [])
        if len(matching) > 1:
            gate.say(where, f"file_name belongs to several cases: {', '.join(matching)}")
        case_id = matching[0] if len(matching) == 1 else None
        if case_id is not None and case_id in joined:
            gate.say(where, f"case {case_id} has an image already: {joined[case_id]}")
            case_id = None
        elif case_id is not None:
            joined[case_id] = where
        images.append(CocoImage(int(entry["id"]), case_id, shape))
    for case in cases:
        if case.case_id not in joined:
            gate.say("images", f"no image has the file_name of case {case.case_id}: {case.image}")
    return tuple(images)


def _names_of_cases(cases: Sequence[Case]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        for name in {case.image, case.image.rsplit("/", 1)[-1]}:
            names[name].append(case.case_id)
    return names


def _with_unique_ids(gate: _Gate, entries: list[tuple[str, Entry]]) -> Iterator[tuple[str, Entry]]:
    """Yield the entries whose id is positive and not seen before."""
    seen: dict[int, str] = {}
    for where, entry in entries:
        one = entry.get("id")
        if not _is_integer(one) or not 0 < one <= _LARGEST_ID:
            # pycocotools takes 0 for "not matched", so an object of that id is lost there.
            gate.say(where, f"id {one!r} is not a positive whole number")
        elif one in seen:
            gate.say(where, f"id {one} was used before, by {seen[one]}")
        else:
            seen[one] = where
            yield where, entry


def _annotations(
    gate: _Gate, entries: list[tuple[str, Entry]], images: Sequence[CocoImage]
) -> dict[str, list[_Object]]:
    def accepted(where: str, entry: Entry, image: CocoImage) -> _Object | None:
        index = gate.class_index(where, entry)
        crowd = entry.get("iscrowd", 0)
        if crowd not in (0, 1):
            gate.say(where, f"iscrowd is {crowd!r}, not 0 or 1")
        mask = gate.mask(where, entry, image.shape) if image.shape else None
        if index is None or mask is None:
            return None
        return _Object(int(entry["id"]), index, mask, None, crowd == 1)

    return _by_case(gate, list(_with_unique_ids(gate, entries)), images, accepted)


def _results(
    gate: _Gate, entries: list[tuple[str, Entry]], images: Sequence[CocoImage]
) -> dict[str, list[_Object]]:
    number: Counter[ImageId] = Counter()

    def accepted(where: str, entry: Entry, image: CocoImage) -> _Object | None:
        number[image.image_id] += 1
        index = gate.class_index(where, entry)
        score = entry.get("score")
        if not _is_ratio(score):
            gate.say(where, f"score {score!r} is not a number in [0, 1]")
        mask = gate.mask(where, entry, image.shape)
        if index is None or mask is None or not _is_ratio(score):
            return None
        return _Object(number[image.image_id], index, mask, float(score), ignored=False)

    found = _by_case(gate, entries, images, accepted)
    for case_id, some in found.items():
        sizes = {_size(one.mask) for one in some}
        if len(sizes) > 1:
            gate.say(f"case {case_id}", f"masks of one image have several sizes: {sorted(sizes)}")
    return found


def _by_case(
    gate: _Gate,
    entries: list[tuple[str, Entry]],
    images: Sequence[CocoImage],
    accepted: Callable[[str, Entry, CocoImage], _Object | None],
) -> dict[str, list[_Object]]:
    known = {image.image_id: image for image in images}
    found: dict[str, list[_Object]] = {one.case_id: [] for one in images if one.case_id is not None}
    for where, entry in entries:
        image_id = entry.get("image_id")
        image = known.get(image_id) if _is_integer(image_id) or isinstance(image_id, str) else None
        if image is None:
            gate.say(where, f"image_id {image_id!r} is not the id of an image")
        elif image.case_id is not None:
            one = accepted(where, entry, image)
            if one is not None:
                found[image.case_id].append(one)
    return found


def _object_set(some: list[_Object], shape: tuple[int, int], *, scored: bool) -> ObjectSet:
    ordered = sorted(some, key=lambda one: one.id)
    return ObjectSet(
        shape=shape,
        ids=np.array([one.id for one in ordered], np.int64),
        classes=np.array([one.class_index for one in ordered], np.int64),
        scores=np.array([one.score for one in ordered], np.float64) if scored else None,
        ignored=np.array([one.ignored for one in ordered], bool) if not scored else None,
        masks=tuple(one.mask for one in ordered),
    )


def _mask(segmentation: object, shape: tuple[int, int] | None) -> Rle:
    """Return the mask of an annotation or result.

    Raises:
        ValueError: It has none, or it does not fit the image.
    """
    if isinstance(segmentation, dict):
        return _run_length_mask(segmentation, shape)
    if isinstance(segmentation, list) and segmentation:
        if shape is None:
            raise ValueError("polygons need the size of the image; use a run-length mask")
        return _polygon_mask(segmentation, shape)
    raise ValueError("the object has no mask: 'segmentation' is missing or empty")


def _run_length_mask(segmentation: Entry, shape: tuple[int, int] | None) -> Rle:
    size = segmentation.get("size")
    found = _shape(tuple(size)) if isinstance(size, list) else None
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


def _polygon_mask(polygons: list[Any], shape: tuple[int, int]) -> Rle:
    from pycocotools import mask

    for polygon in polygons:
        _require_polygon(polygon, shape)
    rle: Rle = mask.merge(mask.frPyObjects(polygons, shape[0], shape[1]))
    return rle


def _require_polygon(polygon: object, shape: tuple[int, int]) -> None:
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


def _shape(size: tuple[Any, ...]) -> tuple[int, int] | None:
    pair = 2
    if len(size) != pair or not all(_is_integer(side) and side > 0 for side in size):
        return None
    rows, columns = size
    return (rows, columns) if rows * columns <= run_lengths.MAXIMUM_PIXELS else None


def _size(rle: Rle) -> tuple[int, int]:
    rows, columns = rle["size"]
    return int(rows), int(columns)


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_finite(value: object) -> TypeGuard[float]:
    # Compared first: `math.isfinite` overflows on an integer larger than any float.
    return (_is_integer(value) or isinstance(value, float)) and (
        abs(value) <= _LARGEST_ID and math.isfinite(value)
    )


def _is_ratio(value: object) -> TypeGuard[float]:
    return _is_finite(value) and 0 <= value <= 1


def _count(problems: list[Problem]) -> str:
    return f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
