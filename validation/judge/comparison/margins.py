"""Differences held against margins: non-inferior, superior, or not shown.

The limit of the difference on the worse side is judged, two-sided at the protocol's level
(ICH E9 3.3.2; CONSORT extension for non-inferiority, JAMA 308, 2012). On the margin itself
nothing is shown: the limit has to lie beyond it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from validation.evidence.catalogue import definition, is_listed
from validation.evidence.metric_values import metric_id
from validation.evidence.paired.records import FigureDifference
from validation.judge.comparison.records import ComparisonVerdict, MarginFinding
from validation.judge.findings import CriterionVerdict
from validation.plan.comparison import ComparisonPlan, Margin
from validation.plan.reach import fewest_units, normal_coverage

_LIMITS = {"lower_limit": "lower confidence limit", "upper_limit": "upper confidence limit"}


def margin_findings(
    plan: ComparisonPlan | None, differences: Iterable[FigureDifference]
) -> tuple[MarginFinding, ...]:
    """Return a finding for every margin, in the protocol's order; none where none was fixed."""
    by_id = {one.id: one for one in differences}
    return () if plan is None else tuple(finding(one, by_id) for one in plan.margins)


def finding(margin: Margin, differences: Mapping[str, FigureDifference]) -> MarginFinding:
    """Return a margin beside the difference that it is about."""
    address = metric_id(
        margin.metric,
        class_name=margin.class_name,
        iou=margin.iou,
        size=margin.size,
        subgroup=margin.subgroup,
    )
    found = differences.get(address)
    better = definition(margin.metric).better if is_listed(margin.metric) else "neither"
    is_lower_better = better == "lower"
    judged_on: Literal["lower_limit", "upper_limit"] = (
        "upper_limit" if is_lower_better else "lower_limit"
    )
    observed = None if found is None else _observed(found, judged_on)
    is_below = (margin.aim == "superiority") == is_lower_better
    bound = -margin.margin if is_below and margin.margin else margin.margin
    verdict, reason = _outcome(found, better, observed, bound, judged_on)
    return MarginFinding(
        id=margin.id,
        requirement_ids=margin.requirements,
        metric_id=address,
        aim=margin.aim,
        margin=margin.margin,
        better=better,
        first=found.first.value if found else None,
        second=found.second.value if found else None,
        difference=found.difference if found else None,
        interval=found.interval if found else None,
        unit=found.unit if found else "",
        judged_on=judged_on,
        sign="<" if is_lower_better else ">",
        observed=observed,
        bound=bound,
        verdict=verdict,
        reason=reason,
    )


def verdict_of(margins: Iterable[MarginFinding], unresolved: int) -> ComparisonVerdict:
    """Return the verdict: see `validation.judge.comparison.records.Comparison`.

    Args:
        margins: Findings on every margin.
        unresolved: Failed cases and open deviations of both records.
    """
    verdicts = {one.verdict for one in margins}
    if not verdicts:
        return "exploratory"
    if "not_met" in verdicts:
        return "not_met"
    return "incomplete" if "not_evaluable" in verdicts or unresolved else "met"


def few_units(margins: Iterable[MarginFinding], unit: str) -> Iterator[str]:
    """Return which margins are judged on intervals over few units, a sentence a number of units.

    The rule is that of ``analysis.few-units``: the interval errs at least twice as often as it
    says, at best (docs/adr/0026-a-plan-that-can-be-met.md).

    Args:
        margins: Findings on every margin.
        unit: What is resampled, e.g. ``subject``.
    """
    few: dict[tuple[int, float], list[str]] = {}
    for one in margins:
        limits = one.interval
        if limits is not None and limits.clusters < fewest_units(limits.level):
            few.setdefault((limits.clusters, limits.level), []).append(one.id)
    for (units, level), ids in few.items():
        said, covered = (f"{100 * share:.3g} %" for share in (level, normal_coverage(units, level)))
        yield (
            f"Judged on an interval over {units} {unit}s: {', '.join(ids)}. It covers at best "
            f"about {covered} and not {said}: a limit close to its margin shows little."
        )


def _observed(
    found: FigureDifference, judged_on: Literal["lower_limit", "upper_limit"]
) -> float | None:
    if found.interval is None:
        return None
    return found.interval.lower if judged_on == "lower_limit" else found.interval.upper


def _outcome(
    found: FigureDifference | None,
    better: str,
    observed: float | None,
    bound: float,
    judged_on: str,
) -> tuple[CriterionVerdict, str]:
    if found is None:
        return "not_evaluable", "the two records do not both hold such a figure"
    if better not in {"higher", "lower"}:
        return "not_evaluable", "a difference of this figure is neither better nor worse"
    if observed is None:
        return "not_evaluable", found.undefined or found.no_interval or "there is no difference"
    is_met = observed < bound if better == "lower" else observed > bound
    sign = "<" if better == "lower" else ">"
    said = f"{_LIMITS[judged_on]} of the difference {observed!r}, asked {sign} {bound!r}"
    return ("met" if is_met else "not_met"), said
