"""The chance that a criterion is met at the number that is needed, by what is true."""

from dataclasses import dataclass

from validation.plan.sample_size.curves import curve_of
from validation.plan.sample_size.designs import Mean, Proportion
from validation.plan.sample_size.sizing import Sizing

_STEPS = 120
_BEYOND = 1.0
"""How far the values go beyond expected value and bound, in their distance."""


@dataclass(frozen=True)
class TrueValue:
    """A true value and the chance that the criterion is then met."""

    value: float
    chance: float


def chances(found: Sizing) -> tuple[TrueValue, ...]:
    """Return the chance by the true value, from beyond the bound to beyond what is expected.

    On the wrong side of the bound it is the chance that a model passes which should not: at the
    bound itself at most (1 - level)/2 for Clopper and Pearson, and about that for others.

    Returns:
        Values in rising order; empty for designs without a bound on one figure.
    """
    design = found.design
    if not isinstance(design, Proportion | Mean):
        return ()
    low, high = sorted((design.bound, design.expected))
    distance = (high - low) * _BEYOND
    values = [low - distance + (high - low + 2 * distance) * k / _STEPS for k in range(_STEPS + 1)]
    if isinstance(design, Proportion):
        values = [one for one in values if 0 < one < 1]
    values = sorted({*values, design.bound, design.expected})
    return tuple(TrueValue(one, _chance(found, one)) for one in values)


def _chance(found: Sizing, value: float) -> float:
    import numpy as np

    design = found.design
    if not isinstance(design, Proportion | Mean):
        raise TypeError("the design has no bound on one figure")
    n = found.independent_in(found.units)
    if isinstance(design, Mean):
        return _chance_of_mean(design, n, value)
    curve = curve_of(design.model_copy(update={"expected": value}))
    if curve is None:
        raise TypeError("the design has no curve")
    return float(curve(np.array([n]))[0])


def _chance_of_mean(design: Mean, n: int, value: float) -> float:
    """Return P(T > t) with a noncentrality that may be below 0."""
    from scipy import stats

    beyond = value - design.bound if design.direction == "at_least" else design.bound - value
    t = stats.t.isf((1 - design.level) / 2, n - 1)
    return float(stats.nct.sf(t, n - 1, beyond / design.sd * n**0.5))
