"""The border pixels of objects, from label maps or run-length masks, each in its own crop.

A border pixel of an object is a pixel of it of whose four neighbours one is not of it, or lies
off the image.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from validation.evidence.border_distances import Places
from validation.evidence.run_lengths import box_of_runs, run_lengths
from validation.evidence.surface import border_flags
from validation.testset.annotations import ObjectSet, Rle


def object_borders(objects: ObjectSet, chosen: Sequence[int]) -> list[Places]:
    """Return the border pixels of some objects, as positions in the flattened image, rising.

    Args:
        objects: Objects of an image.
        chosen: Positions of those that are asked for.

    >>> label_map = np.array([[7, 7, 7], [7, 7, 7], [7, 7, 7]], np.int32)
    >>> one = np.array([7]), np.array([1])
    >>> object_borders(ObjectSet((3, 3), *one, label_map=label_map), [0])[0].tolist()
    [0, 1, 2, 3, 5, 6, 7, 8]
    """
    if not len(chosen):
        return []
    if objects.label_map is not None:
        return _of_label_map(objects.label_map, objects.ids[list(chosen)])
    masks = objects.masks or ()
    return [_of_mask(masks[one]) for one in chosen]


def _of_label_map(label_map: NDArray[np.int32], ids: NDArray[np.int64]) -> list[Places]:
    places = np.flatnonzero(border_flags(label_map, None))
    of_place = label_map.ravel()[places]
    order = np.argsort(of_place, kind="stable")
    first, last = (np.searchsorted(of_place[order], ids, side) for side in ("left", "right"))
    return [
        places[order[start:stop]] for start, stop in zip(first.tolist(), last.tolist(), strict=True)
    ]


def _of_mask(mask: Rle) -> Places:
    rows, columns = mask["size"]
    lengths = run_lengths(mask)
    box = box_of_runs(lengths, rows)
    down = _places_down_the_columns(lengths)
    # A frame of background: what ends at the crop ends there, or the image does.
    crop = np.zeros((box.height + 2, box.width + 2), bool)
    crop[down % rows - box.y + 1, down // rows - box.x + 1] = True
    inner = crop[:-2, 1:-1] & crop[2:, 1:-1] & crop[1:-1, :-2] & crop[1:-1, 2:]
    row, column = np.nonzero(crop[1:-1, 1:-1] & ~inner)
    places: Places = (row + box.y) * columns + column + box.x
    return places


def _places_down_the_columns(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pixels of a mask, counted down the columns."""
    ends, own = np.cumsum(lengths)[1::2], lengths[1::2]
    before = np.cumsum(own) - own
    return np.repeat(ends - own - before, own) + np.arange(int(own.sum()))
