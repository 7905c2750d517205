"""Distances of matched pairs (pair_distances.py, object_borders.py).

The study worked by hand, on images of one row, where every pixel of an object is a border; at
IoU .5 unless said otherwise:

Case A: R1 0-10, R2 20-30; P1 0-10 (score .9): equal to R1, distance 0. P2 20-40 (.8), IoU .5
        with R2: from R2 all 0; from P2 ten 0, then 1 to 10. The 95th percentile of twenty
        values lies at place 18.05: 9.05.
Case B: R1 0-20; P1 0-12 (.6), IoU .6: from R1 twelve 0, then 1 to 8: 7.05; from P1 all 0.
Case C: R1 0-10; P1 0-10 below the operating point: no pair.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from validation.errors import EvidenceError
from validation.evidence.files import evidence_files
from validation.evidence.further_tables import (
    PAIR_DISTANCES,
    FurtherTables,
    further_files,
    further_from_files,
)
from validation.evidence.measure import Evidence, matching_rule, measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.object_borders import object_borders
from validation.evidence.overlap import overlap_table
from validation.evidence.pair_distances import PairDistanceTable, pair_distance_table
from validation.plan.protocol import Protocol
from validation.testset.annotations import ObjectSet
from validation.testset.cases import Case

Pairs = dict[str, tuple[ObjectSet, ObjectSet]]
Measure = Callable[..., tuple[Evidence, FurtherTables, Protocol]]


@pytest.fixture(scope="module")
def of_pairs(make_protocol: Callable[..., Protocol], make_case: Callable[..., Case]) -> Measure:
    """Return the evidence of cases given as (reference, prediction) by case id."""

    def run(
        sets: Pairs, spacing: float | None = None, **analysis: Any
    ) -> tuple[Evidence, FurtherTables, Protocol]:
        protocol = make_protocol(**{"pair_distances_in": "px", **analysis})
        test_set = protocol.test_set.model_copy(update={"pixel_spacing_um": spacing})
        protocol = protocol.model_copy(update={"test_set": test_set})
        tables = {name: overlap_table(name, *pair) for name, pair in sets.items()}
        rule = matching_rule(protocol)
        further = FurtherTables(
            pairs={
                name: pair_distance_table(tables[name], *pair, rule) for name, pair in sets.items()
            }
        )
        cases = [make_case(name) for name in sets]
        evidence = measure(tables.values(), cases, protocol, further=further)
        again = further_from_files(further_files(further, protocol), protocol)
        repeated = measure(tables.values(), cases, protocol, further=again)
        assert evidence_files(repeated) == evidence_files(evidence)
        return evidence, further, protocol

    return run


@pytest.fixture(scope="module")
def study(make_strips: Callable[..., ObjectSet]) -> Pairs:
    return {
        "A": (
            make_strips((0, 10), (20, 30)),
            make_strips((0, 10), (20, 40), scores=[0.9, 0.8]),
        ),
        "B": (make_strips((0, 20)), make_strips((0, 12), scores=[0.6])),
        "C": (make_strips((0, 10)), make_strips((0, 10), scores=[0.4])),
    }


def named(evidence: Evidence) -> dict[str, MetricValue]:
    return {one.id: one for one in evidence.metrics}


def test_the_figures_of_a_study_worked_by_hand(of_pairs: Measure, study: Pairs) -> None:
    evidence, further, _ = of_pairs(study)
    figure = named(evidence)
    found = figure["matched_hausdorff_95_px/class=nucleus/iou=0.5"]
    assert found.value == pytest.approx((0 + 9.05 + 7.05) / 3, rel=1e-15)
    assert (found.n, found.n_undefined, found.unit) == (3, 0, "px")
    assert found.interval is not None
    assert 0 <= found.interval.lower < found.value < found.interval.upper <= 9.05
    strict = figure["matched_hausdorff_95_px/class=nucleus/iou=0.75"]
    assert (strict.value, strict.n) == (0, 1)
    assert [len(further.pairs[one].rows) for one in "ABC"] == [2, 1, 0]
    cells = [
        (row["case_id"], row["reference_id"], row["hausdorff_95_px"])
        for row in evidence.instance_rows
    ]
    assert [one[:2] for one in cells] == [("A", 1), ("A", 2), ("B", 1), ("C", 1)]
    assert [one[2] for one in cells] == [0, pytest.approx(9.05), pytest.approx(7.05), None]


def test_micrometres_are_pixels_times_their_size(of_pairs: Measure, study: Pairs) -> None:
    evidence, _, _ = of_pairs(study, 0.5, pair_distances_in="um")
    found = named(evidence)["matched_hausdorff_95_um/class=nucleus/iou=0.5"]
    assert found.value == pytest.approx((0 + 9.05 + 7.05) / 6, rel=1e-15)
    assert found.unit == "µm"
    assert evidence.instance_columns[-1] == "hausdorff_95_um"
    with pytest.raises(ValueError, match="pixel_spacing_um"):
        of_pairs(study, pair_distances_in="um")


def test_without_a_pair_there_is_no_distance_and_the_reason_is_given(
    of_pairs: Measure, make_strips: Callable[..., ObjectSet], study: Pairs
) -> None:
    missed = make_strips((0, 10)), make_strips((50, 60), scores=[0.9])
    found = named(of_pairs({"A": missed})[0])["matched_hausdorff_95_px/class=nucleus/iou=0.5"]
    assert (found.value, found.undefined) == (None, "no matched pair of the class")
    assert (found.n, found.interval) == (0, None)
    # An object that was missed is in no mean, and recall says so beside it.
    evidence, _, _ = of_pairs({"A": missed, "B": study["B"]})
    assert named(evidence)["matched_hausdorff_95_px/class=nucleus/iou=0.5"].n == 1
    assert named(evidence)["recall/class=nucleus/iou=0.5"].value == 0.5


def test_nothing_is_computed_that_was_not_asked_for(of_pairs: Measure, study: Pairs) -> None:
    evidence, further, protocol = of_pairs(study, pair_distances_in=None)
    assert not any("hausdorff" in one.id for one in evidence.metrics)
    assert not any("hausdorff" in column for column in evidence.instance_columns)
    assert PAIR_DISTANCES not in further_files(further, protocol)


def test_over_classes_pairs_are_pooled_and_classes_averaged(
    of_pairs: Measure, make_strips: Callable[..., ObjectSet]
) -> None:
    # Of the first class distances 0 and 9.05, of the second 7.05.
    sets = {
        "A": (
            make_strips((0, 10), (20, 30), (50, 70), classes=[1, 1, 2]),
            make_strips((0, 10), (20, 40), (50, 62), classes=[1, 1, 2]),
        )
    }
    for pair in sets.values():
        object.__setattr__(pair[1], "scores", np.array([0.9, 0.9, 0.9]))
    figure = named(of_pairs(sets, classes=("nucleus", "debris"))[0])
    pooled = figure["matched_hausdorff_95_px_pooled_over_classes/iou=0.5"]
    mean = figure["matched_hausdorff_95_px_mean_over_classes/iou=0.5"]
    assert pooled.value == pytest.approx((0 + 9.05 + 7.05) / 3)
    assert mean.value == pytest.approx(((0 + 9.05) / 2 + 7.05) / 2)
    strict = figure["matched_hausdorff_95_px_mean_over_classes/iou=0.75"]
    assert strict.undefined == "no value for debris"


def directed(one: np.ndarray, other: np.ndarray) -> float:
    """Return the definition as MONAI and Metrics Reloaded have it, by SciPy alone."""
    edges = [mask ^ ndimage.binary_erosion(mask) for mask in (one, other)]
    distances = ndimage.distance_transform_edt(~edges[1])[edges[0]]
    return float(np.percentile(distances, 95))


def masks_of(objects: ObjectSet, decoded: Callable[..., np.ndarray]) -> list[np.ndarray]:
    if objects.label_map is not None:
        return [objects.label_map == one for one in objects.ids]
    return [decoded(mask).astype(bool) for mask in objects.masks or ()]


def agree_with_scipy(evidence: Evidence, sets: Pairs, decoded: Callable[..., np.ndarray]) -> int:
    """Hold the distance of every pair against SciPy's; return how many there are."""
    pixels = {name: [masks_of(one, decoded) for one in pair] for name, pair in sets.items()}
    matched = 0
    for row in evidence.instance_rows:
        if row["outcome"] != "matched":
            assert row["hausdorff_95_px"] is None
            continue
        pair = sets[str(row["case_id"])]
        masks = [
            some[one.ids.tolist().index(row[column])]
            for some, one, column in zip(
                pixels[str(row["case_id"])], pair, ("reference_id", "prediction_id"), strict=True
            )
        ]
        assert row["hausdorff_95_px"] == max(directed(*masks), directed(*masks[::-1]))
        matched += 1
    return matched


@pytest.mark.parametrize("algorithm", ["greedy_by_score", "optimal"])
def test_every_pair_of_overlapping_masks_has_the_distance_of_scipy(
    of_pairs: Measure,
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    pixels_of: Callable[..., np.ndarray],
    algorithm: str,
) -> None:
    generator = np.random.default_rng(3)
    sets = {}
    for number in range(6):
        reference = make_random_objects(generator, 12, classes=2, ignored_share=0.2)
        sets[f"C{number}"] = reference, make_jittered(generator, reference, 4)
    evidence, _, _ = of_pairs(sets, classes=("a", "b"), matching={"algorithm": algorithm})
    assert agree_with_scipy(evidence, sets, pixels_of) > 5


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_every_pair_of_label_maps_has_the_distance_of_scipy(
    of_pairs: Measure, pixels_of: Callable[..., np.ndarray], seed: int
) -> None:
    generator = np.random.default_rng(seed)
    seeds = generator.integers(0, 60, (2, 12, 2))
    maps = []
    for shift in (0, 1):
        places = seeds[0] + shift * generator.integers(-2, 3, (12, 2))
        away = np.hypot(*(np.indices((50, 60))[:, None] - places.T[:, :, None, None]))
        nearest = away.argmin(axis=0)
        maps.append(np.where(away.min(axis=0) < 9, nearest + 3, 0).astype(np.int32))
    found = [
        ObjectSet((50, 60), ids, np.ones(len(ids), np.int64), scores, label_map=one)
        for one, has_scores in zip(maps, (False, True), strict=True)
        for ids in (np.unique(one[one > 0]).astype(np.int64),)
        for scores in (np.full(len(ids), 0.9) if has_scores else None,)
    ]
    sets = {"C": (found[0], found[1])}
    agree_with_scipy(of_pairs(sets)[0], sets, pixels_of)


def test_borders_are_the_same_from_masks_and_from_label_maps(
    make_random_objects: Callable[..., ObjectSet], pixels_of: Callable[..., np.ndarray]
) -> None:
    objects = make_random_objects(np.random.default_rng(1), 20)
    every = list(range(20))
    for number, places in enumerate(object_borders(objects, every)):
        mask = pixels_of((objects.masks or ())[number]).astype(bool)
        expected = np.flatnonzero(mask & ~ndimage.binary_erosion(mask))
        assert np.array_equal(places, expected)
        one = np.array([5]), np.array([1])
        alone = ObjectSet(objects.shape, *one, label_map=mask.astype(np.int32) * 5)
        assert np.array_equal(object_borders(alone, [0])[0], expected)
    assert object_borders(objects, []) == []


def test_a_table_goes_to_json_and_back(of_pairs: Measure, study: Pairs) -> None:
    _, further, _ = of_pairs(study)
    for table in further.pairs.values():
        assert PairDistanceTable.from_dict(json.loads(json.dumps(table.to_dict()))) == table


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b"A,1,1,0.0", b"A,1,1,", "a pair without a distance"),
        (b"A,1,1,0.0", b"A,1,1,-1", "not a distance"),
        (b"A,1,1,0.0", b"A,1,x,0.0", "not a whole number"),
        (b"A,1,1,0.0\n", b"A,2,2,0.0\n", "do not rise"),
        (b"hausdorff", b"distance", "its columns are not"),
    ],
)
def test_a_damaged_table_is_refused(
    of_pairs: Measure, study: Pairs, old: bytes, new: bytes, what: str
) -> None:
    _, further, protocol = of_pairs(study)
    content = further_files(further, protocol)[PAIR_DISTANCES]
    assert old in content
    with pytest.raises(EvidenceError, match=what):
        further_from_files({PAIR_DISTANCES: content.replace(old, new, 1)}, protocol)
    with pytest.raises(EvidenceError, match="missing"):
        further_from_files({}, protocol)


def test_a_pair_without_a_distance_is_no_evidence(
    of_pairs: Measure, study: Pairs, make_case: Callable[..., Case]
) -> None:
    _, further, protocol = of_pairs(study)
    tables = [overlap_table(name, *pair) for name, pair in study.items()]
    fewer = FurtherTables(pairs={**further.pairs, "B": PairDistanceTable("B", ())})
    with pytest.raises(ValueError, match=r"case B: there is no distance of the pair \[1, 1\]"):
        measure(tables, [make_case(one) for one in study], protocol, further=fewer)
