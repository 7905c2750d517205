"""Margins of a comparison in words, as protocol and comparison print them."""

from dataclasses import dataclass

from validation.evidence.catalogue import definition
from validation.evidence.metric_values import Scope
from validation.plan.comparison import ComparisonPlan, Margin
from validation.report.formatting import MINUS, long_unit, number, with_short_unit
from validation.report.view.elements import Item, item, paragraphs, prose_item
from validation.report.view.wording import Words, scope_words

AIMS = {"non_inferiority": "not inferior", "superiority": "superior"}


@dataclass(frozen=True)
class MarginWords:
    """What a margin asks."""

    name: str
    """Name of the metric."""
    scope: str
    """Class, IoU threshold, subgroup and a unit of words; may be empty."""
    aim: str
    asked: str
    """E.g. ``upper limit of the difference < 0.03``."""


def margin_words(margin: Margin, words: Words) -> MarginWords:
    """Return what a margin asks of the difference, new version less the version before."""
    known = definition(margin.metric)
    scope = Scope(
        class_name=margin.class_name,
        iou=margin.iou,
        size=margin.size,
        subgroup=margin.subgroup,
    )
    is_lower_better = known.better == "lower"
    limit, sign = ("upper", "<") if is_lower_better else ("lower", ">")
    is_below = (margin.aim == "superiority") == is_lower_better and margin.margin > 0
    bound = with_short_unit(number(margin.margin), known.unit)
    return MarginWords(
        name=words.metric(known),
        scope=", ".join(one for one in (scope_words(scope), long_unit(known.unit)) if one),
        aim=AIMS[margin.aim],
        asked=f"{limit} limit of the difference {sign} {MINUS if is_below else ''}{bound}",
    )


def comparison_items(plan: ComparisonPlan | None, words: Words) -> tuple[Item, ...]:
    """Return what a protocol fixes for the comparison with the version before; may be empty."""
    if plan is None:
        return ()
    return (
        prose_item("Change from the version before", plan.change),
        prose_item("Impact of the change", plan.impact),
        *(_item(one, words) for one in plan.margins),
    )


def _item(margin: Margin, words: Words) -> Item:
    said = margin_words(margin, words)
    figure = f"{said.name}, {said.scope}" if said.scope else said.name
    return item(
        f"Margin {margin.id}",
        f"{figure}: the new version is {said.aim} to the version before where the {said.asked} "
        f"(verifies {', '.join(margin.requirements)}).",
        *paragraphs(margin.rationale),
    )
