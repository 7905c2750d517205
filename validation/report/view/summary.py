"""The decision on one page: verdict, criteria, what is not met and where, limits, which run.

What is not met comes first; `validation.report.view.summary_room` reckons how much has room.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.report.contents import RecordContents
from validation.report.formatting import clipped, day, number, percentage, plural, share
from validation.report.view.addresses import Addresses
from validation.report.view.criteria import CriterionView
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
from validation.report.view.summary_points import (
    SummaryPoint,
    failed_cases,
    failures,
    further,
    open_criteria,
    said_of,
)
from validation.report.view.summary_room import (
    DECISION,
    LEAD,
    NOTE,
    NOTICE,
    choose,
    height_of_item,
    height_of_row,
)
from validation.report.view.wording import INTERVAL_METHODS, verdict_of

MOST_LINES = 10
"""With more criteria and statements on them than this only those that are not met are listed."""

MOST_OPEN_ROWS = 5
"""Of these, so many: the summary stays one page, and says how many there are."""

MOST_POINTS = 3
"""Criteria of which the summary says where they are not met."""

_FEW = 6
_LONGEST_LIMITS = (600, 300, 120, 0)
_LONGEST_LIMITS_OF_MANY = (300, 120, 0)
"""Characters of the limits that may have room, beside few criteria and beside many."""

_LONGEST_FACT = 300
_RESULT = "0.000 [0.000, 0.000] E0000 E0000"
"""As wide as the figures that stand at the end of a statement."""


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


@dataclass(frozen=True)
class _Room:
    """What the page has room for."""

    shown: tuple[CriterionView, ...]
    point_count: int
    """Criteria of which the summary says where they are not met."""
    limits: tuple[str, ...]


def summary(
    contents: RecordContents,
    addresses: Addresses,
    numbering: Numbering,
    criteria: Sequence[CriterionView],
) -> SummaryView:
    """Return the decision on one page."""
    facts = (*_facts(contents), _leakage(contents))
    room = _room(contents, addresses, criteria, facts)
    return SummaryView(
        heading=numbering.section("Decision summary", "summary"),
        verdict=verdict_of(contents.findings),
        verdict_sentence=verdict_sentence(contents.findings),
        notices=notices_of(contents),
        scope=_scope(contents),
        criteria=_criteria_table(numbering, criteria, room.shown),
        failures=failures(contents, addresses, criteria, room.point_count),
        facts=facts,
        limits=room.limits,
    )


def _room(
    contents: RecordContents,
    addresses: Addresses,
    criteria: Sequence[CriterionView],
    facts: Sequence[Item],
) -> _Room:
    """Return all criteria if they have room; else those that are not met, as many as have."""
    told = open_criteria(criteria)
    some = (told or list(criteria))[:MOST_OPEN_ROWS]
    most_points = len(told) if len(told) == MOST_POINTS + 1 else MOST_POINTS
    lengths = _LONGEST_LIMITS if len(criteria) <= _FEW else _LONGEST_LIMITS_OF_MANY
    limits = [_limits(contents.protocol.limits, longest) for longest in lengths]
    points = [_height_of_point(one, contents, addresses) for one in told[:most_points]]
    above = _height_above(contents, facts)
    are_few = len(criteria) + min(len(told), MOST_POINTS) <= MOST_LINES
    rest = _height_of_rest(len(criteria))
    for shown, below in ((list(criteria), 0.0), (some, rest)) if are_few else ((some, rest),):
        row_count, point_count, place = choose(
            contents.protocol.document.page_size,
            above + below,
            [_height_of_row(one) for one in shown],
            points,
            [height_of_item("Limits", one) for one in limits],
        )
        if (row_count, point_count) == (len(shown), len(points)):
            break
    return _Room(tuple(shown[:row_count]), point_count, limits[place])


def _height_above(contents: RecordContents, facts: Sequence[Item]) -> float:
    """Return the height of what stands on the page in any case."""
    told = verdict_sentence(contents.findings)
    notices = [f"{one.short}. {one.sentence}" for one in notices_of(contents)]
    return (
        LEAD.height(_scope(contents))
        + DECISION.height(f"{verdict_of(contents.findings).headline} {told}")
        + sum(map(NOTICE.height, notices))
        + sum(height_of_item(one.label, one.paragraphs) for one in facts)
        + sum(height_of_item(one.label, (one.words,)) for one in failed_cases(contents))
        + NOTE.height(_MARKS)
    )


def _height_of_rest(count: int) -> float:
    """Return the height of what is said of the criteria that are left out."""
    more = further(count)
    return NOTE.height(_left_out(1, count, count)) + height_of_item(more.label, (more.words,))


def _height_of_row(one: CriterionView) -> float:
    result = (
        (f"{one.result.text} E0000", one.result.interval)
        if isinstance(one.result, Result)
        else one.result.lines
    )
    return height_of_row((one.id,), (one.name, one.scope), result, (one.bound, one.judged_on))


def _height_of_point(one: CriterionView, contents: RecordContents, addresses: Addresses) -> float:
    [finding] = [each for each in contents.findings.criteria if each.id == one.id]
    said = said_of(one, finding, addresses, contents.ran)
    return height_of_item(one.id, (f"{said} {_RESULT}",))


def _scope(contents: RecordContents) -> str:
    plan, lock, subset = contents.protocol, contents.lock, contents.findings.subset
    only = f"{share(len(subset.cases), subset.of)} cases only, " if subset else ""
    subjects = f" of {plural(lock.subject_count, 'subject')}" if lock.subject_count else ""
    objects = (
        f", {plural(lock.reference_object_count, 'reference object')}"
        if lock.reference_object_count is not None
        else ""
    )
    return (
        f"{contents.run.model_name} {contents.run.model_version} for {plan.device.name} "
        f"{plan.device.version}, {only}on the locked test set {lock.test_set_id}: "
        f"{plural(lock.case_count, 'case')}{subjects}{objects}."
    )


_MARKS = (
    "The vertical line is the bound, the shaded side meets it; disc: met or not evaluable, "
    "hollow square: not met. Rows with the same unit share one scale."
)


def _left_out(shown: int, are_open: int, count: int) -> str:
    """Return how many criteria the table does not list, and how many of them are met."""
    met = f"{share(count - are_open, count)} criteria are met"
    if not are_open:
        return f"The first {share(shown, count)} criteria; all are met, and all are in the results."
    if shown == are_open:
        return f"{met}; all are in the results."
    return (
        f"The first {share(shown, are_open)} that are not met or could not be evaluated; {met}. "
        "All are in the results."
    )


def _criteria_table(
    numbering: Numbering, criteria: Sequence[CriterionView], shown: Sequence[CriterionView]
) -> Table:
    caption = "Acceptance criteria, the figure of each, and its interval against its bound"
    notes = [_MARKS]
    are_open = len(open_criteria(criteria))
    if len(criteria) > len(shown):
        if are_open:
            caption = "Acceptance criteria that are not met or could not be evaluated"
        notes.append(_left_out(len(shown), are_open, len(criteria)))
    return numbering.table(
        caption,
        (
            Column("Criterion", "9%"),
            Column("Figure", "26%"),
            Column("Result", "22%", "number"),
            Column("Bound", "14%", "number"),
            Column("Against bound", "18%", "middle"),
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


def _leakage(contents: RecordContents) -> Item:
    said = leakage_words(contents)
    if len(said) <= _LONGEST_FACT:
        return item("Leakage", said)
    return item("Leakage", f"{clipped(said, _LONGEST_FACT)} More is in the section on leakage.")


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


def _deviations(contents: RecordContents) -> str:
    findings = contents.findings
    closed, still_open = findings.closed_deviations, findings.open_deviations
    unsigned = (
        ""
        if findings.approval == "approved"
        else ("Deviation: the protocol was not approved before the run.")
    )
    if not closed and not still_open:
        return unsigned or "Deviations: none that this record knows of."
    counted = f"Deviations recorded: {number(len(closed) + len(still_open))}"
    said = f"{counted}, {number(len(still_open)) if still_open else 'none'} of them open."
    return f"{unsigned} {said}".strip()


def _facts(contents: RecordContents) -> tuple[Item, ...]:
    plan, run = contents.protocol, contents.run
    resumed = f", resumed {plural(run.resumed, 'time')}" if run.resumed else ""
    return (
        item(
            "Run",
            f"{share(run.cases_attempted - run.cases_failed, run.cases_attempted)} cases "
            f"predicted, on {day(run.finished_at)} by {run.operator}{resumed}; "
            f"record {contents.record_id}. {_which_run(contents)}{_deviations(contents)}",
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
        *((clipped(whole[0], longest),) if longest else ()),
        "All limits are stated in the section on limits.",
    )
