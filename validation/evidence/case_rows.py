"""A row for every case of the test set, failed ones among them.

Figures of a row are of that case alone, over all classes unless the column ends in
``/class=NAME``; a cell is empty where the figure is undefined, or the case is in no figure.
What a mask of each class would lose of the reference objects is known of every case whose
reference could be read: `touching_objects` of the `reference_objects`, `reference_components`,
and their difference; of a class map, which tells no objects apart, only the components.
`status` is ``measured`` or ``failed``; `in_figures` says whether the case enters the figures
of ``metrics.json``.
"""

from collections.abc import Sequence

from validation.evidence.further_tables import holds_objects
from validation.evidence.instance import ObjectCounts
from validation.evidence.over_classes import row_sums
from validation.evidence.overlap import ConfusionTable, OverlapTable
from validation.evidence.panoptic import SegmentCounts
from validation.evidence.rows import Cell, Row
from validation.evidence.semantic import ClassPixels, class_pixels
from validation.evidence.separability import SeparationTable
from validation.evidence.surface import (
    SurfaceTable,
    SurfaceTerms,
    average_distance_px,
    surface_terms,
)
from validation.plan.protocol import Protocol
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
_SEPARATION = ("touching_objects", "reference_components", "component_count_difference")
_WITHOUT_SCORES = (
    "predictions_below_threshold",
    "predictions_beyond_limit",
    "segmentation_quality",
    "panoptic_quality",
)
"""Columns of objects that a panoptic protocol does not have: the first two ask for scores, the
others would be mistaken for those of segments."""
_THINGS = tuple(one for one in _INSTANCE if one not in _WITHOUT_SCORES)
_QUALITY = ("pq", "sq", "rq")
_SEGMENT_CLASS = (
    "matched_segments",
    "missed_segments",
    "false_positive_segments",
    "segment_iou_sum",
)
_SEMANTIC = ("evaluated_px", "ignored_px", "pixel_accuracy")
_SEMANTIC_CLASS = ("reference_px", "predicted_px", "iou", "dice", "area_fraction_difference")


def case_columns(protocol: Protocol, *, has_separations: bool) -> tuple[str, ...]:
    """Return the columns of the case rows, in order.

    Args:
        protocol: The approved plan.
        has_separations: Whether it was counted what a mask would lose of the objects.
    """
    subgroups = tuple(f"subgroup/{column}" for column in protocol.subgroups)
    separation = _separation_columns(protocol) if has_separations else ()
    of_objects: tuple[str, ...] = ()
    of_class: tuple[str, ...] = _SEMANTIC_CLASS
    if protocol.method.kind == "instance":
        return (*_IDENTITY, *subgroups, *_INSTANCE, *separation)
    if protocol.method.kind == "panoptic":
        of_objects, of_class = (*_QUALITY, *_THINGS), (*_SEGMENT_CLASS, *_SEMANTIC_CLASS)
    if protocol.analysis.presence_minimum_area_px is not None:
        of_class = (*of_class, "presence")
    terms = surface_terms(protocol.analysis, protocol.test_set.pixel_spacing_um)
    if terms is not None:
        of_class = (*of_class, *_surface_columns(terms))
    by_class = [f"{one}/class={name}" for name in protocol.class_names() for one in of_class]
    return (*_IDENTITY, *subgroups, *of_objects, *_SEMANTIC, *separation, *by_class)


def _separation_columns(protocol: Protocol) -> tuple[str, ...]:
    if not holds_objects(protocol):
        return ("reference_components",)
    if protocol.method.is_by_object:
        return _SEPARATION
    return ("reference_objects", *_SEPARATION)


def separation_cells(table: SeparationTable, protocol: Protocol) -> Row:
    """Return what a mask of each class would lose of the objects of one case."""
    row = table.over_classes
    cells: Row = {
        "reference_objects": row.objects,
        "touching_objects": row.touching,
        "reference_components": row.components,
        "component_count_difference": row.count_difference,
    }
    return {column: cells[column] for column in _separation_columns(protocol)}


def case_row(
    case: Case,
    protocol: Protocol,
    columns: Sequence[str],
    *,
    failed: str | None,
    in_figures: bool,
) -> Row:
    """Return the row of a case with everything but its figures."""
    identity: Row = {
        "case_id": case.case_id,
        "subject_id": case.subject_id,
        "status": "measured" if failed is None else "failed",
        "reason": failed,
        "in_figures": in_figures,
    }
    attributes: Row = {f"subgroup/{one}": case.attributes[one] for one in protocol.subgroups}
    return {**dict.fromkeys(columns), **identity, **attributes}


def instance_cells(counts: ObjectCounts) -> list[Row]:
    """Return the figures of each case, over all classes, at the protocol's thresholds.

    Args:
        counts: What became of the objects of the cases.
    """
    main = counts.pairs[counts.outcomes.rule.iou_threshold]
    sums = {
        "reference_objects": counts.references,
        "predicted_objects": counts.predictions,
        "count_difference": counts.predictions - counts.references,
        **counts.of_outcome,
        "false_positives": counts.false_positives,
        "merge_events": counts.merge_events,
        "split_events": counts.split_events,
        "predictions_absorbed": counts.absorbed,
        "predictions_below_threshold": counts.below_threshold,
        "predictions_beyond_limit": counts.beyond_limit,
    }
    columns = [values.sum(axis=1).tolist() for values in sums.values()]
    pairs = zip(
        main.matched.sum(axis=1).tolist(),
        main.missed.sum(axis=1).tolist(),
        main.false_positives.sum(axis=1).tolist(),
        row_sums(main.iou_sum).tolist(),
        strict=True,
    )
    return [
        {**dict(zip(sums, cells, strict=True)), **_pair_cells(*of_case)}
        for cells, of_case in zip(zip(*columns, strict=True), pairs, strict=True)
    ]


def left_out_instance_cells(table: OverlapTable) -> Row:
    """Return what is known of a failed case that is in no figure: its reference objects."""
    return {
        "reference_objects": int((~table.reference_ignored).sum()),
        "ignored": len(table.reference_ids),
    }


def thing_cells(counts: ObjectCounts) -> list[Row]:
    """Return what became of the objects of each case of a panoptic protocol."""
    return [{one: cells[one] for one in _THINGS} for cells in instance_cells(counts)]


def segment_cells(counts: SegmentCounts, class_names: Sequence[str]) -> list[Row]:
    """Return what became of the segments of each case, and the quality over all its classes.

    From the counts and sums by class, panoptic quality can be added up by hand.
    """
    by_case = zip(
        counts.matched, counts.missed, counts.false_positives, counts.iou_sum, strict=True
    )
    rows: list[Row] = []
    for of_classes, iou_sum in zip(by_case, row_sums(counts.iou_sum).tolist(), strict=True):
        tp, fn, fp = (int(one.sum()) for one in of_classes[:3])
        cells: Row = {
            "pq": _quotient(iou_sum, tp + (fp + fn) / 2),
            "sq": _quotient(iou_sum, tp),
            "rq": _quotient(tp, tp + (fp + fn) / 2),
        }
        for name, *values in zip(class_names, *(one.tolist() for one in of_classes), strict=True):
            columns = (f"{one}/class={name}" for one in _SEGMENT_CLASS)
            cells |= dict(zip(columns, values, strict=True))
        rows.append(cells)
    return rows


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


def _pair_cells(tp: int, fn: int, fp: int, iou_sum: float) -> Row:
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
