"""Objects by reference and predicted class, as a table of the results.

The numbers are rows of ``class_confusion.csv``, for which the table names the file, as the
tables of cases and objects do for theirs.
"""

from collections.abc import Mapping, Sequence

from validation.evidence.class_confusion import FALSE_POSITIVE, MISSED
from validation.report.contents import RecordContents, Row
from validation.report.figures import Matrix, matrix_picture
from validation.report.formatting import number, plural
from validation.report.view.elements import Column, Figure, Numbering, Table, row, strong, text
from validation.report.view.wording import Words, sentence

_MOST_COLUMNS = 7
"""With more classes and the missed objects there is no room for a column each."""
_MOST_ROWS = 20
_MOST_DRAWN = 40
"""With more classes the cells of the picture would be too small to tell."""
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


def confusion_figures(
    contents: RecordContents, words: Words, numbering: Numbering, tables: Sequence[Table]
) -> list[Figure]:
    """Return the confusion of classes as a picture; none where there is no table, or no room."""
    rows = [one for one in contents.confusion_rows if not one["subgroup"]]
    names = contents.protocol.class_names()
    if not tables or len(names) > _MOST_DRAWN:
        return []
    count = {(one["reference_class"], one["predicted_class"]): int(one["objects"]) for one in rows}
    lines = [
        tuple(
            None if (of, to) == (FALSE_POSITIVE, MISSED) else count.get((of, to), 0)
            for to in (*names, MISSED)
        )
        for of in (*names, FALSE_POSITIVE)
    ]
    matrix = Matrix((*names, _FALSE), (*names, _MISSED), tuple(lines))
    drawing = matrix_picture(
        matrix,
        alt=_alt(count, names),
        row_label=sentence(words.reference),
        column_label="Predicted class",
    )
    source = "evidence/class_confusion.csv"
    shown = ", ".join(one.label for one in tables)
    return [
        numbering.figure(
            "Objects by class in reference and prediction; the darker, the larger the share of "
            f"its row. Numbers: {shown} and {source}.",
            drawing,
        )
    ]


def _alt(count: Mapping[tuple[str, str], int], names: Sequence[str]) -> str:
    agreed = sum(objects for (of, to), objects in count.items() if of == to)
    others = sum(
        objects for (of, to), objects in count.items() if of != to and {of, to} <= {*names}
    )
    missed = sum(objects for (_, to), objects in count.items() if to == MISSED)
    false = sum(objects for (of, _), objects in count.items() if of == FALSE_POSITIVE)
    return (
        f"Confusion matrix of {plural(len(names), 'class', 'classes')}: "
        f"{plural(agreed, 'object')} of the same class, {number(others)} of another, "
        f"{number(missed)} missed, {number(false)} found where nothing is."
    )
