"""Objects by reference and predicted class, as a table of the results.

The numbers are rows of ``class_confusion.csv``, for which the table names the file, as the
tables of cases and objects do for theirs.
"""

from collections.abc import Sequence

from validation.evidence.class_confusion import FALSE_POSITIVE, MISSED
from validation.report.contents import RecordContents, Row
from validation.report.formatting import number, plural
from validation.report.view.elements import Column, Numbering, Table, row, strong, text
from validation.report.view.wording import Words, sentence

_MOST_COLUMNS = 7
"""With more classes and the missed objects there is no room for a column each."""
_MOST_ROWS = 20
_FALSE, _MISSED = "found where nothing is", "missed"


def confusion_tables(
    contents: RecordContents, words: Words, numbering: Numbering
) -> tuple[Table, ...]:
    """Return the confusion of classes over all cases; none where the record holds none.

    Few classes get a column each. Many get a row for each confusion, the most frequent first.
    """
    matching = contents.protocol.analysis.matching
    rows = [one for one in contents.confusion_rows if not one["subgroup"]]
    if not rows or matching is None:
        return ()
    names = contents.protocol.class_names()
    note = (
        f"Objects are paired regardless of class at IoU\u00a0{number(matching.iou_threshold)}, so "
        "that one found as another class is counted once. The numbers are those of "
        "evidence/class_confusion.csv; evidence/tables/class_confusion.csv names every object."
    )
    if len(names) < _MOST_COLUMNS:
        return (_matrix(rows, names, words, numbering, note),)
    return (_list_of_confusions(rows, words, numbering, note),)


def _matrix(
    rows: Sequence[Row],
    names: Sequence[str],
    words: Words,
    numbering: Numbering,
    note: str,
) -> Table:
    count = {(one["reference_class"], one["predicted_class"]): int(one["objects"]) for one in rows}
    width = f"{74 // (len(names) + 1)}%"
    columns = [Column(sentence(words.reference), "26%")]
    columns += [Column(f"predicted {one}", width, "middle") for one in names]
    columns.append(Column(_MISSED, width, "middle"))

    def cells(reference: str, label: str) -> list[str]:
        found = [number(count.get((reference, one), 0)) for one in (*names, MISSED)]
        if reference == FALSE_POSITIVE:
            found[-1] = "\u2013"
        return [label, *found]

    lines = [cells(one, one) for one in names] + [cells(FALSE_POSITIVE, _FALSE)]
    return numbering.table(
        "Over all classes: objects by class in reference and prediction",
        columns,
        [row(strong(label), *(text(one) for one in found)) for label, *found in lines],
        notes=(note,),
    )


def _list_of_confusions(
    rows: Sequence[Row], words: Words, numbering: Numbering, note: str
) -> Table:
    lone = {MISSED, FALSE_POSITIVE}
    confused = [
        one
        for one in rows
        if one["reference_class"] != one["predicted_class"]
        and not {one["reference_class"], one["predicted_class"]} & lone
    ]
    confused.sort(
        key=lambda one: (-int(one["objects"]), one["reference_class"], one["predicted_class"])
    )
    shown, others = confused[:_MOST_ROWS], confused[_MOST_ROWS:]
    left = sum(int(one["objects"]) for one in others)
    said = f"{plural(len(others), 'pair')} of classes with {plural(left, 'object')} more."
    return numbering.table(
        "Over all classes: objects given another class",
        (
            Column(f"Class in the {words.reference}", "40%"),
            Column("Predicted class", "40%"),
            Column("Objects", "20%", "middle"),
        ),
        [
            row(
                strong(one["reference_class"]),
                text(one["predicted_class"]),
                text(number(int(one["objects"]))),
            )
            for one in shown
        ],
        notes=(note, said if others else "", "" if confused else "There is none."),
    )
