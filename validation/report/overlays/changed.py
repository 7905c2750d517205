"""Which cases of a comparison are pictured, and how: the reference, A and B side by side."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from validation.evidence.paired.changes import BETTER, CHANGES, WORSE
from validation.evidence.rows import Row
from validation.plan.protocol import Protocol
from validation.record import Record
from validation.report.contents import Overlay
from validation.report.formatting import number
from validation.report.overlays.choice import Shown

MOST_PICTURED = 6


class ChangedCase(Record):
    """A case as a comparison shows it: one image under three sets of outlines."""

    case_id: str
    reason: str
    """What changed in it, in words."""
    reference: Overlay
    first: Overlay
    second: Overlay


class ChangedCases(Record):
    """The index ``overlays/overlays.json`` of a comparison."""

    format: str = "segval/comparison-overlays/1"
    not_drawn: str
    """Why there are no pictures; empty where there are, or nothing changed."""
    cases: tuple[ChangedCase, ...]
    """In the order of `choose_changed`."""


def choose_changed(
    changes: Sequence[Row], case_rows: Sequence[Row], protocol: Protocol
) -> tuple[Shown, ...]:
    """Return the cases that got worst, then those that got better; at most six.

    Of objects: the most that are newly missed, merged, split or false, then the most that are
    newly found or no longer false; ties by case id. Semantic: the largest fall of Dice of any
    class, then its largest rise.
    """
    if protocol.method.kind == "semantic":
        return _by_dice(case_rows, protocol)[:MOST_PICTURED]
    by_case: dict[str, Counter[str]] = {}
    for row in changes:
        by_case.setdefault(str(row["case_id"]), Counter())[str(row["change"])] += 1
    ranked = sorted(by_case, key=lambda case: (*_badness(by_case[case]), case))
    return tuple(Shown(case, changes_in_words(by_case[case])) for case in ranked[:MOST_PICTURED])


def _badness(counted: Mapping[str, int]) -> tuple[int, int]:
    worse = sum(count for change, count in counted.items() if change in WORSE)
    better = sum(count for change, count in counted.items() if change in BETTER)
    return -worse, -better


def changes_in_words(counted: Mapping[str, int]) -> str:
    """Return how many things changed, by kind, what is worse first.

    >>> changes_in_words({"newly_found": 2, "newly_missed": 1})
    '1 newly missed, 2 newly found'
    """
    return ", ".join(
        f"{number(counted[one])} {one.replace('_', ' ')}" for one in CHANGES if counted.get(one)
    )


def _by_dice(rows: Iterable[Row], protocol: Protocol) -> tuple[Shown, ...]:
    found: list[tuple[float, str, str, str]] = []
    for row in rows:
        of_case = [
            (float(value), name)
            for name in protocol.class_names()
            if (value := row.get(f"dice/class={name}/difference")) is not None and value != 0
        ]
        if of_case:
            difference, name = min(of_case)
            sides = [row[f"dice/class={name}/{side}"] for side in ("first", "second")]
            was, is_now = (number(float(one or 0), 3) for one in sides)
            found.append((difference, str(row["case_id"]), name, f"{was} to {is_now}"))
    falls = [one for one in sorted(found) if one[0] < 0]
    rises = sorted((one for one in found if one[0] > 0), key=lambda one: (-one[0], one[1]))
    return tuple(
        Shown(case, f"Dice of {name}: {said}", name) for _, case, name, said in (*falls, *rises)
    )
