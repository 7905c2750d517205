"""A row for every reference object and for every unmatched prediction.

Columns that need a word:

- `prediction_id`, `iou`, `score`, `prediction_area_px`: the partner of a matched object; of a
  false positive, itself. Empty otherwise, so that no predicted object is in two rows.
- `bbox_x`, `bbox_y`, `bbox_w`, `bbox_h`: box of the reference object, or of the false positive:
  left column, top row, width, height, in pixels.
- `outcome_reason`: why an object was not matched, in words.
- `merged_with`: on a reference object, the other reference objects of its merges; on a false
  positive, the reference objects that it merges.
- `split_into`: the predicted objects that a reference object is split into.
- `merged_by`: the predicted objects that contain this reference object and another.
- `part_of`: the split reference objects that a false positive is a part of.

Ids in one cell are joined by a space. Rows are ordered by case; in a case, reference objects
by id come first, then false positives by id.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from validation.evidence.matching import ClassObjects
from validation.evidence.outcomes import ClassOutcomes
from validation.evidence.overlap import Floats, Integers, OverlapTable
from validation.evidence.rows import Cell, Row

INSTANCE_COLUMNS = (
    "case_id",
    "class",
    "reference_id",
    "prediction_id",
    "outcome",
    "iou",
    "score",
    "reference_area_px",
    "prediction_area_px",
    "bbox_x",
    "bbox_y",
    "bbox_w",
    "bbox_h",
    "subject_id",
    "outcome_reason",
    "merged_with",
    "split_into",
    "merged_by",
    "part_of",
)
_NO_VALUES: Row = dict.fromkeys(INSTANCE_COLUMNS)
_IS_IGNORED = "the reference standard does not evaluate this region"


def instance_rows(
    table: OverlapTable,
    outcomes: Sequence[ClassOutcomes],
    *,
    class_names: Sequence[str],
    subject_id: str | None,
    iou_threshold: float,
    failed: str | None,
) -> list[Row]:
    """Return the rows of one case.

    Args:
        table: Overlaps of the case.
        outcomes: What became of the objects of each class.
        class_names: Names of the classes, in the same order.
        subject_id: Subject of the case.
        iou_threshold: The protocol's IoU threshold.
        failed: Why every object was missed, where the model failed; else None.
    """
    shared: Row = {"case_id": table.case_id, "subject_id": subject_id}
    named = list(zip(class_names, outcomes, strict=True))
    references = [
        {**_NO_VALUES, **shared, "class": name, **_reference_cells(one, column, iou_threshold)}
        for name, one in named
        for column in range(len(one.objects.references))
    ]
    if failed is not None:
        references = [
            {**row, "outcome_reason": failed if row["outcome"] == "missed" else _IS_IGNORED}
            for row in references
        ]
    unmatched = [
        {**_NO_VALUES, **shared, "class": name, **_unmatched_cells(one, row, iou_threshold)}
        for name, one in named
        for row in one.false_positives
    ]
    return [*_by_id(references, "reference_id"), *_by_id(unmatched, "prediction_id")]


def left_out_rows(
    table: OverlapTable, *, class_names: Sequence[str], subject_id: str | None, reason: str
) -> list[Row]:
    """Return the rows of a failed case that is in no figure: every object is ignored."""
    return [
        {
            **_NO_VALUES,
            "case_id": table.case_id,
            "class": class_names[int(table.reference_classes[position]) - 1],
            "subject_id": subject_id,
            **_reference_identity(table, position),
            "outcome": "ignored",
            "outcome_reason": reason,
        }
        for position in range(len(table.reference_ids))
    ]


def _by_id(rows: Iterable[Row], column: str) -> list[Row]:
    return sorted(rows, key=lambda row: int(row[column] or 0))


def _reference_identity(table: OverlapTable, position: int) -> Row:
    return {
        "reference_id": int(table.reference_ids[position]),
        "reference_area_px": int(table.reference_areas_px[position]),
        **_box_cells(table.reference_boxes[position]),
    }


def _prediction_identity(table: OverlapTable, position: int) -> Row:
    scores = table.prediction_scores
    return {
        "prediction_id": int(table.prediction_ids[position]),
        "score": None if scores is None else float(scores[position]),
        "prediction_area_px": int(table.prediction_areas_px[position]),
    }


def _box_cells(box: Integers) -> dict[str, Cell]:
    return dict(zip(("bbox_x", "bbox_y", "bbox_w", "bbox_h"), box.tolist(), strict=True))


def _reference_cells(one: ClassOutcomes, column: int, iou_threshold: float) -> Row:
    objects, table = one.objects, one.objects.table
    cells = _reference_identity(table, int(objects.references[column]))
    partner = one.pairing.partner.get(column)
    if partner is not None:
        cells |= _prediction_identity(table, int(objects.predictions[partner]))
        cells["iou"] = float(objects.iou[partner, column])
    merges = {row: inside for row, inside in one.events.merges.items() if column in inside}
    others = {other for inside in merges.values() for other in inside if other != column}
    return {
        **cells,
        "outcome": one.of_references[column],
        "outcome_reason": _reference_reason(one, column, iou_threshold),
        "merged_with": _reference_ids(objects, others),
        "merged_by": _prediction_ids(objects, merges),
        "split_into": _prediction_ids(objects, one.events.splits.get(column, ())),
    }


def _unmatched_cells(one: ClassOutcomes, row: int, iou_threshold: float) -> Row:
    objects, table = one.objects, one.objects.table
    position = int(objects.predictions[row])
    wholes = [whole for whole, parts in one.events.splits.items() if row in parts]
    to_be_found = np.where(objects.is_ignored, 0.0, objects.iou[row])
    ids = table.reference_ids[objects.references]
    return {
        **_prediction_identity(table, position),
        **_box_cells(table.prediction_boxes[position]),
        "outcome": "false_positive",
        "outcome_reason": _without_partner("reference", to_be_found, ids, iou_threshold),
        "merged_with": _reference_ids(objects, one.events.merges.get(row, ())),
        "part_of": _reference_ids(objects, wholes),
    }


def _reference_reason(one: ClassOutcomes, column: int, iou_threshold: float) -> str | None:
    objects = one.objects
    outcome = one.of_references[column]
    if outcome == "matched":
        return None
    if outcome == "ignored":
        return _IS_IGNORED
    if outcome == "merged":
        return "a predicted object contains it and another of its class"
    if outcome == "split":
        return "two or more predicted objects are parts of it"
    ids = objects.table.prediction_ids[objects.predictions]
    return _without_partner("predicted", objects.iou[:, column], ids, iou_threshold)


def _without_partner(kind: str, iou: Floats, ids: Integers, iou_threshold: float) -> str:
    if not iou.any():
        at = " at the operating point" if kind == "predicted" else ""
        return f"no {kind} object of its class{at} overlaps it"
    best = int(np.argmax(iou))
    nearest = f"{kind} object {int(ids[best])}"
    if iou[best] < iou_threshold:
        return f"the largest IoU, with {nearest}, is below the threshold"
    return f"{nearest} is paired with another object"


def _reference_ids(objects: ClassObjects, columns: Iterable[int]) -> str | None:
    return _joined(objects.table.reference_ids[objects.references], columns)


def _prediction_ids(objects: ClassObjects, rows: Iterable[int]) -> str | None:
    return _joined(objects.table.prediction_ids[objects.predictions], rows)


def _joined(ids: Integers, positions: Iterable[int]) -> str | None:
    return " ".join(str(one) for one in sorted(ids[list(positions)].tolist())) or None
