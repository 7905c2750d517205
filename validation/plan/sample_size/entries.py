"""Sample sizes as a protocol states them: assumptions, their basis, and the numbers that follow."""

from typing import Annotated

from pydantic import Field

from validation.plan.names import Identifier
from validation.plan.sample_size.bisection import MOST
from validation.plan.sample_size.designs import Design
from validation.record import Prose, Record

Count = Annotated[int, Field(ge=1, le=MOST)]


class SampleSize(Record):
    """A number of units with what it follows from, as `segval plan-size` prints it."""

    criterion: Identifier | None = None
    """Acceptance criterion that the number is for; none where it is for none, e.g. for a
    comparison."""
    basis: Prose
    """Where the assumptions come from: a pilot, a publication, a specification."""
    assumptions: Design
    """Design and assumptions; `segval check` computes the numbers from them again."""
    observations: Count
    """Observations, e.g. objects, that are needed."""
    units: Count
    """Units that are needed: subjects, or cases, as `resampling_unit` has it."""
