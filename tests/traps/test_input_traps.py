"""Traps that inputs set: what common tools score without a word, and what is done here.

Each test names its trap, and shows the peer falling into it where that is a matter of a few
lines. What is damaged is refused as a whole, all at once, by name; nothing of it is scored.
"""

import contextlib
import io
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from validation.cli import main
from validation.errors import LockError, RunError, TestSetError
from validation.plan.protocol import SegmentedClass
from validation.testset.annotations import ObjectSet
from validation.testset.cases import Case
from validation.testset.formats.coco import images_of_cases, read_reference, read_results
from validation.testset.formats.label_maps import (
    class_map_of,
    objects_of,
    read_class_map,
    read_label_map,
)
from validation.testset.mask_areas import areas_of

ROWS, COLUMNS = 64, 80
CELL = SegmentedClass(name="cell", description="cells", value=1)
CASE = Case(case_id="A", image="a.png", reference=None)
IMAGE = {"id": 1, "file_name": "a.png", "height": ROWS, "width": COLUMNS}
CATEGORIES = [{"id": 1, "name": "cell"}]

Json = dict[str, Any]


def mask(row: int, *, side: int = 12, shape: tuple[int, int] = (ROWS, COLUMNS)) -> Json:
    pixels = np.zeros(shape, np.uint8, order="F")
    pixels[row : row + side, 5 : 5 + side] = 1
    rle = coco_mask.encode(pixels)
    return {"size": list(shape), "counts": rle["counts"].decode()}


def annotation(number: int, row: int, **changes: Any) -> Json:
    usual = {"id": number, "image_id": 1, "category_id": 1, "segmentation": mask(row)}
    return {**usual, "iscrowd": 0, "area": 144, "bbox": [5, row, 12, 12], **changes}


def result(row: int, score: float = 0.9, **changes: Any) -> Json:
    usual = {"image_id": 1, "category_id": 1, "segmentation": mask(row), "score": score}
    return {**usual, **changes}


def reference_of(*annotations: Json) -> Json:
    return {"images": [IMAGE], "categories": CATEGORIES, "annotations": list(annotations)}


def read_truth(*annotations: Json) -> ObjectSet:
    content = json.dumps(reference_of(*annotations)).encode()
    return read_reference(content, cases=[CASE], classes=[CELL], file="r.json").objects["A"]


def read_found(*results: Json) -> dict[str, ObjectSet]:
    images = read_reference(
        json.dumps(reference_of()).encode(), cases=[CASE], classes=[CELL], file="r.json"
    ).images
    content = json.dumps(list(results)).encode()
    return read_results(content, images=images, classes=[CELL], file="p.json")


def statistics_of_pycocotools(annotations: list[Json], results: list[Json]) -> list[float]:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {"info": {}, **reference_of(*annotations)}
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(deepcopy(results)), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(one) for one in evaluation.stats]


def problems(call: Callable[..., object], *entries: Json) -> list[str]:
    with pytest.raises((TestSetError, RunError)) as caught:
        call(*entries)
    return [f"{one.where}: {one.what}" for one in caught.value.problems]


# Trap 1: areas of many masks


def test_areas_of_more_than_255_masks_do_not_overflow() -> None:
    masks = [coco_mask.encode(np.ones((9, one + 1), np.uint8, order="F")) for one in range(300)]
    with pytest.raises(OverflowError):
        coco_mask.area(masks)
    pixels = np.array([9 * (one + 1) for one in range(300)])
    assert areas_of([one["counts"] for one in masks], pixels).tolist() == pixels.tolist()


# Trap 2: the area of a box in place of that of the mask


def test_a_box_in_the_results_changes_no_area() -> None:
    # The false alarm is small, and so counts against small objects; by its box it is not.
    large = {"bbox": [0, 0, 79, 63], "area": 5000}
    plain = [result(3, 0.5), result(20, 0.9)]
    boxed = [result(3, 0.5, bbox=[5, 3, 12, 12]), result(20, 0.9, **large)]
    small = 3
    truth = [annotation(1, 3)]
    assert statistics_of_pycocotools(truth, plain)[small] == pytest.approx(0.5)
    assert statistics_of_pycocotools(truth, boxed)[small] == pytest.approx(1)
    [one], [other] = (read_found(*entries).values() for entries in (plain, boxed))
    assert one.masks == other.masks
    assert read_truth(annotation(1, 3, **large)).masks == read_truth(annotation(1, 3)).masks


def _with_coco_reference(study: Any, tiny: Any, **changes: Any) -> Any:
    """Make the reference standard of the study one COCO file."""
    images, annotations = [], []
    for number in range(1, 7):
        labels = tiny.draw(number)[1]
        images.append({"id": number, "file_name": f"C{number}.png", "height": 64, "width": 64})
        for one in range(1, int(labels.max()) + 1):
            rle = coco_mask.encode(np.asfortranarray(labels == one).astype(np.uint8))
            segmentation = {"size": rle["size"], "counts": rle["counts"].decode()}
            usual = annotation(len(annotations) + 1, 0, image_id=number, segmentation=segmentation)
            annotations.append({**usual, "area": int((labels == one).sum()), **changes})
        (study.root / f"references/C{number}.png").unlink()
    whole = {"images": images, "categories": CATEGORIES, "annotations": annotations}
    study.put("references/all.json", json.dumps(whole).encode())
    for row in study.rows:
        del row["reference"]
    study.change("test_set.reference_standard.format", "coco")
    return study.change("test_set.reference_standard.file", "references/all.json")


def test_areas_that_contradict_the_masks_are_told_when_the_set_is_locked(
    make_study: Callable[..., Any], tiny: Any
) -> None:
    for name, changes, said in (("good", {}, ""), ("bad", {"area": 1}, "9 of 9 areas")):
        study = _with_coco_reference(make_study(name=name), tiny, **changes)
        done = CliRunner().invoke(main, ["lock", str(study.path)])
        assert done.exit_code == 0
        assert (said in done.stderr) if said else ("note:" not in done.stderr)
        assert "note:" not in done.stdout


# Trap 3: what is accepted in silence


def test_an_annotation_of_id_0_is_refused() -> None:
    results = [result(3), result(40)]
    right = statistics_of_pycocotools([annotation(1, 3), annotation(2, 40)], results)
    wrong = statistics_of_pycocotools([annotation(0, 3), annotation(2, 40)], results)
    assert right[0] == pytest.approx(1)
    assert wrong[0] < 0.6  # the object of id 0 counts as not found
    assert problems(read_truth, annotation(0, 3), annotation(2, 40)) == [
        "r.json: annotations[0], case A: id 0 is not a positive whole number"
    ]


def test_ids_that_occur_twice_are_refused() -> None:
    assert problems(read_truth, annotation(7, 3), annotation(7, 40)) == [
        "r.json: annotations[1], case A: id 7 was used before, by annotations[0]"
    ]


def test_unknown_categories_are_refused() -> None:
    known = "is not the value of a class of the protocol"
    assert problems(read_truth, annotation(1, 3, category_id=5)) == [
        f"r.json: annotations[0], case A: category_id 5 {known}"
    ]
    assert problems(read_found, result(3, category_id=5)) == [
        f"p.json: result[0], case A: category_id 5 {known}"
    ]


def test_scores_that_are_nan_are_refused() -> None:
    # Sorted as NaN is, the false alarm comes last, and average precision is perfect.
    found = [result(3), result(20, score=float("nan"))]
    assert statistics_of_pycocotools([annotation(1, 3)], found)[0] == pytest.approx(1)
    assert problems(read_found, *found) == [
        "p.json: result[1], case A: score nan is not a number in [0, 1]"
    ]


@pytest.mark.parametrize("score", [-0.1, 1.5, float("inf"), "0.5", None, True, 10**400])
def test_scores_that_are_no_number_from_0_to_1_are_refused(score: Any) -> None:
    [problem] = problems(read_found, result(3, score=score))
    assert problem.startswith(f"p.json: result[0], case A: score {score!r} is not a number")


def test_a_mask_of_another_size_is_refused() -> None:
    other = mask(3, shape=(32, 40))
    overlap = coco_mask.iou(
        [{**other, "counts": other["counts"].encode()}],
        [{**mask(3), "counts": mask(3)["counts"].encode()}],
        [0],
    )
    assert overlap.tolist() == [[-1.0]]  # and is scored like no overlap
    what = "the mask has 32 rows and 40 columns, the image 64 and 80"
    assert problems(read_found, result(3, segmentation=other)) == [
        f"p.json: result[0], case A: {what}"
    ]
    assert problems(read_truth, annotation(1, 3, segmentation=other)) == [
        f"r.json: annotations[0], case A: {what}"
    ]


@pytest.mark.parametrize(
    ("counts", "what"),
    [
        ([100, 6000], "add up to 6100 pixels"),
        ([5120, -4, 4], "is negative: -4"),
        ([5000, 120.0], "are whole numbers"),
        ([5000, True], "are whole numbers"),
        ("0", "add up to 0 pixels"),
        ("", "the run-length string is empty"),
        ("P", "ends in the middle of a count"),
        ("0\u00e9", "characters that are not of the encoding"),
        ("oooooooooo1", "overflows 32 bits"),
        (None, "has no counts"),
    ],
)
def test_run_lengths_that_do_not_make_the_image_are_refused(counts: Any, what: str) -> None:
    damaged = {"size": [ROWS, COLUMNS], "counts": counts}
    for found in (
        problems(read_found, result(3, segmentation=damaged)),
        problems(read_truth, annotation(1, 3, segmentation=damaged)),
    ):
        assert len(found) == 1
        assert what in found[0]


def test_results_of_an_unknown_image_are_refused() -> None:
    for image_id in (99, "A", 1.0, True, None, [1]):
        [problem] = problems(read_found, result(3, image_id=image_id))
        assert problem == f"p.json: result[0]: image_id {image_id!r} is not the id of an image"


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        read_found,
        result(3, score=2, category_id=0),
        result(3),
        result(3, image_id=9),
        result(3, segmentation={"size": [ROWS, COLUMNS], "counts": "1"}, score=float("nan")),
    )
    assert [one.split(": ")[1] for one in found] == [
        "result[0], case A",
        "result[0], case A",
        "result[2]",
        "result[3], case A",
        "result[3], case A",
    ]


# Trap 4: nothing was found


def test_results_without_an_object_are_valid() -> None:
    with pytest.raises(IndexError):
        statistics_of_pycocotools([annotation(1, 3)], [])
    assert read_found() == {}
    assert len(read_truth()) == 0


def _with_results(study: Any, tiny: Any, entries: list[Json]) -> Any:
    """Make the study one of COCO results."""
    content = json.dumps(entries).encode()
    (study.folder / "results.json").write_bytes(content)
    study.model = {
        "adapter": "predictions",
        "name": "elsewhere",
        "version": "1",
        "format": "coco_results",
        "location": "results.json",
        "digest": tiny.sha256(content),
        "produced_by": "Another tool.",
    }
    study.write()
    return study


@pytest.mark.usefixtures("no_report")
def test_a_run_that_finds_nothing_at_all_is_a_run(locked: Any, tiny: Any) -> None:
    study = _with_results(locked, tiny, [])
    assert study.run().findings.failed_cases == ()
    rows = (study.folder / "record/evidence/instances.csv").read_text().splitlines()[1:]
    assert rows
    assert all("missed" in row for row in rows)


def test_nothing_is_scored_when_results_fail_the_gate(locked: Any, tiny: Any) -> None:
    whole = {"size": [64, 64], "counts": [0, 4096]}
    good = {"image_id": "C1", "category_id": 1, "segmentation": whole, "score": 0.5}
    bad = [{**good, "score": float("nan")}, {**good, "image_id": "C9"}]
    study = _with_results(locked, tiny, [good, *bad])
    with pytest.raises(RunError) as caught:
        study.run()
    assert [one.where for one in caught.value.problems] == [
        "results.json: result[1], case C1",
        "results.json: result[2]",
    ]
    assert not (study.folder / "record").exists()


def test_a_coco_reference_that_fails_the_gate_is_not_locked(study: Any, tiny: Any) -> None:
    broken = reference_of(annotation(0, 3), annotation(0, 3, image_id=7))
    _with_coco_reference(study, tiny).put("references/all.json", json.dumps(broken).encode())
    with pytest.raises(TestSetError) as caught:
        study.lock()
    said = "\n".join(f"{one.where}: {one.what}" for one in caught.value.problems)
    assert "annotations[0]: id 0" in said
    assert "annotations[1]: id 0" in said
    assert "annotations[1]: image_id 7" in said
    assert said.count("no image has the file_name of case") == 6
    assert not (study.folder / "lock" / "lock.json").exists()


# Label maps that are none


def image_file(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("dtype", [bool, np.float32, np.float64, np.complex64, object])
def test_label_maps_that_are_not_integral_are_refused(dtype: Any) -> None:
    values = np.array([[0, 1], [1, 0]]).astype(dtype)
    for read in (objects_of, lambda array: class_map_of(array, [CELL])):
        with pytest.raises(ValueError, match="integers"):
            read(values)


def test_label_maps_of_fractions_in_a_file_are_refused() -> None:
    for read in (read_label_map, lambda content: read_class_map(content, [CELL])):
        with pytest.raises(ValueError, match="8 or 16 bits"):
            read(image_file(np.array([[0, 0.5]], np.float32), "TIFF"))


def test_label_maps_that_went_through_jpeg_are_refused() -> None:
    labels = np.zeros((32, 32), np.uint8)
    labels[8:20, 8:20] = 1
    blurred = np.asarray(Image.open(io.BytesIO(image_file(labels * 255, "JPEG"))))
    assert len(np.unique(blurred)) > 2
    for read in (read_label_map, lambda content: read_class_map(content, [CELL])):
        with pytest.raises(ValueError, match="JPEG"):
            read(image_file(labels * 255, "JPEG"))
    # Stored again without loss, the values that JPEG made up are no classes.
    with pytest.raises(ValueError, match="values that are no class"):
        read_class_map(image_file(blurred), [CELL])


def test_a_palette_gives_its_indices_and_colours_are_refused() -> None:
    picture = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8)).convert("P")
    picture.putpalette([0, 0, 0, 200, 30, 30])
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    assert read_class_map(stream.getvalue(), [CELL]).classes.tolist() == [[0, 1], [1, 0]]
    assert read_label_map(stream.getvalue()).ids.tolist() == [1]
    with pytest.raises(ValueError, match="one channel"):
        read_label_map(image_file(np.array(picture.convert("RGB"))))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_ids_above_255_are_not_cut(kind: str) -> None:
    labels = np.array([[0, 300], [65_535, 44]], np.uint16)
    assert read_label_map(image_file(labels, kind)).ids.tolist() == [44, 300, 65_535]


@pytest.mark.usefixtures("no_report")
@pytest.mark.parametrize("how", ["nan", "size"])
def test_a_prediction_that_fails_the_gate_is_a_failed_case(locked: Any, how: str) -> None:
    locked.parameters = {"fail_on": 2, "how": how}
    locked.write()
    (failed,) = locked.run().findings.failed_cases
    assert failed.case_id == "C2"


def test_a_reference_of_another_size_is_not_locked(study: Any, tiny: Any) -> None:
    study.put("references/C1.png", tiny.png(np.zeros((8, 8), np.uint8)))
    with pytest.raises(LockError) as caught:
        study.lock()
    [problem] = caught.value.problems
    assert problem.where == "case C1"
    assert "8 rows and 8 columns, its image 64 rows and 64 columns" in problem.what


def test_results_by_case_whose_masks_differ_in_size_are_refused() -> None:
    entries = [
        {**result(3), "image_id": "A"},
        {**result(3, segmentation=mask(3, shape=(32, 40))), "image_id": "A"},
    ]
    with pytest.raises(RunError) as caught:
        read_results(
            json.dumps(entries).encode(),
            images=images_of_cases([CASE]),
            classes=[CELL],
            file="p.json",
        )
    [problem] = caught.value.problems
    assert problem.where == "p.json: case A"
    assert problem.what == "masks of one image have several sizes: [(32, 40), (64, 80)]"
