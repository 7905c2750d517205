"""What went wrong: findings and deviations, worst cases, every object that failed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.contents import Overlay, RecordContents, Row
from validation.report.figures import swatch
from validation.report.formatting import number, plural, share
from validation.report.overlays import OutcomeStyle, legend
from validation.report.view.elements import (
    Cell,
    Column,
    Heading,
    Numbering,
    Table,
    TableRow,
    row,
    strong,
    text,
)
from validation.report.view.wording import OUTCOMES, STAGES, Words, sentence

MOST_OBJECTS = 1500
"""Objects printed one by one; the others are in the attached file, and the report says so."""

MOST_CASES = 500
"""Cases printed one by one; the same."""


@dataclass(frozen=True)
class FindingsView:
    """Failed cases, notes and deviations."""

    heading: Heading
    failed_heading: Heading
    failed: Table | None
    no_failed: str
    notes_heading: Heading
    notes: tuple[str, ...]
    deviations_heading: Heading
    deviations: tuple[str, ...]


@dataclass(frozen=True)
class PictureView:
    """A worst case."""

    source: str
    """Address of the picture for the document."""
    alt: str
    rank: str
    case_id: str
    anchor: str
    case_anchor: str
    """Row of the case in the table of cases; empty where it is not printed."""
    reason: str
    caption: str
    details: str
    """Subject, subgroups and enlargement."""
    width: str
    """Width in print."""


@dataclass(frozen=True)
class LegendView:
    """An outcome and how it is drawn."""

    word: str
    swatch: Markup


@dataclass(frozen=True)
class WorstCasesView:
    """The pictures of the worst cases with their legend."""

    heading: Heading
    rule: str
    legend: tuple[LegendView, ...]
    legend_words: str
    rows: tuple[tuple[PictureView, ...], ...]
    """Two pictures side by side."""
    nothing: str
    """Said where there is no picture."""


@dataclass(frozen=True)
class ObjectsView:
    """Evidence per case and per object."""

    heading: Heading
    cases_heading: Heading
    cases: Table
    objects_heading: Heading
    objects: Table | None
    objects_words: str
    """How many failures there are and how many are printed; what it means where none are."""


def findings(contents: RecordContents, numbering: Numbering) -> FindingsView:
    """Return what was found beside the figures."""
    failed = contents.findings.failed_cases
    attempted = number(contents.run.cases_attempted)
    return FindingsView(
        heading=numbering.section("Findings and deviations", "findings"),
        failed_heading=numbering.subsection("Failed cases", "failed-cases"),
        failed=numbering.table(
            "Cases for which the model gave no prediction",
            (
                Column("Case", "16%"),
                Column("Stage", "18%"),
                Column("What happened", "38%"),
                Column("Treatment, by the protocol", "28%"),
            ),
            [
                row(strong(one.case_id), text(STAGES[one.stage]), text(one.what),
                    text(one.treatment))
                for one in failed
            ],
        )
        if failed
        else None,
        no_failed=f"None: the model gave a prediction for each of {attempted} cases.",
        notes_heading=numbering.subsection("Notes on the run", "notes"),
        notes=contents.run.notes or ("None recorded.",),
        deviations_heading=numbering.subsection("Deviations from the protocol", "deviations"),
        deviations=("None recorded.",),
    )  # fmt: skip


# --- worst cases -------------------------------------------------------------------------


def worst_cases(
    contents: RecordContents, words: Words, numbering: Numbering, printed_cases: frozenset[str]
) -> WorstCasesView:
    """Return the pictures of the worst cases, worst first."""
    kind = contents.protocol.method.kind
    attributes = {
        one.case_id: {"subject": one.subject_id or "", **one.attributes}
        for one in contents.lock.cases.evaluated
    }
    pictures = [
        _picture(one, rank, attributes.get(one.case_id, {}), one.case_id in printed_cases)
        for rank, one in enumerate(contents.overlays, start=1)
    ]
    return WorstCasesView(
        heading=numbering.section("Worst cases", "worst-cases"),
        rule=_rule(contents),
        legend=tuple(LegendView(one.word, _swatch(one)) for one in legend(kind)),
        legend_words=_legend_words(kind, words),
        rows=tuple(tuple(pictures[start : start + 2]) for start in range(0, len(pictures), 2)),
        nothing="No case could be ranked, so no picture is shown.",
    )


def _swatch(style: OutcomeStyle) -> Markup:
    return swatch(
        style.hexadecimal,
        letter=style.letter,
        line=style.line,
        alt=style.word,
    )


def _rule(contents: RecordContents) -> str:
    shown = plural(len(contents.overlays), "case")
    if contents.protocol.method.kind == "instance":
        return (
            f"The {shown} with the lowest F1 at the IoU threshold of the protocol, then with the "
            "most reference objects not found; ties by case id. Pictures are in gray, stretched "
            "in contrast and enlarged without smoothing."
        )
    return (
        f"The {shown} with the lowest Dice of any class; ties by case id. Pictures are in gray, "
        "stretched in contrast and enlarged without smoothing."
    )


def _legend_words(kind: str, words: Words) -> str:
    if kind == "instance":
        return (
            f"Solid outline: {words.reference}. Dashed outline: prediction. Colours and letters "
            "name the outcome; X missed, F false positive, M merged, S split."
        )
    return (
        f"Outline: pixels that {words.reference} and prediction share. Filled: only in the "
        f"{words.reference}. Hatched: only in the prediction. Darkened: not evaluated."
    )


def _picture(
    one: Overlay, rank: int, attributes: Mapping[str, str], is_printed: bool
) -> PictureView:
    described = ", ".join(f"{name} {value}" for name, value in attributes.items() if value)
    times = f"enlarged {one.magnification} times" if one.magnification > 1 else "not enlarged"
    return PictureView(
        source=f"overlays/{one.file}",
        alt=f"Case {one.case_id} with outlines of reference and prediction: {one.caption}.",
        rank=number(rank),
        case_id=one.case_id,
        anchor=f"picture-{one.case_id}",
        case_anchor=case_anchor(one.case_id) if is_printed else "",
        reason=one.rank_reason,
        caption=one.caption,
        details=f"{described}; {times}" if described else times,
        width=f"{_width_mm(one):.1f}mm",
    )


def _width_mm(one: Overlay) -> float:
    """Return a width that keeps tall pictures within half a page."""
    widest, tallest = 79.0, 79.0
    return min(widest, tallest * one.width_px / one.height_px)


# --- cases and objects -------------------------------------------------------------------


def case_anchor(case_id: str) -> str:
    """Return the name of a case's row."""
    return f"case-{case_id}"


def printed_cases(contents: RecordContents) -> frozenset[str]:
    """Return the cases whose rows are printed."""
    return frozenset(line["case_id"] for line in contents.case_rows[:MOST_CASES])


def objects(contents: RecordContents, words: Words, numbering: Numbering) -> ObjectsView:
    """Return the evidence per case and per object."""
    is_instance = contents.protocol.method.kind == "instance"
    failures = [line for line in contents.instance_rows if line["outcome"] in OUTCOMES]
    return ObjectsView(
        heading=numbering.appendix("Evidence by case and object", "cases"),
        cases_heading=numbering.subsection("Every case", "every-case"),
        cases=_case_table(contents, numbering),
        objects_heading=numbering.subsection(
            "Objects that failed" if is_instance else "Objects", "objects"
        ),
        objects=_object_table(failures, numbering) if failures else None,
        objects_words=_objects_words(failures, words)
        if is_instance
        else "Semantic evidence has no objects; the pixels of each case are counted above.",
    )


def _case_table(contents: RecordContents, numbering: Numbering) -> Table:
    plan = contents.protocol
    if plan.method.kind == "instance":
        columns = [*_INSTANCE_COLUMNS]
    else:
        columns = [
            one
            for name in plan.class_names()
            for one in (
                (f"dice/class={name}", f"Dice {name}", 3),
                (f"reference_px/class={name}", f"Reference {name}, px", 0),
                (f"predicted_px/class={name}", f"Predicted {name}, px", 0),
            )
        ]
    rows = contents.case_rows
    shown = rows[:MOST_CASES]
    left_out = len(rows) - len(shown)
    groups = 12.0 if plan.subgroups else 0.0
    width = f"{(72.0 - groups) / len(columns):.2f}%"
    return numbering.table(
        "Every case with its counts, from evidence/cases.csv",
        (
            Column("Case", "14%"),
            Column("Subject", "14%"),
            *((Column(", ".join(plan.subgroups), "12%"),) if plan.subgroups else ()),
            *(Column(label, width, "number") for _, label, _ in columns),
        ),
        [_case_row(line, plan.subgroups, columns) for line in shown],
        notes=[
            "A dash: not defined for the case. \u2020: the model failed.",
            f"The first {share(len(shown), len(rows))} cases by id are printed; the attached file "
            "evidence/cases.csv holds all."
            if left_out
            else "",
        ],
    )


_INSTANCE_COLUMNS = (
    ("reference_objects", "Refer\u00adence", 0),
    ("predicted_objects", "Predic\u00adted", 0),
    ("matched", "Mat\u00adched", 0),
    ("missed", "Missed", 0),
    ("merged", "Merged", 0),
    ("split", "Split", 0),
    ("false_positives", "False pos.", 0),
    ("f1", "F1", 3),
)


def _case_row(
    line: Row, subgroups: Iterable[str], columns: Sequence[tuple[str, str, int]]
) -> TableRow:
    failed = "\u00a0\u2020" if line["status"] == "failed" else ""
    values = ", ".join(line[f"subgroup/{one}"] for one in subgroups)
    cells: list[Cell] = [strong(f"{line['case_id']}{failed}"), text(line["subject_id"] or "\u2013")]
    if values:
        cells.append(text(values))
    cells.extend(
        text(number(float(line[column]), decimals) if line[column] else "\u2013")
        for column, _, decimals in columns
    )
    return row(*cells, anchor=case_anchor(line["case_id"]))


def _objects_words(failures: Sequence[Row], words: Words) -> str:
    if not failures:
        return (
            "None: every object of the "
            f"{words.reference} was matched and there is no false positive."
        )
    counts = Counter(line["outcome"] for line in failures)
    listed = ", ".join(
        f"{number(counts[outcome])} {word}" for outcome, word in OUTCOMES.items() if counts[outcome]
    )
    printed = min(len(failures), MOST_OBJECTS)
    said = f"{plural(len(failures), 'object')} failed: {listed}. "
    if printed < len(failures):
        return said + (
            f"The first {share(printed, len(failures))}, by case id, are printed below. The "
            "attached file evidence/instances.csv holds every one, and every matched object."
        )
    return said + (
        "All are printed below; the attached file evidence/instances.csv holds them and every "
        "matched object with its IoU and score."
    )


def _object_table(failures: Sequence[Row], numbering: Numbering) -> Table:
    grouped: dict[tuple[str, str], list[Row]] = {}
    for line in failures[:MOST_OBJECTS]:
        grouped.setdefault((line["case_id"], line["outcome"]), []).append(line)
    return numbering.table(
        "Objects that failed, by case: id, area in pixels, place of the upper left corner of its "
        "box (column, row)",
        (Column("Case", "15%"), Column("Outcome", "17%"), Column("Objects", "68%")),
        [
            row(
                strong(case_id),
                text(f"{sentence(OUTCOMES[outcome])} ({number(len(lines))})"),
                text("; ".join(_object_words(line) for line in lines)),
            )
            for (case_id, outcome), lines in _in_order(grouped)
        ],
        notes=[
            (
                "Ids are those of the reference label image; of false positives, those of the "
                "prediction."
            ),
        ],
    )


def _in_order(
    grouped: Mapping[tuple[str, str], list[Row]],
) -> list[tuple[tuple[str, str], list[Row]]]:
    order = list(OUTCOMES)
    return sorted(grouped.items(), key=lambda one: (one[0][0], order.index(one[0][1])))


def _object_words(line: Row) -> str:
    if line["outcome"] == "false_positive":
        identifier, area = line["prediction_id"], line["prediction_area_px"]
    else:
        identifier, area = line["reference_id"], line["reference_area_px"]
    with_others = f" with\u00a0{_listed(line['merged_with'])}" if line["merged_with"] else ""
    into = f" into\u00a0{_listed(line['split_into'])}" if line["split_into"] else ""
    place = f"{line['bbox_x']},\u00a0{line['bbox_y']}"
    return f"{identifier}{with_others}{into} ({number(int(area))}\u00a0px at\u00a0{place})"


def _listed(identifiers: str) -> str:
    return identifiers.replace(" ", "\u00a0+\u00a0")
