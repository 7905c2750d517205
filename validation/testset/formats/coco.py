"""COCO files: a reference standard with its images, and results of a model.

Images are joined to cases by ``file_name``: it is the whole path of `Case.image`, or, where
it has no folder, the last component of it. Images that belong to no case are left alone, as
one file often covers more than a test set. Fields that are only derived (``area``, ``bbox``)
are never used: in many files they disagree with the masks (`StatedAreas`).

The gate reads a file as a whole and reports every problem at once, each with its entry.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from validation.collector import collector_paused
from validation.errors import Problem, RunError, TestSetError
from validation.plan.protocol import SegmentedClass
from validation.testset.annotations import ObjectSet, Rle
from validation.testset.cases import Case
from validation.testset.formats.coco_areas import StatedAreas, stated_areas
from validation.testset.formats.coco_gate import (
    Gate,
    Listed,
    is_integer,
    shape_of,
)
from validation.testset.formats.coco_masks import EMPTY, Masks, masks_of, size_of
from validation.testset.run_lengths import MAXIMUM_PIXELS

ImageId = int | str


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
    stated_areas: StatedAreas
    """How the areas that the file states compare with those of its masks."""


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
    gate = Gate(file, classes)
    with collector_paused():
        images, objects, stated = _reference(gate, content, cases)
    problems = gate.problems
    if problems:
        raise TestSetError(
            f"the COCO reference has {_count(problems)}", where=file, problems=problems
        )
    return CocoReference(_sets(objects, images, empty=True), images, stated)


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
    gate = Gate(file, classes)
    with collector_paused():
        objects = _results(gate, content, images)
    problems = gate.problems
    if problems:
        raise RunError(f"the COCO results have {_count(problems)}", where=file, problems=problems)
    return _sets(objects, images, empty=False)


@dataclass(frozen=True)
class _Objects:
    """What is read of the annotations or results of a test set, one value an object.

    Where the gate has problems, it is empty: nothing is made of such a file.
    """

    at: NDArray[np.int64]
    """Position of each object's image; shape (n,)."""
    ids: NDArray[np.int64]
    classes: NDArray[np.int64]
    masks: Sequence[Rle]
    scores: NDArray[np.float64] | None = None
    ignored: NDArray[np.bool_] | None = None


_NONE_STATED = StatedAreas(0, 0, "")
_NOTHING = _Objects(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), ())


class _Placed(NamedTuple):
    """Entries by the images that they name."""

    every: Listed
    """All entries of the list, with their cases."""
    own: Listed
    """Those of images of the test set."""
    numbers: list[int]
    """Which of all entries those are."""
    at: list[int]
    """Position of the image of each of them."""


def _reference(
    gate: Gate, content: bytes, cases: Sequence[Case]
) -> tuple[tuple[CocoImage, ...], _Objects, StatedAreas]:
    whole = gate.parsed(content, dict)
    if whole is None:
        return (), _NOTHING, _NONE_STATED
    categories = gate.listed_in(whole, "categories")
    images = _joined_images(gate, gate.listed_in(whole, "images"), cases)
    placed = _placed(gate, gate.listed_in(whole, "annotations"), images)
    ids = gate.unique_ids(placed.every)
    classes = gate.class_indices(placed.own)
    ignored = gate.crowds(placed.own)
    # Where the size of an image is no size, that is the problem, and not its masks.
    sized = [number for number, one in enumerate(placed.at) if images[one].shape is not None]
    masks = _masks(gate, placed.own.of(sized), [images[placed.at[one]].shape for one in sized])
    _check_categories(gate, categories, placed.own)
    if gate.problems:
        return images, _NOTHING, _NONE_STATED
    objects = _Objects(
        at=np.array(placed.at, np.int64),
        ids=np.array([ids[number] for number in placed.numbers], np.int64),
        classes=np.array(classes, np.int64),
        masks=masks.sound,
        ignored=np.array(ignored, bool),
    )
    return images, objects, stated_areas(placed.own, masks.areas)


def _results(gate: Gate, content: bytes, images: Sequence[CocoImage]) -> _Objects:
    results = gate.parsed(content, list)
    if results is None:
        return _NOTHING
    placed = _placed(gate, gate.listed(results, "result"), images)
    classes = gate.class_indices(placed.own)
    scores = gate.scores(placed.own)
    masks = _masks(gate, placed.own, [images[one].shape for one in placed.at])
    _check_sizes(gate, placed, images)
    if gate.problems:
        return _NOTHING
    at = np.array(placed.at, np.int64)
    return _Objects(
        at=at,
        ids=_numbered(at),
        classes=np.array(classes, np.int64),
        masks=masks.sound,
        scores=np.array(scores, np.float64),
    )


def _placed(gate: Gate, listed: Listed, images: Sequence[CocoImage]) -> _Placed:
    """Return entries by image; one that names no image of the file is said."""
    known = {image.image_id: position for position, image in enumerate(images)}
    named = listed.column("image_id")
    # Compared by type first: true and 1.0 are equal to 1.
    places = [known.get(one) if type(one) in (int, str) else None for one in named]
    for number, place in enumerate(places):
        if place is None:
            gate.say_of(listed, number, f"image_id {named[number]!r} is not the id of an image")
    cases = [None if place is None else images[place].case_id for place in places]
    every = replace(listed, cases=cases)
    numbers = [number for number, case in enumerate(cases) if case is not None]
    at = [place for place in places if place is not None and images[place].case_id is not None]
    return _Placed(every, every.of(numbers), numbers, at)


def _masks(gate: Gate, listed: Listed, shapes: Sequence[tuple[int, int] | None]) -> Masks:
    found = masks_of(listed.column("segmentation"), shapes)
    for number, what in found.problems.items():
        gate.say_of(listed, number, what, "remove the entry" if what == EMPTY else "")
    return found


def _numbered(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of each object among those of its image, from 1, in their order."""
    order = np.argsort(at, kind="stable")
    _, firsts, counts = np.unique(at[order], return_index=True, return_counts=True)
    numbers = np.empty(len(at), np.int64)
    numbers[order] = np.arange(1, len(at) + 1) - np.repeat(firsts, counts)
    return numbers


def _sets(objects: _Objects, images: Sequence[CocoImage], *, empty: bool) -> dict[str, ObjectSet]:
    """Return the objects of each case by id; `empty`: of cases without objects, too."""
    order = np.lexsort((objects.ids, objects.at))
    stops = np.cumsum(np.bincount(objects.at, minlength=len(images)))
    sets = {}
    for image, start, stop in zip(images, [0, *stops.tolist()], stops.tolist(), strict=False):
        if image.case_id is not None and (empty or start < stop):
            sets[image.case_id] = _object_set(objects, order[start:stop], image.shape)
    return sets


def _object_set(
    objects: _Objects, of: NDArray[np.intp], shape: tuple[int, int] | None
) -> ObjectSet:
    masks = tuple(objects.masks[one] for one in of.tolist())
    return ObjectSet(
        shape=_size(masks[0]) if shape is None else shape,
        ids=objects.ids[of],
        classes=objects.classes[of],
        scores=None if objects.scores is None else objects.scores[of],
        ignored=None if objects.ignored is None else objects.ignored[of],
        masks=masks,
    )


def _joined_images(gate: Gate, listed: Listed, cases: Sequence[Case]) -> tuple[CocoImage, ...]:
    by_name = _names_of_cases(cases)
    images: list[CocoImage] = []
    joined: dict[str, str] = {}
    names, sizes = listed.column("file_name"), _sizes(gate, listed)
    for number, identity in enumerate(gate.unique_ids(listed)):
        matching = by_name.get(str(names[number]), [])
        if identity is None:
            continue
        if len(matching) > 1:
            gate.say_of(
                listed, number, f"file_name belongs to several cases: {', '.join(matching)}"
            )
        case_id = matching[0] if len(matching) == 1 else None
        if case_id is not None and case_id in joined:
            gate.say_of(listed, number, f"case {case_id} has an image already: {joined[case_id]}")
            case_id = None
        elif case_id is not None:
            joined[case_id] = f"images[{listed.positions[number]}]"
        images.append(CocoImage(identity, case_id, sizes[number]))
    for case in cases:
        if case.case_id not in joined:
            gate.say(
                f"no image has the file_name of case {case.case_id}: {case.image}", entry="images"
            )
    return tuple(images)


def _sizes(gate: Gate, listed: Listed) -> list[tuple[int, int] | None]:
    sizes = list(zip(listed.column("height"), listed.column("width"), strict=True))
    shapes = [shape_of(*size) for size in sizes]
    for number, shape in enumerate(shapes):
        if shape is None:
            rows, columns = sizes[number]
            gate.say_of(
                listed,
                number,
                f"height and width are {rows!r} and {columns!r}, no size of an image of at most "
                f"{MAXIMUM_PIXELS} pixels",
            )
    return shapes


def _names_of_cases(cases: Sequence[Case]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        for name in {case.image, case.image.rsplit("/", 1)[-1]}:
            names[name].append(case.case_id)
    return names


def _check_categories(gate: Gate, categories: Listed, objects: Listed) -> None:
    """Hold the file's categories against the protocol, and the objects against the file's."""
    listed: set[int] = set()
    for number, (value, name) in enumerate(
        zip(categories.column("id"), categories.column("name"), strict=True)
    ):
        if not is_integer(value):
            gate.say_of(categories, number, f"id {value!r} is not a whole number")
        elif value in listed:
            gate.say_of(categories, number, f"id {value} is of another category already")
        elif value in gate.names and name != gate.names[value]:
            gate.say_of(
                categories,
                number,
                f"category {value} is {name!r} here and {gate.names[value]!r} in the protocol",
            )
        listed |= {value} if is_integer(value) else set()
    for number, value in enumerate(objects.column("category_id")):
        if type(value) is int and value in gate.names and value not in listed:
            gate.say_of(
                objects, number, f"category_id {value} is not among the categories of the file"
            )


def _check_sizes(gate: Gate, placed: _Placed, images: Sequence[CocoImage]) -> None:
    """Hold masks against one another where the size of their image is not known."""
    sizes: dict[str, set[tuple[int, int]]] = defaultdict(set)
    segmentations = placed.own.column("segmentation")
    for segmentation, position in zip(segmentations, placed.at, strict=True):
        image = images[position]
        if image.shape is None and image.case_id is not None and isinstance(segmentation, dict):
            found = size_of(segmentation)
            if found is not None:
                sizes[image.case_id].add(found)
    for case_id, some in sizes.items():
        if len(some) > 1:
            gate.say(
                f"masks of one image have several sizes: {sorted(some)}", entry=f"case {case_id}"
            )


def _size(rle: Rle) -> tuple[int, int]:
    rows, columns = rle["size"]
    return int(rows), int(columns)


def _count(problems: Sequence[Problem]) -> str:
    return f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
