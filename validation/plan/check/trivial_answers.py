"""Criteria that an answer meets which looks at no image.

Nothing of the images is known here, so only answers are held against a bound whose figure is
known beforehand: a model that finds nothing, and one that says the same of every image.
"""

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.companions import base
from validation.plan.protocol import AcceptanceCriterion, Protocol

_RELOADED = "Maier-Hein et al., Metrics reloaded, Nature Methods 21, 2024"

TRIVIAL_ANSWER = Rule(
    "criterion.trivial-answer",
    "warning",
    "An answer that looks at no image meets the criterion.",
    f"{_RELOADED}; definitions in docs/reference/metrics.md",
)
NOTHING_FOUND = Rule(
    "criteria.nothing-found",
    "warning",
    "A model that finds nothing meets every criterion.",
    f"{_RELOADED}; definitions in docs/reference/metrics.md",
)


def _trivial_answers(protocol: Protocol, _: Metrics) -> Found:
    for position, criterion in enumerate(protocol.criteria):
        path = ("criteria", position, "bound")
        judged = base(criterion.metric), criterion.direction
        if judged == ("count_absolute_relative_error", "at_most") and criterion.bound >= 1:
            what = "a model that finds nothing has an error of 1, and meets the bound"
            yield TRIVIAL_ANSWER.at(path, what, "state a bound below 1")
        if judged == ("presence_balanced_accuracy", "at_least") and criterion.bound <= _GUESSED:
            what = "the same answer for every image has 0.5, and meets the bound"
            yield TRIVIAL_ANSWER.at(path, what, "state a bound above 0.5")


_GUESSED = 0.5
"""Balanced accuracy of one answer for every image: the mean of 0 and 1."""
_WHATEVER_IS_FOUND = frozenset(
    {
        *("pixel_specificity", "pixel_accuracy", "presence_specificity"),
        *("presence_negative_predictive_value", "presence_balanced_accuracy"),
        *("presence_true_negatives", "evaluated_pixels", "ignored_pixels"),
        *("reference_objects", "ignored_objects", "touching_share", "touching_objects"),
        *("component_count_relative_error", "component_count_mean_absolute_error"),
        *("component_count_exact_rate", "reference_components"),
        *("latency_median_ms", "latency_p95_ms"),
    }
)
"""Metrics that can be met on either side where nothing is found, as far as is known here."""
_AT_MOST = frozenset(
    {
        *("false_positives_per_case", "false_positive_objects", "predicted_objects"),
        *("merged_share", "split_share", "merged_objects", "split_objects"),
        *("merge_events", "split_events", "count_bias", "count_relative_error"),
        *("count_lower_limit_of_agreement", "count_upper_limit_of_agreement"),
        *("area_fraction_bias", "area_fraction_lower_limit_of_agreement"),
        *("area_fraction_upper_limit_of_agreement", "presence_false_positives"),
        *("surface_spurious_cases", "false_positive_segments", "matched_pairs_of_two_classes"),
    }
)
"""Metrics of which a model that finds nothing meets every bound from above."""


def _finds_nothing_and_passes(criterion: AcceptanceCriterion) -> bool:
    name = base(criterion.metric)
    if criterion.metric in _WHATEVER_IS_FOUND or name in _WHATEVER_IS_FOUND:
        return True
    return criterion.direction == "at_most" and name in _AT_MOST


def _nothing_found(protocol: Protocol, _: Metrics) -> Found:
    if all(_finds_nothing_and_passes(one) for one in protocol.criteria):
        what = "a model that finds nothing could meet every criterion"
        fix = "add one on recall, dice or another figure of what is found"
        yield NOTHING_FOUND.at(("criteria",), what, fix, "nothing found")


FINDERS: tuple[Finder, ...] = (_trivial_answers, _nothing_found)
