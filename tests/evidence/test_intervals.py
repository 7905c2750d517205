"""Unit tests for validation/evidence/intervals.py and the replicates of ratios.py."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from validation.evidence import intervals
from validation.evidence.intervals import clusters, percentile_interval, weight_blocks
from validation.evidence.ratios import Ratio, mean_over_cases, ratio, replicates


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
