"""A bound lies in the range of its metric, and the limit judged faces it."""

from validation.plan.check.metric_terms import Finder, Metrics, MetricTerms
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import AcceptanceCriterion, Protocol
from validation.plan.source import Path

OUT_OF_RANGE = Rule(
    "criterion.out-of-range",
    "error",
    "A bound that no value can reach or miss decides nothing; 85 for 0.85 is the usual cause.",
    "segval, catalogue of metrics (docs/reference/metrics.md)",
)
ALWAYS_MET = Rule(
    "criterion.always-met",
    "error",
    "The bound is the worst value that there is: every model meets it.",
    "ISO 13485 7.3.6 (acceptance criteria)",
)
NO_INTERVAL = Rule(
    "criterion.no-interval",
    "error",
    "The figure has no confidence interval, so that a limit can never be evaluated.",
    "docs/adr/0008-cluster-bootstrap.md",
)
WRONG_LIMIT = Rule(
    "criterion.wrong-limit",
    "error",
    "The limit on the far side of the bound is the easier met the less is known.",
    "ICH E9 3.3.2 (one-sided confidence limits)",
)
JUDGED_ON_VALUE = Rule(
    "criterion.judged-on-value",
    "warning",
    "A value alone says nothing of the sample's uncertainty: chance can carry it over the bound.",
    "FDA, Statistical guidance on reporting results of diagnostic tests, 2007",
)


def _bounds_fit(protocol: Protocol, metrics: Metrics) -> Found:
    for position, criterion in enumerate(protocol.criteria):
        terms = metrics.get(criterion.metric)
        if terms is not None:
            yield from _bound_fits(criterion, terms, ("criteria", position))


def _bound_fits(criterion: AcceptanceCriterion, terms: MetricTerms, path: Path) -> Found:
    below = terms.lower is not None and criterion.bound < terms.lower
    above = terms.upper is not None and criterion.bound > terms.upper
    if below or above:
        lower = "-∞" if terms.lower is None else f"{terms.lower:g}"
        upper = "∞" if terms.upper is None else f"{terms.upper:g}"
        bound = f"{criterion.bound:g}"
        what = f"{bound} lies outside the range of {criterion.metric}, {lower} to {upper}"
        yield OUT_OF_RANGE.at((*path, "bound"), what, "give the bound in the metric's own unit")
    least, most = (terms.lower, terms.upper)
    trivial = least if criterion.direction == "at_least" else most
    if trivial is not None and criterion.bound == trivial:
        fix = "state a bound that can be missed"
        yield ALWAYS_MET.at((*path, "bound"), "every result meets this bound", fix)


def _limits_exist(protocol: Protocol, metrics: Metrics) -> Found:
    for position, criterion in enumerate(protocol.criteria):
        terms = metrics.get(criterion.metric)
        if terms is not None and criterion.judged_on != "value" and not terms.has_interval:
            path: Path = ("criteria", position, "judged_on")
            what = f"{criterion.metric} has no confidence interval"
            yield NO_INTERVAL.at(path, what, "judge it on `value`")


def _limits_face_the_bound(protocol: Protocol, _: Metrics) -> Found:
    wrong = {"at_least": "upper_limit", "at_most": "lower_limit"}
    for position, criterion in enumerate(protocol.criteria):
        if criterion.judged_on == wrong[criterion.direction]:
            right = "lower_limit" if criterion.direction == "at_least" else "upper_limit"
            what = f"{criterion.direction} on the {criterion.judged_on} rewards uncertainty"
            fix = f"judge it on the {right}"
            yield WRONG_LIMIT.at(("criteria", position, "judged_on"), what, fix)


def _judged_on_values(protocol: Protocol, metrics: Metrics) -> Found:
    for position, criterion in enumerate(protocol.criteria):
        terms = metrics.get(criterion.metric)
        if criterion.judged_on == "value" and terms is not None and terms.has_interval:
            what = f"{criterion.id} is judged on the value and ignores its uncertainty"
            fix = "judge it on a confidence limit, or say in the rationale why not"
            yield JUDGED_ON_VALUE.at(("criteria", position, "judged_on"), what, fix)


FINDERS: tuple[Finder, ...] = (
    _bounds_fit,
    _limits_exist,
    _limits_face_the_bound,
    _judged_on_values,
)
