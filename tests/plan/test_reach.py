"""What a number of units can show, against published figures and what a run computes."""

import math
import time

import numpy as np
import pytest

from validation.evidence.intervals import FEWEST_CLUSTERS, proportion_interval
from validation.plan import reach
from validation.plan.check import attainable
from validation.plan.sample_size.success_run import least_run


@pytest.mark.parametrize("method", ["wilson", "clopper_pearson"])
@pytest.mark.parametrize("trials", [1, 2, 7, 48, 1000])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_the_best_limit_is_that_of_a_run(trials: int, level: float, method: reach.Binomial) -> None:
    best = proportion_interval(trials, trials, level=level, unit="case", method=method)
    assert reach.best_lower_limit(trials, level, method) == pytest.approx(best.lower, abs=1e-9)


@pytest.mark.parametrize(
    ("reliability", "confidence", "trials"),
    [(0.90, 0.90, 22), (0.90, 0.95, 29), (0.95, 0.95, 59), (0.99, 0.95, 299), (0.99, 0.99, 459)],
)
def test_trials_without_failure_are_those_of_the_tables(
    reliability: float, confidence: float, trials: int
) -> None:
    """Zero-failure plans (success run theorem), e.g. 59 for 95 % at 95 %, one-sided."""
    level = 2 * confidence - 1
    assert reach.trials_needed(reliability, level, "clopper_pearson") == trials
    assert least_run(reliability, confidence) == trials


@pytest.mark.parametrize("bound", [0.01, 0.5, 0.8, 0.95, 0.999])
@pytest.mark.parametrize("method", ["wilson", "clopper_pearson"])
def test_the_number_needed_is_the_least(bound: float, method: reach.Binomial) -> None:
    needed = reach.trials_needed(bound, 0.95, method)
    assert reach.best_lower_limit(needed, 0.95, method) >= bound
    assert needed == 1 or reach.best_lower_limit(needed - 1, 0.95, method) < bound


@pytest.mark.parametrize("method", [None, "wilson", "clopper_pearson"])
@pytest.mark.parametrize("bound", [0.001, 0.2, 0.6, 0.9, 0.999])
def test_the_fewest_successes_meet_the_bound(bound: float, method: reach.Binomial | None) -> None:
    """Held against the intervals of a run, count by count."""

    def judged(successes: int, trials: int) -> float:
        if method is None:
            return successes / trials
        found = proportion_interval(successes, trials, level=0.95, unit="case", method=method)
        return found.lower

    for trials in (1, 5, 40):
        least = reach.fewest_successes(trials, bound, 0.95, method)
        meeting = [n for n in range(trials + 1) if judged(n, trials) >= bound]
        assert min(least, trials + 1) == (meeting[0] if meeting else trials + 1)


def test_the_coverage_is_that_of_a_simulation() -> None:
    """Means of normal figures, percentile bootstrap: by formula and by drawing."""
    generator = np.random.default_rng(11)
    for units in (6, 8, 12):
        samples = generator.normal(size=(2000, units))
        drawn = generator.integers(units, size=(800, units))
        means = samples[:, drawn].mean(axis=2)
        lower, upper = np.quantile(means, [0.025, 0.975], axis=1)
        covered = float(((lower <= 0) & (upper >= 0)).mean())
        assert covered == pytest.approx(reach.normal_coverage(units, 0.95), abs=0.03)


def test_the_limit_after_one_error_is_that_of_a_simulation() -> None:
    """One wrong case of 48, six of each of eight subjects: the lower limit of the bootstrap."""
    generator = np.random.default_rng(5)
    weights = generator.multinomial(8, [1 / 8] * 8, size=20_000)
    limit = np.quantile(1 - weights[:, 0] / 48, 0.025)
    assert limit == pytest.approx(1 - reach.errors_at_the_limit(8, 0.95) / 48)


@pytest.mark.parametrize("bound", [5e-324, 1e-9, 0.999999, math.nextafter(1, 0)])
@pytest.mark.parametrize("level", [0.5, 0.999999, math.nextafter(1, 0)])
def test_extreme_bounds_and_levels_are_answered_quickly(bound: float, level: float) -> None:
    before = time.process_time()
    for method in ("wilson", "clopper_pearson"):
        needed = reach.trials_needed(bound, level, method)
        assert reach.best_lower_limit(needed, level, method) >= bound
    assert 2 <= reach.fewest_units(level) <= 1000
    assert time.process_time() - before < 1


def test_fewest_clusters_are_those_of_the_evidence() -> None:
    assert attainable._FEWEST == FEWEST_CLUSTERS
