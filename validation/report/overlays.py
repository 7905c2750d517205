"""Pictures of the worst cases: the image with outlines of reference and prediction.

Pure functions of arrays: the image is stretched in contrast, enlarged by a whole number, and
drawn on in colours that people with any colour vision can tell apart (Okabe and Ito); line
style and a letter say the same once more. Nothing here reads a file or a clock, and the
same arrays give the same bytes. Which cases are worst is decided here, too, by a stated
rule.

Line styles: a *reference* outline is solid, a *prediction* outline is dashed. Colours and
letters are those of `OUTCOME_STYLES`.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from validation.evidence.run_lengths import run_lengths
from validation.plan.protocol import Protocol
from validation.report.contents import Overlay, Row
from validation.report.formatting import number, plural
from validation.testset.annotations import Annotation, ClassMap, ObjectSet, PanopticMap, Rle

WIDTH_PX = 720
"""Pictures are enlarged until they are at least this wide."""

NUMBER_OF_WORST = 6
"""Cases shown unless the caller asks for another number."""

_BRIGHTEST = 205
_ROOM_FOR_LETTER = 30
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

_BAR_LENGTHS_UM = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

_NOT_FOUND = ("missed", "merged", "split")
"""Columns of ``cases.csv`` that count reference objects without a partner."""

Colour = tuple[int, int, int]
Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
_Pixels = TypeVar("_Pixels", Picture, Mask)


@dataclass(frozen=True)
class OutcomeStyle:
    """How an outcome is drawn and named."""

    word: str
    """The outcome in words, for legends and captions."""
    colour: Colour
    """Red, green, blue."""
    letter: str
    """Letter drawn in the object; empty for matched objects."""
    line: Literal["solid", "dashed", "filled", "hatched"] = "solid"
    """How the legend shows it."""

    @property
    def hexadecimal(self) -> str:
        """The colour as CSS has it."""
        red, green, blue = self.colour
        return f"#{red:02x}{green:02x}{blue:02x}"


OUTCOME_STYLES: Mapping[str, OutcomeStyle] = {
    "matched": OutcomeStyle("matched", (86, 180, 233), ""),
    "missed": OutcomeStyle("missed", (213, 94, 0), "X"),
    "false_positive": OutcomeStyle("false positive", (240, 228, 66), "F", "dashed"),
    "merged": OutcomeStyle("merged", (204, 121, 167), "M"),
    "split": OutcomeStyle("split", (230, 159, 0), "S"),
}
"""Drawn outcomes in the order of the legend; ``ignored`` objects are not drawn."""

SEMANTIC_STYLES: Mapping[str, OutcomeStyle] = {
    "agreed": OutcomeStyle("agreed", (86, 180, 233), ""),
    "missed": OutcomeStyle("missed pixels", (213, 94, 0), "", "filled"),
    "false": OutcomeStyle("false pixels", (240, 228, 66), "", "hatched"),
}
"""Parts of the difference map of a class."""


@dataclass(frozen=True)
class Worst:
    """A case that the report shows, and why."""

    case_id: str
    reason: str
    """In words, for the caption, e.g. ``F1 at IoU 0.5: 0.412``."""
    class_name: str | None = None
    """The class concerned (semantic)."""


# --- which cases -----------------------------------------------------------------------


def choose_worst(
    case_rows: Sequence[Row], protocol: Protocol, *, count: int = NUMBER_OF_WORST
) -> tuple[Worst, ...]:
    """Return the worst cases, worst first.

    Instance: the lowest F1 at the primary IoU threshold, then the most reference objects
    not found. Semantic: the lowest Dice of any class. Panoptic: the lowest PQ over the
    segments of the case. Ties go by case id. Cases for which the figure is undefined (nothing
    there and nothing predicted) are not ranked, and cases that are in no figure are not,
    either.

    Args:
        case_rows: Rows of ``cases.csv``.
        protocol: For the method, the classes and the IoU threshold.
        count: Most cases to return.
    """
    if protocol.method.kind == "instance":
        return _worst_by_f1(case_rows, protocol)[:count]
    if protocol.method.kind == "panoptic":
        return _worst_by_quality(case_rows, protocol)[:count]
    return _worst_by_dice(case_rows, protocol)[:count]


def _worst_by_f1(rows: Iterable[Row], protocol: Protocol) -> tuple[Worst, ...]:
    ranked = sorted(
        (float(row["f1"]), -sum(int(row[one]) for one in _NOT_FOUND), row["case_id"])
        for row in rows
        if row["f1"]
    )
    matching = protocol.analysis.matching
    at_iou = f" at IoU {number(matching.iou_threshold)}" if matching else ""
    return tuple(Worst(case_id, f"F1{at_iou}: {number(f1, 3)}") for f1, _, case_id in ranked)


def _worst_by_quality(rows: Iterable[Row], protocol: Protocol) -> tuple[Worst, ...]:
    stuff = [name for name in protocol.class_names() if name not in protocol.thing_names()]
    ranked = sorted(
        (
            float(row["pq"]),
            row["case_id"],
            [name for name in stuff if row[f"missed_segments/class={name}"] == "1"],
        )
        for row in rows
        if row["pq"]
    )
    return tuple(
        Worst(
            case_id,
            f"PQ: {number(quality, 3)}" + (f"; not matched: {', '.join(missed)}" if missed else ""),
        )
        for quality, case_id, missed in ranked
    )


def _worst_by_dice(rows: Iterable[Row], protocol: Protocol) -> tuple[Worst, ...]:
    ranked = sorted(
        min((float(row[column]), row["case_id"], name) for name, column in named)
        for row in rows
        if (named := _defined_dice(row, protocol))
    )
    return tuple(
        Worst(case_id, f"Dice of {name}: {number(dice, 3)}", name) for dice, case_id, name in ranked
    )


def _defined_dice(row: Row, protocol: Protocol) -> list[tuple[str, str]]:
    columns = [(name, f"dice/class={name}") for name in protocol.class_names()]
    return [(name, column) for name, column in columns if row[column]]


# --- the picture of one case -----------------------------------------------------------


def overlay_for_case(  # noqa: PLR0917 - the parts of a case, in the order of the path
    image: NDArray[np.generic],
    reference: Annotation,
    prediction: Annotation | None,
    instance_rows: Sequence[Row],
    protocol: Protocol,
    worst: Worst,
) -> tuple[Overlay, bytes]:
    """Return the picture of a case and its entry in the index of overlays.

    Args:
        image: The case's image as decoded, shape (rows, columns) or (rows, columns, 3).
        reference: What the reference standard marks; of a panoptic map the objects are drawn.
        prediction: What the model returned; None where it failed (drawn as empty).
        instance_rows: Rows of ``instances.csv`` of this case; empty for semantic protocols.
        protocol: For the classes, the method and the pixel spacing.
        worst: The case, and why it is shown.

    Raises:
        ValueError: Reference and prediction are not of the same kind.
    """
    spacing_um = protocol.test_set.pixel_spacing_um
    if isinstance(reference, PanopticMap):
        reference = reference.objects
    if isinstance(prediction, PanopticMap):
        prediction = prediction.objects
    if isinstance(reference, ObjectSet):
        found = _objects_or_none(prediction, reference)
        png = instance_overlay(image, reference, found, instance_rows, spacing_um=spacing_um)
        caption = _instance_caption(instance_rows)
    else:
        labelled = _class_map_or_none(prediction, reference)
        names = protocol.class_names()
        class_name = worst.class_name or names[0]
        index = names.index(class_name) + 1
        png = semantic_overlay(image, reference, labelled, class_index=index, spacing_um=spacing_um)
        caption = _semantic_caption(reference, labelled, index, class_name)
    enlarged = magnification(image.shape[1])
    bar = scale_bar_um(image.shape[1], spacing_um)
    if bar is not None:
        caption += f". Scale bar: {number(bar)} µm"
    overlay = Overlay(
        file=f"{worst.case_id}.png",
        case_id=worst.case_id,
        width_px=image.shape[1] * enlarged,
        height_px=image.shape[0] * enlarged,
        magnification=enlarged,
        caption=caption,
        rank_reason=worst.reason,
    )
    return overlay, png


def _objects_or_none(prediction: ObjectSet | ClassMap | None, reference: ObjectSet) -> ObjectSet:
    if prediction is None:
        nothing = np.zeros(0, np.int64)
        empty = np.zeros(reference.shape, np.int32)
        return ObjectSet(reference.shape, nothing, nothing, label_map=empty)
    if not isinstance(prediction, ObjectSet):
        raise ValueError("the reference holds objects, the prediction classes")  # noqa: TRY004
    return prediction


def _class_map_or_none(prediction: ObjectSet | ClassMap | None, reference: ClassMap) -> ClassMap:
    if prediction is None:
        return ClassMap(np.zeros(reference.shape, np.uint8))
    if not isinstance(prediction, ClassMap):
        raise ValueError("the reference holds classes, the prediction objects")  # noqa: TRY004
    return prediction


def _instance_caption(rows: Iterable[Row]) -> str:
    outcomes = [row["outcome"] for row in rows]
    parts = [
        f"{outcomes.count(outcome)} {style.word}"
        for outcome, style in OUTCOME_STYLES.items()
        if outcomes.count(outcome)
    ]
    return ", ".join(parts) or "no objects"


def _semantic_caption(
    reference: ClassMap, prediction: ClassMap, index: int, class_name: str
) -> str:
    agreed, missed, false = _difference(reference, prediction, index)
    counts = [int(part.sum()) for part in (agreed, missed, false)]
    return (
        f"{class_name}: {plural(counts[0], 'pixel')} agreed, {number(counts[1])} missed, "
        f"{number(counts[2])} false"
    )


def instance_overlay(
    image: NDArray[np.generic],
    reference: ObjectSet,
    prediction: ObjectSet,
    outcomes: Iterable[Row],
    *,
    spacing_um: float | None = None,
) -> bytes:
    """Return a PNG of `image` with the outline of every object, by its outcome.

    Args:
        image: Shape (rows, columns) or (rows, columns, 3), any real type.
        reference: Objects of the reference standard: solid outlines.
        prediction: Objects of the model: dashed outlines; those that no row names (below
            the score threshold) are not drawn.
        outcomes: Rows of ``instances.csv`` of this case.
        spacing_um: Side of a pixel in micrometres; None: no scale bar.
    """
    rows = [row for row in outcomes if row["outcome"] in OUTCOME_STYLES]
    scale = magnification(image.shape[1])
    picture = _enlarged(contrast_stretched(image), scale)
    letters: list[tuple[int, int, OutcomeStyle]] = []
    for objects, column, dashed in (
        (reference, "reference_id", False),
        (prediction, "prediction_id", True),
    ):
        by_id = _outcome_of_ids(rows, column)
        for identifier, top, left, mask in _crops(objects, by_id):
            outcome = by_id[identifier]
            style = OUTCOME_STYLES[outcome]
            thick = _line_px(picture, strong=outcome != "matched")
            _draw_outline(
                picture,
                mask,
                top,
                left,
                scale=scale,
                colour=style.colour,
                thick=thick,
                dashed=dashed,
            )
            if style.letter and (not dashed or outcome == "false_positive"):
                letters.append((*_letter_place(mask, top, left, scale), style))
    return _png(_with_letters(picture, letters, _bar(image.shape[1], scale, spacing_um)))


def _outcome_of_ids(rows: Iterable[Row], column: str) -> dict[int, str]:
    """Return the outcome of each object; one that takes part in a match is matched."""
    outcomes: dict[int, str] = {}
    for row in rows:
        if not row[column]:
            continue
        identifier = int(row[column])
        if outcomes.get(identifier) != "matched":
            outcomes[identifier] = row["outcome"]
    return outcomes


def semantic_overlay(
    image: NDArray[np.generic],
    reference: ClassMap,
    prediction: ClassMap,
    *,
    class_index: int = 1,
    spacing_um: float | None = None,
) -> bytes:
    """Return a PNG of `image` with the difference map of one class.

    Pixels of the class that both mark are outlined, missed pixels are filled, false pixels
    are hatched, and pixels that are not evaluated are darkened.
    """
    scale = magnification(image.shape[1])
    picture = _enlarged(contrast_stretched(image), scale)
    agreed, missed, false = _difference(reference, prediction, class_index)
    if reference.ignored is not None:
        dark = _enlarged(reference.ignored, scale)
        picture[dark] = picture[dark] // 3
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    period = 2 * max(2, _line_px(picture, strong=True))
    hatch = (rows + columns) % period < period // 2
    filled = _enlarged(missed, scale)
    hatched = _enlarged(false, scale)
    _mix(picture, filled, SEMANTIC_STYLES["missed"].colour)
    _mix(picture, hatched & hatch if scale > 1 else hatched, SEMANTIC_STYLES["false"].colour)
    _draw_outline(
        picture,
        agreed,
        0,
        0,
        scale=scale,
        colour=SEMANTIC_STYLES["agreed"].colour,
        thick=1,
        dashed=False,
    )
    return _png(_with_letters(picture, [], _bar(image.shape[1], scale, spacing_um)))


def _difference(
    reference: ClassMap, prediction: ClassMap, class_index: int
) -> tuple[Mask, Mask, Mask]:
    """Return where both mark the class, only the reference, and only the prediction."""
    truth = reference.classes == class_index
    found = prediction.classes == class_index
    if reference.ignored is not None:
        truth = truth & ~reference.ignored
        found = found & ~reference.ignored
    return truth & found, truth & ~found, found & ~truth


# --- pixels ----------------------------------------------------------------------------


def magnification(width_px: int) -> int:
    """Return the whole-number enlargement of an image of this width.

    >>> [magnification(width) for width in (100, 256, 360, 696, 1024)]
    [8, 3, 2, 2, 1]
    """
    return max(1, -(-WIDTH_PX // width_px))


def scale_bar_um(width_px: int, spacing_um: float | None) -> float | None:
    """Return the length of the scale bar: a round number near a sixth of the width.

    >>> scale_bar_um(256, 0.5), scale_bar_um(256, None)
    (20, None)
    """
    if spacing_um is None:
        return None
    longest = width_px * spacing_um / 5
    fitting = [length for length in _BAR_LENGTHS_UM if length <= longest]
    return fitting[-1] if fitting else None


def contrast_stretched(image: NDArray[np.generic]) -> Picture:
    """Return `image` in shades of gray, 8-bit RGB, with its contrast stretched.

    Percentiles 0.5 and 99.8 of the values become black and a light gray, so that outlines
    stand out. Colour images are shown in gray,
    so that no colour of the specimen can be taken for an outline. An image of one value
    comes out black; values that are no numbers count as the lowest.
    """
    values = np.asarray(image, dtype=np.float32)
    if values.ndim == 3:  # noqa: PLR2004 - colour
        values = values[:, :, :3] @ _LUMA if values.shape[2] >= len(_LUMA) else values[:, :, 0]
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros((*values.shape, 3), np.uint8)
    low, high = np.percentile(values[finite], (0.5, 99.8))
    span = high - low if high > low else np.float32(1)
    scaled = np.clip((np.where(finite, values, low) - low) / span, 0, 1) * _BRIGHTEST
    return np.repeat(np.rint(scaled).astype(np.uint8)[:, :, None], 3, axis=2)


def _enlarged(pixels: _Pixels, scale: int) -> _Pixels:
    enlarged: _Pixels = np.repeat(np.repeat(pixels, scale, axis=0), scale, axis=1)
    return enlarged


def _line_px(picture: Picture, *, strong: bool) -> int:
    """Return the thickness of a line that looks alike in pictures of any size."""
    width: int = picture.shape[1]
    return max(1, round(width / (200 if strong else 360)))


def _crops(objects: ObjectSet, wanted: Mapping[int, str]) -> Iterator[tuple[int, int, int, Mask]]:
    """Yield id, top, left and cropped mask of every wanted object."""
    if objects.label_map is not None:
        yield from _crops_of_label_map(objects.label_map, wanted)
        return
    for identifier, rle in zip(objects.ids.tolist(), objects.masks or (), strict=True):
        if identifier in wanted:
            mask = _decoded(rle)
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            if rows.size:
                top, left = int(rows[0]), int(columns[0])
                yield identifier, top, left, mask[top : rows[-1] + 1, left : columns[-1] + 1]


def _decoded(mask: Rle) -> Mask:
    rows, columns = mask["size"]
    lengths = run_lengths(mask)
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape((rows, columns), order="F")


def _crops_of_label_map(
    label_map: NDArray[np.int32], wanted: Mapping[int, str]
) -> Iterator[tuple[int, int, int, Mask]]:
    rows, columns = np.nonzero(label_map)
    labels = label_map[rows, columns]
    present, where = np.unique(labels, return_inverse=True)
    far = np.iinfo(np.int64).max
    boxes = np.full((4, present.size), far)
    for line, positions in enumerate((rows, columns, -rows, -columns)):
        np.minimum.at(boxes[line], where, positions)
    for label, (top, left, bottom, right) in zip(present.tolist(), boxes.T.tolist(), strict=True):
        if label in wanted:
            yield label, top, left, label_map[top : 1 - bottom, left : 1 - right] == label


def _draw_outline(
    picture: Picture,
    mask: Mask,
    top: int,
    left: int,
    *,
    scale: int,
    colour: Colour,
    thick: int,
    dashed: bool,
) -> None:
    """Colour the pixels of the enlarged mask that lie within `thick` of its edge."""
    inside = np.pad(_enlarged(mask, scale), thick).astype(np.uint8)
    kernel = np.ones((2 * thick + 1, 2 * thick + 1), np.uint8)
    edge = (inside > 0) & (cv2.erode(inside, kernel) == 0)
    if dashed:
        edge &= _dashes(edge, period=10 * max(2, thick))
    edge = edge[thick:-thick, thick:-thick]
    rows, columns = top * scale, left * scale
    picture[rows : rows + edge.shape[0], columns : columns + edge.shape[1]][edge] = colour


def _dashes(edge: Mask, period: int) -> Mask:
    """Return where the dashes of an outline fall, going round the middle of the object."""
    rows, columns = np.ogrid[: edge.shape[0], : edge.shape[1]]
    middle_row, middle_column = (edge.shape[0] - 1) / 2, (edge.shape[1] - 1) / 2
    angle = np.arctan2(rows - middle_row, columns - middle_column)
    around = np.pi * (edge.shape[0] + edge.shape[1]) / 2
    dashes = max(4, round(around / period))
    dashed: Mask = np.sin(angle * dashes) > 0
    return dashed


def _letter_place(mask: Mask, top: int, left: int, scale: int) -> tuple[int, int]:
    """Return where the letter goes: inside the object, or beside it where it is small."""
    height, width = mask.shape
    if min(height, width) * scale >= _ROOM_FOR_LETTER:
        return _inner_point(mask, top, left, scale)
    return (left + width) * scale + _ROOM_FOR_LETTER // 3, (2 * top + height) * scale // 2


def _inner_point(mask: Mask, top: int, left: int, scale: int) -> tuple[int, int]:
    """Return x and y, in the picture, of the point of the mask farthest from its edge."""
    padded = np.pad(mask, 1).astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    half = scale // 2
    return (left + int(column) - 1) * scale + half, (top + int(row) - 1) * scale + half


def _mix(picture: Picture, where: Mask, colour: Colour) -> None:
    blended = 0.25 * picture[where] + 0.75 * np.array(colour)
    picture[where] = np.rint(blended).astype(np.uint8)


@dataclass(frozen=True)
class _Bar:
    length_px: int
    text: str


def _bar(width_px: int, scale: int, spacing_um: float | None) -> _Bar | None:
    length = scale_bar_um(width_px, spacing_um)
    if length is None or spacing_um is None:
        return None
    return _Bar(round(length / spacing_um * scale), f"{length:g} um")


def _with_letters(
    picture: Picture, letters: Iterable[tuple[int, int, OutcomeStyle]], bar: _Bar | None
) -> Picture:
    """Return the picture with the outcomes' letters and the scale bar."""
    drawn = Image.fromarray(picture)
    draw = ImageDraw.Draw(drawn)
    size = max(11, round(picture.shape[1] / 40))
    font = ImageFont.load_default(size)
    for x, y, style in _apart(letters, size):
        draw.text(
            (x, y),
            style.letter,
            fill=(255, 255, 255),
            font=font,
            anchor="mm",
            stroke_width=max(1, size // 8),
            stroke_fill=(0, 0, 0),
        )
    if bar is not None:
        _draw_bar(draw, picture.shape[1], picture.shape[0], bar, size)
    return np.asarray(drawn)


def _apart(
    letters: Iterable[tuple[int, int, OutcomeStyle]], size: int
) -> list[tuple[int, int, OutcomeStyle]]:
    """Return the letters with those moved down that would cover another."""
    placed: list[tuple[int, int, OutcomeStyle]] = []
    for x, y, style in letters:
        moved = y
        while any(abs(x - a) < size and abs(moved - b) < size for a, b, _ in placed):
            moved += size
        placed.append((x, moved, style))
    return placed


def _draw_bar(draw: ImageDraw.ImageDraw, width: int, height: int, bar: _Bar, size: int) -> None:
    margin = round(width / 40)
    right, bottom = width - margin, height - margin
    box = (right - bar.length_px, bottom - max(3, size // 4), right, bottom)
    draw.rectangle(box, fill=(255, 255, 255), outline=(0, 0, 0))
    draw.text(
        ((box[0] + box[2]) / 2, box[1] - size // 3),
        bar.text,
        fill=(255, 255, 255),
        font=ImageFont.load_default(size),
        anchor="mb",
        stroke_width=max(1, size // 8),
        stroke_fill=(0, 0, 0),
    )


def _png(picture: Picture) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG", compress_level=6)
    return stream.getvalue()


def legend(kind: Literal["semantic", "instance", "panoptic"]) -> tuple[OutcomeStyle, ...]:
    """Return the styles of the legend of a method's pictures, in order."""
    styles = SEMANTIC_STYLES if kind == "semantic" else OUTCOME_STYLES
    return tuple(styles.values())
