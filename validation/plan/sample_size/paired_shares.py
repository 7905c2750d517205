"""Non-inferiority of two models on the same units: a share each, compared pair by pair.

Of each unit both models succeed, both fail, or one of them: the discordant pairs. p_new is the
share of units where only the new model succeeds, p_old where only the old one does. To be shown:
p_new - p_old is above -margin. The score test of Nam (Biometrics 53, 1997) and Tango (Statistics
in Medicine 17, 1998) divides the difference by its deviation under the hypothesis that it is
just -margin. With margin 0 it is McNemar's test, and the number that of Connor (Biometrics 43,
1987).
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def deviations(discordant: float, difference: float, margin: float) -> tuple[float, float]:
    """Return the deviation of a pair's difference, at the margin and as expected.

    As expected it is sqrt(d - e²), d the share of discordant pairs and e the expected difference.
    At the margin it is sqrt(2q + L(1 - L)) with L = -margin. There q, the share of pairs that only
    the old model wins, is most likely the root of 2q² + (L(2 - e) - d) q - o L(1 - L) = 0, o its
    expected value: Tango's equation, shares in place of counts.

    Args:
        discordant: Share of pairs in which exactly one of the models succeeds, above 0.
        difference: Expected share of the new model minus that of the old one.
        margin: Largest loss that counts as no loss, 0 or more.
    """
    won, lost, at = (discordant + difference) / 2, (discordant - difference) / 2, -margin
    b = -won - lost + (2 - won + lost) * at
    c = -lost * at * (1 - at)
    q = (math.sqrt(max(0.0, b * b - 8 * c)) - b) / 4
    return math.sqrt(2 * q + at * (1 - at)), math.sqrt(discordant - difference**2)


def powers(
    n: "NDArray[np.int64]", discordant: float, difference: float, margin: float, level: float
) -> "NDArray[np.float64]":
    """Return the chance that non-inferiority is shown with n pairs, by the normal approximation.

    Args:
        n: Numbers of pairs: units seen by both models.
        discordant: As for `deviations`, like the following.
        difference: Expected difference.
        margin: Non-inferiority margin.
        level: Level of the two-sided interval of the difference.
    """
    import numpy as np
    from scipy import stats

    at_margin, expected = deviations(discordant, difference, margin)
    z = stats.norm.isf((1 - level) / 2)
    shift = (difference + margin) * np.sqrt(n) - z * at_margin
    return stats.norm.cdf(shift / expected)  # type: ignore[no-any-return]  # SciPy has no types


def number(
    discordant: float, difference: float, margin: float, level: float, power: float
) -> float:
    """Return ((z_alpha s0 + z_beta s1) / (difference + margin))², pairs, not rounded.

    s0 and s1 are the `deviations`; statsmodels' `normal_sample_size_one_tail` puts them together.
    """
    from statsmodels.stats.power import normal_sample_size_one_tail

    at_margin, expected = deviations(discordant, difference, margin)
    return float(
        normal_sample_size_one_tail(
            difference + margin,
            power,
            (1 - level) / 2,
            std_null=at_margin,
            std_alternative=expected,
        )
    )
