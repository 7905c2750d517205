"""Unit tests for validation/evidence/catalogue.py."""

import math
from collections import Counter
from collections.abc import Callable

import pytest

from validation.evidence.catalogue import CATALOGUE, definition
from validation.evidence.measure import measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.overlap import OverlapTable, confusion_table
from validation.evidence.timing import latency_metrics
from validation.plan.protocol import Protocol
from validation.testset.annotations import ClassMap
from validation.testset.cases import Case


@pytest.fixture(scope="module")
def computed(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
    make_class_map: Callable[..., ClassMap],
) -> dict[str, list[MetricValue]]:
    cases = [make_case("A"), make_case("B")]
    instance = measure(
        [make_strip_table([(0, 9)], [(0, 8), (20, 30)], one) for one in "AB"],
        cases,
        make_protocol(),
    )
    present, absent = make_class_map([[0, 1, 1]]), make_class_map([[0, 0, 0]])
    semantic = measure(
        [
            confusion_table("A", present, make_class_map([[0, 1, 0]]), 1),
            confusion_table("B", absent, absent, 1),
        ],
        cases,
        make_protocol("semantic", presence_minimum_area_px=1),
    )
    return {
        "instance": list(instance.metrics),
        "semantic": list(semantic.metrics),
        "timing": list(latency_metrics({"A": 1.0})),
    }


def test_every_metric_is_listed_once() -> None:
    assert max(Counter(one.id for one in CATALOGUE).values()) == 1


def test_what_is_computed_is_listed_and_what_is_listed_is_computed(
    computed: dict[str, list[MetricValue]],
) -> None:
    for kind, metrics in computed.items():
        listed = {one.id for one in CATALOGUE if kind in one.methods}
        assert {one.metric for one in metrics} == listed


def test_scope_and_unit_are_as_listed(computed: dict[str, list[MetricValue]]) -> None:
    for one in (metric for metrics in computed.values() for metric in metrics):
        known = definition(one.metric)
        assert one.unit == known.unit
        assert one.n_of == known.n_of
        assert (one.scope.class_name is not None) == known.needs_class
        assert (one.scope.iou is not None) == known.needs_iou


def test_values_and_limits_are_in_the_listed_range(
    computed: dict[str, list[MetricValue]],
) -> None:
    for one in (metric for metrics in computed.values() for metric in metrics):
        known = definition(one.metric)
        lower = -math.inf if known.lower is None else known.lower
        upper = math.inf if known.upper is None else known.upper
        values = (
            [one.value]
            if one.interval is None
            else [one.value, one.interval.lower, one.interval.upper]
        )
        assert all(value is not None and lower <= value <= upper for value in values)


def test_only_counts_and_figures_without_spread_have_no_interval(
    computed: dict[str, list[MetricValue]],
) -> None:
    for one in computed["instance"] + computed["semantic"]:
        assert (one.no_interval is None) == (one.interval is not None)
        if definition(one.metric).aggregation == "count":
            assert one.interval is None
        elif one.interval is None:
            assert "every replicate gives the same figure" in (one.no_interval or "")


def test_every_definition_says_when_it_is_undefined_and_where_it_is_from() -> None:
    for one in CATALOGUE:
        assert one.edge_case
        assert one.source
        assert one.definition.endswith(".")
        assert "segval" in one.source or any(character.isdigit() for character in one.source)


def test_an_unknown_metric_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        definition("map50")
