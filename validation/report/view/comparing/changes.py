"""Objects and cases that changed, as they are printed: counted, by case, and one by one."""

from collections import Counter
from collections.abc import Mapping, Sequence

from validation.evidence.paired.changes import BETTER, CHANGES, WORSE
from validation.report.contents import Row
from validation.report.formatting import EN_DASH, number
from validation.report.overlays.changed import changes_in_words
from validation.report.view.elements import (
    Column,
    Numbering,
    Table,
    TableRow,
    row,
    strong,
    text,
)

MOST_CASES, MOST_OBJECTS, MOST_CLASSES = 20, 40, 4


def counts_table(counts: Mapping[str, int], numbering: Numbering) -> Table:
    """Return how many things changed, by kind and class.

    Args:
        counts: `Comparison.changes`.
        numbering: Numbers the table.
    """
    rows = [_count_row(one, counts) for one in CHANGES if counts.get(one)]
    nothing = row(strong("no other outcome"), text(""), text(number(0)), text(""))
    return numbering.table(
        "What changed from the version before to the new one",
        (
            Column("Change", "26%"),
            Column("For the user", "16%"),
            Column("Number", "12%", "number"),
            Column("By class", "46%"),
        ),
        rows or [nothing],
        notes=(
            (
                "A false object is the same in both versions where the boxes around the two "
                "overlap by an IoU of one half or more."
            ),
            "Counted are outcomes. How areas and outlines changed is among the differences.",
        ),
    )


def _count_row(change: str, counts: Mapping[str, int]) -> TableRow:
    side = "worse" if change in WORSE else "better" if change in BETTER else EN_DASH
    of_class = {
        name.removeprefix(f"{change}/"): count
        for name, count in counts.items()
        if name.startswith(f"{change}/")
    }
    most = sorted(of_class, key=lambda name: (-of_class[name], name))
    said = ", ".join(f"{name} {number(of_class[name])}" for name in most[:MOST_CLASSES])
    if len(most) > MOST_CLASSES:
        said += f" and {number(len(most) - MOST_CLASSES)} more classes"
    return row(
        strong(change.replace("_", " ")), text(side), text(number(counts[change])), text(said)
    )


def cases_table(changes: Sequence[Row], numbering: Numbering) -> Table | None:
    """Return the cases in which most got worse; None where nothing changed."""
    by_case: dict[tuple[str, str], Counter[str]] = {}
    for one in changes:
        place = one["case_id"], one["subject_id"]
        by_case.setdefault(place, Counter())[one["change"]] += 1
    if not by_case:
        return None
    ranked = sorted(by_case, key=lambda place: (-_worse(by_case[place]), place))
    left = len(ranked) - MOST_CASES
    return numbering.table(
        "Cases in which most got worse",
        (
            Column("Case", "20%"),
            Column("Subject", "16%"),
            Column("Worse", "10%", "number"),
            Column("Better", "10%", "number"),
            Column("What changed", "44%"),
        ),
        [_case_row(place, by_case[place]) for place in ranked[:MOST_CASES]],
        notes=(f"{number(left)} more cases that changed are in changes.csv." if left > 0 else "",),
    )


def _worse(counted: Counter[str]) -> int:
    return sum(count for change, count in counted.items() if change in WORSE)


def _case_row(place: tuple[str, str], counted: Counter[str]) -> TableRow:
    better = sum(count for change, count in counted.items() if change in BETTER)
    return row(
        strong(place[0]),
        text(place[1] or EN_DASH),
        text(number(_worse(counted))),
        text(number(better)),
        text(changes_in_words(counted)),
    )


def objects_table(changes: Sequence[Row], numbering: Numbering) -> Table | None:
    """Return what got worse, one by one; None where nothing did."""
    worse = [one for one in changes if one["change"] in WORSE]
    if not worse:
        return None
    order = {change: place for place, change in enumerate(CHANGES)}
    worse.sort(key=lambda one: order[one["change"]])  # type: ignore[index] # of the listed kinds
    left = len(worse) - MOST_OBJECTS
    return numbering.table(
        "What got worse, one by one",
        (
            Column("Change", "17%"),
            Column("Case", "17%"),
            Column("Object or class", "26%"),
            Column("In A", "20%"),
            Column("In B", "20%"),
        ),
        [_object_row(one) for one in worse[:MOST_OBJECTS]],
        notes=(f"{number(left)} more are in changes.csv." if left > 0 else "",),
    )


def _object_row(one: Row) -> TableRow:
    identity = one["reference_id"] or one["second_prediction_id"] or one["first_prediction_id"]
    what = f"{one['class']} {identity}".strip() or one["what"]
    return row(
        strong(one["change"].replace("_", " ")),
        text(one["case_id"]),
        text(what, _place(one)),
        text(_outcome(one, "first")),
        text(_outcome(one, "second")),
    )


def _place(one: Row) -> str:
    if not one["area_px"]:
        return one["what"]
    return f"{number(int(one['area_px']))}\u00a0px at {one['bbox_x']}, {one['bbox_y']}"


def _outcome(one: Row, side: str) -> str:
    said = one[f"{side}_outcome"].replace("_", " ") or "not there"
    iou = one[f"{side}_iou"]
    return f"{said}, IoU\u00a0{number(float(iou), 2)}" if iou else said
