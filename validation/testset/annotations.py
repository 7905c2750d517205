"""What an annotation is: a class a pixel, a set of objects, or both on one map of segments.

Reference standard and prediction have the same three shapes, so that the evidence needs to
know nothing of file formats or models.
"""

from dataclasses import dataclass, replace
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


NUMBERS_A_CLASS = 1000
"""Values of a panoptic map that each class of things has for its objects."""


@dataclass(frozen=True)
class PanopticMap:
    """A class for every pixel, and the segments that the pixels form (panoptic).

    A segment is an object of a class of things, or all pixels of a class of stuff. In a
    reference standard it can also be a region of things that are not told apart; that one is
    ignored, as COCO's crowds are.
    """

    classes: ClassMap
    segments: ObjectSet
    """As a label map without scores. The id of a segment is the value stored: that of the
    class for stuff and for regions not told apart, 1000 times it and more for an object. Pixels
    that are not evaluated belong to none."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.classes.shape

    @property
    def objects(self) -> ObjectSet:
        """Return the objects alone: no stuff, and no region that does not tell them apart."""
        segments = self.segments
        is_object = segments.ids >= NUMBERS_A_CLASS
        label_map = segments.label_map
        if label_map is not None:
            label_map = np.where(label_map >= NUMBERS_A_CLASS, label_map, np.int32(0))
        return replace(
            segments,
            ids=segments.ids[is_object],
            classes=segments.classes[is_object],
            ignored=None,
            label_map=label_map,
        )


Annotation = ClassMap | ObjectSet | PanopticMap
"""What the reference standard marks in an image, or what a model returned for it."""
