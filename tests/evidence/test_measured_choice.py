"""Unit tests for validation/evidence/measured_choice.py: figures counted by hand."""

import numpy as np
import pytest

from validation.evidence.measured_choice import measured_choice
from validation.evidence.separability import SeparationTable, separation_table
from validation.plan.method import Measured, MeasuredClass
from validation.testset.annotations import ClassMap, ObjectSet

LOCK = {"test_set": "TS", "manifest_digest": "sha256:" + "0" * 64}

# 1 and 2 touch by a corner, 3 stands alone; of two parts of 5 one touches 6, and 7 stands alone.
ONE = [[1, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0], [3, 0, 0, 0]]
TWO = [[5, 0, 5, 6], [0, 0, 0, 0], [7, 0, 0, 0]]
APART = [[1, 0, 2]]


def table(case_id: str, rows: list[list[int]], classes: list[int] | None = None) -> SeparationTable:
    label_map = np.array(rows, np.int32)
    ids = np.unique(label_map[label_map > 0]).astype(np.int64)
    of_class = np.array(classes or [1] * len(ids))
    return separation_table(
        case_id, ObjectSet(label_map.shape, ids, of_class, label_map=label_map), max(of_class)
    )


def measured(*tables: SeparationTable, names: tuple[str, ...] = ("cell",)) -> Measured:
    return measured_choice({one.case_id: one for one in tables}, names, **LOCK)


def test_a_hand_drawn_label_map() -> None:
    found = measured(table("A", ONE), table("B", TWO), table("C", APART))
    # A: 3 objects, 2 touch, 2 components. B: 3 objects, 2 touch, 3 components: one joined, one
    # apart, and the error cancels. C: 2 objects, 2 components.
    whole = found.overall
    assert (found.cases, whole.objects, whole.touching, whole.components) == (3, 8, 4, 7)
    assert (whole.count_error, whole.absolute_count_error, whole.cases_counted_exactly) == (
        -1,
        1,
        2,
    )
    assert [(one.case, one.objects, one.components) for one in found.largest] == [("A", 3, 2)]
    assert found.classes[0] == whole.model_copy(update={"class_name": "cell"})


def test_errors_of_two_cases_cancel_in_the_sum_and_not_in_the_absolute_one() -> None:
    parted = table("B", [[1, 0, 1, 0, 1]])  # one object in three parts
    found = measured(table("A", ONE), parted)
    assert (found.overall.count_error, found.overall.absolute_count_error) == (1, 3)
    assert [one.case for one in found.largest] == ["B", "A"]


def test_objects_of_two_classes_never_become_one() -> None:
    found = measured(table("A", [[1, 2, 2, 3]], [1, 2, 2]), names=("cell", "spot"))
    assert [(one.objects, one.touching, one.components) for one in found.classes] == [
        (1, 0, 1), (2, 2, 1),
    ]  # fmt: skip
    assert (found.overall.objects, found.overall.components) == (3, 2)


def test_a_class_map_cannot_tell_objects_and_says_so() -> None:
    found = measured(separation_table("A", ClassMap(np.array([[1, 0, 1]], np.uint8)), 1))
    assert (found.overall.objects, found.overall.components) == (None, 2)
    assert found.not_known_because == "a class map does not tell objects apart"
    assert found.largest == ()


def test_no_more_than_five_cases_are_named_and_equal_ones_by_id() -> None:
    found = measured(*(table(f"C{number}", ONE) for number in range(8, 0, -1)))
    assert [one.case for one in found.largest] == ["C1", "C2", "C3", "C4", "C5"]


def test_images_without_objects_are_exact() -> None:
    found = measured(table("A", [[1]]), SeparationTable("B", separation_table(
        "B", ObjectSet((1, 1), np.array([], np.int64), np.array([], np.int64),
                       label_map=np.zeros((1, 1), np.int32)), 1).rows))  # fmt: skip
    assert (found.overall.objects, found.overall.cases_counted_exactly) == (1, 2)


def test_the_order_of_cases_changes_nothing() -> None:
    one, two = table("A", ONE), table("B", TWO)
    assert measured(one, two) == measured(two, one)


@pytest.mark.parametrize(
    "changes", [{"count_error": 5}, {"touching": None}, {"objects": None}, {"components": -1}]
)
def test_figures_that_contradict_one_another_are_refused(changes: dict[str, int | None]) -> None:
    values = measured(table("A", ONE)).overall.model_dump()
    with pytest.raises(ValueError, match=r"count_error|together|greater"):
        MeasuredClass.model_validate({**values, **changes})
