"""The questions of ``segval choose``: asked on stderr, so that stdout is the result."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from textwrap import wrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from validation.plan.choice.decide import Choice
    from validation.plan.choice.rules import Question, Rules
    from validation.plan.method import Kind

_WIDTH = 92


class Interrupted(Exception):  # noqa: N818 - what happened, as a person says it
    """The questions were left before their end, by Ctrl-C or the end of the input."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self.answers = dict(answers)
        """What was answered so far."""
        super().__init__("interrupted")


def ask_questions(given: Mapping[str, str], known: "Rules") -> dict[str, str]:
    """Ask what is open and return every answer, by question.

    Args:
        given: Answers that are there already; they are not asked again.
        known: The questions.

    Raises:
        Interrupted: With the answers so far.
    """
    answers = dict(given)
    asked = [one for one in known.questions if one.id not in given]
    position = 0
    with _interruption_told(answers):
        while position < len(asked):
            position += _ask(asked[position], f"{position + 1} of {len(asked)}", answers, known)
            position = max(position, 0)
    return answers


def _ask(question: "Question", progress: str, answers: dict[str, str], known: "Rules") -> int:
    """Ask one question, keep what is answered, and return how many questions to go on by."""
    _show(question, progress, answers.get(question.id))
    typed = _line(f"Answer (1-{len(question.answers)}; ? why, b back): ").casefold()
    if typed in {"?", "why", "help"}:
        _explain(question, known)
        return 0
    if typed in {"b", "back"}:
        return -1
    if not typed and question.id in answers:
        return 1
    chosen = _chosen(question, typed)
    if chosen is None:
        _tell([f"{typed[:20]!r} is no answer here: give its number or its name."])
        return 0
    answers[question.id] = chosen
    return 1


@contextmanager
def _interruption_told(answers: Mapping[str, str]) -> Iterator[None]:
    """Turn Ctrl-C, at whatever moment, and the end of the input into what was answered so far."""
    try:
        yield
    except (KeyboardInterrupt, EOFError, UnicodeDecodeError) as error:
        raise Interrupted(answers) from error


def _chosen(question: "Question", typed: str) -> str | None:
    """Return the answer that a number or a name stands for; None where it stands for none."""
    for number, one in enumerate(question.answers, start=1):
        if typed in {str(number), one.id}:
            return one.id
    return None


def _show(question: "Question", progress: str, before: str | None) -> None:
    _tell(["", f"{question.topic} ({progress})", *wrap(question.question, _WIDTH)])
    for number, one in enumerate(question.answers, start=1):
        mark = "  (your answer; Enter keeps it)" if one.id == before else ""
        _tell([f"  {number}  {one.text}{mark}"])


def _explain(question: "Question", known: "Rules") -> None:
    """Say why a question is asked, and what each answer does."""
    _tell(wrap(question.why, _WIDTH, initial_indent="  ", subsequent_indent="  "))
    for number, one in enumerate(question.answers, start=1):
        said = [
            f"{point.does} {point.method}: {point.rule} [{point.id}, {known.cited(point)}]"
            for point in one.points
        ]
        for line in said or ["says nothing to any method"]:
            _tell(wrap(f"{number}  {line}", _WIDTH, initial_indent="  ", subsequent_indent="     "))


def ask_decision(choice: "Choice", explained: Iterable[str]) -> "tuple[Kind, str] | None":
    """Show what is recommended and ask whether it is taken; None: it is, or nothing is decided.

    Raises:
        Interrupted: With the answers.
    """
    from validation.plan.method import KINDS

    others = [kind for kind in KINDS if kind != choice.recommended]
    takes = f"Enter takes {choice.recommended}" if choice.recommended else "Enter decides nothing"
    with _interruption_told(choice.answers):
        _tell(["", *explained, ""])
        while True:
            typed = _line(f"Method ({takes}; or {', '.join(others)}): ").casefold()
            if typed in {"", choice.recommended}:
                return None
            for kind in others:
                if typed == kind:
                    return kind, _reason()
            _tell([f"{typed[:20]!r} is no method."])


def _reason() -> str:
    """Ask until there is a reason, which a decision otherwise has to have."""
    while True:
        typed = _line("Because: ")
        if typed:
            return typed


def _tell(lines: Iterable[str]) -> None:
    for one in lines:
        click.echo(one, err=True)


def _line(prompt: str) -> str:
    """Return a line that is typed, without the spaces around it.

    Raises:
        EOFError: The input ends.
    """
    # Not `click.prompt`: it writes a space to stdout, which may be a file.
    click.echo(prompt, nl=False, err=True)
    typed = sys.stdin.readline()
    if not typed:
        raise EOFError
    return typed.strip()
