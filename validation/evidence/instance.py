"""Figures from overlap tables: how many objects were found, how well, and what went wrong.

For a class, over its reference objects that are not ignored and its predicted objects at the
operating point that are not absorbed by an ignored region: TP pairs, FP predictions without a
partner, FN reference objects without one. Size strata go by the area of the reference object,
as in `validation.evidence.coco_statistics`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from validation.evidence.agreement import count_figures
from validation.evidence.coco_statistics import AREA_RANGES_PX, SIZES
from validation.evidence.object_pool import ObjectPool
from validation.evidence.pooled_outcomes import (
    OUTCOMES,
    PooledOutcomes,
    exact_sums,
    pooled_outcomes,
    thresholds,
)
from validation.evidence.ratios import Count, Figure, Floats, Integers, Ratio, ratio
from validation.plan.protocol import Matching

NO_REFERENCE = "no reference object of the class"


@dataclass(frozen=True)
class PairCounts:
    """Pairs at one IoU threshold, each array of shape (cases, classes)."""

    matched: Integers
    missed: Integers
    false_positives: Integers
    iou_sum: Floats
    """Sum of the IoU of the pairs, exactly rounded."""
    dice_sum: Floats
    """Sum of the Dice coefficients of the pairs, exactly rounded."""
    matched_by_size: Integers
    """Shape (cases, classes, sizes); the first size is all."""


@dataclass(frozen=True)
class ObjectCounts:
    """What became of the objects, counted by case and class; shape (cases, classes)."""

    outcomes: PooledOutcomes
    pairs: dict[float, PairCounts]
    """By IoU threshold."""
    references: Integers
    """Reference objects that are not ignored."""
    references_by_size: Integers
    """Shape (cases, classes, sizes)."""
    predictions: Integers
    """Predicted objects at the operating point that are not absorbed."""
    of_outcome: dict[str, Integers]
    """Reference objects with each outcome."""
    false_positives: Integers
    merge_events: Integers
    split_events: Integers
    merged: Integers
    """Reference objects that are in a merge, matched or not."""
    absorbed: Integers
    below_threshold: Integers
    """Predictions left out because they score below the operating point."""
    beyond_limit: Integers
    """Predictions that average precision does not look at (trap of crowded images)."""


def object_counts(pool: ObjectPool, rule: Matching) -> ObjectCounts:
    """Return what became of the objects of each class in each case, at every IoU threshold.

    Args:
        pool: The objects.
        rule: The protocol's rule of pairing.
    """
    outcomes = pooled_outcomes(pool, rule)
    of_reference, of_prediction = pool.group_of_reference, pool.group_of_prediction
    count = pool.by_case_and_class
    is_regular = ~pool.is_ignored
    references = count(of_reference[is_regular])
    merging = np.unique(pool.pairs.prediction[outcomes.merges])
    merged = np.unique(pool.pairs.reference[outcomes.merges])
    split = np.unique(pool.pairs.reference[outcomes.splits])
    return ObjectCounts(
        outcomes=outcomes,
        pairs={
            threshold: _pair_counts(outcomes, cell, references)
            for cell, threshold in enumerate(thresholds(rule))
        },
        references=references,
        references_by_size=_by_size(pool, np.flatnonzero(is_regular)),
        predictions=count(of_prediction[outcomes.is_used & ~outcomes.is_absorbed]),
        of_outcome={
            name: count(of_reference[outcomes.of_references == number])
            for number, name in enumerate(OUTCOMES)
        },
        false_positives=count(of_prediction[outcomes.is_false_positive]),
        merge_events=count(of_prediction[merging]),
        split_events=count(of_reference[split]),
        merged=count(of_reference[merged]),
        absorbed=count(of_prediction[outcomes.is_absorbed]),
        below_threshold=count(of_prediction[~outcomes.is_used]),
        beyond_limit=count(of_prediction[pool.rank >= rule.maximum_detections]),
    )


def _pair_counts(outcomes: PooledOutcomes, cell: int, references: Integers) -> PairCounts:
    pool, pairs = outcomes.pool, outcomes.pairing.pairs_at(cell)
    reference, prediction = pool.pairs.reference[pairs], pool.pairs.prediction[pairs]
    group = pool.group_of_reference[reference]
    matched = pool.by_case_and_class(group)
    counted = outcomes.is_used & ~outcomes.pairing.absorbed_at(cell)
    iou = pool.iou[pairs]
    areas = pool.references.areas_px[reference] + pool.predictions.areas_px[prediction]
    dice = 2 * pool.pairs.shared_px[pairs] / areas
    return PairCounts(
        matched=matched,
        missed=references - matched,
        false_positives=pool.by_case_and_class(pool.group_of_prediction[counted]) - matched,
        iou_sum=exact_sums(iou, group, references.size).reshape(references.shape),
        dice_sum=exact_sums(dice, group, references.size).reshape(references.shape),
        matched_by_size=_by_size(pool, reference),
    )


def _by_size(pool: ObjectPool, references: Integers) -> Integers:
    """Return how many of some reference objects are of each size; (cases, classes, sizes)."""
    area = pool.references.areas_px[references]
    group = pool.group_of_reference[references]
    by_size = [
        pool.by_case_and_class(group[(area >= least) & (area <= largest)])
        for least, largest in AREA_RANGES_PX
    ]
    return np.stack([one.T for one in by_size]).T


def object_figures(
    counts: ObjectCounts, members: Integers, class_position: int, class_name: str | None
) -> tuple[Figure, ...]:
    """Return every figure of a class that is a sum over cases.

    Args:
        counts: Counts of all cases.
        members: Positions of the cases that are looked at.
        class_position: Position of the class, 0 for the first of the protocol.
        class_name: Its name; None where `counts` are of all classes together.
    """

    def of(values: Integers) -> Integers:
        chosen: Integers = values[:, class_position][members]
        return chosen

    reference, prediction = of(counts.references), of(counts.predictions)
    # Figures hold on to their arrays, so what several of them rest on is made once.
    shared = _Shared(
        reference.astype(np.float64),
        counts.references_by_size[members, class_position].astype(np.float64),
        np.ones(len(members)),
    )
    return (
        *(
            figure
            for iou, pairs in counts.pairs.items()
            for figure in _pair_figures(
                pairs, shared, members, class_position, class_name=class_name, iou=iou
            )
        ),
        *count_figures(reference, prediction, class_name),
        *(
            ratio(
                metric,
                of(objects),
                shared.references,
                n=int(reference.sum()),
                undefined=NO_REFERENCE,
                class_name=class_name,
            )
            for metric, objects in (
                ("merged_share", counts.merged),
                ("split_share", counts.split_events),
            )
        ),
        *(
            Count(metric, int(of(values).sum()), len(members), class_name)
            for metric, values in _counted(counts)
        ),
    )


def _counted(counts: ObjectCounts) -> tuple[tuple[str, Integers], ...]:
    """Return what is given as a plain count, by metric."""
    return (
        ("reference_objects", counts.references),
        ("predicted_objects", counts.predictions),
        *((f"{name}_objects", values) for name, values in counts.of_outcome.items()),
        ("false_positive_objects", counts.false_positives),
        ("merge_events", counts.merge_events),
        ("split_events", counts.split_events),
    )


class _Shared(NamedTuple):
    """What figures at every IoU threshold rest on, by case."""

    references: Floats
    references_by_size: Floats
    """Shape (cases, sizes)."""
    cases: Floats
    """A one for each."""


def _pair_figures(
    pairs: PairCounts,
    shared: _Shared,
    members: Integers,
    position: int,
    *,
    class_name: str | None,
    iou: float,
) -> list[Ratio]:
    tp, fn, fp = (
        one[:, position][members].astype(np.float64)
        for one in (pairs.matched, pairs.missed, pairs.false_positives)
    )
    iou_sum, dice_sum = pairs.iou_sum[members, position], pairs.dice_sum[members, position]
    found, halves = tp + fp, tp + (fp + fn) / 2
    references, predictions, matched = (int(one.sum()) for one in (shared.references, found, tp))
    neither = "no reference object and no predicted object of the class"
    no_pair = "no matched pair of the class"
    rows: tuple[tuple[str, Floats, Floats, int, str], ...] = (
        ("recall", tp, shared.references, references, NO_REFERENCE),
        ("precision", tp, found, predictions, "no predicted object of the class"),
        ("f1", tp, halves, references, neither),
        ("segmentation_quality", iou_sum, tp, matched, no_pair),
        ("panoptic_quality", iou_sum, halves, references, neither),
        ("matched_dice", dice_sum, tp, matched, no_pair),
        ("false_positives_per_case", fp, shared.cases, len(tp), "no case"),
    )
    figures = [
        ratio(metric, above, below, n=n, undefined=why, class_name=class_name, iou=iou)
        for metric, above, below, n, why in rows
    ]
    by_size = pairs.matched_by_size[members, position].astype(np.float64)
    return figures + [
        ratio(
            "recall",
            by_size[:, number],
            shared.references_by_size[:, number],
            n=int(shared.references_by_size[:, number].sum()),
            undefined=f"no {size} reference object of the class",
            class_name=class_name,
            iou=iou,
            size=size,
        )
        for number, size in enumerate(SIZES)
        if number
    ]
