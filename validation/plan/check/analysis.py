"""Thresholds, exclusions and replicates of the plan."""

import math

from validation.plan.check.identifiers import later_occurrences
from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol

THRESHOLD_TWICE = Rule(
    "analysis.threshold-twice",
    "error",
    "Every figure at the threshold would stand in the report twice.",
    "segval, validation.evidence.instance",
)
EXCLUDED_TWICE = Rule(
    "exclusion.twice",
    "error",
    "A case that is left out for two reasons is counted once: one of them is wrong.",
    "STARD-AI 2025, test methods",
)
FEW_REPLICATES = Rule(
    "analysis.few-replicates",
    "warning",
    "Limits are quantiles of the replicates; few of them make the limits depend on the seed.",
    "Efron and Tibshirani, An introduction to the bootstrap, 1993, 12.5 and 19.3",
)


def _thresholds_are_distinct(protocol: Protocol, _: Metrics) -> Found:
    matching = protocol.analysis.matching
    if matching is None:
        return
    everyone = (matching.iou_threshold, *matching.further_iou_thresholds)
    for position, value in later_occurrences(everyone):
        path = ("analysis", "matching", "further_iou_thresholds", position - 1)
        yield THRESHOLD_TWICE.at(path, f"the IoU threshold {value} stands twice", "remove one")


def _exclusions_are_distinct(protocol: Protocol, _: Metrics) -> Found:
    named = [
        (("test_set", "exclusions", position, "cases", number), case_id)
        for position, exclusion in enumerate(protocol.test_set.exclusions)
        for number, case_id in enumerate(exclusion.cases)
    ]
    for later, case_id in later_occurrences(case_id for _, case_id in named):
        what = f"case {case_id} is excluded twice"
        yield EXCLUDED_TWICE.at(named[later][0], what, "list it once")


def replicates_needed(level: float) -> int:
    """Return how many replicates leave 25 beyond each limit of a two-sided interval.

    It is the customary 1,000 at 95 %, and as many for each limit at other levels.

    >>> replicates_needed(0.95), replicates_needed(0.99)
    (1000, 5000)
    """
    return max(1000, math.ceil(round(2 * 25 / (1 - level), 6)))


def _few_replicates(protocol: Protocol, _: Metrics) -> Found:
    plan = protocol.analysis
    needed = replicates_needed(plan.confidence_level)
    if plan.replicates < needed:
        level = f"{100 * plan.confidence_level:g} %"
        what = f"fewer than {needed:,} replicates make coarse limits at a level of {level}"
        yield FEW_REPLICATES.at(("analysis", "replicates"), what, "use more")


FINDERS: tuple[Finder, ...] = (_thresholds_are_distinct, _exclusions_are_distinct, _few_replicates)
