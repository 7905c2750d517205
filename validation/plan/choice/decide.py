"""From answers to a method: the points that answers make, and what follows from them.

A pure function of answers and rules; the order in which points decide stands at the head of
`rules.yaml`. Nothing is decided by default: where points contradict one another, or leave two
methods equal, no method is recommended and the choice says why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from validation.plan.choice.rules import Asserted, Rules
from validation.plan.method import KINDS, Kind

Basis = Literal["required", "both_required", "balance", "contradiction", "undecided"]
"""What the recommendation rests on, or why there is none."""

_SERVED_BY: Mapping[Kind, frozenset[Kind]] = {
    "semantic": frozenset({"semantic", "panoptic"}),
    "instance": frozenset({"instance", "panoptic"}),
    "panoptic": frozenset({"panoptic"}),
}
"""Methods that hold the evidence of one that is required."""


@dataclass(frozen=True)
class Choice:
    """What follows from answers."""

    rules: Rules
    answers: Mapping[str, str]
    """Answer by question, in the order of the questions."""
    recommended: Kind | None
    """None: nothing follows; `because` says why."""
    basis: Basis
    because: str
    """Why this method, or why none, in a sentence."""
    contradictions: tuple[str, ...]
    """Answers that cannot stand together; empty: none."""
    points: tuple[Asserted, ...]
    """Every point that the answers make, in the order of the questions."""

    def speaking_for(self, kind: Kind) -> tuple[Asserted, ...]:
        """Return the points that a method has for itself, those that decide first."""
        found = [
            one
            for one in self.points
            if (one.point.does == "requires" and kind in _SERVED_BY[one.point.method])
            or (one.point.does in {"for", "takes"} and one.point.method == kind)
        ]
        return tuple(sorted(found, key=lambda one: one.point.does == "for"))

    def speaking_against(self, kind: Kind) -> tuple[Asserted, ...]:
        """Return the points against a method: what it cannot serve first, then what it costs.

        Points for another method are no points against this one, unless they require it.
        """
        found = [
            one
            for one in self.points
            if (one.point.does == "requires" and kind not in _SERVED_BY[one.point.method])
            or (one.point.does in {"against", "excludes"} and one.point.method == kind)
        ]
        return tuple(sorted(found, key=lambda one: one.point.does == "against"))

    def about_others(self, kind: Kind) -> tuple[Asserted, ...]:
        """Return the points that are about the other methods, and neither for nor against one."""
        own = {*self.speaking_for(kind), *self.speaking_against(kind)}
        return tuple(one for one in self.points if one not in own)

    def commitments(self) -> tuple[str, ...]:
        """Return what the answers commit to beside the method, in the order of the questions."""
        return tuple(
            said
            for question, answer in self.answers.items()
            for found in [self.rules.answer(question, answer)]
            if found is not None
            for said in found.commits
        )


def decide(answers: Mapping[str, str], rules: Rules) -> Choice:
    """Return what follows from answers.

    Args:
        answers: Answer by question; questions may be left out, and then say nothing.
        rules: Questions with their answers and points.

    Raises:
        ValueError: There is no such question, or no such answer to it.
    """
    _require_known(answers, rules)
    ordered = {one.id: answers[one.id] for one in rules.questions if one.id in answers}
    points = tuple(
        one for one in rules.every_point() if ordered.get(one.question.id) == one.answer.id
    )
    target, basis, because = _target(points)
    contradictions = (*_excluded(points, target), *_taken_for_nothing(points))
    if contradictions:
        target, basis = None, "contradiction"
        because = "The answers contradict one another, so that no method follows from them."
    return Choice(rules, ordered, target, basis, because, contradictions, points)


def _require_known(answers: Mapping[str, str], rules: Rules) -> None:
    for question, answer in answers.items():
        if rules.answer(question, answer) is None:
            raise ValueError(f"no answer {answer} to a question {question}")


def _of(points: Iterable[Asserted], does: str) -> frozenset[Kind]:
    return frozenset(one.point.method for one in points if one.point.does == does)


def _target(points: tuple[Asserted, ...]) -> tuple[Kind | None, Basis, str]:
    required, taken = _of(points, "requires"), _of(points, "takes")
    if not required:
        return _by_balance(points)
    if "panoptic" in required:
        return "panoptic", "required", "Items and areas are judged on one map."
    if len(required) == 1:
        (kind,) = required
        return kind, "required", _REQUIRED[kind]
    if len(taken) == 1:
        (kind,) = taken
        said = (
            f"Items and areas are judged by two protocols, and this one takes the {_TAKES[kind]}."
        )
        return kind, "both_required", said
    said = (
        "Both single items and areas are required. Panoptic evidence holds both on one map; two "
        "protocols on the same images, one instance and one semantic, do as well."
    )
    return "panoptic", "both_required", said


_REQUIRED: Mapping[Kind, str] = {
    "semantic": "The use requires evidence of areas, and nothing requires evidence of items.",
    "instance": "The use requires evidence of single items, and nothing requires that of areas.",
}
_TAKES: Mapping[Kind, str] = {"semantic": "areas", "instance": "items"}


def _by_balance(points: tuple[Asserted, ...]) -> tuple[Kind | None, Basis, str]:
    """Return the method with the most points that is not excluded; None where two are equal."""
    excluded = _of(points, "excludes")
    balance: dict[Kind, int] = {kind: 0 for kind in KINDS if kind not in excluded}
    for one in points:
        if one.point.method in balance:
            balance[one.point.method] += (one.point.does == "for") - (one.point.does == "against")
    most = max(balance.values(), default=0)
    best = [kind for kind, points_of in balance.items() if points_of == most]
    if most <= 0:
        return None, "undecided", "Nothing requires a method, and nothing speaks for one."
    if len(best) > 1:
        said = f"Nothing requires a method, and as much speaks for {' as for '.join(best)}."
        return None, "undecided", said
    said = f"Nothing requires a method; most speaks for {best[0]} ({most} more for than against)."
    return best[0], "balance", said


def _excluded(points: tuple[Asserted, ...], target: Kind | None) -> tuple[str, ...]:
    """Return which answers exclude the method that others require."""
    excluding = [
        one for one in points if one.point.does == "excludes" and one.point.method == target
    ]
    requiring = [
        one
        for one in points
        if one.point.does == "requires" and target in _SERVED_BY[one.point.method]
    ]
    return tuple(
        f"{_named(out)} excludes {target}, which is required by {', '.join(map(_named, requiring))}"
        for out in excluding
    )


def _taken_for_nothing(points: tuple[Asserted, ...]) -> tuple[str, ...]:
    """Return answers that speak of two protocols where not both methods are required."""
    required = _of(points, "requires")
    missing = [kind for kind in ("semantic", "instance") if kind not in required]
    return tuple(
        f"{_named(one)} speaks of two protocols, and nothing requires {' or '.join(missing)}"
        for one in points
        if one.point.does == "takes" and missing
    )


def _named(one: Asserted) -> str:
    """Return an answer as messages name it."""
    return f"{one.question.id}: {one.answer.id} ({one.point.id})"
