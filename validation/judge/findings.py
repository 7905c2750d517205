"""Findings: what was observed for each criterion and each case that failed."""

from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from validation.evidence.metric_values import Interval
from validation.record import Record, canonical_json, digest, without_empty

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


class Subset(Record):
    """The cases that a run for development took: such a run is not for the record."""

    cases: tuple[str, ...]
    """Their ids, in order."""
    of: int
    """Number of cases that the lock evaluates."""

    @property
    def words(self) -> str:
        """How many cases ran, and what follows, e.g. ``5 of 48 cases: not for the record``."""
        return f"{len(self.cases)} of {self.of} cases: not for the record"

    @property
    def digest(self) -> str:
        """Digest of the ids, by which the audit trail names them."""
        return digest(canonical_json(list(self.cases)))


class Findings(Record):
    """All findings of a record, and the verdict that follows from them.

    The verdict is ``incomplete`` of a subset of the cases, whatever was found. Else it is
    ``not_met`` when a criterion is not met; else ``incomplete`` when one is not evaluable, a
    case failed or a deviation is open; else ``met``.
    """

    format: Literal["segval/findings/1"] = "segval/findings/1"
    verdict: Verdict
    criteria: tuple[CriterionFinding, ...]
    """In the protocol's order."""
    failed_cases: tuple[CaseFinding, ...]
    """By case id."""
    approval: Literal["not_approved_exploratory", "approved"] = "not_approved_exploratory"
    """Whether the protocol that ran carried the signatures that it asks for."""
    open_deviations: tuple[str, ...] = ()
    """Ids of the deviations that nobody has assessed yet."""
    closed_deviations: tuple[str, ...] = ()
    """Ids of those that have a disposition."""
    subset: Subset | None = None
    """The cases that ran, where they are not all; None: every case of the lock."""

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_empty(write(self), "open_deviations", "closed_deviations", "subset")

    @property
    def with_deviations(self) -> str:
        """What follows the word of the verdict, e.g. ``, with 1 deviation``; empty without."""
        count = len(self.open_deviations) + len(self.closed_deviations)
        return f", with {count} deviation{'s' if count > 1 else ''}" if count else ""
