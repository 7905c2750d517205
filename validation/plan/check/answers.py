"""Warnings that the author answers under `accepted_warnings:`."""

from collections.abc import Collection, Iterable, Mapping

from validation.plan.accepted_warnings import AcceptedWarning
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol

_HONEST = "segval, docs/adr/0026-a-plan-that-can-be-met.md"

ERROR_ACCEPTED = Rule(
    "accepted-warning.not-acceptable",
    "error",
    "An error is a contradiction, which no reason dissolves.",
    _HONEST,
)
UNKNOWN_RULE = Rule(
    "accepted-warning.unknown-rule",
    "warning",
    "A reason for a rule that does not exist answers nothing.",
    _HONEST,
    can_be_accepted=False,
)
DOES_NOT_OCCUR = Rule(
    "accepted-warning.does-not-occur",
    "warning",
    "A reason for a warning that is gone misleads the reader of the documents.",
    _HONEST,
    can_be_accepted=False,
)
ACCEPTED_TWICE = Rule(
    "accepted-warning.twice",
    "warning",
    "Two reasons for one warning can contradict one another.",
    _HONEST,
    can_be_accepted=False,
)


Answers = Mapping[tuple[str, str | None], str]
"""Reasons by rule and what they are about; None: every warning of the rule."""


def answers_of(accepted: Iterable[AcceptedWarning]) -> Answers:
    """Return the author's reasons; of two for one warning the first."""
    known: dict[tuple[str, str | None], str] = {}
    for one in accepted:
        known.setdefault((one.rule, one.about), one.reason)
    return known


def answer(answers: Answers, rule: Rule, about: str) -> str | None:
    """Return the author's reason for a warning; None where it is open, and for errors."""
    if rule.level == "error" or not rule.can_be_accepted:
        return None
    return answers.get((rule.id, about), answers.get((rule.id, None)))


def answers_are_right(
    protocol: Protocol,
    rules: Mapping[str, Rule],
    found: Collection[tuple[str, str]],
    not_asked: Collection[str],
) -> Found:
    """Yield what is wrong with the answers themselves.

    Args:
        protocol: With the answers.
        rules: Every rule by id.
        found: Rule and subject of every warning.
        not_asked: Rules that could not be asked, e.g. as they need a case table.
    """
    seen: set[tuple[str, str | None]] = set()
    occurring = {rule for rule, _ in found}
    for position, one in enumerate(protocol.accepted_warnings):
        path = ("accepted_warnings", position)
        rule = rules.get(one.rule)
        said = one.rule if one.about is None else f"{one.rule} about {one.about}"
        if rule is None:
            what = f"no rule has the id {one.rule}"
            fix = "`segval check` names the rule of each warning"
            yield UNKNOWN_RULE.at((*path, "rule"), what, fix, one.rule)
        elif rule.level == "error" or not rule.can_be_accepted:
            what = f"{one.rule} cannot be accepted"
            yield ERROR_ACCEPTED.at((*path, "rule"), what, "mend what it finds")
        elif one.rule not in not_asked and not (
            (one.rule, one.about) in found or (one.about is None and one.rule in occurring)
        ):
            what = f"accepts a warning that does not occur: {said}"
            yield DOES_NOT_OCCUR.at(path, what, "remove it", said)
        if (one.rule, one.about) in seen or (one.rule, None) in seen:
            yield ACCEPTED_TWICE.at(path, f"{said} is accepted twice", "remove one", said)
        seen.add((one.rule, one.about))
