"""95 % intervals cover the truth of simulated populations in 93 to 97 % of the samples.

Every population has subjects that differ, with several cases each, and a figure whose true value
is known. Many samples of one design are figures of one call, so that the path from sums to
limits that is tested is the whole of it: `validation.evidence.estimates.metric_values`.

With 2,000 samples the standard error of a coverage is 0.5 %. A percentile interval of a mean over
n subjects covers 95 % less about 2.5/n of it (the bootstrap divides by n, and takes the normal
for the t distribution), so 200 subjects leave it well inside the band.
"""

from collections.abc import Callable

import numpy as np
import pytest

from validation.evidence.estimates import metric_values
from validation.evidence.ratios import Floats, Ratio, mean_over_cases, ratio
from validation.plan.protocol import AnalysisPlan

SUBJECTS, MOST_CASES, SAMPLES, AT_ONCE = 200, 3, 2000, 100
TRUE_RECALL = sum(cases * (1 - 0.1 * cases) for cases in (1, 2, 3)) / 6

Sample = tuple[Ratio, float]
"""A figure of a simulated sample, and what it estimates."""
Make = Callable[[np.random.Generator, Floats], Sample]
"""From a generator and which cases there are, shape (subjects, cases), to a sample."""


def _recall(generator: np.random.Generator, is_there: Floats) -> Sample:
    # Subjects with more cases are harder, so that the pooled recall is not the mean of theirs.
    objects = generator.integers(1, 30, is_there.shape) * is_there.astype(np.int64)
    mean = 1 - 0.1 * is_there.sum(axis=1, keepdims=True)
    of_subject = generator.beta(10 * mean, 10 * (1 - mean))
    found = generator.binomial(objects, of_subject)
    return (
        ratio("recall", found.ravel(), objects.ravel(), n=1, undefined="-"),
        TRUE_RECALL,
    )


def _f1(generator: np.random.Generator, is_there: Floats) -> Sample:
    # 20 objects of which 80 % are found, and 5 false alarms: F1 = 32 / (32 + 4 + 5).
    objects = generator.poisson(20 * is_there)
    found = generator.binomial(objects, generator.beta(8, 2, (SUBJECTS, 1)))
    alarms = generator.poisson(5 * is_there * generator.gamma(2, 1 / 2, (SUBJECTS, 1)))
    figure = ratio("f1", 2 * found.ravel(), (found + objects + alarms).ravel(), n=1, undefined="-")
    return figure, 32 / 41


def _dice(generator: np.random.Generator, is_there: Floats) -> Sample:
    # A mean over cases of skew values: of a subject Beta(8, 2), of its cases around that.
    of_subject = generator.beta(8, 2, (SUBJECTS, 1))
    values = generator.beta(20 * of_subject, 20 * (1 - of_subject), is_there.shape)
    figure = mean_over_cases(
        "dice_mean_over_cases", (values * is_there).ravel(), is_there.ravel(), undefined="-"
    )
    return figure, 0.8


def _count_bias(generator: np.random.Generator, is_there: Floats) -> Sample:
    of_subject = generator.normal(1.5, 2, (SUBJECTS, 1))
    errors = np.rint(of_subject + generator.normal(0, 3, is_there.shape)) * is_there
    return ratio("count_bias", errors.ravel(), is_there.ravel(), n=1, undefined="-"), 1.5


def coverage(make: Make, method: str, unit_of_case: list[str]) -> float:
    """Return the share of samples of which the 95 % interval holds the true value."""
    generator = np.random.default_rng(20)
    covered = 0
    for seed in range(SAMPLES // AT_ONCE):  # weights of their own: what they share cannot add up
        plan = AnalysisPlan.model_construct(
            confidence_level=0.95,
            interval_method=method,
            proportion_interval="bootstrap",
            resampling_unit="subject",
            replicates=600,
            seed=seed,
        )
        samples = [
            make(
                generator,
                np.arange(MOST_CASES) < generator.integers(1, MOST_CASES + 1, (SUBJECTS, 1)),
            )
            for _ in range(AT_ONCE)
        ]
        found = metric_values(
            [figure for figure, _ in samples],
            None,
            unit_of_case=unit_of_case,
            plan=plan,
            subgroup={},
        )
        for one, (figure, truth) in zip(found, samples, strict=True):
            assert one.value == figure.value()
            assert one.interval is not None
            covered += one.interval.lower <= truth <= one.interval.upper
    return covered / SAMPLES


SUBJECT_OF_CASE = [f"S-{one:03d}" for one in range(SUBJECTS) for _ in range(MOST_CASES)]


@pytest.mark.parametrize("method", ["percentile_bootstrap", "bca_bootstrap"])
@pytest.mark.parametrize("make", [_recall, _f1, _dice, _count_bias])
def test_intervals_over_subjects_cover_the_truth(make: Make, method: str) -> None:
    assert 0.93 <= coverage(make, method, SUBJECT_OF_CASE) <= 0.97


@pytest.mark.parametrize("make", [_recall, _dice])
def test_intervals_over_cases_of_the_same_subjects_do_not(make: Make) -> None:
    # Trap 10: what the test above would say if subjects were not kept whole.
    alone = [f"C-{one:03d}" for one in range(SUBJECTS * MOST_CASES)]
    assert coverage(make, "percentile_bootstrap", alone) < 0.9
