"""What clustered observations are worth: objects of one subject resemble each other.

A cluster is what `analysis.resampling_unit` draws: all objects, or all cases, of one subject (or
of one case). Its observations share specimen, staining, device and difficulty, so that n of them
say less of the next subject than n independent ones would.
"""

import math


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
