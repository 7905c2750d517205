"""Documents that the protocol refers to, and the items of standards that the document answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from validation.plan.completeness import is_provided, name_of
from validation.plan.protocol import Protocol
from validation.report.coverage import Coverage, CoverageItem
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Link,
    Links,
    Numbering,
    Table,
    TableRow,
    item,
    paragraphs,
    row,
    strong,
    text,
)


@dataclass(frozen=True)
class ReferencesView:
    """Documents that the protocol refers to."""

    heading: Heading
    missing: tuple[Item, ...]
    """Said where the protocol names none; empty otherwise."""
    table: Table | None


@dataclass(frozen=True)
class CoverageView:
    """Which section answers which item of standards and guidance."""

    heading: Heading
    words: tuple[str, ...]
    items: Table
    sources: Table


def references(protocol: Protocol, numbering: Numbering) -> ReferencesView:
    """Return the documents that the protocol refers to."""
    heading = numbering.subsection("Documents referred to", "references")
    if not protocol.references:
        is_said = is_provided(protocol, "references")
        return ReferencesView(heading, (item("References", "none" if is_said else ""),), None)
    return ReferencesView(
        heading,
        (),
        numbering.table(
            "Documents referred to",
            (Column("Reference", "16%"), Column("Document", "84%")),
            [row(strong(one.id), text(*paragraphs(one.text))) for one in protocol.references],
        ),
    )


def coverage_appendix(
    protocol: Protocol, known: Coverage, numbering: Numbering
) -> CoverageView | None:
    """Return which section answers which item; None where the protocol does not ask for it.

    Called after every section, since it links to the headings that there are.
    """
    if not protocol.report.coverage:
        return None
    heading = numbering.appendix("Coverage of standards and guidance", "coverage")
    places = {one.anchor: one for one in numbering.headings}
    used = dict.fromkeys(key for one in known.items for key in one.by)
    return CoverageView(
        heading,
        (
            (
                "Items are paraphrased, and the list is no statement of conformity: it says where "
                "an item is spoken of, not that what stands there suffices. An item without a "
                "section is answered in the other document of this protocol, or its method does "
                "not raise it."
            ),
        ),
        numbering.table(
            "Items, who asks for them, and where they are answered",
            (
                Column("Item", "34%"),
                Column("Asked by", "30%"),
                Column("Section", "22%"),
                Column("Provided", "14%"),
            ),
            [_item(one, known, protocol, places) for one in known.items],
        ),
        numbering.table(
            "Sources of the items",
            (Column("Source", "22%"), Column("Title", "78%")),
            [row(strong(known.sources[key].name), text(known.sources[key].title)) for key in used],
        ),
    )


def _item(
    one: CoverageItem, known: Coverage, protocol: Protocol, places: dict[str, Heading]
) -> TableRow:
    links = _links(one.sections, places) or _links(one.otherwise, places)
    return row(
        text(one.item),
        text(*known.asked_by(one)),
        Links(links),
        text(_provided(protocol, one.fields) if links else "\u2013"),
    )


def _links(anchors: Iterable[str], places: dict[str, Heading]) -> tuple[Link, ...]:
    return tuple(Link(places[one].label, one) for one in anchors if one in places)


def _provided(protocol: Protocol, fields: Iterable[str]) -> str:
    missing = [one for one in fields if not is_provided(protocol, one)]
    names = ", ".join(name_of(one) for one in missing)
    return f"not provided: {names}" if missing else "yes"
