"""Paired differences: the same clusters are drawn for both versions.

A replicate draws clusters once and gives both versions the same weights (ADR 0008, 0025), so
that what makes an image hard for both does not widen the interval of their difference. The
differences themselves are those of the figures as both records state them.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from validation.evidence.catalogue import definition
from validation.evidence.curves import CurveFigure
from validation.evidence.estimates import jackknife_of, replicates_of
from validation.evidence.intervals import (
    FEWEST_CLUSTERS,
    Clusters,
    bca_interval,
    clusters,
    percentile_interval,
)
from validation.evidence.measure import GroupFigures
from validation.evidence.metric_values import Interval, MetricValue, metric_id
from validation.evidence.paired.records import FigureDifference, SideValue
from validation.evidence.ratios import Count, Figure, Floats
from validation.plan.protocol import AnalysisPlan

_IS_COUNT = "counts of this sample, not estimates"
_NO_DIFFERENCE = "there is no difference to give an interval of"
_NO_SPREAD = (
    "every replicate gives the same difference: resampling cannot tell how uncertain it is, "
    "and an interval without width would claim certainty"
)
NOT_PAIRED = "timed in two runs, which nothing pairs"


def paired_differences(
    first: Sequence[GroupFigures],
    second: Sequence[GroupFigures],
    stated: tuple[Mapping[str, MetricValue], Mapping[str, MetricValue]],
    plan: AnalysisPlan,
) -> tuple[FigureDifference, ...]:
    """Return the difference of every figure that both versions have.

    Args:
        first: Figures of the version before, by group.
        second: Figures of the new version, by group.
        stated: The figures of the first and of the second record, by id.
        plan: Level, method, unit, seed and replicates of the intervals.

    Returns:
        All cases first, then by subgroup, in the order of the second version's figures.
    """
    known = {_key(one.subgroup): one for one in first}
    return tuple(
        difference
        for group in second
        if (before := known.get(_key(group.subgroup))) is not None
        for difference in _of_group(before, group, stated, plan)
    )


def unpaired_difference(first: MetricValue, second: MetricValue) -> FigureDifference:
    """Return the difference of two figures that nothing pairs (timings); it has no interval."""
    return _difference(first, second, None, NOT_PAIRED)


def _key(subgroup: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(subgroup.items())


def _of_group(
    first: GroupFigures,
    second: GroupFigures,
    stated: tuple[Mapping[str, MetricValue], Mapping[str, MetricValue]],
    plan: AnalysisPlan,
) -> Iterator[FigureDifference]:
    resampled = _resampled(first, second, plan)
    ids = {_id(one, second.subgroup) for one in _all_figures(second)}
    for identity, value in stated[1].items():
        before = stated[0].get(identity)
        if identity not in ids or before is None:
            continue
        interval, why = _interval(before, value, resampled.get(identity), plan)
        yield _difference(before, value, interval, why)


class _Resampled(NamedTuple):
    """A difference in every replicate."""

    replicates: Floats
    jackknife: Floats | None
    cluster_count: int


def _resampled(
    first: GroupFigures, second: GroupFigures, plan: AnalysisPlan
) -> dict[str, _Resampled]:
    """Return the difference of each figure in every replicate, by id; empty: too few clusters."""
    names = clusters([*first.unit_of_case, *second.unit_of_case]).names
    if len(names) < FEWEST_CLUSTERS:
        return {}
    before, after = _columns(first), _columns(second)
    common = [one for one in after if one in before]
    columns = [before[one] for one in common], [after[one] for one in common]
    replicates, jackknife = (
        _second_less_first(first, second, columns, names, plan, is_jackknife=one)
        for one in (False, True)
    )
    return {
        identity: _Resampled(
            replicates[:, number],
            None if jackknife.size == 0 else jackknife[:, number],
            len(names),
        )
        for number, identity in enumerate(common)
    }


def _second_less_first(
    first: GroupFigures,
    second: GroupFigures,
    columns: tuple[list[int], list[int]],
    names: tuple[str, ...],
    plan: AnalysisPlan,
    *,
    is_jackknife: bool,
) -> Floats:
    if is_jackknife and plan.interval_method != "bca_bootstrap":
        return np.empty((0, 0))
    sides = []
    for group, chosen in zip((first, second), columns, strict=True):
        units = _clusters_among(group.unit_of_case, names)
        quotients = [one for one in group.figures if not isinstance(one, Count)]
        found = (
            jackknife_of(quotients, group.curves, units)
            if is_jackknife
            else replicates_of(quotients, group.curves, units, plan)
        )
        sides.append(found[:, chosen])
    difference: Floats = sides[1] - sides[0]
    return difference


def _clusters_among(unit_of_case: Iterable[str], names: tuple[str, ...]) -> Clusters:
    """Return the clusters of one version among those of both, so that weights are the same."""
    index = {name: number for number, name in enumerate(names)}
    return Clusters(names, np.array([index[one] for one in unit_of_case], np.int64))


def _columns(group: GroupFigures) -> dict[str, int]:
    """Return the column of each figure that is resampled, by id; as `replicates_of` has them."""
    figures = [one for one in _all_figures(group) if not isinstance(one, Count)]
    return {_id(one, group.subgroup): number for number, one in enumerate(figures)}


def _all_figures(group: GroupFigures) -> Iterator[Figure | CurveFigure]:
    yield from group.figures
    if group.curves is not None:
        yield from group.curves.figures


def _id(one: Figure | CurveFigure, subgroup: dict[str, str]) -> str:
    size = None if isinstance(one, Count) else one.size
    return metric_id(
        one.metric, class_name=one.class_name, iou=one.iou, size=size, subgroup=subgroup
    )


def values_by_id(groups: Iterable[GroupFigures]) -> dict[str, float | None]:
    """Return every figure as it follows from the tables, by id."""
    return {
        _id(one, group.subgroup): one.value if isinstance(one, CurveFigure | Count) else one.value()
        for group in groups
        for one in _all_figures(group)
    }


def _interval(
    first: MetricValue, second: MetricValue, found: _Resampled | None, plan: AnalysisPlan
) -> tuple[Interval | None, str | None]:
    if definition(second.metric).aggregation == "count":
        return None, _IS_COUNT
    if first.value is None or second.value is None:
        return None, _NO_DIFFERENCE
    if found is None:
        return None, f"fewer than two {plan.resampling_unit}s: nothing to resample"
    interval = _bootstrap_interval(second.value - first.value, found, plan)
    if interval is None:
        return None, "the difference is undefined in every replicate"
    if math.isclose(interval.lower, interval.upper, rel_tol=0, abs_tol=1e-15):
        return None, _NO_SPREAD
    return interval.model_copy(update={"method": f"paired {interval.method}"}), None


def _bootstrap_interval(value: float, found: _Resampled, plan: AnalysisPlan) -> Interval | None:
    level, unit, count = plan.confidence_level, plan.resampling_unit, found.cluster_count
    if found.jackknife is None:
        return percentile_interval(found.replicates, level=level, unit=unit, cluster_count=count)
    return bca_interval(
        value, found.replicates, found.jackknife, level=level, unit=unit, cluster_count=count
    )


def _difference(
    first: MetricValue, second: MetricValue, interval: Interval | None, why: str | None
) -> FigureDifference:
    known = definition(second.metric)
    is_defined = first.value is not None and second.value is not None
    return FigureDifference(
        id=second.id,
        metric=second.metric,
        scope=second.scope,
        unit=second.unit,
        better=known.better,
        n_of=second.n_of,
        first=_side(first),
        second=_side(second),
        difference=second.value - first.value
        if first.value is not None and second.value is not None
        else None,
        interval=interval if is_defined else None,
        no_interval=why,
        undefined=None if is_defined else _undefined(first, second),
    )


def _undefined(first: MetricValue, second: MetricValue) -> str:
    sides = (("first", first), ("second", second))
    return "; ".join(f"{name} version: {one.undefined}" for name, one in sides if one.undefined)


def _side(one: MetricValue) -> SideValue:
    return SideValue(
        value=one.value,
        n=one.n,
        n_undefined=one.n_undefined,
        interval=one.interval,
        undefined=one.undefined,
    )
