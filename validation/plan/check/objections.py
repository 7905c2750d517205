"""What a check finds: a rule with a stable id, and where a protocol goes against it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from validation.errors import Problem
from validation.plan.source import Path

Level = Literal["error", "warning"]


class Objection(NamedTuple):
    """A place where a protocol goes against a rule."""

    rule: "Rule"
    path: Path
    """Path of the entry."""
    what: str
    """What is wrong."""
    fix: str
    """How to mend it."""
    about: str = ""
    """What it is about, where its path alone does not say so."""


class Rule(NamedTuple):
    """Something that a protocol is held to."""

    id: str
    """Stable name, e.g. ``criterion.out-of-range``; pipelines and protocols refer to it."""
    level: Level
    """An error forbids a run; a warning is for the author."""
    why: str
    """What it would lead to, in a sentence."""
    source: str
    """Clause, publication or part of segval that the rule follows from."""
    can_be_accepted: bool = True
    """False: a warning that no reason makes right, as it says what is still to be done."""

    def at(self, path: Path, what: str, fix: str = "", about: str = "") -> Objection:
        """Return an objection to the entry at a path."""
        return Objection(self, path, what, fix, about)


Found = Iterator[Objection]


@dataclass(frozen=True)
class Remark:
    """A problem, whether it forbids a run, and whether it is answered."""

    level: Level
    problem: Problem
    rule: str
    """Id of the rule."""
    line: int | None = None
    """Line of the protocol; None for a problem of another file."""
    about: str = ""
    """What it is about: the id of a criterion, a column, a field; see `AcceptedWarning`."""
    answer: str | None = None
    """The author's reason for a warning that is accepted; None: it is open."""

    @property
    def is_open(self) -> bool:
        """True: an error, or a warning that is not answered."""
        return self.answer is None
