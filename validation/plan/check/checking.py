"""Every rule in turn, and what they find in the order of the lines."""

from collections.abc import Iterable

from validation.errors import Problem
from validation.plan.check import (
    analysis,
    borders,
    bounds,
    choice,
    comparison,
    criteria,
    figures,
    identifiers,
    method,
    model,
    paths,
    reference_standard,
    sample_sizes,
    sections,
    signatories,
    traceability,
    training_data,
)
from validation.plan.check.metric_terms import Metrics
from validation.plan.check.objections import Objection, Remark, Rule
from validation.plan.completeness import Asked
from validation.plan.protocol import Protocol
from validation.plan.source import Source

_SUBJECTS = (
    identifiers,
    traceability,
    criteria,
    bounds,
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
FINDERS = tuple(finder for subject in _SUBJECTS for finder in subject.FINDERS)


def rules() -> tuple[Rule, ...]:
    """Return every rule, subject by subject."""
    defined = (vars(subject).values() for subject in (*_SUBJECTS, sections))
    return tuple(one for values in defined for one in values if isinstance(one, Rule))


def check(
    protocol: Protocol,
    source: Source,
    metrics: Metrics,
    asked: Iterable[Asked] = (),
) -> tuple[Remark, ...]:
    """Return every contradiction of the protocol, in the order of its lines.

    Args:
        protocol: The protocol, its fields in form.
        source: Its text, for the line numbers.
        metrics: The metrics of the catalogue by id.
        asked: What standards and guidance ask a protocol to say.
    """
    found = [one for finder in FINDERS for one in finder(protocol, metrics)]
    found += sections.missing_sections(protocol, asked)
    in_order = sorted(found, key=lambda one: (source.line(one.path), one.rule.level))
    return tuple(_remark(one, source) for one in in_order)


def _remark(one: Objection, source: Source) -> Remark:
    problem = Problem(source.where(one.path), one.what, one.fix)
    return Remark(one.rule.level, problem, one.rule.id)
