"""Two criteria on one figure: contradictions, and bounds that decide nothing."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import AcceptanceCriterion, Protocol

CONTRADICT = Rule(
    "criteria.contradict",
    "error",
    "No result lies on the right side of both bounds: one of the two criteria is always missed.",
    "ISO 13485 7.3.3 (inputs that are not in conflict with each other)",
)
SAME_FIGURE = Rule(
    "criteria.same-figure",
    "warning",
    "Of two bounds on one side of one figure the laxer decides nothing.",
    "ISO 13485 7.3.3 (inputs that are complete and unambiguous)",
)

_Address = tuple[object, ...]


class _Placed(NamedTuple):
    position: int
    criterion: AcceptanceCriterion


def _bounds_on_one_figure(protocol: Protocol, _: Metrics) -> Found:
    by_figure: dict[_Address, list[_Placed]] = defaultdict(list)
    for position, criterion in enumerate(protocol.criteria):
        by_figure[_address(criterion)].append(_Placed(position, criterion))
    for placed in by_figure.values():
        if len(placed) > 1:
            yield from _laxer(placed)
            yield from _contradicting(placed)


def _address(criterion: AcceptanceCriterion) -> _Address:
    subgroup = tuple(criterion.subgroup.items())
    return criterion.metric, criterion.class_name, criterion.iou, criterion.size, subgroup


def _laxer(placed: Sequence[_Placed]) -> Found:
    """Yield every criterion that follows from another one on the same limit of the figure."""
    strictest: dict[tuple[str, str], _Placed] = {}
    for one in placed:
        key = one.criterion.direction, one.criterion.judged_on
        known = strictest.get(key)
        if known is None or _sign(one) * (one.criterion.bound - known.criterion.bound) > 0:
            strictest[key] = one
    for one in placed:
        other = strictest[one.criterion.direction, one.criterion.judged_on]
        if other is not one:
            what = f"{one.criterion.id} is met wherever {other.criterion.id} is"
            fix = "keep the stricter one, with the requirements of both, or name the figure meant"
            yield SAME_FIGURE.at(("criteria", one.position), what, fix)


def _sign(one: _Placed) -> int:
    return 1 if one.criterion.direction == "at_least" else -1


def _contradicting(placed: Sequence[_Placed]) -> Found:
    """Yield each criterion that no figure meets together with the strictest on the other side.

    Limits lie on the two sides of the value, so that a floor for one and a ceiling for the other
    leave nothing between them where they are equal, too.
    """
    least = [one for one in placed if one.criterion.direction == "at_least"]
    most = [one for one in placed if one.criterion.direction == "at_most"]
    if not least or not most:
        return
    floor = max(least, key=lambda one: one.criterion.bound)
    ceiling = min(most, key=lambda one: one.criterion.bound)
    on_limits = {floor.criterion.judged_on, ceiling.criterion.judged_on} != {"value"}
    gap = floor.criterion.bound - ceiling.criterion.bound
    if gap > 0 or (gap == 0 and on_limits):
        later, earlier = sorted((floor, ceiling), reverse=True, key=lambda one: one.position)
        what = f"{later.criterion.id} cannot be met together with {earlier.criterion.id}"
        fix = "mend one of the two bounds"
        yield CONTRADICT.at(("criteria", later.position, "bound"), what, fix)


FINDERS: tuple[Finder, ...] = (_bounds_on_one_figure,)
