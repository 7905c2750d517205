"""Unit tests for validation/evidence/panoptic.py."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from validation.evidence.object_pool import object_pool
from validation.evidence.panoptic import SegmentCounts, panoptic_figures, segment_counts
from validation.evidence.panoptic_table import PanopticTable, panoptic_table
from validation.evidence.pooled_outcomes import pooled_outcomes
from validation.evidence.ratios import Count
from validation.plan.protocol import Matching, SegmentedClass
from validation.testset.formats.panoptic_maps import panoptic_map_of

ROLES = {"sky": "stuff", "car": "thing", "tree": "stuff", "van": "thing"}
CLASSES = tuple(
    SegmentedClass.model_validate({"name": name, "description": "-", "value": value, "role": role})
    for value, (name, role) in enumerate(ROLES.items(), start=1)
)
NAMES, THINGS = tuple(ROLES), ("car", "van")
VOID = 255


def table(truth: Any, found: Any, case_id: str = "C") -> PanopticTable:
    return panoptic_table(
        case_id,
        panoptic_map_of(np.array(truth, np.uint16), CLASSES, ignore_value=VOID, is_reference=True),
        panoptic_map_of(np.array(found, np.uint16), CLASSES),
        len(CLASSES),
    )


def counts(tables: Sequence[PanopticTable]) -> SegmentCounts:
    return segment_counts(object_pool([one.segments for one in tables], len(CLASSES)))


def values(tables: Sequence[PanopticTable]) -> dict[str, float | None]:
    every = np.arange(len(tables))
    return {
        one.metric if one.class_name is None else f"{one.metric}/{one.class_name}": (
            one.value if isinstance(one, Count) else one.value()
        )
        for one in panoptic_figures(counts(tables), every, NAMES, THINGS)
    }


def row(*spans: tuple[int, int]) -> list[int]:
    """Return an image of one row: a number of pixels of each value."""
    return [value for value, times in spans for _ in range(times)]


def test_things_and_stuff_worked_by_hand() -> None:
    # Case 1. Sky: 6 pixels, predicted 8 of which 5 in common: IoU 5/9, matched. Car 2000 is found
    # whole (IoU 1); car 2001 shares 2 of its 4 pixels with a prediction of 2: IoU 1/2, which is
    # not above one half: a miss and a false positive. Tree: IoU 4/5. Van: 1.
    # Case 2. Sky is missed; a car is invented.
    first = table(
        [row((1, 6), (2000, 3), (2001, 4), (3, 4), (4000, 2), (0, 4))],
        [row((0, 1), (1, 5), (2009, 3), (2000, 2), (0, 2), (3, 4), (4001, 2), (3, 1), (1, 3))],
    )
    second = table([row((1, 4), (0, 3))], [row((0, 4), (2000, 3))], "D")
    found = values([first, second])
    assert found["pq/sky"] == pytest.approx((5 / 9) / (1 + 1 / 2))
    assert found["sq/sky"] == pytest.approx(5 / 9)
    assert found["rq/sky"] == pytest.approx(1 / (1 + 1 / 2))
    assert found["pq/car"] == pytest.approx(1 / (1 + 2 / 2 + 1 / 2))
    assert (found["matched_segments/car"], found["missed_segments/car"]) == (1, 1)
    assert found["false_positive_segments/car"] == 2
    assert found["pq/tree"] == found["sq/tree"] == pytest.approx(4 / 5)
    assert found["pq/van"] == 1
    assert found["pq_things"] == pytest.approx((1 / 2.5 + 1) / 2)
    assert found["pq_stuff"] == pytest.approx((10 / 27 + 0.8) / 2)
    assert found["pq_all"] == pytest.approx((10 / 27 + 1 / 2.5 + 0.8 + 1) / 4)
    assert found["sq_all"] == pytest.approx((5 / 9 + 1 + 0.8 + 1) / 4)
    assert found["rq_things"] == pytest.approx((1 / 2.5 + 1) / 2)


def test_void_is_in_no_iou() -> None:
    # Car: 4 pixels, predicted 4 of them and 3 in void: IoU 1, not 4/7.
    assert values([table([row((2000, 4), (VOID, 3))], [row((2000, 7))])])["pq/car"] == 1


@pytest.mark.parametrize(("in_void", "false_positives"), [(3, 0), (2, 1)])
def test_a_prediction_more_than_half_in_void_is_no_false_positive(
    in_void: int, false_positives: int
) -> None:
    found = values([table([row((VOID, in_void), (0, 3))], [row((2000, in_void + 2), (0, 1))])])
    assert found["false_positive_segments/car"] == false_positives
    found = values([table([row((VOID, in_void), (0, 3))], [row((1, in_void + 2), (0, 1))])])
    assert found["false_positive_segments/sky"] == false_positives


def test_a_region_not_told_apart_is_neither_to_be_found_nor_penalised_in_its_class() -> None:
    # 3 of 5 pixels of the car lie in a region of cars; for the van it is no such region.
    truth = [row((2, 3), (0, 2))]
    found = values([table(truth, [row((2000, 5))])])
    assert (found["missed_segments/car"], found["false_positive_segments/car"]) == (0, 0)
    found = values([table(truth, [row((4000, 5))])])
    assert (found["missed_segments/car"], found["false_positive_segments/van"]) == (0, 1)


def test_a_class_without_a_segment_is_undefined_and_its_mean_names_it() -> None:
    one = table([row((1, 4), (2000, 3))], [row((1, 4), (0, 3))])
    every = panoptic_figures(counts([one]), np.array([0]), NAMES, THINGS)
    by_id = {(figure.metric, figure.class_name): figure for figure in every}
    assert by_id["pq", "tree"].value() is None  # type: ignore[operator]
    assert by_id["pq", "car"].value() == 0  # type: ignore[operator]
    assert by_id["sq", "car"].value() is None  # type: ignore[operator]
    mean = by_id["pq_things", None]
    assert mean.value() is None  # type: ignore[operator]
    assert mean.undefined == "van: no segment of the class in reference or prediction"  # type: ignore[union-attr]
    assert by_id["sq_stuff", None].undefined == "tree: no matched segment of the class"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("truth", "found", "expected"),
    [
        ([0, 0], [0, 0], (0, 0, 0)),
        ([0, 0], [2000, 0], (0, 0, 1)),
        ([2000, 0], [0, 0], (0, 1, 0)),
        ([VOID, VOID], [2000, 2000], (0, 0, 0)),
    ],
    ids=["both empty", "empty reference", "empty prediction", "void alone"],
)
def test_empty_maps(truth: list[int], found: list[int], expected: tuple[int, ...]) -> None:
    one = values([table([truth], [found])])
    ids = ("matched_segments/car", "missed_segments/car", "false_positive_segments/car")
    assert tuple(one[name] for name in ids) == expected
    assert one["pq/car"] == (0 if any(expected) else None)


def panopticapi(  # noqa: C901 - one function there, too
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
) -> dict[int, list[float]]:
    """Return TP, FP, FN and the sum of IoU by class value, as panopticapi counts them.

    Written here from ``pq_compute_single_core`` of its ``evaluation.py``, step by step: a map of
    pairs of ids, matched pairs, missed segments, then false ones.
    """
    stat = {one.value: [0, 0, 0, 0.0] for one in CLASSES}

    def category(identifier: int) -> int:
        return identifier // 1000 or identifier

    for truth, found in pairs:
        shared: dict[tuple[int, int], int] = {}
        for both in zip(truth.ravel().tolist(), found.ravel().tolist(), strict=True):
            shared[both] = shared.get(both, 0) + 1
        truths = sorted({one for one, _ in shared if one not in (0, VOID)})
        founds = sorted({one for _, one in shared if one != 0})
        area = {
            **{("t", one): int((truth == one).sum()) for one in truths},
            **{("p", one): int((found == one).sum()) for one in founds},
        }
        crowds = {one for one in truths if one < 1000 and ROLES[NAMES[one - 1]] == "thing"}
        matched_truths, matched_founds = set(), set()
        for (one, other), intersection in shared.items():
            if one not in truths or other not in founds or one in crowds:
                continue
            if category(one) != category(other):
                continue
            union = area["t", one] + area["p", other] - intersection - shared.get((VOID, other), 0)
            if intersection / union > 0.5:
                stat[category(one)][0] += 1
                stat[category(one)][3] += intersection / union
                matched_truths.add(one)
                matched_founds.add(other)
        for one in truths:
            if one not in matched_truths and one not in crowds:
                stat[category(one)][2] += 1
        for other in founds:
            if other in matched_founds:
                continue
            excused = shared.get((VOID, other), 0)
            if category(other) in crowds:
                excused += shared.get((category(other), other), 0)
            if excused / area["p", other] > 0.5:
                continue
            stat[category(other)][1] += 1
    return stat


TRUTH = hnp.arrays(
    np.uint16, (4, 6), elements=st.sampled_from([0, 1, 2, 2000, 2001, 3, 4000, VOID])
)
FOUND = hnp.arrays(np.uint16, (4, 6), elements=st.sampled_from([0, 1, 2000, 2003, 3, 4000]))


@st.composite
def studies(draw: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw pairs of maps that mostly agree, as pairs of noise have no match."""
    pairs = []
    for _ in range(draw(st.integers(1, 3))):
        truth, noise = draw(TRUTH), draw(FOUND)
        same = np.where((truth == VOID) | (truth == 2), 2003, truth)
        is_noise = draw(
            hnp.arrays(bool, truth.shape, elements=st.sampled_from([True] + [False] * 3))
        )
        pairs.append((truth, np.where(is_noise, noise, same).astype(np.uint16)))
    return pairs


@settings(deadline=None, max_examples=150)
@given(studies())
def test_the_counts_are_those_of_panopticapi(pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    tables = [table(*pair, str(number)) for number, pair in enumerate(pairs)]
    found = counts(tables)
    for position, (tp, fp, fn, iou_sum) in enumerate(panopticapi(pairs).values()):
        of_class = found.of(np.arange(len(pairs)), position)
        assert of_class.matched.sum() == tp
        assert of_class.false_positives.sum() == fp
        assert of_class.missed.sum() == fn
        assert of_class.iou_sum.sum() == pytest.approx(iou_sum)


@settings(deadline=None, max_examples=60)
@given(studies())
def test_figures_of_objects_excuse_the_same_predictions(
    pairs: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    pool = object_pool(
        [table(*pair, str(number)).segments for number, pair in enumerate(pairs)], len(CLASSES)
    )
    rule = Matching(
        algorithm="optimal",
        iou_threshold=0.5,
        score_threshold=0,
        maximum_detections=100,
        merge_split_fraction=0.75,
    )
    outcomes = pooled_outcomes(pool, rule)
    has_partner = np.zeros(len(pool.scores), bool)
    has_partner[pool.pairs.prediction[outcomes.pairs]] = True
    assert not (outcomes.is_false_positive & pool.is_excused).any()
    assert not (outcomes.is_absorbed & has_partner).any()


def test_cases_in_any_order_give_the_same_figures() -> None:
    tables = [
        table([row((2000, 3), (1, 3), (0, 1))], [row((2000, 2), (1, 4), (0, 1))], "A"),
        table([row((2000, 7), (1, 3))], [row((2000, 6), (1, 4))], "B"),
        table([row((2000, 11), (1, 3))], [row((2000, 9), (1, 5))], "C"),
    ]
    assert values(tables) == values(tables[::-1])
