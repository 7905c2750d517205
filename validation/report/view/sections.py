"""Sections made of parts, so that one macro prints the sections of every document.

A part carries a `kind`, as the cells of tables do; ``_partials/sections.html.jinja`` prints it.
"""

from dataclasses import dataclass
from typing import Literal

from validation.report.view.cases import FlowStep
from validation.report.view.elements import Figure, Heading, Item, Table


@dataclass(frozen=True)
class Prose:
    """Paragraphs."""

    paragraphs: tuple[str, ...]
    kind: Literal["prose"] = "prose"


@dataclass(frozen=True)
class Particulars:
    """A list of names and what they are."""

    items: tuple[Item, ...]
    style: str = ""
    kind: Literal["items"] = "items"


@dataclass(frozen=True)
class Tabular:
    """A table with its style, e.g. ``dense``."""

    table: Table
    style: str = ""
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Drawn:
    """A figure."""

    figure: Figure
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Under:
    """A heading below that of the section."""

    heading: Heading
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Flow:
    """The flow of cases, in boxes beside one another."""

    steps: tuple[FlowStep, ...]
    kind: Literal["flow"] = "flow"


@dataclass(frozen=True)
class Notes:
    """Remarks in small print."""

    lines: tuple[str, ...]
    kind: Literal["notes"] = "notes"


Part = Prose | Particulars | Tabular | Drawn | Under | Flow | Notes


@dataclass(frozen=True)
class Section:
    """A section or appendix."""

    heading: Heading
    parts: tuple[Part, ...]


def section(heading: Heading, *parts: Part | None) -> Section:
    """Return a section; parts that are None are left out."""
    return Section(heading, tuple(one for one in parts if one is not None))


def tabular(table: Table | None, style: str = "") -> Tabular | None:
    """Return a table as a part; None where there is none."""
    return Tabular(table, style) if table is not None else None
