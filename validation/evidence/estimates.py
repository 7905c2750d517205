"""From figures to metric values: the value, its interval, and why where there is none."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from validation.evidence import reweighting
from validation.evidence.catalogue import CATALOGUE, definition
from validation.evidence.coco_statistics import SIZES
from validation.evidence.curves import CurveFigure, CurveFigures
from validation.evidence.intervals import (
    FEWEST_CLUSTERS,
    Clusters,
    Limits,
    bca_interval,
    clusters,
    interval_of,
    percentile_limits,
    proportion_interval,
    weight_blocks,
)
from validation.evidence.metric_values import Interval, MetricValue, Scope, metric_id
from validation.evidence.ratios import Count, Figure, Floats, Formula, Ratio
from validation.plan.protocol import AnalysisPlan

_ORDER = {one.id: number for number, one in enumerate(CATALOGUE)}
_UNDEFINED = "the figure is undefined"
_NO_SPREAD = (
    "every replicate gives the same figure: resampling cannot tell how uncertain it is, "
    "and an interval without width would claim certainty"
)
_IS_COUNT = "a count of this sample, not an estimate"


class _Figure(NamedTuple):
    """A figure of whatever kind, with its value."""

    metric: str
    class_name: str | None
    iou: float | None
    size: str | None
    value: float | None
    n: int
    n_undefined: int
    undefined: str
    resampled: "_Resampled | None"
    """None for counts, and where too few clusters can be drawn."""
    shares: tuple[int, int] | None = None
    """Cases with the outcome and cases, where a binomial interval is asked for and right."""


class _Resampled(NamedTuple):
    """A figure in every replicate."""

    replicates: Floats
    limits: Limits | None
    """Percentile limits; None where the figure is defined in no replicate."""
    jackknife: Floats | None
    """The figure without each cluster in turn; None unless the protocol asks for BCa."""


def metric_values(
    figures: Sequence[Figure],
    curves: CurveFigures | None,
    *,
    unit_of_case: Sequence[str],
    plan: AnalysisPlan,
    subgroup: dict[str, str],
) -> tuple[MetricValue, ...]:
    """Return all figures of a group of cases with their intervals.

    Args:
        figures: Ratios and counts of the group's cases.
        curves: Figures of curves over all scores (AP, AR, FROC) of the group; None: none.
        unit_of_case: Id of the independent unit (subject or case) of each case.
        plan: The protocol's analysis plan.
        subgroup: Column and value that define the group; empty for all cases.

    Returns:
        Figures over all classes first, then by class in the order given; within a class in
        the catalogue's order, then by IoU threshold, then by size.
    """
    units = clusters(unit_of_case)
    all_figures = _with_replicates(figures, curves, units, plan)
    class_names = [None, *dict.fromkeys(one.class_name for one in all_figures if one.class_name)]
    position = {name: number for number, name in enumerate(class_names)}
    all_figures.sort(
        key=lambda one: (
            position[one.class_name],
            _ORDER[one.metric],
            one.iou or 0,
            SIZES.index(one.size or "all"),
        )
    )
    return tuple(_metric_value(one, len(units.names), plan, subgroup) for one in all_figures)


def _with_replicates(
    figures: Sequence[Figure],
    curves: CurveFigures | None,
    units: Clusters,
    plan: AnalysisPlan,
) -> list[_Figure]:
    quotients = [one for one in figures if not isinstance(one, Count)]
    of_curves = () if curves is None else curves.figures
    resampled: list[_Resampled | None] = [None] * (len(quotients) + len(of_curves))
    if len(units.names) >= FEWEST_CLUSTERS:
        resampled = list(_resampled(quotients, curves, units, plan))
    is_binomial = plan.proportion_interval in ("wilson", "clopper_pearson") and len(
        units.names
    ) == len(units.of_case)
    return [
        *(_of_count(one) for one in figures if isinstance(one, Count)),
        *(
            _of_ratio(one, again, _shares(one) if is_binomial else None)
            for one, again in zip(quotients, resampled, strict=False)
        ),
        *(
            _of_curve(one, again)
            for one, again in zip(of_curves, resampled[len(quotients) :], strict=True)
        ),
    ]


def _shares(one: Ratio | Formula) -> tuple[int, int] | None:
    """Return cases with the outcome and cases in all, of a figure that is a share of cases."""
    if not isinstance(one, Ratio) or not one.is_share_of_cases:
        return None
    [(above, below)] = one.parts
    return int(above.sum()), int(below.sum())


def _resampled(
    quotients: Sequence[Ratio | Formula],
    curves: CurveFigures | None,
    units: Clusters,
    plan: AnalysisPlan,
) -> Iterator[_Resampled]:
    """Yield each figure in every replicate; those of curves come last."""
    replicates = replicates_of(quotients, curves, units, plan)
    is_bca = plan.interval_method == "bca_bootstrap"
    jackknife = jackknife_of(quotients, curves, units) if is_bca else None
    limits = percentile_limits(replicates, level=plan.confidence_level)
    for number, one in enumerate(limits):
        without = None if jackknife is None else jackknife[:, number]
        yield _Resampled(replicates[:, number], one, without)


def replicates_of(
    quotients: Sequence[Ratio | Formula],
    curves: CurveFigures | None,
    units: Clusters,
    plan: AnalysisPlan,
) -> Floats:
    """Return every figure in every replicate; those of curves come last."""
    sums = reweighting.Reweighting(quotients, len(units.names), units.of_case)
    return np.concatenate(
        [
            np.concatenate(
                [
                    sums.replicates(weights),
                    *([] if curves is None else [curves.replicates(weights, units.of_case)]),
                ],
                axis=1,
            )
            for weights in weight_blocks(len(units.names), plan.replicates, plan.seed)
        ]
    )


def jackknife_of(
    quotients: Sequence[Ratio | Formula], curves: CurveFigures | None, units: Clusters
) -> Floats:
    """Return every figure without each cluster; columns as in `replicates_of`."""
    count = len(units.names)
    found = reweighting.jackknife(quotients, count, units.of_case)
    if curves is None:
        return found
    return np.concatenate([found, curves.jackknife(count, units.of_case)], axis=1)


def _of_count(one: Count) -> _Figure:
    return _Figure(one.metric, one.class_name, one.iou, None, one.value, one.n, 0, "", None)


def _of_ratio(
    one: Ratio | Formula,
    resampled: _Resampled | None,
    shares: tuple[int, int] | None,
) -> _Figure:
    return _Figure(
        metric=one.metric,
        class_name=one.class_name,
        iou=one.iou,
        size=one.size,
        value=one.value(),
        n=one.n,
        n_undefined=one.n_undefined,
        undefined=one.undefined,
        resampled=resampled,
        shares=shares,
    )


def _of_curve(one: CurveFigure, resampled: _Resampled | None) -> _Figure:
    return _Figure(
        metric=one.metric,
        class_name=one.class_name,
        iou=one.iou,
        size=one.size,
        value=one.value,
        n=one.n,
        n_undefined=0,
        undefined=one.undefined,
        resampled=resampled,
    )


def _metric_value(
    one: _Figure, cluster_count: int, plan: AnalysisPlan, subgroup: dict[str, str]
) -> MetricValue:
    known = definition(one.metric)
    interval, no_interval = _interval(one, cluster_count, plan)
    return MetricValue(
        id=metric_id(
            one.metric, class_name=one.class_name, iou=one.iou, size=one.size, subgroup=subgroup
        ),
        metric=one.metric,
        scope=Scope(class_name=one.class_name, iou=one.iou, size=one.size, subgroup=subgroup),
        value=one.value,
        unit=known.unit,
        n=one.n,
        n_of=known.n_of,
        n_undefined=one.n_undefined,
        interval=interval,
        no_interval=no_interval,
        undefined=one.undefined if one.value is None else None,
    )


def _interval(
    one: _Figure, cluster_count: int, plan: AnalysisPlan
) -> tuple[Interval | None, str | None]:
    if definition(one.metric).aggregation == "count":
        return None, _IS_COUNT
    if one.value is None:
        return None, _UNDEFINED
    if one.shares is not None and plan.proportion_interval in ("wilson", "clopper_pearson"):
        successes, trials = one.shares
        found = proportion_interval(
            successes,
            trials,
            level=plan.confidence_level,
            unit=plan.resampling_unit,
            method=plan.proportion_interval,
        )
        return found, None
    if one.resampled is None:
        return None, f"fewer than two {plan.resampling_unit}s: nothing to resample"
    interval = _bootstrap_interval(one.value, one.resampled, cluster_count, plan)
    why = "the figure is undefined in every replicate" if interval is None else _NO_SPREAD
    if interval is None or interval.lower == interval.upper:
        return None, why
    return interval, None


def _bootstrap_interval(
    value: float, resampled: _Resampled, cluster_count: int, plan: AnalysisPlan
) -> Interval | None:
    level, unit = plan.confidence_level, plan.resampling_unit
    replicates, limits, jackknife = resampled
    if jackknife is None:
        return interval_of(limits, level=level, unit=unit, cluster_count=cluster_count)
    return bca_interval(
        value, replicates, jackknife, level=level, unit=unit, cluster_count=cluster_count
    )
