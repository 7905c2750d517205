"""Which section answers which item of standards and guidance: `coverage.yaml`, read once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml
from pydantic import Field

from validation.plan.completeness import Asked
from validation.record import Line, Record

_FILE = Path(__file__).with_name("coverage.yaml")


class Source(Record):
    """A standard or guidance."""

    name: Line
    """As tables have it, e.g. ``ISO 13485``."""
    title: Line
    """As it can be found."""


class CoverageItem(Record):
    """What is asked, by whom, and where documents answer it."""

    item: Line
    """What is asked."""
    by: Mapping[str, str]
    """Clause, or part, by key of the source."""
    sections: tuple[str, ...] = Field(min_length=1)
    """Anchors of report or protocol document."""
    otherwise: tuple[str, ...] = ()
    """Anchors of a document that has none of these sections."""
    fields: tuple[str, ...] = ()
    """Fields of the protocol that answer it; a warning where one says nothing."""
    also: tuple[str, ...] = ()
    """Further fields, of which an empty one is an answer."""


class Coverage(Record):
    """Every item, in the order of the documents."""

    sources: Mapping[str, Source]
    items: tuple[CoverageItem, ...]

    def asked_by(self, item: CoverageItem) -> tuple[str, ...]:
        """Return the sources of an item, each with its clause, e.g. ``ISO 13485 7.3.6``."""
        return tuple(f"{self.sources[key].name}, {clause}" for key, clause in item.by.items())


@cache
def coverage() -> Coverage:
    """Return the items."""
    return Coverage.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


@cache
def asked_of_a_protocol() -> tuple[Asked, ...]:
    """Return the items that a protocol should answer, for `validation.plan.check`."""
    known = coverage()
    return tuple(
        Asked(one.item, "; ".join(known.asked_by(one)), one.fields)
        for one in known.items
        if one.fields
    )
