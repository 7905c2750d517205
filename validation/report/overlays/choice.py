"""Which cases are pictured: the worst, by a stated rule, and those whose objects are listed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from validation.plan.protocol import Protocol
from validation.report.contents import Row
from validation.report.formatting import number
from validation.report.printed_objects import printed_objects

NUMBER_OF_WORST = 6
"""Worst cases shown unless the caller asks for another number."""

_NOT_FOUND = ("missed", "merged", "split")
"""Columns of ``cases.csv`` that count reference objects without a partner."""


@dataclass(frozen=True)
class Shown:
    """A case that the report shows, and why."""

    case_id: str
    reason: str
    """In words, for the caption, e.g. ``F1 at IoU 0.5: 0.412``."""
    class_name: str | None = None
    """The class concerned (semantic)."""
    is_worst: bool = True
    """False: shown for the objects of it that are printed."""
    listed: frozenset[str] = frozenset()
    """Ids of the matched reference objects that are printed; failures always are drawn by id."""


def choose_shown(
    case_rows: Sequence[Row], instance_rows: Sequence[Row], protocol: Protocol
) -> tuple[Shown, ...]:
    """Return the cases that the report shows: the worst first, then every other by id.

    Args:
        case_rows: Rows of ``cases.csv``.
        instance_rows: Rows of ``instances.csv``; empty for semantic protocols.
        protocol: For the method, the classes, the IoU threshold and what is printed.
    """
    ranked = {one.case_id: one for one in choose_worst(case_rows, protocol, count=len(case_rows))}
    worst = list(ranked)[:NUMBER_OF_WORST]
    printed = printed_objects(instance_rows, protocol)
    chosen = worst + [one for one in printed.pictured if one not in set(worst)]
    return tuple(
        Shown(
            case_id,
            ranked[case_id].reason if case_id in ranked else "not ranked",
            ranked[case_id].class_name if case_id in ranked else None,
            is_worst=place < len(worst),
            listed=frozenset(
                row["reference_id"] for row in printed.sampled if row["case_id"] == case_id
            ),
        )
        for place, case_id in enumerate(chosen)
    )


def choose_worst(
    case_rows: Sequence[Row], protocol: Protocol, *, count: int = NUMBER_OF_WORST
) -> tuple[Shown, ...]:
    """Return the worst cases, worst first.

    Instance: the lowest F1 at the primary IoU threshold, then the most reference objects
    not found. Semantic: the lowest Dice of any class. Panoptic: the lowest PQ over the
    segments of the case. Ties go by case id. Cases for which the figure is undefined (nothing
    there and nothing predicted) are not ranked, and cases that are in no figure are not,
    either.

    Args:
        case_rows: Rows of ``cases.csv``.
        protocol: For the method, the classes and the IoU threshold.
        count: Most cases to return.
    """
    if protocol.method.kind == "instance":
        return _worst_by_f1(case_rows, protocol)[:count]
    if protocol.method.kind == "panoptic":
        return _worst_by_quality(case_rows, protocol)[:count]
    return _worst_by_dice(case_rows, protocol)[:count]


def _worst_by_f1(rows: Iterable[Row], protocol: Protocol) -> tuple[Shown, ...]:
    ranked = sorted(
        (float(row["f1"]), -sum(int(row[one]) for one in _NOT_FOUND), row["case_id"])
        for row in rows
        if row["f1"]
    )
    matching = protocol.analysis.matching
    at_iou = f" at IoU {number(matching.iou_threshold)}" if matching else ""
    return tuple(Shown(case_id, f"F1{at_iou}: {number(f1, 3)}") for f1, _, case_id in ranked)


def _worst_by_quality(rows: Iterable[Row], protocol: Protocol) -> tuple[Shown, ...]:
    stuff = [name for name in protocol.class_names() if name not in protocol.thing_names()]
    ranked = sorted(
        (
            float(row["pq"]),
            row["case_id"],
            [name for name in stuff if row[f"missed_segments/class={name}"] == "1"],
        )
        for row in rows
        if row["pq"]
    )
    return tuple(
        Shown(
            case_id,
            f"PQ: {number(quality, 3)}" + (f"; not matched: {', '.join(missed)}" if missed else ""),
        )
        for quality, case_id, missed in ranked
    )


def _worst_by_dice(rows: Iterable[Row], protocol: Protocol) -> tuple[Shown, ...]:
    ranked = sorted(
        min((float(row[column]), row["case_id"], name) for name, column in named)
        for row in rows
        if (named := _defined_dice(row, protocol))
    )
    return tuple(
        Shown(case_id, f"Dice of {name}: {number(dice, 3)}", name) for dice, case_id, name in ranked
    )


def _defined_dice(row: Row, protocol: Protocol) -> list[tuple[str, str]]:
    columns = [(name, f"dice/class={name}") for name in protocol.class_names()]
    return [(name, column) for name, column in columns if row[column]]
