"""The decision on one page: verdict, criteria, what is not met and where, limits, which run."""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.judge.findings import CriterionFinding
from validation.report.contents import RecordContents
from validation.report.formatting import clipped, day, percentage, plural, share
from validation.report.view.addresses import Addresses
from validation.report.view.criteria import CriterionView, weakest_subgroup
from validation.report.view.document import Notice
from validation.report.view.elements import (
    Column,
    Drawing,
    Heading,
    Item,
    Link,
    Numbering,
    Result,
    Table,
    Verdict,
    item,
    paragraphs,
    row,
    text,
)
from validation.report.view.front import notices_of, verdict_sentence
from validation.report.view.leakage import result_sentence, within_sentence
from validation.report.view.wording import INTERVAL_METHODS, STAGES, VERDICTS

MOST_LINES = 10
"""With more criteria and statements on them than this only those that are not met are listed."""

MOST_OPEN_ROWS = 5
"""Of these, so many: the summary stays one page, and says how many there are."""

MOST_POINTS = 3
"""Criteria of which the summary says where they are not met."""

_FEW = 6
_LONGEST_LIMITS = 600
_LONGEST_LIMITS_OF_MANY = 300
"""Characters of the limits that have room, beside few criteria and beside many."""


@dataclass(frozen=True)
class SummaryPoint:
    """A statement of the summary, with the results that it rests on."""

    label: str
    words: str
    results: tuple[Result, ...]
    anchor: str
    """Where more is said; empty: nowhere."""


@dataclass(frozen=True)
class SummaryView:
    """The decision on one page."""

    heading: Heading
    verdict: Verdict
    verdict_sentence: str
    notices: tuple[Notice, ...]
    scope: str
    criteria: Table
    failures: tuple[SummaryPoint, ...]
    """What is not met, or could not be evaluated, and where."""
    facts: tuple[Item, ...]
    limits: tuple[str, ...]


def summary(
    contents: RecordContents,
    addresses: Addresses,
    numbering: Numbering,
    criteria: Sequence[CriterionView],
) -> SummaryView:
    """Return the decision on one page."""
    shown = _shown(criteria)
    return SummaryView(
        heading=numbering.section("Decision summary", "summary"),
        verdict=VERDICTS[contents.findings.verdict],
        verdict_sentence=verdict_sentence(contents.findings),
        notices=notices_of(contents),
        scope=_scope(contents),
        criteria=_criteria_table(numbering, criteria, shown),
        failures=_failures(contents, addresses, criteria),
        facts=(*_facts(contents), item("Leakage", leakage_words(contents))),
        limits=_limits(
            contents.protocol.limits,
            _LONGEST_LIMITS if len(criteria) <= _FEW else _LONGEST_LIMITS_OF_MANY,
        ),
    )


def _scope(contents: RecordContents) -> str:
    plan, lock = contents.protocol, contents.lock
    subjects = f" of {plural(lock.subject_count, 'subject')}" if lock.subject_count else ""
    objects = (
        f", {plural(lock.reference_object_count, 'reference object')}"
        if lock.reference_object_count is not None
        else ""
    )
    return (
        f"{contents.run.model_name} {contents.run.model_version} for {plan.device.name} "
        f"{plan.device.version}, on the locked test set {lock.test_set_id}: "
        f"{plural(lock.case_count, 'case')}{subjects}{objects}."
    )


def _shown(criteria: Sequence[CriterionView]) -> list[CriterionView]:
    """Return the criteria that the summary lists: all, or of many those that are not met."""
    told = _open(criteria)
    if len(criteria) + min(len(told), MOST_POINTS) <= MOST_LINES:
        return list(criteria)
    return told[:MOST_OPEN_ROWS]


def _open(criteria: Sequence[CriterionView]) -> list[CriterionView]:
    """Return the criteria that are not met, then those that could not be evaluated."""
    unmet = [one for one in criteria if one.verdict.key == "not_met"]
    return [*unmet, *(one for one in criteria if one.verdict.key not in ("met", "not_met"))]


def _criteria_table(
    numbering: Numbering, criteria: Sequence[CriterionView], shown: Sequence[CriterionView]
) -> Table:
    caption = "Acceptance criteria, the figure of each, and its interval against its bound"
    notes = [
        (
            "The vertical line is the bound, the shaded side meets it; disc: met or not evaluable, "
            "hollow square: not met. Rows with the same unit share one scale."
        ),
    ]
    if len(criteria) > len(shown):
        caption = "Acceptance criteria that are not met or could not be evaluated"
        is_open = len(_open(criteria))
        met = len(criteria) - is_open
        left_out = is_open - len(shown)
        notes.append(
            f"{share(met, len(criteria))} criteria are met; all are in the results."
            if not left_out
            else f"The first {share(len(shown), is_open)} that are not met or could not be "
            f"evaluated; {share(met, len(criteria))} criteria are met. All are in the results."
        )
    return numbering.table(
        caption,
        (
            Column("Criterion", "9%"),
            Column("Figure", "26%"),
            Column("Result", "22%", "number"),
            Column("Bound", "14%", "number"),
            Column("Interval against bound", "18%", "middle"),
            Column("Verdict", "11%"),
        ),
        [
            row(
                Link(one.id, one.anchor),
                text(one.name, one.scope),
                one.result,
                text(one.bound, one.judged_on),
                Drawing(one.mark),
                one.verdict,
            )
            for one in shown
        ],
        notes=notes,
    )


def _failures(
    contents: RecordContents,
    addresses: Addresses,
    criteria: Sequence[CriterionView],
) -> tuple[SummaryPoint, ...]:
    """Return what is not met and where, as far as the page has room."""
    by_id = {one.id: one for one in contents.findings.criteria}
    told = _open(criteria)
    room = len(told) if len(told) == MOST_POINTS + 1 else MOST_POINTS
    points = [_point(one, by_id[one.id], addresses) for one in told[:room]]
    if left_out := len(told) - len(points):
        points.append(
            SummaryPoint(
                "Further",
                f"{plural(left_out, 'more criterion is', 'more criteria are')} not met or could "
                "not be evaluated: results by criterion.",
                (),
                "results-criteria",
            )
        )
    if failed := contents.findings.failed_cases:
        ids = ", ".join(f"{one.case_id} ({STAGES[one.stage]})" for one in failed[:6])
        more = f" and {len(failed) - 6} more" if len(failed) > 6 else ""  # noqa: PLR2004 - a line
        points.append(
            SummaryPoint(
                "Failed cases",
                f"{plural(len(failed), 'case')} without a prediction: {ids}{more}. "
                "With a failed case the verdict cannot be \u201cmet\u201d.",
                (),
                "failed-cases",
            )
        )
    return tuple(points)


def _point(one: CriterionView, finding: CriterionFinding, addresses: Addresses) -> SummaryPoint:
    results = [one.result] if isinstance(one.result, Result) else []
    said = f"{one.what}: {one.comparison}."
    weakest = weakest_subgroup(finding, addresses)
    if weakest is not None and one.verdict.key == "not_met":
        worst = addresses.result(weakest.id)
        [(column, value)] = weakest.scope.subgroup.items()
        said += f" Weakest subgroup: {column} {value}, {worst.words}."
        results.append(worst)
    return SummaryPoint(one.id, said, tuple(results), one.anchor)


def leakage_words(contents: RecordContents) -> str:
    """Return what is known of leakage, into the test set and within it."""
    known = contents.leakage
    within = f" {within_sentence(known.counts)}" if known and known.counts.within_test_set else ""
    if known is not None and known.counts.any_leak:
        return f"Found: the images and subjects concerned are in the section on leakage.{within}"
    return f"{result_sentence(known)}{within}"


def _which_run(contents: RecordContents) -> str:
    """Return which run this is on its test set; empty where the record does not hold it."""
    known = contents.openings
    return f"Run {known.number} of {known.count} on this test set. " if known else ""


def _facts(contents: RecordContents) -> tuple[Item, ...]:
    plan, run = contents.protocol, contents.run
    resumed = f", resumed {plural(run.resumed, 'time')}" if run.resumed else ""
    return (
        item(
            "Run",
            f"{share(run.cases_attempted - run.cases_failed, run.cases_attempted)} cases "
            f"predicted, on {day(run.finished_at)} by {run.operator}{resumed}; "
            f"record {contents.record_id}. {_which_run(contents)}Deviations: none recorded.",
        ),
        item(
            "Intervals",
            f"{percentage(plan.analysis.confidence_level)} "
            f"{INTERVAL_METHODS[plan.analysis.interval_method]} over "
            f"{plan.analysis.resampling_unit}s, "
            f"{plural(plan.analysis.replicates, 'replicate')}, seed {plan.analysis.seed}.",
        ),
    )


def _limits(limits: str, longest: int) -> tuple[str, ...]:
    whole = paragraphs(limits)
    if sum(map(len, whole)) <= longest:
        return whole
    return (
        clipped(whole[0], longest),
        "All limits are stated in the section on limits.",
    )
