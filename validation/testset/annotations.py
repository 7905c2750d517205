"""What an annotation is: a class a pixel, or a set of objects.

Reference standard and prediction have the same two shapes, so that the evidence needs to
know nothing of file formats or models.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rle = dict[str, Any]
"""A run-length mask as pycocotools has it: ``{"size": [rows, columns], "counts": bytes}``."""


@dataclass(frozen=True)
class ClassMap:
    """One class for every pixel (semantic)."""

    classes: NDArray[np.uint8]
    """Index of the class, shape (rows, columns): 0 background, k the k-th class of the
    protocol."""
    ignored: NDArray[np.bool_] | None = None
    """True where a pixel is not evaluated; None: all are. Same shape."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.classes.shape[0], self.classes.shape[1]


@dataclass(frozen=True)
class ObjectSet:
    """Objects of an image, each with an id, a class and a mask (instance).

    The masks are either one label map (objects that do not overlap) or one RLE each;
    exactly one of the two is given. Objects are ordered by id.
    """

    shape: tuple[int, int]
    """Rows and columns of the image."""
    ids: NDArray[np.int64]
    """Id of each object, positive, unique, rising; shape (n,)."""
    classes: NDArray[np.int64]
    """Index of each object's class, 1 for the first of the protocol; shape (n,)."""
    scores: NDArray[np.float64] | None = None
    """Confidence of each object in [0, 1]; None for a reference standard; shape (n,)."""
    ignored: NDArray[np.bool_] | None = None
    """True for reference regions that are neither to be found nor to be penalised (COCO's
    crowds); None: there are none; shape (n,)."""
    label_map: NDArray[np.int32] | None = None
    """Object id of each pixel, 0 background; shape (rows, columns)."""
    masks: tuple[Rle, ...] | None = None
    """One run-length mask an object."""

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self.ids)
