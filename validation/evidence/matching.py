"""Which predicted object stands for which reference object.

Both rules pair objects of one class in one case, never across classes. A pair needs an
IoU, |R∩P| / (|R| + |P| - |R∩P|), at or above the threshold. Reference regions marked as
ignored (COCO's crowds) are neither to be found nor to be penalised: a prediction left without
a partner is *absorbed* by such a region when |R∩P| / |P| reaches the threshold, any number of
them.

Order and ties, recorded because they can decide (they are those of COCOeval where it reads
objects in the order of their ids):

- Greedy by score: predictions choose in the order of falling score, equal scores by rising
  id. Each takes the free reference object with the largest IoU; of equal ones that with the
  largest id. Without scores the order is that of the ids.
- Optimal: most pairs, then the largest sum of IoU (differences below 1e-9 are not told
  apart); between equal solutions SciPy's assignment on objects in the order of ids decides,
  always alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import scipy

from validation.evidence.overlap import Flags, Floats, Integers, OverlapTable

Algorithm = Literal["greedy_by_score", "optimal"]

COCO_SLACK = 1e-10
"""COCOeval: the threshold is min(t, 1 - 1e-10)."""


@dataclass(frozen=True)
class ClassObjects:
    """The objects of one class in one case, and their IoU.

    `references` and `predictions` are positions in the table; `predictions` are in the order
    of falling score, then id. Rows and columns of the arrays are numbered alike.
    """

    table: OverlapTable
    references: Integers
    predictions: Integers
    intersection_px: Integers
    """Shared pixels, shape (predictions, references)."""

    @cached_property
    def is_ignored(self) -> Flags:
        """True for ignored regions among `references`."""
        return self.table.reference_ignored[self.references]

    @cached_property
    def reference_areas_px(self) -> Integers:
        """Area of each of `references`."""
        return self.table.reference_areas_px[self.references]

    @cached_property
    def prediction_areas_px(self) -> Integers:
        """Area of each of `predictions`."""
        return self.table.prediction_areas_px[self.predictions]

    @cached_property
    def iou(self) -> Floats:
        """IoU of each pair, and |R∩P| / |P| in the columns of ignored regions."""
        areas = self.prediction_areas_px[:, None]
        union = areas + self.reference_areas_px - self.intersection_px
        iou: Floats = self.intersection_px / np.where(self.is_ignored, areas, union)
        return iou

    def at_operating_point(self, score_threshold: float) -> "ClassObjects":
        """Return the same without the predictions that score below the threshold.

        Predictions without scores are all kept.
        """
        scores = self.table.prediction_scores
        if scores is None:
            return self
        kept = scores[self.predictions] >= score_threshold
        return ClassObjects(
            self.table, self.references, self.predictions[kept], self.intersection_px[kept]
        )


@dataclass(frozen=True)
class Pairing:
    """Who is paired with whom; positions are those of `ClassObjects`."""

    partner: Mapping[int, int]
    """Prediction by reference object."""
    absorbed: frozenset[int]
    """Predictions absorbed by an ignored region."""


def class_objects(table: OverlapTable, class_index: int) -> ClassObjects:
    """Return the objects of one class in a case, predictions by falling score, then id."""
    references = np.flatnonzero(table.reference_classes == class_index)
    predictions = np.flatnonzero(table.prediction_classes == class_index)
    if table.prediction_scores is not None:
        falling = np.argsort(-table.prediction_scores[predictions], kind="stable")
        predictions = predictions[falling]
    return ClassObjects(
        table, references, predictions, _intersections(table, references, predictions)
    )


def match(objects: ClassObjects, iou_threshold: float, algorithm: Algorithm) -> Pairing:
    """Return which predictions stand for which reference objects.

    Args:
        objects: Objects of one class in one case, at the operating point.
        iou_threshold: Least IoU of a pair, in (0, 1).
        algorithm: The rule; see the head of this module.
    """
    eligible = objects.iou >= min(iou_threshold, 1 - COCO_SLACK)
    regular = eligible & ~objects.is_ignored
    if algorithm == "greedy_by_score":
        partner = _greedy(objects.iou, regular)
    else:
        partner = optimal_pairs(objects.iou, regular)
    paired = set(partner.values())
    near_ignored = np.flatnonzero((eligible & objects.is_ignored).any(axis=1)).tolist()
    return Pairing(partner, frozenset(near_ignored) - paired)


def _intersections(table: OverlapTable, references: Integers, predictions: Integers) -> Integers:
    row = np.full(len(table.prediction_ids), -1)
    row[predictions] = np.arange(len(predictions))
    column = np.full(len(table.reference_ids), -1)
    column[references] = np.arange(len(references))
    rows, columns = row[table.pair_prediction], column[table.pair_reference]
    inside = (rows >= 0) & (columns >= 0)
    shared = np.zeros((len(predictions), len(references)), np.int64)
    shared[rows[inside], columns[inside]] = table.pair_intersection_px[inside]
    return shared


def _greedy(iou: Floats, eligible: Flags) -> dict[int, int]:
    partner: dict[int, int] = {}
    for prediction in np.flatnonzero(eligible.any(axis=1)).tolist():
        free = [
            (float(iou[prediction, reference]), reference)
            for reference in np.flatnonzero(eligible[prediction]).tolist()
            if reference not in partner
        ]
        if free:
            _, best = max(free)  # of equal IoU the later reference, as in COCOeval
            partner[best] = prediction
    return partner


def optimal_pairs(iou: Floats, eligible: Flags) -> dict[int, int]:
    """Return the prediction (row) by reference object (column) of the optimal pairing."""
    rows = np.flatnonzero(eligible.any(axis=1))
    columns = np.flatnonzero(eligible.any(axis=0))
    if not len(rows):
        return {}
    near = np.ix_(rows, columns)
    # One pair more outweighs every sum of IoU, which is at most the number of pairs.
    one_more_pair = min(len(rows), len(columns)) + 1
    gain = np.where(eligible[near], one_more_pair + iou[near], 0.0)
    chosen = zip(*scipy.optimize.linear_sum_assignment(gain, maximize=True), strict=True)
    pairs = [(int(rows[row]), int(columns[column])) for row, column in chosen]
    found = {column: row for row, column in pairs if eligible[row, column]}
    return dict(sorted(found.items()))
