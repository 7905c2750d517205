"""Unit tests for validation/evidence/catalogue.py."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from validation.evidence.catalogue import CATALOGUE, POOLED_OVER_CLASSES, definition
from validation.evidence.further_tables import FurtherTables
from validation.evidence.measure import matching_rule, measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.overlap import OverlapTable, confusion_table, overlap_table
from validation.evidence.pair_distances import pair_distance_table
from validation.evidence.panoptic_table import panoptic_table
from validation.evidence.separability import SeparationRow, SeparationTable, separation_table
from validation.evidence.surface import surface_table, surface_terms
from validation.evidence.timing import latency_metrics
from validation.plan.protocol import Protocol
from validation.testset.annotations import ClassMap, ObjectSet
from validation.testset.cases import Case
from validation.testset.formats.panoptic_maps import panoptic_map_of


@pytest.fixture(scope="module")
def computed(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
    make_class_map: Callable[..., ClassMap],
    make_strips: Callable[..., ObjectSet],
) -> dict[str, list[MetricValue]]:
    cases = [make_case("A"), make_case("B")]

    def _separations_of_two_classes() -> Iterator[MetricValue]:
        rows = (SeparationRow(3, 2, 2), SeparationRow(2, 0, 3))
        known = {one: SeparationTable(one, rows) for one in "AB"}
        maps = [confusion_table(one, absent, absent, 2) for one in "AB"]
        protocol = make_protocol("semantic", classes=("nucleus", "debris"))
        for one in measure(maps, cases, protocol, further=FurtherTables(separations=known)).metrics:
            if one.metric.endswith(POOLED_OVER_CLASSES):
                yield one

    instance_tables = [make_strip_table([(0, 9)], [(0, 8), (20, 30)], one) for one in "AB"]
    instance = measure(instance_tables, cases, make_protocol())
    present, absent = make_class_map([[0, 1, 1]]), make_class_map([[0, 0, 0]])
    semantic = measure(
        [
            confusion_table("A", present, make_class_map([[0, 1, 0]]), 1),
            confusion_table("B", absent, absent, 1),
        ],
        cases,
        make_protocol("semantic", presence_minimum_area_px=1),
    )
    maps = {"A": (present, make_class_map([[0, 1, 0]])), "B": (absent, absent)}
    bordered = [_with_borders(make_protocol, cases, maps, unit) for unit in ("px", "um")]
    return {
        "instance": [
            *instance.metrics,
            *_of_two_classes(make_protocol(classes=("nucleus", "debris")), cases, make_strips),
            *_pair_distances(make_protocol, cases, make_strips),
            *_separations(instance_tables, cases, make_protocol()),
            *_separations_of_two_classes(),
        ],
        "semantic": [
            *semantic.metrics,
            *(one for some in bordered for one in some),
            *_separations_of_two_classes(),
        ],
        "panoptic": _of_segments(make_protocol, cases),
        "timing": list(latency_metrics({"A": 1.0})),
    }


def _of_segments(make_protocol: Callable[..., Protocol], cases: list[Case]) -> list[MetricValue]:
    """Return every figure of a panoptic study of two classes of things and one of stuff."""
    spacing, found = 1.0, []
    for unit in ("px", "um"):
        protocol = make_protocol(
            "panoptic",
            classes=("car", "van", "sky"),
            stuff=("sky",),
            matching={"algorithm": "optimal", "score_threshold": 0},
            presence_minimum_area_px=1,
            **{f"surface_tolerance_{unit}": 1.0},
        )
        test_set = protocol.test_set.model_copy(update={"pixel_spacing_um": spacing})
        protocol = protocol.model_copy(update={"test_set": test_set})
        terms = surface_terms(protocol.analysis, spacing)
        assert terms is not None
        maps = {
            one: [panoptic_map_of(np.array([row]), protocol.classes) for row in rows]
            for one, rows in (
                ("A", ([1000, 1000, 3, 3, 3, 0], [1000, 1000, 3, 3, 0, 0])),
                ("B", ([2000, 2000, 2001, 0, 0, 0], [2000, 2000, 0, 0, 0, 0])),
            )
        }
        tables = [panoptic_table(one, *pair, 3) for one, pair in maps.items()]
        further = FurtherTables(
            {
                one: surface_table(one, truth.classes, found.classes, 3, terms)
                for one, (truth, found) in maps.items()
            },
            {one: separation_table(one, truth.objects, 2) for one, (truth, _) in maps.items()},
        )
        found += measure(tables, cases, protocol, further=further).metrics
    return found


def _of_two_classes(
    protocol: Protocol, cases: list[Case], make_strips: Callable[..., ObjectSet]
) -> Iterator[MetricValue]:
    """Yield the figures over all classes of a study of two; debris is never taken for nuclei."""
    reference = make_strips((0, 9), (40, 50), (60, 70), classes=[1, 2, 1])
    spans = [[(0, 8), (40, 50), (60, 70)], [(0, 9), (40, 48), (80, 90)]]
    tables = [
        overlap_table(
            one.case_id,
            reference,
            make_strips(*some, classes=[1, 2, 2], scores=[0.9, 0.8, 0.7]),
        )
        for one, some in zip(cases, spans, strict=True)
    ]
    for one in measure(tables, cases, protocol).metrics:
        if one.scope.class_name is None or definition(one.metric).needs_several_classes:
            yield one


def _pair_distances(
    make_protocol: Callable[..., Protocol],
    cases: list[Case],
    make_strips: Callable[..., ObjectSet],
) -> Iterator[MetricValue]:
    """Yield the distances of pairs in a study of two classes, in either unit."""
    reference = make_strips((0, 9), (40, 50), classes=[1, 2])
    prediction = make_strips((0, 8), (40, 50), classes=[1, 2], scores=[0.9, 0.8])
    for unit in ("px", "um"):
        protocol = make_protocol(classes=("nucleus", "debris"), pair_distances_in=unit)
        test_set = protocol.test_set.model_copy(update={"pixel_spacing_um": 0.5})
        protocol = protocol.model_copy(update={"test_set": test_set})
        tables = [overlap_table(one.case_id, reference, prediction) for one in cases]
        rule = matching_rule(protocol)
        further = FurtherTables(
            pairs={
                one.case_id: pair_distance_table(one, reference, prediction, rule) for one in tables
            }
        )
        for one in measure(tables, cases, protocol, further=further).metrics:
            if one.metric.startswith("matched_hausdorff"):
                yield one


def _separations(tables: Any, cases: list[Case], protocol: Protocol) -> Iterator[MetricValue]:
    """Yield the figures of objects that touch, beside those of an instance study."""
    rows = {"A": SeparationRow(3, 2, 2), "B": SeparationRow(2, 0, 2)}
    further = FurtherTables(
        separations={one: SeparationTable(one, (row,)) for one, row in rows.items()}
    )
    before = {one.id for one in measure(tables, cases, protocol).metrics}
    for one in measure(tables, cases, protocol, further=further).metrics:
        if one.id not in before:
            yield one


def _with_borders(
    make_protocol: Callable[..., Protocol],
    cases: list[Case],
    maps: dict[str, tuple[ClassMap, ClassMap]],
    unit: str,
) -> Iterator[MetricValue]:
    """Yield the figures of borders and of objects that touch, beside a semantic study."""
    plain = make_protocol("semantic", presence_minimum_area_px=1)
    protocol = make_protocol("semantic", **{f"surface_tolerance_{unit}": 1.0})
    test_set = protocol.test_set.model_copy(update={"pixel_spacing_um": 1.0})
    protocol = protocol.model_copy(update={"test_set": test_set})
    terms = surface_terms(protocol.analysis, 1.0)
    assert terms is not None
    rows = {"A": SeparationRow(3, 2, 2), "B": SeparationRow(2, 0, 2)}
    further = FurtherTables(
        {name: surface_table(name, *pair, 1, terms) for name, pair in maps.items()},
        {name: SeparationTable(name, (row,)) for name, row in rows.items()},
    )
    tables = [confusion_table(name, *pair, 1) for name, pair in maps.items()]
    before = {one.id for one in measure(tables, cases, plain).metrics}
    for one in measure(tables, cases, protocol, further=further).metrics:
        if one.id not in before:
            yield one


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
        assert known.has_class_mean or (one.scope.class_name is not None) == known.needs_class
        assert known.has_sizes or one.scope.size is None
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
        if one.value is None:
            assert one.scope.size is not None  # the objects are all small
            continue
        assert all(value is not None and lower <= value <= upper for value in values)


def test_a_figure_without_an_interval_is_a_count_or_has_no_spread(
    computed: dict[str, list[MetricValue]],
) -> None:
    for one in computed["instance"] + computed["semantic"]:
        assert (one.no_interval is None) == (one.interval is not None)
        if definition(one.metric).aggregation == "count":
            assert one.no_interval == "a count of this sample, not an estimate"
        elif one.interval is None and one.value is not None:
            assert one.no_interval is not None
            assert one.no_interval.startswith("every replicate gives the same figure")


def test_every_definition_says_when_it_is_undefined_and_where_it_is_from() -> None:
    for one in CATALOGUE:
        assert one.edge_case
        assert one.source
        assert one.definition.endswith(".")
        assert "segval" in one.source or any(character.isdigit() for character in one.source)


def test_an_unknown_metric_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        definition("map50")
