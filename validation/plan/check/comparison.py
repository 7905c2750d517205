"""Margins of a comparison: a figure that can be had, with a better side, and a margin in range."""

from collections.abc import Iterator

from validation.plan.check import criteria, figures, identifiers
from validation.plan.check.metric_terms import Finder, Metrics, MetricTerms
from validation.plan.check.objections import Found, Objection, Rule
from validation.plan.comparison import Margin
from validation.plan.protocol import AcceptanceCriterion, Protocol
from validation.plan.source import Path

NO_BETTER_SIDE = Rule(
    "comparison.no-better-side",
    "error",
    "Of a figure that is best at zero, or of a plain count, a difference is neither better nor "
    "worse.",
    "segval, catalogue of metrics (docs/reference/metrics.md)",
)
NO_INTERVAL = Rule(
    "comparison.no-interval",
    "error",
    "The difference has no confidence interval, so that a margin can never be evaluated.",
    "docs/adr/0025-paired-comparison.md",
)
MARGIN_OUT_OF_RANGE = Rule(
    "comparison.margin-out-of-range",
    "error",
    "A margin as wide as the range of the figure lets every version pass, or none.",
    "ICH E9 3.3.2; segval, catalogue of metrics (docs/reference/metrics.md)",
)
NO_MARGIN = Rule(
    "comparison.no-margin",
    "error",
    "Worse by less than nothing is superiority: non-inferiority needs a margin above 0.",
    "ICH E9 3.3.2",
)

NOT_SAID = Rule(
    "comparison.not-said",
    "warning",
    "The change assessment prints it as not provided.",
    "FDA, Predetermined change control plans for AI-enabled device software functions, December "
    "2024, reissued August 2025 (description of modifications, impact "
    "assessment)",
)


def _margins(protocol: Protocol) -> tuple[Margin, ...]:
    return () if protocol.comparison is None else protocol.comparison.margins


def _at(position: int, *more: str | int) -> Path:
    return ("comparison", "margins", position, *more)


def _ids_hold(protocol: Protocol, _: Metrics) -> Found:
    margins = _margins(protocol)
    taken = [one.id for one in protocol.criteria]
    for place, one in identifiers.later_occurrences([*taken, *(one.id for one in margins)]):
        if (position := place - len(taken)) >= 0:
            what = f"{one} stands twice among the criteria and margins"
            yield identifiers.ID_TWICE.at(_at(position), what, "give each its own id")
    known = {one.id for one in protocol.requirements}
    for position, margin in enumerate(margins):
        for number, name in enumerate(margin.requirements):
            if name not in known:
                what = f"no requirement has the id {name}"
                path = _at(position, "requirements", number)
                yield identifiers.UNKNOWN_REQUIREMENT.at(path, what, "add it under `requirements:`")


def _figures_can_be_had(protocol: Protocol, metrics: Metrics) -> Found:
    """What is asked of the figure of a criterion is asked of the figure of a margin, too."""
    margins = _margins(protocol)
    if not margins:
        return
    stand_in = protocol.model_copy(update={"criteria": tuple(map(_criterion, margins))})
    for finder in (*criteria.FINDERS, *figures.FINDERS):
        for one in finder(stand_in, metrics):
            if one.path[0] == "criteria" and len(one.path) > 1:
                yield _moved(one)


def _moved(one: Objection) -> Objection:
    return one._replace(path=("comparison", "margins", *one.path[1:]))


def _criterion(margin: Margin) -> AcceptanceCriterion:
    return AcceptanceCriterion(
        id=margin.id,
        requirements=margin.requirements,
        metric=margin.metric,
        class_name=margin.class_name,
        iou=margin.iou,
        size=margin.size,
        subgroup=margin.subgroup,
        direction="at_least",
        bound=margin.margin,
        judged_on="value",
        rationale=margin.rationale,
    )


def _margins_fit(protocol: Protocol, metrics: Metrics) -> Found:
    for position, margin in enumerate(_margins(protocol)):
        terms = metrics.get(margin.metric)
        if terms is not None:
            yield from _margin_fits(margin, terms, position)


def _margin_fits(margin: Margin, terms: MetricTerms, position: int) -> Iterator[Objection]:
    if terms.better not in {"higher", "lower"}:
        what = f"a difference of {margin.metric} is neither better nor worse"
        fix = "name a figure of which more, or less, is better, e.g. an absolute error"
        yield NO_BETTER_SIDE.at(_at(position, "metric"), what, fix)
    elif not terms.has_interval or "timing" in terms.methods:
        what = f"a difference of {margin.metric} has no confidence interval"
        fix = "name a figure that is estimated, or judge the new version alone by a criterion"
        yield NO_INTERVAL.at(_at(position, "metric"), what, fix)
    if margin.aim == "non_inferiority" and margin.margin == 0:
        fix = "state how much worse is still as good"
        yield NO_MARGIN.at(_at(position, "margin"), "non-inferiority has no margin", fix)
    width = None if terms.lower is None or terms.upper is None else terms.upper - terms.lower
    if width is not None and margin.margin >= width:
        what = f"{margin.margin:g} is as wide as the range of {margin.metric}, {width:g}"
        fix = "give the margin in the metric's own unit"
        yield MARGIN_OUT_OF_RANGE.at(_at(position, "margin"), what, fix)


def _change_is_said(protocol: Protocol, _: Metrics) -> Found:
    plan = protocol.comparison
    for name in ("change", "impact"):
        if plan is not None and getattr(plan, name) is None:
            what = f"the comparison does not say the {name}"
            yield NOT_SAID.at(("comparison",), what, f"add `{name}:`")


FINDERS: tuple[Finder, ...] = (_ids_hold, _figures_can_be_had, _margins_fit, _change_is_said)
