"""The evidence as bytes: what is written into a record, and read back from it.

Evidence: ``cases.csv``, ``classes.csv``, ``instances.csv`` (instance, panoptic),
``class_confusion.csv`` (instance, several classes), ``curves.csv`` (instance, with scores),
``metrics.json``.

Tables, from which all of it follows again:

- ``tables/cases.csv``: every case, whether it was measured or failed and why, and whether its
  reference could be read.
- ``tables/confusion.csv`` (semantic, panoptic): pixels of each reference class predicted as each
  class; pairs without a pixel are left out. ``(background)`` is the background; the row
  ``(ignored)``, ``(ignored)`` holds the pixels that are not evaluated.
- ``tables/reference_objects.csv``, ``tables/predicted_objects.csv``, ``tables/overlaps.csv``
  (instance, panoptic): the objects, and for each pair that shares pixels how many. Of a
  panoptic case they are the segments of things and stuff; areas and overlaps are of evaluated
  pixels, and ``void_px`` is what else a predicted segment covers.

One more follows from those: ``tables/class_confusion.csv`` (instance, several classes), as
`validation.evidence.class_confusion` says.

How cells are written is said in `validation.evidence.csv_text`. No file is touched here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pydantic

from validation.errors import EvidenceError
from validation.evidence import class_confusion, curve_points
from validation.evidence.csv_text import csv_bytes, csv_rows
from validation.evidence.measure import Evidence, FailedCase, Table
from validation.evidence.metric_values import MetricValue
from validation.evidence.overlap import ConfusionTable, OverlapTable
from validation.evidence.panoptic_table import PanopticTable, require_agreement
from validation.evidence.rows import Row
from validation.plan.protocol import Protocol
from validation.record import Record

BACKGROUND, IGNORED = "(background)", "(ignored)"
"""Not names that a class can have, which begin with a letter."""

_BOX = ("bbox_x", "bbox_y", "bbox_w", "bbox_h")
_CASES = ("case_id", "status", "reason", "reference")
_CONFUSION = ("case_id", "reference_class", "predicted_class", "pixels")
_REFERENCES = ("case_id", "class", "reference_id", "area_px", *_BOX, "ignored")
_PREDICTIONS = ("case_id", "class", "prediction_id", "score", "area_px", *_BOX)
_OVERLAPS = ("case_id", "reference_id", "prediction_id", "intersection_px")

_Texts = dict[str, str]


class MetricsFile(Record):
    """What ``metrics.json`` holds."""

    format: Literal["segval/metrics/1"] = "segval/metrics/1"
    metrics: tuple[MetricValue, ...]


def evidence_files(evidence: Evidence) -> dict[str, bytes]:
    """Return the evidence files by name, the same bytes for the same evidence."""
    files = {
        "cases.csv": csv_bytes(evidence.case_columns, evidence.case_rows),
        "classes.csv": csv_bytes(evidence.class_columns, evidence.class_rows),
    }
    if evidence.instance_columns:
        files["instances.csv"] = csv_bytes(evidence.instance_columns, evidence.instance_rows)
    if evidence.confusion is not None:
        of_cases, of_groups = evidence.confusion
        files["tables/class_confusion.csv"] = csv_bytes(class_confusion.CASE_COLUMNS, of_cases)
        files["class_confusion.csv"] = csv_bytes(class_confusion.COLUMNS, of_groups)
    if evidence.curve_rows:
        files["curves.csv"] = csv_bytes(curve_points.COLUMNS, evidence.curve_rows)
    files["metrics.json"] = MetricsFile(metrics=evidence.metrics).to_json()
    return files


def metrics_from_json(content: bytes) -> tuple[MetricValue, ...]:
    """Return the figures in the bytes of a ``metrics.json``.

    Raises:
        EvidenceError: The bytes are not such a file.
    """
    try:
        return MetricsFile.model_validate_json(content).metrics
    except pydantic.ValidationError as error:
        raise EvidenceError(
            f"the figures cannot be read: {error}", where="evidence/metrics.json"
        ) from error


def table_files(
    tables: Iterable[Table], failed: Mapping[str, FailedCase], protocol: Protocol
) -> dict[str, bytes]:
    """Return the per-case tables as files by name, ordered by case id.

    Args:
        tables: One for each case that the model ran on, in any order.
        failed: The cases without a prediction, by case id.
        protocol: The approved plan, for the names of the classes.
    """
    by_id = {table.case_id: table for table in tables}
    case_rows: list[Row] = [
        {"case_id": case_id, **_case_cells(failed.get(case_id))}
        for case_id in sorted({*by_id, *failed})
    ]
    by_id |= {case_id: one.table for case_id, one in failed.items() if one.table is not None}
    ordered = [by_id[case_id] for case_id in sorted(by_id)]
    names = (BACKGROUND, *protocol.class_names())
    files = {"tables/cases.csv": csv_bytes(_CASES, case_rows)}
    panoptic = [one for one in ordered if isinstance(one, PanopticTable)]
    if protocol.method.is_by_pixel:
        confusions = [one for one in ordered if isinstance(one, ConfusionTable)]
        confusions += [one.classes for one in panoptic]
        rows = [row for one in confusions for row in _confusion_rows(one, names)]
        files["tables/confusion.csv"] = csv_bytes(_CONFUSION, rows)
    if not protocol.method.is_by_object:
        return files
    overlaps = [one for one in ordered if isinstance(one, OverlapTable)]
    overlaps += [one.segments for one in panoptic]
    references = [row for one in overlaps for row in _reference_rows(one, names)]
    predictions = [row for one in overlaps for row in _prediction_rows(one, names)]
    pairs = [row for one in overlaps for row in _overlap_rows(one)]
    return {
        **files,
        "tables/reference_objects.csv": csv_bytes(_REFERENCES, references),
        "tables/predicted_objects.csv": csv_bytes(_prediction_columns(protocol), predictions),
        "tables/overlaps.csv": csv_bytes(_OVERLAPS, pairs),
    }


def tables_from_files(
    files: Mapping[str, bytes], protocol: Protocol
) -> tuple[tuple[Table, ...], dict[str, FailedCase]]:
    """Return the tables and failed cases that `table_files` wrote.

    Raises:
        EvidenceError: A file is missing, damaged, or contradicts another.
    """
    cases = _read(files, "tables/cases.csv", _CASES)
    readable = [row["case_id"] for row in cases if row["reference"] == "read"]
    names = (BACKGROUND, *protocol.class_names())
    try:
        by_id = _tables(files, readable, names, protocol)
    except (ValueError, KeyError, IndexError) as error:
        raise EvidenceError(
            f"the tables contradict one another or hold what cannot be: {error}", where="tables"
        ) from error
    failed = {
        row["case_id"]: FailedCase(row["reason"], by_id.get(row["case_id"]))
        for row in cases
        if row["status"] == "failed"
    }
    measured = tuple(table for case_id, table in by_id.items() if case_id not in failed)
    return measured, failed


def _tables(
    files: Mapping[str, bytes], case_ids: Sequence[str], names: Sequence[str], protocol: Protocol
) -> dict[str, Table]:
    if not protocol.method.is_by_object:
        return dict(_confusions(files, case_ids, names))
    overlaps = dict(_overlaps(files, case_ids, names, _prediction_columns(protocol)))
    if not protocol.method.is_by_pixel:
        return dict(overlaps)
    tables: dict[str, Table] = {}
    for case_id, confusion in _confusions(files, case_ids, names):
        table = PanopticTable(confusion, overlaps[case_id])
        require_agreement(table)
        tables[case_id] = table
    return tables


def _prediction_columns(protocol: Protocol) -> tuple[str, ...]:
    return (*_PREDICTIONS, "void_px") if protocol.method.kind == "panoptic" else _PREDICTIONS


def _case_cells(failure: FailedCase | None) -> Row:
    if failure is None:
        return {"status": "measured", "reason": None, "reference": "read"}
    reference = "unreadable" if failure.table is None else "read"
    return {"status": "failed", "reason": failure.reason, "reference": reference}


def _confusion_rows(table: ConfusionTable, names: Sequence[str]) -> Iterator[Row]:
    for row, column in np.argwhere(table.counts).tolist():
        pixels = int(table.counts[row, column])
        yield dict(zip(_CONFUSION, (table.case_id, names[row], names[column], pixels), strict=True))
    if table.ignored_px:
        cells = (table.case_id, IGNORED, IGNORED, table.ignored_px)
        yield dict(zip(_CONFUSION, cells, strict=True))


def _reference_rows(table: OverlapTable, names: Sequence[str]) -> Iterator[Row]:
    columns = (
        table.reference_classes.tolist(),
        table.reference_ids.tolist(),
        table.reference_areas_px.tolist(),
        table.reference_boxes.tolist(),
        table.reference_ignored.tolist(),
    )
    for index, identity, area_px, box, is_ignored in zip(*columns, strict=True):
        cells = (table.case_id, names[index], identity, area_px, *box, is_ignored)
        yield dict(zip(_REFERENCES, cells, strict=True))


def _prediction_rows(table: OverlapTable, names: Sequence[str]) -> Iterator[Row]:
    ids, scores = table.prediction_ids.tolist(), table.prediction_scores
    void_px = table.prediction_void_px
    columns = (
        table.prediction_classes.tolist(),
        ids,
        [None] * len(ids) if scores is None else scores.tolist(),
        table.prediction_areas_px.tolist(),
        table.prediction_boxes.tolist(),
        [None] * len(ids) if void_px is None else void_px.tolist(),
    )
    for index, identity, score, area_px, box, void in zip(*columns, strict=True):
        cells = (table.case_id, names[index], identity, score, area_px, *box)
        row: Row = dict(zip(_PREDICTIONS, cells, strict=True))
        yield row if void is None else {**row, "void_px": void}


def _overlap_rows(table: OverlapTable) -> Iterator[Row]:
    columns = (
        table.reference_ids[table.pair_reference].tolist(),
        table.prediction_ids[table.pair_prediction].tolist(),
        table.pair_intersection_px.tolist(),
    )
    for cells in zip(*columns, strict=True):
        yield dict(zip(_OVERLAPS, (table.case_id, *cells), strict=True))


def _read(files: Mapping[str, bytes], name: str, expected: tuple[str, ...]) -> list[_Texts]:
    if name not in files:
        raise EvidenceError("a table of the evidence is missing", where=name)
    try:
        columns, rows = csv_rows(files[name])
    except ValueError as error:
        raise EvidenceError(
            f"a table of the evidence cannot be read: {error}", where=name
        ) from error
    if columns != expected:
        raise EvidenceError(
            "a table of the evidence has other columns than it should",
            where=name,
            fix=f"its columns are {', '.join(expected)}",
        )
    return rows


def _by_case(rows: Iterable[_Texts], known: Sequence[str]) -> dict[str, list[_Texts]]:
    """Return the rows of each case; all of them have to be of known cases."""
    grouped: dict[str, list[_Texts]] = defaultdict(list)
    for row in rows:
        grouped[row["case_id"]].append(row)
    unknown = set(grouped) - set(known)
    if unknown:
        raise ValueError(f"rows of cases that are not listed: {', '.join(sorted(unknown))}")
    return grouped


def _confusions(
    files: Mapping[str, bytes], case_ids: Sequence[str], names: Sequence[str]
) -> Iterator[tuple[str, ConfusionTable]]:
    grouped = _by_case(_read(files, "tables/confusion.csv", _CONFUSION), case_ids)
    index = {name: number for number, name in enumerate(names)}
    for case_id in case_ids:
        counts, ignored_px = np.zeros((len(names), len(names)), np.int64), 0
        for row in grouped[case_id]:
            if row["reference_class"] == IGNORED:
                ignored_px = _natural(row["pixels"])
            else:
                place = index[row["reference_class"]], index[row["predicted_class"]]
                counts[place] = _natural(row["pixels"])
        yield case_id, ConfusionTable(case_id, counts, ignored_px)


def _overlaps(
    files: Mapping[str, bytes],
    case_ids: Sequence[str],
    names: Sequence[str],
    prediction_columns: tuple[str, ...],
) -> Iterator[tuple[str, OverlapTable]]:
    references = _by_case(_read(files, "tables/reference_objects.csv", _REFERENCES), case_ids)
    predictions = _by_case(
        _read(files, "tables/predicted_objects.csv", prediction_columns), case_ids
    )
    pairs = _by_case(_read(files, "tables/overlaps.csv", _OVERLAPS), case_ids)
    index = {name: number for number, name in enumerate(names)}
    for case_id in case_ids:
        yield (
            case_id,
            _overlap(
                case_id,
                references[case_id],
                predictions[case_id],
                pairs[case_id],
                index,
                has_void="void_px" in prediction_columns,
            ),
        )


def _overlap(
    case_id: str,
    reference_rows: Sequence[_Texts],
    prediction_rows: Sequence[_Texts],
    pair_rows: Sequence[_Texts],
    index: Mapping[str, int],
    *,
    has_void: bool,
) -> OverlapTable:
    reference = _objects(reference_rows, "reference_id", index)
    prediction = _objects(prediction_rows, "prediction_id", index)
    row_of = {one: number for number, one in enumerate(reference["ids"])}
    column_of = {one: number for number, one in enumerate(prediction["ids"])}
    pairs = {
        "pair_reference": [row_of[_natural(row["reference_id"])] for row in pair_rows],
        "pair_prediction": [column_of[_natural(row["prediction_id"])] for row in pair_rows],
        "pair_intersection_px": [_natural(row["intersection_px"]) for row in pair_rows],
    }
    for row, column, area_px in zip(*pairs.values(), strict=True):
        if not 0 < area_px <= min(reference["areas_px"][row], prediction["areas_px"][column]):
            raise ValueError(f"case {case_id} has an overlap larger than its objects")
    return OverlapTable.from_dict(
        {
            "case_id": case_id,
            **{f"reference_{name}": values for name, values in reference.items()},
            "reference_ignored": [_flag(row["ignored"]) for row in reference_rows],
            **{f"prediction_{name}": values for name, values in prediction.items()},
            "prediction_scores": _scores([row["score"] for row in prediction_rows]),
            "prediction_void_px": [_natural(row["void_px"]) for row in prediction_rows]
            if has_void
            else None,
            **pairs,
        }
    )


def _objects(rows: Sequence[_Texts], id_column: str, index: Mapping[str, int]) -> dict[str, Any]:
    ids = [_natural(row[id_column]) for row in rows]
    if any(later <= earlier for earlier, later in pairwise([0, *ids])):
        raise ValueError(f"{id_column} is not positive, unique and rising within a case")
    return {
        "ids": ids,
        "classes": [index[row["class"]] for row in rows],
        "areas_px": [_natural(row["area_px"]) for row in rows],
        "boxes": [[_natural(row[side]) for side in _BOX] for row in rows],
    }


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def _scores(texts: Sequence[str]) -> list[float] | None:
    if texts and not any(texts):
        return None
    scores = [float(text) for text in texts]
    if not all(0 <= score <= 1 for score in scores):
        raise ValueError("a score is not in [0, 1]")
    return scores
