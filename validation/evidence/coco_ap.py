"""Average precision: COCO's own evaluation on our tables, and its exact re-weighting.

An oracle for tests: a run takes its figures from `validation.evidence.coco_statistics`, which
is held against this and against plain COCOeval (docs/adr/0010-own-ap-engine.md).

The value comes from ``pycocotools.COCOeval``, whose numbers the field compares, fed with the
IoU of our tables instead of masks. The record of which detections it found true gives the
bootstrap: a case drawn w times counts w times in the cumulated true and false detections, and
the rest of COCO's computation (precision envelope, 101 recall levels) follows unchanged. With
weights of one this is the value itself, to the last bit.

Lin et al., "Microsoft COCO: common objects in context", 2014; evaluation code of cocoapi.

Order of equal scores, which decides: by case id, then by object id.
"""

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pycocotools.cocoeval import COCOeval

from validation.evidence.matching import ClassObjects, class_objects
from validation.evidence.overlap import OverlapTable

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

IOU_THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10)
"""COCO's ten thresholds, .50 to .95, bit for bit (a range with steps would miss some)."""
AT_THRESHOLDS = {0.5: 0, 0.75: 5}
"""Thresholds reported on their own, and their position among the ten."""
RECALL_LEVELS: Floats = np.linspace(0.0, 1.0, 101)

_EVERY_AREA = [0, int(1e5**2)]  # COCO's area range "all"
_CELLS_AT_ONCE = 1 << 21


class Detections(NamedTuple):
    """What COCOeval found, in the order of falling score."""

    case: Integers
    """Index of the case of each detection, shape (detections,)."""
    is_true: Flags
    """True where the detection is paired, shape (thresholds, detections)."""
    is_false: Flags
    """True where it is neither paired nor absorbed by an ignored region."""
    reference_count: Integers
    """Reference objects that are to be found, by case."""


@dataclass(frozen=True)
class CocoResult:
    """The evaluation of one class."""

    precision: Floats
    """Interpolated precision, shape (10 thresholds, 101 recall levels); -1 throughout where
    there is no reference object."""
    detections: Detections

    @property
    def reference_count(self) -> int:
        """Reference objects that are to be found."""
        return int(self.detections.reference_count.sum())

    def average_precision(self) -> float | None:
        """Return AP at IoU .50 to .95; None where there is no reference object."""
        return _mean(self.precision)

    def average_precision_at(self, iou: float) -> float | None:
        """Return AP at one IoU threshold; None where there is no reference object."""
        return _mean(self.precision[AT_THRESHOLDS[iou]])


class ImageResult(NamedTuple):
    """What COCOeval found in one image for one class."""

    found: dict[str, Any] | None
    """Its own record; None where the image has neither reference nor prediction."""
    reference_count: int
    """Reference objects that are to be found."""
    maximum_detections: int


class _TableEval(COCOeval):  # type: ignore[misc]  # pycocotools has no types
    """COCOeval for one class, whose objects and IoU come from tables."""

    def __init__(self, objects: Sequence[ClassObjects | None], maximum_detections: int) -> None:
        super().__init__(iouType="segm")
        self._objects = objects
        self.params.imgIds = list(range(1, len(objects) + 1))
        self.params.catIds = [1]
        self.params.iouThrs = IOU_THRESHOLDS
        self.params.recThrs = RECALL_LEVELS
        self.params.maxDets = [maximum_detections]
        self.params.areaRng = [_EVERY_AREA]
        self.params.areaRngLbl = ["all"]

    def _prepare(self) -> None:
        self._gts.clear()
        self._dts.clear()
        for image, one in enumerate(self._objects, start=1):
            self._gts[image, 1] = [] if one is None else list(_references(one))
            self._dts[image, 1] = [] if one is None else list(_predictions(one))
        self.evalImgs: list[Any] = []
        self.eval: dict[str, Any] = {}

    def take(self, images: list[Any]) -> None:
        """Take results of images, evaluated before, as its own."""
        self.evalImgs = images
        self._paramsEval = self.params

    def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: ANN401, ARG002, N802, N803
        """Return IoU, shape (detections by falling score, references), or []."""
        one = self._objects[imgId - 1]
        if one is None or not len(one.references) or not len(one.predictions):
            return []
        return one.iou[: self.params.maxDets[-1]]


def evaluate_images(
    tables: Sequence[OverlapTable], class_index: int, maximum_detections: int
) -> list[ImageResult]:
    """Return what COCOeval finds in each image for one class.

    Args:
        tables: Overlaps of the cases, ordered by case id; every prediction has a score.
        class_index: Index of the class, 1 for the first of the protocol.
        maximum_detections: Detections looked at in each image, those with the highest score.

    Raises:
        ValueError: A prediction has no score.
    """
    if not tables:
        return []
    objects = [class_objects(table, class_index) for table in tables]
    evaluation = _TableEval(objects, maximum_detections)
    with contextlib.redirect_stdout(io.StringIO()):  # it reports its progress by print
        evaluation.evaluate()
    return [
        ImageResult(found, int((~one.is_ignored).sum()), maximum_detections)
        for found, one in zip(evaluation.evalImgs, objects, strict=True)
    ]


def accumulate(images: Sequence[ImageResult]) -> CocoResult:
    """Return COCO's evaluation of some images, in the order that decides between equal scores.

    Args:
        images: Some or all of what `evaluate_images` returned, in its order.
    """
    precision = -np.ones((len(IOU_THRESHOLDS), len(RECALL_LEVELS)))
    if images:
        evaluation = _TableEval([None] * len(images), images[0].maximum_detections)
        evaluation.take([image.found for image in images])
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation.accumulate()
        precision = np.ascontiguousarray(evaluation.eval["precision"][:, :, 0, 0, 0])
    return CocoResult(precision, _detections(images))


def replicates(detections: Detections, weights: Integers, cluster_of_case: Integers) -> Floats:
    """Return AP .50:.95, AP .50 and AP .75 for each re-weighting of the clusters.

    Args:
        detections: What COCOeval found.
        weights: How often each cluster was drawn, shape (replicates, clusters).
        cluster_of_case: Index of the cluster of each case.

    Returns:
        Shape (replicates, 3); NaN, for this computation only, where no reference object
        was drawn.
    """
    at_once = max(1, _CELLS_AT_ONCE // max(1, len(detections.case), detections.is_true.shape[0]))
    blocks = [
        _block(detections, weights[start : start + at_once, cluster_of_case])
        for start in range(0, len(weights), at_once)
    ]
    return np.concatenate([np.zeros((0, 3)), *blocks])


def _references(objects: ClassObjects) -> Iterator[dict[str, Any]]:
    areas = objects.reference_areas_px.tolist()
    for number, is_ignored in enumerate(objects.is_ignored.tolist()):
        yield {  # ids from 1: COCOeval takes id 0 for "not matched"
            "id": number + 1,
            "area": areas[number],
            "iscrowd": int(is_ignored),
            "ignore": int(is_ignored),
        }


def _predictions(objects: ClassObjects) -> Iterator[dict[str, Any]]:
    scores, positions = objects.table.prediction_scores, objects.predictions
    if scores is None:
        raise ValueError("average precision needs predictions with scores")
    rows = zip(scores[positions].tolist(), objects.prediction_areas_px.tolist(), strict=True)
    for number, (score, area) in enumerate(rows, start=1):
        yield {"id": number, "area": area, "score": score}


def _detections(images: Sequence[ImageResult]) -> Detections:
    evaluated = [
        (case, image.found) for case, image in enumerate(images) if image.found is not None
    ]
    none = np.zeros((len(IOU_THRESHOLDS), 0), bool)
    scores = np.concatenate([np.zeros(0), *(found["dtScores"] for _, found in evaluated)])
    falling = np.argsort(-scores, kind="stable")
    cases = [np.full(len(found["dtScores"]), case) for case, found in evaluated]
    paired = [found["dtMatches"] > 0 for _, found in evaluated]
    ignored = [found["dtIgnore"].astype(bool) for _, found in evaluated]
    is_paired = np.concatenate([none, *paired], axis=1)[:, falling]
    is_ignored = np.concatenate([none, *ignored], axis=1)[:, falling]
    return Detections(
        case=np.concatenate([np.zeros(0, np.int64), *cases])[falling],
        is_true=is_paired & ~is_ignored,
        is_false=~is_paired & ~is_ignored,
        reference_count=np.array([image.reference_count for image in images], np.int64),
    )


def _mean(precision: Floats) -> float | None:
    defined = precision[precision > -1]
    return float(np.mean(defined)) if len(defined) else None


def _block(detections: Detections, weight_of_case: Integers) -> Floats:
    drawn = (weight_of_case * detections.reference_count).sum(axis=1)
    weight = weight_of_case[:, detections.case].astype(np.float64)  # whole numbers: exact
    precision = np.empty((len(weight), len(IOU_THRESHOLDS), len(RECALL_LEVELS)))
    counted_before: dict[bytes, Floats] = {}
    for threshold in range(len(IOU_THRESHOLDS)):
        is_true = detections.is_true[threshold]
        is_counted = is_true | detections.is_false[threshold]
        key = is_counted.tobytes()
        if key not in counted_before:
            counted_before[key] = np.cumsum(weight * is_counted, axis=1)
        precision[:, threshold] = _precision_at_levels(
            np.cumsum(weight[:, is_true], axis=1),
            counted_before[key][:, is_true],
            np.maximum(drawn, 1),
        )
    averages = np.column_stack(
        [
            precision.reshape(len(weight), -1).mean(axis=1),
            *(precision[:, row].mean(axis=1) for row in AT_THRESHOLDS.values()),
        ]
    )
    averages[drawn == 0] = np.nan
    return averages


def _precision_at_levels(true: Floats, counted: Floats, reference_count: Integers) -> Floats:
    """Return the interpolated precision at each recall level, 0 where it is not reached.

    Only true detections are looked at: recall rises nowhere else, and a false detection never
    has a higher precision than the true one before it, so the envelope is the same.

    Args:
        true: Weight of true detections up to and with each true one, shape (replicates, true).
        counted: Weight of true and false detections up to and with each true one.
        reference_count: Weight of the reference objects, by replicate, at least 1.
    """
    recall = true / reference_count[:, None]
    precision = true / (counted + np.spacing(1))
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    padded = np.concatenate([envelope, np.zeros((len(envelope), 1))], axis=1)
    reached = [np.searchsorted(row, RECALL_LEVELS, side="left") for row in recall]
    levels = np.array(reached, np.int64).reshape(len(recall), len(RECALL_LEVELS))
    return np.take_along_axis(padded, levels, axis=1)
