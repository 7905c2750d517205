"""What a sample size is computed from: the assumptions, one record a design.

They are written in a protocol under `analysis.sample_size`, and made from the options of
`segval plan-size`. Levels are those of two-sided intervals, as `analysis.confidence_level` is: a
limit at 95 % two-sided is one at 97.5 % one-sided.
"""

from typing import Annotated, Literal

from pydantic import Field

from validation.record import Record

Share = Annotated[float, Field(ge=0, le=1)]
OpenShare = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Level = Annotated[float, Field(ge=0.5, lt=1)]
"""Level of a two-sided interval."""
Power = Annotated[float, Field(ge=0.5, lt=1)]
"""Chance that the criterion is met where the assumptions hold."""
Direction = Literal["at_least", "at_most"]


class Clustering(Record):
    """How observations lie in the units that are independent of one another."""

    mean_size: Annotated[float, Field(ge=1, le=1e6)]
    """Mean number of observations of a unit, e.g. of objects of a subject."""
    size_cv: Annotated[float, Field(ge=0, le=1000)] = 0.0
    """Standard deviation of that number divided by its mean."""
    icc: Share
    """Intraclass correlation of two observations of one unit."""


class Proportion(Record):
    """A share whose confidence limit is held against a bound."""

    design: Literal["proportion"]
    """Which design."""
    expected: Share
    """True share that is assumed."""
    bound: OpenShare
    """Bound of the criterion."""
    direction: Direction
    """Side of the bound that counts as met."""
    interval: Literal["wilson", "clopper_pearson"]
    """Interval whose limit is held against it; it stands for the bootstrap where that is used."""
    level: Level
    """Level of the two-sided interval."""
    power: Power
    """Chance that is wanted, if the assumptions hold."""
    clustering: Clustering | None = None
    """How observations lie in units; none where each is independent."""


class SuccessRun(Record):
    """A share of successes shown by units of which none fails."""

    design: Literal["success_run"]
    """Which design."""
    bound: OpenShare
    """Share of successes to be shown."""
    level: Level
    """Level of the two-sided interval."""
    expected: Share | None = None
    """True share, for the chance that the run succeeds; None: it is not computed."""


class Precision(Record):
    """A share whose interval is to be narrow; no bound."""

    design: Literal["precision"]
    """Which design."""
    expected: Share
    """Share that is expected."""
    half_width: OpenShare
    """Half the length of the interval."""
    interval: Literal["wilson", "clopper_pearson", "normal"]
    """Interval whose length is asked; `normal` is the textbook formula."""
    level: Level
    """Level of the two-sided interval."""
    clustering: Clustering | None = None
    """How observations lie in units; none where each is independent."""


class Mean(Record):
    """A mean over cases whose confidence limit is held against a bound, e.g. mean Dice."""

    design: Literal["mean"]
    """Which design."""
    expected: float
    """True mean that is assumed, in the unit of the figure."""
    bound: float
    """Bound of the criterion, in the same unit."""
    direction: Direction
    """Side of the bound that counts as met."""
    sd: Positive
    """Standard deviation of the figure between cases, in its unit."""
    level: Level
    """Level of the two-sided interval."""
    power: Power
    """Chance that is wanted, if the assumptions hold."""
    clustering: Clustering | None = None
    """How observations lie in units; none where each is independent."""


class PairedShares(Record):
    """Non-inferiority of two models on the same units: a share each."""

    design: Literal["paired_shares"]
    """Which design."""
    discordant: OpenShare
    """Share of units for which exactly one of the models succeeds."""
    difference: Annotated[float, Field(gt=-1, lt=1)]
    """Expected share of the new model minus that of the old one."""
    margin: Annotated[float, Field(ge=0, lt=1)]
    """Largest loss that counts as no loss; 0 asks for superiority."""
    level: Level
    """Level of the two-sided interval."""
    power: Power
    """Chance that is wanted, if the assumptions hold."""
    clustering: Clustering | None = None
    """How observations lie in units; none where each is independent."""


class UnpairedShares(Record):
    """Non-inferiority of two models on different test sets: a share each."""

    design: Literal["unpaired_shares"]
    """Which design."""
    new: OpenShare
    """Expected share of the new model."""
    old: OpenShare
    """Expected share of the old model."""
    margin: Annotated[float, Field(ge=0, lt=1)]
    """Largest loss that counts as no loss; 0 asks for superiority."""
    ratio: Annotated[float, Field(ge=0.01, le=100)] = 1.0
    """Units of the old model for each unit of the new one."""
    level: Level
    """Level of the two-sided interval."""
    power: Power
    """Chance that is wanted, if the assumptions hold."""
    clustering: Clustering | None = None
    """How observations lie in units; none where each is independent."""


class MeanDifference(Record):
    """Non-inferiority of two models on the same cases: the mean of their differences."""

    design: Literal["mean_difference"]
    """Which design."""
    difference: float
    """Expected mean of the new model minus that of the old one; larger is better."""
    sd: Positive
    """Standard deviation of the differences between cases."""
    margin: Annotated[float, Field(ge=0)]
    """Largest loss that counts as no loss; 0 asks for superiority."""
    level: Level
    """Level of the two-sided interval."""
    power: Power
    """Chance that is wanted, if the assumptions hold."""
    clustering: Clustering | None = None
    """How observations lie in units; none where each is independent."""


class PresenceBounds(Record):
    """Sensitivity and specificity for presence, each with a bound to be met."""

    design: Literal["presence_bounds"]
    """Which design."""
    sensitivity: Share
    """True sensitivity that is assumed."""
    sensitivity_bound: OpenShare
    """Bound of the sensitivity."""
    specificity: Share
    """True specificity that is assumed."""
    specificity_bound: OpenShare
    """Bound of the specificity."""
    prevalence: OpenShare
    """Share of units in which the finding is present."""
    assurance: Power
    """Chance that a test set of this size holds enough units of both kinds."""
    interval: Literal["wilson", "clopper_pearson"]
    """Interval whose limits are held against the bounds."""
    level: Level
    """Level of the two-sided interval."""
    power: Power
    """For each of the two; both are met with at least 2 * power - 1."""


class PresencePrecision(Record):
    """Sensitivity and specificity for presence, each with an interval to be narrow."""

    design: Literal["presence_precision"]
    """Which design."""
    sensitivity: OpenShare
    """Sensitivity that is expected."""
    specificity: OpenShare
    """Specificity that is expected."""
    prevalence: OpenShare
    """Share of units in which the finding is present."""
    half_width: OpenShare
    """Half the length of both intervals."""
    level: Level
    """Level of the two-sided interval."""


Design = Annotated[
    Proportion
    | SuccessRun
    | Precision
    | Mean
    | PairedShares
    | UnpairedShares
    | MeanDifference
    | PresenceBounds
    | PresencePrecision,
    Field(discriminator="design"),
]
"""One of the designs; the field `design` says which."""

Clustered = Proportion | Precision | Mean | PairedShares | UnpairedShares | MeanDifference
"""Designs whose observations may be clustered."""
