"""The outlines that are drawn over a case: its objects by outcome, or the pixels of a class.

Outlines follow the sides of pixels, simplified by what cannot be seen in print. Where there
would be more corners than a page can carry they are simplified further, and say by how much.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from validation.report.contents import Outline, Row
from validation.report.overlays.outlines import Ring, crops, path_data, rings, simplified
from validation.report.overlays.pixels import Mask
from validation.report.overlays.styles import OUTCOME_STYLES
from validation.testset.annotations import ClassMap, ObjectSet

Source = Literal["reference", "prediction", "both"]

_SOURCES: tuple[Source, ...] = ("reference", "prediction")

_MOST_CORNERS = 40_000
"""Corners of the outlines of a picture."""
_MOST_RAGGED = 100_000
"""Corners of the masks of a picture before they are simplified."""
_COARSEST_PX = 16
_CHANGES_NOTHING = 0.3


@dataclass(frozen=True)
class _Drawn:
    """An object and the edges of it."""

    source: Source
    object_id: int
    outcome: str
    edges: list[Ring]


def object_outlines(
    reference: ObjectSet,
    prediction: ObjectSet,
    rows: Sequence[Row],
    listed: frozenset[str],
    *,
    parts: int,
) -> tuple[tuple[Outline, ...], float]:
    """Return the outlines of objects, and how far these may be from the sides of pixels.

    They are in the order of outcomes, those of the reference first. Predictions that no row
    names (below the score threshold) have none.

    Args:
        reference: Objects of the reference standard.
        prediction: Objects of the model.
        rows: Rows of ``instances.csv`` of the case.
        listed: Ids of matched reference objects that the report lists.
        parts: Outlines are simplified by this part of the longest side of the image.
    """
    outcomes = outcomes_of_objects(rows)
    drawn = [
        *_drawn("reference", reference, outcomes),
        *_drawn("prediction", prediction, outcomes),
    ]
    drawn.sort(key=lambda one: list(OUTCOME_STYLES).index(one.outcome))
    fewer, within = _simplified([one.edges for one in drawn], max(reference.shape) / parts)
    outlines = (
        Outline(
            source=one.source,
            outcome=one.outcome,
            object_id=one.object_id,
            is_listed=one.source == "reference" and str(one.object_id) in listed,
            path=path_data(edges),
        )
        for one, edges in zip(drawn, fewer, strict=True)
    )
    return tuple(outlines), within


def _drawn(
    source: Source, objects: ObjectSet, outcomes: Mapping[tuple[Source, int], str]
) -> list[_Drawn]:
    own = {identifier: outcome for (by, identifier), outcome in outcomes.items() if by == source}
    return [
        _Drawn(source, identifier, own[identifier], rings(mask, top, left))
        for identifier, top, left, mask in crops(objects, own)
    ]


def outcomes_of_objects(rows: Iterable[Row]) -> dict[tuple[Source, int], str]:
    """Return the outcome of each object of a case that is drawn, by who marked it and its id.

    An object that takes part in a match is matched.

    Args:
        rows: Rows of ``instances.csv`` of the case.
    """
    outcomes: dict[tuple[Source, int], str] = {}
    for row in rows:
        if row["outcome"] not in OUTCOME_STYLES:
            continue
        for source in _SOURCES:
            if not row[f"{source}_id"]:
                continue
            named = (source, int(row[f"{source}_id"]))
            if outcomes.get(named) != "matched":
                outcomes[named] = row["outcome"]
    return outcomes


def _simplified(every: Sequence[Sequence[Ring]], by_px: float) -> tuple[list[list[Ring]], float]:
    """Return edges with fewer corners; of small images, whose pixels are large, all of them."""
    within = min(1.0, by_px)
    within = 0.0 if within < _CHANGES_NOTHING else within
    while True:
        fewer = [[simplified(ring, within) for ring in edges] for edges in every]
        corners = sum(len(ring) for edges in fewer for ring in edges)
        if corners <= _MOST_CORNERS or within >= _COARSEST_PX:
            return fewer, within
        within = max(1.0, 2 * within)


# --- pixels of a class -------------------------------------------------------------------


def difference(reference: ClassMap, prediction: ClassMap, class_index: int) -> dict[Source, Mask]:
    """Return where both mark the class, only the reference, and only the prediction."""
    truth: Mask = np.equal(reference.classes, class_index)
    found: Mask = np.equal(prediction.classes, class_index)
    if reference.ignored is not None:
        truth = truth & ~reference.ignored
        found = found & ~reference.ignored
    return {"both": truth & found, "reference": truth & ~found, "prediction": found & ~truth}


_OUTCOMES: Mapping[Source, str] = {
    "both": "agreed",
    "reference": "missed_pixels",
    "prediction": "false_pixels",
}


def pixel_outlines(
    masks: Mapping[Source, Mask], *, parts: int
) -> tuple[tuple[Outline, ...], float]:
    """Return the outlines of a difference map, and how far these may be from the sides of pixels.

    Where masks are so ragged that there would be too many corners, squares of pixels are
    outlined: a square is drawn if any of its pixels is, so that no difference vanishes.

    Args:
        masks: The difference map.
        parts: Outlines are simplified by this part of the longest side of the image.
    """
    side = 1
    while sum(map(_corner_count, masks.values())) > _MOST_RAGGED and side < _COARSEST_PX:
        side *= 2
        masks = {source: _halved(mask) for source, mask in masks.items()}
    drawn = {source: rings(mask) for source, mask in masks.items() if mask.any()}
    longest = max(max(mask.shape) for mask in masks.values())
    fewer, within = _simplified([*drawn.values()], longest / parts)
    outlines = (
        Outline(
            source=source,
            outcome=_OUTCOMES[source],
            path=path_data([ring * side for ring in edges]),
        )
        for source, edges in zip(drawn, fewer, strict=True)
    )
    return tuple(outlines), within * side + (side if side > 1 else 0)


def _corner_count(mask: Mask) -> int:
    """Return how many corners the edges of a mask have."""
    padded: Mask = np.pad(mask, 1)
    across: Mask = padded[:, 1:] ^ padded[:, :-1]
    down: Mask = padded[1:] ^ padded[:-1]
    turns = (across[1:] ^ across[:-1]) | (across[1:] & across[:-1] & down[:, 1:] & down[:, :-1])
    return int(turns.sum())


def _halved(mask: Mask) -> Mask:
    """Return a mask of squares of two by two pixels, set where any of them is."""
    rows, columns = (side % 2 for side in mask.shape)
    padded = np.pad(mask, ((0, rows), (0, columns)))
    squares = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2)
    return np.asarray(squares.any(axis=(1, 3)), dtype=np.bool_)
