"""Figures from overlap tables: how many objects were found, how well, and what went wrong.

For a class, over its reference objects that are not ignored and its predicted objects at the
operating point that are not absorbed by an ignored region: TP pairs, FP predictions without a
partner, FN reference objects without one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from validation.evidence.agreement import count_figures
from validation.evidence.matching import match
from validation.evidence.outcomes import ClassOutcomes, ReferenceOutcome, class_outcomes
from validation.evidence.overlap import OverlapTable
from validation.evidence.ratios import Count, Figure, Integers, Ratio, ratio
from validation.plan.protocol import Matching

NO_REFERENCE = "no reference object of the class"
_OUTCOMES: tuple[ReferenceOutcome, ...] = ("matched", "merged", "split", "missed", "ignored")


@dataclass(frozen=True)
class PairCounts:
    """Pairs of one class in one case at one IoU threshold."""

    matched: int
    missed: int
    false_positives: int
    iou_sum: float
    """Sum of the IoU of the pairs, exactly rounded."""


@dataclass(frozen=True)
class ObjectCounts:
    """Objects of one class in one case."""

    outcomes: ClassOutcomes
    pairs: dict[float, PairCounts]
    """By IoU threshold."""

    @property
    def references(self) -> int:
        """Reference objects that are not ignored."""
        return int((~self.outcomes.objects.is_ignored).sum())

    @property
    def predictions(self) -> int:
        """Predicted objects at the operating point that are not absorbed."""
        return len(self.outcomes.objects.predictions) - len(self.outcomes.pairing.absorbed)


def thresholds(rule: Matching) -> tuple[float, ...]:
    """Return the IoU thresholds of the protocol, rising, each once."""
    return tuple(sorted({rule.iou_threshold, *rule.further_iou_thresholds}))


def object_counts(table: OverlapTable, class_index: int, rule: Matching) -> ObjectCounts:
    """Return what became of the objects of one class in one case, at every IoU threshold.

    Args:
        table: Overlaps of the case.
        class_index: Index of the class, 1 for the first of the protocol.
        rule: The protocol's rule of pairing.
    """
    outcomes = class_outcomes(table, class_index, rule)
    objects, pairs = outcomes.objects, {}
    for threshold in thresholds(rule):
        pairing = match(objects, threshold, rule.algorithm)
        matched, found = len(pairing.partner), len(objects.predictions)
        pairs[threshold] = PairCounts(
            matched=matched,
            missed=int((~objects.is_ignored).sum()) - matched,
            false_positives=found - matched - len(pairing.absorbed),
            iou_sum=math.fsum(objects.iou[p, r] for r, p in pairing.partner.items()),
        )
    return ObjectCounts(outcomes, pairs)


def object_figures(
    cases: Sequence[ObjectCounts], class_name: str, rule: Matching
) -> tuple[Figure, ...]:
    """Return every figure of a class except average precision.

    Args:
        cases: Counts of the class in each case.
        class_name: The class.
        rule: The protocol's rule of pairing.
    """
    reference = np.array([case.references for case in cases], np.int64)
    prediction = np.array([case.predictions for case in cases], np.int64)
    at_thresholds = [
        figure
        for threshold in thresholds(rule)
        for figure in _pair_figures(
            [case.pairs[threshold] for case in cases], class_name, threshold
        )
    ]
    return (
        *at_thresholds,
        *count_figures(reference, prediction, class_name),
        *_event_figures(cases, reference, class_name),
        *_counts(cases, reference, prediction, class_name),
    )


def _pair_figures(cases: Sequence[PairCounts], class_name: str, iou: float) -> tuple[Ratio, ...]:
    tp = np.array([case.matched for case in cases], np.int64)
    fn = np.array([case.missed for case in cases], np.int64)
    fp = np.array([case.false_positives for case in cases], np.int64)
    iou_sum = np.array([case.iou_sum for case in cases], np.float64)
    references, predictions, pairs = int((tp + fn).sum()), int((tp + fp).sum()), int(tp.sum())
    neither = "no reference object and no predicted object of the class"
    rows: tuple[tuple[str, Integers | np.ndarray, Integers | np.ndarray, int, str], ...] = (
        ("recall", tp, tp + fn, references, NO_REFERENCE),
        ("precision", tp, tp + fp, predictions, "no predicted object of the class"),
        ("f1", 2 * tp, 2 * tp + fp + fn, references, neither),
        ("segmentation_quality", iou_sum, tp, pairs, "no matched pair of the class"),
        ("panoptic_quality", iou_sum, tp + (fp + fn) / 2, references, neither),
        ("false_positives_per_case", fp, np.ones(len(cases)), len(cases), "no case"),
    )
    return tuple(
        ratio(metric, above, below, n=n, undefined=why, class_name=class_name, iou=iou)
        for metric, above, below, n, why in rows
    )


def _event_figures(
    cases: Sequence[ObjectCounts], reference: Integers, class_name: str
) -> tuple[Ratio, ...]:
    merged = [len(case.outcomes.events.merged) for case in cases]
    split = [len(case.outcomes.events.splits) for case in cases]
    return tuple(
        ratio(
            metric,
            objects,
            reference,
            n=int(reference.sum()),
            undefined=NO_REFERENCE,
            class_name=class_name,
        )
        for metric, objects in (("merged_share", merged), ("split_share", split))
    )


def _counts(
    cases: Sequence[ObjectCounts], reference: Integers, prediction: Integers, class_name: str
) -> tuple[Count, ...]:
    outcomes = [outcome for case in cases for outcome in case.outcomes.of_references]
    values = {
        "reference_objects": int(reference.sum()),
        "predicted_objects": int(prediction.sum()),
        **{f"{outcome}_objects": outcomes.count(outcome) for outcome in _OUTCOMES},
        "false_positive_objects": sum(len(case.outcomes.false_positives) for case in cases),
        "merge_events": sum(len(case.outcomes.events.merges) for case in cases),
        "split_events": sum(len(case.outcomes.events.splits) for case in cases),
    }
    return tuple(Count(metric, value, len(cases), class_name) for metric, value in values.items())
