"""Masks as outlines: paths along the edges of pixels, in the pixels of the image.

A path is SVG path data of whole numbers with the commands M, l, h, v and z alone, so that a
stored outline can be checked by a pattern and drawn anywhere.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from validation.evidence.run_lengths import run_lengths
from validation.report.overlays.pixels import Mask
from validation.testset.annotations import ObjectSet, Rle

Ring = NDArray[np.int64]
"""Corners of a closed line as (column, row), shape (n, 2)."""
Point = tuple[int, int]

_STEP = re.compile(r"([Mlhv])(-?\d+)(?:[ ]?(-?\d+))?")


def rings(mask: Mask, top: int = 0, left: int = 0) -> list[Ring]:
    """Return the edges of a mask and of the holes in it, along the sides of its pixels.

    Args:
        mask: Shape (rows, columns).
        top: Row of the image at which the mask begins.
        left: Column of the image at which the mask begins.
    """
    # In a mask enlarged twice the pixels of an edge tell on which side of them it lies.
    twice = np.repeat(np.repeat(mask.astype(np.uint8), 2, axis=0), 2, axis=1)
    found, _ = cv2.findContours(twice, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    corner = np.array((left, top), np.int64)
    return [_corners(one[:, 0, :].astype(np.int64)) + corner for one in found]


def _corners(contour: Ring) -> Ring:
    sides = (contour + 1) // 2
    return sides[np.any(sides != np.roll(sides, 1, axis=0), axis=1)]


def simplified(ring: Ring, within_px: float) -> Ring:
    """Return a ring with fewer corners, none of its points farther than `within_px` away."""
    if within_px == 0:
        return ring
    fewer = cv2.approxPolyDP(ring.astype(np.int32), within_px, closed=True)[:, 0, :]
    return fewer.astype(np.int64) if len(fewer) > 2 else ring  # noqa: PLR2004 - a line is no ring


def path_data(edges: Sequence[Ring]) -> str:
    """Return rings as the data of one path.

    >>> path_data(rings(np.array([[True, True], [True, False]])))
    'M0 0v2h1v-1h1v-1z'
    """
    return "".join(map(_closed, edges))


def _closed(ring: Ring) -> str:
    (column, row), *_ = ring.tolist()
    steps = "".join(map(_step, np.diff(ring, axis=0).tolist()))
    return f"M{column} {row}{steps}z"


def _step(move: Sequence[int]) -> str:
    right, down = move
    if down == 0:
        return f"h{right}"
    if right == 0:
        return f"v{down}"
    return f"l{right}{down}" if down < 0 else f"l{right} {down}"


def points_of(path: str) -> list[Point]:
    """Return the corners of a path, of all its rings.

    >>> points_of("M5 7h3l-2 4z")
    [(5, 7), (8, 7), (6, 11)]
    """
    found: list[Point] = []
    for command, first, second in _STEP.findall(path):
        x, y = found[-1] if found else (0, 0)
        if command == "M":
            found.append((int(first), int(second)))
        elif command == "l":
            found.append((x + int(first), y + int(second)))
        else:
            found.append((x + int(first), y) if command == "h" else (x, y + int(first)))
    return found


# --- the masks of objects ----------------------------------------------------------------


def crops(objects: ObjectSet, wanted: Mapping[int, str]) -> Iterator[tuple[int, int, int, Mask]]:
    """Yield id, top, left and cropped mask of every wanted object, by id."""
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
