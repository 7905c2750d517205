"""Differences as they are printed: of margins, of figures that criteria name, of all others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.evidence.catalogue import definition
from validation.evidence.metric_values import Interval, Scope
from validation.evidence.paired.records import FigureDifference, FoundByBoth, SideValue
from validation.judge.comparison.records import MarginFinding
from validation.plan.comparison import Margin
from validation.report.figures import (
    CriterionMark,
    CriterionPanel,
    CriterionRow,
    Estimate,
    criteria_forest,
)
from validation.report.formatting import (
    EN_DASH,
    MINUS,
    NO_BREAK,
    Direction,
    decimals_of,
    decimals_that_tell,
    interval_text,
    long_unit,
    number,
    with_short_unit,
)
from validation.report.view.elements import (
    Cell,
    Column,
    Numbering,
    Table,
    TableRow,
    listed,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.margins import MarginWords, margin_words
from validation.report.view.wording import VERDICTS, Words, scope_words

MOST_FIGURES = 200
"""Figures printed beside those that criteria and margins name; `comparison.json` holds all."""


@dataclass(frozen=True)
class MarginRow:
    """A margin with its finding."""

    margin: Margin
    finding: MarginFinding
    words: MarginWords


def margin_rows(
    margins: Iterable[Margin], findings: Sequence[MarginFinding], words: Words
) -> tuple[MarginRow, ...]:
    """Return every margin beside its finding, in the protocol's order."""
    by_id = {one.id: one for one in findings}
    return tuple(MarginRow(one, by_id[one.id], margin_words(one, words)) for one in margins)


def signed(value: float, decimals: int) -> str:
    r"""Return a difference with its sign, whichever it is.

    >>> print(ascii((signed(0.0026, 3), signed(-0.5, 3), signed(0.0, 3))))
    ('+0.003', '\u22120.500', '0.000')
    """
    said = number(value, decimals)
    is_zero = not any(digit in "123456789" for digit in said)
    return said if is_zero or said.startswith(MINUS) else f"+{said}"


def difference_text(value: float | None, interval: Interval | None, decimals: int) -> str:
    """Return a difference with its limits, or a dash."""
    if value is None:
        return EN_DASH
    if interval is None:
        return signed(value, decimals)
    limits = f"[{signed(interval.lower, decimals)},{NO_BREAK}{signed(interval.upper, decimals)}]"
    return f"{signed(value, decimals)} {limits}"


def decimals_of_margin(one: MarginFinding) -> int:
    """Return decimals with which the limit does not seem to lie on the other side of the margin."""
    if one.observed is None:
        return decimals_of(one.unit)
    # What asks for more than the bound fails on the bound itself.
    strict: Direction = "at_most" if one.sign == ">" else "at_least"
    return decimals_that_tell(one.observed, one.bound, strict, one.unit)


# --- margins -----------------------------------------------------------------------------


def margins_table(rows: Sequence[MarginRow], caption: str, numbering: Numbering) -> Table:
    """Return every margin with both figures, the difference and the verdict."""
    return numbering.table(
        caption,
        (
            Column("Margin", "9%"),
            Column("Figure", "25%"),
            Column("A", "9%", "number"),
            Column("B", "9%", "number"),
            Column("B \u2212 A", "17%", "number"),
            Column("Asked", "18%"),
            Column("Verdict", "13%"),
        ),
        [_margin_row(one) for one in rows],
    )


def _margin_row(one: MarginRow) -> TableRow:
    found, decimals = one.finding, decimals_of_margin(one.finding)
    return row(
        strong(one.margin.id),
        text(one.words.name, one.words.scope),
        text(_value(found.first, found.unit, decimals)),
        text(_value(found.second, found.unit, decimals)),
        text(difference_text(found.difference, found.interval, decimals)),
        text(one.words.aim, one.words.asked.replace(" of the difference", "")),
        VERDICTS[found.verdict],
    )


def _value(value: float | None, unit: str, decimals: int) -> str:
    if value is None:
        return EN_DASH
    return with_short_unit(number(value, min(decimals, decimals_of(unit) + 1)), unit)


def reasons_table(rows: Sequence[MarginRow], numbering: Numbering) -> Table:
    """Return what each margin verifies, its rationale, and the comparison or why there is none."""
    return numbering.table(
        "Where the margins come from, and what was held against them",
        (
            Column("Margin", "9%"),
            Column("Verifies", "13%"),
            Column("Rationale", "44%"),
            Column("Comparison", "34%"),
        ),
        [
            row(
                strong(one.margin.id),
                listed(*one.margin.requirements),
                text(*paragraphs(one.margin.rationale)),
                text(_reason(one)),
            )
            for one in rows
        ],
    )


def _reason(one: MarginRow) -> str:
    found, decimals = one.finding, decimals_of_margin(one.finding)
    if found.observed is None or found.verdict == "not_evaluable":
        return found.reason
    limit = found.judged_on.replace("_", " ")
    bound = signed(found.bound, decimals)
    does = "lies" if found.verdict == "met" else "does not lie"
    side = "above" if found.sign == ">" else "below"
    return f"{limit} {signed(found.observed, decimals)} {does} {side} {bound}"


def margins_forest(rows: Sequence[MarginRow]) -> Markup | None:
    """Return the differences against their margins, a panel a unit and side; None: no margin."""
    panels: dict[tuple[str, str], list[CriterionRow]] = {}
    for one in rows:
        panels.setdefault((one.finding.unit, one.finding.sign), []).append(_forest_row(one))
    if not panels:
        return None
    alt = "; ".join(f"{one.margin.id}: {_reason(one)}" for one in rows)
    return criteria_forest(
        [
            CriterionPanel(_axis(unit, sign), tuple(of_panel))
            for (unit, sign), of_panel in panels.items()
        ],
        alt=f"Differences against their margins. {alt}.",
    )


def _axis(unit: str, sign: str) -> str:
    better = "more is better" if sign == ">" else "less is better"
    said = f", {unit}" if unit != "ratio" else ""
    return f"difference, new version \u2212 version before{said} ({better})"


def _forest_row(one: MarginRow) -> CriterionRow:
    found, decimals = one.finding, decimals_of_margin(one.finding)
    limits = found.interval
    return CriterionRow(
        id=one.margin.id,
        what=f"{one.words.name}, {one.words.scope}" if one.words.scope else one.words.name,
        bound=f"{found.sign} {signed(found.bound, decimals)}",
        result=_short(one),
        mark=CriterionMark(
            Estimate(
                found.difference,
                limits.lower if limits else None,
                limits.upper if limits else None,
            ),
            found.bound,
            "at_least" if found.sign == ">" else "at_most",
            found.verdict,
            _reason(one),
        ),
        scope=one.words.scope,
    )


def _short(one: MarginRow) -> str:
    """Return a difference with its limits, only itself with a plus: there is little room."""
    found, decimals = one.finding, decimals_of_margin(one.finding)
    said = difference_text(found.difference, None, decimals)
    return f"{said} {interval_text(found.interval, decimals)}" if found.interval else said


# --- figures -----------------------------------------------------------------------------

_FIGURES = (
    Column("Figure", "37%"),
    Column("A", "20%", "number"),
    Column("B", "20%", "number"),
    Column("B \u2212 A", "23%", "number"),
)


def figures_table(
    differences: Iterable[FigureDifference],
    caption: str,
    words: Words,
    numbering: Numbering,
    *,
    notes: Iterable[str] = (),
) -> Table:
    """Return figures of both versions with their differences."""
    rows = [_figure_row(one, words) for one in differences]
    return numbering.table(caption, _FIGURES, rows, notes=notes)


def _figure_row(one: FigureDifference, words: Words) -> TableRow:
    is_count = definition(one.metric).aggregation == "count"
    decimals = 0 if is_count else decimals_of(one.unit)
    scope = ", ".join(part for part in (scope_words(one.scope), long_unit(one.unit)) if part)
    difference: Cell = text(difference_text(one.difference, one.interval, decimals))
    if one.difference is None:
        difference = text(EN_DASH)
    return row(
        text(words.metric(definition(one.metric)), scope),
        _side(one.first, one.unit, decimals),
        _side(one.second, one.unit, decimals),
        difference,
    )


def _side(one: SideValue, unit: str, decimals: int) -> Cell:
    if one.value is None:
        return text("not defined")
    limits = interval_text(one.interval, decimals) if one.interval else ""
    return text(with_short_unit(number(one.value, decimals), unit), limits)


def is_whole(one: FigureDifference) -> bool:
    """Tell whether a figure is of all cases and every size."""
    return not one.scope.subgroup and one.scope.size is None


def same_figure(scope: Scope) -> tuple[str | None, float | None]:
    """Return what a figure is about, whatever its subgroup and size."""
    return scope.class_name, scope.iou


# --- what was found ----------------------------------------------------------------------


def found_table(found: Sequence[FoundByBoth], numbering: Numbering) -> Table | None:
    """Return what both versions found and what one alone; None where nothing can be counted."""
    if not found:
        return None
    return numbering.table(
        "What both versions found, and what only one",
        (
            Column("Things", "25%"),
            Column("Both", "9%", "number"),
            Column("A alone", "10%", "number"),
            Column("B alone", "10%", "number"),
            Column("Neither", "10%", "number"),
            Column("McNemar, exact p", "16%", "number"),
            Column("Over clusters, p", "20%", "number"),
        ),
        [_found_row(one) for one in found],
        notes=(
            (
                "A alone is what the new version lost, B alone what it gained. McNemar's exact "
                "test takes every thing as independent, and objects of one subject or image are "
                "not: it can be too sure. The test over clusters is that of Durkalski et al. "
                "(2003), for many clusters. Neither decides: the interval of the difference does."
            ),
        ),
    )


def _found_row(one: FoundByBoth) -> TableRow:
    scope = one.class_name if one.iou is None else f"{one.class_name}, IoU\u00a0{number(one.iou)}"
    clustered = EN_DASH
    if one.clustered_p is not None:
        clustered = f"{_p(one.clustered_p)} ({number(one.clusters)})"
    return row(
        text(one.of, scope),
        *(text(number(count)) for count in (one.both, one.first_only, one.second_only)),
        text(number(one.neither)),
        text("they never differ" if one.p is None else _p(one.p)),
        text(clustered, one.no_clustered_p or ""),
    )


_LEAST_P = 0.0001


def _p(value: float | None) -> str:
    if value is None:
        return EN_DASH
    return f"< {number(_LEAST_P)}" if value < _LEAST_P else number(value, 4)
