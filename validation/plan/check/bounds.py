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
NEVER_MET = Rule(
    "criterion.never-met",
    "error",
    "A confidence limit reaches the best value there is only where an interval has no width, and "
    "such an interval is not given: no result can meet the criterion.",
    "docs/adr/0008-cluster-bootstrap.md; Clopper and Pearson, Biometrika 26, 1934",
)
PERFECTION = Rule(
    "criterion.perfection",
    "warning",
    "The bound is the best value there is: a single wrong pixel or object misses it.",
    "ISO 13485 7.3.6 (acceptance criteria)",
)
WRONG_SIDE = Rule(
    "criterion.wrong-side",
    "error",
    "The worse the model, the easier it meets the criterion.",
    "segval, catalogue of metrics (docs/reference/metrics.md)",
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
    "ICH E9 3.3.2 (non-inferiority is judged on the limit that faces the margin)",
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


def _best_values_are_not_asked_for(protocol: Protocol, metrics: Metrics) -> Found:
    for position, criterion in enumerate(protocol.criteria):
        terms = metrics.get(criterion.metric)
        if terms is None or not terms.has_interval:
            continue
        best = terms.upper if criterion.direction == "at_least" else terms.lower
        if best is None or criterion.bound != best:
            continue
        path: Path = ("criteria", position, "bound")
        if criterion.judged_on == "value":
            what = f"{criterion.id} asks for a result without any error"
            yield PERFECTION.at(path, what, "state a bound that a good model can meet")
        else:
            what = f"no confidence limit reaches {best:g}"
            fix = "state a bound that a limit can reach, or judge it on `value`"
            yield NEVER_MET.at(path, what, fix)


def _sides_are_right(protocol: Protocol, metrics: Metrics) -> Found:
    wrong = {"at_least": "lower", "at_most": "higher"}
    for position, criterion in enumerate(protocol.criteria):
        terms = metrics.get(criterion.metric)
        if terms is not None and terms.better == wrong[criterion.direction]:
            right = "at_most" if criterion.direction == "at_least" else "at_least"
            what = f"{criterion.metric} is the better the {terms.better} it is"
            yield WRONG_SIDE.at(("criteria", position, "direction"), what, f"give `{right}`")


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
            fix = "judge it on a confidence limit, or say under `accepted_warnings:` why not"
            yield JUDGED_ON_VALUE.at(("criteria", position, "judged_on"), what, fix)


FINDERS: tuple[Finder, ...] = (
    _bounds_fit,
    _best_values_are_not_asked_for,
    _sides_are_right,
    _limits_exist,
    _limits_face_the_bound,
    _judged_on_values,
)
