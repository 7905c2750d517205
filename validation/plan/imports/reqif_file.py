"""ReqIF, alone or in an archive: objects with attributes, read by their long names.

The XML is read twice: once to refuse a document type, and once by a parser that follows no entity
and no address; what the `reqif` package then gets is that text again. Objects come in the order
of the specifications. An attribute that is not given is not taken from a default.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from validation.errors import Problem, RequirementsError
from validation.plan.imports.archives import opened, require_plain_xml
from validation.plan.imports.content import Content, Fault, Item, refuse
from validation.plan.imports.xhtml_text import xhtml_text
from validation.record import printable

MOST_BYTES = 50_000_000
"""Of a file, unpacked: the package keeps about fifteen bytes in memory for each of them."""

OWN = ("IDENTIFIER", "LONG-NAME", "DESC", "TYPE")
"""What every object has beside its attributes; of its type the long name."""


def read_reqif(content: bytes, name: str) -> Content:
    """Return the objects of a ReqIF file, or of all ReqIF files of an archive.

    Raises:
        RequirementsError: It is no ReqIF, names what it does not hold, or is damaged.
    """
    items: list[Item] = []
    notes: list[Problem] = []
    for where, one in _files(content, name):
        exchange = _Exchange(_bundle(one, where), where)
        items.extend(exchange.items())
        notes.extend(exchange.notes())
    refuse("the objects cannot be told apart", name, list(_repeated(items)))
    columns = dict.fromkeys(OWN)
    for item in items:
        columns.update(dict.fromkeys([*item.values, *item.faults]))
    return Content("reqif", name, tuple(columns), tuple(items), notes=tuple(notes))


def is_reqif(names: Iterable[str]) -> bool:
    """Tell whether an archive with these files is one of ReqIF."""
    return any(one.lower().endswith(".reqif") for one in names)


def _files(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    if not content.startswith(b"PK"):
        yield name, content
        return
    archive = opened(content, name)
    parts = [one for one in archive.namelist() if is_reqif([one])]
    if not parts:
        raise RequirementsError("the archive holds no ReqIF file", where=name)
    for part in parts:
        yield printable(f"{name}/{part}"), archive.read(part)


def _bundle(content: bytes, name: str) -> Any:  # noqa: ANN401 - reqif has no types for us
    """Return what the package reads of XML that can do no harm."""
    from lxml import etree
    from reqif.parser import ReqIFParser

    if len(content) > MOST_BYTES:
        what = f"the file has {len(content):,} bytes; at most {MOST_BYTES:,} of ReqIF are read"
        raise RequirementsError(what, where=name, fix="export the part that is needed")
    require_plain_xml(io.BytesIO(content), name)
    careful = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        text = etree.tostring(etree.fromstring(content, careful), encoding="unicode")
        found = ReqIFParser.parse_from_string(text)
    except Exception as error:  # the package meets what is missing by whatever it runs into
        said = f"it is no ReqIF that can be read: {type(error).__name__}: {str(error)[:200]}"
        raise RequirementsError(said, where=name) from error
    refuse(
        "the file does not have the form of ReqIF",
        name,
        [Problem(name, str(one.get_description())[:300]) for one in found.exceptions],
    )
    if found.core_content is None or found.core_content.req_if_content is None:
        raise RequirementsError("it is a ReqIF file without content", where=name)
    return found


def _repeated(items: Iterable[Item]) -> Iterator[Problem]:
    seen: set[str] = set()
    for one in items:
        if one.key in seen:
            yield Problem(one.where, f"the IDENTIFIER {one.key!r} stands twice")
        seen.add(one.key)


@dataclass(frozen=True)
class _Attribute:
    """What a type says of an attribute."""

    column: str
    enumeration: Mapping[str, str]
    """Long name of a value by its identifier."""
    has_default: bool


class _Exchange:
    """The objects of one file."""

    def __init__(self, bundle: Any, name: str) -> None:  # noqa: ANN401 - of reqif
        content = bundle.core_content.req_if_content
        self._name = name
        self._objects = list(content.spec_objects or ())
        self._specifications = content.specifications or ()
        values = {one.identifier: _named(one) for one in content.data_types or ()}
        self._types: dict[str, tuple[str, dict[str, _Attribute]]] = {}
        for one in content.spec_types or ():
            definitions = getattr(one, "attribute_definitions", None) or ()
            self._types[one.identifier] = (
                one.long_name or one.identifier,
                {each.identifier: _attribute(each, values) for each in definitions},
            )
        self._links: dict[str, list[str]] = {}
        for one in content.spec_relations or ():
            self._links.setdefault(one.source, []).append(one.target)

    def items(self) -> list[Item]:
        """Return every object, those of specifications first, in their order."""
        places: dict[str, int] = {}
        for place, one in enumerate(self._in_order()):
            places.setdefault(one, place)
        ordered = sorted(self._objects, key=lambda one: places.get(one.identifier, len(places)))
        problems: list[Problem] = []
        found = [self._item(one, problems) for one in ordered]
        refuse("the file names what it does not hold", self._name, problems)
        return found

    def notes(self) -> Iterator[Problem]:
        """Yield how many objects stand in no specification."""
        ordered = set(self._in_order())
        loose = sum(one.identifier not in ordered for one in self._objects)
        if loose and self._specifications:
            what = f"{loose:,} object(s) stand in no specification, and are read as well"
            yield Problem(self._name, what)

    def _in_order(self) -> Iterator[str]:
        for specification in self._specifications:
            waiting = list(reversed(specification.children or ()))
            while waiting:
                one = waiting.pop()
                yield one.spec_object
                waiting.extend(reversed(one.children or ()))

    def _item(self, one: Any, problems: list[Problem]) -> Item:  # noqa: ANN401
        where = printable(f"{self._name}, object {one.identifier}")
        values = {"IDENTIFIER": one.identifier, "LONG-NAME": one.long_name or "",
                  "DESC": one.description or ""}  # fmt: skip
        faults: dict[str, Fault] = {}
        if one.spec_object_type not in self._types:
            problems.append(Problem(where, f"its type {one.spec_object_type!r} is not there"))
            return Item(where, values, key=one.identifier)
        values["TYPE"], attributes = self._types[one.spec_object_type]
        for each in one.attributes:
            if each.definition_ref not in attributes:
                what = f"its type has no attribute {each.definition_ref!r}"
                problems.append(Problem(where, what))
                continue
            known = attributes[each.definition_ref]
            text = _value(each, known)
            if values.get(known.column):
                faults[known.column] = Fault(f"{known.column} stands twice")
            elif isinstance(text, Fault):
                faults[known.column] = text
            else:
                values[known.column] = text
        given = {each.definition_ref for each in one.attributes}
        for identifier, known in attributes.items():
            if known.has_default and identifier not in given:
                what = f"{known.column} is not given, and its type has a default for it"
                faults.setdefault(known.column, Fault(what, "export it with all values"))
        kept = {column: text for column, text in values.items() if text.strip()}
        links = tuple(self._links.get(one.identifier, ()))
        return Item(where, kept, key=one.identifier, links=links, faults=faults)


def _named(data_type: Any) -> dict[str, str]:  # noqa: ANN401
    return {
        one.identifier: one.long_name or one.identifier
        for one in getattr(data_type, "values", None) or ()
    }


def _attribute(definition: Any, values: Mapping[str, dict[str, str]]) -> _Attribute:  # noqa: ANN401
    named = definition.long_name or definition.identifier
    return _Attribute(
        # An attribute that is called like something that every object has is told from it.
        column=f"{named} (attribute)" if named in OWN else named,
        enumeration=values.get(definition.datatype_definition, {}),
        has_default=isinstance(definition.default_value, str),
    )


def _value(given: Any, known: _Attribute) -> str | Fault:  # noqa: ANN401
    if given.attribute_type.name == "XHTML":
        return xhtml_text(given.xml_node.find("THE-VALUE"))
    if isinstance(given.value, str):
        return given.value
    unknown = [one for one in given.value if one not in known.enumeration]
    if unknown:
        return Fault(f"{known.column} has the value {unknown[0]!r}, which its type does not have")
    return ", ".join(known.enumeration[one] for one in given.value)
