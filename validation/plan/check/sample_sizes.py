"""Sample sizes that the plan states: the numbers follow, and are those of the plan's criteria."""

from collections.abc import Iterator
from math import isclose

from validation.errors import SampleSizeError
from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import AcceptanceCriterion, Protocol
from validation.plan.sample_size.designs import (
    Design,
    Mean,
    PresenceBounds,
    Proportion,
    SuccessRun,
)
from validation.plan.sample_size.entries import SampleSize
from validation.plan.sample_size.sizing import size

UNKNOWN_CRITERION = Rule(
    "sample-size.unknown-criterion",
    "error",
    "A number of units is a reason for a criterion that is there.",
    "STARD 2015, item 18",
)
DOES_NOT_FOLLOW = Rule(
    "sample-size.does-not-follow",
    "error",
    "A number that does not follow from its assumptions is no reason for the size of a test set.",
    "docs/adr/0030-sample-size.md",
)
OTHER_TERMS = Rule(
    "sample-size.other-terms",
    "error",
    "The number answers another question than the one that the criterion asks.",
    "docs/adr/0030-sample-size.md",
)
_SAME = 1e-9


def _numbers_follow(protocol: Protocol, _: Metrics) -> Found:
    for position, entry in enumerate(protocol.analysis.sample_size):
        path = ("analysis", "sample_size", position)
        try:
            found = size(entry.assumptions)
        except SampleSizeError as error:
            what = "; ".join(one.what for one in error.problems) or error.what
            yield DOES_NOT_FOLLOW.at((*path, "assumptions"), what, error.fix)
            continue
        for name, stated, right in (
            ("observations", entry.observations, found.observations),
            ("units", entry.units, found.units),
        ):
            if stated != right:
                what = f"from these assumptions follow {right:,} {name}, not {stated:,}"
                yield DOES_NOT_FOLLOW.at((*path, name), what, f"write {right}")


def _terms_are_those_of_the_criterion(protocol: Protocol, _: Metrics) -> Found:
    criteria = {one.id: one for one in protocol.criteria}
    for position, entry in enumerate(protocol.analysis.sample_size):
        path = ("analysis", "sample_size", position)
        level, planned = entry.assumptions.level, protocol.analysis.confidence_level
        if not isclose(level, planned, abs_tol=_SAME):
            what = f"the level is {level:g}, and intervals have {planned:g}"
            yield OTHER_TERMS.at((*path, "assumptions", "level"), what, f"reckon with {planned:g}")
        if entry.criterion is None:
            continue
        criterion = criteria.get(entry.criterion)
        if criterion is None:
            what = f"no criterion has the id {entry.criterion}"
            listed = f"the criteria are: {', '.join(criteria)}"
            yield UNKNOWN_CRITERION.at((*path, "criterion"), what, listed)
            continue
        for field, what in _differences(entry, criterion, protocol):
            yield OTHER_TERMS.at((*path, "assumptions", field), what, "work the number out again")


def _differences(
    entry: SampleSize, criterion: AcceptanceCriterion, protocol: Protocol
) -> Iterator[tuple[str, str]]:
    """Yield the field and what is wrong with it where a limit is held against a bound."""
    design = entry.assumptions
    field, bound, direction = _bound(design)
    if bound is None:
        return
    if criterion.judged_on == "value":
        yield "design", f"{criterion.id} is judged on its value, and this number is for a limit"
    if not isclose(bound, criterion.bound, abs_tol=_SAME):
        yield field, f"the bound is {bound:g}, and that of {criterion.id} is {criterion.bound:g}"
    if direction != criterion.direction:
        yield "design", f"{criterion.id} is met on the other side of its bound"
    planned = protocol.analysis.proportion_interval
    interval = getattr(design, "interval", None)
    if interval is not None and planned in {"wilson", "clopper_pearson"} and interval != planned:
        yield "interval", f"the interval is {interval}, and `proportion_interval` is {planned}"


def _bound(design: Design) -> tuple[str, float | None, str]:
    """Return the field, the bound and the side of it that counts as met; no bound: none."""
    match design:
        case Proportion() | Mean():
            return "bound", design.bound, design.direction
        case SuccessRun():
            return "bound", design.bound, "at_least"
        case PresenceBounds():
            return "sensitivity_bound", design.sensitivity_bound, "at_least"
        case _:
            return "", None, ""


FINDERS: tuple[Finder, ...] = (_numbers_follow, _terms_are_those_of_the_criterion)
