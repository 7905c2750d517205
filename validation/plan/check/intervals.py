"""The confidence method suits the figure that is judged."""

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.companions import base
from validation.plan.protocol import Protocol

FOLDS_AT_ZERO = Rule(
    "criterion.folds-at-zero",
    "warning",
    "The size of an error cannot be below 0, so that its interval never holds 0 and does not say "
    "which way the error goes; bias-corrected limits assume that it can be moved to both sides.",
    "Efron, Better bootstrap confidence intervals, JASA 82, 1987; docs/reference/checks.md",
)


def _sizes_of_errors(protocol: Protocol, _: Metrics) -> Found:
    for position, criterion in enumerate(protocol.criteria):
        folded = base(criterion.metric) == "count_absolute_relative_error"
        if folded and criterion.judged_on != "value":
            what = f"{criterion.id} is judged on a limit of an error's size, which ends at 0"
            fix = (
                "judge count_relative_error on both sides (at_least on the lower limit, at_most "
                "on the upper one), or say under `accepted_warnings:` why not"
            )
            yield FOLDS_AT_ZERO.at(("criteria", position, "judged_on"), what, fix)


FINDERS: tuple[Finder, ...] = (_sizes_of_errors,)
