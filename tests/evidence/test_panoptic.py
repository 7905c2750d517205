"""Unit tests for validation/evidence/panoptic.py."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from validation.evidence.overlap import ConfusionTable, confusion_table
from validation.evidence.panoptic import SegmentCounts, panoptic_figures, stuff_counts
from validation.testset.annotations import ClassMap


def values(things: dict[str, SegmentCounts], stuff: dict[str, SegmentCounts]) -> dict[str, object]:
    return {
        one.metric if one.class_name is None else f"{one.metric}/{one.class_name}": one.value()
        for one in panoptic_figures(things, stuff)
    }


def counted(matched: int, missed: int, false: int, iou_sum: float) -> SegmentCounts:
    return SegmentCounts(
        np.array([matched]), np.array([missed]), np.array([false]), np.array([iou_sum])
    )


def test_things_and_stuff_worked_by_hand() -> None:
    # Stuff "sky": case 1 has IoU 3/5, matched; case 2 IoU 1/2, not above 0.5: a miss and a
    # false segment. PQ = 0.6 / (1 + 2 / 2) = 0.3. Things "car": 2 pairs with IoU 1.5 in all,
    # one missed, one false: 1.5 / 3 = 0.5.
    tables = [
        ConfusionTable("1", np.array([[5, 1], [1, 3]]), 0),
        ConfusionTable("2", np.array([[5, 1], [1, 2]]), 0),
    ]
    found = values({"car": counted(2, 1, 1, 1.5)}, {"sky": stuff_counts(tables, 1)})
    assert found == {
        "panoptic_quality_mean": pytest.approx(0.4),
        "panoptic_quality_things": 0.5,
        "panoptic_quality_stuff": pytest.approx(0.3),
        "panoptic_quality/car": 0.5,
        "panoptic_quality/sky": pytest.approx(0.3),
    }


def test_a_class_without_a_segment_is_undefined_and_so_is_the_mean() -> None:
    nothing = stuff_counts([ConfusionTable("1", np.array([[5, 0], [0, 0]]), 0)], 1)
    found = values({"car": counted(1, 0, 0, 0.9)}, {"sky": nothing})
    assert found["panoptic_quality/sky"] is None
    assert found["panoptic_quality_mean"] is None
    assert found["panoptic_quality_things"] == 0.9
    with pytest.raises(ValueError, match="things and stuff: car"):
        panoptic_figures({"car": nothing}, {"car": nothing})


MAPS = hnp.arrays(np.uint8, (4, 5), elements=st.integers(0, 2))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(MAPS, MAPS), min_size=1, max_size=4))
def test_stuff_is_that_of_a_plain_computation_on_the_pixels(
    maps: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    tables = [
        confusion_table(str(number), ClassMap(truth), ClassMap(found), 2)
        for number, (truth, found) in enumerate(maps)
    ]
    for index in (1, 2):
        iou_sum, true, wrong = 0.0, 0, 0
        for truth, found in maps:
            one, other = truth == index, found == index
            iou = (one & other).sum() / max((one | other).sum(), 1)
            if iou > 0.5:
                iou_sum, true = iou_sum + iou, true + 1
            else:
                wrong += int(one.any()) + int(other.any())
        expected = iou_sum / (true + wrong / 2) if true + wrong else None
        found_quality = values({}, {"a": stuff_counts(tables, index)})["panoptic_quality/a"]
        assert found_quality == (None if expected is None else pytest.approx(expected))
