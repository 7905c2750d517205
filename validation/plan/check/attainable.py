"""Criteria that this test set cannot satisfy, and those that it can hardly miss.

Only what follows from numbers of cases and units is said, whatever the images show: the number of
cases with a class, e.g., is not known, so the largest that is possible is reckoned with.
"""

from collections.abc import Iterator
from typing import NamedTuple

from validation.plan import reach
from validation.plan.check import bounds
from validation.plan.check.case_counts import CaseCounts, CaseFinder, Size
from validation.plan.check.independence import binomial_interval
from validation.plan.check.metric_terms import Metrics, MetricTerms
from validation.plan.check.objections import Found, Rule
from validation.plan.companions import base
from validation.plan.protocol import AcceptanceCriterion, AnalysisPlan, Protocol

NO_INTERVAL_EVER = Rule(
    "criterion.too-few-units",
    "error",
    "Fewer than two independent units have no interval: the criterion can never be evaluated, even "
    "where the value itself misses the bound.",
    "docs/adr/0008-cluster-bootstrap.md",
)
CANNOT_BE_MET = Rule(
    "criterion.cannot-be-met",
    "error",
    "The best result that this test set allows stays on the wrong side of the bound.",
    "Clopper and Pearson, Biometrika 26, 1934; Wilson, JASA 22, 1927; Hanley and Lippman-Hand, If "
    "nothing goes wrong, is everything all right?, JAMA 249, 1983",
)
OUT_OF_REACH = Rule(
    "criterion.out-of-reach",
    "warning",
    "Without an error there is no interval, and a single one takes the limit over the bound.",
    "docs/adr/0026-a-plan-that-can-be-met.md; Hanley and Lippman-Hand, JAMA 249, 1983",
)
BEST_NOT_EVALUABLE = Rule(
    "criterion.best-not-evaluable",
    "warning",
    "With every image right there is no bootstrap interval: the best model would leave the "
    "criterion not evaluable.",
    "docs/adr/0008-cluster-bootstrap.md",
)
COIN_PASSES = Rule(
    "criterion.coin-passes",
    "warning",
    "Answers by the toss of a coin meet the criterion more often than once in twenty.",
    "docs/adr/0026-a-plan-that-can-be-met.md (binomial distribution)",
)

_FEWEST = 2
_MOST_CHANCE = 0.05
_COIN = 0.5


class _Judged(NamedTuple):
    """A criterion on a metric that is known, with the size of what it is about."""

    position: int
    criterion: AcceptanceCriterion
    terms: MetricTerms
    size: Size


def _judged(protocol: Protocol, metrics: Metrics, counts: CaseCounts) -> Iterator[_Judged]:
    for position, criterion in enumerate(protocol.criteria):
        terms, size = metrics.get(criterion.metric), counts.of(criterion)
        if terms is not None and size is not None:
            yield _Judged(position, criterion, terms, size)


def _shares(protocol: Protocol, metrics: Metrics, counts: CaseCounts) -> Iterator[_Judged]:
    """Yield the criteria whose bound is a share that can be met and missed."""
    for one in _judged(protocol, metrics, counts):
        if (one.terms.lower, one.terms.upper) == (0, 1) and 0 < one.criterion.bound < 1:
            yield one


def _binomial(plan: AnalysisPlan, one: _Judged) -> reach.Binomial | None:
    return binomial_interval(plan, one.terms, one.size)


def _limits_can_be_had(protocol: Protocol, metrics: Metrics, counts: CaseCounts) -> Found:
    plan = protocol.analysis
    for one in _judged(protocol, metrics, counts):
        is_on_limit = one.criterion.judged_on != "value" and one.terms.has_interval
        if not is_on_limit or one.size.units >= _FEWEST or _binomial(plan, one) is not None:
            continue
        about = "".join(f" with {name} = {value}" for name, value in one.criterion.subgroup.items())
        what = f"{one.size.units} {plan.resampling_unit}{about}: there is no interval to judge"
        fix = f"add {plan.resampling_unit}s, or judge it on `value`"
        yield NO_INTERVAL_EVER.at(("criteria", one.position, "judged_on"), what, fix)


def _shares_can_be_shown(protocol: Protocol, metrics: Metrics, counts: CaseCounts) -> Found:
    plan = protocol.analysis
    for one in _shares(protocol, metrics, counts):
        method = _binomial(plan, one)
        if method is None or one.criterion.judged_on == "value":
            continue
        least = one.criterion.direction == "at_least"
        asked = one.criterion.bound if least else 1 - one.criterion.bound
        best = reach.best_lower_limit(one.size.cases, plan.confidence_level, method)
        if best >= asked:
            continue
        needed = reach.trials_needed(asked, plan.confidence_level, method)
        reached = best if least else 1 - best
        what = (
            f"{one.size.cases} cases without an error have a limit of {reached:.3g}, and the bound "
            f"is {one.criterion.bound:g}"
        )
        fix = f"add cases ({needed} at least), or state a bound that so many can show"
        yield CANNOT_BE_MET.at(("criteria", one.position, "bound"), what, fix)


def _single_errors_are_allowed(protocol: Protocol, metrics: Metrics, counts: CaseCounts) -> Found:
    """Shares whose limit is the bootstrap's: of cases, and of the objects that a lock counts."""
    plan = protocol.analysis
    for one in _shares(protocol, metrics, counts):
        total = _total(one, counts)
        is_below = one.criterion.direction == "at_least" and one.criterion.judged_on != "value"
        if total is None or not is_below or one.size.units < _FEWEST:
            continue
        if _binomial(plan, one) is not None:
            continue
        errors = reach.errors_at_the_limit(one.size.units, plan.confidence_level)
        limit = 1 - errors / total
        path = ("criteria", one.position, "bound")
        if limit < one.criterion.bound:
            kind = "cases" if one.terms.is_share_of_cases else "objects"
            what = (
                f"one error among {total:,} {kind} takes the lower limit to about {limit:.3g}, "
                f"below {one.criterion.bound:g}; without any there is no interval"
            )
            needed = errors / (1 - one.criterion.bound)
            fix = f"add {kind} (about {needed:,.0f} at least), or state a bound that can be shown"
            yield OUT_OF_REACH.at(path, what, fix)
        elif one.terms.is_share_of_cases and one.size.cases > one.size.units:
            what = f"{one.criterion.id} is not evaluable where every image is right"
            fix = (
                f"judge it on `value`, give one image a {plan.resampling_unit} and a "
                "`proportion_interval:`, or say under `accepted_warnings:` why not"
            )
            yield BEST_NOT_EVALUABLE.at(path, what, fix)


def _total(one: _Judged, counts: CaseCounts) -> int | None:
    """Return the most trials that a share can have; None where it is no share, or not known."""
    if one.terms.is_share_of_cases:
        return one.size.cases
    if base(one.criterion.metric) == "recall" and counts.objects:
        return counts.objects
    return None


def _coins_do_not_pass(protocol: Protocol, metrics: Metrics, counts: CaseCounts) -> Found:
    plan = protocol.analysis
    for one in _shares(protocol, metrics, counts):
        is_share = one.terms.is_share_of_cases and base(one.criterion.metric) in _YES_OR_NO
        if not is_share or one.criterion.direction != "at_least":
            continue
        method = _binomial(plan, one)
        if one.criterion.judged_on != "value" and method is None:
            continue
        if one.criterion.judged_on == "value":
            method = None
        trials, level = one.size.cases, plan.confidence_level
        successes = reach.fewest_successes(trials, one.criterion.bound, level, method)
        chance = reach.chance_of(successes, trials, _COIN)
        if chance > _MOST_CHANCE:
            what = (
                f"{successes} of {trials} cases meet the bound, which the toss of a coin does "
                f"with a probability of {100 * chance:.3g} %"
            )
            fix = "state a higher bound, add cases, or judge it on the lower limit"
            yield COIN_PASSES.at(("criteria", one.position, "bound"), what, fix)


_YES_OR_NO = frozenset({"presence_sensitivity", "presence_specificity"})
"""Shares of which each trial has two answers, of which one is right."""

_AT_MOST_THE_OBJECTS = frozenset(
    {
        *("reference_objects", "matched_objects", "merged_objects", "split_objects"),
        *("missed_objects", "touching_objects"),
    }
)
"""Numbers of reference objects."""
_AT_MOST_THE_CASES = frozenset(
    {
        *("presence_true_positives", "presence_false_negatives", "presence_false_positives"),
        *("presence_true_negatives", "surface_missed_cases", "surface_spurious_cases"),
    }
)
"""Numbers of images."""


def _counts_can_be_had(protocol: Protocol, metrics: Metrics, counts: CaseCounts) -> Found:
    """Numbers of objects and images, of which there are no more than the test set has."""
    for one in _judged(protocol, metrics, counts):
        most, kind = _most(one, counts)
        if most is None:
            continue
        path = ("criteria", one.position, "bound")
        there = f"the test set has {most:,} {kind}"
        if one.criterion.direction == "at_least" and one.criterion.bound > most:
            fix = "state a bound that so many can reach"
            yield CANNOT_BE_MET.at(path, f"{there}, and the bound is {one.criterion.bound:g}", fix)
        if one.criterion.direction == "at_most" and one.criterion.bound >= most:
            fix = "state a bound that can be missed"
            yield bounds.ALWAYS_MET.at(path, f"every result meets this bound: {there}", fix)


def _most(one: _Judged, counts: CaseCounts) -> tuple[int | None, str]:
    """Return the largest number that there can be, and of what; None where it is not known."""
    name = base(one.criterion.metric)
    if name in _AT_MOST_THE_OBJECTS:
        return counts.objects, "objects"
    return (one.size.cases if name in _AT_MOST_THE_CASES else None), "cases"


CASE_FINDERS: tuple[CaseFinder, ...] = (
    _limits_can_be_had,
    _shares_can_be_shown,
    _single_errors_are_allowed,
    _coins_do_not_pass,
    _counts_can_be_had,
)
