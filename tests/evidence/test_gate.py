"""Unit tests for validation/evidence/gate.py (traps 3 and 4 of the evidence notes)."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from validation.evidence.gate import problems_of_class_map, problems_of_objects
from validation.testset.annotations import ClassMap, ObjectSet


def whats(objects: ObjectSet, shape: tuple[int, int] = (1, 100), class_count: int = 1) -> list[str]:
    found = problems_of_objects(objects, where="case C-1", shape=shape, class_count=class_count)
    assert all(problem.where == "case C-1" for problem in found)
    return [problem.what for problem in found]


def test_good_objects_have_no_problem(make_strips: Callable[..., ObjectSet]) -> None:
    assert whats(make_strips((0, 5), (7, 9), scores=[0.0, 1.0])) == []


def test_no_objects_at_all_are_no_problem(make_strips: Callable[..., ObjectSet]) -> None:
    assert whats(make_strips(scores=[])) == []


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_not_finite_is_named(
    make_strips: Callable[..., ObjectSet], score: float
) -> None:
    [what] = whats(make_strips((0, 5), scores=[score]))
    assert what == f"the scores of objects 1 are not finite: {score}"


@pytest.mark.parametrize("score", [-0.1, 1.5])
def test_a_score_outside_0_to_1_is_named(
    make_strips: Callable[..., ObjectSet], score: float
) -> None:
    [what] = whats(make_strips((0, 5), scores=[score]))
    assert what == f"the scores of objects 1 are not in [0, 1]: {score}"


def test_ids_have_to_be_positive_unique_and_rising(make_strips: Callable[..., ObjectSet]) -> None:
    assert whats(make_strips((0, 5), (7, 9), ids=[0, 4])) == ["ids are not positive: 0"]
    assert whats(make_strips((0, 5), (7, 9), ids=[4, 4])) == ["ids occur more than once: 4"]
    assert whats(make_strips((0, 5), (7, 9), ids=[4, 3])) == ["the objects are not ordered by id"]


def test_an_unknown_class_is_named(make_strips: Callable[..., ObjectSet]) -> None:
    [what] = whats(make_strips((0, 5), (7, 9), classes=[1, 3]))
    assert what == "objects 2 are of classes that are not known: 3"


def test_a_mask_of_another_size_is_named(make_strips: Callable[..., ObjectSet]) -> None:
    found = whats(make_strips((0, 5), length=50))
    assert found == [
        "the set of objects has another size than its image",
        "the mask of object 1 has another size than its image",
    ]


def test_an_empty_mask_is_named(make_strips: Callable[..., ObjectSet]) -> None:
    assert whats(make_strips((0, 5), (7, 7))) == ["objects without pixels: 2"]


@pytest.mark.parametrize(
    ("mask", "what"),
    [
        ({"size": [1, 100], "counts": b"5"}, "object 1: the run-length counts add up to 5 pixels"),
        ({"size": [1, 100], "counts": b"\x00"}, "object 1: the run-length string has characters"),
        ({"size": [1, 100], "counts": [5, 95]}, "object 1: the counts of the mask are not text"),
        ({"size": [1, 100]}, "the mask of object 1 has no size and counts"),
        ({"size": [100], "counts": b"5"}, "the size of the mask of object 1 is not two"),
        ({"size": [True, 100], "counts": b"5"}, "the size of the mask of object 1 is not two"),
        ({"size": [1, 100], "counts": "\u00e9"}, "object 1: the run-length string has characters"),
        ({"size": "ab", "counts": b"5"}, "the size of the mask of object 1 is not two"),
        ([[1, 2, 3]], "the mask of object 1 has no size and counts"),
    ],
)
def test_a_damaged_mask_is_named(
    make_strips: Callable[..., ObjectSet], mask: object, what: str
) -> None:
    [found] = whats(replace(make_strips((0, 5)), masks=(mask,)))
    assert found.startswith(what)


def test_a_character_that_is_no_ascii_is_not_read_as_another(
    make_strips: Callable[..., ObjectSet],
) -> None:
    # "0?" would be a sound mask: no background, then 15 pixels of the object.
    objects = replace(make_strips((0, 5), length=15), masks=({"size": [1, 15], "counts": "0?"},))
    assert whats(objects, shape=(1, 15)) == []
    accented = replace(objects, masks=({"size": [1, 15], "counts": "0\u00e9"},))
    [what] = whats(accented, shape=(1, 15))
    assert "characters that are not of the encoding" in what


def test_a_label_map_holds_exactly_the_listed_ids() -> None:
    label_map = np.array([[1, 7, 0]], np.int32)
    objects = ObjectSet((1, 3), np.array([1, 2]), np.array([1, 1]), label_map=label_map)
    assert whats(objects, shape=(1, 3)) == [
        "the label map holds ids that are not listed as objects: 7",
        "objects without pixels: 2",
    ]


def test_a_label_map_is_integral_and_of_the_size_of_its_image() -> None:
    objects = ObjectSet((1, 3), np.array([1]), np.array([1]), label_map=np.array([[1.0, 0.5]]))
    assert whats(objects, shape=(1, 3)) == [
        "the label map has another size than its image",
        "the label map holds float64 values, not integers",
    ]


def test_values_of_another_kind_are_named(make_strips: Callable[..., ObjectSet]) -> None:
    objects = replace(
        make_strips((0, 5)),
        classes=np.array([0.5]),
        scores=np.array(["0.5"]),
        ignored=np.array([0]),
    )
    assert whats(objects) == [
        "the classes are float64 values, not integers",
        "the scores are str96 values, not numbers",
        "what is ignored is told by int64 values, not booleans",
    ]
    assert whats(replace(make_strips((0, 5)), scores=np.array([True]))) == [
        "the scores are bool values, not numbers"
    ]


def test_every_problem_is_named_at_once(make_strips: Callable[..., ObjectSet]) -> None:
    objects = replace(make_strips((0, 5), (7, 7), ids=[0, 9]), scores=np.array([2.0, np.nan]))
    assert len(whats(objects)) == 4


def test_long_lists_are_cut_and_counted(make_strips: Callable[..., ObjectSet]) -> None:
    spans = [(one, one + 1) for one in range(30)]
    [what] = whats(make_strips(*spans, classes=[2] * 30))
    assert "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 20 more are of classes" in what


def test_lengths_that_differ_are_named(make_strips: Callable[..., ObjectSet]) -> None:
    objects = replace(make_strips((0, 5)), classes=np.array([1, 1]))
    assert whats(objects) == ["there are 1 ids and 2 classes"]


def test_neither_or_both_kinds_of_mask_are_refused(make_strips: Callable[..., ObjectSet]) -> None:
    assert whats(replace(make_strips((0, 5)), masks=None)) == [
        "either a label map or masks have to be given, and not both"
    ]


def test_a_class_map_is_held_against_image_and_protocol() -> None:
    wrong = ClassMap(np.array([[0, 5, 1]], np.uint8), np.array([[0, 1]]))
    found = problems_of_class_map(wrong, where="w", shape=(2, 2), class_count=1)
    assert [problem.what for problem in found] == [
        "the class map has another size than its image",
        "the class map holds classes that are not known: 5",
        "the map of ignored pixels has another size than its image",
        "the map of ignored pixels holds int64 values, not booleans",
    ]
    good = ClassMap(np.array([[0, 1]], np.uint8), np.array([[False, True]]))
    assert problems_of_class_map(good, where="w", shape=(1, 2), class_count=1) == ()
    halves = ClassMap(np.array([[0, 0.5]]))
    [problem] = problems_of_class_map(halves, where="w", shape=(1, 2), class_count=1)
    assert problem.what == "the class map holds float64 values, not integers"
