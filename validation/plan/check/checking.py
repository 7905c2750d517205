"""Every rule in turn, and what they find in the order of the lines."""

from collections.abc import Iterable

from validation.errors import Problem
from validation.plan.check import (
    analysis,
    answers,
    attainable,
    borders,
    bounds,
    choice,
    comparison,
    criteria,
    enough_units,
    figures,
    files,
    identifiers,
    independence,
    intervals,
    method,
    model,
    paths,
    reference_standard,
    same_figure,
    sample_sizes,
    sections,
    signatories,
    subgroups,
    traceability,
    training_data,
    trivial_answers,
)
from validation.plan.check.case_counts import CaseCounts
from validation.plan.check.metric_terms import Metrics
from validation.plan.check.objections import Objection, Remark, Rule
from validation.plan.completeness import Asked
from validation.plan.protocol import Protocol
from validation.plan.source import Path, Source

_OF_THE_PROTOCOL = (
    identifiers,
    traceability,
    criteria,
    bounds,
    same_figure,
    trivial_answers,
    intervals,
    figures,
    comparison,
    method,
    choice,
    borders,
    reference_standard,
    model,
    paths,
    training_data,
    analysis,
    sample_sizes,
    signatories,
)
_OF_THE_TEST_SET = (attainable, subgroups, independence, enough_units)
FINDERS = tuple(finder for subject in _OF_THE_PROTOCOL for finder in subject.FINDERS)
CASE_FINDERS = tuple(finder for subject in _OF_THE_TEST_SET for finder in subject.CASE_FINDERS)


def rules() -> tuple[Rule, ...]:
    """Return every rule, subject by subject."""
    subjects = (*_OF_THE_PROTOCOL, sections, *_OF_THE_TEST_SET, answers, files)
    return tuple(rule for subject in subjects for rule in _defined_in(subject))


def _defined_in(subject: object) -> list[Rule]:
    return [one for one in vars(subject).values() if isinstance(one, Rule)]


_BY_ID = {one.id: one for one in rules()}
_NEEDS_CASES = frozenset(one.id for subject in _OF_THE_TEST_SET for one in _defined_in(subject))


def check(
    protocol: Protocol,
    source: Source,
    metrics: Metrics,
    asked: Iterable[Asked] = (),
    counts: CaseCounts | None = None,
) -> tuple[Remark, ...]:
    """Return every contradiction of the protocol, in the order of its lines.

    Args:
        protocol: The protocol, its fields in form.
        source: Its text, for the line numbers.
        metrics: The metrics of the catalogue by id.
        asked: What standards and guidance ask a protocol to say.
        counts: The test set in numbers, against which the plan is judged, too; None: not yet
            known.
    """
    found = [one for finder in FINDERS for one in finder(protocol, metrics)]
    found += sections.missing_sections(protocol, asked)
    if counts is not None:
        found += [one for finder in CASE_FINDERS for one in finder(protocol, metrics, counts)]
    named = {(one.rule.id, _about(one, protocol)) for one in found if one.rule.level == "warning"}
    not_asked = frozenset() if counts is not None else _NEEDS_CASES
    found += answers.answers_are_right(protocol, _BY_ID, named, not_asked)
    in_order = sorted(found, key=lambda one: (source.line(one.path), one.rule.level))
    given = answers.answers_of(protocol.accepted_warnings)
    return tuple(_remark(one, protocol, source, given) for one in in_order)


def _remark(one: Objection, protocol: Protocol, source: Source, given: answers.Answers) -> Remark:
    about = _about(one, protocol)
    return Remark(
        level=one.rule.level,
        problem=Problem(source.where(one.path), one.what, one.fix),
        rule=one.rule.id,
        line=source.line(one.path),
        about=about,
        answer=answers.answer(given, one.rule, about),
    )


_NAMES = {
    "requirements": "id",
    "risks": "id",
    "criteria": "id",
    "references": "id",
    "classes": "name",
    "signatories": "role",
}
"""Lists of entries that have a name of their own, and the field that holds it."""


def _about(one: Objection, protocol: Protocol) -> str:
    """Return what an objection is about: the name of an entry, or the field."""
    return one.about or _name_at(protocol, one.path)


def _name_at(protocol: Protocol, path: Path) -> str:
    if len(path) > 1 and isinstance(path[1], int):
        top, position = str(path[0]), path[1]
        if top in _NAMES:
            return str(getattr(getattr(protocol, top)[position], _NAMES[top]))
        if top == "subgroups":
            return protocol.subgroups[position]
    return ".".join(map(str, path))
