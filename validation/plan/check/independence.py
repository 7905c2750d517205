"""The independent units of the test set suit the confidence method."""

from validation.plan.check.case_counts import CaseCounts, CaseFinder, Size
from validation.plan.check.metric_terms import Metrics, MetricTerms
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import AnalysisPlan, Protocol
from validation.plan.reach import Binomial, fewest_units, normal_coverage

DEPENDENT_CASES = Rule(
    "analysis.dependent-cases",
    "warning",
    "Cases of one subject resemble one another: drawn one by one they give intervals that are too "
    "narrow.",
    "docs/adr/0008-cluster-bootstrap.md; Field and Welsh, Bootstrapping clustered data, 2007",
)
FEW_UNITS = Rule(
    "analysis.few-units",
    "warning",
    "Intervals of so few independent units are wrong at least twice as often as they say.",
    "docs/adr/0026-a-plan-that-can-be-met.md; Cameron, Gelbach and Miller, Bootstrap-based "
    "improvements for inference with clustered errors, 2008",
)
NO_PROPORTION_INTERVAL = Rule(
    "analysis.no-proportion-interval",
    "warning",
    "A share of independent images that is 100 % has no bootstrap interval: the best result would "
    "not be evaluable.",
    "docs/adr/0008-cluster-bootstrap.md; Wilson, JASA 22, 1927; Clopper and Pearson, 1934",
)
PROPORTION_UNUSED = Rule(
    "analysis.proportion-interval-unused",
    "warning",
    "Binomial intervals need one case for each independent unit; the bootstrap is used instead.",
    "segval, validation.evidence.estimates",
)


def binomial_interval(plan: AnalysisPlan, terms: MetricTerms, size: Size) -> Binomial | None:
    """Return the binomial interval that a figure has; None where it has the bootstrap's.

    It is given to a share of cases where the plan names one and each unit has one case.
    """
    if plan.proportion_interval == "bootstrap" or not terms.is_share_of_cases:
        return None
    return plan.proportion_interval if size.cases == size.units else None


def _cases_are_independent(protocol: Protocol, _: Metrics, counts: CaseCounts) -> Found:
    if protocol.analysis.resampling_unit == "case" and counts.largest_subject > 1:
        what = (
            f"cases are resampled one by one, and {counts.everyone.cases} of them come from "
            f"{counts.subjects} subjects"
        )
        yield DEPENDENT_CASES.at(("analysis", "resampling_unit"), what, "give `subject`")


def _units_are_enough(protocol: Protocol, metrics: Metrics, counts: CaseCounts) -> Found:
    plan, units = protocol.analysis, counts.everyone.units
    needed = fewest_units(plan.confidence_level)
    judged = [one.metric for one in protocol.criteria if one.judged_on != "value"]
    by_bootstrap = any(
        binomial_interval(plan, metrics[one], counts.everyone) is None
        for one in judged
        if one in metrics
    )
    if not (1 < units < needed and by_bootstrap):
        return
    level, covered = (
        f"{100 * one:.3g} %"
        for one in (plan.confidence_level, normal_coverage(units, plan.confidence_level))
    )
    unit = plan.resampling_unit
    what = (
        f"{units} {unit}s: a bootstrap interval of {level} covers at best about {covered}; from "
        f"{needed} {unit}s on it errs less than twice as often as it says"
    )
    fix = f"add {unit}s, or say under `accepted_warnings:` why so few are enough"
    yield FEW_UNITS.at(("analysis", "interval_method"), what, fix)


def _shares_have_intervals(protocol: Protocol, metrics: Metrics, counts: CaseCounts) -> Found:
    judged = [
        one.id
        for one in protocol.criteria
        if one.judged_on != "value"
        and one.metric in metrics
        and metrics[one.metric].is_share_of_cases
    ]
    plan, everyone = protocol.analysis, counts.everyone
    is_single = everyone.cases == everyone.units
    is_binomial = plan.proportion_interval not in {None, "bootstrap"}
    if judged and is_single and not is_binomial:
        what = f"{', '.join(judged)}: a share of independent images is judged by the bootstrap"
        fix = "give `proportion_interval: wilson` or `clopper_pearson`"
        yield NO_PROPORTION_INTERVAL.at(("analysis",), what, fix)
    if is_binomial and not is_single:
        what = (
            f"{everyone.cases} cases of {everyone.units} {plan.resampling_unit}s: shares of cases "
            "have bootstrap intervals, not those that are named"
        )
        fix = "give `bootstrap`, or one case for each subject"
        yield PROPORTION_UNUSED.at(("analysis", "proportion_interval"), what, fix)


CASE_FINDERS: tuple[CaseFinder, ...] = (
    _cases_are_independent,
    _units_are_enough,
    _shares_have_intervals,
)
