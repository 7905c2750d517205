"""Unit tests for validation/evidence/intervals.py and the replicates of ratios.py."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from validation.evidence import intervals
from validation.evidence.agreement import limits_of_agreement
from validation.evidence.intervals import (
    bca_interval,
    clusters,
    percentile_interval,
    proportion_interval,
    weight_blocks,
)
from validation.evidence.measure import measure
from validation.evidence.overlap import ConfusionTable
from validation.evidence.ratios import Ratio, mean_over_cases, ratio
from validation.evidence.reweighting import jackknife, replicates


def all_weights(cluster_count: int, count: int, seed: int) -> np.ndarray:
    return np.concatenate(list(weight_blocks(cluster_count, count, seed)))


@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 2**63 - 1))
def test_every_replicate_draws_as_many_clusters_as_there_are(
    cluster_count: int, count: int, seed: int
) -> None:
    weights = all_weights(cluster_count, count, seed)
    assert weights.shape == (count, cluster_count)
    assert (weights.sum(axis=1) == cluster_count).all()
    assert (weights >= 0).all()


def test_the_draws_are_those_of_pcg64_with_the_seed() -> None:
    drawn = np.random.Generator(np.random.PCG64(11)).integers(5, size=(3, 5))
    expected = [np.bincount(row, minlength=5).tolist() for row in drawn]
    assert all_weights(5, 3, 11).tolist() == expected


def test_the_draws_are_the_same_in_every_version() -> None:
    # Golden: a change here changes every interval ever reported.
    assert all_weights(4, 3, 20240229).tolist() == [[1, 1, 0, 2], [1, 1, 1, 1], [0, 1, 0, 3]]


def test_blocks_bound_the_memory_and_not_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = all_weights(7, 100, 3)
    monkeypatch.setattr(intervals, "_WEIGHTS_AT_ONCE", 7 * 9)
    blocks = list(weight_blocks(7, 100, 3))
    assert max(len(block) for block in blocks) == 9
    assert np.array_equal(np.concatenate(blocks), whole)


def test_clusters_are_sorted_whatever_the_order_of_cases() -> None:
    names, of_case = clusters(["S2", "S10", "S2"])
    assert names == ("S10", "S2")
    assert of_case.tolist() == [1, 0, 1]


def test_the_interval_is_the_linear_quantiles_of_the_replicates() -> None:
    # 0..100: the 2.5 % quantile is 2.5, the 97.5 % quantile 97.5.
    found = percentile_interval(np.arange(101.0), level=0.95, unit="subject", cluster_count=9)
    assert found is not None
    assert found.lower == pytest.approx(2.5)
    assert found.upper == pytest.approx(97.5)
    assert (found.clusters, found.replicates, found.level) == (9, 101, 0.95)
    assert found.method == "percentile bootstrap over subjects"


def test_undefined_replicates_are_left_out_and_the_others_counted() -> None:
    values = np.array([np.nan, 1.0, 2.0, np.nan])
    found = percentile_interval(values, level=0.5, unit="case", cluster_count=2)
    assert found is not None
    assert (found.lower, found.upper, found.replicates) == (1.25, 1.75, 2)
    nothing = np.full(3, np.nan)
    assert percentile_interval(nothing, level=0.5, unit="case", cluster_count=2) is None


NUMBERS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8)


@settings(deadline=None)
@given(NUMBERS, st.integers(0, 1000), st.booleans())
def test_weights_are_copies_of_the_clusters(
    numbers: list[tuple[int, int]], seed: int, absolute: bool
) -> None:
    above, below = np.array(numbers).T
    of_case = np.arange(len(numbers)) % 3 if len(numbers) >= 3 else np.arange(len(numbers))
    weights = all_weights(int(of_case.max()) + 1, 20, seed)
    figure = ratio("f1", above - 4, below, n=1, undefined="-", absolute=absolute)
    found = replicates([figure], weights, of_case)[:, 0]
    for row, value in zip(weights, found, strict=True):
        copied = np.repeat(np.arange(len(numbers)), row[of_case])
        again = ratio(
            "f1", (above - 4)[copied], below[copied], n=1, undefined="-", absolute=absolute
        )
        assert (None if np.isnan(value) else value) == again.value()


def test_a_mean_over_parts_is_undefined_where_one_part_is() -> None:
    parts = ((np.array([1.0, 0.0]), np.array([2.0, 0.0])), (np.ones(2), np.ones(2)))
    figure = Ratio("mean_iou", parts, n=2, undefined="-")
    assert figure.value() == 0.75
    found = replicates([figure], np.array([[1, 1], [0, 2]]), np.arange(2))[:, 0]
    assert found[0] == 0.75
    assert np.isnan(found[1])


def test_a_figure_of_nothing_is_undefined() -> None:
    assert ratio("f1", [], [], n=0, undefined="-").value() is None
    assert mean_over_cases("iou_mean_over_cases", [0], [0], undefined="-").value() is None
    assert Ratio("mean_iou", (), n=0, undefined="-").value() is None


@given(st.permutations([0.1, 0.2, 0.3, 1e16, -1e16, 0.7]))
def test_no_order_of_cases_changes_a_bit_of_a_figure(values: list[float]) -> None:
    assert ratio("f1", values, [1.0] * 6, n=6, undefined="-").value() == pytest.approx(1.3 / 6)
    first = ratio("f1", sorted(values), [1.0] * 6, n=6, undefined="-").value()
    assert ratio("f1", values, [1.0] * 6, n=6, undefined="-").value() == first


def test_the_interval_of_a_mean_is_close_to_that_of_scipy_bootstrap() -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(5, 2, 40)
    figure = ratio("count_bias", values, np.ones(40), n=40, undefined="-")
    found = percentile_interval(
        replicates([figure], all_weights(40, 4000, 2), np.arange(40))[:, 0],
        level=0.95,
        unit="case",
        cluster_count=40,
    )
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(3)
    ).confidence_interval
    assert found is not None
    assert found.lower == pytest.approx(theirs.low, abs=0.05)
    assert found.upper == pytest.approx(theirs.high, abs=0.05)


def test_resampling_subjects_covers_the_truth_and_resampling_cases_does_not() -> None:
    # Trap 10. 40 subjects with 8 cases each; subjects differ, cases of a subject hardly do.
    # The true mean is 0. 300 populations: 95 % intervals over subjects have to cover it in
    # about 93 % (40 clusters: a percentile interval is a little short), those over cases far
    # less often.
    generator = np.random.default_rng(6)
    weights = {"subject": all_weights(40, 400, 4), "case": all_weights(320, 400, 4)}
    covered = {"subject": 0, "case": 0}
    of_case = {"subject": np.repeat(np.arange(40), 8), "case": np.arange(320)}
    for _ in range(300):
        values = np.repeat(generator.normal(0, 1, 40), 8) + generator.normal(0, 0.3, 320)
        figure = ratio("count_bias", values, np.ones(320), n=320, undefined="-")
        for unit, of_unit in of_case.items():
            found = percentile_interval(
                replicates([figure], weights[unit], of_unit)[:, 0],
                level=0.95,
                unit=unit,
                cluster_count=int(of_unit.max()) + 1,
            )
            assert found is not None
            covered[unit] += found.lower <= 0 <= found.upper
    assert 0.90 <= covered["subject"] / 300 <= 0.98
    assert covered["case"] / 300 < 0.7


# Near the least float there are no two parts to split a value into; no figure is that small.
FLOATS = st.floats(-1e6, 1e6).filter(lambda one: one == 0 or abs(one) > 1e-200)


@settings(deadline=None)
@given(st.lists(FLOATS, min_size=1, max_size=20), st.integers(0, 1000))
def test_sums_with_weights_are_exact_so_no_processor_can_change_a_bit(
    values: list[float], seed: int
) -> None:
    weights = all_weights(len(values), 7, seed)
    figure = ratio("count_bias", values, np.ones(len(values)), n=1, undefined="-")
    found = replicates([figure], weights, np.arange(len(values)))[:, 0]
    for row, mean in zip(weights, found, strict=True):
        exact = sum(Fraction(one) * int(times) for one, times in zip(values, row, strict=True))
        largest = max(abs(one) for one in values)
        assert abs(Fraction(float(mean)) * len(values) - exact) <= Fraction(largest) / 2**44
        if abs(exact) > largest / 100:
            assert mean == pytest.approx(float(exact / len(values)), rel=1e-15, abs=0)


@settings(deadline=None)
@given(NUMBERS, st.booleans())
def test_the_jackknife_is_the_figure_with_each_cluster_left_out(
    numbers: list[tuple[int, int]], absolute: bool
) -> None:
    above, below = np.array(numbers).T
    of_case = np.arange(len(numbers)) // 2
    count = int(of_case.max()) + 1
    figures = [
        ratio("f1", above - 4, below, n=1, undefined="-", absolute=absolute),
        mean_over_cases("iou_mean_over_cases", above, below, undefined="-"),
        *limits_of_agreement("count", above, below, "a"),
    ]
    left_out = 1 - np.eye(count, dtype=np.int64)
    expected = replicates(figures, left_out, of_case)
    assert np.array_equal(jackknife(figures, count, of_case), expected, equal_nan=True)


def test_bca_is_that_of_scipy_for_the_same_replicates() -> None:
    generator = np.random.default_rng(8)
    values = generator.exponential(1, 25)
    figure = ratio("count_bias", values, np.ones(25), n=25, undefined="-")
    drawn = replicates([figure], all_weights(25, 2000, 9), np.arange(25))[:, 0]
    value = figure.value()
    assert value is not None
    found = bca_interval(
        value,
        drawn,
        jackknife([figure], 25, np.arange(25))[:, 0],
        level=0.9,
        unit="case",
        cluster_count=25,
    )
    first = stats.bootstrap((values,), np.mean, n_resamples=2, method="percentile")
    first.bootstrap_distribution = drawn
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=0,
        bootstrap_result=first,
        method="BCa",
        confidence_level=0.9,
    ).confidence_interval
    assert found is not None
    assert found.lower == pytest.approx(theirs.low, rel=1e-9)
    assert found.upper == pytest.approx(theirs.high, rel=1e-9)
    assert found.method == "bias-corrected and accelerated bootstrap (BCa) over cases"
    assert (found.clusters, found.replicates) == (25, 2000)


@pytest.mark.parametrize(
    ("value", "left_out", "why"),
    [
        (9.0, [1.0, 2.0], "every replicate lies on one side of the figure"),
        (-1.0, [1.0, 2.0], "every replicate lies on one side of the figure"),
        (2.0, [1.0, np.nan], "without one of the subjects the figure is undefined"),
        (2.0, [1.0, 1.0], "no single subject moves the figure"),
    ],
)
def test_where_bca_does_not_exist_the_percentile_interval_says_why(
    value: float, left_out: list[float], why: str
) -> None:
    drawn = np.array([1.0, 2.0, 3.0, np.nan])
    terms: dict[str, Any] = {"level": 0.5, "unit": "subject", "cluster_count": 2}
    plain = percentile_interval(drawn, **terms)
    found = bca_interval(value, drawn, np.array(left_out), **terms)
    assert plain is not None
    assert found is not None
    assert (found.lower, found.upper) == (plain.lower, plain.upper) == (1.5, 2.5)
    assert found.method == f"percentile bootstrap over subjects (no BCa: {why})"
    assert bca_interval(1.0, np.full(2, np.nan), np.ones(2), **terms) is None


@pytest.mark.parametrize(
    ("successes", "trials", "method", "lower", "upper"),
    [
        # R: binom.confint(x, n, methods = c("wilson", "exact"))
        (18, 20, "wilson", 0.6989664, 0.9721335),
        (18, 20, "clopper_pearson", 0.6830173, 0.9876515),
        (10, 10, "wilson", 0.7224672, 1.0),
        (10, 10, "clopper_pearson", 0.6915029, 1.0),
        (0, 5, "wilson", 0.0, 0.4344825),
        (1, 1, "clopper_pearson", 0.025, 1.0),
    ],
)
def test_binomial_intervals_are_those_of_r(
    successes: int, trials: int, method: Any, lower: float, upper: float
) -> None:
    found = proportion_interval(successes, trials, level=0.95, unit="case", method=method)
    assert found.lower == pytest.approx(lower, abs=5e-7)
    assert found.upper == pytest.approx(upper, abs=5e-7)
    assert found.lower <= successes / trials <= found.upper
    assert (found.clusters, found.replicates) == (trials, 0)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("trials", [1, 2, 7, 30, 1000])
@pytest.mark.parametrize(("method", "name"), [("wilson", "wilson"), ("clopper_pearson", "beta")])
def test_binomial_intervals_are_those_of_statsmodels(
    trials: int, level: float, method: Any, name: str
) -> None:
    for successes in {0, 1, trials // 3, trials // 2, trials - 1, trials}:
        found = proportion_interval(successes, trials, level=level, unit="case", method=method)
        lower, upper = proportion_confint(successes, trials, alpha=1 - level, method=name)
        assert found.lower == pytest.approx(lower, rel=1e-9, abs=1e-12)
        assert found.upper == pytest.approx(upper, rel=1e-9, abs=1e-12)


@given(st.integers(1, 300), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_binomial_intervals_solve_the_equations_that_define_them(
    trials: int, data: st.DataObject, level: float
) -> None:
    # Clopper and Pearson: at a limit the tail of the binomial distribution from the successes
    # on has half of what the level leaves. Wilson: a limit is so many standard errors of its
    # own from the share.
    successes = data.draw(st.integers(0, trials))
    terms: dict[str, Any] = {"level": level, "unit": "case"}
    tail = (1 - level) / 2
    exact = proportion_interval(successes, trials, method="clopper_pearson", **terms)
    if successes > 0:
        assert stats.binom.sf(successes - 1, trials, exact.lower) == pytest.approx(tail, rel=1e-6)
    if successes < trials:
        assert stats.binom.cdf(successes, trials, exact.upper) == pytest.approx(tail, rel=1e-6)
    score = proportion_interval(successes, trials, method="wilson", **terms)
    normal = special.ndtri(1 - tail)
    for limit, is_end in ((score.lower, successes == 0), (score.upper, successes == trials)):
        apart = (successes / trials - limit) ** 2
        assert is_end or apart == pytest.approx(normal**2 * limit * (1 - limit) / trials, rel=1e-6)
    for one in (exact, score):
        assert 0 <= one.lower <= successes / trials <= one.upper <= 1


def presence_study(
    make_protocol: Any, make_case: Any, subjects: list[str], **analysis: Any
) -> dict[str, Any]:
    counts = np.array([[5, 0], [0, 5]], np.int64)
    tables = [ConfusionTable(f"C-{one}", counts, 0) for one in range(len(subjects))]
    cases = [make_case(f"C-{one}", subject) for one, subject in enumerate(subjects)]
    protocol = make_protocol(
        "semantic", presence_minimum_area_px=1, resampling_unit="subject", **analysis
    )
    return {one.metric: one for one in measure(tables, cases, protocol).metrics}


@pytest.mark.parametrize("method", ["wilson", "clopper_pearson"])
def test_where_all_cases_succeed_a_binomial_interval_is_honest_and_the_bootstrap_has_none(
    make_protocol: Any, make_case: Any, method: str
) -> None:
    alone = ["S-1", "S-2", "S-3", "S-4"]
    before = presence_study(make_protocol, make_case, alone)["presence_sensitivity"]
    assert before.interval is None
    found = presence_study(make_protocol, make_case, alone, proportion_interval=method)
    one = found["presence_sensitivity"]
    assert one.value == 1
    assert one.interval is not None
    assert 0.3 < one.interval.lower < 0.6
    assert one.interval.upper == 1
    assert one.interval.clusters == one.n == 4
    assert one.interval.method.endswith(" over subjects")
    # What is no share of cases keeps the bootstrap, and a share of none stays undefined.
    assert found["pixel_recall"].no_interval.startswith("every replicate gives the same")
    assert found["presence_specificity"].interval is None


def test_a_binomial_interval_is_refused_where_a_subject_has_two_cases(
    make_protocol: Any, make_case: Any
) -> None:
    # Trap 10: two images of a subject are not two independent outcomes.
    twice = ["S-1", "S-1", "S-2", "S-3"]
    found = presence_study(make_protocol, make_case, twice, proportion_interval="wilson")
    assert found["presence_sensitivity"].interval is None
    assert "every replicate" in found["presence_sensitivity"].no_interval


def test_every_figure_has_a_bca_interval_in_its_range_where_the_protocol_asks(
    make_protocol: Any, make_case: Any
) -> None:
    generator = np.random.default_rng(5)
    tables = [
        ConfusionTable(f"C-{one:02}", generator.integers(1, 30, (2, 2)), 0) for one in range(20)
    ]
    cases = [make_case(one.case_id, f"S-{number % 7}") for number, one in enumerate(tables)]
    asked = {"resampling_unit": "subject", "replicates": 500}
    protocol = make_protocol("semantic", interval_method="bca_bootstrap", **asked)
    found = {one.id: one for one in measure(tables, cases, protocol).metrics}
    plain = measure(tables, cases, make_protocol("semantic", **asked)).metrics
    assert sum(one.interval is not None for one in plain) > 15
    for one in plain:
        other = found[one.id]
        assert other.value == one.value
        assert (other.interval is None) == (one.interval is None)
        if other.interval is not None and one.interval is not None:
            assert other.interval.method == (
                "bias-corrected and accelerated bootstrap (BCa) over subjects"
            )
            assert other.interval.lower < other.interval.upper
            assert other.interval != one.interval
