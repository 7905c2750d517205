"""Panoptic quality: how well the segments of things and stuff were found and outlined.

A segment is an object of a class of things, or all pixels of a class of stuff in an image; both
are counted alike (Kirillov et al., Panoptic segmentation, CVPR 2019). A reference and a
predicted segment of one class are matched when their IoU over the evaluated pixels is above
0.5, so that no segment can have two partners and no rule of pairing is needed. A segment of the
reference without a partner is missed. A predicted one is false, unless more than half of it lies
in void or in an ignored region of its class: then it counts for nothing (the authors' code,
panopticapi). Void is in no area, and so in no IoU.

Quality is recognition times segmentation, PQ = RQ · SQ, for each class over all images; over
things, stuff or both it is the mean of the classes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from validation.evidence.object_pool import ObjectPool
from validation.evidence.pooled_outcomes import exact_sums
from validation.evidence.ratios import Count, Figure, Floats, Integers, Ratio

_Part = tuple[Floats, Floats]

_NO_SEGMENT = "no segment of the class in reference or prediction"
_NO_MATCH = "no matched segment of the class"


@dataclass(frozen=True)
class SegmentCounts:
    """What became of the segments, each array of shape (cases, classes)."""

    matched: Integers
    missed: Integers
    false_positives: Integers
    iou_sum: Floats
    """Sum of the IoU of the matched pairs, exactly rounded."""

    @property
    def weight(self) -> Floats:
        """TP + FP / 2 + FN / 2: the denominator of panoptic and recognition quality."""
        weight: Floats = self.matched + (self.missed + self.false_positives) / 2
        return weight

    def of(self, members: Integers, class_position: int) -> "SegmentCounts":
        """Return the counts of one class in some of the cases, each of shape (cases,)."""
        return SegmentCounts(
            self.matched[members, class_position],
            self.missed[members, class_position],
            self.false_positives[members, class_position],
            self.iou_sum[members, class_position],
        )


class _Quality(NamedTuple):
    metric: str
    part: Callable[[SegmentCounts], _Part]
    undefined: str


_QUALITIES = (
    _Quality("pq", lambda one: (one.iou_sum, one.weight), _NO_SEGMENT),
    _Quality("sq", lambda one: (one.iou_sum, one.matched.astype(np.float64)), _NO_MATCH),
    _Quality("rq", lambda one: (one.matched.astype(np.float64), one.weight), _NO_SEGMENT),
)


def segment_counts(pool: ObjectPool) -> SegmentCounts:
    """Return what became of the segments of each class in each case.

    Args:
        pool: All segments, those of stuff among them; segments of one map do not overlap.
    """
    reference, prediction, shared_px = pool.pairs
    union_px = (
        pool.references.areas_px[reference] + pool.predictions.areas_px[prediction] - shared_px
    )
    # In whole numbers, so that an IoU of exactly one half is not above it.
    is_matched = ~pool.is_ignored[reference] & (2 * shared_px > union_px)
    is_free = np.ones(len(pool.scores), bool)
    is_free[prediction[is_matched]] = False
    group = pool.group_of_reference[reference[is_matched]]
    count = pool.by_case_and_class
    matched = count(group)
    return SegmentCounts(
        matched=matched,
        missed=count(pool.group_of_reference[~pool.is_ignored]) - matched,
        false_positives=count(pool.group_of_prediction[is_free & ~pool.is_excused]),
        iou_sum=exact_sums(
            shared_px[is_matched] / union_px[is_matched], group, matched.size
        ).reshape(matched.shape),
    )


def panoptic_figures(
    counts: SegmentCounts,
    members: Integers,
    class_names: Sequence[str],
    thing_names: Sequence[str],
) -> list[Figure]:
    """Return PQ, SQ and RQ by class, and their means over things, over stuff and over all.

    A mean is undefined when one of its classes has no value: a mean over the others would be
    another figure.

    Args:
        counts: What became of the segments of all cases.
        members: Positions of the cases that are looked at.
        class_names: Every class of the protocol, in order.
        thing_names: Those of them that are things; the others are stuff.
    """
    every = {name: counts.of(members, number) for number, name in enumerate(class_names)}
    things = {name: one for name, one in every.items() if name in thing_names}
    stuff = {name: one for name, one in every.items() if name not in thing_names}
    figures: list[Figure] = []
    for quality in _QUALITIES:
        for ending, some in (("all", every), ("things", things), ("stuff", stuff)):
            if some:
                figures.append(_mean(quality, f"{quality.metric}_{ending}", some))
        for name, one in every.items():
            figures.append(_of_class(quality, name, one))
    for name, one in every.items():
        figures.extend(_sums(name, one))
    return figures


def _of_class(quality: _Quality, name: str, one: SegmentCounts) -> Ratio:
    n = _sample(quality, one)
    return Ratio(quality.metric, (quality.part(one),), n, quality.undefined, class_name=name)


def _mean(quality: _Quality, metric: str, classes: dict[str, SegmentCounts]) -> Ratio:
    parts = {name: quality.part(one) for name, one in classes.items()}
    without = [name for name, (_, below) in parts.items() if not below.any()]
    return Ratio(
        metric,
        tuple(parts.values()),
        sum(_sample(quality, one) for one in classes.values()),
        "; ".join(f"{name}: {quality.undefined}" for name in without),
    )


def _sample(quality: _Quality, one: SegmentCounts) -> int:
    """Return the number of segments a figure rests on: matched ones, or those to be found."""
    found = int(one.matched.sum())
    return found if quality.metric == "sq" else found + int(one.missed.sum())


def _sums(name: str, one: SegmentCounts) -> Iterator[Count]:
    for metric, values in (
        ("matched_segments", one.matched),
        ("missed_segments", one.missed),
        ("false_positive_segments", one.false_positives),
    ):
        yield Count(metric, int(values.sum()), len(values), name)
