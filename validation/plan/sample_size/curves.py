"""How power, or half-width, depends on the number of independent observations."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from validation.plan.sample_size import (
    binomial_power,
    half_width,
    mean_power,
    paired_shares,
    unpaired_shares,
)
from validation.plan.sample_size.designs import (
    Design,
    Mean,
    MeanDifference,
    PairedShares,
    Precision,
    Proportion,
    UnpairedShares,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Curve = Callable[["NDArray[np.int64]"], "NDArray[np.float64]"]


def curve_of(design: Design) -> Curve | None:
    """Return the power, or half-width, as a function of independent observations; or None."""
    match design:
        case Proportion():
            expected, bound = facing_up(design)
            return partial(
                binomial_power.powers,
                expected=expected,
                bound=bound,
                level=design.level,
                interval=design.interval,
            )
        case Precision():
            return partial(
                half_width.half_widths,
                expected=design.expected,
                level=design.level,
                interval=design.interval,
            )
        case Mean() | MeanDifference():
            return partial(
                mean_power.powers,
                distance=distance_of(design),
                sd=design.sd,
                level=design.level,
            )
        case PairedShares():
            return partial(
                paired_shares.powers,
                discordant=design.discordant,
                difference=design.difference,
                margin=design.margin,
                level=design.level,
            )
        case UnpairedShares():
            return partial(
                unpaired_shares.powers,
                new=design.new,
                old=design.old,
                margin=design.margin,
                level=design.level,
                ratio=design.ratio,
            )
        case _:
            return None


def facing_up(design: Proportion) -> tuple[float, float]:
    """Return the expected share and the bound of what is to be frequent.

    Where a share is bounded above it is the rest: the upper limit of a share is 1 minus the lower
    limit of the rest, for both intervals.

    >>> plan = Proportion(design="proportion", expected=0.02, bound=0.05, direction="at_most",
    ...                   interval="wilson", level=0.95, power=0.8)
    >>> facing_up(plan)
    (0.98, 0.95)
    """
    if design.direction == "at_least":
        return design.expected, design.bound
    return round(1 - design.expected, 12), round(1 - design.bound, 12)


def distance_of(design: Mean | MeanDifference) -> float:
    """Return how far the expected mean lies from what it has to be beyond."""
    if isinstance(design, Mean):
        return abs(design.expected - design.bound)
    return design.difference + design.margin
