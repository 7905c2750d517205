"""From a network's output to classes or objects: pure functions of arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from validation.plan.protocol import (
    ArgmaxPostprocess,
    ThresholdPostprocess,
    WatershedPostprocess,
)
from validation.testset.annotations import ClassMap, ObjectSet

Postprocess = ThresholdPostprocess | ArgmaxPostprocess | WatershedPostprocess

_SLACK = 1e-4
"""Least distance from [0, 1] at which a value is no probability: single precision rounds."""


def prediction_of(
    output: NDArray[np.float32], rule: Postprocess, class_names: Sequence[str]
) -> ClassMap | ObjectSet:
    """Return the classes or objects of one network output.

    Args:
        output: Finite values, shape (channels, rows, columns), cropped to the image.
        rule: Which post-processing, with its parameters.
        class_names: The protocol's classes, in order.

    Raises:
        ValueError: The output has too few channels, or holds values that are no
            probabilities where the rule needs them.
    """
    if isinstance(rule, ArgmaxPostprocess):
        return largest_channel(output, rule, class_names)
    if isinstance(rule, ThresholdPostprocess):
        return above_threshold(output, rule, class_names)
    return watershed_objects(output, rule, class_names)


def above_threshold(
    output: NDArray[np.float32], rule: ThresholdPostprocess, class_names: Sequence[str]
) -> ClassMap:
    """Return the class where its probability exceeds the threshold."""
    probability = _probability(output, rule.channel)
    mask = (1 - probability if rule.complement else probability) > rule.threshold
    if rule.fill_holes:
        mask = scipy.ndimage.binary_fill_holes(mask)
    index = class_names.index(rule.class_name) + 1
    return ClassMap(np.where(mask, np.uint8(index), np.uint8(0)))


def largest_channel(
    output: NDArray[np.float32], rule: ArgmaxPostprocess, class_names: Sequence[str]
) -> ClassMap:
    """Return the class of the channel with the largest value; of equal ones, the first."""
    if output.shape[0] != len(rule.channel_classes):
        raise ValueError(
            f"the output has {output.shape[0]} channels; the protocol names "
            f"{len(rule.channel_classes)} channel_classes"
        )
    names = ("background", *class_names)
    index = np.array([names.index(name) for name in rule.channel_classes], np.uint8)
    return ClassMap(index[np.argmax(output, axis=0)])


def watershed_objects(
    output: NDArray[np.float32], rule: WatershedPostprocess, class_names: Sequence[str]
) -> ObjectSet:
    """Return objects by distance transform and watershed.

    Foreground is where 1 - p(background) exceeds the threshold, holes filled. Its distance
    transform is smoothed; the peaks of it, with a least distance, are the markers from which
    the watershed floods p(interior) plus a share of the distance. Small objects are dropped,
    the others numbered from 1. The score of an object is its mean p(interior).
    """
    background = _probability(output, rule.background_channel)
    interior = _probability(output, rule.interior_channel)
    foreground = scipy.ndimage.binary_fill_holes(1 - background > rule.foreground_threshold)
    labels = _flooded(foreground, interior, rule)
    labels = _without_small(labels, rule.minimum_area_px)
    ids = np.arange(1, int(labels.max(initial=0)) + 1, dtype=np.int64)
    return ObjectSet(
        shape=(labels.shape[0], labels.shape[1]),
        ids=ids,
        classes=np.full(len(ids), class_names.index(rule.class_name) + 1, np.int64),
        scores=_mean_in_objects(interior, labels, len(ids)),
        label_map=labels,
    )


def _flooded(
    foreground: NDArray[np.bool_], interior: NDArray[np.float32], rule: WatershedPostprocess
) -> NDArray[Any]:
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    if not foreground.any():
        return np.zeros(foreground.shape, np.int32)
    distance = scipy.ndimage.gaussian_filter(_distance(foreground), rule.distance_sigma_px)
    components, _ = scipy.ndimage.label(foreground)
    peaks = peak_local_max(  # type: ignore[no-untyped-call]
        distance, min_distance=rule.peak_distance_px, labels=components, exclude_border=False
    )
    markers = np.zeros(foreground.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    relief = -(interior + rule.distance_weight * distance)
    flooded: NDArray[Any] = watershed(  # type: ignore[no-untyped-call]
        relief, markers, mask=foreground
    )
    return flooded


def _distance(foreground: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the distance of each foreground pixel to the background, in pixels."""
    if foreground.all():
        # There is no background to be distant from; the image's border stands for it.
        framed = np.pad(foreground, 1)
        return np.asarray(scipy.ndimage.distance_transform_edt(framed))[1:-1, 1:-1]
    return np.asarray(scipy.ndimage.distance_transform_edt(foreground))


def _without_small(labels: NDArray[Any], minimum_area_px: int) -> NDArray[np.int32]:
    areas = np.bincount(labels.ravel())
    kept = areas >= max(minimum_area_px, 1)
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    renumbered: NDArray[np.int32] = numbers[labels]
    return renumbered


def _mean_in_objects(
    values: NDArray[np.float32], labels: NDArray[np.int32], count: int
) -> NDArray[np.float64]:
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    sums = np.bincount(labels.ravel(), weights=values.ravel(), minlength=count + 1)[1:]
    return np.clip(sums / areas, 0.0, 1.0)


def _probability(output: NDArray[np.float32], channel: int) -> NDArray[np.float32]:
    if channel >= output.shape[0]:
        raise ValueError(
            f"the output has {output.shape[0]} channels; the protocol names channel {channel}"
        )
    values: NDArray[np.float32] = output[channel]
    lowest, highest = float(values.min()), float(values.max())
    if lowest < -_SLACK or highest > 1 + _SLACK:
        raise ValueError(
            f"channel {channel} of the output holds {lowest:.6g} to {highest:.6g}, which are no "
            "probabilities"
        )
    return values
