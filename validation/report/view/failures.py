"""What went wrong: findings and deviations, worst cases, every object that failed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.contents import Overlay, RecordContents, Row
from validation.report.figures import swatch
from validation.report.formatting import number, plural, share, short_digest
from validation.report.overlays import OutcomeStyle, legend
from validation.report.view.elements import (
    Cell,
    Column,
    Heading,
    Link,
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

_LONG_ID = 18
_ROOMY = 8
"""Figures of a case for which there is room beside wide columns of names."""


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
    files: str
    """The case's image, and the picture's file with the beginning of its digest."""
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
    images = {one.case_id: one.image for one in contents.lock.cases.evaluated}
    pictures = [
        _picture(
            one,
            rank,
            attributes.get(one.case_id, {}),
            _files(one, images.get(one.case_id, "image not known"), contents.digests),
            is_printed=one.case_id in printed_cases,
        )
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
    if contents.protocol.method.kind == "panoptic":
        return (
            f"The {shown} with the lowest panoptic quality over the segments of the image; ties by "
            "case id. Objects of things are drawn; stuff that was not matched is named. Pictures "
            "are in gray, stretched in contrast and enlarged without smoothing."
        )
    return (
        f"The {shown} with the lowest Dice of any class; ties by case id. Pictures are in gray, "
        "stretched in contrast and enlarged without smoothing."
    )


def _legend_words(kind: str, words: Words) -> str:
    if kind != "semantic":
        return (
            f"Solid outline: {words.reference}. Dashed outline: prediction. Colours and letters "
            "name the outcome; X missed, F false positive, M merged, S split."
        )
    return (
        f"Outline: pixels that {words.reference} and prediction share. Filled: only in the "
        f"{words.reference}. Hatched: only in the prediction. Darkened: not evaluated."
    )


def _picture(
    one: Overlay, rank: int, attributes: Mapping[str, str], files: str, *, is_printed: bool
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
        files=files,
        width=f"{_width_mm(one):.1f}mm",
    )


def _files(one: Overlay, image: str, digests: Mapping[str, str]) -> str:
    name = f"overlays/{one.file}"
    digest = f" ({short_digest(digests[name])})" if name in digests else ""
    return f"{image}; {name}{digest}"


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
    has_objects = contents.protocol.method.is_by_object
    failures = [line for line in contents.instance_rows if line["outcome"] in OUTCOMES]
    return ObjectsView(
        heading=numbering.appendix("Evidence by case and object", "cases"),
        cases_heading=numbering.subsection("Every case", "every-case"),
        cases=_case_table(contents, numbering),
        objects_heading=numbering.subsection(
            "Objects that failed" if has_objects else "Objects", "objects"
        ),
        objects=_object_table(contents, failures, numbering) if failures else None,
        objects_words=_objects_words(failures, words)
        if has_objects
        else "Semantic evidence has no objects; the pixels of each case are counted above.",
    )


def _case_table(contents: RecordContents, numbering: Numbering) -> Table:
    plan = contents.protocol
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
            )
        ]
    rows = contents.case_rows
    known = rows[0] if rows else {}
    given = {one for one, _, _ in columns}
    columns += [one for one in _SEPARATION_COLUMNS if one[0] in known and one[0] not in given]
    shown = rows[:MOST_CASES]
    has_subjects = any(line["subject_id"] for line in rows)
    layout = _CaseLayout(plan.subgroups, tuple(columns), has_subjects)
    return numbering.table(
        "Every case with its counts, from evidence/cases.csv",
        layout.columns(is_wide=any(len(line["case_id"]) > _LONG_ID for line in shown)),
        [layout.row(line) for line in shown],
        notes=(
            "A dash: not defined for the case. \u2020: the model failed.",
            f"The first {share(len(shown), len(rows))} cases by id are printed; the attached file "
            "evidence/cases.csv holds all."
            if len(shown) < len(rows)
            else "",
        ),
    )


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

    def row(self, line: Row) -> TableRow:
        """Return the row of a case."""
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


def _object_table(contents: RecordContents, failures: Sequence[Row], numbering: Numbering) -> Table:
    labels = case_labels([line["case_id"] for line in contents.case_rows])
    linked = printed_cases(contents)
    grouped: dict[tuple[str, str], list[Row]] = {}
    for line in failures[:MOST_OBJECTS]:
        grouped.setdefault((line["case_id"], line["outcome"]), []).append(line)
    return numbering.table(
        "Objects that failed, by case: id, area in pixels, place of the upper left corner of its "
        "box (column, row)",
        (Column("Case", "13%"), Column("Outcome", "15%"), Column("Objects", "72%")),
        [
            row(
                Link(labels[case_id], case_anchor(case_id))
                if case_id in linked
                else strong(labels[case_id]),
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
