"""What has to hold of the figures of any reference and any prediction.

Permutation of cases and agreement with reference implementations are in the tests of each
module; here are relabelling, scaling, symmetry, monotonicity and merging. Objects are drawn as
label maps, a prediction as its reference with some pixels changed, so that pairs are many.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from validation.evidence.measure import Evidence, measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.overlap import confusion_table, overlap_table
from validation.evidence.separability import separation_table
from validation.plan.protocol import Protocol
from validation.testset.annotations import ClassMap, ObjectSet

MakeProtocol = Callable[..., Protocol]
MakeCase = Callable[..., Any]
few = settings(deadline=None, max_examples=25)
ALGORITHMS = ("greedy_by_score", "optimal")


class Drawn(NamedTuple):
    """Labels of a case: reference and prediction."""

    reference: np.ndarray
    prediction: np.ndarray


@st.composite
def pairs(draw: st.DrawFn) -> Drawn:
    """Draw blocks of labels, and the same with some pixels changed and some objects gone."""
    blocks = draw(hnp.arrays(np.int32, (3, 3), elements=st.integers(0, 5)))
    reference = blocks.repeat(2, axis=0).repeat(2, axis=1)
    changed = draw(hnp.arrays(np.int32, (6, 6), elements=st.sampled_from([-1] * 6 + [0, 3, 7])))
    return Drawn(reference, np.where(changed < 0, reference, changed))


studies = st.lists(pairs(), min_size=1, max_size=3)


def objects(labels: np.ndarray, case: int | None = None, class_count: int = 1) -> ObjectSet:
    """Return the objects of a label map; with a case they have scores, no two of them alike."""
    ids = np.unique(labels[labels > 0]).astype(np.int64)
    scores = None if case is None else 0.99 - 0.01 * ids - 0.001 * case
    classes = (ids - 1) % class_count + 1
    return ObjectSet(labels.shape, ids, classes, scores=scores, label_map=labels)


def renamed(some: ObjectSet, order: Sequence[int]) -> ObjectSet:
    """Return the same objects under other ids, in the order of those."""
    assert some.label_map is not None
    new = np.array([order[one] for one in some.ids.tolist()], np.int64)
    table = np.zeros(32, np.int32)
    table[some.ids] = new
    rank = np.argsort(new)
    scores = None if some.scores is None else some.scores[rank]
    return ObjectSet(
        some.shape, new[rank], some.classes[rank], scores=scores, label_map=table[some.label_map]
    )


def measured(
    make: tuple[MakeProtocol, MakeCase],
    sets: Sequence[tuple[ObjectSet, ObjectSet]],
    algorithm: str = "greedy_by_score",
    class_count: int = 1,
    **matching: Any,
) -> Evidence:
    names = [f"C-{number}" for number in range(len(sets))]
    protocol = make[0](
        classes=("nucleus", "debris")[:class_count],
        matching={"algorithm": algorithm, **matching},
    )
    tables = [overlap_table(name, *some) for name, some in zip(names, sets, strict=True)]
    return measure(tables, [make[1](name) for name in names], protocol)


def values(evidence: Evidence) -> dict[str, float | None]:
    return {one.id: one.value for one in evidence.metrics}


def both(study: Sequence[Drawn], class_count: int = 1) -> list[tuple[ObjectSet, ObjectSet]]:
    return [
        (objects(one.reference, None, class_count), objects(one.prediction, number, class_count))
        for number, one in enumerate(study)
    ]


@pytest.fixture(scope="module")
def make(make_protocol: MakeProtocol, make_case: MakeCase) -> tuple[MakeProtocol, MakeCase]:
    return make_protocol, make_case


# --- relabelling -------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@few
@given(study=studies, order=st.permutations(range(1, 9)), other=st.permutations(range(1, 9)))
def test_the_ids_of_objects_do_not_matter_where_no_scores_are_equal(
    make: Any, algorithm: str, study: list[Drawn], order: list[int], other: list[int]
) -> None:
    sets = both(study, 2)
    moved = [(renamed(one, [0, *order]), renamed(two, [0, *other])) for one, two in sets]
    before, after = (measured(make, some, algorithm, 2) for some in (sets, moved))
    assert after.metrics == before.metrics
    assert after.case_rows == before.case_rows
    for (one, _), (same, _) in zip(sets, moved, strict=True):
        assert separation_table("C", same, 2) == separation_table("C", one, 2)


@few
@given(study=studies)
def test_exchanging_the_classes_exchanges_their_figures(make: Any, study: list[Drawn]) -> None:
    maps = [tuple(np.minimum(side, 2).astype(np.uint8) for side in one) for one in study]
    swap = np.array([0, 2, 1], np.uint8)
    found = [
        _semantic(make, [(new[one], new[two]) for one, two in maps], ("nucleus", "debris"))
        for new in (np.array([0, 1, 2], np.uint8), swap)
    ]
    there, back = (values(one) for one in found)
    for address, value in there.items():
        other = address.replace("nucleus", "?").replace("debris", "nucleus").replace("?", "debris")
        assert back[other] == value, address


def _semantic(
    make: Any, maps: Sequence[tuple[np.ndarray, np.ndarray]], names: tuple[str, ...] = ("a",)
) -> Evidence:
    cases = [f"C-{number}" for number in range(len(maps))]
    tables = [
        confusion_table(case, ClassMap(one), ClassMap(two), len(names))
        for case, (one, two) in zip(cases, maps, strict=True)
    ]
    protocol = make[0]("semantic", names)
    return measure(tables, [make[1](case) for case in cases], protocol)


def masks(study: Sequence[Drawn]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        ((one.reference > 0).astype(np.uint8), (one.prediction > 0).astype(np.uint8))
        for one in study
    ]


# --- scaling -----------------------------------------------------------------------------


def _enlarged(image: np.ndarray, times: int) -> np.ndarray:
    return image.repeat(times, axis=0).repeat(times, axis=1)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@few
@given(study=studies, times=st.integers(2, 3))
def test_a_larger_image_of_the_same_objects_has_the_same_figures(
    make: Any, algorithm: str, study: list[Drawn], times: int
) -> None:
    large = [Drawn(*(_enlarged(side, times) for side in one)) for one in study]
    before, after = (measured(make, both(some), algorithm) for some in (study, large))

    def without_sizes(evidence: Evidence) -> list[MetricValue]:
        return [one for one in evidence.metrics if one.scope.size is None]

    assert without_sizes(after) == without_sizes(before)
    assert after.case_rows == before.case_rows
    outcomes = ("case_id", "reference_id", "prediction_id", "outcome", "iou", "merged_with")
    assert [[row[one] for one in outcomes] for row in after.instance_rows] == [
        [row[one] for one in outcomes] for row in before.instance_rows
    ]


@few
@given(study=studies, times=st.integers(2, 3))
def test_a_larger_class_map_has_the_same_figures(make: Any, study: list[Drawn], times: int) -> None:
    large = [(_enlarged(one, times), _enlarged(two, times)) for one, two in masks(study)]
    before, after = (values(_semantic(make, some)) for some in (masks(study), large))
    for count in ("evaluated_pixels", "ignored_pixels"):
        assert after.pop(count) == before.pop(count) * times**2  # type: ignore[operator]
    # The mean that is weighted by frequencies divides products, which round.
    old, new = (one.pop("frequency_weighted_iou") for one in (before, after))
    assert (new is None) == (old is None)
    assert new == old or new == pytest.approx(old, rel=1e-14)
    assert after == before


# --- symmetry ----------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@few
@given(study=studies)
def test_exchanging_reference_and_prediction_exchanges_recall_and_precision(
    make: Any, algorithm: str, study: list[Drawn]
) -> None:
    there, back = (
        values(measured(make, both(some), algorithm))
        for some in (study, [Drawn(one.prediction, one.reference) for one in study])
    )
    at = "class=nucleus/iou=0.5"
    assert back[f"recall/{at}"] == there[f"precision/{at}"]
    assert back[f"precision/{at}"] == there[f"recall/{at}"]
    for metric in ("f1", "segmentation_quality", "panoptic_quality", "matched_dice"):
        assert back[f"{metric}/{at}"] == there[f"{metric}/{at}"], metric
    bias = "count_bias/class=nucleus"
    assert back[bias] == -there[bias]  # type: ignore[operator]


# --- monotonicity ------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@few
@given(one=pairs(), data=st.data())
def test_without_a_predicted_object_no_more_is_found(
    make: Any, algorithm: str, one: Drawn, data: st.DataObject
) -> None:
    ids = np.unique(one.prediction[one.prediction > 0]).tolist()
    gone = data.draw(st.sampled_from([0, *ids]))
    less = Drawn(one.reference, np.where(one.prediction == gone, 0, one.prediction))
    before, after = (measured(make, both([some]), algorithm).case_rows[0] for some in (one, less))
    assert after["matched"] <= before["matched"]  # type: ignore[operator]
    assert after["false_positives"] <= before["false_positives"]  # type: ignore[operator]
    assert after["predicted_objects"] == before["predicted_objects"] - (gone > 0)  # type: ignore[operator]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@few
@given(study=studies)
def test_a_stricter_threshold_matches_no_more(
    make: Any, algorithm: str, study: list[Drawn]
) -> None:
    found = [
        values(measured(make, both(study), algorithm, iou_threshold=iou, further_iou_thresholds=()))
        for iou in (0.5, 0.7, 0.9)
    ]
    matched = [one["matched_objects/class=nucleus"] for one in found]
    assert matched == sorted(matched, reverse=True)  # type: ignore[type-var]


@few
@given(one=pairs(), data=st.data())
def test_a_pixel_put_right_makes_no_figure_of_overlap_worse(
    make: Any, one: Drawn, data: st.DataObject
) -> None:
    [(truth, found)] = masks([one])
    wrong = np.flatnonzero(truth != found).tolist()
    if not wrong:
        return
    place = data.draw(st.sampled_from(wrong))
    better = found.copy()
    better.flat[place] = truth.flat[place]
    before, after = (values(_semantic(make, [(truth, some)])) for some in (found, better))
    for metric in ("iou/class=a", "dice/class=a", "pixel_accuracy"):
        old, new = before[metric], after[metric]
        assert old is not None
        assert new is None or new > old or new == old == 0, metric


# --- merging -----------------------------------------------------------------------------


@few
@given(study=st.lists(pairs(), min_size=2, max_size=5), data=st.data())
def test_counts_of_parts_add_up_to_those_of_the_whole_however_it_is_parted(
    make: Any, study: list[Drawn], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(study) - 1))
    sets = both(study)
    whole, left, right = (measured(make, some) for some in (sets, sets[:cut], sets[cut:]))
    counts = [
        "matched_objects", "missed_objects", "merged_objects", "split_objects",
        "false_positive_objects", "reference_objects", "predicted_objects", "merge_events",
    ]  # fmt: skip
    for metric in counts:
        at = "/iou=0.5" if f"{metric}/class=nucleus/iou=0.5" in values(whole) else ""
        address = f"{metric}/class=nucleus{at}"
        parts = [values(one)[address] for one in (left, right)]
        assert values(whole)[address] == sum(parts), metric  # type: ignore[arg-type]
    recall = values(whole)["recall/class=nucleus/iou=0.5"]
    references = sum(len(one) for one, _ in sets)
    matched = values(whole)["matched_objects/class=nucleus"]
    assert recall == (matched / references if references else None)  # type: ignore[operator]


@few
@given(study=st.lists(pairs(), min_size=2, max_size=5))
def test_one_image_of_all_cases_side_by_side_has_the_pooled_figures(
    make: Any, study: list[Drawn]
) -> None:
    joined = tuple(np.concatenate(side, axis=1) for side in zip(*masks(study), strict=True))
    apart, together = (values(_semantic(make, some)) for some in (masks(study), [joined]))
    for metric in ("iou", "dice", "pixel_precision", "pixel_recall", "pixel_specificity"):
        assert together[f"{metric}/class=a"] == apart[f"{metric}/class=a"], metric
    assert together["pixel_accuracy"] == apart["pixel_accuracy"]
