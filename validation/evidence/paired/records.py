"""What two versions of a model are told apart by: differences of figures, tables of found objects.

The first version is the one before, the second the new one; every difference is second - first.
"""

from typing import Literal

from validation.evidence.metric_values import Interval, Scope
from validation.record import Record

Better = Literal["higher", "lower", "zero", "neither"]


class SideValue(Record):
    """A figure as one of the two records states it."""

    value: float | None
    """None where it is undefined; `undefined` says why."""
    n: int
    """Size of the sample it rests on."""
    n_undefined: int
    """Cases left out because the figure is undefined for them."""
    interval: Interval | None
    """The interval of this figure alone, which says nothing of the difference."""
    undefined: str | None


class FigureDifference(Record):
    """A figure of both records, and by how much it differs."""

    id: str
    """Address of the figure, the same in both."""
    metric: str
    scope: Scope
    unit: str
    better: Better
    """Which way of the figure is better, from the catalogue."""
    n_of: Literal["objects", "predictions", "segments", "cases", "pixels"]
    first: SideValue
    second: SideValue
    difference: float | None
    """Second - first; None where one of them is undefined."""
    interval: Interval | None
    """Paired: the same clusters are drawn for both. None: `no_interval` says why."""
    no_interval: str | None
    undefined: str | None
    """Why there is no difference; None where there is one."""


class FoundByBoth(Record):
    """Which things both versions found, and which only one: the table of McNemar's test.

    The test (McNemar 1947, exact) takes each thing as independent. Objects of one cluster are
    not, so it can be too sure; where there are clusters of several things, the interval of the
    difference governs, and `clustered_p` is that of the test by Durkalski et al. (2003).
    """

    of: Literal["reference objects", "cases with the class", "cases without the class"]
    class_name: str
    iou: float | None
    """IoU from which on an object is found; None for cases."""
    both: int
    first_only: int
    """Found, or rightly told, by the first version alone: what the second lost."""
    second_only: int
    """By the second version alone: what it gained."""
    neither: int
    p: float | None
    """Two-sided exact p of McNemar's test; None where the two never differ."""
    clusters: int
    """Independent units that hold at least one of the things."""
    clustered_p: float | None
    """Two-sided p of Durkalski's test, one degree of freedom; None: `no_clustered_p` says why."""
    no_clustered_p: str | None
