"""Objects and cases of which the outcome changed from one version to the other.

A reference object is the same object in both records, by its id. Predicted objects are not:
two false positives are one false object where the boxes around them overlap by an IoU of at
least one half, paired one to one from the largest overlap down. What no such box meets is newly
false, or no longer false.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from validation.evidence.rows import Row
from validation.plan.protocol import Protocol

Change = Literal[
    "newly_missed",
    "newly_merged",
    "newly_split",
    "newly_false",
    "newly_failed",
    "newly_wrong",
    "newly_found",
    "no_longer_false",
    "no_longer_failed",
    "no_longer_wrong",
    "otherwise_not_found",
]
"""What the second version does that the first did not; what is worse comes first.

``newly_wrong`` and ``no_longer_wrong`` are of cases: presence of a class, or its segment of
stuff. ``otherwise_not_found`` is a reference object that neither version found, in another way.
"""

CHANGES: tuple[Change, ...] = get_args(Change)
WORSE: frozenset[Change] = frozenset(one for one in CHANGES if one.startswith("newly_")) - {
    "newly_found"
}
BETTER: frozenset[Change] = frozenset(
    ("newly_found", "no_longer_false", "no_longer_failed", "no_longer_wrong")
)

COLUMNS = (
    "change",
    "what",
    "case_id",
    "subject_id",
    "class",
    "reference_id",
    "first_prediction_id",
    "second_prediction_id",
    "first_outcome",
    "second_outcome",
    "first_iou",
    "second_iou",
    "area_px",
    "bbox_x",
    "bbox_y",
    "bbox_w",
    "bbox_h",
)
_LEAST_OVERLAP = 0.5
_BOX = ("bbox_x", "bbox_y", "bbox_w", "bbox_h")

TextRow = Mapping[str, str]
"""A row of an evidence file, cells as text."""


class Side(NamedTuple):
    """Rows of one record."""

    case_rows: Sequence[TextRow]
    instance_rows: Sequence[TextRow]


def changes(first: Side, second: Side, protocol: Protocol) -> tuple[Row, ...]:
    """Return a row for every object and case of which the outcome changed.

    Args:
        first: Rows of the version before.
        second: Rows of the new version.
        protocol: For the classes.

    Returns:
        By case id; in a case its own changes first, then reference objects, then predictions.
    """
    found = [
        *_cases(first.case_rows, second.case_rows, protocol),
        *_references(first.instance_rows, second.instance_rows),
        *_false_objects(first.instance_rows, second.instance_rows),
    ]
    return tuple(sorted(found, key=lambda row: str(row["case_id"])))


def _row(change: Change, what: str, row: TextRow, **cells: str | None) -> Row:
    values: Row = dict.fromkeys(COLUMNS)
    values |= {
        "change": change,
        "what": what,
        "case_id": row["case_id"],
        "subject_id": row["subject_id"] or None,
    }
    return {**values, **{name.rstrip("_"): value or None for name, value in cells.items()}}


# --- cases -------------------------------------------------------------------------------


def _cases(
    first: Iterable[TextRow], second: Iterable[TextRow], protocol: Protocol
) -> Iterator[Row]:
    before = {row["case_id"]: row for row in first}
    for row in second:
        if (old := before.get(row["case_id"])) is not None:
            yield from _statuses(old, row)
            yield from _classes(old, row, protocol)


def _statuses(old: TextRow, row: TextRow) -> Iterator[Row]:
    if old["status"] != row["status"]:
        change: Change = "newly_failed" if row["status"] == "failed" else "no_longer_failed"
        said = {"first_outcome": old["status"], "second_outcome": row["status"]}
        yield _row(change, "case", row, **said)


def _classes(old: TextRow, row: TextRow, protocol: Protocol) -> Iterator[Row]:
    for name in protocol.class_names():
        for what, columns in (
            ("presence of the class", (f"presence/class={name}",)),
            ("segment of stuff", _segment_columns(name, protocol)),
        ):
            sides = [_told(one, columns) for one in (old, row)]
            if None in sides or sides[0] == sides[1]:
                continue
            yield _row(
                _wrong(*sides),
                what,
                row,
                class_=name,
                first_outcome=sides[0],
                second_outcome=sides[1],
            )


def _segment_columns(name: str, protocol: Protocol) -> tuple[str, ...]:
    if name in protocol.thing_names() or protocol.method.kind != "panoptic":
        return ()
    return tuple(f"{one}_segments/class={name}" for one in ("missed", "false_positive"))


def _told(row: TextRow, columns: Sequence[str]) -> str | None:
    """Return what became of a class in a case, in words; None where nothing is known of it."""
    cells = [row.get(one, "") for one in columns]
    if not cells or not all(cells):
        return None
    if len(cells) == 1:
        return cells[0].replace("_", " ")
    said = [
        word for cell, word in zip(cells, ("missed", "false"), strict=True) if cell not in {"0", ""}
    ]
    return " and ".join(said) or "right"


def _wrong(before: str | None, after: str | None) -> Change:
    is_right = {one: _is_right(one) for one in (before, after)}
    if is_right[before] and not is_right[after]:
        return "newly_wrong"
    if is_right[after] and not is_right[before]:
        return "no_longer_wrong"
    return "otherwise_not_found"


def _is_right(said: str | None) -> bool:
    return said is not None and (said == "right" or said.startswith("true"))


# --- reference objects -------------------------------------------------------------------


def _references(first: Iterable[TextRow], second: Iterable[TextRow]) -> Iterator[Row]:
    before = {_reference_key(row): row for row in first if row["reference_id"]}
    for row in second:
        if not row["reference_id"]:
            continue
        old = before.get(_reference_key(row))
        if old is None or old["outcome"] == row["outcome"]:
            continue
        if "ignored" in {old["outcome"], row["outcome"]}:
            continue  # the whole case is in no figure of one record, which is a change of the case
        yield _row(
            _change(old["outcome"], row["outcome"]),
            "reference object",
            row,
            class_=row["class"],
            reference_id=row["reference_id"],
            first_prediction_id=old["prediction_id"],
            second_prediction_id=row["prediction_id"],
            first_outcome=old["outcome"],
            second_outcome=row["outcome"],
            first_iou=old["iou"],
            second_iou=row["iou"],
            area_px=row["reference_area_px"],
            **{side: row[side] for side in _BOX},
        )


def _reference_key(row: TextRow) -> tuple[str, str, str]:
    return row["case_id"], row["class"], row["reference_id"]


def _change(before: str, after: str) -> Change:
    if after == "matched":
        return "newly_found"
    if before != "matched":
        return "otherwise_not_found"
    of_outcome: dict[str, Change] = {
        "missed": "newly_missed",
        "merged": "newly_merged",
        "split": "newly_split",
    }
    return of_outcome[after]


# --- false objects -----------------------------------------------------------------------


def _false_objects(first: Iterable[TextRow], second: Iterable[TextRow]) -> Iterator[Row]:
    before, after = _false_by_place(first), _false_by_place(second)
    for place in sorted({*before, *after}):
        old, new = before.get(place, []), after.get(place, [])
        same = _same_objects(old, new)
        for number, row in enumerate(old):
            if number not in {one for one, _ in same}:
                yield _false_row("no_longer_false", "first", row)
        for number, row in enumerate(new):
            if number not in {one for _, one in same}:
                yield _false_row("newly_false", "second", row)


def _false_by_place(rows: Iterable[TextRow]) -> dict[tuple[str, str], list[TextRow]]:
    """Return the false positives by case and class."""
    places: dict[tuple[str, str], list[TextRow]] = {}
    for row in rows:
        if row["outcome"] == "false_positive":
            places.setdefault((row["case_id"], row["class"]), []).append(row)
    return places


def _same_objects(old: Sequence[TextRow], new: Sequence[TextRow]) -> set[tuple[int, int]]:
    """Return the pairs of false objects that are one, by their places."""
    overlaps = sorted(
        (-overlap, left, right)
        for left, one in enumerate(old)
        for right, other in enumerate(new)
        if (overlap := _overlap(_box(one), _box(other))) >= _LEAST_OVERLAP
    )
    same: set[tuple[int, int]] = set()
    for _, left, right in overlaps:
        if not any(left == one or right == other for one, other in same):
            same.add((left, right))
    return same


_Box = tuple[int, int, int, int]


def _box(row: TextRow) -> _Box:
    x, y, width, height = (int(row[side]) for side in _BOX)
    return x, y, width, height


def _overlap(one: _Box, other: _Box) -> float:
    """Return the IoU of two boxes.

    >>> _overlap((0, 0, 4, 2), (2, 0, 4, 2))
    0.3333333333333333
    """
    (left, top, width, height), (x, y, across, down) = one, other
    sides = (
        max(0, min(left + width, x + across) - max(left, x)),
        max(0, min(top + height, y + down) - max(top, y)),
    )
    shared = sides[0] * sides[1]
    return shared / (width * height + across * down - shared)


def _false_row(change: Change, side: str, row: TextRow) -> Row:
    own = {f"{side}_prediction_id": row["prediction_id"], f"{side}_outcome": row["outcome"]}
    return _row(
        change,
        "predicted object",
        row,
        class_=row["class"],
        area_px=row["prediction_area_px"],
        **own,
        **{one: row[one] for one in _BOX},
    )
