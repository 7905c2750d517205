"""Choosing the method of a study: answers in, a `method:` block and a memo out."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

import validation
from validation import workspace
from validation.errors import RecordError, TestSetError, ToolError
from validation.plan.choice.answers import answers_text, read_answers
from validation.plan.choice.decide import Choice, decide
from validation.plan.choice.method_text import method_of, method_yaml
from validation.plan.choice.rules import Rules, rules, rules_content
from validation.plan.method import Kind, Measured
from validation.plan.protocol import Method
from validation.plan.source import MAXIMUM_BYTES
from validation.record import digest
from validation.report.company import FOLDER
from validation.report.documents import render_choice
from validation.report.view.documents.choice import (
    ANSWERS_FILE,
    METHOD_FILE,
    RULES_FILE,
    ChoiceContents,
)
from validation.study.opening import OpenProtocol, test_set_root
from validation.study.templates import read_templates

LONGEST_REASON = 4_000
METHOD, ANSWERS = METHOD_FILE, ANSWERS_FILE


@dataclass(frozen=True)
class Decision:
    """The engineer's own decision."""

    kind: Kind
    because: str
    """Why it is not the recommended one."""


class Written(NamedTuple):
    """What a protocol brings to the choice."""

    method: Method | None
    """Its method, whose texts are kept where the same kind is chosen; None: no protocol."""
    measured: Measured | None
    """What its locked reference says; None: nothing was measured."""


@dataclass(frozen=True)
class Chosen:
    """A choice, and what was made of it."""

    choice: Choice
    kind: Kind | None
    """None: nothing is recommended, and nobody decided."""
    decided_otherwise: str | None
    method: Method | None
    """None where there is no method."""
    measured: Measured | None = None
    """What a locked reference says; None: nothing was measured."""

    @property
    def method_text(self) -> str:
        """Return the `method:` block; empty where there is no method."""
        return method_yaml(self.method) if self.method else ""

    @property
    def answers_text(self) -> str:
        """Return the file of answers."""
        return answers_text(self.choice.answers, self.choice.rules)


def answers_in(path: Path, *, partial: bool, known: Rules | None = None) -> dict[str, str]:
    """Return the answers in a file.

    Raises:
        ToolError: It cannot be read, or has problems; all are named.
    """
    content = workspace.read(path, "the file of answers", at_most=MAXIMUM_BYTES + 1)
    return read_answers(content, path.name, known or rules(), partial=partial)


def chosen(
    answers: dict[str, str],
    decision: Decision | None = None,
    written: Written = Written(None, None),  # noqa: B008 - it never changes
) -> Chosen:
    """Return what follows from answers and from a decision.

    Args:
        answers: Answer by question.
        decision: The engineer's own; None: what is recommended is taken.
        written: What a protocol brings to it.

    Raises:
        ToolError: The decision is what is recommended anyway, or its reason cannot be printed.
    """
    choice = decide(answers, rules())
    if decision is not None and decision.kind == choice.recommended:
        raise ToolError(
            f"{decision.kind} is what the answers recommend: nothing is decided otherwise",
            fix="leave out --decide and --because",
        )
    kind = decision.kind if decision else choice.recommended
    because = decision.because.strip() if decision else None
    if because is not None and not 0 < len(because) <= LONGEST_REASON:
        raise ToolError(
            "a decision against the recommendation needs a reason",
            fix=f"give 1 to {LONGEST_REASON:,} characters",
        )
    if kind is None:
        return Chosen(choice, None, None, None, written.measured)
    try:
        method = method_of(
            choice,
            kind,
            decided_otherwise=because,
            measured=written.measured,
            written=written.method,
        )
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ToolError(f"the reason cannot be printed: it {said}") from error
    return Chosen(choice, kind, because, method, written.measured)


def places(out: Path | None) -> dict[str, Path]:
    """Return where the texts of a choice are written, by what they are.

    Args:
        out: A YAML file for the block alone, or a folder for both texts.
    """
    if out is None:
        return {}
    if out.suffix.lower() in {".yaml", ".yml"} and not out.is_dir():
        return {METHOD: out}
    return {METHOD: out / METHOD, ANSWERS: out / ANSWERS}


def memo(made: Chosen, opened: OpenProtocol | None) -> bytes:
    """Return the memo of a choice as PDF/A-3a; the same choice gives the same bytes.

    Args:
        made: The choice; it has a method.
        opened: The protocol that it was made for, whose numbers and company's design it takes.

    Raises:
        ToolError: A template cannot be used, or there is no method.
    """
    if made.method is None:
        raise RecordError("there is no method that a memo could be about")
    files: dict[str, bytes] = {
        METHOD: made.method_text.encode(),
        ANSWERS: made.answers_text.encode(),
        RULES_FILE: rules_content(),
    }
    if opened is not None:
        files["protocol.yaml"] = opened.content
        company = read_templates(opened)
        files |= {f"{FOLDER}{name}": content for name, content in company.items()}
    return render_choice(
        ChoiceContents(
            method=made.method,
            protocol=opened.protocol if opened else None,
            files=files,
            digests={name: digest(one) for name, one in files.items()},
            tool_version=validation.__version__,
        )
    )


def require_new(*files: Path | None) -> None:
    """Refuse names under which nothing can be written, before anything is asked or measured.

    Raises:
        RecordError: One exists, or two are the same or lie in one another.
    """
    named = [one for one in files if one is not None]
    for path in named:
        if os.path.lexists(path):
            raise RecordError(
                "a file of that name exists and is never replaced",
                where=str(path),
                fix="give another name",
            )
        if sum(path.resolve() in (one.resolve(), *one.resolve().parents) for one in named) > 1:
            what = "two files are to be written under one name"
            raise RecordError(what, where=str(path), fix="give each a name of its own")


def require_outside(opened: OpenProtocol, data: Path | None, *files: Path | None) -> None:
    """Refuse files that would lie in the test set of a protocol; none does where it is not there.

    Raises:
        RecordError: One would lie there.
    """
    try:
        root = test_set_root(opened, data)
    except TestSetError:
        return
    for path in files:
        for folder in opened.protocol.test_set.folders:
            if path is not None and path.resolve().is_relative_to((root / folder).resolve()):
                what = "the file would lie in the test set"
                raise RecordError(what, where=str(path), fix="give a place outside of it")


def write(made: Mapping[Path, bytes]) -> dict[str, str]:
    """Write files, each whole or not at all, and return their digests by path.

    Raises:
        RecordError: One exists, or cannot be written.
    """
    require_new(*made)
    for path, content in made.items():
        workspace.write_new(path, content)
    return {str(path): digest(content) for path, content in made.items()}
