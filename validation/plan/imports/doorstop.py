"""Doorstop: a folder of items, each a YAML file or Markdown with YAML before it. Only read.

The id of an item is the name of its file. Items that are not active are as if they were not
there, and those that are not normative are headings and comments; both are left out and named.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from validation.errors import Problem, ProtocolError, RequirementsError
from validation.plan.imports.content import Content, Fault, Item, refuse
from validation.plan.source import Source, parse
from validation.record import printable

SETTINGS = ".doorstop.yml"
"""The file that makes a folder a document."""
ENDINGS = (".yml", ".yaml", ".md")
"""Endings of files that can be items."""

_FRONT = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n(.*))?\Z", re.DOTALL | re.MULTILINE)
_HEADER = re.compile(r"\s*# (.*?)(?:\n(.*))?\Z", re.DOTALL)
_MOST_NAMED = 10


def read_doorstop(files: Mapping[str, bytes], name: str) -> Content:
    """Return the items of a document.

    Args:
        files: Content by path in the folder, `SETTINGS` among them.
        name: Name of the folder, for messages.

    Raises:
        RequirementsError: A file cannot be read as an item; all at once.
    """
    problems: list[Problem] = []
    settings = _parsed(files[SETTINGS], f"{name}/{SETTINGS}", problems)
    of_document = _mapping(settings.values if settings else None, "settings")
    prefix, separator = (str(of_document.get(one, "")) for one in ("prefix", "sep"))
    if not problems and not prefix:
        problems.append(Problem(f"{name}/{SETTINGS}", "settings name no prefix"))
    is_markdown = of_document.get("itemformat") == "markdown"
    items: list[Item] = []
    left_out: list[Item] = []
    others: list[str] = []
    for path in sorted(set(files) - {SETTINGS}):
        stem, _, ending = path.rpartition("/")[2].rpartition(".")
        if (ending == "md") is not is_markdown or not stem.startswith(prefix + separator):
            others.append(path)
            continue
        where = printable(f"{name}/{path}")
        if item := _item(files[path], stem, where, problems, is_markdown=is_markdown):
            (items if _counts(item) else left_out).append(item)
    refuse("the items cannot be read", name, problems)
    columns = dict.fromkeys(["uid", "text"])
    for one in items:
        columns.update(dict.fromkeys([*one.values, *one.faults]))
    return Content(
        "doorstop",
        name,
        tuple(columns),
        tuple(items),
        notes=tuple(_notes(name, others, [one.key for one in left_out])),
    )


def _notes(name: str, others: list[str], left_out: list[str]) -> Iterator[Problem]:
    if others:
        yield Problem(name, f"not read, as their names are none of items: {_some(others)}")
    if left_out:
        yield Problem(name, f"left out, as not active or not normative: {_some(left_out)}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(printable, names[:_MOST_NAMED])) + more


def _counts(item: Item) -> bool:
    return all(item.values.get(name, "true").lower() != "false" for name in ("active", "normative"))


def _mapping(values: object, name: str) -> Mapping[str, Any]:
    found = values.get(name) if isinstance(values, dict) else None
    return found if isinstance(found, dict) else {}


def _parsed(content: bytes, where: str, problems: list[Problem]) -> Source | None:
    try:
        return parse(content, where)
    except ProtocolError as error:
        for one in error.problems or [Problem(error.where, error.what, error.fix)]:
            what = one.what.replace("the protocol", "the file")
            problems.append(Problem(one.where, what, "" if "segval" in one.fix else one.fix))
        return None


def _item(
    content: bytes, uid: str, where: str, problems: list[Problem], *, is_markdown: bool
) -> Item | None:
    body: dict[str, str] = {}
    if is_markdown:
        try:
            content, body = _parts(content)
        except (UnicodeDecodeError, RequirementsError) as error:
            what = getattr(error, "what", "it is no UTF-8 text")
            problems.append(Problem(where, what))
            return None
    source = _parsed(content, where, problems)
    if source is None:
        return None
    if not isinstance(source.values, dict):
        problems.append(Problem(where, "it is no mapping of attributes"))
        return None
    values: dict[str, str] = {"uid": uid}
    faults: dict[str, Fault] = {}
    for name, value in source.values.items():
        if isinstance(value, dict | list):
            if name != "links":
                faults[name] = Fault(f"{name} is a list or mapping, not a text")
        elif value is not None and name != "uid":
            values[name] = source.written.get((name,), str(value))
    links = _links(source.values.get("links"), where, problems)
    return Item(where, {**body, **values}, key=uid, links=links, faults=faults)


def _parts(content: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the YAML of a Markdown item, and its header and text."""
    match = _FRONT.fullmatch(content.decode("utf-8-sig").replace("\r\n", "\n"))
    if match is None:
        raise RequirementsError("it has no attributes between two lines of ---")
    text = match[2] or ""
    if headed := _HEADER.fullmatch(text):
        return match[1].encode(), {"header": headed[1], "text": headed[2] or ""}
    return match[1].encode(), {"text": text}


def _links(value: object, where: str, problems: list[Problem]) -> tuple[str, ...]:
    """Return the ids that an item is linked to: a list of ids, or of ids with a stamp each."""
    found: list[str] = []
    for one in value if isinstance(value, list) else [] if value is None else [value]:
        if isinstance(one, dict) and len(one) == 1:
            found.extend(map(str, one))
        elif isinstance(one, str):
            found.append(one)
        else:
            problems.append(Problem(where, "a link is no id", "quote an id that is a number"))
    return tuple(found)
