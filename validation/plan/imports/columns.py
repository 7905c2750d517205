"""Which column is the id, the text, the hazard: as the user says, or by its usual name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from validation.errors import Problem, RequirementsError

What = Literal["requirements", "risks"]

_USUAL: Mapping[What, Mapping[str, tuple[str, ...]]] = {
    "requirements": {
        "id": ("id", "uid", "identifier", "requirementid", "reqid", "reqifforeignid", "key"),
        "text": ("text", "requirement", "requirementtext", "statement", "description", "reqiftext"),
        "risks": ("risks", "risk", "riskid", "riskids", "relatedrisks", "mitigates", "controls"),
    },
    "risks": {
        "id": ("id", "uid", "identifier", "riskid", "hazardid", "reqifforeignid", "key"),
        "hazard": ("hazard", "hazardoussituation", "hazarddescription"),
        "harm": ("harm", "potentialharm"),
        "severity": ("severity", "severityofharm"),
        "requirements": (
            "requirements", "requirement", "requirementid", "requirementids", "controlledby",
            "mitigatedby", "riskcontrol", "riskcontrols",
        ),
    },
}  # fmt: skip
"""Names that are taken for a field, without capitals, spaces and punctuation."""

OPTIONAL = frozenset({("requirements", "risks"), ("risks", "requirements")})
"""Fields that a source need not have: who is linked to whom."""


_MOST_NAMED = 40


@dataclass(frozen=True)
class Wanted:
    """What is asked of a source."""

    what: What
    named: Mapping[str, str] = field(default_factory=dict)
    """Column by field, where the user names it."""
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Values that are picked by column; none: everything."""


@dataclass(frozen=True)
class Chosen:
    """Which columns are read, or why that cannot be said."""

    columns: Mapping[str, str]
    """Column by field."""
    problems: tuple[Problem, ...]


def wanted(what: What, named: Sequence[str], only: Sequence[str]) -> Wanted:
    """Return what options ask for, e.g. ``id=UID`` and ``Status=Approved``.

    Raises:
        RequirementsError: An option is no such pair, or names no field.
    """
    fields = _USUAL[what]
    columns: dict[str, str] = {}
    picked: dict[str, set[str]] = {}
    for name, value in map(_pair, named):
        if name not in fields:
            listed = ", ".join(fields)
            raise RequirementsError(f"{name} is no field of {what}", fix=f"they are: {listed}")
        if name in columns:
            raise RequirementsError(f"the column of {name} is named twice")
        columns[name] = value
    for name, value in map(_pair, only):
        picked.setdefault(name, set()).add(value)
    return Wanted(what, columns, {name: frozenset(values) for name, values in picked.items()})


def _pair(option: str) -> tuple[str, str]:
    name, equals, value = option.partition("=")
    if not (equals and name.strip()):
        raise RequirementsError(f"{option!r} is no pair", fix="write it as NAME=VALUE")
    return name.strip(), value.strip()


def choose(columns: Sequence[str], asked: Wanted, where: str, fallback: str = "") -> Chosen:
    """Return the column of each field.

    Args:
        columns: The columns that there are.
        asked: Fields, and the columns that the user names.
        where: Place of the columns, for messages.
        fallback: Column that is the id where no other is named like one.
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for name in _USUAL[asked.what]:
        fits = [one for one in _fitting(name, columns, asked)
                if one != fallback or name in asked.named]  # fmt: skip
        if not fits and name == "id" and fallback and name not in asked.named:
            fits = [fallback]
        if len(fits) == 1:
            found[name] = fits[0]
        elif fits or name in asked.named or (asked.what, name) not in OPTIONAL:
            problems.append(_objection(name, fits, columns, asked, where))
    problems.extend(
        _not_one(name, columns, where) for name in asked.only if columns.count(name) != 1
    )
    return Chosen(found, tuple(problems))


def _fitting(name: str, columns: Sequence[str], asked: Wanted) -> Iterator[str]:
    if name in asked.named:
        yield from (one for one in columns if one == asked.named[name])
        return
    taken = set(asked.named.values())
    usual = _USUAL[asked.what][name]
    yield from (one for one in columns if _bare(one) in usual and one not in taken)


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def _objection(
    name: str, fits: Sequence[str], columns: Sequence[str], asked: Wanted, where: str
) -> Problem:
    option = "--column" if asked.what == "requirements" else "--risk-column"
    if name in asked.named:
        return _not_one(asked.named[name], columns, where)
    if fits:
        what = f"several columns could be the {name}: {', '.join(map(repr, fits))}"
        return Problem(where, what, f"choose by {option} {name}=NAME")
    what = f"no column is recognised as the {name} of {asked.what}"
    return Problem(where, what, f"name it by {option} {name}=NAME; {_there(columns)}")


def _not_one(name: str, columns: Sequence[str], where: str) -> Problem:
    how = "more than one column" if name in columns else "no column"
    return Problem(where, f"{how} is named {name!r}", _there(columns))


def _there(columns: Sequence[str]) -> str:
    named = dict.fromkeys(one for one in columns if one)
    listed = [repr(one) for one in named][:_MOST_NAMED]
    more = "" if len(named) <= _MOST_NAMED else f" and {len(named) - _MOST_NAMED} more"
    return f"there are: {', '.join(listed) or 'none'}{more}"
