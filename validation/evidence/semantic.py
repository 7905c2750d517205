"""Figures from confusion tables: overlap of pixels, and presence in an image.

For a class, over the evaluated pixels: TP pixels of the class that were predicted as it, FP
predicted as it but of another class, FN of it but predicted otherwise, TN the others.
Pooled figures sum pixels over cases first; means over cases give each case the same weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from validation.evidence.overlap import ConfusionTable, Integers
from validation.evidence.ratios import (
    Count,
    Figure,
    Floats,
    Formula,
    Ratio,
    mean_over_cases,
    ratio,
)

_UNSEEN = "no case has an evaluated pixel"
_IN_A_CASE = {
    "iou": "a pixel of the class in reference or prediction",
    "dice": "a pixel of the class in reference or prediction",
    "pixel_precision": "a pixel that was predicted as the class",
    "pixel_recall": "a pixel of the class in the reference",
    "pixel_specificity": "an evaluated pixel outside the class in the reference",
}
"""What a case needs for the metric to be defined in it."""


@dataclass(frozen=True)
class ClassPixels:
    """Pixels of one class, by case."""

    true_positive: Integers
    false_positive: Integers
    false_negative: Integers
    true_negative: Integers

    @property
    def reference(self) -> Integers:
        """Pixels of the class in the reference standard."""
        return self.true_positive + self.false_negative

    @property
    def prediction(self) -> Integers:
        """Pixels predicted as the class."""
        return self.true_positive + self.false_positive

    @property
    def union(self) -> Integers:
        """Pixels of the class in either."""
        return self.true_positive + self.false_positive + self.false_negative

    @property
    def evaluated(self) -> Integers:
        """Pixels that are evaluated."""
        return self.union + self.true_negative


def class_pixels(tables: Sequence[ConfusionTable], class_index: int) -> ClassPixels:
    """Return the pixels of one class in each case.

    Args:
        tables: Confusions of the cases.
        class_index: Index of the class, 1 for the first of the protocol.
    """
    hit = np.array([table.counts[class_index, class_index] for table in tables], np.int64)
    row = np.array([table.counts[class_index].sum() for table in tables], np.int64)
    column = np.array([table.counts[:, class_index].sum() for table in tables], np.int64)
    whole = np.array([table.counts.sum() for table in tables], np.int64)
    return ClassPixels(hit, column - hit, row - hit, whole - row - column + hit)


def pixel_figures(pixels: ClassPixels, class_name: str) -> tuple[Ratio, ...]:
    """Return IoU, Dice, precision, recall and specificity of a class, pooled and averaged."""
    absent = "no pixel of the class in reference or prediction"
    hit, union = pixels.true_positive, pixels.union
    both = pixels.reference + pixels.prediction
    pooled = {
        "iou": (hit, union, union, absent),
        "dice": (2 * hit, both, union, absent),
        "pixel_precision": (
            hit,
            pixels.prediction,
            pixels.prediction,
            "no pixel was predicted as the class",
        ),
        "pixel_recall": (
            hit,
            pixels.reference,
            pixels.reference,
            "no pixel of the class in the reference",
        ),
        "pixel_specificity": (
            pixels.true_negative,
            pixels.true_negative + pixels.false_positive,
            pixels.true_negative + pixels.false_positive,
            "no evaluated pixel outside the class in the reference",
        ),
    }
    return (
        *(
            ratio(metric, above, below, n=int(rests_on.sum()), undefined=why, class_name=class_name)
            for metric, (above, below, rests_on, why) in pooled.items()
        ),
        *(
            mean_over_cases(
                f"{metric}_mean_over_cases",
                above,
                below,
                undefined=f"no case has {_IN_A_CASE[metric]}",
                class_name=class_name,
            )
            for metric, (above, below, _, _) in pooled.items()
        ),
    )


def overall_figures(
    tables: Sequence[ConfusionTable], classes: Sequence[ClassPixels]
) -> tuple[Figure, ...]:
    """Return mean and frequency-weighted IoU, pixel accuracy and the numbers of pixels.

    Args:
        tables: Confusions of the cases.
        classes: Pixels of every class of the protocol, background not among them.
    """
    right = np.array([np.trace(table.counts) for table in tables], np.int64)
    whole = np.array([table.counts.sum() for table in tables], np.int64)
    evaluated = int(whole.sum())
    parts = tuple(
        (one.true_positive.astype(np.float64), one.union.astype(np.float64)) for one in classes
    )
    return (
        Ratio("mean_iou", parts, evaluated, "a class has no pixel in reference or prediction"),
        Formula(
            "frequency_weighted_iou",
            tuple(
                side.astype(np.float64)
                for one in classes
                for side in (one.reference, one.true_positive, one.union)
            ),
            _frequency_weighted_iou,
            evaluated,
            "no pixel of any class in the reference",
        ),
        ratio("pixel_accuracy", right, whole, n=evaluated, undefined="no evaluated pixel"),
        mean_over_cases(
            "pixel_accuracy_mean_over_cases",
            right,
            whole,
            undefined="no case has an evaluated pixel",
        ),
        Count("evaluated_pixels", evaluated, evaluated),
        Count("ignored_pixels", sum(table.ignored_px for table in tables), evaluated),
    )


def _frequency_weighted_iou(sums: Floats) -> Floats:
    """Return the IoU of the classes weighted by reference pixels, by row of sums.

    A class without a reference pixel has the weight 0, whatever its IoU.
    """
    reference, hit, union = sums[:, 0::3], sums[:, 1::3], sums[:, 2::3]
    iou = np.divide(hit, union, out=np.zeros(hit.shape), where=union != 0)
    above, below = np.zeros(len(sums)), np.zeros(len(sums))
    for column in range(reference.shape[1]):
        above = above + reference[:, column] * iou[:, column]
        below = below + reference[:, column]
    weighted: Floats = np.full(len(sums), np.nan)
    np.divide(above, below, out=weighted, where=below != 0)
    return weighted


def presence_figures(
    pixels: ClassPixels, class_name: str, minimum_area_px: int
) -> tuple[Ratio | Count, ...]:
    """Return how well an image with the class is told from one without it.

    A class is present in an image, in reference or prediction, when at least
    `minimum_area_px` of its evaluated pixels are of the class. Cases without an evaluated
    pixel are left out and counted.
    """
    seen = pixels.evaluated > 0
    truth = (pixels.reference >= minimum_area_px) & seen
    found = (pixels.prediction >= minimum_area_px) & seen
    tp, fn = truth & found, truth & ~found
    fp, tn = ~truth & found, ~truth & ~found & seen
    quotients = {
        "presence_sensitivity": (tp, truth, "the class is present in no case"),
        "presence_specificity": (tn, fp | tn, "the class is present in every case"),
        "presence_positive_predictive_value": (tp, found, "the class was found in no case"),
        "presence_negative_predictive_value": (tn, fn | tn, "the class was found in every case"),
    }
    counts = {
        "presence_true_positives": tp,
        "presence_false_negatives": fn,
        "presence_false_positives": fp,
        "presence_true_negatives": tn,
    }
    unseen = int((~seen).sum())
    return (
        *(
            ratio(
                metric,
                above,
                below,
                n=int(below.sum()),
                n_undefined=unseen,
                undefined=why if seen.any() else _UNSEEN,
                class_name=class_name,
                is_share_of_cases=True,
            )
            for metric, (above, below, why) in quotients.items()
        ),
        Ratio(
            "presence_balanced_accuracy",
            (
                (tp.astype(np.float64), truth.astype(np.float64)),
                (tn.astype(np.float64), (fp | tn).astype(np.float64)),
            ),
            n=int(seen.sum()),
            undefined="the class is present in every case or in none" if seen.any() else _UNSEEN,
            class_name=class_name,
            n_undefined=unseen,
        ),
        *(
            Count(metric, int(cases.sum()), int(seen.sum()), class_name)
            for metric, cases in counts.items()
        ),
    )
