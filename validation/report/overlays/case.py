"""The picture of one case: its image in gray, and the outlines that are drawn over it.

Pure functions of arrays: nothing here reads a file or a clock, and the same arrays give the
same picture and the same outlines.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from validation.plan.protocol import Protocol
from validation.record import digest
from validation.report.contents import Overlay, Row
from validation.report.formatting import number, plural
from validation.report.overlays.choice import Shown
from validation.report.overlays.drawn import Source, difference, object_outlines, pixel_outlines
from validation.report.overlays.pixels import (
    Mask,
    contrast_stretched,
    darkened,
    png,
    reduced,
    reduction,
)
from validation.report.overlays.styles import OUTCOME_STYLES
from validation.testset.annotations import Annotation, ClassMap, ObjectSet, PanopticMap

LONGEST_PX = 1024
"""Longest side of the picture of a worst case: two a line, 300 dots an inch."""
LONGEST_OF_MANY_PX = 512
"""Longest side of the other pictures: three a line, 250 dots an inch."""

_PARTS, _PARTS_OF_MANY = 512, 340
"""Parts of the longest side, each 0.15 mm in print, by which outlines are simplified."""


def overlay_for_case(  # noqa: PLR0917 - the parts of a case, in the order of the path
    image: NDArray[np.generic],
    reference: Annotation,
    prediction: Annotation | None,
    instance_rows: Sequence[Row],
    protocol: Protocol,
    shown: Shown,
) -> tuple[Overlay, bytes]:
    """Return the entry of a case in the index of overlays, and its picture as PNG.

    Args:
        image: The case's image as decoded, shape (rows, columns) or (rows, columns, 3).
        reference: What the reference standard marks; of a panoptic map the objects are drawn.
        prediction: What the model returned; None where it failed (drawn as empty).
        instance_rows: Rows of ``instances.csv`` of this case; empty for semantic protocols.
        protocol: For the classes and the pixel spacing.
        shown: The case, and why it is shown.

    Raises:
        ValueError: Reference and prediction are not of the same kind.
    """
    if isinstance(reference, PanopticMap):
        reference = reference.objects
    if isinstance(prediction, PanopticMap):
        prediction = prediction.objects
    shape = (image.shape[0], image.shape[1])
    by = reduction(shape, LONGEST_PX if shown.is_worst else LONGEST_OF_MANY_PX)
    parts = _PARTS if shown.is_worst else _PARTS_OF_MANY
    ignored = None
    if isinstance(reference, ObjectSet):
        found = _objects_or_none(prediction, reference)
        outlines, within = object_outlines(
            reference, found, instance_rows, shown.listed, parts=parts
        )
        caption = _caption_of_objects(instance_rows)
    else:
        ignored = reference.ignored
        class_name = shown.class_name or protocol.class_names()[0]
        index = protocol.class_names().index(class_name) + 1
        masks = difference(reference, _class_map_or_none(prediction, reference), index)
        outlines, within = pixel_outlines(masks, parts=parts)
        caption = _caption_of_pixels(masks, class_name)
    picture = png(reduced(darkened(contrast_stretched(image), ignored), by))
    overlay = Overlay(
        file=f"{shown.case_id}.png",
        digest=digest(picture),
        case_id=shown.case_id,
        is_worst=shown.is_worst,
        width_px=shape[1],
        height_px=shape[0],
        reduction=by,
        spacing_um=protocol.test_set.pixel_spacing_um,
        caption=caption,
        rank_reason=shown.reason,
        within_px=within,
        outlines=outlines,
    )
    return overlay, picture


# --- words -------------------------------------------------------------------------------


def _caption_of_objects(rows: Iterable[Row]) -> str:
    outcomes = [row["outcome"] for row in rows]
    parts = [
        f"{number(outcomes.count(outcome))} {style.word}"
        for outcome, style in OUTCOME_STYLES.items()
        if outcomes.count(outcome)
    ]
    return ", ".join(parts) or "no objects"


def _caption_of_pixels(parts: Mapping[Source, Mask], class_name: str) -> str:
    agreed, missed, false = (int(part.sum()) for part in parts.values())
    return (
        f"{class_name}: {plural(agreed, 'pixel')} agreed, {number(missed)} missed, "
        f"{number(false)} false"
    )


# --- kinds -------------------------------------------------------------------------------


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
