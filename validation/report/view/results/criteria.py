"""Results by criterion, and where the bounds come from."""

import math
from collections.abc import Sequence

from validation.report.figures import CriterionPanel, CriterionRow, criteria_forest
from validation.report.formatting import plural, unit_word
from validation.report.view.criteria import CriterionView
from validation.report.view.elements import (
    Column,
    Figure,
    Numbering,
    Result,
    Table,
    paragraphs,
    row,
    strong,
    text,
)

_MOST_ROWS = 32


def criteria_table(numbering: Numbering, criteria: Sequence[CriterionView]) -> Table:
    """Return every criterion with its result, its bound and its verdict."""
    return numbering.table(
        "Every acceptance criterion with its result; the bound was fixed before the run",
        (
            Column("Criterion", "10%"),
            Column("Figure", "28%"),
            Column("Result", "18%", "number"),
            Column("Comparison with the bound", "22%"),
            Column("Verdict", "12%"),
            Column("Verifies", "10%"),
        ),
        [
            row(
                strong(one.id),
                text(one.name, one.scope, one.sample),
                one.result,
                text(one.bound, one.comparison),
                one.verdict,
                text(*one.requirements),
                anchor=one.anchor,
            )
            for one in criteria
        ],
        notes=_few_units(criteria),
    )


def _few_units(criteria: Sequence[CriterionView]) -> tuple[str, ...]:
    """Return which criteria are judged on limits over few units; nothing where none is."""
    concerned = [one.id for one in criteria if one.has_few_units]
    if not concerned:
        return ()
    which = "every criterion" if len(concerned) == len(criteria) else ", ".join(concerned)
    return (
        (
            f"Judged on an interval over fewer than ten independent units: {which}. An "
            "interval over so few is noticeably too narrow: a limit close to its bound shows "
            "little."
        ),
    )


def bounds_table(numbering: Numbering, criteria: Sequence[CriterionView]) -> Table:
    """Return where each bound comes from."""
    return numbering.table(
        "Where the bounds come from",
        (Column("Criterion", "10%"), Column("Bound", "28%"), Column("Rationale", "62%")),
        [
            row(
                strong(one.id),
                text(f"{one.judged_on} {one.bound}"),
                text(*paragraphs(one.rationale)),
            )
            for one in criteria
        ],
    )


def criteria_figures(
    numbering: Numbering, criteria: Sequence[CriterionView], table: Table
) -> tuple[Figure, ...]:
    """Return every criterion with its interval and bound, a panel a unit and direction; by page."""
    parts = _by_page(criteria)
    return tuple(
        numbering.figure(
            "Every criterion with its interval and its bound (line); the shade is the side that "
            "meets it. A disc is met or, in grey, not evaluable; a hollow square is not met. "
            f"Criteria that compare share an axis. Numbers: {table.label}.",
            criteria_forest(
                [_panel(unit, rows) for (unit, *_), rows in part.items()], alt=_alt(part)
            ),
        )
        for part in parts
    )


_Panels = dict[tuple[str, str, str], list[CriterionView]]
"""Criteria by what they share."""


def _by_page(criteria: Sequence[CriterionView]) -> list[_Panels]:
    """Return the criteria by what compares, on as many drawings as pages have room for."""
    kinds = list(dict.fromkeys(one.family for one in criteria))
    ordered = sorted(criteria, key=lambda one: kinds.index(one.family))
    pages: list[_Panels] = []
    at_once = math.ceil(len(ordered) / max(1, math.ceil(len(ordered) / _MOST_ROWS)))
    for start in range(0, len(ordered), max(1, at_once)):
        page: _Panels = {}
        for one in ordered[start : start + at_once]:
            page.setdefault(one.family, []).append(one)
        pages.append(page)
    return pages


def _panels(part: _Panels) -> list[CriterionPanel]:
    return [_panel(unit, rows) for (unit, *_), rows in part.items()]


def _panel(unit: str, criteria: Sequence[CriterionView]) -> CriterionPanel:
    rows = [
        CriterionRow(
            one.id,
            one.what,
            one.bound,
            one.result.words if isinstance(one.result, Result) else " ".join(one.result.lines),
            one.drawn,
            one.scope,
        )
        for one in criteria
    ]
    return CriterionPanel(unit_word(unit) or "ratio", tuple(rows))


def _alt(panels: _Panels) -> str:
    every = [one for rows in panels.values() for one in rows]
    missed = [one.id for one in every if one.verdict.key != "met"]
    lead = f"not met or not evaluable: {', '.join(missed)}" if missed else "all met"
    said = "; ".join(f"{one.id}: {one.comparison}, {one.verdict.word}" for one in every)
    return f"Forest plot of {plural(len(every), 'criterion', 'criteria')}, {lead}. {said}."
