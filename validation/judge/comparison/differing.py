"""What two protocols state differently, entry by entry."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from validation.judge.comparison.records import Differing
from validation.plan.protocol import Protocol

_Entry = tuple[str, Any]
_MISSING = object()


def differing(first: Protocol, second: Protocol) -> tuple[Differing, ...]:
    """Return every entry that differs, by path in the order of the second protocol."""
    left = dict(_entries("", first.model_dump(mode="json")))
    right = dict(_entries("", second.model_dump(mode="json")))
    return tuple(
        Differing(where=where, first=_said(left, where), second=_said(right, where))
        for where in {**right, **left}
        if left.get(where, _MISSING) != right.get(where, _MISSING)
    )


def _entries(path: str, value: Any) -> Iterator[_Entry]:  # noqa: ANN401 - any JSON value
    """Yield the entries of a value with their paths; those of a list by their ids."""
    if value in ({}, []):
        return  # what is empty holds no entry
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _entries(f"{path}.{name}" if path else str(name), one)
    elif isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        for place, one in enumerate(value):
            yield from _entries(f"{path}[{_name(one, place)}]", one)
    else:
        yield path, value


def _name(one: Mapping[str, Any], place: int) -> str:
    named = (one.get(key) for key in ("id", "name", "role", "revision"))
    return next((str(found) for found in named if isinstance(found, str)), str(place))


def _said(entries: Mapping[str, Any], where: str) -> str | None:
    if where not in entries:
        return None
    return json.dumps(entries[where], ensure_ascii=False)
