"""A row for every class and subgroup, made of the figures of ``metrics.json``.

Where there are figures over all classes (semantic, or several classes of objects), the first
row of a group has no class and holds them. A figure with an interval has three columns: itself,
``/lower`` and ``/upper``; one at an IoU threshold has it in its name, e.g.
``recall/iou=0.5/lower``, and so has one of a size stratum. A cell is empty where there is no
value.
"""

from collections.abc import Mapping, Sequence

from validation.evidence.catalogue import CATALOGUE, definition
from validation.evidence.coco_statistics import SIZES
from validation.evidence.metric_values import MetricValue, metric_id
from validation.evidence.rows import Row

_IDENTITY = ("class", "subgroup", "subgroup_value", "cases", "failed_cases")
_ORDER = {one.id: number for number, one in enumerate(CATALOGUE)}


def class_columns(metrics: Sequence[MetricValue]) -> tuple[str, ...]:
    """Return the columns of the class rows, in order."""
    figures = sorted(
        {
            (
                _ORDER[one.metric],
                one.metric,
                one.scope.iou or 0,
                SIZES.index(one.scope.size or "all"),
            )
            for one in metrics
        }
    )
    names = (_names(metric, iou, SIZES[size] if size else None) for _, metric, iou, size in figures)
    return (*_IDENTITY, *(name for some in names for name in some))


def class_rows(
    metrics: Sequence[MetricValue],
    *,
    class_names: Sequence[str],
    subgroup: Mapping[str, str],
    cases: int,
    failed_cases: int,
    columns: Sequence[str],
) -> list[Row]:
    """Return the rows of one group of cases: over all classes, if there is such, then by class.

    Args:
        metrics: Figures of the group.
        class_names: Classes of the protocol, in order.
        subgroup: Column and value that define the group; empty for all cases.
        cases: Cases in the figures of the group.
        failed_cases: Cases of the group for which the model failed, in the figures or not.
        columns: All columns, from `class_columns`.
    """
    [(column, value)] = subgroup.items() or [(None, None)]
    rows = []
    overall = [None] if any(one.scope.class_name is None for one in metrics) else []
    for class_name in (*overall, *class_names):
        row: Row = {
            **dict.fromkeys(columns),
            "class": class_name,
            "subgroup": column,
            "subgroup_value": value,
            "cases": cases,
            "failed_cases": failed_cases,
        }
        for one in metrics:
            if one.scope.class_name == class_name:
                row |= _cells(one)
        rows.append(row)
    return rows


def _names(metric: str, iou: float, size: str | None) -> tuple[str, ...]:
    name = metric_id(metric, iou=iou or None, size=size)
    if definition(metric).aggregation == "count":
        return (name,)
    return name, f"{name}/lower", f"{name}/upper"


def _cells(one: MetricValue) -> Row:
    names = _names(one.metric, one.scope.iou or 0, one.scope.size)
    if definition(one.metric).aggregation == "count" and one.value is not None:
        return {names[0]: int(one.value)}
    limits = (one.interval.lower, one.interval.upper) if one.interval else (None, None)
    return dict(zip(names, (one.value, *limits), strict=True))
