"""Pictures of cases: what is drawn, where names go, and which cases are shown."""

import dataclasses
import io
import re
from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pydantic import ValidationError

from validation.report.contents import Outline, Overlay, RecordContents
from validation.report.overlays.case import LONGEST_OF_MANY_PX, LONGEST_PX, overlay_for_case
from validation.report.overlays.choice import Shown, choose_shown, choose_worst
from validation.report.overlays.drawing import overlay_drawing
from validation.report.overlays.drawn import object_outlines, pixel_outlines
from validation.report.overlays.labels import MOST_LABELS, labels
from validation.report.overlays.outlines import path_data, points_of, rings
from validation.report.overlays.pixels import contrast_stretched, darkened, reduced
from validation.report.overlays.styles import OUTCOME_STYLES
from validation.report.printed_objects import printed_objects
from validation.report.view import report_view
from validation.testset.annotations import ClassMap, ObjectSet

ContentsOf = Callable[..., RecordContents]


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
NOTHING: frozenset[str] = frozenset()


def _overlay(contents: RecordContents, **changes: object) -> Overlay:
    image, reference, prediction = _squares()
    shown = Shown("C", "because")
    overlay, _ = overlay_for_case(image, reference, prediction, ROWS, contents.protocol, shown)
    return overlay.model_copy(update=changes)


# --- outlines ----------------------------------------------------------------------------


def _filled(path: str, shape: tuple[int, int]) -> np.ndarray:
    """Return the pixels whose middles lie inside of a path, by the even-odd rule."""
    inside = np.zeros(shape, bool)
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    for ring in re.findall(r"M[^M]*", path):
        corners = points_of(ring)
        for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
            if y1 != y2:
                crosses = (min(y1, y2) < rows) & (rows < max(y1, y2))
                inside ^= crosses & (columns < x1 + (rows - y1) * (x2 - x1) / (y2 - y1))
    return inside


@pytest.mark.parametrize("seed", range(6))
def test_an_outline_holds_exactly_the_pixels_of_its_mask(seed: int) -> None:
    noise = np.random.default_rng(seed).random((31, 47))
    mask = cv2.GaussianBlur(noise, (0, 0), 0.5 + seed / 2) > 0.5
    assert (_filled(path_data(rings(mask)), mask.shape) == mask).all()


def test_holes_and_corners_that_touch_are_outlined() -> None:
    mask = np.ones((6, 6), bool)
    mask[2:4, 2:4] = False
    mask[0, 0] = mask[1, 1] = False
    assert (_filled(path_data(rings(mask)), mask.shape) == mask).all()


def test_a_tiny_image_has_exact_outlines_and_a_large_one_near_ones() -> None:
    disc = np.hypot(*(np.mgrid[:400, :400] - 200)) < 150
    for side, most in ((40, 0.0), (400, 400 / 512)):
        mask = cv2.resize(disc.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
        objects = _objects(mask.astype(np.int32))
        rows = [{**ROWS[1], "reference_id": "1"}]
        (outline,), within = object_outlines(objects, _objects(mask * 0), rows, NOTHING, parts=512)
        assert within == most
        differs = int((_filled(outline.path, mask.shape) != (mask > 0)).sum())
        assert differs <= (0 if most == 0 else np.pi * side * 0.75 * most)


def test_ragged_masks_are_outlined_by_squares_and_nothing_vanishes() -> None:
    noise = np.random.default_rng(1).random((600, 600)) > 0.5
    nothing = np.zeros_like(noise)
    masks = {"both": nothing, "reference": noise, "prediction": nothing}
    outlines, within = pixel_outlines(masks, parts=512)
    assert within > 1
    assert sum(len(points_of(one.path)) for one in outlines) < 60_000


def test_every_outcome_is_outlined_by_both_sources() -> None:
    _, reference, prediction = _squares()
    outlines, _ = object_outlines(reference, prediction, ROWS, NOTHING, parts=512)
    assert [(one.source, one.outcome, one.object_id) for one in outlines] == [
        ("reference", "matched", 1),
        ("prediction", "matched", 7),
        ("reference", "missed", 2),
        ("prediction", "false_positive", 8),
    ]
    assert outlines[2].path == "M5 30v20h20v-20z"


def test_run_lengths_are_outlined_like_a_label_map() -> None:
    _, reference, prediction = _squares()
    masks = tuple(
        coco_mask.encode(np.asfortranarray((prediction.label_map == one).astype(np.uint8)))
        for one in prediction.ids
    )
    as_rle = ObjectSet(prediction.shape, prediction.ids, prediction.classes, masks=masks)
    assert object_outlines(reference, as_rle, ROWS, NOTHING, parts=512) == object_outlines(
        reference, prediction, ROWS, NOTHING, parts=512
    )


def test_a_prediction_that_no_row_names_is_not_outlined() -> None:
    _, reference, prediction = _squares()
    outlines, _ = object_outlines(reference, prediction, ROWS[:2], NOTHING, parts=512)
    assert "false_positive" not in {one.outcome for one in outlines}


def test_a_difference_map_has_what_agrees_and_what_differs(
    semantic_contents: RecordContents,
) -> None:
    reference, prediction = np.zeros((40, 40), np.uint8), np.zeros((40, 40), np.uint8)
    reference[5:20, 5:20] = 1
    prediction[10:30, 5:20] = 1
    prediction[:, 35:] = 1
    ignored = np.zeros((40, 40), bool)
    ignored[:, 30:] = True
    overlay, png = overlay_for_case(
        np.arange(1600, dtype=np.float32).reshape(40, 40),
        ClassMap(reference, ignored),
        ClassMap(prediction),
        [],
        semantic_contents.protocol,
        Shown("C", "because", "nucleus"),
    )
    assert {one.outcome: one.path for one in overlay.outlines} == {
        "agreed": "M5 10v10h15v-10z",
        "missed_pixels": "M5 5v5h15v-5z",
        "false_pixels": "M5 20v10h15v-10z",
    }
    assert overlay.caption == "nucleus: 150\xa0pixels agreed, 75 missed, 150 false"
    shown = np.asarray(Image.open(io.BytesIO(png))).astype(int)
    assert shown[30, 29] > 2 * shown[30, 30]


@pytest.mark.parametrize(
    "path",
    ["", "M0 0", "M0 0z<script>", "M0 0L5 5z", 'M0 0z"/>', "M0 0h1e9z", "M0 0h1z ", "m0 0z"],
)
def test_an_outline_that_is_no_outline_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        Outline(source="both", outcome="agreed", path=path)


# --- the picture -------------------------------------------------------------------------


def test_colour_images_are_shown_in_gray() -> None:
    colour = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)
    assert contrast_stretched(colour).shape == (20, 30)


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
    shown = contrast_stretched(image)
    assert shown.shape == (8, 9)
    assert shown.dtype == np.uint8


def test_what_is_not_evaluated_is_darkened() -> None:
    picture = np.full((2, 2), 90, np.uint8)
    assert darkened(picture, np.array([[True, False], [False, False]])).tolist() == [
        [30, 90],
        [90, 90],
    ]


def test_a_picture_is_reduced_by_the_mean_of_squares() -> None:
    picture = np.array([[0, 10, 50], [20, 10, 50], [8, 8, 8]], np.uint8)
    assert reduced(picture, 2).tolist() == [[10, 50], [8, 8]]


@pytest.mark.parametrize(
    ("shape", "is_worst"), [((1, 1), True), ((3000, 500), True), ((600, 1700), False)]
)
def test_a_picture_is_as_large_as_print_needs(
    instance_contents: RecordContents, shape: tuple[int, int], *, is_worst: bool
) -> None:
    nothing = _objects(np.zeros(shape, np.int32))
    shown = Shown("C", "because", is_worst=is_worst)
    image = np.zeros(shape, np.uint8)
    overlay, png = overlay_for_case(image, nothing, None, [], instance_contents.protocol, shown)
    width, height = Image.open(io.BytesIO(png)).size
    assert (overlay.height_px, overlay.width_px) == shape
    assert max(width, height) <= (LONGEST_PX if is_worst else LONGEST_OF_MANY_PX)
    assert (-(-shape[1] // overlay.reduction), -(-shape[0] // overlay.reduction)) == (width, height)


def test_the_same_arrays_give_the_same_bytes(instance_contents: RecordContents) -> None:
    image, reference, prediction = _squares()
    made = [
        overlay_for_case(
            image, reference, prediction, ROWS, instance_contents.protocol, Shown("C", "because")
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]


def test_kinds_that_do_not_fit_are_refused(instance_contents: RecordContents) -> None:
    image, reference, _ = _squares()
    with pytest.raises(ValueError, match="the prediction classes"):
        overlay_for_case(
            image,
            reference,
            ClassMap(np.zeros((60, 80), np.uint8)),
            ROWS,
            instance_contents.protocol,
            Shown("C", "because"),
        )


# --- what is printed ---------------------------------------------------------------------


def _drawing(overlay: Overlay, width_pt: float = 224) -> str:
    return str(overlay_drawing(overlay, width_pt=width_pt, letter_pt=5.6, alt="a case"))


def test_each_outcome_is_a_layer_in_its_colour(instance_contents: RecordContents) -> None:
    drawing = _drawing(_overlay(instance_contents))
    for outcome in ("matched", "missed", "false_positive"):
        layer = drawing.partition(f'<g class="of-{outcome}">')[2]
        assert OUTCOME_STYLES[outcome].hexadecimal in layer
    assert "of-merged" not in drawing
    assert "opacity" not in drawing


def test_predictions_are_dashed_and_the_reference_is_not(
    instance_contents: RecordContents,
) -> None:
    drawing = _drawing(_overlay(instance_contents))
    lines = re.findall(r'<g class="by-(\w+)"[^>]*>(<path[^>]*>)', drawing)
    dashed = {source for source, line in lines if "stroke-dasharray" in line}
    assert dashed == {"prediction"}


def test_failures_are_named_by_letter_and_id(instance_contents: RecordContents) -> None:
    overlay = _overlay(instance_contents)
    assert re.findall(r">([^<]+)</text>", _drawing(overlay)) == ["F8", "X2", "5\xa0µm"]


def test_a_matched_object_is_named_where_it_is_listed(instance_contents: RecordContents) -> None:
    _, reference, prediction = _squares()
    outlines, _ = object_outlines(reference, prediction, ROWS, frozenset({"1"}), parts=512)
    overlay = _overlay(instance_contents, outlines=outlines)
    assert "1" in {one.text for one in labels(overlay, 2)}


def test_without_spacing_the_scale_is_in_pixels(instance_contents: RecordContents) -> None:
    assert "10\xa0px" in _drawing(_overlay(instance_contents, spacing_um=None))


def _crowd(count: int) -> Overlay:
    places = np.random.default_rng(2).integers(0, 500, (count, 2)).tolist()
    outlines = tuple(
        Outline(source="reference", outcome="missed", object_id=one, path=f"M{x} {y}h5v5h-5z")
        for one, (x, y) in enumerate(places, start=1)
    )
    return Overlay(
        file="C.png", digest=f"sha256:{'0' * 64}", case_id="C", is_worst=True, width_px=512,
        height_px=512, reduction=1, spacing_um=None, caption="many", rank_reason="because",
        within_px=0, outlines=outlines,
    )  # fmt: skip


def test_no_name_lies_over_another_or_beyond_the_picture() -> None:
    placed = labels(_crowd(2000), 12)
    assert 50 < len(placed) <= MOST_LABELS
    for place, one in enumerate(placed):
        assert not any(one.box.meets(other.box) for other in placed[:place])
        assert one.box.x >= 0
        assert one.box.x + one.box.width <= 512


def test_names_are_painted_in_the_order_in_which_they_are_read() -> None:
    size = 512 / 224 * 5.6
    drawn = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"', _drawing(_crowd(200)))
    places = [(float(y), float(x)) for x, y in drawn]
    for (y1, x1), (y2, x2) in pairwise(places):
        assert y2 - y1 > 0.5 * size or (abs(y2 - y1) < 0.01 and x2 > x1)


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2), (5000, 5000)])
def test_pictures_of_any_size_can_be_drawn(
    instance_contents: RecordContents, shape: tuple[int, int]
) -> None:
    reference = np.zeros(shape, np.int32)
    reference[0, 0] = 2
    overlay, _ = overlay_for_case(
        np.zeros(shape, np.uint8),
        _objects(reference),
        None,
        [ROWS[1]],
        instance_contents.protocol,
        Shown("C", "because"),
    )
    assert "of-missed" in _drawing(overlay, 224 * min(1, shape[1] / shape[0]))


# --- which cases -------------------------------------------------------------------------


def test_every_case_with_a_listed_object_is_pictured(instance_contents: RecordContents) -> None:
    shown = choose_shown(
        instance_contents.case_rows, instance_contents.instance_rows, instance_contents.protocol
    )
    printed = printed_objects(instance_contents.instance_rows, instance_contents.protocol)
    assert {one.case_id for one in shown} >= {row["case_id"] for row in printed.failed}
    assert [one.is_worst for one in shown[:7]] == [True] * 6 + [False]
    later = [one.case_id for one in shown[6:]]
    assert later == sorted(later)
    assert len({one.case_id for one in shown}) == len(shown)


def test_each_listed_object_leads_to_its_picture(instance_contents: RecordContents) -> None:
    view = report_view(instance_contents)
    assert view.objects.objects is not None
    assert view.overlays is not None
    pictures = {
        one.anchor: one.name
        for part in (view.worst_cases, view.overlays)
        for line in part.rows
        for one in line
    }
    for row in view.objects.objects.rows:
        link = row.cells[-1]
        assert link.kind == "link"
        assert pictures[link.anchor] == link.text


def test_a_sample_of_matched_objects_is_listed_and_pictured(contents_of: ContentsOf) -> None:
    plan = {"report": {"objects": "sampled", "sampled_objects": 7}}
    contents = contents_of(donors=2, fields=2, objects=4, failed=(), **plan)
    printed = printed_objects(contents.instance_rows, contents.protocol)
    assert len(printed.sampled) == 7
    assert {row["outcome"] for row in printed.sampled} == {"matched"}
    assert printed == printed_objects(contents.instance_rows, contents.protocol)
    other = contents.protocol.model_copy(
        update={"analysis": contents.protocol.analysis.model_copy(update={"seed": 5})}
    )
    assert printed_objects(contents.instance_rows, other).sampled != printed.sampled
    view = report_view(contents)
    assert view.objects.sample is not None
    assert sum(len(row.cells[1].lines[0].split("; ")) for row in view.objects.sample.rows) == 7  # type: ignore[union-attr] # cells of text
    listed = {
        one.object_id for entry in contents.overlays for one in entry.outlines if one.is_listed
    }
    assert {int(row["reference_id"]) for row in printed.sampled} == listed


def test_only_so_many_cases_are_pictured(
    instance_contents: RecordContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("validation.report.printed_objects.MOST_CASES", 3)
    printed = printed_objects(instance_contents.instance_rows, instance_contents.protocol)
    assert len(printed.pictured) == 3
    assert {row["case_id"] for row in printed.failed} == set(printed.pictured)


def test_without_pictures_of_other_cases_there_is_no_appendix(
    instance_contents: RecordContents,
) -> None:
    worst = tuple(one for one in instance_contents.overlays if one.is_worst)
    assert report_view(dataclasses.replace(instance_contents, overlays=worst)).overlays is None


def test_the_worst_cases_have_the_lowest_f1(instance_contents: RecordContents) -> None:
    worst = choose_worst(instance_contents.case_rows, instance_contents.protocol)
    by_id = {row["case_id"]: float(row["f1"]) for row in instance_contents.case_rows if row["f1"]}
    chosen = [by_id[one.case_id] for one in worst]
    assert chosen == sorted(by_id.values())[: len(chosen)]
    assert worst[0].case_id == "D05-03"
    assert worst[0].reason == "F1 at IoU 0.5: 0.000"


def test_ties_go_by_objects_not_found_and_then_by_id(instance_contents: RecordContents) -> None:
    def row(case_id: str, f1: str, missed: str) -> dict[str, str]:
        return {"case_id": case_id, "f1": f1, "missed": missed, "merged": "0", "split": "0"}

    rows = [row("B", "0.5", "1"), row("A", "0.5", "1"), row("C", "0.5", "3"), row("D", "", "0")]
    worst = choose_worst(rows, instance_contents.protocol)
    assert [one.case_id for one in worst] == ["C", "A", "B"]


def test_the_worst_cases_have_the_lowest_dice(semantic_contents: RecordContents) -> None:
    worst = choose_worst(semantic_contents.case_rows, semantic_contents.protocol, count=3)
    dice = sorted(float(row["dice/class=nucleus"]) for row in semantic_contents.case_rows)
    assert [f"Dice of nucleus: {one:.3f}" for one in dice[:3]] == [one.reason for one in worst]
    assert {one.class_name for one in worst} == {"nucleus"}
