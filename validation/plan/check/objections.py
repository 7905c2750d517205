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

    def at(self, path: Path, what: str, fix: str = "") -> Objection:
        """Return an objection to the entry at a path."""
        return Objection(self, path, what, fix)


Found = Iterator[Objection]


@dataclass(frozen=True)
class Remark:
    """A problem and whether it forbids a run."""

    level: Level
    problem: Problem
    rule: str
    """Id of the rule."""
