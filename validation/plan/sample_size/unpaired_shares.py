"""Non-inferiority of two models on different test sets: two independent shares.

To be shown: the new model's share minus the old one's is above -margin. The deviation is taken
with both shares as expected, not pooled (Blackwelder, Controlled Clinical Trials 3, 1982; Chow,
Shao and Wang, Sample Size Calculations in Clinical Research, 4.2.2). statsmodels has the same
formula for margin 0 alone (`samplesize_proportions_2indep_onetail`), so its parts are used.
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def deviation(new: float, old: float, ratio: float) -> float:
    """Return sqrt(p_new(1-p_new) + p_old(1-p_old)/ratio): times 1/sqrt(n), of the difference.

    Args:
        new: Expected share of the new model.
        old: Expected share of the old model.
        ratio: Units of the old model for each of the new one, above 0.
    """
    return math.sqrt(new * (1 - new) + old * (1 - old) / ratio)


def powers(
    n: "NDArray[np.int64]", *, new: float, old: float, margin: float, level: float, ratio: float
) -> "NDArray[np.float64]":
    """Return the chance that non-inferiority is shown, by the normal approximation.

    Args:
        n: Numbers of units of the new model.
        new: As for `deviation`, like the next.
        old: Expected share of the old model.
        margin: Largest loss that counts as no loss, 0 or more.
        level: Level of the two-sided interval of the difference.
        ratio: Units of the old model for each of the new one.
    """
    import numpy as np
    from scipy import stats

    z = stats.norm.isf((1 - level) / 2)
    shift = (new - old + margin) * np.sqrt(n) / deviation(new, old, ratio)
    return stats.norm.cdf(shift - z)  # type: ignore[no-any-return]  # SciPy has no types


def number(
    *, new: float, old: float, margin: float, level: float, power: float, ratio: float
) -> float:
    """Return ((z_alpha + z_beta) s / (new - old + margin))², units of the new model, exactly."""
    from statsmodels.stats.power import normal_sample_size_one_tail

    found = deviation(new, old, ratio)
    return float(
        normal_sample_size_one_tail(
            new - old + margin, power, (1 - level) / 2, std_null=found, std_alternative=found
        )
    )
