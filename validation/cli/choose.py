"""``segval choose``: semantic, instance or panoptic, from what the result is used for."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from validation.cli.options import FILE, data_option, json_option, progress_bars, say_json

if TYPE_CHECKING:
    from validation.errors import ToolError
    from validation.plan.method import Kind
    from validation.study.choosing import Chosen, Decision, Written
    from validation.study.opening import OpenProtocol

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
@click.option(
    "--memo",
    type=_NEW,
    metavar="FILE.pdf",
    help="Write the choice with its reasons, price and sources as a PDF; a new file.",
)
@click.option(
    "--protocol",
    type=FILE,
    help="Protocol whose locked reference is measured, and whose texts are kept.",
)
@data_option
@json_option
def choose_command(  # noqa: PLR0917 - click calls it by name
    answers: Path | None,
    save_answers: Path | None,
    decide: str | None,
    because: str | None,
    out: Path | None,
    memo: Path | None,
    protocol: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Choose semantic, instance or panoptic evidence from the use of the result.

    Asks what the result is used for and returns the method with the rule behind each point, the
    points against it, what it commits to and what it gives up, as a `method:` block for a
    protocol. The rules and their sources are printed with every question (?).

    With --protocol, the test set that it locked is measured, too: how many objects touch a
    neighbour of their class, and what counting connected components of a perfect mask would cost.
    Every file is held against the lock first; no prediction is made or looked at.

    Exit status 0: a method was chosen; 1: none follows from the answers, and nobody decided; 3: the
    answers cannot be read, or questions are open and there is no terminal to ask them at.

    \b
    Example:
        segval choose --save-answers answers.yaml --out choice
        segval choose --answers answers.yaml --protocol protocol.yaml --memo method.pdf
        segval choose --answers answers.yaml --decide semantic --because "Only areas are released."
    """
    from validation.study import choosing

    decision = _decision(decide, because)
    places = choosing.places(out)
    _require_pdf(memo)
    choosing.require_new(save_answers, memo, *places.values())
    opened = _opened(protocol, data)
    if opened is not None:
        choosing.require_outside(opened, data, save_answers, memo, *places.values())
    made = _made(answers, decision, save_answers, _measured(opened, data))
    if save_answers is not None:
        choosing.write({save_answers: made.answers_text.encode()})
    written = {}
    if made.kind is not None:
        texts = {choosing.METHOD: made.method_text, choosing.ANSWERS: made.answers_text}
        files = {path: texts[name].encode() for name, path in places.items()}
        if memo is not None:
            files[memo] = choosing.memo(made, opened)
        written = choosing.write(files)
    _say(made, written, as_json=as_json)
    if made.kind is None:
        raise click.exceptions.Exit(1)


def _require_pdf(memo: Path | None) -> None:
    if memo is not None and memo.suffix.lower() != ".pdf":
        raise click.UsageError("--memo is a PDF: give a name that ends in .pdf")


def _opened(path: Path | None, data: Path | None) -> "OpenProtocol | None":
    from validation.study.opening import read_protocol

    if path is None and data is not None:
        raise click.UsageError("--data is the folder of the test set of a --protocol")
    return None if path is None else read_protocol(path)


def _measured(opened: "OpenProtocol | None", data: Path | None) -> "Written":
    """Return what the protocol says, and what its locked reference does; nothing without one."""
    from validation.study.choosing import Written
    from validation.study.separation import measured_reference
    from validation.testset.lock import LOCK_NAME

    if opened is None:
        return Written(None, None)
    method = opened.protocol.method
    if not (opened.lock_folder / LOCK_NAME).is_file():
        click.echo("the test set is not locked yet: nothing is measured", err=True)
        return Written(method, None)
    with progress_bars() as bars:
        task = bars.add_task("Checking the lock", total=None)
        found = measured_reference(
            opened, data, lambda done, total: bars.update(task, completed=done, total=total)
        )
    return Written(method, found)


def _decision(decide: str | None, because: str | None) -> "Decision | None":
    from validation.study.choosing import Decision

    if (decide is None) != (because is None):
        raise click.UsageError("--decide and --because are given together: a decision has a reason")
    if decide is None or because is None:
        return None
    return Decision(cast("Kind", decide), because)


def _made(
    path: Path | None, decision: "Decision | None", draft: Path | None, written: "Written"
) -> "Chosen":
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
    return chosen(given, decision, written)


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
    from validation.report.view.questionnaire import measured_lines

    if as_json:
        values = values_of(made.choice, made.kind, made.decided_otherwise)
        found = made.measured.model_dump(mode="json") if made.measured else None
        say_json({**values, "measured": found, "method": made.method_text, "files": written})
        return
    for line in [
        *explained(made.choice, made.kind, made.decided_otherwise),
        *measured_lines(made.measured),
    ]:
        click.echo(f"# {line}")
    if made.kind is not None:
        click.echo(made.method_text, nl=False)
    for path, rendered in written.items():
        click.echo(f"{path}\n{rendered}", err=True)
