"""Requirements and risks made of items, with every problem at once.

Who is linked to whom follows from three places: a column of the requirement that names risks, a
column of the risk that names requirements, and trace links of the tool in either direction.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from validation.errors import Problem, RequirementsError
from validation.plan.imports.columns import Wanted
from validation.plan.imports.content import Content, Item, plain_text, refuse
from validation.plan.origin import RequirementSource
from validation.plan.protocol import Requirement, Risk

_LIST = re.compile(r"[,;\n]")
_MOST_VALUES = 12


@dataclass(frozen=True)
class Read:
    """A source that was read, and which of its columns mean what."""

    content: Content
    columns: Mapping[str, str]
    """Column by field."""
    asked: Wanted
    digest: str
    """Of the file, or of the manifest of the folder."""


@dataclass(frozen=True)
class Taken:
    """Requirements and risks, as a protocol holds them."""

    requirements: tuple[Requirement, ...]
    risks: tuple[Risk, ...]
    sources: tuple[RequirementSource, ...]
    notes: tuple[Problem, ...]
    """What is worth knowing of the sources."""
    has_risks: bool
    """Whether a source of risks was read."""
    has_links: bool
    """Whether the sources say which risks a requirement controls."""


@dataclass(frozen=True)
class _Picked:
    """An item that is taken, with its id."""

    id: str
    item: Item
    read: Read

    def place(self, name: str) -> str:
        return self.read.content.place(self.item, self.read.columns.get(name, ""))

    def value(self, name: str) -> str:
        return plain_text(self.item.values.get(self.read.columns.get(name, ""), ""))

    def ids(self, name: str) -> list[str]:
        """Return the ids that a column lists."""
        return [one.strip() for one in _LIST.split(self.value(name)) if one.strip()]


def take(
    requirements: Sequence[Read],
    risks: Sequence[Read],
    *,
    baseline: str | None = None,
    only_linked: bool = False,
) -> Taken:
    """Return requirements and risks with their links.

    Args:
        requirements: Sources of requirements, in the order asked for.
        risks: Sources of risks.
        baseline: Revision of the sources, as the author states it.
        only_linked: Leave out risks that no requirement taken is linked to.

    Raises:
        RequirementsError: With every item that cannot be taken, and where it stands.
    """
    problems: list[Problem] = []
    picked = _picked(requirements, problems)
    hazards = _picked(risks, problems)
    links = _Links(picked, hazards, problems)
    made = [one for one in (_requirement(each, links, problems) for each in picked) if one]
    found = [one for one in (_risk(each, problems) for each in hazards) if one]
    refuse("the sources cannot be taken as they are", "", problems)
    linked = {risk for one in made for risk in one.risks}
    has_links = bool(hazards) or any("risks" in one.columns for one in requirements)
    return Taken(
        tuple(made),
        tuple(one for one in found if one.id in linked or not only_linked),
        tuple(_source(one, baseline) for one in (*requirements, *risks)),
        (*_notes([*requirements, *risks]), *links.notes()),
        has_risks=bool(risks),
        has_links=has_links,
    )


def _notes(read: Iterable[Read]) -> Iterator[Problem]:
    for one in read:
        yield from one.content.notes


def _source(read: Read, baseline: str | None) -> RequirementSource:
    content = read.content
    try:
        return RequirementSource(
            holds=read.asked.what,
            kind=content.kind,
            name=content.name,
            digest=read.digest,
            baseline=baseline or content.baseline or None,
            sheet=content.sheet or None,
            columns=tuple(f"{name}={column}" for name, column in read.columns.items()),
            only=tuple(
                f"{name}={value}"
                for name, them in read.asked.only.items()
                for value in sorted(them)
            ),
        )
    except ValidationError as error:
        said = "; ".join(_said(one) for one in error.errors())
        what = f"the source cannot be named in a protocol: {said}"
        raise RequirementsError(what, where=content.name) from error


# --- which items -------------------------------------------------------------------------


def _picked(sources: Iterable[Read], problems: list[Problem]) -> list[_Picked]:
    """Return the items that are asked for, each with an id of its own."""
    found: dict[str, _Picked] = {}
    for read in sources:
        before = len(problems)
        items = [one for one in read.content.items if _is_asked(one, read, problems)]
        if not items and len(problems) == before:
            problems.append(_nothing(read))
        for item in items:
            one = _Picked(plain_text(item.values.get(read.columns["id"], "")), item, read)
            if _has_own_id(one, found, problems):
                found[one.id] = one
    return list(found.values())


def _is_asked(item: Item, read: Read, problems: list[Problem]) -> bool:
    for column, values in read.asked.only.items():
        if fault := item.faults.get(column):
            place = read.content.place(item, column)
            problems.append(Problem(place, fault.what, fault.fix))
        if plain_text(item.values.get(column, "")) not in values:
            return False
    return True


def _nothing(read: Read) -> Problem:
    name, what = read.content.name, read.asked.what
    for column in read.asked.only:
        there = {plain_text(one.values.get(column, "")) for one in read.content.items}
        listed = ", ".join(map(repr, sorted(there)[:_MOST_VALUES]))
        return Problem(name, f"--only leaves no {what}", f"{column} holds {listed or 'nothing'}")
    return Problem(name, f"it holds no {what}")


def _has_own_id(one: _Picked, found: Mapping[str, _Picked], problems: list[Problem]) -> bool:
    column = one.read.columns["id"]
    fault = one.item.faults.get(column)
    if fault:
        problems.append(Problem(one.place("id"), fault.what, fault.fix))
    elif not one.id:
        fix = "give it one, or leave it out by --only (--risk-only for risks)"
        problems.append(Problem(one.place("id"), "it has no id", fix))
    elif first := found.get(one.id):
        what = f"the id {one.id!r} is given twice (first at {first.place('id')})"
        problems.append(Problem(one.place("id"), what))
    else:
        return True
    return False


# --- what they are -----------------------------------------------------------------------


def _requirement(one: _Picked, links: "_Links", problems: list[Problem]) -> Requirement | None:
    values = {"id": one.id, "text": one.value("text"), "risks": links.of(one)}
    return _record(Requirement, one, values, ("text", "risks"), problems)


def _risk(one: _Picked, problems: list[Problem]) -> Risk | None:
    names = ("hazard", "harm", "severity")
    values = {"id": one.id, **{name: one.value(name) for name in names}}
    return _record(Risk, one, values, names, problems)


_Made = TypeVar("_Made", Requirement, Risk)


def _record(
    kind: type[_Made],
    one: _Picked,
    values: Mapping[str, object],
    names: Sequence[str],
    problems: list[Problem],
) -> _Made | None:
    before = len(problems)
    faulty = set()
    for name in names:
        if fault := one.item.faults.get(one.read.columns.get(name, "")):
            faulty.add(name)
            problems.append(Problem(one.place(name), fault.what, fault.fix))
    try:
        made = kind.model_validate(values)
    except ValidationError as error:
        by_field = {str(each["loc"][0]): each for each in error.errors()}
        problems.extend(
            Problem(one.place(name), _words(name, one.id, each))
            for name, each in by_field.items()
            if name not in faulty
        )
        return None
    return made if len(problems) == before else None


def _words(name: str, of: str, error: object) -> str:
    if isinstance(error, dict) and error.get("input") == "":
        return f"{of} has no {name}"
    return f"the {name} of {of!r} cannot be taken: {_said(error)}"


def _said(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    if error["type"] == "string_pattern_mismatch":
        return "an id is one line without commas, semicolons and repeated spaces"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


# --- who is linked to whom ---------------------------------------------------------------


class _Links:
    """The risks of each requirement."""

    def __init__(
        self, picked: Sequence[_Picked], hazards: Sequence[_Picked], problems: list[Problem]
    ) -> None:
        self._problems = problems
        self._risk_ids = {one.id for one in hazards}
        self._has_risks = bool(hazards)
        self._by_key = {one.item.key: one.id for one in hazards if one.item.key}
        self._beyond: dict[str, int] = {}
        requirements = {one.id for one in picked}
        keys = {one.item.key: one.id for one in picked if one.item.key}
        self._from_risks: dict[str, list[str]] = {}
        for one in hazards:
            self._take_column_faults(one)
            named = one.ids("requirements")
            traced = [keys[key] for key in one.item.links if key in keys]
            for name in [*named, *traced]:
                if name in requirements:
                    self._from_risks.setdefault(name, []).append(one.id)
                else:
                    self._count("risks name requirements that are not taken", name)

    def _take_column_faults(self, one: _Picked) -> None:
        column = one.read.columns.get("requirements", "")
        if fault := one.item.faults.get(column):
            self._problems.append(Problem(one.place("requirements"), fault.what, fault.fix))

    def of(self, one: _Picked) -> tuple[str, ...]:
        """Return the risks that a requirement controls, each once."""
        named = one.ids("risks")
        if self._has_risks:
            self._problems.extend(
                Problem(one.place("risks"), f"no risk of the sources has the id {name!r}")
                for name in named
                if name not in self._risk_ids
            )
        traced = []
        for key in one.item.links:
            if key in self._by_key:
                traced.append(self._by_key[key])
            else:
                self._count("trace links lead to something that is no risk taken", key)
        return tuple(dict.fromkeys([*named, *traced, *self._from_risks.get(one.id, [])]))

    def _count(self, what: str, name: str) -> None:
        counted = f"{what}, e.g. "
        known = next((said for said in self._beyond if said.startswith(counted)), None)
        said = known or f"{counted}{name!r}"
        self._beyond[said] = self._beyond.get(said, 0) + 1

    def notes(self) -> Iterator[Problem]:
        """Yield which links were left out, and how many."""
        for said, number in self._beyond.items():
            yield Problem("", f"{number:,} time(s): {said}")
