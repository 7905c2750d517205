"""Acceptance criteria beside the figures that they were held against."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from validation.evidence.catalogue import definition
from validation.evidence.metric_values import MetricValue, Scope
from validation.judge.findings import CriterionFinding
from validation.plan.protocol import AcceptanceCriterion
from validation.report.contents import RecordContents
from validation.report.figures import CriterionMark, Estimate, criterion_mark, reach
from validation.report.formatting import long_unit, number, plural, with_short_unit
from validation.report.view.addresses import Addresses, decimals_of_finding
from validation.report.view.elements import Result, Text, Verdict, text
from validation.report.view.wording import DIRECTIONS, JUDGED_ON, VERDICTS, Words, scope_words

_SIGNS: Mapping[tuple[str, bool], str] = {
    ("at_least", True): "\u2265",
    ("at_least", False): "<",
    ("at_most", True): "\u2264",
    ("at_most", False): ">",
}


FEW_UNITS = 10
"""Below so many units a percentile interval is noticeably too narrow (decision 0008)."""

MOST_LINES = 8
"""Criteria of which each has a line where the verdicts on one risk are listed."""


@dataclass(frozen=True)
class Asked:
    """What a criterion asks, in words."""

    name: str
    """Name of the metric."""
    scope: str
    """Class, IoU threshold, subgroup and a unit of words; may be empty."""
    bound: str
    """E.g. ``at least 0.85``."""
    judged_on: str
    """E.g. ``lower limit``."""


def asked(criterion: AcceptanceCriterion, words: Words) -> Asked:
    """Return what a criterion asks."""
    unit = definition(criterion.metric).unit
    scope = Scope(
        class_name=criterion.class_name,
        iou=criterion.iou,
        size=criterion.size,
        subgroup=criterion.subgroup,
    )
    bound = with_short_unit(number(criterion.bound), unit)
    return Asked(
        name=words.metric(definition(criterion.metric)),
        scope=", ".join(one for one in (scope_words(scope), long_unit(unit)) if one),
        bound=f"{DIRECTIONS[criterion.direction]} {bound}",
        judged_on=JUDGED_ON[criterion.judged_on],
    )


@dataclass(frozen=True)
class CriterionView:
    """A criterion with its finding, ready to print."""

    id: str
    anchor: str
    """Name of its row in the table of results."""
    requirements: tuple[str, ...]
    name: str
    """Name of the metric."""
    scope: str
    """Class, IoU threshold, subgroup and a unit of words; may be empty."""
    result: Result | Text
    """The figure; words where the evidence holds no such figure."""
    bound: str
    """E.g. ``at least 0.85``."""
    judged_on: str
    """E.g. ``lower limit``."""
    comparison: str
    """E.g. ``lower limit 0.787 < 0.850``, or why there is none."""
    mark: Markup
    """Interval against bound, as a drawing."""
    drawn: CriterionMark
    """The same, for drawings of all criteria."""
    unit: str
    family: tuple[str, str, str]
    """What criteria share that are drawn on one axis: unit, direction, what is better."""
    verdict: Verdict
    rationale: str
    has_few_units: bool
    """Whether it is judged on an interval over so few independent units that it is too narrow."""
    units: str = ""
    """Independent units behind the interval, e.g. ``8 subjects``; empty where there is none."""

    @property
    def sample(self) -> str:
        """Size of the sample, and its independent units; empty where there is no figure."""
        if not isinstance(self.result, Result):
            return ""
        return f"{self.result.sample}; {self.units}" if self.units else self.result.sample

    @property
    def what(self) -> str:
        """Metric and scope in one line."""
        return f"{self.name}, {self.scope}" if self.scope else self.name


def criteria_views(
    contents: RecordContents, addresses: Addresses, words: Words
) -> tuple[CriterionView, ...]:
    """Return every criterion, in the protocol's order."""
    planned = {one.id: one for one in contents.protocol.criteria}
    half_widths = _half_widths(contents.findings.criteria)
    return tuple(
        replace(
            _view(finding, planned[finding.id], addresses, words, half_widths),
            units=_units(finding, contents.protocol.analysis.resampling_unit),
        )
        for finding in contents.findings.criteria
    )


def _view(
    finding: CriterionFinding,
    criterion: AcceptanceCriterion,
    addresses: Addresses,
    words: Words,
    half_widths: Mapping[str, float],
) -> CriterionView:
    promised = asked(criterion, words)
    comparison = _comparison(finding)
    return CriterionView(
        id=finding.id,
        anchor=f"criterion-{finding.id}",
        requirements=finding.requirement_ids,
        name=promised.name,
        scope=promised.scope,
        result=addresses.compact_result(finding.metric_id)
        if finding.metric_id in addresses
        else text("no such figure"),
        bound=promised.bound,
        judged_on=promised.judged_on,
        comparison=comparison,
        mark=criterion_mark(
            _mark(finding, f"{finding.id}: {comparison}"), half_widths[finding.unit]
        ),
        drawn=_mark(finding, comparison),
        unit=finding.unit,
        family=(finding.unit, finding.direction, definition(criterion.metric).better),
        verdict=VERDICTS[finding.verdict],
        rationale=criterion.rationale,
        has_few_units=_has_few_units(finding),
    )


def _units(finding: CriterionFinding, unit: str) -> str:
    if finding.interval is None or unit == "case":
        return ""
    return plural(finding.interval.clusters, unit)


def _has_few_units(finding: CriterionFinding) -> bool:
    interval = finding.interval
    return (
        finding.judged_on != "value"
        and interval is not None
        and interval.replicates > 0
        and interval.clusters < FEW_UNITS
    )


def _comparison(finding: CriterionFinding) -> str:
    if finding.observed is not None:
        compared, _ = _compared(finding, finding.observed)
        return f"{JUDGED_ON[finding.judged_on]} {compared}"
    if finding.value is None:
        return finding.reason
    compared, holds = _compared(finding, finding.value)
    return finding.reason if holds else f"value {compared}: it misses the bound; {finding.reason}"


def _compared(finding: CriterionFinding, value: float) -> tuple[str, bool]:
    """Return a value beside the bound, and whether it meets it."""
    decimals = decimals_of_finding(finding)
    holds = value >= finding.bound if finding.direction == "at_least" else value <= finding.bound
    printed = with_short_unit(number(value, decimals), finding.unit)
    bound = with_short_unit(number(finding.bound, decimals), finding.unit)
    return f"{printed} {_SIGNS[finding.direction, holds]} {bound}", holds


def _mark(finding: CriterionFinding, alt: str) -> CriterionMark:
    interval = finding.interval
    estimate = Estimate(
        finding.value,
        interval.lower if interval else None,
        interval.upper if interval else None,
    )
    return CriterionMark(estimate, finding.bound, finding.direction, finding.verdict, alt)


def _half_widths(findings: Iterable[CriterionFinding]) -> dict[str, float]:
    """Return the half width of the axis of each unit, so that bars of one unit compare."""
    by_unit: dict[str, list[CriterionMark]] = {}
    for finding in findings:
        by_unit.setdefault(finding.unit, []).append(_mark(finding, ""))
    return {unit: reach(marks) for unit, marks in by_unit.items()}


def verdict_lines(criteria: Sequence[CriterionView]) -> tuple[str, ...]:
    """Return criteria with their verdicts; of many, those that are met share a line at the end."""
    if len(criteria) <= MOST_LINES:
        return tuple(_verdict_line(one) for one in criteria)
    met = [one for one in criteria if one.verdict.key == "met"]
    others = tuple(_verdict_line(one) for one in criteria if one.verdict.key != "met")
    if not met:
        return others
    verdict = met[0].verdict
    ids = ", ".join(one.id for one in met)
    return (*others, f"{verdict.symbol}\u00a0{verdict.word}: {ids}")


def _verdict_line(one: CriterionView) -> str:
    return f"{one.id}: {one.verdict.symbol}\u00a0{one.verdict.word}"


def weakest_subgroup(finding: CriterionFinding, addresses: Addresses) -> MetricValue | None:
    """Return the figure of the subgroup that does worst on a criterion's metric.

    None where the criterion is about a subgroup itself or no subgroup has the figure.
    """
    if finding.metric_id not in addresses:
        return None
    overall = addresses.figure(finding.metric_id)
    if overall.scope.subgroup:
        return None
    of_subgroups = [
        figure
        for figure in addresses.all_figures()
        if figure.metric == overall.metric
        and figure.scope.class_name == overall.scope.class_name
        and figure.scope.iou == overall.scope.iou
        and figure.scope.size == overall.scope.size
        and figure.scope.subgroup
        and figure.value is not None
    ]
    sign = 1 if finding.direction == "at_least" else -1
    return min(of_subgroups, key=lambda one: (sign * (one.value or 0.0), one.id), default=None)
