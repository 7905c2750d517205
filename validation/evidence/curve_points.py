"""The curves behind average precision and free-response sensitivity, point by point.

As ``curves.csv`` of a record, over all cases, where predictions have scores:

- ``precision_recall``: for each class and COCO's ten IoU thresholds the interpolated precision
  at its 101 recall levels. Their mean is ``average_precision_at``; one class without a reference
  object has no rows.
- ``free_response``: for each class and IoU threshold of the protocol the corners of the curve,
  by falling score threshold: of all thresholds that admit the same false positives the lowest.
  The largest recall with no more false positives an image than a rate is the sensitivity at it.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from validation.evidence import coco_statistics
from validation.evidence.coco_statistics import RECALL_LEVELS, REPORTED_THRESHOLDS, CocoPairing
from validation.evidence.curves import Curves
from validation.evidence.froc import FreeResponse
from validation.evidence.overlap import Integers
from validation.evidence.rows import Row

PRECISION_RECALL, FREE_RESPONSE = "precision_recall", "free_response"

COLUMNS = (
    "curve",
    "class",
    "iou",
    "score_threshold",
    "true_positives",
    "false_positives",
    "false_positives_per_image",
    "recall",
    "precision",
)


def curve_rows(curves: Curves) -> tuple[Row, ...]:
    """Return the points of all curves; none where predictions have no scores."""
    if curves.coco is None or curves.response is None:
        return ()
    return (
        *_precision_recall(curves.coco, curves.class_names),
        *_free_response(curves.response, curves.class_names),
    )


def _precision_recall(coco: CocoPairing, names: Sequence[str]) -> Iterator[Row]:
    arrays = coco_statistics.coco_arrays(coco)
    levels = [round(one, 2) for one in RECALL_LEVELS.tolist()]
    for number, name in enumerate(names):
        if not arrays.reference_count[number, 0]:
            continue
        for threshold, iou in enumerate(REPORTED_THRESHOLDS):
            heights = arrays.precision[threshold, :, number, 0].tolist()
            for recall, precision in zip(levels, heights, strict=True):
                cells = (PRECISION_RECALL, name, iou, None, None, None, None, recall, precision)
                yield dict(zip(COLUMNS, cells, strict=True))


def _free_response(response: FreeResponse, names: Sequence[str]) -> Iterator[Row]:
    pool = response.pool
    class_index, scores = pool.predictions.class_index[response.order], pool.scores[response.order]
    references = coco_statistics.reference_counts(pool)[:, 0].tolist()
    for number, name in enumerate(names):
        part = class_index == number
        for threshold, iou in enumerate(response.thresholds):
            bit = np.uint64(1 << threshold)
            true = np.cumsum((response.is_true[part] & bit) != 0)
            false = np.cumsum((response.is_false[part] & bit) != 0)
            for place in _corners(scores[part], false) if references[number] else ():
                found, alarms = int(true[place]), int(false[place])
                cells = (
                    FREE_RESPONSE,
                    name,
                    iou,
                    float(scores[part][place]),
                    found,
                    alarms,
                    alarms / pool.case_count,
                    found / references[number],
                    found / (found + alarms) if found + alarms else None,
                )
                yield dict(zip(COLUMNS, cells, strict=True))


def _corners(scores: "np.ndarray[tuple[int], np.dtype[np.float64]]", false: Integers) -> list[int]:
    """Return the last of each number of false positives, among the ends of equal scores.

    Predictions of one score enter together.
    """
    ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], np.ones(min(1, len(scores)), bool)))
    is_last = np.append(false[ends][1:] != false[ends][:-1], np.ones(min(1, len(ends)), bool))
    corners: list[int] = ends[is_last].tolist()
    return corners
