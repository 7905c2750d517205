"""How many cases and independent units a test set has, overall and by subgroup."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from validation.plan.check.metric_terms import Metrics
from validation.plan.check.objections import Found
from validation.plan.protocol import AcceptanceCriterion, Protocol


class PlannedCase(NamedTuple):
    """A case that will be evaluated, as far as a plan is judged by it."""

    case_id: str
    subject_id: str | None
    attributes: Mapping[str, str]


class Size(NamedTuple):
    """How much there is of something."""

    cases: int
    units: int
    """Independent units: subjects, or cases where those are resampled."""


class CaseCounts(NamedTuple):
    """A test set in numbers."""

    everyone: Size
    subgroups: Mapping[str, Mapping[str, Size]]
    """Size by column of the case table and value, columns that are there."""
    subjects: int
    """Distinct subjects; 0 where none are given."""
    largest_subject: int
    """Cases of the subject that has most; 0 where none are given."""
    objects: int | None = None
    """Objects of the reference standard, over all classes; None where they are not known."""

    def of(self, criterion: AcceptanceCriterion) -> Size | None:
        """Return the size of what a criterion is about; None where there is nothing of it."""
        for column, value in criterion.subgroup.items():
            return self.subgroups.get(column, {}).get(value)
        return self.everyone


CaseFinder = Callable[[Protocol, Metrics, CaseCounts], Found]
"""Yields every objection of its subject, knowing the test set."""


def count_cases(
    protocol: Protocol, cases: Iterable[PlannedCase], objects: int | None = None
) -> CaseCounts:
    """Return how many cases and independent units there are.

    Args:
        protocol: Whose resampling unit and subgroups are counted.
        cases: The evaluated cases.
        objects: Objects of the reference standard, where a lock tells.
    """
    known = list(cases)
    unit_of = _unit_of(protocol)
    columns = dict.fromkeys(
        (*protocol.subgroups, *(column for one in protocol.criteria for column in one.subgroup))
    )
    cases_of: dict[str | None, int] = {}
    for case in known:
        cases_of[case.subject_id] = cases_of.get(case.subject_id, 0) + 1
    cases_of.pop(None, None)
    return CaseCounts(
        everyone=_size(known, unit_of),
        subgroups={
            column: _by_value(known, column, unit_of)
            for column in columns
            if all(column in case.attributes for case in known)
        },
        subjects=len(cases_of),
        largest_subject=max(cases_of.values(), default=0),
        objects=objects,
    )


_UnitOf = Callable[[PlannedCase], str]


def _unit_of(protocol: Protocol) -> _UnitOf:
    if protocol.analysis.resampling_unit == "case":
        return lambda case: case.case_id
    return lambda case: case.subject_id or case.case_id


def _size(cases: list[PlannedCase], unit_of: _UnitOf) -> Size:
    return Size(len(cases), len({unit_of(case) for case in cases}))


def _by_value(cases: list[PlannedCase], column: str, unit_of: _UnitOf) -> dict[str, Size]:
    members: dict[str, list[PlannedCase]] = {}
    for case in cases:
        members.setdefault(case.attributes[column], []).append(case)
    return {value: _size(members[value], unit_of) for value in sorted(members)}
