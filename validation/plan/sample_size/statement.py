"""``sample-size.json``: what a document on a sample size is made from, and nothing that follows."""

from typing import Annotated, Literal

from pydantic import Field

from validation.plan.names import Identifier
from validation.plan.sample_size.designs import Design
from validation.record import Line, Prose, Record

STATEMENT_FILE = "sample-size.json"
POWER_FILE = "power.csv"


class PilotFigures(Record):
    """What a record says of a metric's observations."""

    record_id: Line
    """Id of the record."""
    metric: Line
    """What was observed."""
    class_name: Line | None
    """Class; None: every class."""
    unit: Literal["subject", "case"]
    """What its protocol resampled."""
    units: Annotated[int, Field(ge=2)]
    """Units with observations."""
    observations: Annotated[int, Field(ge=2)]
    """Observations in them."""
    mean: float
    """Mean of the observations."""
    sd: float
    """Standard deviation of the observations."""
    mean_size: float
    """Mean number of observations of a unit."""
    size_cv: float
    """Coefficient of variation of that number."""
    icc: float
    """Intraclass correlation, as estimated."""
    lower: float
    """Its lower limit."""
    upper: float
    """Its upper limit."""
    level: float
    """Level of these limits."""
    variance_ratio: float
    """Variance with clusters, divided by that of independent observations."""


class TestSetSize(Record):
    """The test set that a number of units is held against."""

    __test__ = False

    criterion: Identifier
    """Criterion of the protocol."""
    unit: Literal["subject", "case"]
    """What is independent of one another."""
    units: Annotated[int, Field(ge=0)]
    """Units that the criterion is about."""
    cases: Annotated[int, Field(ge=0)]
    """Cases of these."""
    remarks: tuple[Prose, ...] = ()
    """What a reader has to know of the number for this criterion."""


class SizeStatement(Record):
    """Assumptions, where they come from, and what the number is held against."""

    format: Literal["segval/sample-size/1"] = "segval/sample-size/1"
    criterion: Identifier | None
    """Criterion that the number is for; None: none is named."""
    basis: Prose | None
    """Where the assumptions come from; None: not said."""
    assumptions: Design
    """Design and assumptions."""
    pilot: PilotFigures | None
    """Record that clusters were taken from; None: none."""
    test_set: TestSetSize | None
    """Test set of a protocol; None: none was given."""
