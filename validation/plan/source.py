"""A protocol's YAML text: read safely, with the line of every entry.

YAML is read by the 1.2 core rules, in which ``no`` is a word and ``2026-02-01`` is a text,
not a truth value and a date. Duplicate keys, aliases (which can blow a small file up) and
custom tags are refused.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from validation.errors import Problem, ProtocolError
from validation.plan.protocol import Protocol

MAXIMUM_BYTES = 5_000_000
"""A longer protocol is refused: real ones have some tens of kilobytes."""

MAXIMUM_DEPTH = 40
"""Deeper nesting is refused; the format itself needs 6."""

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]+$")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$")


@dataclass(frozen=True)
class Source:
    """A protocol's text as plain values, with line numbers."""

    name: str
    """Name of the file, for messages."""
    values: Any
    """Mappings, sequences and scalars, as YAML has them."""
    lines: dict[Path, int] = field(default_factory=dict)
    """Line of every entry by its path of keys and positions, counted from 1."""

    def line(self, path: Path) -> int:
        """Return the line of an entry, or of the nearest one above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def where(self, path: Path) -> str:
        """Return ``name:line (path)`` of an entry, or of the nearest one above it."""
        dotted = ".".join(str(part) for part in path)
        line = self.line(path)
        return f"{self.name}:{line} ({dotted})" if dotted else f"{self.name}:{line}"


def parse(content: bytes, name: str) -> Source:
    """Return the values and lines of a YAML text.

    Raises:
        ProtocolError: The bytes are not UTF-8, not YAML, too large, or use what is refused.
    """
    if len(content) > MAXIMUM_BYTES:
        raise ProtocolError(
            f"the protocol has {len(content):,} bytes; at most {MAXIMUM_BYTES:,} are read",
            where=name,
        )
    try:
        root = yaml.compose(content.decode("utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"the protocol is not UTF-8 text (byte {error.start})",
            where=name,
            fix="save the file as UTF-8",
        ) from error
    except yaml.YAMLError as error:
        raise _not_yaml(error, name) from error
    except RecursionError as error:
        raise ProtocolError("the protocol is nested too deeply", where=name) from error
    if root is None:
        raise ProtocolError(
            "the protocol is empty", where=name, fix="`segval init DIR` makes one to start from"
        )
    reader = _Reader(name)
    values = reader.value_of(root, ())
    if reader.problems:
        raise ProtocolError(
            "the protocol cannot be read", where=name, problems=sorted(reader.problems)
        )
    return Source(name, values, reader.lines)


def protocol_from(source: Source) -> Protocol:
    """Return the protocol, every field checked.

    Raises:
        ProtocolError: With every problem of every field, in the order of the lines.
    """
    try:
        return Protocol.model_validate(source.values)
    except ValidationError as error:
        found = [_field_problem(one, source) for one in error.errors()]
        ordered = [problem for _, problem in sorted(found, key=lambda pair: pair[0])]
        raise ProtocolError(
            "the protocol does not have the form that segval/protocol/1 asks for",
            where=source.name,
            problems=ordered,
        ) from error


class _Reader:
    """Turns YAML nodes into values; gathers lines and problems on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def value_of(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 - any YAML value
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > MAXIMUM_DEPTH:
            self._object(node, "nested too deeply", "")
            return None
        if not isinstance(node, yaml.ScalarNode):
            if id(node) in self._seen:
                self._object(node, "an alias (*name) stands here", "write the value out")
                return None
            self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value_of(one, (*path, i)) for i, one in enumerate(node.value)]
        return self._scalar(node) if isinstance(node, yaml.ScalarNode) else None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                self._object(key_node, "a key must be a plain text", "")
                continue
            if key in values:
                first = self.lines[(*path, key)]
                self._object(key_node, f"{key!r} stands twice (first in line {first})", "")
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            values[key] = self.value_of(value_node, (*path, key))
        return values

    def _scalar(self, node: yaml.ScalarNode) -> Any:  # noqa: ANN401 - any YAML scalar
        if node.tag.startswith("!") or "python/" in node.tag:
            self._object(node, f"the tag {node.tag} is not allowed", "write a plain value")
            return None
        if node.style is not None:
            return node.value
        return _plain(node.value)

    def _object(self, node: yaml.Node, what: str, fix: str) -> None:
        self.problems.append(Problem(f"{self.name}:{node.start_mark.line + 1}", what, fix))


def _plain(text: str) -> str | int | float | bool | None:
    """Return the value of an unquoted scalar by YAML 1.2's core schema."""
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    if _INTEGER.match(text) and len(text) < 20:  # noqa: PLR2004 - longer ones are texts
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    if _NOT_FINITE.match(text):
        return float(text.replace(".", "").lower())
    return text


def _not_yaml(error: yaml.YAMLError, name: str) -> ProtocolError:
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return ProtocolError(
        f"the protocol is not valid YAML: {what}",
        where=where,
        fix="texts with ': ' or a leading special character need quotes",
    )


def _field_problem(error: Any, source: Source) -> tuple[int, Problem]:  # noqa: ANN401
    """Return a pydantic error as a problem, with its line for sorting."""
    path = tuple(part for part in error["loc"] if not _is_union_branch(part, source, error["loc"]))
    what, fix = _words(error, path)
    return source.line(path), Problem(source.where(path), what, fix)


def _is_union_branch(part: str | int, source: Source, location: Path) -> bool:
    """Tell whether pydantic added `part` to name the branch of a tagged union."""
    if part not in _BRANCHES:
        return False
    before = location[: location.index(part)]
    return not isinstance(_at(source.values, (*before, part)), dict)


_BRANCHES = frozenset(
    {"onnx", "python", "predictions", "percentiles", "divide", "threshold", "argmax", "watershed"}
)


def _at(values: Any, path: Path) -> Any:  # noqa: ANN401 - any YAML value
    for part in path:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return None
    return values


def _words(error: Any, path: Path) -> tuple[str, str]:  # noqa: ANN401
    """Return what is wrong and how to mend it, in words."""
    name = str(path[-1]) if path else "the protocol"
    given = error.get("input")
    kind = error["type"]
    if kind == "missing":
        return f"{name} is missing", f"add `{name}:`; there is no default for it"
    if kind == "extra_forbidden":
        return f"{name} is not a field here", "check its spelling and indentation, or remove it"
    if kind == "string_type" and isinstance(given, int | float | bool):
        return f"{name} must be a text, got {given!r}", f'put it in quotes: "{given}"'
    if kind == "string_pattern_mismatch":
        return f"{name} is {_shown(given)}, which does not fit {error['ctx']['pattern']}", ""
    message = error["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    return f"{name}: {message}, got {_shown(given)}", ""


def _shown(value: Any) -> str:  # noqa: ANN401 - any YAML value
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"  # noqa: PLR2004
