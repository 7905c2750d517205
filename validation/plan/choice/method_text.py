"""The choice as a `method:` block of a protocol: the record, and its YAML text.

The text can be pasted into a protocol as it is. It is read again after it was written, so that it
holds what the record holds.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from validation.plan.choice.decide import Choice
from validation.plan.choice.rules import Asserted
from validation.plan.method import KINDS, Kind, Measured, MethodChoice
from validation.plan.protocol import Method
from validation.plan.source import parse

_WIDTH = 96
_FLOW_WIDTH = 92


def method_of(
    choice: Choice,
    kind: Kind,
    *,
    decided_otherwise: str | None = None,
    measured: Measured | None = None,
    written: Method | None = None,
) -> Method:
    """Return the method of a protocol.

    Args:
        choice: What follows from the answers.
        kind: The method that was chosen.
        decided_otherwise: Why it is not the recommended one.
        measured: What a locked reference says to it.
        written: The method as it stands in the protocol: where it is of the same kind its author's
            texts are kept.
    """
    keeps = written is not None and written.kind == kind
    return Method(
        kind=kind,
        justification=written.justification
        if keeps and written
        else justification(choice, kind, decided_otherwise),
        not_chosen=written.not_chosen if keeps and written else not_chosen(choice, kind),
        choice=MethodChoice(
            rules=choice.rules.version,
            answers=dict(choice.answers),
            recommended=choice.recommended,
            decided_otherwise=decided_otherwise,
            measured=measured,
        ),
    )


def justification(choice: Choice, kind: Kind, decided_otherwise: str | None = None) -> str:
    """Return why a method answers the use, in sentences made of the rules."""
    terms = choice.rules.methods[kind]
    said = [choice.because] if decided_otherwise is None else [decided_otherwise]
    said += [_sentence(choice, one) for one in choice.speaking_for(kind)]
    return " ".join([*_once(said), terms.means])


def not_chosen(choice: Choice, kind: Kind) -> str:
    """Return what the other methods have against them, and what is given up."""
    said = [
        f"{other.capitalize()}: {one.point.rule}"
        for other in KINDS
        if other != kind
        for one in choice.points
        if one.point.method == other and one.point.does in {"against", "excludes"}
    ]
    against = [_sentence(choice, one) for one in choice.speaking_against(kind)]
    if against:
        said += [f"Against {kind}:", *against]
    return " ".join(_once([*said, "Given up:", *choice.rules.methods[kind].gives_up]))


def _sentence(choice: Choice, one: Asserted) -> str:
    return f"{one.point.rule.rstrip('.')} ({choice.rules.cited(one.point)})."


def _once(sentences: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(sentences))


def method_yaml(method: Method) -> str:
    """Return the method as the YAML of a protocol.

    Raises:
        ValueError: The text does not read as the method: a fault of the tool.
    """
    values = method.model_dump(mode="json", by_alias=True)
    text = "\n".join(("method:", *_mapping(_filled(values), 2))) + "\n"
    if Method.model_validate(parse(text.encode(), "method.yaml").values["method"]) != method:
        raise ValueError("the method reads otherwise than it was written")
    return text


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values without the optional ones that say nothing."""
    choice = dict(values["choice"] or {})
    for name in ("decided_otherwise", "measured"):
        if choice.get(name) is None:
            choice.pop(name, None)
    measured = choice.get("measured")
    if measured is not None:
        kept = {name: one for name, one in measured.items() if one is not None}
        kept["overall"] = {k: v for k, v in measured["overall"].items() if k != "class"}
        choice["measured"] = kept
    return {**values, "choice": choice} if choice else {k: v for k, v in values.items() if v}


def _mapping(values: Mapping[str, Any], indent: int) -> Iterator[str]:
    margin = " " * indent
    for name, value in values.items():
        if isinstance(value, dict) and not _is_flat(value, indent + len(name)):
            yield f"{margin}{name}:"
            yield from _mapping(value, indent + 2)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{margin}{name}:"
            yield from (line for one in value for line in _entry(one, f"{margin}  - "))
        elif isinstance(value, str) and len(value) + indent + len(name) > _WIDTH - 4:
            yield from _folded(name, value, indent)
        else:
            yield f"{margin}{name}: {_flow(value)}"


def _entry(value: Mapping[str, Any], lead: str) -> Iterator[str]:
    """Yield an entry of a list in braces, over several lines where it is long."""
    line = lead + "{"
    for number, (name, one) in enumerate(value.items(), start=1):
        part = f"{name}: {_flow(one)}" + (", " if number < len(value) else "}")
        if len(line) + len(part) > _WIDTH:
            yield line.rstrip()
            line = " " * (len(lead) + 1)
        line += part
    yield line


def _is_flat(value: Mapping[str, Any], before: int) -> bool:
    plain = not any(isinstance(one, dict | list) for one in value.values())
    return plain and bool(value) and len(_flow(value)) + before < _FLOW_WIDTH and len(value) < 8  # noqa: PLR2004 - more is read more easily below one another


def _folded(name: str, value: str, indent: int) -> Iterator[str]:
    """Yield a long text as a folded block, where that says the same; else in double quotes."""
    margin = " " * indent
    if " ".join(value.split(" ")) != " ".join(value.split()) or not value.isprintable():
        yield f"{margin}{name}: {json.dumps(value, ensure_ascii=True)}"
        return
    yield f"{margin}{name}: >-"
    yield from textwrap.wrap(
        value,
        _WIDTH,
        initial_indent=margin + "  ",
        subsequent_indent=margin + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:")


def _flow(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flow(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return value if _is_plain(value) else json.dumps(value, ensure_ascii=True)
    return json.dumps(value)


def _is_plain(value: str) -> bool:
    """Tell whether YAML of any version reads a word as that word."""
    words = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
    return (
        value[:1].isalpha()
        and set(value) <= _PLAIN
        and not value.endswith(":")
        and value.lower() not in words
    )
