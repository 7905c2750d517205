"""A protocol's YAML text: read safely, with the line of every entry.

YAML is read by the 1.2 core rules, in which ``no`` is a word and ``2026-02-01`` is a text,
not a truth value and a date. Duplicate keys, aliases (which can blow a small file up) and
custom tags are refused.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from validation.errors import Problem, ProtocolError
from validation.plan.protocol import Protocol

MAXIMUM_BYTES = 1_000_000
"""A longer protocol is refused: real ones have some tens of kilobytes."""

MAXIMUM_DEPTH = 40
"""Deeper nesting is refused; the format itself needs 6."""

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_BASED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONSTANTS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True)
class Source:
    """A protocol's text as plain values, with line numbers."""

    name: str
    """Name of the file, for messages."""
    values: Any
    """Mappings, sequences and scalars, as YAML has them."""
    lines: dict[Path, int] = field(default_factory=dict)
    """Line of every entry by its path of keys and positions, counted from 1."""
    written: dict[Path, str] = field(default_factory=dict)
    """Every unquoted scalar as it is written: ``1.10`` has the value 1.1."""

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


def parse(content: bytes, name: str, what: str = "the protocol") -> Source:
    """Return the values and lines of a YAML text.

    Args:
        content: Bytes of the file.
        name: Its name, for messages.
        what: What it is, for messages.

    Raises:
        ProtocolError: The bytes are not UTF-8, not YAML, too large, or use what is refused.
    """
    source, problems = parse_with_problems(content, name, what)
    if problems:
        raise ProtocolError(f"{what} cannot be read", where=name, problems=problems)
    return source


def parse_with_problems(
    content: bytes, name: str, what: str = "the protocol"
) -> tuple[Source, tuple[Problem, ...]]:
    """Return the values of a YAML text, and what is refused in it, in the order of the lines.

    Of a key that stands twice the first value is kept; see `parse` for the rest.

    Raises:
        ProtocolError: The bytes are not UTF-8, not YAML, or too large.
    """
    if len(content) > MAXIMUM_BYTES:
        raise ProtocolError(
            f"{what} has {len(content):,} bytes; at most {MAXIMUM_BYTES:,} are read",
            where=name,
        )
    text = ""
    try:
        text = content.decode("utf-8")
        loader = _Loader(text)
        root = loader.get_single_node()
    except UnicodeDecodeError as error:
        raise ProtocolError(
            f"{what} is not UTF-8 text (byte {error.start})",
            where=name,
            fix="save the file as UTF-8",
        ) from error
    except yaml.YAMLError as error:
        raise _not_yaml(error, text, name, what) from error
    if root is None:
        fix = "`segval init DIR` makes one to start from" if what == "the protocol" else ""
        raise ProtocolError(f"{what} is empty", where=name, fix=fix)
    reader = _Reader(name, loader.refused)
    values = reader.value_of(root, ())
    found = tuple(problem for _, problem in sorted(reader.problems))
    return Source(name, values, reader.lines, reader.written), found


def protocol_from(source: Source) -> Protocol:
    """Return the protocol, every field checked.

    Raises:
        ProtocolError: With every problem of every field, in the order of the lines.
    """
    try:
        return Protocol.model_validate(source.values)
    except ValidationError as error:
        raise ProtocolError(
            "the protocol does not have the form that segval/protocol/1 asks for",
            where=source.name,
            problems=_field_problems(error, source),
        ) from error


class _TooDeepError(yaml.MarkedYAMLError):
    """The nesting is deeper than the format needs by far."""


class _Loader(yaml.SafeLoader):
    """Composes nodes, and notes the aliases and tags that nodes do not show any more."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.refused: list[tuple[int, str, str]] = []
        """Line, what is wrong and how to mend it."""
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self.refused.append((line, "an alias (*name) stands here", "write the value out"))
        elif event.tag is not None:
            fix = "write a plain value"
            self.refused.append((line, f"the tag {event.tag} is not allowed", fix))
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            raise _TooDeepError(None, None, "it is nested too deeply", event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Reader:
    """Turns YAML nodes into values; gathers lines and problems on the way."""

    def __init__(self, name: str, refused: Iterable[tuple[int, str, str]]) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self.written: dict[Path, str] = {}
        self.problems: list[tuple[int, Problem]] = []
        self._seen: set[int] = set()
        for line, what, fix in refused:
            self._object(line, what, fix)

    def value_of(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 - any YAML value
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._seen:  # an alias, which is refused: its content is not walked again
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return [self.value_of(one, (*path, i)) for i, one in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._object(line, "a key must be a plain text", "")
                continue
            if key in values:
                first = self.lines[(*path, key)]
                what = f"{key!r} stands twice (first in line {first})"
                self._object(line, what, "remove one")
                continue
            self.lines[(*path, key)] = line
            values[key] = self.value_of(value_node, (*path, key))
        return values

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> str | int | float | bool | None:
        text = str(node.value)
        if node.style is not None:
            return text
        self.written[path] = text
        return _plain(text)

    def _object(self, line: int, what: str, fix: str) -> None:
        self.problems.append((line, Problem(f"{self.name}:{line}", what, fix)))


def _plain(text: str) -> str | int | float | bool | None:
    """Return the value of an unquoted scalar by YAML 1.2's core schema."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, base=0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", "").lower())
    return text


def _not_yaml(error: yaml.YAMLError, text: str, name: str, document: str) -> ProtocolError:
    mark = getattr(error, "problem_mark", None)
    fix = "texts with ': ' or a leading special character need quotes"
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        where, what = (
            f"{name}:{line}",
            f"a character that may not stand there (U+{error.character:04X})",
        )
        fix = "remove it, or write it as an escape in double quotes"
    else:
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return ProtocolError(f"{document} is not valid YAML: {what}", where=where, fix=fix)


def _field_problems(error: ValidationError, source: Source) -> Iterator[Problem]:
    """Return every problem of a field once, in the order of the lines.

    A value that fits none of several types has an error for each; the first one is kept.
    """
    by_path: dict[Path, Any] = {}
    for one in error.errors():
        by_path.setdefault(_path_of(one, source.values), one)
    for path in sorted(by_path, key=source.line):
        if by_path[path]["type"] == "too_short" and any(_is_below(one, path) for one in by_path):
            continue  # the list has entries; what is wrong with them is told
        yield Problem(source.where(path), *_words(by_path[path], path, source))


def _is_below(path: Path, other: Path) -> bool:
    return len(path) > len(other) and path[: len(other)] == other


def _path_of(error: Any, values: Any) -> Path:  # noqa: ANN401 - any YAML value
    """Return the path of an error in the file.

    Pydantic adds parts of its own: the branch of a tagged union (which is the value of
    ``adapter`` or ``kind`` in the mapping at that place) and the type that a value was tried as.
    """
    path: list[str | int] = []
    in_branch = False
    for part in error["loc"]:
        if not in_branch and part in _BRANCHES and part in _tags(values):
            in_branch = True
            continue
        in_branch = False
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            if error["type"] == "missing":
                path.append(part)
            break
        path.append(part)
    return tuple(path)


_BRANCHES = frozenset(
    {"onnx", "python", "predictions", "percentiles", "divide", "threshold", "argmax", "watershed"}
)


def _tags(values: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any YAML value
    return (values.get("adapter"), values.get("kind")) if isinstance(values, dict) else ()


_SHAPES = {
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
    "dict_type": "a mapping of fields",
    "tuple_type": "a list",
}


def _words(error: Any, path: Path, source: Source) -> tuple[str, str]:  # noqa: ANN401
    """Return what is wrong and how to mend it, in words."""
    name = str(path[-1]) if path else "the protocol"
    given, kind = error.get("input"), error["type"]
    if kind == "missing":
        return f"{name} is missing", f"add `{name}:`; there is no default for it"
    if kind == "extra_forbidden":
        return f"{name} is not a field here", "check its spelling and indentation, or remove it"
    if kind == "string_type" and isinstance(given, int | float | bool):
        written = source.written.get(path, str(given))
        return f"{name} must be a text, got {given!r}", f'put it in quotes: "{written}"'
    if kind == "string_pattern_mismatch":
        return f"{name} is {_shown(given)}, which does not fit {error['ctx']['pattern']}", ""
    if kind in _SHAPES:
        return f"{name} must be {_SHAPES[kind]}, got {_shown(given)}", ""
    message = error["msg"].removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:]}, got {_shown(given)}", ""


def _shown(value: Any) -> str:  # noqa: ANN401 - any YAML value
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"  # noqa: PLR2004
