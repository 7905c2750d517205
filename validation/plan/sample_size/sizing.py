"""The number of units that a design needs, and how its power grows with them."""

import math
from dataclasses import dataclass

from validation.errors import Problem, SampleSizeError
from validation.plan.sample_size import binomial_power, prevalence, success_run
from validation.plan.sample_size.bisection import MOST
from validation.plan.sample_size.contradictions import contradictions
from validation.plan.sample_size.curves import curve_of
from validation.plan.sample_size.design_effect import (
    design_effect,
    few_clusters_factor,
    observations_for,
    units_for,
)
from validation.plan.sample_size.designs import (
    Clustered,
    Clustering,
    Design,
    PresenceBounds,
    PresencePrecision,
    Proportion,
    SuccessRun,
)
from validation.plan.sample_size.levels import one_sided
from validation.plan.sample_size.searching import first_independent, least_independent

_LEAST_CLUSTERS = 2


@dataclass(frozen=True)
class Sizing:
    """What a design needs."""

    design: Design
    independent: int
    """Independent observations that are needed."""
    effect: float
    """Design effect of the clustering; 1 where there is none."""
    observations: int
    """Observations that are needed in clusters."""
    units: int
    """Units that are independent of one another: what the test set needs. Of few clusters a few
    more than hold the observations, as their variance is estimated from themselves."""
    first: int | None = None
    """Least number of independent observations that reaches the power at all; None: not asked."""
    reached: float | None = None
    """Power, or half-width, at that number; None: the design has none."""
    parts: tuple[tuple[str, int], ...] = ()
    """Numbers that the design is made of, e.g. units with and without the finding."""

    def independent_in(self, units: int) -> int:
        """Return how many independent observations so many units are worth; 0: none.

        Of fewer units the degrees of freedom are fewer, too, so that it is not in proportion.
        """
        clustering: Clustering | None = getattr(self.design, "clustering", None)
        if clustering is None:
            return units
        if units < _LEAST_CLUSTERS:
            return 0
        power = getattr(self.design, "power", None)
        factor = few_clusters_factor(units, self.design.level, power)
        return math.floor(round(units * clustering.mean_size / (self.effect * factor), 9))


def size(design: Design) -> Sizing:
    """Return what a design needs.

    Raises:
        SampleSizeError: Its assumptions contradict each other, or more than `MOST` are needed.
    """
    found = [Problem(one.field, one.what, one.fix) for one in contradictions(design)]
    if found:
        raise SampleSizeError("no sample size follows from these assumptions", problems=found)
    match design:
        case PresenceBounds():
            return _presence_bounds(design)
        case PresencePrecision():
            return _presence_precision(design)
        case SuccessRun():
            n = success_run.least_run(design.bound, one_sided(design.level))
            chance = None if design.expected is None else success_run.passing(n, design.expected)
            return Sizing(design, n, 1.0, n, n, reached=chance)
        case _:
            return _clustered(design, _found(least_independent(design), design), design.clustering)


def _found(number: int | None, design: Design) -> int:
    if number is not None and number <= MOST:
        return number
    raise SampleSizeError(
        f"more units are needed than a test set can have (the search ends at {MOST:,})",
        where=design.design,
        fix="what is expected lies too near to the bound or margin: state a bound that a good "
        "model meets clearly",
    )


def _clustered(design: Clustered, independent: int, clustering: Clustering | None) -> Sizing:
    import numpy as np

    curve = curve_of(design)
    reached = float(curve(np.array([independent]))[0]) if curve is not None else None
    first = first_independent(design) if isinstance(design, Proportion) else None
    if clustering is None:
        return Sizing(design, independent, 1.0, independent, independent, first, reached)
    effect = design_effect(clustering.mean_size, clustering.size_cv, clustering.icc)
    observations = observations_for(independent, effect)
    clusters = _found(observations, design) / clustering.mean_size
    units = units_for(clusters, design.level, getattr(design, "power", None))
    return Sizing(design, independent, effect, observations, units, first, reached)


def _presence_bounds(design: PresenceBounds) -> Sizing:
    needed = [
        _found(
            binomial_power.least_number(
                expected, bound, design.level, design.power, design.interval
            ),
            design,
        )
        for expected, bound in (
            (design.sensitivity, design.sensitivity_bound),
            (design.specificity, design.specificity_bound),
        )
    ]
    shares = (design.prevalence, 1 - design.prevalence)
    totals = [
        _found(prevalence.assured_total(n, share, design.assurance), design)
        for n, share in zip(needed, shares, strict=True)
    ]
    expected = max(
        prevalence.expected_total(n, share) for n, share in zip(needed, shares, strict=True)
    )
    total = max(totals)
    parts = (
        ("with the finding", needed[0]),
        ("without the finding", needed[1]),
        ("on average enough", expected),
    )
    return Sizing(design, total, 1.0, total, total, parts=parts)


def _presence_precision(design: PresencePrecision) -> Sizing:
    """Buderer, Academic Emergency Medicine 3, 1996: both by the normal formula, the larger total.

    The numbers of both kinds are divided by their share before they are rounded up.
    """
    from statsmodels.stats.proportion import samplesize_confint_proportion

    shares = (design.prevalence, 1 - design.prevalence)
    needed = [
        float(samplesize_confint_proportion(one, design.half_width, alpha=1 - design.level))
        for one in (design.sensitivity, design.specificity)
    ]
    totals = [prevalence.expected_total(n, share) for n, share in zip(needed, shares, strict=True)]
    total = _found(max(totals), design)
    parts = (
        ("with the finding", math.ceil(round(needed[0], 9))),
        ("without the finding", math.ceil(round(needed[1], 9))),
        ("in all, for the sensitivity", totals[0]),
        ("in all, for the specificity", totals[1]),
    )
    return Sizing(design, total, 1.0, total, total, parts=parts)
