"""The table of a panoptic case: its segments with the pixels they share, and its classes.

One pass over the two maps gives the overlaps of all segments, void taken for one more of the
reference; the confusion of classes is a sum of those overlaps. Both are kept: the confusion
holds what segments do not, background and void, and each can be counted again from the other.

What is not evaluated is in no area and no overlap, so that the IoU of a pair leaves void out
(panopticapi, ``evaluation.py``); how much of a predicted segment lies in it is kept beside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np

from validation.evidence.overlap import ConfusionTable, Flags, Integers, OverlapTable, overlap_table
from validation.testset.annotations import ClassMap, ObjectSet, PanopticMap

_VOID = 1 << 16
"""Id of void among the segments of a reference: above all values of 16 bits."""


@dataclass(frozen=True)
class PanopticTable:
    """The segments and classes of one case."""

    classes: ConfusionTable
    segments: OverlapTable
    """Of things and stuff; areas of predictions are evaluated pixels."""

    @property
    def case_id(self) -> str:
        """Id of the case."""
        return self.classes.case_id

    def to_dict(self) -> dict[str, Any]:
        """Return the table as a JSON object."""
        return {"classes": self.classes.to_dict(), "segments": self.segments.to_dict()}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Return the table that `to_dict` made `value` of."""
        return cls(
            ConfusionTable.from_dict(value["classes"]), OverlapTable.from_dict(value["segments"])
        )


def panoptic_table(
    case_id: str, reference: PanopticMap, prediction: PanopticMap, class_count: int
) -> PanopticTable:
    """Return the segments of a case, the pixels that they share, and the confusion of classes.

    Args:
        case_id: Id of the case.
        reference: The reference standard; its ignored pixels are void.
        prediction: The model's map, of the same shape, with no pixel left out.
        class_count: Classes of the protocol, background not counted.

    Raises:
        ValueError: The maps differ in shape, or the prediction leaves pixels out.
    """
    if prediction.classes.ignored is not None:
        raise ValueError(f"case {case_id}: a prediction cannot leave pixels out of the evaluation")
    whole = overlap_table(case_id, _with_void(reference), prediction.segments)
    ignored_px = int(whole.reference_areas_px[whole.reference_ids == _VOID].sum())
    segments = _without_void(whole)
    evaluated_px = reference.classes.classes.size - ignored_px
    counts = class_counts(segments, class_count, evaluated_px)
    return PanopticTable(ConfusionTable(case_id, counts, ignored_px), segments)


def panoptic_table_without_prediction(
    case_id: str, reference: PanopticMap, class_count: int
) -> PanopticTable:
    """Return the table of a case for which the model gave nothing: background everywhere."""
    none, shape = np.zeros(0, np.int64), reference.shape
    nothing = PanopticMap(
        ClassMap(np.zeros(shape, np.uint8)),
        ObjectSet(shape, none, none, label_map=np.zeros(shape, np.int32)),
    )
    return panoptic_table(case_id, reference, nothing, class_count)


def class_counts(segments: OverlapTable, class_count: int, evaluated_px: int) -> Integers:
    """Return the confusion of classes that follows from segments.

    Args:
        segments: The segments of a case; those of one map do not overlap.
        class_count: Classes of the protocol, background not counted: k.
        evaluated_px: Evaluated pixels of the case.

    Returns:
        Pixels by [reference class, predicted class], index 0 the background; shape
        (k + 1, k + 1).
    """
    counts = np.zeros((class_count + 1, class_count + 1), np.int64)
    of_reference, of_prediction = segments.reference_classes, segments.prediction_classes
    place = of_reference[segments.pair_reference], of_prediction[segments.pair_prediction]
    np.add.at(counts, place, segments.pair_intersection_px)
    np.add.at(counts[:, 0], of_reference, segments.reference_areas_px)
    np.add.at(counts[0], of_prediction, segments.prediction_areas_px)
    counts[1:, 0] -= counts[1:, 1:].sum(axis=1)
    counts[0, 1:] -= counts[1:, 1:].sum(axis=0)
    counts[0, 0] = evaluated_px - counts.sum()
    return counts


def require_agreement(table: PanopticTable) -> None:
    """Refuse a table whose classes do not follow from its segments.

    Raises:
        ValueError: They do not, or more of the predictions lies in void than there is void.
    """
    counts, void_px = table.classes.counts, table.segments.prediction_void_px
    derived = class_counts(table.segments, len(counts) - 1, int(counts.sum()))
    if (derived != counts).any() or (counts < 0).any():
        raise ValueError(f"case {table.case_id}: the classes do not follow from the segments")
    if void_px is None or void_px.sum() > table.classes.ignored_px:
        raise ValueError(f"case {table.case_id}: more is predicted in void than there is void")


def of_classes(table: OverlapTable, wanted: Flags) -> OverlapTable:
    """Return the segments of some classes, and the pairs of two of them.

    Args:
        table: Segments of a case.
        wanted: Whether each class is kept, shape (classes,).
    """
    reference = _Kept.of(wanted[table.reference_classes - 1])
    prediction = _Kept.of(wanted[table.prediction_classes - 1])
    pairs = reference.flags[table.pair_reference] & prediction.flags[table.pair_prediction]
    scores, void_px = table.prediction_scores, table.prediction_void_px
    return OverlapTable(
        case_id=table.case_id,
        reference_ids=table.reference_ids[reference.flags],
        reference_classes=table.reference_classes[reference.flags],
        reference_areas_px=table.reference_areas_px[reference.flags],
        reference_boxes=table.reference_boxes[reference.flags],
        reference_ignored=table.reference_ignored[reference.flags],
        prediction_ids=table.prediction_ids[prediction.flags],
        prediction_classes=table.prediction_classes[prediction.flags],
        prediction_scores=None if scores is None else scores[prediction.flags],
        prediction_areas_px=table.prediction_areas_px[prediction.flags],
        prediction_boxes=table.prediction_boxes[prediction.flags],
        pair_reference=reference.position[table.pair_reference[pairs]],
        pair_prediction=prediction.position[table.pair_prediction[pairs]],
        pair_intersection_px=table.pair_intersection_px[pairs],
        prediction_void_px=None if void_px is None else void_px[prediction.flags],
    )


class _Kept(NamedTuple):
    flags: Flags
    position: Integers
    """Position of each object among those that are kept."""

    @classmethod
    def of(cls, flags: Flags) -> Self:
        return cls(flags, np.cumsum(flags) - 1)


def _with_void(reference: PanopticMap) -> ObjectSet:
    """Return the segments of a reference, and void as the last of them where there is any."""
    segments, is_void = reference.segments, reference.classes.ignored
    if is_void is None or not is_void.any() or segments.label_map is None:
        return segments
    ignored = segments.ignored
    return replace(
        segments,
        ids=np.append(segments.ids, _VOID),
        classes=np.append(segments.classes, 1),
        ignored=None if ignored is None else np.append(ignored, False),
        label_map=np.where(is_void, np.int32(_VOID), segments.label_map),
    )


def _without_void(whole: OverlapTable) -> OverlapTable:
    """Return the segments, with what lies in void taken out of the areas of predictions."""
    is_void = whole.reference_ids == _VOID
    in_void = is_void[whole.pair_reference]
    void_px = np.zeros(len(whole.prediction_ids), np.int64)
    void_px[whole.pair_prediction[in_void]] = whole.pair_intersection_px[in_void]
    # Void is the last of the reference, so that no position changes.
    return replace(
        whole,
        reference_ids=whole.reference_ids[~is_void],
        reference_classes=whole.reference_classes[~is_void],
        reference_areas_px=whole.reference_areas_px[~is_void],
        reference_boxes=whole.reference_boxes[~is_void],
        reference_ignored=whole.reference_ignored[~is_void],
        prediction_areas_px=whole.prediction_areas_px - void_px,
        pair_reference=whole.pair_reference[~in_void],
        pair_prediction=whole.pair_prediction[~in_void],
        pair_intersection_px=whole.pair_intersection_px[~in_void],
        prediction_void_px=void_px,
    )
