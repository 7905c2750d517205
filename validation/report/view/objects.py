"""Every object that failed, by case."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from validation.report.contents import RecordContents, Row
from validation.report.formatting import number, plural, share
from validation.report.view.case_table import case_anchor, case_labels, case_table, printed_cases
from validation.report.view.elements import (
    Column,
    Heading,
    Link,
    Numbering,
    Table,
    row,
    strong,
    text,
)
from validation.report.view.wording import OUTCOMES, Words, sentence

MOST_OBJECTS = 1500
"""Objects printed one by one; the others are in the attached file, and the report says so."""


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


def objects(contents: RecordContents, words: Words, numbering: Numbering) -> ObjectsView:
    """Return the evidence per case and per object."""
    has_objects = contents.protocol.method.is_by_object
    failures = [line for line in contents.instance_rows if line["outcome"] in OUTCOMES]
    return ObjectsView(
        heading=numbering.appendix("Evidence by case and object", "cases"),
        cases_heading=numbering.subsection("Every case", "every-case"),
        cases=case_table(contents, numbering),
        objects_heading=numbering.subsection(
            "Objects that failed" if has_objects else "Objects", "objects"
        ),
        objects=_object_table(contents, failures, numbering) if failures else None,
        objects_words=_objects_words(failures, words)
        if has_objects
        else "Semantic evidence has no objects; the pixels of each case are counted above.",
    )


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
