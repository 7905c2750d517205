"""The lines of the annex: every object of a record, case by case, ready to print.

A row is a row of ``evidence/instances.csv``, in its order; its number is its place there, so
that each printed object has an address in the attached file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from validation.report.contents import Overlay, RecordContents, Row
from validation.report.formatting import decimals_of, number, plural

OUTCOMES: Mapping[str, str] = {
    "matched": "matched",
    "merged": "merged",
    "split": "split",
    "missed": "missed",
    "false_positive": "false positive",
    "ignored": "ignored",
}
"""Every outcome of an object in words, in the order in which they are counted."""

FAILURES = frozenset({"merged", "split", "missed", "false_positive"})


@dataclass(frozen=True, slots=True)
class ObjectColumn:
    """A column of the annex."""

    label: str
    meaning: str
    """What stands in it, for the page that says how to read the volume."""
    side: Literal["left", "right"] = "left"


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """An object: a text for each column."""

    cells: tuple[str, ...]
    is_failure: bool


@dataclass(frozen=True, slots=True)
class CaseObjects:
    """The objects of a case."""

    case_id: str
    words: str
    """How many objects there are and what became of them, and the case's overlay."""
    first: int
    """Number of the first of its rows in the file."""
    rows: tuple[ObjectRow, ...]

    @property
    def last(self) -> int:
        """Number of the last of its rows in the file."""
        return self.first + len(self.rows) - 1


def columns(contents: RecordContents) -> tuple[ObjectColumn, ...]:
    """Return the columns; a class has one where the protocol has more than one."""
    of_class = ObjectColumn("Class", "Class of the object.")
    return (
        ObjectColumn(
            "No.", "Number of the row in evidence/instances.csv, its heading not counted.", "right"
        ),
        *((of_class,) if _several(contents) else ()),
        ObjectColumn("Outcome", "What became of the object; the report defines each outcome."),
        ObjectColumn("Ref.", "Id of the object of the reference; empty: false positive.", "right"),
        ObjectColumn(
            "Pred.",
            "Id of the prediction it is matched with; of a false positive, its own.",
            "right",
        ),
        ObjectColumn("IoU", "Intersection over union of a matched pair.", "right"),
        ObjectColumn("Score", "The model's score of that prediction.", "right"),
        ObjectColumn("Ref. px", "Area of the object of the reference, in pixels.", "right"),
        ObjectColumn("Pred. px", "Area of that prediction, in pixels.", "right"),
        ObjectColumn(
            "Box",
            "Left column and top row, width and height of the object, in pixels of the image.",
        ),
        ObjectColumn("Merges and splits", "Ids of the objects that it was merged or split with."),
    )


def objects_by_case(contents: RecordContents) -> tuple[CaseObjects, ...]:
    """Return every object, in the order of ``evidence/instances.csv``."""
    overlays = {one.case_id: one for one in contents.overlays}
    failed = {line["case_id"] for line in contents.case_rows if line["status"] == "failed"}
    with_class = _several(contents)
    found: list[CaseObjects] = []
    first = 1
    for case_id, lines in groupby(contents.instance_rows, key=lambda line: line["case_id"]):
        own = list(lines)
        words = _case_words(own, overlays.get(case_id), is_failed=case_id in failed)
        rows = tuple(_rows(own, first, with_class=with_class))
        found.append(CaseObjects(case_id, words, first, rows))
        first += len(own)
    return tuple(found)


def outcome_counts(lines: Iterable[Row]) -> dict[str, Counter[str]]:
    """Return how many objects of each class had which outcome, classes in order of the rows."""
    counts: dict[str, Counter[str]] = {}
    for line in lines:
        counts.setdefault(line["class"], Counter())[line["outcome"]] += 1
    return counts


def _several(contents: RecordContents) -> bool:
    return len(contents.protocol.thing_names()) > 1


def _case_words(lines: list[Row], overlay: Overlay | None, *, is_failed: bool) -> str:
    counts = Counter(line["outcome"] for line in lines)
    listed = ", ".join(
        f"{number(counts[outcome])} {word}" for outcome, word in OUTCOMES.items() if counts[outcome]
    )
    parts = ["the model failed"] if is_failed else []
    parts.append(f"{plural(len(lines), 'object')}: {listed}")
    if overlay is not None:
        same = overlay.file == f"{overlay.case_id}.png"
        parts.append("overlay of that name" if same else f"overlay {overlay.file}")
    return " · ".join(parts)


def _rows(lines: list[Row], first: int, *, with_class: bool) -> Iterator[ObjectRow]:
    for place, line in enumerate(lines, start=first):
        outcome = line["outcome"]
        cells = (
            number(place),
            *((line["class"],) if with_class else ()),
            OUTCOMES[outcome],
            line["reference_id"],
            line["prediction_id"],
            _ratio(line["iou"]),
            _ratio(line["score"]),
            _whole(line["reference_area_px"]),
            _whole(line["prediction_area_px"]),
            _box(line),
            _events(line),
        )
        yield ObjectRow(cells, outcome in FAILURES)


def _box(line: Row) -> str:
    left, top, width, height = (_whole(line[f"bbox_{one}"]) for one in "xywh")
    return f"{left}, {top}; {width} \u00d7 {height}"


def _ratio(text: str) -> str:
    return number(float(text), decimals_of("ratio")) if text else ""


def _whole(text: str) -> str:
    return number(int(text)) if text else ""


def _events(line: Row) -> str:
    """Return what an object was merged or split with.

    >>> _events({"outcome": "merged", "merged_with": "3 4", "merged_by": "9", "split_into": "",
    ...          "part_of": ""})
    'merged with 3 + 4, by 9'
    >>> _events({"outcome": "false_positive", "merged_with": "3 4", "merged_by": "",
    ...          "split_into": "", "part_of": "7"})
    'merges 3 + 4; part of 7'
    """
    merge = "merges" if line["outcome"] == "false_positive" else "merged with"
    parts = []
    if line["merged_with"]:
        by = f", by {_listed(line['merged_by'])}" if line["merged_by"] else ""
        parts.append(f"{merge} {_listed(line['merged_with'])}{by}")
    if line["split_into"]:
        parts.append(f"split into {_listed(line['split_into'])}")
    if line["part_of"]:
        parts.append(f"part of {_listed(line['part_of'])}")
    return "; ".join(parts)


def _listed(identifiers: str) -> str:
    return identifiers.replace(" ", " + ")
