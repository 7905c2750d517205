"""What clustered observations are worth: objects of one subject resemble each other.

A cluster is what `analysis.resampling_unit` draws: all objects, or all cases, of one subject (or
of one case). Its observations share specimen, staining, device and difficulty, so that n of them
say less of the next subject than n independent ones would.
"""

import math

_LEAST_UNITS = 2


def design_effect(mean_size: float, size_cv: float, icc: float) -> float:
    """Return by how much clustering widens the variance of a share or mean; at least 1.

    1 + (m - 1) r for equal clusters (Kish, Survey Sampling, 1965, 5.4), and
    1 + ((cv² + 1) m - 1) r for unequal ones (Eldridge, Ashby and Kerry, Int J Epidemiol 35,
    2006), of which the first is the case cv = 0.

    Args:
        mean_size: Mean number m of observations of a cluster, 1 or more.
        size_cv: Standard deviation of that number divided by its mean, 0 or more.
        icc: Intraclass correlation r of two observations of one cluster, 0 to 1.

    >>> round(design_effect(20, 0, 0.05), 2), round(design_effect(20, 0.65, 0.05), 4)
    (1.95, 2.3725)
    """
    return 1 + ((size_cv**2 + 1) * mean_size - 1) * icc


def observations_for(independent: int, effect: float) -> int:
    """Return how many clustered observations say as much as so many independent ones."""
    return math.ceil(round(independent * effect, 9))


def clusters_for(observations: int, mean_size: float) -> int:
    """Return how many clusters hold so many observations on average."""
    return math.ceil(round(observations / mean_size, 9))


def units_for(clusters: float, level: float, power: float | None) -> int:
    """Return how many clusters are needed where their variance is estimated from themselves.

    What differs is the clusters, so that of k of them there are k - 1 degrees of freedom, however
    many observations they hold. The least k with k >= clusters * `few_clusters_factor` of k.

    Args:
        clusters: Clusters that would be enough if the variance were known.
        level: Level of the two-sided interval.
        power: Chance that is wanted; None: none is, as for an interval that is to be narrow.

    Returns:
        The number, 2 or more: one cluster has no variance.

    >>> units_for(1.4, 0.95, 0.8), units_for(22, 0.95, 0.8), units_for(500, 0.95, 0.8)
    (4, 25, 502)
    """
    units = max(_LEAST_UNITS, math.ceil(round(clusters, 9)))
    while units < round(clusters * few_clusters_factor(units, level, power), 9):
        units += 1
    return units


def few_clusters_factor(units: int, level: float, power: float | None) -> float:
    """Return ((t_alpha + t_beta) / (z_alpha + z_beta))², t with k - 1 degrees of freedom.

    Quantiles of Student's t in place of the normal ones; Hayes and Bennett (Int J Epidemiol 28,
    1999) come near to it by one cluster more for each group. 1 for many units.
    """
    from scipy import stats

    tails = [(1 - level) / 2, *([] if power is None else [1 - power])]
    wide = math.fsum(float(stats.t.isf(one, units - 1)) for one in tails)
    return (wide / math.fsum(float(stats.norm.isf(one)) for one in tails)) ** 2
