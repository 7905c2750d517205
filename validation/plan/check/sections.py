"""Sections of the documents that would print "not provided"."""

from collections.abc import Iterable

from validation.plan.check.objections import Found, Rule
from validation.plan.completeness import Asked, unanswered
from validation.plan.protocol import Protocol

SAYS_NOTHING = Rule(
    "document.not-provided",
    "warning",
    'A section that standards and guidance ask for would say "not provided".',
    "the item's own, e.g. CLAIM 2024; docs/reference/coverage.md",
)


def missing_sections(protocol: Protocol, asked: Iterable[Asked]) -> Found:
    """Yield what standards and guidance ask and the protocol does not say."""
    for path, what, fix, fields in unanswered(protocol, asked):
        yield SAYS_NOTHING.at(path, what, fix, fields)
