"""What every COCO file is held to: its JSON, its lists, ids, classes, scores.

A gate collects the problems of one file. Checks go down a column of all entries, as a file
has a hundred thousand of them; what they find is put back in the order of the file, each
with the list, the position in it, and the case.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

from validation.errors import Problem
from validation.plan.protocol import SegmentedClass
from validation.testset.run_lengths import MAXIMUM_PIXELS

Entry = Mapping[str, Any]

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Listed:
    """The entries of one list of a file that are objects."""

    name: str
    """Name of the list, for messages."""
    entries: Sequence[Entry]
    positions: Sequence[int]
    """Where each stands in the list."""
    cases: Sequence[str | None] | None = None
    """Case that each belongs to; None where it is not known, or not yet."""

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self.entries)

    def column(self, name: str, default: object = None) -> list[Any]:
        """Return a value of every entry."""
        return [entry.get(name, default) for entry in self.entries]

    def of(self, kept: Sequence[int]) -> "Listed":
        """Return some of the entries."""
        cases = None if self.cases is None else [self.cases[one] for one in kept]
        return Listed(
            self.name,
            [self.entries[one] for one in kept],
            [self.positions[one] for one in kept],
            cases,
        )


class Repeated(dict[str, Any]):
    """A JSON object in which a key stands more than once; the last value is in it."""

    keys_twice: tuple[str, ...] = ()


class _Said(NamedTuple):
    """A problem, and where it belongs among those of the file."""

    part: int
    position: int
    problem: Problem


class Gate:
    """Collects the problems of one file.

    Args:
        file: Name of the file, for messages.
        classes: The protocol's classes; `SegmentedClass.value` is the category id.
    """

    def __init__(self, file: str, classes: Sequence[SegmentedClass]) -> None:
        self._file = file
        self._said: list[_Said] = []
        self._parts: list[str] = [""]
        self.classes = {one.value: index for index, one in enumerate(classes, start=1)}
        """Index of each class by category id."""
        self.names = {one.value: one.name for one in classes}

    @property
    def problems(self) -> list[Problem]:
        """Every problem so far, in the order of the file."""
        return [one.problem for one in sorted(self._said, key=lambda one: one[:2])]

    def say(self, what: str, fix: str = "", *, entry: str = "") -> None:
        """Keep a problem of the file, or of something in it that has a name."""
        where = f"{self._file}: {entry}" if entry else self._file
        part = len(self._parts) if entry else 0
        self._said.append(_Said(part, 0, Problem(where, what, fix)))

    def say_of(self, listed: Listed, number: int, what: str, fix: str = "") -> None:
        """Keep a problem of an entry: the `number`-th of those in `listed`."""
        case = listed.cases[number] if listed.cases is not None else None
        of_case = "" if case is None else f", case {case}"
        position = listed.positions[number]
        where = f"{self._file}: {listed.name}[{position}]{of_case}"
        part = self._parts.index(listed.name)
        self._said.append(_Said(part, position, Problem(where, what, fix)))

    def parsed(self, content: bytes, kind: type[Any]) -> Any:  # noqa: ANN401 - any JSON value
        """Return the JSON value of the file; None, with a problem, where it is none."""
        try:
            value = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_object)
        except (ValueError, RecursionError) as error:
            self.say(f"the file is not JSON: {str(error).splitlines()[0]}")
            return None
        if not isinstance(value, kind):
            name = {"dict": "an object (reference)", "list": "a list (results)"}[kind.__name__]
            found = "dict" if isinstance(value, dict) else type(value).__name__
            self.say(f"the file holds {found}, not {name}")
            return None
        if isinstance(value, Repeated):
            self.say(_twice(value))
        return value

    def listed_in(self, whole: Entry, name: str) -> Listed:
        """Return the entries of a list of the file."""
        values = whole.get(name)
        if not isinstance(values, list):
            self.say(f"there is no list '{name}'")
            values = []
        return self.listed(values, name)

    def listed(self, values: Sequence[Any], name: str) -> Listed:
        """Return the entries of a list; what is no object, or names a key twice, is said."""
        self._parts.append(name)
        every = Listed(name, values, range(len(values)))
        kept = []
        for number, entry in enumerate(values):
            if not isinstance(entry, dict):
                self.say_of(every, number, "the entry is not an object")
                continue
            kept.append(number)
            for part in (entry, entry.get("segmentation")):
                if isinstance(part, Repeated):
                    self.say_of(every, number, _twice(part))
        return every.of(kept)

    def unique_ids(self, listed: Listed) -> list[int | None]:
        """Return the id of each entry; None, with a problem, where it is no id of its own."""
        seen: dict[int, int] = {}
        ids: list[int | None] = []
        for number, one in enumerate(listed.column("id")):
            if (
                type(one) is int
                and 0 < one <= LARGEST_ID
                and seen.setdefault(one, number) == number
            ):
                ids.append(one)
                continue
            ids.append(None)
            if not is_integer(one) or not 0 < one <= LARGEST_ID:
                # pycocotools takes 0 for "not matched", so an object of that id is lost there.
                self.say_of(listed, number, f"id {one!r} is not a positive whole number")
            else:
                before = f"{listed.name}[{listed.positions[seen[one]]}]"
                self.say_of(listed, number, f"id {one} was used before, by {before}")
        return ids

    def class_indices(self, listed: Listed) -> list[int | None]:
        """Return the index of each entry's class; None, with a problem, where it has none."""
        known = self.classes
        values = listed.column("category_id")
        indices = [known.get(value) if type(value) is int else None for value in values]
        for number, index in enumerate(indices):
            if index is None:
                self.say_of(
                    listed,
                    number,
                    f"category_id {values[number]!r} is not the value of a class of the protocol",
                )
        return indices

    def scores(self, listed: Listed) -> list[float]:
        """Return the score of each entry; what is none is said, and stands there as it is."""
        values = listed.column("score")
        for number, score in enumerate(values):
            # NaN is neither at least 0 nor at most 1.
            if not (type(score) in (float, int) and 0 <= score <= 1):
                self.say_of(listed, number, f"score {score!r} is not a number in [0, 1]")
        return values

    def crowds(self, listed: Listed) -> list[bool]:
        """Return which entries are crowds; what is neither 0 nor 1 is said."""
        values = listed.column("iscrowd", 0)
        for number, crowd in enumerate(values):
            if not (type(crowd) is int and crowd in (0, 1)):
                self.say_of(listed, number, f"iscrowd is {crowd!r}, not 0 or 1")
        return [crowd == 1 for crowd in values]


def shape_of(rows: object, columns: object) -> tuple[int, int] | None:
    """Return rows and columns; None where they are no size of an image that is read."""
    if not (is_integer(rows) and is_integer(columns) and rows > 0 and columns > 0):
        return None
    return (rows, columns) if rows * columns <= MAXIMUM_PIXELS else None


def is_integer(value: object) -> TypeGuard[int]:
    """Return whether a JSON value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Python's reader keeps the last of two values without a word.
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    keys = [key for key, _ in pairs]
    repeated = Repeated(found)
    repeated.keys_twice = tuple(key for key in found if keys.count(key) > 1)
    return repeated


def _twice(entry: Repeated) -> str:
    return f"keys stand there more than once: {', '.join(entry.keys_twice)}"
