"""Unit tests for validation/testset/formats/coco*.py and validation/testset/run_lengths.py."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from validation.errors import RunError, TestSetError
from validation.plan.protocol import SegmentedClass
from validation.testset import run_lengths
from validation.testset.cases import Case
from validation.testset.formats.coco import (
    CocoImage,
    CocoReference,
    images_of_cases,
    read_reference,
    read_results,
)
from validation.testset.formats.coco_masks import masks_of

ROWS, COLUMNS = 20, 30
CLASSES = (
    SegmentedClass(name="cell", description="cells", value=3),
    SegmentedClass(name="debris", description="debris", value=9),
)
CASES = (
    Case(case_id="A", image="images/a.png", reference=None),
    Case(case_id="B", image="images/b.png", reference=None),
)


def square(row: int, column: int, side: int = 4) -> np.ndarray:
    pixels = np.zeros((ROWS, COLUMNS), np.uint8, order="F")
    pixels[row : row + side, column : column + side] = 1
    return pixels


def compressed(pixels: np.ndarray) -> dict[str, Any]:
    rle = coco_mask.encode(np.asfortranarray(pixels))
    return {"size": list(rle["size"]), "counts": rle["counts"].decode()}


def uncompressed(pixels: np.ndarray) -> dict[str, Any]:
    counts = run_lengths.counts_of(coco_mask.encode(np.asfortranarray(pixels))["counts"])
    return {"size": list(pixels.shape), "counts": counts.tolist()}


def annotation(number: int, **changes: Any) -> dict[str, Any]:
    usual = {
        "id": number,
        "image_id": 1,
        "category_id": 3,
        "segmentation": compressed(square(2, number)),
        "area": 99_999,
        "bbox": [0, 0, 1, 1],
        "iscrowd": 0,
    }
    return {**usual, **changes}


def reference_file(*annotations: Any, **changes: Any) -> bytes:
    usual = {
        "images": [
            {"id": 1, "file_name": "a.png", "height": ROWS, "width": COLUMNS},
            {"id": 2, "file_name": "images/b.png", "height": ROWS, "width": COLUMNS},
        ],
        "categories": [{"id": 3, "name": "cell"}, {"id": 9, "name": "debris"}],
        "annotations": list(annotations),
    }
    return json.dumps({**usual, **changes}).encode()


def read(content: bytes) -> CocoReference:
    return read_reference(content, cases=CASES, classes=CLASSES, file="coco.json")


def problems_of(content: bytes) -> list[str]:
    with pytest.raises(TestSetError) as caught:
        read(content)
    return [f"{problem.where}: {problem.what}" for problem in caught.value.problems]


def result(**changes: Any) -> dict[str, Any]:
    usual = {
        "image_id": "A",
        "category_id": 3,
        "segmentation": compressed(square(1, 1)),
        "score": 0.5,
    }
    return {**usual, **changes}


def results(*entries: dict[str, Any], images: Any = None) -> dict[str, Any]:
    return dict(
        read_results(
            json.dumps(list(entries)).encode(),
            images=images or images_of_cases(CASES),
            classes=CLASSES,
            file="results.json",
        )
    )


def problems_of_results(*entries: dict[str, Any], images: Any = None) -> list[str]:
    with pytest.raises(RunError) as caught:
        results(*entries, images=images)
    return [f"{problem.where}: {problem.what}" for problem in caught.value.problems]


def test_polygons_and_both_run_lengths_give_the_same_mask() -> None:
    outline = [5, 2, 9, 2, 9, 6, 5, 6]
    content = reference_file(
        annotation(1, segmentation=[outline]),
        annotation(2, segmentation=compressed(square(2, 5))),
        annotation(3, segmentation=uncompressed(square(2, 5))),
    )
    objects = read(content).objects["A"]
    assert objects.masks is not None
    drawn = [run_lengths.decoded(mask) for mask in objects.masks]
    assert all(np.array_equal(one, square(2, 5)) for one in drawn)


def test_several_polygons_of_an_object_are_united() -> None:
    two = [[0, 0, 4, 0, 4, 4, 0, 4], [2, 0, 6, 0, 6, 4, 2, 4]]
    objects = read(reference_file(annotation(1, segmentation=two))).objects["A"]
    assert objects.masks is not None
    assert run_lengths.area(objects.masks[0]) == 24


def test_objects_are_ordered_by_id_with_class_and_crowds_ignored() -> None:
    content = reference_file(
        annotation(7, iscrowd=1), annotation(2, category_id=9), annotation(4, image_id=2)
    )
    found = read(content).objects
    assert found["A"].ids.tolist() == [2, 7]
    assert found["A"].classes.tolist() == [2, 1]
    assert found["A"].ignored is not None
    assert found["A"].ignored.tolist() == [False, True]
    assert found["B"].ids.tolist() == [4]


def test_an_image_without_annotations_is_a_case_without_objects() -> None:
    found = read(reference_file(annotation(1))).objects["B"]
    assert len(found) == 0
    assert found.shape == (ROWS, COLUMNS)


def test_the_area_of_the_file_is_never_used() -> None:
    found = read(reference_file(annotation(1, area=0)))
    masks = found.objects["A"].masks
    assert masks is not None
    assert run_lengths.area(masks[0]) == 16


def test_stated_areas_are_compared_with_the_masks_and_named_where_they_are_far_apart() -> None:
    areas = [16, 17.5, 18, float("nan"), None, "16"]
    content = reference_file(*[annotation(one + 1, area=area) for one, area in enumerate(areas)])
    stated = read(content).stated_areas
    assert stated[:2] == (4, 2)
    assert stated.note == (
        "2 of 4 areas that the file states differ by more than a tenth from the masks, as in "
        "annotations[2]: 18 stated, 16 pixels; areas are counted from the masks"
    )
    assert read(reference_file(annotation(1, area=16))).stated_areas.note == ""


def test_every_problem_of_a_reference_is_reported_at_once_with_its_entry() -> None:
    beyond = {"size": [ROWS, COLUMNS], "counts": [2**63, 5]}
    cut = {"size": [ROWS, COLUMNS], "counts": "0"}
    content = reference_file(
        annotation(1),
        annotation(1),
        annotation(0),
        annotation(2, category_id=4),
        annotation(3, image_id=77),
        annotation(4, segmentation=compressed(np.ones((5, 5), np.uint8))),
        annotation(5, segmentation=beyond),
        annotation(6, segmentation=cut),
        annotation(7, segmentation=compressed(np.zeros((ROWS, COLUMNS), np.uint8))),
        annotation(8, segmentation=[]),
        annotation(9, segmentation=[[1, 1, 2, 2]]),
        annotation(10, segmentation=[[0, 0, 1e9, 0, 1e9, 5]]),
        annotation(11, segmentation=[[0, 0, float("nan"), 0, 3, 5]]),
        annotation(12, iscrowd=2),
        annotation(13, id=13.0),
        "no object",
        annotation(14, iscrowd=True),
        annotation(0, image_id=2, category_id=9, segmentation={"size": [ROWS], "counts": "0"}),
        categories=[{"id": 3, "name": "nucleus"}],
    )
    expected = [
        ("categories[0]", "'nucleus' here and 'cell' in the protocol"),
        ("annotations[1], case A", "id 1 was used before, by annotations[0]"),
        ("annotations[2], case A", "id 0 is not a positive"),
        ("annotations[3], case A", "category_id 4"),
        ("annotations[4]", "image_id 77"),
        ("annotations[5], case A", "5 rows and 5 columns, the image 20 and 30"),
        ("annotations[6], case A", "add up to 9223372036854775813 pixels"),
        ("annotations[7], case A", "add up to 0 pixels"),
        ("annotations[8], case A", "no pixel"),
        ("annotations[9], case A", "no mask"),
        ("annotations[10], case A", "three x, y pairs"),
        ("annotations[11], case A", "leaves the image"),
        ("annotations[12], case A", "not finite"),
        ("annotations[13], case A", "iscrowd is 2"),
        ("annotations[14], case A", "id 13.0"),
        ("annotations[15]", "not an object"),
        ("annotations[16], case A", "iscrowd is True"),
        ("annotations[17], case B", "id 0 is not a positive"),
        ("annotations[17], case B", "size [20] of the mask is not rows and columns"),
        ("annotations[17], case B", "category_id 9 is not among the categories of the file"),
    ]
    found = problems_of(content)
    assert len(found) == len(expected)
    for (entry, what), problem in zip(expected, found, strict=True):
        assert problem.startswith(f"coco.json: {entry}: ")
        assert what in problem


def test_a_key_that_stands_twice_is_refused_not_the_first_value_dropped() -> None:
    twice = reference_file(annotation(1)).replace(b'"iscrowd": 0', b'"iscrowd": 0, "iscrowd": 1')
    assert problems_of(twice) == [
        "coco.json: annotations[0]: keys stand there more than once: iscrowd"
    ]
    mask = reference_file(annotation(1)).replace(b'"counts"', b'"counts": "1", "counts"')
    assert "annotations[0]: keys stand there more than once: counts" in problems_of(mask)[0]
    lists = reference_file(annotation(1)).replace(b"{", b'{"annotations": [], ', 1)
    assert problems_of(lists) == ["coco.json: keys stand there more than once: annotations"]


def test_categories_have_an_id_each_and_those_in_use_are_listed() -> None:
    categories = [{"id": 3, "name": "cell"}, {"id": 3, "name": "cell"}, {"id": "9", "name": "x"}]
    assert problems_of(reference_file(annotation(1, category_id=9), categories=categories)) == [
        "coco.json: categories[1]: id 3 is of another category already",
        "coco.json: categories[2]: id '9' is not a whole number",
        "coco.json: annotations[0], case A: category_id 9 is not among the categories of the file",
    ]


def test_polygons_are_drawn_alike_alone_and_among_many_of_which_some_are_refused() -> None:
    fine = [[1, 1, 9.5, 1, 9.5, 7, 1, 7]]
    far = [[0, 0, 1e9, 0, 1e9, 5]]
    alone = masks_of([fine], [(ROWS, COLUMNS)]).rles[0]
    several = [fine, far, fine * 2, [fine[0], far[0]], [[True, 1, 2, 3, 4, 5]], [fine[0], None]]
    found = masks_of(several, [(ROWS, COLUMNS)] * len(several))
    assert found.rles[0] == alone
    assert found.rles[2] == alone
    assert sorted(found.problems) == [1, 3, 4, 5]
    assert masks_of([[[2**80, 0, 1, 1, 2, 2]]], [(ROWS, COLUMNS)]).rles == [None]


def test_problems_of_images_are_reported() -> None:
    images = [
        {"id": 1, "file_name": "a.png", "height": ROWS, "width": COLUMNS},
        {"id": 2, "file_name": "images/a.png", "height": ROWS, "width": COLUMNS},
        {"id": 3, "file_name": "c.png", "height": "20", "width": COLUMNS},
    ]
    found = "\n".join(problems_of(reference_file(images=images)))
    assert "images[1]: case A has an image already: images[0]" in found
    assert "images[2]: height and width" in found
    assert "no image has the file_name of case B" in found


def test_a_file_name_that_fits_two_cases_is_refused() -> None:
    cases = [Case(case_id=one, image=f"{one}/i.png", reference=None) for one in ("A", "B")]
    images = [{"id": 1, "file_name": "i.png", "height": ROWS, "width": COLUMNS}]
    with pytest.raises(TestSetError, match="several cases: A, B"):
        read_reference(reference_file(images=images), cases=cases, classes=CLASSES, file="c.json")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "holds list"),
        (b"{}", "no list 'images'"),
    ],
)
def test_what_is_no_coco_reference_is_said(content: bytes, what: str) -> None:
    assert what in "\n".join(problems_of(content))


def test_results_are_numbered_by_image_in_the_order_of_the_file() -> None:
    found = results(
        result(score=0.2), result(image_id="B"), result(category_id=9, score=1), result(score=0)
    )
    assert found["A"].ids.tolist() == [1, 2, 3]
    assert found["A"].scores.tolist() == [0.2, 1.0, 0.0]
    assert found["A"].classes.tolist() == [1, 2, 1]
    assert found["B"].shape == (ROWS, COLUMNS)


def test_results_name_images_as_the_reference_does() -> None:
    images = read(reference_file()).images
    found = results(result(image_id=2), images=images)
    assert list(found) == ["B"]
    assert "image_id 'B'" in problems_of_results(result(image_id="B"), images=images)[0]


def test_results_of_images_outside_the_test_set_are_left_alone() -> None:
    images = (CocoImage(1, "A", (ROWS, COLUMNS)), CocoImage(5, None, None))
    assert results(result(image_id=5, score=7), images=images) == {}


def test_every_problem_of_results_is_reported_at_once() -> None:
    boxes_only = result()
    del boxes_only["segmentation"]
    found = problems_of_results(
        result(score=float("nan")),
        result(score=1.01),
        result(score=None),
        result(score=10**400),
        result(image_id=3),
        boxes_only,
        result(segmentation=[[0, 0, 4, 0, 4, 4]]),
        result(segmentation=compressed(np.ones((3, 3), np.uint8))),
        result(category_id=True),
        result(),
    )
    expected = [
        *["is not a number in [0, 1]"] * 4,
        "image_id 3",
        "no mask",
        "polygons need the size",
        "category_id True",
        "several sizes: [(3, 3), (20, 30)]",
    ]
    assert len(found) == len(expected)
    assert all(what in problem for what, problem in zip(expected, found, strict=True))


@given(arrays(np.uint8, (9, 7), elements=st.integers(0, 1)))
def test_areas_and_counts_agree_with_pycocotools(pixels: np.ndarray) -> None:
    rle = coco_mask.encode(np.asfortranarray(pixels))
    assert run_lengths.area(rle) == pixels.sum() == coco_mask.area(rle)
    again = run_lengths.checked(run_lengths.counts_of(rle["counts"]).tolist(), pixels.shape)
    assert np.array_equal(run_lengths.decoded(again), pixels)


def test_counts_of_a_large_mask_with_many_runs_agree_with_pycocotools() -> None:
    pixels = np.random.default_rng(3).random((900, 1000)) < 0.02
    rle = coco_mask.encode(np.asfortranarray(pixels.astype(np.uint8)))
    counts = run_lengths.counts_of(rle["counts"])
    assert counts.sum() == pixels.size
    assert run_lengths.area(rle) == pixels.sum()


@given(st.binary(max_size=40))
def test_a_hostile_run_length_string_is_read_or_refused(encoded: bytes) -> None:
    try:
        rle = run_lengths.checked(encoded, (4, 5))
    except ValueError:
        return
    assert run_lengths.decoded(rle).sum() == coco_mask.area(rle)
