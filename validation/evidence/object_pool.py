"""The objects of all cases side by side: what makes evidence on many cases fast.

An `OverlapTable` is the record of one case; a pool is the same tables joined, so that every
figure is arithmetic on a few long arrays instead of a loop over cases and classes. Nothing is
added and nothing is lost: objects keep the order of cases, and within a case that of ids.
Only pairs of objects of one class are in `pairs`; those of two classes are in `across`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from validation.evidence.overlap import Flags, Floats, Integers, OverlapTable


class Objects(NamedTuple):
    """The reference objects, or the predicted ones, of all cases."""

    case: Integers
    """Position of the object's case."""
    class_index: Integers
    """Index of the class, 0 for the first of the protocol."""
    ids: Integers
    areas_px: Integers
    boxes: Integers
    first: Integers
    """Position of the first object of each case, and the number of objects at the end."""


class Pairs(NamedTuple):
    """Objects that share pixels; positions are those in the pool."""

    reference: Integers
    prediction: Integers
    shared_px: Integers


@dataclass(frozen=True)
class ObjectPool:
    """The objects of some cases and the pixels that they share."""

    tables: tuple[OverlapTable, ...]
    class_count: int
    references: Objects
    predictions: Objects
    is_ignored: Flags
    """True for reference regions that are neither to be found nor to be penalised."""
    scores: Floats
    """Confidences; NaN where a case has predictions without scores."""
    pairs: Pairs
    """Pairs of one class."""
    across: Pairs
    """Pairs of two classes."""
    void_px: Integers | None = None
    """Pixels of each prediction that are not evaluated, beside those of its area (panoptic)."""

    @property
    def case_count(self) -> int:
        """Number of cases."""
        return len(self.tables)

    @property
    def has_scores(self) -> bool:
        """True where every prediction has a score."""
        return all(table.prediction_scores is not None for table in self.tables)

    @cached_property
    def rank(self) -> Integers:
        """Place of each prediction in its class and case by falling score, then id; from 0."""
        group = self.group_of_prediction
        order = np.lexsort((-self.scores, group))
        return place_in_run(group[order])[_inverse(order)]

    @cached_property
    def is_excused(self) -> Flags:
        """Predictions that are no false positives when they have no partner (panoptic).

        More than half of their pixels lie where nothing is evaluated, or in an ignored region of
        their class (panopticapi, ``evaluation.py``). None where the tables have no void.
        """
        if self.void_px is None:
            return np.zeros(len(self.scores), bool)
        in_region = self.is_ignored[self.pairs.reference]
        excused_px = self.void_px + np.bincount(
            self.pairs.prediction[in_region],
            weights=self.pairs.shared_px[in_region],  # exact below 2^53
            minlength=len(self.scores),
        ).astype(np.int64)
        is_excused: Flags = 2 * excused_px > self.predictions.areas_px + self.void_px
        return is_excused

    @cached_property
    def group_of_reference(self) -> Integers:
        """Case times classes plus class, of each reference object."""
        return self.references.case * self.class_count + self.references.class_index

    @cached_property
    def group_of_prediction(self) -> Integers:
        """Case times classes plus class, of each predicted object."""
        return self.predictions.case * self.class_count + self.predictions.class_index

    @cached_property
    def iou(self) -> Floats:
        """IoU of each of `pairs`; |R∩P| / |P| where R is an ignored region."""
        return self.overlap(self.pairs)

    def overlap(self, pairs: Pairs) -> Floats:
        """Return the IoU of pairs; |R∩P| / |P| where R is an ignored region."""
        area = self.predictions.areas_px[pairs.prediction]
        union = area + self.references.areas_px[pairs.reference] - pairs.shared_px
        iou: Floats = pairs.shared_px / np.where(self.is_ignored[pairs.reference], area, union)
        return iou

    def by_case_and_class(self, groups: Integers) -> Integers:
        """Return how many of some groups there are, shape (cases, classes).

        The numbers of one class lie side by side: figures go class by class.
        """
        case, class_index = np.divmod(groups, self.class_count)
        cells = class_index * self.case_count + case
        counts = np.bincount(cells, minlength=self.class_count * self.case_count)
        return counts.reshape(self.class_count, self.case_count).T.astype(np.int64, copy=False)


def object_pool(tables: Sequence[OverlapTable], class_count: int) -> ObjectPool:
    """Return the objects of some cases side by side.

    Args:
        tables: Overlaps of the cases, in the order that decides between equal scores.
        class_count: Classes of the protocol.
    """
    references = _objects(tables, "reference")
    predictions = _objects(tables, "prediction")
    scores = [
        np.full(len(table.prediction_ids), np.nan)
        if table.prediction_scores is None
        else table.prediction_scores
        for table in tables
    ]
    shift = [np.array([len(table.pair_reference) for table in tables], np.int64)]
    every = Pairs(
        _joined([one.pair_reference for one in tables])
        + np.repeat(references.first[:-1], shift[0]),
        _joined([one.pair_prediction for one in tables])
        + np.repeat(predictions.first[:-1], shift[0]),
        _joined([one.pair_intersection_px for one in tables]),
    )
    void = [one.prediction_void_px for one in tables if one.prediction_void_px is not None]
    alike = references.class_index[every.reference] == predictions.class_index[every.prediction]
    return ObjectPool(
        tables=tuple(tables),
        class_count=class_count,
        references=references,
        predictions=predictions,
        is_ignored=np.concatenate([np.zeros(0, bool), *(one.reference_ignored for one in tables)]),
        scores=np.concatenate([np.zeros(0), *scores]),
        pairs=Pairs(*(part[alike] for part in every)),
        across=Pairs(*(part[~alike] for part in every)),
        void_px=_joined(void) if len(void) == len(tables) else None,
    )


def _objects(tables: Sequence[OverlapTable], side: str) -> Objects:
    ids = [getattr(table, f"{side}_ids") for table in tables]
    counts = np.array([len(one) for one in ids], np.int64)
    boxes = [getattr(table, f"{side}_boxes") for table in tables]
    return Objects(
        case=np.repeat(np.arange(len(tables)), counts),
        class_index=_joined([getattr(table, f"{side}_classes") for table in tables]) - 1,
        ids=_joined(ids),
        areas_px=_joined([getattr(table, f"{side}_areas_px") for table in tables]),
        boxes=np.concatenate([np.zeros((0, 4), np.int64), *boxes]),
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )


def _joined(parts: Sequence[Integers]) -> Integers:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _inverse(order: Integers) -> Integers:
    inverse = np.empty(len(order), np.int64)
    inverse[order] = np.arange(len(order))
    return inverse


def place_in_run(values: Integers) -> Integers:
    """Return the place of each value in its run of equal values.

    >>> place_in_run(np.array([4, 4, 7, 7, 7])).tolist()
    [0, 1, 0, 1, 2]
    """
    count = len(values)
    if not count:
        return np.zeros(0, np.int64)
    is_first = np.concatenate([[True], values[1:] != values[:-1]])
    starts = np.flatnonzero(is_first)
    return np.arange(count) - np.repeat(starts, np.diff(np.append(starts, count)))
