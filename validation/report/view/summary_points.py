"""What the summary says of criteria that are not met, and of failed cases."""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.evidence.metric_values import MetricValue
from validation.judge.findings import CriterionFinding
from validation.report.contents import RecordContents
from validation.report.formatting import plural
from validation.report.view.addresses import Addresses
from validation.report.view.cases import cases_and_subjects
from validation.report.view.criteria import CriterionView, weakest_subgroup
from validation.report.view.elements import Result
from validation.report.view.wording import STAGES
from validation.testset.cases import Case


@dataclass(frozen=True)
class SummaryPoint:
    """A statement of the summary, with the results that it rests on."""

    label: str
    words: str
    results: tuple[Result, ...]
    anchor: str
    """Where more is said; empty: nowhere."""


def open_criteria(criteria: Sequence[CriterionView]) -> list[CriterionView]:
    """Return the criteria that are not met, then those that could not be evaluated."""
    unmet = [one for one in criteria if one.verdict.key == "not_met"]
    return [*unmet, *(one for one in criteria if one.verdict.key not in ("met", "not_met"))]


def failures(
    contents: RecordContents,
    addresses: Addresses,
    criteria: Sequence[CriterionView],
    point_count: int,
) -> tuple[SummaryPoint, ...]:
    """Return what is not met and where, as far as the page has room."""
    by_id = {one.id: one for one in contents.findings.criteria}
    told = open_criteria(criteria)
    points = [_point(one, by_id[one.id], addresses, contents.ran) for one in told[:point_count]]
    if left_out := len(told) - len(points):
        points.append(further(left_out))
    return (*points, *failed_cases(contents))


def further(left_out: int) -> SummaryPoint:
    """Return how many more criteria are not met, and where they are told."""
    return SummaryPoint(
        "Further",
        f"{plural(left_out, 'more criterion is', 'more criteria are')} not met or could "
        "not be evaluated: results by criterion.",
        (),
        "results-criteria",
    )


def failed_cases(contents: RecordContents) -> tuple[SummaryPoint, ...]:
    """Return which cases the model failed for; nothing where it failed for none."""
    failed = contents.findings.failed_cases
    if not failed:
        return ()
    ids = ", ".join(f"{one.case_id} ({STAGES[one.stage]})" for one in failed[:6])
    more = f" and {len(failed) - 6} more" if len(failed) > 6 else ""  # noqa: PLR2004 - a line
    said = (
        f"{plural(len(failed), 'case')} without a prediction: {ids}{more}. "
        "With a failed case the verdict cannot be \u201cmet\u201d."
    )
    return (SummaryPoint("Failed cases", said, (), "failed-cases"),)


def _point(
    one: CriterionView, finding: CriterionFinding, addresses: Addresses, ran: Sequence[Case]
) -> SummaryPoint:
    results = [one.result] if isinstance(one.result, Result) else []
    said = said_of(one, finding, addresses, ran)
    weakest = _weakest(one, finding, addresses)
    if weakest is not None:
        worst = addresses.result(weakest.id)
        said += f" {worst.words}." if worst.interval else f" {worst.words}, without an interval."
        results.append(worst)
    return SummaryPoint(one.id, said, tuple(results), one.anchor)


def said_of(
    one: CriterionView, finding: CriterionFinding, addresses: Addresses, ran: Sequence[Case]
) -> str:
    """Return what is said of a criterion, without the figure of its weakest subgroup."""
    said = f"{one.what}: {one.comparison}."
    weakest = _weakest(one, finding, addresses)
    if weakest is None:
        return said
    [(column, value)] = weakest.scope.subgroup.items()
    members = [one for one in ran if one.attributes.get(column) == value]
    return f"{said} Weakest subgroup: {column} {value} ({cases_and_subjects(members)}),"


def _weakest(
    one: CriterionView, finding: CriterionFinding, addresses: Addresses
) -> MetricValue | None:
    return weakest_subgroup(finding, addresses) if one.verdict.key == "not_met" else None
