"""Findings: what was observed for each criterion and each case that failed."""

from typing import Literal

from validation.evidence.metric_values import Interval
from validation.record import Record

CriterionVerdict = Literal["met", "not_met", "not_evaluable"]
Verdict = Literal["met", "not_met", "incomplete"]


class CriterionFinding(Record):
    """An acceptance criterion beside the figure that it was held against."""

    id: str
    """Id of the criterion."""
    requirement_ids: tuple[str, ...]
    """Requirements that the criterion verifies."""
    metric_id: str
    """Address of the figure in ``metrics.json`` (or of the timing in ``run.json``)."""
    value: float | None
    """The figure."""
    interval: Interval | None
    """Its interval."""
    direction: Literal["at_least", "at_most"]
    judged_on: Literal["lower_limit", "upper_limit", "value"]
    observed: float | None
    """What was held against the bound: the limit or the value."""
    bound: float
    unit: str
    n: int
    verdict: CriterionVerdict
    reason: str
    """The comparison in words, or why it cannot be made."""


class CaseFinding(Record):
    """A case for which no prediction could be measured."""

    case_id: str
    stage: Literal["read", "preprocess", "inference", "postprocess", "prediction", "measure"]
    """Where it failed."""
    what: str
    """What happened."""
    treatment: str
    """What the protocol says becomes of it, in words."""


class Findings(Record):
    """All findings of a record, and the verdict that follows from them.

    The verdict is ``not_met`` when a criterion is not met; else ``incomplete`` when one is
    not evaluable or a case failed; else ``met``.
    """

    format: Literal["segval/findings/1"] = "segval/findings/1"
    verdict: Verdict
    criteria: tuple[CriterionFinding, ...]
    """In the protocol's order."""
    failed_cases: tuple[CaseFinding, ...]
    """By case id."""
    approval: Literal["not_approved_exploratory", "approved"] = "not_approved_exploratory"
    """Whether the protocol that ran carried the signatures that it asks for."""
