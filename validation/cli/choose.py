"""``segval choose``: semantic, instance or panoptic, from what the result is used for."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from validation.cli.options import FILE, json_option, say_json

if TYPE_CHECKING:
    from validation.errors import ToolError
    from validation.plan.method import Kind
    from validation.study.choosing import Chosen, Decision

_KINDS = ("semantic", "instance", "panoptic")
_NEW = click.Path(path_type=Path)


@click.command("choose")
@click.option(
    "--answers", type=FILE, help="Answers in a file; at a terminal, what it leaves open is asked."
)
@click.option(
    "--save-answers",
    type=_NEW,
    metavar="FILE",
    help="Keep the answers in a new file, also where the questions are interrupted.",
)
@click.option("--decide", type=click.Choice(_KINDS), help="Decide otherwise than is recommended.")
@click.option("--because", metavar="TEXT", help="Why; needed with --decide.")
@click.option(
    "--out",
    type=_NEW,
    metavar="DIR-OR-FILE",
    help="Write method.yaml and answers.yaml to a folder, or the block to FILE.yaml; new files.",
)
@json_option
def choose_command(  # noqa: PLR0917 - click calls it by name
    answers: Path | None,
    save_answers: Path | None,
    decide: str | None,
    because: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Choose semantic, instance or panoptic evidence from the use of the result.

    Asks what the result is used for and returns the method with the rule behind each point, the
    points against it, what it commits to and what it gives up, as a `method:` block for a
    protocol. The rules and their sources are printed with every question (?).

    Exit status 0: a method was chosen; 1: none follows from the answers, and nobody decided; 3: the
    answers cannot be read, or questions are open and there is no terminal to ask them at.

    \b
    Example:
        segval choose --save-answers answers.yaml --out choice
        segval choose --answers answers.yaml --decide semantic --because "Only areas are released."
    """
    from validation.study import choosing

    decision = _decision(decide, because)
    places = choosing.places(out)
    choosing.require_new(save_answers, *places.values())
    made = _made(answers, decision, save_answers)
    if save_answers is not None:
        choosing.write({save_answers: made.answers_text.encode()})
    written = {}
    if made.kind is not None:
        texts = {choosing.METHOD: made.method_text, choosing.ANSWERS: made.answers_text}
        written = choosing.write({path: texts[name].encode() for name, path in places.items()})
    _say(made, written, as_json=as_json)
    if made.kind is None:
        raise click.exceptions.Exit(1)


def _decision(decide: str | None, because: str | None) -> "Decision | None":
    from validation.study.choosing import Decision

    if (decide is None) != (because is None):
        raise click.UsageError("--decide and --because are given together: a decision has a reason")
    if decide is None or because is None:
        return None
    return Decision(cast("Kind", decide), because)


def _made(path: Path | None, decision: "Decision | None", draft: Path | None) -> "Chosen":
    """Return the choice from the answers of a file, and from those that are asked."""
    from validation.cli.choose_dialog import Interrupted
    from validation.errors import ToolError
    from validation.study.choosing import answers_in, chosen

    can_ask = is_at_terminal()
    if path is None and not can_ask:
        raise ToolError(
            "there is no terminal to ask the questions at",
            fix="give answers in a file by --answers",
        )
    given = {} if path is None else answers_in(path, partial=can_ask)
    try:
        given, decision = _asked(given, decision)
    except Interrupted as stopped:
        raise _interrupted(stopped.answers, draft) from stopped
    return chosen(given, decision)


def _asked(
    given: dict[str, str], decision: "Decision | None"
) -> "tuple[dict[str, str], Decision | None]":
    """Ask what is open, and whether the recommendation is taken; nothing where nothing is open."""
    from validation.cli.choose_dialog import ask_decision, ask_questions
    from validation.plan.choice.decide import decide
    from validation.plan.choice.explained import explained
    from validation.plan.choice.rules import rules
    from validation.study.choosing import Decision

    if len(given) == len(rules().questions):
        return given, decision
    answers = ask_questions(given, rules())
    if decision is None:
        choice = decide(answers, rules())
        otherwise = ask_decision(choice, explained(choice, choice.recommended))
        decision = Decision(*otherwise) if otherwise else None
    return answers, decision


def _interrupted(answers: dict[str, str], draft: Path | None) -> "ToolError":
    """Keep the answers so far where that was asked for, and return what is said."""
    from validation.errors import ToolError
    from validation.plan.choice.answers import answers_text
    from validation.plan.choice.rules import rules
    from validation.study.choosing import write

    what = f"interrupted after {len(answers)} of {len(rules().questions)} answers"
    if draft is None:
        return ToolError(
            f"{what}; nothing was written",
            fix="--save-answers FILE keeps the answers so far, and --answers takes them up again",
        )
    write({draft: answers_text(answers, rules()).encode()})
    return ToolError(
        f"{what}, which are kept",
        where=str(draft),
        fix=f"segval choose --answers {shlex.quote(str(draft))} takes them up again",
    )


def is_at_terminal() -> bool:
    """Tell whether questions can be asked."""
    return sys.stdin.isatty()


def _say(made: "Chosen", written: dict[str, str], *, as_json: bool) -> None:
    from validation.plan.choice.explained import as_json as values_of
    from validation.plan.choice.explained import explained

    if as_json:
        values = values_of(made.choice, made.kind, made.decided_otherwise)
        say_json({**values, "method": made.method_text, "files": written})
        return
    for line in explained(made.choice, made.kind, made.decided_otherwise):
        click.echo(f"# {line}")
    if made.kind is not None:
        click.echo(made.method_text, nl=False)
    for path, rendered in written.items():
        click.echo(f"{path}\n{rendered}", err=True)
