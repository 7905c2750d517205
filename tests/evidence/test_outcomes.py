"""Unit tests for validation/evidence/outcomes.py and merges_splits.py."""

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from validation.evidence.merges_splits import MergesAndSplits
from validation.evidence.outcomes import ClassOutcomes, class_outcomes
from validation.evidence.overlap import OverlapTable, overlap_table
from validation.plan.protocol import Protocol
from validation.testset.annotations import ObjectSet


def outcomes(protocol: Protocol, table: OverlapTable) -> ClassOutcomes:
    rule = protocol.analysis.matching
    assert rule is not None
    return class_outcomes(table, 1, rule)


def test_two_objects_under_one_prediction_are_merged(
    make_protocol: Callable[..., Protocol], make_strip_table: Callable[..., OverlapTable]
) -> None:
    # P1 0-20 contains R1 0-10 and R2 11-20 wholly; IoU 10/20 = .5 with R1, so R1 is matched
    # at .5 and R2 (9/20) is merged. At .6 neither is matched and both are merged.
    table = make_strip_table([(0, 10), (11, 20)], [(0, 20)])
    at_half = outcomes(make_protocol(), table)
    assert at_half.of_references == ("matched", "merged")
    assert at_half.false_positives == ()
    strict = outcomes(make_protocol(matching={"iou_threshold": 0.6}), table)
    assert strict.of_references == ("merged", "merged")
    assert strict.false_positives == (0,)
    assert at_half.events == strict.events == MergesAndSplits({0: (0, 1)}, {})


def test_one_object_in_two_predictions_is_split(
    make_protocol: Callable[..., Protocol], make_strip_table: Callable[..., OverlapTable]
) -> None:
    # R1 0-20; P1 0-11 has IoU 11/20 = .55, P2 12-20.
    table = make_strip_table([(0, 20)], [(0, 11), (12, 20)])
    at_half = outcomes(make_protocol(), table)
    assert at_half.of_references == ("matched",)
    assert at_half.false_positives == (1,)
    strict = outcomes(make_protocol(matching={"iou_threshold": 0.6}), table)
    assert strict.of_references == ("split",)
    assert strict.false_positives == (0, 1)
    assert at_half.events == strict.events == MergesAndSplits({}, {0: (0, 1)})


def test_merged_comes_before_split_and_split_before_missed(
    make_protocol: Callable[..., Protocol], make_strip_table: Callable[..., OverlapTable]
) -> None:
    # R1 0-10 and R2 12-30 lie in P1 0-34 (R2: IoU 18/34 = .53); R1 is also cut into P2, P3.
    table = make_strip_table([(0, 10), (12, 30), (60, 70)], [(0, 34), (0, 4), (4, 8)])
    found = outcomes(make_protocol(), table)
    assert found.of_references == ("merged", "matched", "missed")
    assert found.events == MergesAndSplits({0: (0, 1)}, {0: (1, 2)})


def test_containment_starts_exactly_at_the_fraction(
    make_protocol: Callable[..., Protocol], make_strip_table: Callable[..., OverlapTable]
) -> None:
    # Of R1 0-8, 6/8 = .75 lie in P1 2-40, of R2 36-44 only 4/8.
    table = make_strip_table([(0, 8), (20, 28)], [(2, 40)])
    assert outcomes(make_protocol(), table).events.merges == {0: (0, 1)}
    higher = make_protocol(matching={"merge_split_fraction": 0.76})
    assert outcomes(higher, table).events.merges == {}


def test_a_fraction_as_written_is_reached_by_that_very_share(
    make_protocol: Callable[..., Protocol], make_strip_table: Callable[..., OverlapTable]
) -> None:
    # 8 of 10 pixels are the fraction 0.8, without rounding below it.
    table = make_strip_table([(0, 10), (20, 30)], [(2, 28)])
    protocol = make_protocol(matching={"merge_split_fraction": 0.8})
    assert outcomes(protocol, table).events.merges == {0: (0, 1)}


def test_ignored_regions_and_what_they_absorb_take_no_part(
    make_protocol: Callable[..., Protocol], make_strip_table: Callable[..., OverlapTable]
) -> None:
    # P1 0-40 is absorbed by the ignored region 0-40, so its merge of R2 and R3 is no event.
    table = make_strip_table([(0, 40), (0, 10), (20, 30)], [(0, 40)], ignored=[1, 0, 0])
    found = outcomes(make_protocol(), table)
    assert found.of_references == ("ignored", "missed", "missed")
    assert found.false_positives == ()
    assert found.events == MergesAndSplits({}, {})


def test_predictions_below_the_operating_point_do_not_exist(
    make_protocol: Callable[..., Protocol], make_strip_table: Callable[..., OverlapTable]
) -> None:
    table = make_strip_table([(0, 10)], [(0, 10), (20, 30)], scores=[0.4, 0.5])
    found = outcomes(make_protocol(), table)
    assert found.of_references == ("missed",)
    assert found.false_positives == (0,)
    assert found.below_threshold == 1


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.tuples(st.integers(0, 15), st.integers(0, 15)),
    st.sampled_from(["greedy_by_score", "optimal"]),
)
def test_every_object_has_exactly_one_outcome(
    make_protocol: Callable[..., Protocol],
    make_random_objects: Callable[..., ObjectSet],
    seed: int,
    counts: tuple[int, int],
    algorithm: str,
) -> None:
    references, predictions = counts
    generator = np.random.default_rng(seed)
    table = overlap_table(
        "C",
        make_random_objects(generator, references, size=14, ignored_share=0.1),
        make_random_objects(generator, predictions, size=14),
    )
    found = outcomes(make_protocol(matching={"algorithm": algorithm}), table)
    assert len(found.of_references) == references
    kept = len(found.objects.predictions)
    explained = len(found.pairing.partner) + len(found.pairing.absorbed)
    assert explained + len(found.false_positives) == kept == predictions - found.below_threshold
    assert found.of_references.count("matched") == len(found.pairing.partner)
    assert found.of_references.count("ignored") == int(table.reference_ignored.sum())
