"""``comparison.json``: two versions of a model on one locked test set, and what follows."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from validation.evidence.metric_values import Interval
from validation.evidence.paired.records import FigureDifference, FoundByBoth
from validation.judge.findings import CriterionVerdict, Verdict
from validation.plan.names import Identifier
from validation.record import Digest, Line, Printable, Record

ComparisonVerdict = Literal["met", "not_met", "incomplete", "exploratory"]
Aim = Literal["non_inferiority", "superiority"]


class ComparedRecord(Record):
    """One of the two records."""

    record_id: str
    record_digest: Digest
    """SHA-256 of its ``record.json``, which names the digest of every other file of it."""
    protocol: str
    """Number and revision, e.g. ``VP-001 revision A``."""
    protocol_digest: Digest
    device_version: Line
    model_name: Line
    model_version: Line
    model_digest: Digest
    verdict: Verdict
    """What the record came to by its own criteria."""
    approval: Literal["not_approved_exploratory", "approved"]
    finished_at: datetime
    cases_failed: int
    open_deviations: tuple[str, ...]
    """Ids of deviations of its run that nobody has assessed."""
    lock_revision: int


class Differing(Record):
    """An entry that the two protocols state differently."""

    where: str
    """Path of the entry, e.g. ``model.postprocess.foreground_threshold``."""
    first: Printable | None
    """As JSON; None: there is no such entry."""
    second: Printable | None


class MarginFinding(Record):
    """A margin of the second protocol beside the difference that it was held against."""

    id: Identifier
    requirement_ids: tuple[str, ...]
    metric_id: str
    """Address of the figure in both records."""
    aim: Aim
    margin: float
    """As the protocol states it, without a sign."""
    better: Literal["higher", "lower", "zero", "neither"]
    first: float | None
    second: float | None
    difference: float | None
    interval: Interval | None
    unit: str
    judged_on: Literal["lower_limit", "upper_limit"]
    """The limit of the difference on the side that is worse."""
    sign: Literal[">", "<"]
    observed: float | None
    bound: float
    """What the limit is held against: the margin with its sign."""
    verdict: CriterionVerdict
    reason: str
    """The comparison in words, or why it cannot be made."""


class Comparison(Record):
    """Two versions of a model on one locked test set; every difference is second - first.

    The verdict is ``exploratory`` where the second protocol fixes no margin; else ``not_met``
    when a margin is not met; else ``incomplete`` when one is not evaluable, or a case of either
    record failed or a deviation of it is open; else ``met``.
    """

    format: Literal["segval/comparison/1"] = "segval/comparison/1"
    comparison_id: str
    """Follows from the digests of both records."""
    verdict: ComparisonVerdict
    approval: Literal["not_approved_exploratory", "approved"]
    """``approved`` where both runs were of approved protocols."""
    tool_version: str
    first: ComparedRecord
    """The version before."""
    second: ComparedRecord
    """The new version, whose protocol fixes margins and the intervals."""
    test_set_id: str
    manifest_digest: Digest
    """Of the manifest of the locked test set, the same for both."""
    cases: int
    subjects: int
    """Distinct subjects; 0 where none are given."""
    margins: tuple[MarginFinding, ...]
    """In the protocol's order; empty where none was fixed."""
    remarks: tuple[str, ...]
    """What a reader has to know of how far the two can be compared."""
    differing: tuple[Differing, ...]
    """Everything that the protocols state differently, by path."""
    differences: tuple[FigureDifference, ...]
    """All cases first, then by subgroup, in the order of the second record; timings last."""
    first_alone: tuple[str, ...]
    """Figures that the second record does not have, by address."""
    second_alone: tuple[str, ...]
    found: tuple[FoundByBoth, ...]
    changes: dict[str, int] = Field(default_factory=dict)
    """Rows of ``changes.csv`` by kind of change, and by class after a slash."""

    @property
    def no_change(self) -> str:
        """What is said where no row is in ``changes.csv``: never that nothing changed at all.

        Rows are of outcomes. An object that is found with another outline has none, and semantic
        evidence, which is of areas, has none of objects.
        """
        if any(one.of == "reference objects" for one in self.found):
            return "no object or case has another outcome"
        return "no outcome of a case; how areas changed is among the differences"
