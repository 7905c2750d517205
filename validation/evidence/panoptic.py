"""Panoptic quality of things and stuff, from the tables of both kinds of evidence.

A thing is an object with an id, counted as `validation.evidence.instance` counts it. Stuff has
no objects: in each image the pixels of a class are one segment, so what is needed of it stands
in the confusion table: pixels in reference, in prediction, and in both. A segment of stuff is
matched when its IoU over the evaluated pixels is above 0.5 (Kirillov et al., CVPR 2019). What
is predicted where nothing is evaluated counts for nothing; the authors' code drops a false
segment only when more than half of it lies there.

These figures are not in the catalogue yet: there is no panoptic protocol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from validation.evidence.overlap import ConfusionTable
from validation.evidence.ratios import Floats, Integers, Ratio
from validation.evidence.semantic import class_pixels

_ABOVE = 0.5
_ABSENT = "a class has no segment in reference or prediction"


@dataclass(frozen=True)
class SegmentCounts:
    """What became of the segments of a class, by case."""

    matched: Integers
    missed: Integers
    false_positives: Integers
    iou_sum: Floats
    """Sum of the IoU of the matched pairs."""

    @property
    def part(self) -> tuple[Floats, Floats]:
        """Numerator and denominator of panoptic quality, by case."""
        return self.iou_sum, self.matched + (self.missed + self.false_positives) / 2


def stuff_counts(tables: Sequence[ConfusionTable], class_index: int) -> SegmentCounts:
    """Return what became of the one segment of a stuff class in each case.

    Args:
        tables: Confusions of the cases.
        class_index: Index of the class, 1 for the first of the protocol.

    >>> table = ConfusionTable("c", np.array([[5, 1], [1, 3]]), 0)
    >>> stuff_counts([table], 1).iou_sum.tolist()
    [0.6]
    """
    pixels = class_pixels(tables, class_index)
    union = pixels.union
    iou = np.divide(pixels.true_positive, union, out=np.zeros(len(union)), where=union > 0)
    is_matched = 2 * pixels.true_positive > union
    return SegmentCounts(
        matched=is_matched.astype(np.int64),
        missed=((pixels.reference > 0) & ~is_matched).astype(np.int64),
        false_positives=((pixels.prediction > 0) & ~is_matched).astype(np.int64),
        iou_sum=np.where(is_matched, iou, 0.0),
    )


def panoptic_figures(
    things: Mapping[str, SegmentCounts], stuff: Mapping[str, SegmentCounts]
) -> tuple[Ratio, ...]:
    """Return panoptic quality by class, and its mean over things, over stuff and over both.

    A mean is undefined when one of its classes has no segment at all: a mean over the others
    would be another figure.

    Args:
        things: What became of the objects of each thing class, at an IoU above 0.5.
        stuff: What became of the segments of each stuff class; no name is in both.

    Raises:
        ValueError: A class is given as thing and as stuff.
    """
    both = set(things) & set(stuff)
    if both:
        raise ValueError(f"classes are things and stuff: {', '.join(sorted(both))}")
    every = {**things, **stuff}
    means = {
        "panoptic_quality_mean": every,
        "panoptic_quality_things": things,
        "panoptic_quality_stuff": stuff,
    }
    return (
        *(
            Ratio(metric, tuple(one.part for one in of.values()), _segments(of), _ABSENT)
            for metric, of in means.items()
            if of
        ),
        *(
            Ratio(
                "panoptic_quality",
                (one.part,),
                _segments({name: one}),
                "no segment of the class in reference or prediction",
                class_name=name,
            )
            for name, one in every.items()
        ),
    )


def _segments(counts: Mapping[str, SegmentCounts]) -> int:
    """Return the number of reference segments."""
    return sum(int((one.matched + one.missed).sum()) for one in counts.values())
