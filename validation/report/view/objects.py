"""Every object that is listed, by case: those that failed, and a sample of the matched ones."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from validation.report.contents import RecordContents, Row
from validation.report.formatting import number, plural, share
from validation.report.printed_objects import FAILURES, printed_objects
from validation.report.view.case_table import case_anchor, case_labels, case_tables, printed_cases
from validation.report.view.elements import (
    Cell,
    Column,
    Heading,
    Link,
    Numbering,
    Table,
    row,
    strong,
    text,
)
from validation.report.view.pictures import picture_anchor, picture_names
from validation.report.view.wording import OUTCOMES, Words, sentence


@dataclass(frozen=True)
class ObjectsView:
    """Evidence per case and per object."""

    heading: Heading
    cases_heading: Heading
    cases: tuple[Table, ...]
    """Every case; in several tables where one would be too wide."""
    objects_heading: Heading
    objects: Table | None
    objects_words: str
    """How many failures there are and how many are printed; what it means where none are."""
    sample_heading: Heading | None
    """None: the protocol asks for no sample."""
    sample: Table | None
    sample_words: str


def objects(contents: RecordContents, words: Words, numbering: Numbering) -> ObjectsView:
    """Return the evidence per case and per object."""
    has_objects = contents.protocol.method.is_by_object
    failed = [line for line in contents.instance_rows if line["outcome"] in FAILURES]
    printed = printed_objects(contents.instance_rows, contents.protocol)
    has_sample = has_objects and contents.protocol.report.objects == "sampled"
    return ObjectsView(
        heading=numbering.appendix("Evidence by case and object", "cases"),
        cases_heading=numbering.subsection("Every case", "every-case"),
        cases=case_tables(contents, numbering),
        objects_heading=numbering.subsection(
            "Objects that failed" if has_objects else "Objects", "objects"
        ),
        objects=_failed_table(contents, printed.failed, numbering) if printed.failed else None,
        objects_words=_objects_words(failed, len(printed.failed), words) + _annex_words(contents)
        if has_objects
        else "Semantic evidence has no objects; the pixels of each case are counted above.",
        sample_heading=numbering.subsection("Sample of the matched objects", "sampled-objects")
        if has_sample
        else None,
        sample=_sample_table(contents, printed.sampled, numbering) if printed.sampled else None,
        sample_words=_sample_words(contents, len(printed.sampled)) if has_sample else "",
    )


def _annex_words(contents: RecordContents) -> str:
    if contents.protocol.report.objects != "all" or not contents.instance_rows:
        return ""
    return " Every object is printed one by one in annex.pdf of the record, a volume of its own."


def _objects_words(failures: Sequence[Row], printed: int, words: Words) -> str:
    if not failures:
        return (
            "None: every object of the "
            f"{words.reference} was matched and there is no false positive."
        )
    counts = Counter(line["outcome"] for line in failures)
    listed = ", ".join(
        f"{number(counts[outcome])} {word}" for outcome, word in OUTCOMES.items() if counts[outcome]
    )
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


def _sample_words(contents: RecordContents, printed: int) -> str:
    matched = sum(line["outcome"] == "matched" for line in contents.instance_rows)
    return (
        f"{share(printed, matched)} matched objects, those whose SHA-256 of "
        f"\u201c{contents.protocol.analysis.seed}/case/reference id\u201d comes first; the number "
        "before the first slash is the seed of the analysis."
    )


def _failed_table(contents: RecordContents, printed: Sequence[Row], numbering: Numbering) -> Table:
    grouped: dict[tuple[str, str], list[Row]] = {}
    for line in printed:
        grouped.setdefault((line["case_id"], line["outcome"]), []).append(line)
    case, picture = _case_cell(contents), _picture_cell(contents)
    return numbering.table(
        "Objects that failed, by case: id, area in pixels, place of the upper left corner of its "
        "box (column, row)",
        (
            Column("Case", "13%"),
            Column("Outcome", "14%"),
            Column("Objects", "67%"),
            Column("Picture", "6%"),
        ),
        [
            row(
                case(case_id),
                text(f"{sentence(OUTCOMES[outcome])} ({number(len(lines))})"),
                text("; ".join(_object_words(line) for line in lines)),
                picture(case_id),
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


def _sample_table(contents: RecordContents, printed: Sequence[Row], numbering: Numbering) -> Table:
    grouped: dict[str, list[Row]] = {}
    for line in printed:
        grouped.setdefault(line["case_id"], []).append(line)
    case, picture = _case_cell(contents), _picture_cell(contents)
    return numbering.table(
        "Matched objects of the sample, by case: id of the reference, id of the prediction, IoU",
        (Column("Case", "13%"), Column("Objects", "81%"), Column("Picture", "6%")),
        [
            row(
                case(case_id),
                text("; ".join(_match_words(line) for line in lines)),
                picture(case_id),
            )
            for case_id, lines in grouped.items()
        ],
        notes=["A dash: not pictured."] if _unpictured(contents, grouped) else [],
    )


def _unpictured(contents: RecordContents, cases: Mapping[str, object]) -> bool:
    return not picture_names(contents).keys() >= cases.keys()


def _case_cell(contents: RecordContents) -> Callable[[str], Cell]:
    """Return what makes the cell that names a case."""
    labels = case_labels([line["case_id"] for line in contents.case_rows])
    linked = printed_cases(contents)
    return lambda case_id: (
        Link(labels[case_id], case_anchor(case_id))
        if case_id in linked
        else strong(labels[case_id])
    )


def _picture_cell(contents: RecordContents) -> Callable[[str], Cell]:
    """Return what makes the cell that names the picture of a case."""
    names = picture_names(contents)
    return lambda case_id: (
        Link(names[case_id], picture_anchor(case_id)) if case_id in names else text("\u2013")
    )


def _match_words(line: Row) -> str:
    iou = number(float(line["iou"]), 3)
    return f"{line['reference_id']},\u00a0{line['prediction_id']}\u00a0({iou})"


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
