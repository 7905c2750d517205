"""Requirements and risks as YAML for a protocol, every text as it is.

A text stands without quotes only where every reader of YAML takes it for that text; lines stand
as lines; everything else is in double quotes.
"""

import json
import re
from collections.abc import Iterator

from validation.errors import RequirementsError
from validation.plan.imports.taking import Taken
from validation.plan.origin import RequirementSource
from validation.plan.protocol import Requirement, Risk
from validation.plan.source import MAXIMUM_BYTES, parse

_PLAIN = re.compile(r"[A-Za-z][\w ,.()%/+'<>=*-]*[\w.)%]", re.ASCII)
_WORDS = re.compile(r"(?i:true|false|yes|no|on|off|null|y|n|nan|inf)")
_UNPRINTED = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd"
                        "\U00010000-\U0010ffff]")  # fmt: skip
"""What YAML does not print, or takes for the end of a line."""


def yaml_text(taken: Taken) -> str:
    """Return the blocks `requirements:`, `risks:` and `requirement_sources:` of a protocol.

    Raises:
        RequirementsError: They are longer than a protocol may be.
    """
    lines = ["requirements:"]
    lines.extend(line for one in taken.requirements for line in _requirement(one))
    if taken.has_risks:
        lines.append("")
        lines.append("risks:" if taken.risks else "risks: []")
        lines.extend(line for one in taken.risks for line in _risk(one))
    lines.extend(["", "requirement_sources:"])
    lines.extend(line for one in taken.sources for line in _source(one))
    text = "\n".join(lines) + "\n"
    if (size := len(text.encode())) > MAXIMUM_BYTES:
        counted = f"{len(taken.requirements):,} requirements and {len(taken.risks):,} risks"
        what = f"{counted} fill {size:,} bytes; a protocol has at most {MAXIMUM_BYTES:,}"
        fix = "pick those that the protocol tests by --only, --risk-only and --linked-risks"
        raise RequirementsError(what, fix=fix)
    _require_same(text, taken)
    return text


def _require_same(text: str, taken: Taken) -> None:
    """Read what was written: a text that comes back changed is a fault of this module."""
    values = parse(text.encode(), "the YAML of the requirements").values
    again = (
        tuple(Requirement.model_validate(one) for one in values["requirements"]),
        tuple(Risk.model_validate(one) for one in values.get("risks", ())),
        tuple(RequirementSource.model_validate(one) for one in values["requirement_sources"]),
    )
    if again != (taken.requirements, taken.risks, taken.sources):
        raise AssertionError("requirements and risks do not read back as they were written")


def _requirement(one: Requirement) -> Iterator[str]:
    yield f"  - id: {scalar(one.id)}"
    yield f"    text: {scalar(one.text, 6)}"
    if one.risks:
        yield f"    risks: [{', '.join(_in_list(risk) for risk in one.risks)}]"


def _risk(one: Risk) -> Iterator[str]:
    yield f"  - id: {scalar(one.id)}"
    yield f"    hazard: {scalar(one.hazard, 6)}"
    yield f"    harm: {scalar(one.harm)}"
    yield f"    severity: {scalar(one.severity)}"


def _source(one: RequirementSource) -> Iterator[str]:
    yield f"  - holds: {one.holds}"
    for name in ("kind", "name", "digest", "baseline", "sheet"):
        value = getattr(one, name)
        if value is not None:
            yield f"    {name}: {_quoted(value) if name == 'digest' else scalar(value)}"
    for name, values in (("columns", one.columns), ("only", one.only)):
        if values:
            yield f"    {name}: [{', '.join(map(_in_list, values))}]"


def scalar(text: str, indent: int = 0) -> str:
    r"""Return a text as a YAML scalar.

    Args:
        text: The text.
        indent: Spaces before its lines, where it may stand in several; 0: it stands in one.

    >>> scalar("It shall count."), scalar("yes"), scalar("1.0"), scalar("a: b"), scalar("- a")
    ('It shall count.', '"yes"', '"1.0"', '"a: b"', '"- a"')
    >>> print("text: " + scalar("One.\nTwo.", 2))
    text: |-
      One.
      Two.
    """
    if "\n" in text and indent and not text.startswith((" ", "\t")) and not _UNPRINTED.search(text):
        return "|-\n" + "\n".join(" " * indent + line if line else "" for line in text.split("\n"))
    if _PLAIN.fullmatch(text) and not _WORDS.fullmatch(text):
        return text
    return _quoted(text)


def _in_list(text: str) -> str:
    """Return a text as it stands within brackets, where a comma would end it."""
    return scalar(text) if re.fullmatch(r"[\w./-]+", text, re.ASCII) else _quoted(text)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTED.sub(lambda one: _escaped(one[0]), quoted).replace("\x7f", "\\x7F")


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"  # noqa: PLR2004 - of YAML
