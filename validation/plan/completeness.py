"""What standards and guidance ask of a protocol that a protocol does not say.

Nothing here forbids a run: what is missing is a warning, and documents print "not provided".
Which items there are is handed in, as their list belongs to the report (`validation.report`).
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from validation.plan.protocol import Protocol
from validation.plan.source import Path


class Asked(NamedTuple):
    """An item that a protocol should answer."""

    item: str
    """What is asked, e.g. ``Selection of cases``."""
    source: str
    """Who asks, e.g. ``CLAIM 2024``."""
    fields: tuple[str, ...]
    """Fields that answer it, dotted, e.g. ``test_set.sampling``."""


class Unanswered(NamedTuple):
    """An item with fields that the protocol does not have."""

    path: Path
    """Where they would stand."""
    what: str
    fix: str
    fields: str
    """The fields, dotted, with commas between them."""


def unanswered(protocol: Protocol, asked: Iterable[Asked]) -> Iterator[Unanswered]:
    """Yield every item of which a field is not provided, in the order of the items."""
    for one in asked:
        missing = [field for field in one.fields if not is_provided(protocol, field)]
        if missing:
            *above, _ = missing[0].split(".")
            said = ", ".join(name_of(field) for field in missing)
            yield Unanswered(
                tuple(above),
                f"not provided: {said} ({one.item}; {one.source})",
                f"add {', '.join(f'`{field}`' for field in missing)}; documents print "
                '"not provided"',
                ", ".join(missing),
            )


def name_of(field: str) -> str:
    """Return what a field is called in running text.

    >>> name_of("test_set.reference_standard.inter_rater_variability")
    'inter-rater variability'
    """
    name = field.rpartition(".")[2].replace("_", " ")
    for prefix in ("de", "inter", "intra"):
        name = name.replace(f"{prefix} ", f"{prefix}-", 1) if name.startswith(prefix) else name
    return name


def is_provided(protocol: Protocol, field: str) -> bool:
    """Return whether the protocol says something in a field.

    An empty list that is written out says that there is none; one that is left out says nothing.

    Raises:
        AttributeError: There is no such field.
    """
    value: Any = protocol
    is_written = True
    for part in field.split("."):
        is_written = part in value.model_fields_set
        value = getattr(value, part)
    return value is not None and (value != () or is_written)
