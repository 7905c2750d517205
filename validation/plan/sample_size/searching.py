"""The least number of independent observations of each design; each by its own module."""

import math

from validation.plan.sample_size import (
    binomial_power,
    half_width,
    mean_power,
    paired_shares,
    unpaired_shares,
)
from validation.plan.sample_size.bisection import MOST
from validation.plan.sample_size.curves import distance_of, facing_up
from validation.plan.sample_size.designs import (
    Clustered,
    Mean,
    MeanDifference,
    PairedShares,
    Precision,
    Proportion,
    UnpairedShares,
)


def least_independent(design: Clustered) -> int | None:
    """Return how many independent observations are enough; None: more than are searched."""
    match design:
        case Proportion():
            expected, bound = facing_up(design)
            return binomial_power.least_number(
                expected, bound, design.level, design.power, design.interval
            )
        case Precision():
            return half_width.least_number(
                design.expected, design.half_width, design.level, design.interval
            )
        case Mean() | MeanDifference():
            return mean_power.least_number(
                distance_of(design), design.sd, design.level, design.power
            )
        case PairedShares():
            return _rounded(
                paired_shares.number(
                    design.discordant, design.difference, design.margin, design.level, design.power
                )
            )
        case UnpairedShares():
            return _rounded(
                unpaired_shares.number(
                    new=design.new,
                    old=design.old,
                    margin=design.margin,
                    level=design.level,
                    power=design.power,
                    ratio=design.ratio,
                )
            )


def first_independent(design: Proportion) -> int | None:
    """Return the number that reaches the power at all, before it falls below it again."""
    expected, bound = facing_up(design)
    return binomial_power.first_number(expected, bound, design.level, design.power, design.interval)


def _rounded(number: float) -> int | None:
    return max(1, math.ceil(round(number, 9))) if number <= MOST else None
