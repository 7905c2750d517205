"""A row for every case of the test set, failed ones among them.

Figures of a row are of that case alone, over all classes unless the column ends in
``/class=NAME``; a cell is empty where the figure is undefined, or the case is in no figure.
`status` is ``measured`` or ``failed``; `in_figures` says whether the case enters the figures
of ``metrics.json``.
"""

import math
from collections.abc import Sequence

from validation.evidence.instance import ObjectCounts, PairCounts
from validation.evidence.matching import class_objects
from validation.evidence.overlap import ConfusionTable, OverlapTable
from validation.evidence.rows import Cell, Row
from validation.evidence.semantic import ClassPixels, class_pixels
from validation.evidence.surface import (
    SurfaceTable,
    SurfaceTerms,
    average_distance_px,
    surface_terms,
)
from validation.plan.protocol import Matching, Protocol
from validation.testset.cases import Case

_IDENTITY = ("case_id", "subject_id", "status", "reason", "in_figures")
_INSTANCE = (
    "reference_objects",
    "predicted_objects",
    "count_difference",
    "matched",
    "merged",
    "split",
    "missed",
    "ignored",
    "false_positives",
    "merge_events",
    "split_events",
    "predictions_absorbed",
    "predictions_below_threshold",
    "predictions_beyond_limit",
    "recall",
    "precision",
    "f1",
    "segmentation_quality",
    "panoptic_quality",
)
_SEMANTIC = ("evaluated_px", "ignored_px", "pixel_accuracy")
_SEMANTIC_CLASS = ("reference_px", "predicted_px", "iou", "dice", "area_fraction_difference")


def case_columns(protocol: Protocol) -> tuple[str, ...]:
    """Return the columns of the case rows, in order."""
    subgroups = tuple(f"subgroup/{column}" for column in protocol.subgroups)
    if protocol.method.kind == "instance":
        return (*_IDENTITY, *subgroups, *_INSTANCE)
    of_class: tuple[str, ...] = _SEMANTIC_CLASS
    if protocol.analysis.presence_minimum_area_px is not None:
        of_class = (*of_class, "presence")
    terms = surface_terms(protocol.analysis, protocol.test_set.pixel_spacing_um)
    if terms is not None:
        of_class = (*of_class, *_surface_columns(terms))
    by_class = [f"{one}/class={name}" for name in protocol.class_names() for one in of_class]
    return (*_IDENTITY, *subgroups, *_SEMANTIC, *by_class)


def case_row(case: Case, protocol: Protocol, *, failed: str | None, in_figures: bool) -> Row:
    """Return the row of a case with everything but its figures."""
    identity: Row = {
        "case_id": case.case_id,
        "subject_id": case.subject_id,
        "status": "measured" if failed is None else "failed",
        "reason": failed,
        "in_figures": in_figures,
    }
    attributes: Row = {f"subgroup/{one}": case.attributes[one] for one in protocol.subgroups}
    return {**dict.fromkeys(case_columns(protocol)), **identity, **attributes}


def instance_cells(table: OverlapTable, counts: Sequence[ObjectCounts], rule: Matching) -> Row:
    """Return the figures of one case, over all classes, at the protocol's thresholds.

    Args:
        table: Overlaps of the case.
        counts: What became of its objects, by class.
        rule: The protocol's rule of pairing.
    """
    outcomes = [one.outcomes for one in counts]
    pairs = [one.pairs[rule.iou_threshold] for one in counts]
    found = [outcome for one in outcomes for outcome in one.of_references]
    references = sum(one.references for one in counts)
    predictions = sum(one.predictions for one in counts)
    beyond = (
        max(0, len(class_objects(table, number).predictions) - rule.maximum_detections)
        for number in range(1, len(outcomes) + 1)
    )
    return {
        "reference_objects": references,
        "predicted_objects": predictions,
        "count_difference": predictions - references,
        **{one: found.count(one) for one in ("matched", "merged", "split", "missed", "ignored")},
        "false_positives": sum(len(one.false_positives) for one in outcomes),
        "merge_events": sum(len(one.events.merges) for one in outcomes),
        "split_events": sum(len(one.events.splits) for one in outcomes),
        "predictions_absorbed": sum(len(one.pairing.absorbed) for one in outcomes),
        "predictions_below_threshold": sum(one.below_threshold for one in outcomes),
        "predictions_beyond_limit": sum(beyond),
        **_pair_cells(pairs),
    }


def left_out_instance_cells(table: OverlapTable) -> Row:
    """Return what is known of a failed case that is in no figure: its reference objects."""
    return {
        "reference_objects": int((~table.reference_ignored).sum()),
        "ignored": len(table.reference_ids),
    }


def semantic_cells(
    table: ConfusionTable, class_names: Sequence[str], minimum_area_px: int | None
) -> Row:
    """Return the figures of one case."""
    evaluated = int(table.counts.sum())
    cells: Row = {
        "evaluated_px": evaluated,
        "ignored_px": table.ignored_px,
        "pixel_accuracy": _quotient(int(table.counts.trace()), evaluated),
    }
    for number, name in enumerate(class_names, start=1):
        of_class = _class_cells(class_pixels([table], number), minimum_area_px)
        cells |= {f"{column}/class={name}": cell for column, cell in of_class.items()}
    return cells


def left_out_semantic_cells(table: ConfusionTable, class_names: Sequence[str]) -> Row:
    """Return what is known of a failed case that is in no figure: its reference pixels."""
    rows = table.counts.sum(axis=1).tolist()
    return {f"reference_px/class={name}": rows[one] for one, name in enumerate(class_names, 1)}


def surface_cells(table: SurfaceTable, class_names: Sequence[str], terms: SurfaceTerms) -> Row:
    """Return the figures of borders of one case; empty where a border is missing."""
    cells: Row = {}
    for name, row in zip(class_names, table.rows, strict=True):
        border = row.reference_border_px + row.prediction_border_px
        average = average_distance_px(row)
        values = (
            None if row.hausdorff_95_px is None else row.hausdorff_95_px * terms.pixel_size,
            None if average is None else average * terms.pixel_size,
            _quotient(row.reference_within + row.prediction_within, border),
            _quotient(row.boundary_intersection_px, row.boundary_union_px),
        )
        for column, value in zip(_surface_columns(terms), values, strict=True):
            cells[f"{column}/class={name}"] = value
    return cells


def _surface_columns(terms: SurfaceTerms) -> tuple[str, ...]:
    return (
        f"hausdorff_95_{terms.unit}",
        f"average_surface_distance_{terms.unit}",
        "normalised_surface_distance",
        "boundary_iou",
    )


def _pair_cells(pairs: Sequence[PairCounts]) -> Row:
    tp = sum(one.matched for one in pairs)
    fn = sum(one.missed for one in pairs)
    fp = sum(one.false_positives for one in pairs)
    iou_sum = math.fsum(one.iou_sum for one in pairs)
    return {
        "recall": _quotient(tp, tp + fn),
        "precision": _quotient(tp, tp + fp),
        "f1": _quotient(2 * tp, 2 * tp + fp + fn),
        "segmentation_quality": _quotient(iou_sum, tp),
        "panoptic_quality": _quotient(iou_sum, tp + (fp + fn) / 2),
    }


def _class_cells(pixels: ClassPixels, minimum_area_px: int | None) -> Row:
    hit, union = int(pixels.true_positive[0]), int(pixels.union[0])
    reference, prediction = int(pixels.reference[0]), int(pixels.prediction[0])
    evaluated = int(pixels.evaluated[0])
    cells: dict[str, Cell] = {
        "reference_px": reference,
        "predicted_px": prediction,
        "iou": _quotient(hit, union),
        "dice": _quotient(2 * hit, reference + prediction),
        "area_fraction_difference": _quotient(prediction - reference, evaluated),
    }
    if minimum_area_px is not None:
        truth, found = reference >= minimum_area_px, prediction >= minimum_area_px
        cells["presence"] = _presence(is_present=truth, is_found=found) if evaluated else None
    return cells


def _presence(*, is_present: bool, is_found: bool) -> str:
    if is_present:
        return "true_positive" if is_found else "false_negative"
    return "false_positive" if is_found else "true_negative"


def _quotient(above: float, below: float) -> float | None:
    return above / below if below else None
