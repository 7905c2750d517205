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

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from validation.evidence.object_pool import ObjectPool, Objects
from validation.evidence.overlap import Flags, Floats, Integers, OverlapTable
from validation.evidence.pooled_outcomes import OUTCOMES, PooledOutcomes
from validation.evidence.rows import Row

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
_REASONS = {
    "matched": None,
    "ignored": _IS_IGNORED,
    "merged": "a predicted object contains it and another of its class",
    "split": "two or more predicted objects are parts of it",
}


def instance_rows(
    outcomes: PooledOutcomes,
    *,
    class_names: Sequence[str],
    subject_ids: Sequence[str | None],
    failed: Mapping[int, str],
) -> list[list[Row]]:
    """Return the rows of each case.

    Args:
        outcomes: What became of the objects of all cases.
        class_names: Names of the classes.
        subject_ids: Subject of each case.
        failed: Why every object was missed, by position of a case for which the model failed.
    """
    pool = outcomes.pool
    cases = [table.case_id for table in pool.tables]
    rows: list[list[Row]] = [[] for _ in cases]
    for case, cells in _reference_cells(outcomes, class_names, failed):
        row = (cases[case], *cells[:12], subject_ids[case], *cells[12:])
        rows[case].append(dict(zip(INSTANCE_COLUMNS, row, strict=True)))
    for case, cells in _unmatched_cells(outcomes, class_names):
        row = (cases[case], *cells[:12], subject_ids[case], *cells[12:])
        rows[case].append(dict(zip(INSTANCE_COLUMNS, row, strict=True)))
    return rows


def left_out_rows(
    table: OverlapTable, *, class_names: Sequence[str], subject_id: str | None, reason: str
) -> list[Row]:
    """Return the rows of a failed case that is in no figure: every object is ignored."""
    columns = (
        table.reference_classes.tolist(),
        table.reference_ids.tolist(),
        table.reference_areas_px.tolist(),
        table.reference_boxes.tolist(),
    )
    return [
        {
            **_NO_VALUES,
            "case_id": table.case_id,
            "class": class_names[index - 1],
            "subject_id": subject_id,
            "reference_id": identity,
            "reference_area_px": area_px,
            **dict(zip(("bbox_x", "bbox_y", "bbox_w", "bbox_h"), box, strict=True)),
            "outcome": "ignored",
            "outcome_reason": reason,
        }
        for index, identity, area_px, box in zip(*columns, strict=True)
    ]


_Cells = tuple[str | int | float | None, ...]


def _reference_cells(
    outcomes: PooledOutcomes, class_names: Sequence[str], failed: Mapping[int, str]
) -> Iterator[tuple[int, _Cells]]:
    """Yield case and cells of each reference object, without case and subject."""
    pool, references = outcomes.pool, outcomes.pool.references
    pair = np.full(len(references.ids), -1)
    pair[pool.pairs.reference[outcomes.pairs]] = outcomes.pairs
    partners = _partners(pool, pair)
    names = [OUTCOMES[number] for number in outcomes.of_references.tolist()]
    missed = _without_partner(outcomes, "predicted", np.array(names) == "missed")
    merged_with, merged_by = _merges_of_references(outcomes)
    parts = _joined_ids(
        pool.predictions.ids, *_owned(outcomes.splits, pool.pairs.reference, pool.pairs.prediction)
    )
    columns = (
        references.case.tolist(),
        references.class_index.tolist(),
        references.ids.tolist(),
        references.areas_px.tolist(),
        references.boxes.tolist(),
    )
    for row, (case, index, identity, area_px, box) in enumerate(zip(*columns, strict=True)):
        name, partner = names[row], partners[row]
        reason = missed.get(row) if name == "missed" else _REASONS[name]
        if case in failed:
            reason = failed[case] if name == "missed" else _IS_IGNORED
        yield (
            case,
            (
                class_names[index],
                identity,
                partner[0],
                name,
                partner[1],
                partner[2],
                area_px,
                partner[3],
                *box,
                reason,
                merged_with.get(row),
                parts.get(row),
                merged_by.get(row),
                None,
            ),
        )


def _unmatched_cells(
    outcomes: PooledOutcomes, class_names: Sequence[str]
) -> Iterator[tuple[int, _Cells]]:
    """Yield case and cells of each false positive, without case and subject."""
    pool, predictions = outcomes.pool, outcomes.pool.predictions
    chosen = np.flatnonzero(outcomes.is_false_positive)
    reasons = _without_partner(outcomes, "reference", outcomes.is_false_positive)
    inside = _joined_ids(
        pool.references.ids, *_owned(outcomes.merges, pool.pairs.prediction, pool.pairs.reference)
    )
    wholes = _joined_ids(
        pool.references.ids, *_owned(outcomes.splits, pool.pairs.prediction, pool.pairs.reference)
    )
    columns = (
        chosen.tolist(),
        predictions.case[chosen].tolist(),
        predictions.class_index[chosen].tolist(),
        predictions.ids[chosen].tolist(),
        _scores(pool.scores[chosen]),
        predictions.areas_px[chosen].tolist(),
        predictions.boxes[chosen].tolist(),
    )
    for row, case, index, identity, score, area_px, box in zip(*columns, strict=True):
        name, kind = class_names[index], "false_positive"
        events = inside.get(row), None, None, wholes.get(row)
        cells = (name, None, identity, kind, None, score, None, area_px, *box, reasons[row])
        yield case, (*cells, *events)


def _partners(
    pool: ObjectPool, pair: Integers
) -> list[tuple[int | None, float | None, float | None, int | None]]:
    """Return id, IoU, score and area of the partner of each reference object."""
    paired = np.flatnonzero(pair >= 0)
    prediction = pool.pairs.prediction[pair[paired]]
    found: list[tuple[int | None, float | None, float | None, int | None]]
    found = [(None, None, None, None)] * len(pair)
    columns = (
        paired.tolist(),
        pool.predictions.ids[prediction].tolist(),
        pool.iou[pair[paired]].tolist(),
        _scores(pool.scores[prediction]),
        pool.predictions.areas_px[prediction].tolist(),
    )
    for row, identity, iou, score, area_px in zip(*columns, strict=True):
        found[row] = (identity, iou, score, area_px)
    return found


def _scores(scores: Floats) -> list[float | None]:
    return [None if score != score else score for score in scores.tolist()]  # noqa: PLR0124 - NaN


def _without_partner(outcomes: PooledOutcomes, kind: str, is_asked: Flags) -> dict[int, str]:
    """Return why each object that is asked for has no partner; `kind` is that of a partner.

    Named is the object with the largest IoU; of equal ones the predicted object with the
    highest score, or the reference object with the smallest id.
    """
    pool = outcomes.pool
    reference, prediction = pool.pairs.reference, pool.pairs.prediction
    takes_part = outcomes.is_used[prediction] & ~pool.is_ignored[reference]
    owner, other = (reference, prediction) if kind == "predicted" else (prediction, reference)
    near = np.flatnonzero(takes_part & is_asked[owner])
    precedence = pool.rank[prediction[near]] if kind == "predicted" else reference[near]
    order = near[np.lexsort((precedence, -pool.iou[near], owner[near]))]
    first = order[np.concatenate([[True], np.diff(owner[order]) != 0])[: len(order)]]
    ids: Objects = pool.predictions if kind == "predicted" else pool.references
    at = " at the operating point" if kind == "predicted" else ""
    reasons = dict.fromkeys(
        np.flatnonzero(is_asked).tolist(), f"no {kind} object of its class{at} overlaps it"
    )
    rows = zip(
        owner[first].tolist(), ids.ids[other[first]].tolist(), pool.iou[first].tolist(), strict=True
    )
    for row, identity, iou in rows:
        if iou < outcomes.rule.iou_threshold:
            reason = f"the largest IoU, with {kind} object {identity}, is below the threshold"
        else:
            reason = f"{kind} object {identity} is paired with another object"
        reasons[row] = reason
    return reasons


def _merges_of_references(outcomes: PooledOutcomes) -> tuple[dict[int, str], dict[int, str]]:
    """Return the ids of objects merged with each reference object, and of what merges them."""
    pool = outcomes.pool
    inside = defaultdict(set)
    pairs = list(
        zip(
            pool.pairs.reference[outcomes.merges].tolist(),
            pool.pairs.prediction[outcomes.merges].tolist(),
            strict=True,
        )
    )
    for reference, prediction in pairs:
        inside[prediction].add(reference)
    others: dict[int, set[int]] = defaultdict(set)
    merging: dict[int, set[int]] = defaultdict(set)
    for reference, prediction in pairs:
        others[reference] |= inside[prediction] - {reference}
        merging[reference].add(prediction)
    return (
        {row: _text(pool.references.ids, some) for row, some in others.items()},
        {row: _text(pool.predictions.ids, some) for row, some in merging.items()},
    )


def _owned(pairs: Integers, owner: Integers, other: Integers) -> tuple[list[int], list[int]]:
    return owner[pairs].tolist(), other[pairs].tolist()


def _joined_ids(ids: Integers, owners: Sequence[int], others: Sequence[int]) -> dict[int, str]:
    found = defaultdict(set)
    for owner, other in zip(owners, others, strict=True):
        found[owner].add(other)
    return {owner: _text(ids, some) for owner, some in found.items()}


def _text(ids: Integers, positions: Iterable[int]) -> str:
    return " ".join(str(one) for one in sorted(ids[list(positions)].tolist()))
