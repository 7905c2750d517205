"""StrictDoc's text format (``.sdoc``): nodes of fields, in the old spelling and the new one.

A node begins with its tag in brackets (``[REQUIREMENT]``; ``[[SECTION]]`` where others stand in
it). A field is a name in capitals with its text on the same line, or on lines between ``>>>`` and
``<<<``. Relations come last. What a line is, its beginning says, so it is read line by line; a
line that is nothing of this is refused, and so is a text or section without its end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from validation.errors import Problem, RequirementsError
from validation.plan.imports.content import Content, Fault, Item, refuse
from validation.plan.imports.decoding import decoded

TAG = "TAG"
"""Column with the tag of a node, e.g. ``REQUIREMENT``."""

_TAG = re.compile(r"\[(?:COMPOSITE_)?([A-Z][A-Z0-9_]*)\]|\[\[([A-Z][A-Z0-9_]*)\]\]")
_END = re.compile(r"\[/(?:COMPOSITE_)?([A-Z][A-Z0-9_]*)\]|\[\[/([A-Z][A-Z0-9_]*)\]\]")
_FIELD = re.compile(r"([A-Z][A-Z0-9_]*):(?: (.*))?")
_RELATION = re.compile(r"(?:- |  )(TYPE|VALUE|ROLE|FORMAT|LINE_RANGE): ?(.*)")
_NO_ITEMS = frozenset(
    {"DOCUMENT", "FRAGMENT", "GRAMMAR", "BIBLIOGRAPHY", "SECTION", "TEXT", "FREETEXT",
     "DOCUMENT_FROM_FILE", "FRAGMENT_FROM_FILE"}
)  # fmt: skip
"""Tags of what is neither a requirement nor a risk."""
_LOOSE = frozenset({"DOCUMENT", "GRAMMAR", "BIBLIOGRAPHY"})
"""Nodes with indented settings, which are not read."""


@dataclass
class _Node:
    tag: str
    line: int
    values: dict[str, str] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)


def read_strictdoc(content: bytes, name: str) -> Content:
    """Return the nodes of a document, sections and free texts left out.

    Raises:
        RequirementsError: It is no such document, or has lines that are nothing of the format;
            every line.
    """
    reader = _Reader(decoded(content, name), name)
    reader.read()
    refuse("the document cannot be read", name, reader.problems)
    document = reader.nodes[0]
    if document.tag not in {"DOCUMENT", "FRAGMENT"}:
        raise RequirementsError("it does not begin with [DOCUMENT]", where=name)
    nodes = [one for one in reader.nodes if one.tag not in _NO_ITEMS]
    columns = dict.fromkeys(["UID", TAG], None)
    for one in nodes:
        columns.update(dict.fromkeys(one.values))
    return Content(
        "strictdoc",
        name,
        tuple(columns),
        tuple(_item(one, name) for one in nodes),
        baseline=document.values.get("VERSION", ""),
        notes=tuple(_not_read(reader.nodes, name)),
    )


def _item(node: _Node, name: str) -> Item:
    return Item(
        where=f"{name}:{node.line}",
        values={**node.values, TAG: node.tag},
        key=node.values.get("UID", ""),
        links=tuple(node.links),
        faults=node.faults,
    )


def _not_read(nodes: list[_Node], name: str) -> Iterator[Problem]:
    for one in nodes:
        if one.tag.endswith("_FROM_FILE"):
            included = one.values.get("FILE", "")
            yield Problem(f"{name}:{one.line}", f"the included file {included!r} is not read")


class _Reader:
    """Reads a document line by line."""

    def __init__(self, text: str, name: str) -> None:
        self.nodes: list[_Node] = []
        self.problems: list[Problem] = []
        self._name = name
        self._lines = enumerate(text.replace("\r\n", "\n").split("\n"), start=1)
        self._open: list[_Node] = []
        """Nodes whose end is to come."""
        self._in_relations = False
        self._relation = ""
        self._has_ended = False
        """Whether the last node takes no further lines."""

    def read(self) -> None:
        for number, line in self._lines:
            if line.strip():
                self._take(number, line.rstrip())
        for one in self._open:
            self._object(one.line, f"[{one.tag}] has no end: the file may be cut off")
        if not self.nodes:
            self._object(1, "there is no node")

    def _object(self, line: int, what: str, fix: str = "") -> None:
        self.problems.append(Problem(f"{self._name}:{line}", what, fix))

    def _take(self, number: int, line: str) -> None:
        if match := _TAG.fullmatch(line):
            self._begin(_Node(match[1] or match[2], number), with_end=line.startswith("[["))
        elif match := _END.fullmatch(line):
            self._end(match[1] or match[2], number)
            self._has_ended = True
        elif not self.nodes:
            self._object(number, "it does not begin with a node such as [DOCUMENT]")
            self.nodes.append(_Node("FRAGMENT", number))
        elif self.nodes[-1].tag not in _LOOSE or not line.startswith((" ", "- ")):
            self._in_node(self.nodes[-1], number, line)

    def _begin(self, node: _Node, *, with_end: bool) -> None:
        self.nodes.append(node)
        self._in_relations = self._has_ended = False
        if node.tag == "FREETEXT":
            self._skip_free_text(node)
        elif with_end or node.tag == "SECTION":
            self._open.append(node)

    def _skip_free_text(self, node: _Node) -> None:
        if not any(line.rstrip() == "[/FREETEXT]" for _, line in self._lines):
            self._object(node.line, "[FREETEXT] has no end: the file may be cut off")

    def _end(self, tag: str, number: int) -> None:
        # A composite node of the old spelling begins with one bracket and ends all the same.
        if self._open and self._open[-1].tag == tag:
            self._open.pop()
        elif not any(one.tag == tag for one in self.nodes):
            self._object(number, f"the end of [{tag}] stands here, which did not begin")

    def _in_node(self, node: _Node, number: int, line: str) -> None:
        if self._has_ended:
            self._object(number, "the line belongs to no node")
        elif self._in_relations and (match := _RELATION.fullmatch(line)):
            self._relate(node, match[1], match[2].strip())
        elif match := _FIELD.fullmatch(line):
            self._in_relations = match[1] in {"RELATIONS", "REFS"} and not match[2]
            if not self._in_relations:
                self._field(node, number, match[1], match[2] or "")
        else:
            what = "the line is no field, relation or node"
            fix = "a text of several lines stands between >>> and <<<"
            self._object(number, what, fix)

    def _relate(self, node: _Node, part: str, value: str) -> None:
        if part == "TYPE":
            self._relation = value
        elif part == "VALUE" and self._relation != "File":
            node.links.append(value)

    def _field(self, node: _Node, number: int, name: str, text: str) -> None:
        if text.strip() == ">>>":
            text = self._lines_until_end(number, name)
        if name in node.values:
            node.faults[name] = Fault(f"{name} stands twice", "leave one")
        elif text.strip():
            node.values[name] = text

    def _lines_until_end(self, number: int, name: str) -> str:
        kept: list[str] = []
        for _, line in self._lines:
            if line.startswith("<<<"):
                return "\n".join(kept)
            kept.append(line)
        self._object(number, f"the text of {name} has no end (<<<): the file may be cut off")
        return ""
