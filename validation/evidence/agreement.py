"""Agreement of quantities: objects counted in an image, and the share of it covered.

Figures of the difference prediction - reference, by case: its mean (bias, with its sign), its
mean size, and for counts the error of the total over all cases. Limits of agreement (Bland
and Altman 1986) are where 95 % of the differences of single cases lie if they are normal:
bias ± 1.96 standard deviations. They describe cases, not the mean, and do not narrow as cases
are added; their own uncertainty is in their intervals.
"""

import numpy as np
from numpy.typing import ArrayLike

from validation.evidence.ratios import (
    Floats,
    Formula,
    Integers,
    Ratio,
    mean_over_cases,
    ratio,
)

_LIMIT = 1.96
_FEWEST_FOR_SPREAD = 2


def count_figures(
    reference: Integers, prediction: Integers, class_name: str | None
) -> tuple[Ratio | Formula, ...]:
    """Return the agreement of numbers of objects.

    Args:
        reference: Reference objects of the class, by case; ignored regions not counted.
        prediction: Predicted objects at the operating point, by case; those absorbed by an
            ignored region not counted.
        class_name: The class; None: all classes together.
    """
    difference = prediction - reference
    cases, total = np.ones(len(reference), np.int64), int(reference.sum())
    by_case = {
        "count_bias": difference,
        "count_mean_absolute_error": abs(difference),
        "count_exact_rate": difference == 0,
    }
    of_total = {"count_relative_error": False, "count_absolute_relative_error": True}
    return (
        *(
            ratio(
                metric,
                above,
                cases,
                n=len(cases),
                undefined="no case",
                class_name=class_name,
                is_share_of_cases=metric == "count_exact_rate",
            )
            for metric, above in by_case.items()
        ),
        *limits_of_agreement("count", difference, cases, class_name),
        *(
            ratio(
                metric,
                difference,
                reference,
                n=total,
                undefined="no reference object of the class",
                class_name=class_name,
                absolute=absolute,
            )
            for metric, absolute in of_total.items()
        ),
    )


def area_fraction_figures(
    reference_px: Integers, prediction_px: Integers, evaluated_px: Integers, class_name: str
) -> tuple[Ratio | Formula, ...]:
    """Return the agreement of the share of the evaluated pixels that a class covers.

    Args:
        reference_px: Pixels of the class in the reference, by case.
        prediction_px: Pixels predicted as the class, by case.
        evaluated_px: Pixels evaluated, by case; cases without any are left out and counted.
        class_name: The class.
    """
    difference = prediction_px - reference_px
    why = "no case has an evaluated pixel"
    return (
        *(
            mean_over_cases(metric, above, evaluated_px, undefined=why, class_name=class_name)
            for metric, above in (
                ("area_fraction_bias", difference),
                ("area_fraction_mean_absolute_error", abs(difference)),
            )
        ),
        *limits_of_agreement("area_fraction", difference, evaluated_px, class_name),
    )


def limits_of_agreement(
    quantity: str, differences: ArrayLike, denominators: ArrayLike, class_name: str | None
) -> tuple[Formula, Formula]:
    """Return the lower and upper limit of agreement of a difference by case.

    The standard deviation has n - 1 in its denominator. Cases of one subject are taken as
    they come; that they are alike is in the interval, which resamples the protocol's unit.

    Args:
        quantity: First part of the metrics' ids, e.g. ``count``.
        differences: Prediction - reference, by case.
        denominators: What each difference is divided by; 0 leaves the case out and counts it.
        class_name: The class; None: all classes together.

    >>> lower, upper = limits_of_agreement("count", [1, 3], [1, 1], "nucleus")
    >>> round(lower.value(), 4), round(upper.value(), 4)
    (-0.7719, 4.7719)
    """
    above, below = np.asarray(differences, np.float64), np.asarray(denominators, np.float64)
    is_defined = below != 0
    values = np.divide(above, below, out=np.zeros(len(above)), where=is_defined)
    count = int(is_defined.sum())
    # Deviations from a value amid the sample, so that squares do not swallow the spread.
    middle = float(np.median(values[is_defined])) if count else 0.0
    deviations = np.where(is_defined, values - middle, 0.0)
    summands = (is_defined.astype(np.float64), deviations, deviations**2)

    def limit(side: str, sign: int) -> Formula:
        return Formula(
            metric=f"{quantity}_{side}_limit_of_agreement",
            summands=summands,
            of_sums=lambda sums: middle + _mean_and_spread(sums, sign * _LIMIT),
            n=count,
            undefined="fewer than two cases have a value",
            class_name=class_name,
            n_undefined=len(above) - count,
        )

    return limit("lower", -1), limit("upper", 1)


def _mean_and_spread(sums: Floats, times: float) -> Floats:
    """Return mean + times standard deviation from number, sum and sum of squares, by row."""
    count, total, squares = sums.T
    enough = count >= _FEWEST_FOR_SPREAD
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / count
        variance = np.maximum(squares - total * mean, 0) / (count - 1)
        found = mean + times * np.sqrt(variance)
    return np.where(enough, found, np.nan)
