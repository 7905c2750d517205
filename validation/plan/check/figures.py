"""The figures that criteria name can be had, and none lacks the one beside it."""

from collections.abc import Iterable

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.companions import missing_companions
from validation.plan.protocol import Protocol

_NEVER = "Every run would leave the criterion not evaluable."

NO_LATENCY = Rule(
    "criterion.no-latency", "error", _NEVER, "segval, docs/how-to/predictions-made-elsewhere.md"
)
NOT_ASKED_FOR = Rule(
    "criterion.not-asked-for", "error", _NEVER, "segval, docs/reference/protocol.md"
)
NO_OBJECTS = Rule(
    "criterion.no-objects", "error", _NEVER, "segval, validation.evidence.separability"
)
MISSING_COMPANION = Rule(
    "criteria.companion",
    "warning",
    "A figure alone can be high while the result is of no use.",
    "Maier-Hein et al., Metrics reloaded, Nature Methods 21, 2024",
)


def either(words: Iterable[str]) -> str:
    """Return the words as alternatives, sorted.

    >>> either({"threshold", "argmax"})
    'argmax or threshold'
    """
    return " or ".join(sorted(words))


def _figures_can_be_had(protocol: Protocol, metrics: Metrics) -> Found:
    """Criteria that every run of this protocol would leave not evaluable."""
    for position, criterion in enumerate(protocol.criteria):
        path = ("criteria", position, "metric")
        terms = metrics.get(criterion.metric)
        is_timing = terms is not None and "timing" in terms.methods
        if is_timing and protocol.model.adapter == "predictions":
            what = "predictions that are read from files have no latency"
            yield NO_LATENCY.at(path, what, "remove the criterion, or run the model itself")
        asked_by = () if terms is None else terms.asked_by
        if asked_by and all(getattr(protocol.analysis, one) is None for one in asked_by):
            what = f"{criterion.metric} needs {either(f'`{one}`' for one in asked_by)}"
            yield NOT_ASKED_FOR.at(path, what, "add it under `analysis:`")
        on_objects = terms is not None and terms.needs_objects
        if on_objects and protocol.test_set.reference_standard.format == "class_map":
            what = f"{criterion.metric} needs objects; a class map has none"
            yield NO_OBJECTS.at(path, what, "remove it")
        has_minimum = protocol.analysis.presence_minimum_area_px is not None
        if criterion.metric.startswith("presence_") and not has_minimum:
            what = f"{criterion.metric} needs `presence_minimum_area_px`"
            yield NOT_ASKED_FOR.at(path, what, "add it under `analysis:`")


def _companions_are_missing(protocol: Protocol, _: Metrics) -> Found:
    for about, what, named in missing_companions(protocol):
        fix = f"add one on {named}, or say under `accepted_warnings:` why not"
        yield MISSING_COMPANION.at(("criteria",), what, fix, about)


FINDERS: tuple[Finder, ...] = (_figures_can_be_had, _companions_are_missing)
