"""The per-case tables that every figure is arithmetic on.

A case is looked at once and reduced to a small table: the confusion of classes over its
pixels (semantic), or the sparse overlaps of its reference and predicted objects, all
classes at once (instance). The tables hold integers that can be counted again by hand, and
they go to and from JSON without loss. What the table is made from has to have passed
`validation.evidence.gate`; here only what would make the counting itself wrong is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from validation.testset.annotations import ClassMap, ObjectSet, Rle

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_DENSE_CELLS = 1 << 22
_EXACT_IN_FLOAT32 = 1 << 24
_BEYOND = (1 << 8) - 1


@dataclass(frozen=True, eq=False)
class ConfusionTable:
    """How often each class was predicted where each class is, in one case."""

    case_id: str
    counts: Integers
    """Evaluated pixels by [reference class, predicted class], index 0 the background; shape
    (k + 1, k + 1)."""
    ignored_px: int
    """Pixels that are not evaluated."""

    def to_dict(self) -> dict[str, Any]:
        """Return the table as a JSON object."""
        return {
            "case_id": self.case_id,
            "counts": self.counts.tolist(),
            "ignored_px": self.ignored_px,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Return the table that `to_dict` made `value` of."""
        counts = np.asarray(value["counts"], dtype=np.int64)
        return cls(value["case_id"], counts, int(value["ignored_px"]))

    def __eq__(self, other: object) -> bool:
        """Compare case, counts and ignored pixels."""
        return isinstance(other, ConfusionTable) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class OverlapTable:
    """The objects of one case and the pixels they share, all classes at once.

    Objects are ordered by id. A pair is listed where reference and prediction share at
    least one pixel, whatever their classes, ordered by reference and then prediction.
    """

    case_id: str
    reference_ids: Integers
    reference_classes: Integers
    """Index of the class, 1 for the first of the protocol."""
    reference_areas_px: Integers
    reference_boxes: Integers
    """Left column, top row, width, height in pixels; shape (n, 4)."""
    reference_ignored: Flags
    """True for regions that are neither to be found nor to be penalised."""
    prediction_ids: Integers
    prediction_classes: Integers
    prediction_scores: Floats | None
    """Confidences in [0, 1]; None where the predictions have none (then there is no average
    precision, and every prediction is at the operating point)."""
    prediction_areas_px: Integers
    prediction_boxes: Integers
    pair_reference: Integers
    """Position of the pair's reference object in `reference_ids`."""
    pair_prediction: Integers
    """Position of the pair's predicted object in `prediction_ids`."""
    pair_intersection_px: Integers
    """Pixels that belong to both, at least 1."""
    prediction_void_px: Integers | None = None
    """Pixels of each prediction that are not evaluated, beside those of its area (panoptic);
    None: all pixels of the image are evaluated."""

    def to_dict(self) -> dict[str, Any]:
        """Return the table as a JSON object; floats are exact (shortest round-trip)."""
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Return the table that `to_dict` made `value` of."""
        scores = value["prediction_scores"]
        arrays: dict[str, Any] = {
            name: np.asarray(content, dtype=np.int64)
            for name, content in value.items()
            if name not in {"case_id", "reference_ignored", "prediction_scores"}
            and content is not None
        }
        arrays["reference_boxes"] = arrays["reference_boxes"].reshape(-1, 4)
        arrays["prediction_boxes"] = arrays["prediction_boxes"].reshape(-1, 4)
        arrays["reference_ignored"] = np.asarray(value["reference_ignored"], dtype=bool)
        arrays["prediction_scores"] = None if scores is None else np.asarray(scores, np.float64)
        return cls(case_id=value["case_id"], **arrays)

    def __eq__(self, other: object) -> bool:
        """Compare every object and every pair."""
        return isinstance(other, OverlapTable) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]


class _Measured(NamedTuple):
    areas_px: Integers
    boxes: Integers


class _Pairs(NamedTuple):
    reference: Integers
    prediction: Integers
    intersection_px: Integers


def confusion_table(
    case_id: str, reference: ClassMap, prediction: ClassMap, class_count: int
) -> ConfusionTable:
    """Return how often each class was predicted where each class is.

    Args:
        case_id: Id of the case.
        reference: The reference standard; its ignored pixels are left out and counted.
        prediction: The model's class map, of the same shape, with no pixel left out.
        class_count: Classes of the protocol, background not counted: k.

    Returns:
        Counts of evaluated pixels, shape (k + 1, k + 1).

    Raises:
        ValueError: The maps differ in shape, a class is unknown, or the prediction leaves
            pixels out.

    >>> truth = ClassMap(np.array([[0, 1, 1]], np.uint8), np.array([[False, False, True]]))
    >>> confusion_table("c", truth, ClassMap(np.array([[1, 1, 0]], np.uint8)), 1).counts.tolist()
    [[0, 1], [0, 1]]
    """
    if reference.classes.shape != prediction.classes.shape:
        raise ValueError(
            f"case {case_id}: the reference is {_size(reference.classes.shape)} pixels, "
            f"the prediction {_size(prediction.classes.shape)}"
        )
    if prediction.ignored is not None:
        raise ValueError(f"case {case_id}: a prediction cannot leave pixels out of the evaluation")
    _require_known_classes(case_id, "reference", reference.classes, class_count)
    _require_known_classes(case_id, "prediction", prediction.classes, class_count)
    if reference.ignored is not None and reference.ignored.shape != reference.classes.shape:
        raise ValueError(f"case {case_id}: the ignored pixels have another shape than the map")
    counts = class_histogram(
        reference.classes, prediction.classes, reference.ignored, class_count + 1
    )
    return ConfusionTable(case_id, counts, reference.classes.size - int(counts.sum()))


def class_histogram(
    reference: NDArray[np.uint8],
    prediction: NDArray[np.uint8],
    ignored: Flags | None,
    side: int,
) -> Integers:
    """Return the pixels of each pair of classes, shape (side, side); exact.

    OpenCV counts in float32, which holds whole numbers up to 2^24: larger images are counted
    in parts.

    Args:
        reference: Classes below `side`, shape (rows, columns).
        prediction: The same.
        ignored: True where a pixel is not counted.
        side: Number of classes, background among them.
    """
    marked = reference
    if ignored is not None:
        marked = reference.copy()
        marked[ignored] = _BEYOND  # in no row, unless there are 256 classes
    counts = np.zeros((side, side), np.int64)
    rows = marked.reshape(1, -1), prediction.reshape(1, -1)
    for start in range(0, marked.size, _EXACT_IN_FLOAT32):
        some = [row[:, start : start + _EXACT_IN_FLOAT32] for row in rows]
        found = cv2.calcHist(some, [0, 1], None, [side, side], [0, side, 0, side])
        counts += found.astype(np.int64)
    if ignored is not None and side > _BEYOND:
        counts[_BEYOND] -= np.bincount(prediction[ignored], minlength=side)
    return counts


def confusion_table_without_prediction(
    case_id: str, reference: ClassMap, class_count: int
) -> ConfusionTable:
    """Return the table of a case for which the model gave nothing: background everywhere."""
    nothing = ClassMap(np.zeros_like(reference.classes))
    return confusion_table(case_id, reference, nothing, class_count)


def overlap_table(case_id: str, reference: ObjectSet, prediction: ObjectSet) -> OverlapTable:
    """Return the objects of a case and the pixels that each pair of them shares.

    Two label maps are compared in one contingency pass. Otherwise the run-length masks are
    compared by ``pycocotools.mask.iou``, every reference taken as a crowd: that gives
    |R∩P| / |P|, a quotient of two integers below 2^32, so that times |P|, rounded, it is the
    exact number of shared pixels.

    Args:
        case_id: Id of the case.
        reference: Objects of the reference standard.
        prediction: Objects that the model found, of the same image.

    Raises:
        ValueError: The sets differ in shape, an object has no pixels, or a label map holds an
            id that is not listed. Damaged masks are for the gate to refuse, before: the
            library that counts here does not see them, and may not return.
    """
    if reference.shape != prediction.shape:
        raise ValueError(
            f"case {case_id}: the reference is {_size(reference.shape)} pixels, "
            f"the prediction {_size(prediction.shape)}"
        )
    for name, objects in (("reference", reference), ("prediction", prediction)):
        _require_consistent(f"case {case_id}, {name}", objects)
    if reference.label_map is not None and prediction.label_map is not None:
        measured_reference, measured_prediction, pairs = _from_label_maps(reference, prediction)
    else:
        measured_reference, measured_prediction, pairs = _from_masks(reference, prediction)
    for name, objects, measured in (
        ("reference", reference, measured_reference),
        ("prediction", prediction, measured_prediction),
    ):
        _require_pixels(f"case {case_id}, {name}", objects.ids, measured.areas_px)
    ignored = reference.ignored
    return OverlapTable(
        case_id=case_id,
        reference_ids=_integers(reference.ids),
        reference_classes=_integers(reference.classes),
        reference_areas_px=measured_reference.areas_px,
        reference_boxes=measured_reference.boxes,
        reference_ignored=np.zeros(len(reference), bool) if ignored is None else ignored.copy(),
        prediction_ids=_integers(prediction.ids),
        prediction_classes=_integers(prediction.classes),
        prediction_scores=_scores(prediction),
        prediction_areas_px=measured_prediction.areas_px,
        prediction_boxes=measured_prediction.boxes,
        pair_reference=pairs.reference,
        pair_prediction=pairs.prediction,
        pair_intersection_px=pairs.intersection_px,
    )


def overlap_table_without_prediction(case_id: str, reference: ObjectSet) -> OverlapTable:
    """Return the table of a case for which the model gave nothing: no predicted object."""
    none = np.zeros(0, np.int64)
    nothing = ObjectSet(reference.shape, none, none, np.zeros(0), masks=())
    if reference.label_map is not None:
        empty = np.zeros_like(reference.label_map)
        nothing = ObjectSet(reference.shape, none, none, np.zeros(0), label_map=empty)
    return overlap_table(case_id, reference, nothing)


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(str(side) for side in shape)


def _integers(values: NDArray[Any]) -> Integers:
    return np.array(values, dtype=np.int64)


def _scores(prediction: ObjectSet) -> Floats | None:
    if not len(prediction):
        return np.zeros(0)
    return None if prediction.scores is None else np.array(prediction.scores, dtype=np.float64)


def _require_known_classes(
    case_id: str, name: str, classes: NDArray[np.uint8], class_count: int
) -> None:
    if classes.size and (int(classes.max()) > class_count or int(classes.min()) < 0):
        raise ValueError(
            f"case {case_id}: the {name} holds class {int(classes.max())}, "
            f"the protocol has {class_count}"
        )


def _require_consistent(where: str, objects: ObjectSet) -> None:
    if (objects.label_map is None) == (objects.masks is None):
        raise ValueError(f"{where}: either a label map or masks have to be given, and not both")
    for name in ("classes", "scores", "ignored", "masks"):
        values = getattr(objects, name)
        if values is not None and len(values) != len(objects):
            raise ValueError(f"{where}: {len(values)} {name} for {len(objects)} objects")
    ids = objects.ids
    if len(ids) and (ids[0] <= 0 or np.count_nonzero(ids[1:] <= ids[:-1])):
        raise ValueError(f"{where}: the ids are not positive, unique and rising")
    if objects.label_map is not None and objects.label_map.shape != tuple(objects.shape):
        raise ValueError(
            f"{where}: the label map is {_size(objects.label_map.shape)} pixels, "
            f"the image {_size(objects.shape)}"
        )
    masks = objects.masks or ()
    if [*map(list, map(itemgetter("size"), masks))].count(list(objects.shape)) == len(masks):
        return
    for mask in masks:
        if tuple(mask["size"]) != tuple(objects.shape):
            raise ValueError(
                f"{where}: a mask is {_size(tuple(mask['size']))} pixels, "
                f"the image {_size(objects.shape)}"
            )


def _require_pixels(where: str, ids: Integers, areas_px: Integers) -> None:
    if np.count_nonzero(areas_px) != len(ids):
        listed = ", ".join(str(one) for one in ids[areas_px == 0])
        raise ValueError(f"{where}: objects without pixels: {listed}")


class _Runs(NamedTuple):
    """Stretches of a row on which neither of two label maps changes."""

    row: Integers
    column: Integers
    length: Integers


def _from_label_maps(
    reference: ObjectSet, prediction: ObjectSet
) -> tuple[_Measured, _Measured, _Pairs]:
    runs, labels = _runs(reference, prediction)
    rows, columns = _positions_of(reference, labels[0]), _positions_of(prediction, labels[1])
    measured = (
        _measured_runs(runs, rows, len(reference)),
        _measured_runs(runs, columns, len(prediction)),
    )
    inside = np.flatnonzero((rows > 0) & (columns > 0))
    cell = (rows[inside] - 1) * max(1, len(prediction)) + columns[inside] - 1
    cells, shared = _summed(cell, runs.length[inside], len(reference) * len(prediction))
    place = np.divmod(cells, max(1, len(prediction)))
    return *measured, _Pairs(_integers(place[0]), _integers(place[1]), shared)


def _runs(reference: ObjectSet, prediction: ObjectSet) -> tuple[_Runs, list[NDArray[Any]]]:
    """Return the runs of two label maps of one shape, and the ids of each map on them."""
    maps = [np.asarray(one.label_map) for one in (reference, prediction)]
    changes = np.ones(maps[0].shape, bool)
    if maps[0].size:
        changes[:, 1:] = maps[0][:, 1:] != maps[0][:, :-1]
        changes[:, 1:] |= maps[1][:, 1:] != maps[1][:, :-1]
    start = np.flatnonzero(changes)
    row, column = np.divmod(start, max(1, maps[0].shape[1]))
    length = np.diff(np.append(start, maps[0].size))
    return _Runs(row, column, length), [one.ravel()[start] for one in maps]


def _measured_runs(runs: _Runs, positions: NDArray[np.intp], count: int) -> _Measured:
    areas = np.bincount(positions, weights=runs.length, minlength=count + 1)  # exact below 2^53
    least = np.full((2, count + 1), np.iinfo(np.int64).max)
    most = np.zeros((2, count + 1), np.int64)
    for axis, (first, stop) in enumerate(
        ((runs.column, runs.column + runs.length), (runs.row, runs.row + 1))
    ):
        np.minimum.at(least[axis], positions, first)
        np.maximum.at(most[axis], positions, stop)
    least[:, areas == 0] = 0
    boxes = np.stack([*least, *(most - least)], axis=1)
    return _Measured(_integers(areas[1:]), boxes[1:])


def _summed(cells: Integers, lengths: Integers, count: int) -> tuple[Integers, Integers]:
    """Return the cells that occur, rising, and the sum of the lengths of each."""
    if count <= _DENSE_CELLS:
        sums = np.bincount(cells, weights=lengths, minlength=1)
        found = np.flatnonzero(sums)
        return found, _integers(sums[found])
    found, place = np.unique(cells, return_inverse=True)
    return found, _integers(np.bincount(place, weights=lengths, minlength=len(found)))


def _positions(objects: ObjectSet) -> NDArray[np.intp]:
    """Return for each pixel 0, or 1 + the position of its object in the list of ids."""
    if objects.label_map is None:
        return np.zeros(objects.shape, np.intp)
    return _positions_of(objects, objects.label_map.ravel()).reshape(objects.shape)


def _positions_of(objects: ObjectSet, labels: NDArray[Any]) -> NDArray[np.intp]:
    """Return for each label 0, or 1 + the position of its object in the list of ids."""
    if not labels.size:
        return np.zeros(0, np.intp)
    least, largest = int(labels.min()), int(labels.max())
    if least < 0:
        raise ValueError(f"a label map holds the negative id {least}")
    found: NDArray[Any] = np.arange(largest + 1) if largest < _DENSE_CELLS else np.zeros(0)
    flat: NDArray[Any] = labels
    if not len(found):  # ids too large for a look-up by id
        found, flat = np.unique(labels, return_inverse=True)
    listed = np.searchsorted(objects.ids, found)
    listed_ids = np.append(objects.ids, -1)[listed]
    lookup = np.where(listed_ids == found, listed + 1, -1)
    lookup[found == 0] = 0
    positions: NDArray[np.intp] = lookup[flat]
    if positions.min() < 0:
        unknown = np.unique(labels[positions < 0])
        named = ", ".join(str(one) for one in unknown[:10])
        raise ValueError(f"a label map holds ids that are not listed as objects: {named}")
    return positions


def _from_masks(reference: ObjectSet, prediction: ObjectSet) -> tuple[_Measured, _Measured, _Pairs]:
    """Measure and pair in one call of the library, which decodes each mask anew in every call.

    A mask of the whole image stands last on either side: as the share of that mask or of that
    image, each area comes out of the same table as the intersections. Exact below 2^32 pixels.
    """
    references, predictions = _masks(reference), _masks(prediction)
    count, (rows, columns) = len(references), reference.shape
    if not rows * columns:  # the library divides by the number of rows
        pairs = _Pairs(*np.zeros((3, 0), np.int64))
        return _nothing(references), _nothing(predictions), pairs
    whole = _whole_image(rows, columns)
    share = coco_mask.iou([*predictions, whole], [*references, whole], [1] * count + [0])
    reference_px = np.rint(share[-1, :-1] * (rows * columns)).astype(np.int64)
    prediction_px = np.rint(share[:-1, -1] * (rows * columns)).astype(np.int64)
    boxes = coco_mask.toBbox([*references, *predictions, whole]).astype(np.int64)
    by_reference = share[:-1, :-1].T
    row, column = np.nonzero(by_reference)
    shared = np.rint(by_reference[row, column] * prediction_px[column]).astype(np.int64)
    return (
        _Measured(reference_px, boxes[:count]),
        _Measured(prediction_px, boxes[count:-1]),
        _Pairs(row, column, shared),
    )


def _nothing(masks: list[Rle]) -> _Measured:
    return _Measured(np.zeros(len(masks), np.int64), np.zeros((len(masks), 4), np.int64))


@lru_cache(maxsize=64)
def _whole_image(rows: int, columns: int) -> Rle:
    runs = {"size": [rows, columns], "counts": [0, rows * columns]}
    mask: Rle = coco_mask.frPyObjects(runs, rows, columns)
    return mask


def _masks(objects: ObjectSet) -> list[Rle]:
    if objects.masks is not None:
        return list(objects.masks)
    positions = _positions(objects)
    numbers = np.arange(1, len(objects) + 1)
    masks: list[Rle] = []
    for start in range(0, len(numbers), 32):
        some = positions[:, :, None] == numbers[start : start + 32]
        masks.extend(coco_mask.encode(np.asfortranarray(some, dtype=np.uint8)))
    return masks
