"""A measured figure: its address, value, unit, size of the sample and interval.

Every number that a document prints is one of these, found by its id.
"""

from typing import Annotated, Literal

from pydantic import Field

from validation.record import Record


class Interval(Record):
    """A two-sided confidence interval."""

    lower: float
    upper: float
    level: float
    """Confidence level, e.g. 0.95."""
    method: str
    """How it was computed, e.g. ``percentile bootstrap over subjects``."""
    clusters: int
    """Number of independent units: those resampled, or the trials of a binomial interval."""
    replicates: int
    """Number of replicates for which the figure is defined, the others being left out; 0 for
    a binomial interval, which draws none."""


class Scope(Record):
    """What a figure is about; None means not restricted."""

    class_name: Annotated[str | None, Field(alias="class")] = None
    """Class; None: over all classes."""
    iou: float | None = None
    """IoU threshold, for metrics that have one."""
    size: Literal["small", "medium", "large"] | None = None
    """Size stratum of the reference objects, COCO's by mask area; None: every size."""
    subgroup: dict[str, str] = Field(default_factory=dict)
    """At most one column of the case table and its value; empty: all cases."""


class MetricValue(Record):
    """One figure."""

    id: str
    """Address, made by `metric_id`; unique in a record."""
    metric: str
    """Id of the metric in the catalogue."""
    scope: Scope
    value: float | None
    """The figure in its unit; None where it is undefined."""
    unit: str
    """Unit, e.g. ``ratio``, ``objects per image``, ``ms``."""
    n: int
    """Size of the sample the figure rests on, in the unit named by `n_of`."""
    n_of: Literal["objects", "predictions", "segments", "cases", "pixels"]
    """What `n` counts."""
    n_undefined: int
    """Cases left out because the figure is undefined for them (figures averaged over cases)."""
    interval: Interval | None
    """None where the figure is undefined or no interval can be given; `no_interval` says why."""
    no_interval: str | None
    """Why there is no interval; None where there is one."""
    undefined: str | None
    """Why the figure is undefined; None where it has a value."""


def metric_id(
    metric: str,
    *,
    class_name: str | None = None,
    iou: float | None = None,
    size: str | None = None,
    subgroup: dict[str, str] | None = None,
) -> str:
    """Return the address of a figure.

    >>> metric_id("recall", class_name="nucleus", iou=0.5, subgroup={"site": "A"})
    'recall/class=nucleus/iou=0.5/site=A'
    """
    parts = [metric]
    if class_name is not None:
        parts.append(f"class={class_name}")
    if iou is not None:
        parts.append(f"iou={iou!r}")
    if size is not None:
        parts.append(f"size={size}")
    parts.extend(f"{column}={value}" for column, value in (subgroup or {}).items())
    return "/".join(parts)
