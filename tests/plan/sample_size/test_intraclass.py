"""The intraclass correlation of a pilot: by hand, by simulation, and where there is none."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from validation.plan.sample_size.intraclass import resemblance


def test_by_hand() -> None:
    # Two units of 2: {1, 3} and {5, 7}. Means 2 and 6, of all 4; MSB = 2(4 + 4)/1 = 16,
    # MSW = (2 + 2)/2 = 2; n0 = 2. (16 - 2) / (16 + 2) = 7/9.
    found = resemblance([[1, 3], [5, 7]], 0.95)
    assert found.icc == pytest.approx(7 / 9)
    assert (found.units, found.observations, found.mean, found.mean_size) == (2, 4, 4, 2)
    assert found.sd == pytest.approx(np.std([1, 3, 5, 7], ddof=1))
    assert found.size_cv == 0


def test_the_ratio_of_mean_squares_is_that_of_scipy() -> None:
    generator = np.random.default_rng(2)
    groups = [list(generator.normal(one, 1, 4 + one)) for one in range(5)]
    found = resemblance(groups, 0.95)
    f = stats.f_oneway(*groups).statistic
    sizes = np.array([len(one) for one in groups])
    n0 = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / 4
    assert found.icc == pytest.approx((f - 1) / (f + n0 - 1))
    assert found.lower < found.icc < found.upper


def _binary(icc: float, seed: int, units: int, size: int) -> list[list[float]]:
    generator, p = np.random.default_rng(seed), 0.8
    scale = 1 / icc - 1
    shares = generator.beta(p * scale, (1 - p) * scale, units)
    return [list(generator.binomial(1, one, size).astype(float)) for one in shares]


@pytest.mark.parametrize("icc", [0.05, 0.2])
def test_the_estimate_is_that_of_a_simulated_population(icc: float) -> None:
    found = resemblance(_binary(icc, 5, 4000, 10), 0.95)
    assert found.icc == pytest.approx(icc, abs=0.012)
    assert found.variance_ratio == pytest.approx(1 + 9 * icc, rel=0.06)


def test_the_limits_hold_the_truth_about_as_often_as_they_say() -> None:
    found = [resemblance(_binary(0.1, seed, 30, 12), 0.95) for seed in range(400)]
    held = np.mean([one.lower <= 0.1 <= one.upper for one in found])
    assert 0.89 <= held <= 0.98


def test_the_ratio_of_variances_is_that_of_a_bootstrap_over_units() -> None:
    groups = _binary(0.15, 8, 60, 15)
    sums = np.array([sum(one) for one in groups])
    drawn = np.random.default_rng(1).integers(0, 60, (20_000, 60))
    shares = sums[drawn].sum(1) / (60 * 15)
    mean = sums.sum() / 900
    ratio = shares.var() / (mean * (1 - mean) / 900)
    assert resemblance(groups, 0.95).variance_ratio == pytest.approx(ratio, rel=0.05)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([], "no observations"),
        ([[], []], "no observations"),
        ([[0, 1, 1]], "one unit"),
        ([[0], [1], [1]], "no unit has two"),
        ([[1, 1], [1, 1]], "all observations are equal"),
    ],
)
def test_nothing_is_estimated_from_nothing(groups: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        resemblance(groups, 0.95)


def test_units_that_are_all_of_one_kind_resemble_completely() -> None:
    found = resemblance([[1, 1, 1], [0, 0], [1, 1]], 0.95)
    assert (found.icc, found.lower, found.upper) == (1, 1, 1)


def test_units_that_differ_less_than_by_chance_have_a_correlation_below_zero() -> None:
    assert resemblance([[0, 1], [1, 0], [0, 1]], 0.95).icc == -1
