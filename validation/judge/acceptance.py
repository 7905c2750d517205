"""An acceptance criterion and the evidence: met, not met, or not evaluable, and why.

A criterion is held against the figure with its address, on the limit that the protocol
names. A figure that is undefined, or a limit that does not exist, makes the criterion not
evaluable: it is never met by default.
"""

from collections.abc import Collection, Iterable, Mapping

from validation.evidence.metric_values import MetricValue, metric_id
from validation.judge.deviations import Deviations
from validation.judge.findings import (
    CaseFinding,
    CriterionFinding,
    CriterionVerdict,
    Findings,
    Subset,
    Verdict,
)
from validation.plan.protocol import AcceptanceCriterion

_SIGNS = {"at_least": "≥", "at_most": "≤"}
_LIMITS = {
    "lower_limit": "lower confidence limit",
    "upper_limit": "upper confidence limit",
    "value": "value",
}


def assess(
    criteria: Iterable[AcceptanceCriterion],
    metrics: Iterable[MetricValue],
    failed_cases: Iterable[CaseFinding] = (),
    *,
    deviations: Deviations | None = None,
    subset: Subset | None = None,
) -> Findings:
    """Return a finding for every criterion, and the verdict that follows.

    Args:
        criteria: From the protocol, in its order.
        metrics: Figures of the evidence and of the timing.
        failed_cases: Cases that could not be measured.
        deviations: Departures from the protocol; None: none is recorded.
        subset: The cases that ran, where they are not all of the lock.
    """
    by_id = {one.id: one for one in metrics}
    found = tuple(finding(criterion, by_id) for criterion in criteria)
    failed = tuple(sorted(failed_cases, key=lambda one: one.case_id))
    findings = Findings(
        verdict=verdict(found, failed, subset=subset),
        criteria=found,
        failed_cases=failed,
        subset=subset,
    )
    return with_deviations(findings, deviations)


def subset_of(evaluated: Iterable[str], ran: Iterable[str]) -> Subset | None:
    """Return the cases that ran as a subset; None where they are all.

    Args:
        evaluated: Ids of the cases that the lock evaluates.
        ran: Ids of those of which the evidence holds a row.
    """
    every, some = set(evaluated), set(ran)
    return None if some == every else Subset(cases=tuple(sorted(some)), of=len(every))


def with_deviations(findings: Findings, deviations: Deviations | None) -> Findings:
    """Return findings with the deviations of a record, and the verdict that then follows."""
    still_open = deviations.open_ids if deviations else ()
    closed = deviations.closed_ids if deviations else ()
    follows = verdict(
        findings.criteria, findings.failed_cases, open_deviations=still_open, subset=findings.subset
    )
    update = {"verdict": follows, "open_deviations": still_open, "closed_deviations": closed}
    return findings.model_copy(update=update)


def verdict(
    criteria: Iterable[CriterionFinding],
    failed_cases: Iterable[CaseFinding],
    *,
    open_deviations: Collection[str] = (),
    subset: Subset | None = None,
) -> Verdict:
    """Return the verdict: ``not_met`` before ``incomplete`` before ``met``.

    A failed case forbids ``met``: what a model does on an image that stops it is unknown,
    however the protocol counts the case. So does a departure from the protocol that nobody has
    assessed. A subset of the cases has no verdict but ``incomplete``: it shows neither that
    criteria are met nor that they are not.
    """
    if subset is not None:
        return "incomplete"
    verdicts = {one.verdict for one in criteria}
    if "not_met" in verdicts:
        return "not_met"
    if "not_evaluable" in verdicts or not verdicts or tuple(failed_cases) or open_deviations:
        return "incomplete"
    return "met"


def finding(criterion: AcceptanceCriterion, metrics: Mapping[str, MetricValue]) -> CriterionFinding:
    """Return the criterion beside the figure that it names."""
    address = address_of(criterion)
    figure = metrics.get(address)
    observed = None if figure is None else _observed(criterion, figure)
    outcome, reason = _outcome(criterion, figure, observed)
    return CriterionFinding(
        id=criterion.id,
        requirement_ids=criterion.requirements,
        metric_id=address,
        value=figure.value if figure else None,
        interval=figure.interval if figure else None,
        direction=criterion.direction,
        judged_on=criterion.judged_on,
        observed=observed,
        bound=criterion.bound,
        unit=figure.unit if figure else "",
        n=figure.n if figure else 0,
        verdict=outcome,
        reason=reason,
    )


def address_of(criterion: AcceptanceCriterion) -> str:
    """Return the address of the figure that a criterion names."""
    return metric_id(
        criterion.metric,
        class_name=criterion.class_name,
        iou=criterion.iou,
        size=criterion.size,
        subgroup=criterion.subgroup,
    )


def _observed(criterion: AcceptanceCriterion, figure: MetricValue) -> float | None:
    if criterion.judged_on == "value":
        return figure.value
    if figure.interval is None:
        return None
    limits = {"lower_limit": figure.interval.lower, "upper_limit": figure.interval.upper}
    return limits[criterion.judged_on]


def _outcome(
    criterion: AcceptanceCriterion, figure: MetricValue | None, observed: float | None
) -> tuple[CriterionVerdict, str]:
    if figure is None:
        return "not_evaluable", "the evidence holds no such figure"
    if observed is None:
        return "not_evaluable", figure.undefined or figure.no_interval or "the figure has no value"
    met = (
        observed >= criterion.bound
        if criterion.direction == "at_least"
        else observed <= criterion.bound
    )
    what = _LIMITS[criterion.judged_on]
    sign = _SIGNS[criterion.direction]
    asked = f"{what} {observed!r}, asked {sign} {criterion.bound!r}"
    return ("met" if met else "not_met"), asked
