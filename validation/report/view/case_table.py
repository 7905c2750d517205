"""Every case with its counts, and the names by which other parts link to its row."""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.report.contents import RecordContents, Row
from validation.report.formatting import number, share
from validation.report.overlays.choice import choose_worst
from validation.report.view.elements import (
    Cell,
    Column,
    Numbering,
    Table,
    TableRow,
    row,
    strong,
    text,
)

MOST_CASES = 500
"""Most cases of a test set of which all are printed one by one."""

WORST_CASES = 50
"""Cases printed of a larger test set, beside those that are pictured; the report says so."""

_LONG_ID = 18
_MOST_COLUMNS = 12
"""Figures of a case for which a page has room."""
_CLASSES_WITH_PIXELS = 4
"""Of more classes than this, the Dice of a case is printed, and not its pixels."""
_ROOMY = 8
"""Figures of a case for which there is room beside wide columns of names."""


def case_anchor(case_id: str) -> str:
    """Return the name of a case's row."""
    return f"case-{case_id}"


def printed_cases(contents: RecordContents) -> frozenset[str]:
    """Return the cases whose rows are printed: all, or the worst and those that are pictured."""
    if len(contents.case_rows) <= MOST_CASES:
        return frozenset(line["case_id"] for line in contents.case_rows)
    worst = choose_worst(contents.case_rows, contents.protocol, count=WORST_CASES)
    pictured = (one.case_id for one in contents.overlays)
    return frozenset([*(one.case_id for one in worst), *pictured])


def case_labels(identifiers: Sequence[str]) -> dict[str, str]:
    """Return a label for each case: its id, or as much of a long id as tells it from others.

    >>> case_labels(["D01-03", "0287e7ee5b007c91ae2bd7628d09735e", "0287e7ee77f0"])
    {'D01-03': 'D01-03', '0287e7ee5b007c91ae2bd7628d09735e': '0287e7ee5b…', ...}
    """
    for length in range(10, 64):
        labels = {
            one: one if len(one) <= _LONG_ID else f"{one[:length]}\u2026" for one in identifiers
        }
        if len(set(labels.values())) == len(labels):
            return labels
    return {one: one for one in identifiers}


def case_tables(contents: RecordContents, numbering: Numbering) -> tuple[Table, ...]:
    """Return the table of cases, from ``evidence/cases.csv``; in parts where it is too wide."""
    plan, rows = contents.protocol, contents.case_rows
    columns = _columns(contents)
    printed = printed_cases(contents)
    shown = [line for line in rows if line["case_id"] in printed]
    has_subjects = any(line["subject_id"] for line in rows)
    is_wide = any(len(line["case_id"]) > _LONG_ID for line in shown)
    tables = []
    for start in range(0, len(columns), _MOST_COLUMNS):
        layout = _CaseLayout(
            plan.subgroups, tuple(columns[start : start + _MOST_COLUMNS]), has_subjects
        )
        more = f"; figures {start + 1} to {start + len(layout.figures)} of {len(columns)}"
        tables.append(
            numbering.table(
                "Every case with its counts, from evidence/cases.csv"
                + (more if len(columns) > _MOST_COLUMNS else ""),
                layout.columns(is_wide=is_wide),
                [layout.row(line, is_first=start == 0) for line in shown],
                notes=_notes(contents, len(shown)) if start == 0 else (),
            )
        )
    return tuple(tables)


def _columns(contents: RecordContents) -> list[tuple[str, str, int]]:
    plan, rows = contents.protocol, contents.case_rows
    if plan.method.kind == "instance":
        columns = [*_INSTANCE_COLUMNS]
    elif plan.method.kind == "panoptic":
        columns = [("pq", "PQ", 3), ("sq", "SQ", 3), ("rq", "RQ", 3), *_INSTANCE_COLUMNS[:-1]]
    else:
        columns = [
            one
            for name in plan.class_names()
            for one in (
                (f"dice/class={name}", f"Dice {name}", 3),
                (f"reference_px/class={name}", f"Reference {name}, px", 0),
                (f"predicted_px/class={name}", f"Predicted {name}, px", 0),
            )[: 1 if _has_many_classes(contents) else 3]
        ]
    known = rows[0] if rows else {}
    given = {one for one, _, _ in columns}
    return columns + [one for one in _SEPARATION_COLUMNS if one[0] in known and one[0] not in given]


def _has_many_classes(contents: RecordContents) -> bool:
    return len(contents.protocol.classes) > _CLASSES_WITH_PIXELS


def _notes(contents: RecordContents, shown: int) -> tuple[str, ...]:
    total = len(contents.case_rows)
    said = ["A dash: not defined for the case. \u2020: the model failed."]
    if contents.protocol.method.kind == "semantic" and _has_many_classes(contents):
        said.append("Pixels by class are in the attached file evidence/cases.csv.")
    if shown < total:
        said.append(
            f"{share(shown, total)} cases are printed: the {WORST_CASES} worst, and those that are "
            "pictured. The attached file evidence/cases.csv holds all."
        )
    return tuple(said)


_INSTANCE_COLUMNS = (
    ("reference_objects", "Refer\u00adence", 0),
    ("predicted_objects", "Pre\u00addic\u00adted", 0),
    ("matched", "Mat\u00adched", 0),
    ("missed", "Mis\u00adsed", 0),
    ("merged", "Mer\u00adged", 0),
    ("split", "Split", 0),
    ("false_positives", "False pos.", 0),
    ("f1", "F1", 3),
)


_SEPARATION_COLUMNS = (
    ("reference_objects", "Objects", 0),
    ("touching_objects", "Touch\u00ading", 0),
    ("reference_components", "Compo\u00adnents", 0),
)
"""What a mask would lose of the reference objects; printed where it was counted."""


@dataclass(frozen=True)
class _CaseLayout:
    """Which columns the table of cases has."""

    subgroups: tuple[str, ...]
    figures: tuple[tuple[str, str, int], ...]
    """Column of ``cases.csv``, label and decimals."""
    has_subjects: bool

    def columns(self, *, is_wide: bool) -> list[Column]:
        """Return the columns; `is_wide` makes room for long ids."""
        first, other = 27.0 if is_wide else 15.0, 13.0
        if len(self.figures) > _ROOMY:
            first, other = first - 2.0, 11.0
        names = (["Subject"] if self.has_subjects else []) + (
            [", ".join(self.subgroups)] if self.subgroups else []
        )
        width = (100.0 - first - other * len(names)) / max(1, len(self.figures))
        return [
            Column("Case", f"{first}%"),
            *(Column(name, f"{other}%") for name in names),
            *(Column(label, f"{width:.2f}%", "number") for _, label, _ in self.figures),
        ]

    def row(self, line: Row, *, is_first: bool) -> TableRow:
        """Return the row of a case; links lead to that in the first table."""
        failed = "\u00a0\u2020" if line["status"] == "failed" else ""
        cells: list[Cell] = [strong(f"{line['case_id']}{failed}")]
        if self.has_subjects:
            cells.append(text(line["subject_id"] or "\u2013"))
        if self.subgroups:
            cells.append(text(", ".join(line[f"subgroup/{one}"] for one in self.subgroups)))
        cells.extend(
            text(number(float(line[column]), decimals) if line[column] else "\u2013")
            for column, _, decimals in self.figures
        )
        return row(*cells, anchor=case_anchor(line["case_id"]) if is_first else "")
