"""Agreement of quantities: objects counted in an image, and the share of it covered.

Figures of the difference prediction - reference, by case: its mean (bias, with its sign), its
mean size, and for counts the error of the total over all cases.
"""

import numpy as np

from validation.evidence.ratios import Integers, Ratio, mean_over_cases, ratio


def count_figures(reference: Integers, prediction: Integers, class_name: str) -> tuple[Ratio, ...]:
    """Return the agreement of numbers of objects.

    Args:
        reference: Reference objects of the class, by case; ignored regions not counted.
        prediction: Predicted objects at the operating point, by case; those absorbed by an
            ignored region not counted.
        class_name: The class.
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
            ratio(metric, above, cases, n=len(cases), undefined="no case", class_name=class_name)
            for metric, above in by_case.items()
        ),
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
) -> tuple[Ratio, ...]:
    """Return the agreement of the share of the evaluated pixels that a class covers.

    Args:
        reference_px: Pixels of the class in the reference, by case.
        prediction_px: Pixels predicted as the class, by case.
        evaluated_px: Pixels evaluated, by case; cases without any are left out and counted.
        class_name: The class.
    """
    difference = prediction_px - reference_px
    why = "no case has an evaluated pixel"
    return tuple(
        mean_over_cases(metric, above, evaluated_px, undefined=why, class_name=class_name)
        for metric, above in (
            ("area_fraction_bias", difference),
            ("area_fraction_mean_absolute_error", abs(difference)),
        )
    )
