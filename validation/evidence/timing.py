"""Figures of latency: how long a case took from reading to the finished prediction."""

import math
from collections.abc import Mapping

import numpy as np

from validation.evidence.metric_values import MetricValue, Scope, metric_id

NO_INTERVAL = "latencies of one run on one machine say nothing of other machines"
_QUANTILES = {"latency_median_ms": 0.5, "latency_p95_ms": 0.95}


def latency_metrics(latencies_ms: Mapping[str, float]) -> tuple[MetricValue, ...]:
    """Return the median and the 95th percentile of the latency of a case.

    Quantiles are interpolated linearly between order statistics (R's type 7).

    Args:
        latencies_ms: Total latency by case id, in milliseconds; cases that failed have none.

    Raises:
        ValueError: A latency is negative or not finite.

    >>> [one.value for one in latency_metrics({"a": 10.0, "b": 20.0, "c": 40.0})]
    [20.0, 38.0]
    """
    wrong = [case for case, ms in latencies_ms.items() if not (math.isfinite(ms) and ms >= 0)]
    if wrong:
        raise ValueError(f"latencies are negative or not finite: {', '.join(sorted(wrong))}")
    return tuple(_metric(metric, list(latencies_ms.values())) for metric in _QUANTILES)


def _metric(metric: str, latencies_ms: list[float]) -> MetricValue:
    value = (
        float(np.quantile(latencies_ms, _QUANTILES[metric], method="linear"))
        if latencies_ms
        else None
    )
    return MetricValue(
        id=metric_id(metric),
        metric=metric,
        scope=Scope(),
        value=value,
        unit="ms",
        n=len(latencies_ms),
        n_of="cases",
        n_undefined=0,
        interval=None,
        no_interval=NO_INTERVAL if latencies_ms else "the figure is undefined",
        undefined=None if latencies_ms else "no case was timed",
    )
