"""The figures of each case in both records, side by side.

Columns are those of ``cases.csv`` that both records have, each with ``/first``, ``/second`` and,
for numbers, ``/difference`` (second - first) behind its name; a difference is empty where one of
the two is.
"""

import math
from collections.abc import Mapping, Sequence

from validation.evidence.rows import Row

_SAME = ("case_id", "subject_id")
_WORDS = ("status", "reason", "in_figures", "presence")


def paired_case_rows(
    first: Sequence[Mapping[str, str]], second: Sequence[Mapping[str, str]]
) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """Return the columns and the rows, by case id, of the cases that both records have.

    Args:
        first: Rows of ``cases.csv`` of the version before, cells as text.
        second: Those of the new version.
    """
    before = {row["case_id"]: row for row in first}
    columns = [one for one in (second[0] if second else {}) if not first or one in first[0]]
    kept = [one for one in columns if one in _SAME or one.startswith("subgroup/")]
    compared = [one for one in columns if one not in kept]
    names = [
        *kept,
        *(
            f"{one}/{side}"
            for one in compared
            for side in ("first", "second", *(() if _is_words(one) else ("difference",)))
        ),
    ]
    rows = [
        _row(before[row["case_id"]], row, kept, compared)
        for row in second
        if row["case_id"] in before
    ]
    return tuple(names), tuple(rows)


def _is_words(column: str) -> bool:
    return column.split("/", maxsplit=1)[0] in _WORDS


def _row(
    old: Mapping[str, str], new: Mapping[str, str], kept: Sequence[str], compared: Sequence[str]
) -> Row:
    row: Row = {name: new[name] or None for name in kept}
    for name in compared:
        row[f"{name}/first"], row[f"{name}/second"] = old[name] or None, new[name] or None
        if not _is_words(name):
            row |= {
                f"{name}/first": _number(old[name]),
                f"{name}/second": _number(new[name]),
                f"{name}/difference": _difference(_number(old[name]), _number(new[name])),
            }
    return row


def _number(text: str) -> int | float | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        value = float(text)
    return value if math.isfinite(value) else None


def _difference(old: float | None, new: float | None) -> int | float | None:
    if old is None or new is None:
        return None
    return new - old
