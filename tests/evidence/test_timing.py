"""Unit tests for validation/evidence/timing.py."""

import numpy as np
import pytest

from validation.evidence.timing import latency_metrics


def test_median_and_95th_percentile_are_interpolated_linearly() -> None:
    # 0, 10, ..., 100: the median is 50; the 95th percentile lies at position 9.5: 95.
    median, p95 = latency_metrics({f"C-{one}": 10.0 * one for one in range(11)})
    assert (median.id, median.value, median.unit, median.n) == ("latency_median_ms", 50.0, "ms", 11)
    assert (p95.id, p95.value) == ("latency_p95_ms", pytest.approx(95.0))
    assert median.interval is None
    assert median.no_interval


def test_one_case_is_its_own_median() -> None:
    assert [one.value for one in latency_metrics({"C-1": 3.5})] == [3.5, 3.5]


def test_without_cases_it_is_undefined_and_says_why() -> None:
    for one in latency_metrics({}):
        assert one.value is None
        assert one.undefined == "no case was timed"
        assert one.n == 0


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_a_latency_that_cannot_be_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="negative or not finite: C-2"):
        latency_metrics({"C-1": 1.0, "C-2": wrong})
