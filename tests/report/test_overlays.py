"""Pictures of the worst cases, and which cases those are."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from validation.report import overlays
from validation.report.contents import RecordContents
from validation.testset.annotations import ClassMap, ObjectSet

ContentsOf = Callable[..., RecordContents]


def _picture(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def _objects(label_map: np.ndarray) -> ObjectSet:
    ids = np.unique(label_map)
    ids = ids[ids > 0].astype(np.int64)
    return ObjectSet(label_map.shape, ids, np.ones(len(ids), np.int64), label_map=label_map)


def _squares() -> tuple[np.ndarray, ObjectSet, ObjectSet]:
    reference = np.zeros((60, 80), np.int32)
    reference[5:25, 5:25] = 1
    reference[30:50, 5:25] = 2
    prediction = np.zeros((60, 80), np.int32)
    prediction[5:25, 6:26] = 7
    prediction[10:30, 50:70] = 8
    return np.full((60, 80), 40, np.uint8), _objects(reference), _objects(prediction)


ROWS = [
    {"case_id": "C", "reference_id": "1", "prediction_id": "7", "outcome": "matched"},
    {"case_id": "C", "reference_id": "2", "prediction_id": "", "outcome": "missed"},
    {"case_id": "C", "reference_id": "", "prediction_id": "8", "outcome": "false_positive"},
]


def _has(picture: np.ndarray, outcome: str) -> bool:
    colour = np.array(overlays.OUTCOME_STYLES[outcome].colour)
    return bool((picture == colour).all(axis=2).any())


def test_every_outcome_is_drawn_in_its_colour() -> None:
    image, reference, prediction = _squares()
    picture = _picture(overlays.instance_overlay(image, reference, prediction, ROWS))
    assert all(_has(picture, one) for one in ("matched", "missed", "false_positive"))
    assert not _has(picture, "merged")


def test_a_picture_is_enlarged_by_a_whole_number() -> None:
    image, reference, prediction = _squares()
    picture = _picture(overlays.instance_overlay(image, reference, prediction, ROWS))
    assert picture.shape == (60 * 9, 80 * 9, 3)


def test_the_same_arrays_give_the_same_bytes() -> None:
    image, reference, prediction = _squares()
    pictures = {
        overlays.instance_overlay(image, reference, prediction, ROWS, spacing_um=0.5)
        for _ in range(3)
    }
    assert len(pictures) == 1


def test_run_lengths_are_drawn_like_a_label_map() -> None:
    image, reference, prediction = _squares()
    masks = tuple(
        coco_mask.encode(np.asfortranarray((prediction.label_map == one).astype(np.uint8)))
        for one in prediction.ids
    )
    as_rle = ObjectSet(prediction.shape, prediction.ids, prediction.classes, masks=masks)
    assert overlays.instance_overlay(image, reference, as_rle, ROWS) == overlays.instance_overlay(
        image, reference, prediction, ROWS
    )


def test_a_prediction_that_no_row_names_is_not_drawn() -> None:
    image, reference, prediction = _squares()
    picture = _picture(overlays.instance_overlay(image, reference, prediction, ROWS[:2]))
    assert not _has(picture, "false_positive")


def test_colour_images_are_shown_in_gray() -> None:
    colour = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)
    shown = overlays.contrast_stretched(colour)
    assert (shown[..., 0] == shown[..., 1]).all()
    assert (shown[..., 0] == shown[..., 2]).all()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((8, 9), np.uint8),
        np.full((8, 9), 65535, np.uint16),
        np.full((8, 9), np.nan, np.float32),
        np.zeros((8, 9, 4), np.uint8),
        np.zeros((8, 9, 1), np.uint8),
    ],
)
def test_any_image_can_be_shown(image: np.ndarray) -> None:
    shown = overlays.contrast_stretched(image)
    assert shown.shape == (8, 9, 3)
    assert shown.dtype == np.uint8


def test_a_difference_map_shows_missed_and_false_pixels() -> None:
    reference, prediction = np.zeros((40, 40), np.uint8), np.zeros((40, 40), np.uint8)
    reference[5:20, 5:20] = 1
    prediction[10:30, 5:20] = 1
    ignored = np.zeros((40, 40), bool)
    ignored[:, 30:] = True
    image = np.full((40, 40), 100, np.uint8)
    image[:3] = 0
    picture = _picture(
        overlays.semantic_overlay(image, ClassMap(reference, ignored), ClassMap(prediction))
    )
    scale = overlays.magnification(40)
    missed, agreed, dark, plain = (
        picture[int((row + 0.5) * scale), int((column + 0.5) * scale)].astype(int)
        for row, column in ((7, 12), (15, 12), (20, 35), (35, 25))
    )
    assert missed[0] > missed[2] + 80
    assert (agreed == plain).all()
    assert dark.sum() < plain.sum()


def test_kinds_that_do_not_fit_are_refused(instance_contents: RecordContents) -> None:
    image, reference, _ = _squares()
    with pytest.raises(ValueError, match="the prediction classes"):
        overlays.overlay_for_case(
            image,
            reference,
            ClassMap(np.zeros((60, 80), np.uint8)),
            ROWS,
            instance_contents.protocol,
            overlays.Worst("C", "because"),
        )


def test_the_index_says_what_the_picture_is(instance_contents: RecordContents) -> None:
    image, reference, prediction = _squares()
    overlay, png = overlays.overlay_for_case(
        image,
        reference,
        prediction,
        ROWS,
        instance_contents.protocol,
        overlays.Worst("C", "because"),
    )
    picture = _picture(png)
    assert (overlay.height_px, overlay.width_px) == picture.shape[:2]
    assert overlay.file == "C.png"
    assert overlay.caption == "1 matched, 1 missed, 1 false positive. Scale bar: 5 µm"


def test_the_worst_cases_have_the_lowest_f1(instance_contents: RecordContents) -> None:
    worst = overlays.choose_worst(instance_contents.case_rows, instance_contents.protocol)
    by_id = {row["case_id"]: float(row["f1"]) for row in instance_contents.case_rows if row["f1"]}
    chosen = [by_id[one.case_id] for one in worst]
    assert chosen == sorted(by_id.values())[: len(chosen)]
    assert worst[0].case_id == "D05-03"
    assert worst[0].reason == "F1 at IoU 0.5: 0.000"


def test_ties_go_by_objects_not_found_and_then_by_id(instance_contents: RecordContents) -> None:
    def row(case_id: str, f1: str, missed: str) -> dict[str, str]:
        return {"case_id": case_id, "f1": f1, "missed": missed, "merged": "0", "split": "0"}

    rows = [row("B", "0.5", "1"), row("A", "0.5", "1"), row("C", "0.5", "3"), row("D", "", "0")]
    worst = overlays.choose_worst(rows, instance_contents.protocol)
    assert [one.case_id for one in worst] == ["C", "A", "B"]


def test_the_worst_cases_have_the_lowest_dice(semantic_contents: RecordContents) -> None:
    worst = overlays.choose_worst(semantic_contents.case_rows, semantic_contents.protocol, count=3)
    dice = sorted(float(row["dice/class=nucleus"]) for row in semantic_contents.case_rows)
    assert [f"Dice of nucleus: {one:.3f}" for one in dice[:3]] == [one.reason for one in worst]
    assert {one.class_name for one in worst} == {"nucleus"}
