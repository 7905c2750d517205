"""A choice in words, for a terminal, and as JSON for machines."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

from validation.plan.choice.decide import Choice
from validation.plan.choice.rules import Asserted
from validation.plan.method import Kind
from validation.record import printable

_WIDTH = 96


def explained(choice: Choice, kind: Kind | None, because: str | None = None) -> list[str]:
    """Return what follows from answers, why, and what it commits to, line by line.

    Args:
        choice: What follows.
        kind: The method that was chosen; None: none.
        because: Why it is another than the recommended one.
    """
    lines = [f"recommended: {choice.recommended or 'nothing'}", *_indented(choice.because)]
    lines += _under("contradictions", choice.contradictions)
    if kind is None:
        lines += _without_method(choice)
        return lines
    if kind != choice.recommended:
        lines += [f"decided: {kind}", *_indented(f"because: {because}")]
    terms = choice.rules.methods[kind]
    lines += _under(f"for {kind}", _points(choice, choice.speaking_for(kind)))
    against = _points(choice, choice.speaking_against(kind))
    lines += _under(f"against {kind}", against or ["none of the answers"])
    others = choice.about_others(kind)
    lines += _under("about other methods", _with_method(choice, others))
    lines += _under(
        "commits to",
        (
            terms.means,
            f"metrics: {', '.join(terms.metrics)}",
            f"files of the record: {', '.join(terms.files)}",
            f"annotation: {terms.annotation}",
            *choice.commitments(),
        ),
    )
    lines += _under("given up", terms.gives_up)
    return lines


def _without_method(choice: Choice) -> list[str]:
    """Return what the answers say where no method follows from them."""
    return _under("the answers say", _with_method(choice, choice.points))


def _with_method(choice: Choice, points: Sequence[Asserted]) -> list[str]:
    return [
        f"{one.point.does} {one.point.method}: {text}"
        for one, text in zip(points, _points(choice, points), strict=True)
    ]


def _points(choice: Choice, points: Iterable[Asserted]) -> list[str]:
    return [
        f"{one.question.id}: {one.answer.id}{_weight(one)} - {one.point.rule} "
        f"[{one.point.id}, {choice.rules.cited(one.point)}]"
        for one in points
    ]


def _weight(one: Asserted) -> str:
    return " (decides)" if one.point.does in {"requires", "excludes", "takes"} else ""


def _under(head: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [f"{head}:", *(part for one in found for part in _indented(one))] if found else []


def _indented(text: str) -> Iterator[str]:
    yield from wrap(
        printable(" ".join(text.split())), _WIDTH, initial_indent="  ", subsequent_indent="    "
    )


def as_json(choice: Choice, kind: Kind | None, because: str | None = None) -> dict[str, Any]:
    """Return the same for machines; every point of the answers is among `points`."""
    terms = choice.rules.methods[kind] if kind else None
    return {
        "rules": choice.rules.version,
        "answers": dict(choice.answers),
        "recommended": choice.recommended,
        "basis": choice.basis,
        "because": choice.because,
        "contradictions": list(choice.contradictions),
        "chosen": kind,
        "decided_otherwise": because,
        "points": [_point(choice, one) for one in choice.points],
        "commits_to": None
        if terms is None
        else {
            "evidence": terms.means,
            "metrics": list(terms.metrics),
            "files": list(terms.files),
            "annotation": terms.annotation,
            "further": list(choice.commitments()),
        },
        "gives_up": None if terms is None else list(terms.gives_up),
    }


def _point(choice: Choice, one: Asserted) -> dict[str, str]:
    return {
        "id": one.point.id,
        "question": one.question.id,
        "answer": one.answer.id,
        "method": one.point.method,
        "does": one.point.does,
        "rule": one.point.rule,
        "source": choice.rules.cited(one.point),
    }
