"""The block ``comparison:`` of a protocol: margins fixed before two versions are compared.

What a predetermined change control plan (FDA 2024) asks of a modification: how much worse the
new version may be at most, or by how much it has to be better, said before the result is known.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from validation.plan.identifiers import TracedId
from validation.plan.names import ClassName, Identifier, Size
from validation.record import Line, Prose, Record


class Margin(Record):
    """How a figure of the new version has to stand to that of the version before."""

    id: Identifier
    """Name that the comparison quotes, e.g. ``CC-01``."""
    requirements: Annotated[tuple[TracedId, ...], Field(min_length=1)]
    """Requirements that it concerns."""
    metric: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
    """Id of the metric in the catalogue (`segval metrics` lists them)."""
    class_name: Annotated[ClassName | None, Field(alias="class")] = None
    """Class concerned, as for a criterion."""
    iou: Annotated[float, Field(ge=0.5, lt=1)] | None = None
    """IoU threshold, for metrics that have one."""
    size: Size | None = None
    """Size of the reference objects, for metrics that are given by size; none for every size."""
    subgroup: Annotated[dict[str, Line], Field(max_length=1)] = Field(default_factory=dict)
    """One column of the case table and its value, e.g. ``{site: A}``."""
    aim: Literal["non_inferiority", "superiority"]
    """``non_inferiority``: worse by less than the margin. ``superiority``: better by more."""
    margin: Annotated[float, Field(ge=0)]
    """In the metric's own unit, never with a sign: which way is worse the catalogue knows. A
    superiority margin may be 0, a non-inferiority margin may not."""
    rationale: Prose
    """Why a new version that is worse by so much is still as good, or better enough."""


class ComparisonPlan(Record):
    """What is compared with the version before, and what the change is."""

    change: Prose | None = None
    """What was changed from the version before, and why (FDA PCCP 2024, description of
    modifications)."""
    impact: Prose | None = None
    """Benefits and risks of the change, and what controls the risks (FDA PCCP 2024, impact
    assessment; ISO 14971)."""
    margins: Annotated[tuple[Margin, ...], Field(min_length=1)]
    """In the order in which the comparison lists them."""
