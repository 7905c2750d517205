"""The justification of the method: the question, the kind of evidence, the figures, the plan.

From a record the choice is held against the locked reference, too: what a mask of each class
would lose of the objects. From a protocol alone nothing has been measured yet.
"""

from dataclasses import dataclass

from validation.evidence.catalogue import definition
from validation.plan.protocol import AcceptanceCriterion, Protocol
from validation.report.contents import PlannedContents, RecordContents
from validation.report.view import appendices, plan
from validation.report.view.addresses import Addresses
from validation.report.view.appendices import DefinitionsView, metric_anchor
from validation.report.view.conclusion import limits
from validation.report.view.criteria import asked
from validation.report.view.document import DocumentView, TitlePage
from validation.report.view.documents import shell
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Link,
    Numbering,
    TableRow,
    item,
    listed,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.evidence import EvidenceView, evidence
from validation.report.view.method import MethodChoice, MethodView, method, method_choice
from validation.report.view.sections import (
    Drawn,
    Notes,
    Particulars,
    Prose,
    Section,
    Tabular,
    Under,
    section,
    tabular,
)
from validation.report.view.wording import Words

_STATEMENT = (
    "Why the evidence is taken per pixel, per object, or both; which figures answer which "
    "requirement; and what the choice leaves out."
)
_NOT_MEASURED = (
    "What the locked reference says to this choice is measured when the protocol runs; made from "
    "the record of a run, this document prints it."
)
_RESTS_ON = {
    "objects": "reference objects",
    "predictions": "predicted objects",
    "segments": "segments",
    "cases": "images",
    "pixels": "pixels",
}


@dataclass(frozen=True)
class MethodDocument:
    """The whole document, section by section."""

    document: DocumentView
    cover: TitlePage
    question: Section
    choice: Section
    figures: Section
    analysis: Section
    risks: Section
    limits: Section
    definitions: DefinitionsView
    evidence: EvidenceView | None
    """None: nothing was measured yet."""
    sources: Section
    headings: tuple[Heading, ...]


def method_document(contents: PlannedContents | RecordContents) -> MethodDocument:
    """Return everything that the justification of the method prints."""
    protocol = contents.protocol
    numbering = Numbering()
    words = Words(protocol.test_set.reference_standard.standing)
    frame = shell.shell(contents, "Method justification", "method", _STATEMENT)
    record = contents if isinstance(contents, RecordContents) else None
    addresses = Addresses(record) if record else None
    return MethodDocument(
        document=frame.document,
        cover=frame.cover,
        question=_question(protocol, numbering),
        choice=_measured(record, addresses, words, numbering)
        if record and addresses
        else _planned(protocol, numbering),
        figures=_figures(protocol, words, numbering),
        analysis=_items(plan.analysis(protocol, words, numbering)),
        risks=_risks(protocol, numbering),
        limits=_limits(protocol, numbering),
        definitions=_definitions(protocol, addresses, words, numbering),
        evidence=evidence(record, addresses, numbering)
        if record and addresses and addresses.printed("E")
        else None,
        sources=shell.sources(contents.files, contents.digests, contents.tool_version, numbering),
        headings=tuple(numbering.headings),
    )


def _question(protocol: Protocol, numbering: Numbering) -> Section:
    device = protocol.device
    return section(
        numbering.section("The question", "question"),
        Particulars(
            (
                item("Device", f"{device.name}, version {device.version}"),
                item("Intended use", *paragraphs(device.intended_use)),
                item("Users", device.users),
                item("Classes", *(f"{one.name}: {one.description}" for one in protocol.classes)),
                item("Required", *(f"{one.id}: {one.text}" for one in protocol.requirements)),
            )
        ),
    )


def _chosen(one: MethodChoice) -> Particulars:
    return Particulars(
        (
            Item(f"Chosen: {one.chosen}", one.justification),
            Item(f"Not chosen: {one.not_chosen}", one.why_not),
            *one.questionnaire,
        )
    )


def _planned(protocol: Protocol, numbering: Numbering) -> Section:
    chosen = method_choice(protocol, numbering)
    return section(chosen.heading, _chosen(chosen), Notes((_NOT_MEASURED,)))


def _measured(
    record: RecordContents, addresses: Addresses, words: Words, numbering: Numbering
) -> Section:
    found: MethodView = method(record, addresses, words, numbering)
    return section(
        found.heading,
        _chosen(found),
        Under(found.evidence_heading),
        Prose(found.evidence_words),
        tabular(found.evidence, "tight"),
        Drawn(found.evidence_figure) if found.evidence_figure else None,
    )


def _figures(protocol: Protocol, words: Words, numbering: Numbering) -> Section:
    table = numbering.table(
        "Every criterion: what it answers, and what its figure rests on",
        (
            Column("Criterion", "11%"),
            Column("Answers", "12%"),
            Column("Figure", "27%"),
            Column("Rests on", "18%"),
            Column("Rationale of the bound", "32%"),
        ),
        [_figure(one, words) for one in protocol.criteria],
        notes=("Pooled: sums over all images are taken first. The definitions are appended.",),
    )
    return section(numbering.section("The figures", "figures"), Tabular(table))


def _figure(one: AcceptanceCriterion, words: Words) -> TableRow:
    promised, metric = asked(one, words), definition(one.metric)
    name = f"{promised.name}, {promised.scope}" if promised.scope else promised.name
    return row(
        strong(one.id),
        listed(*one.requirements),
        Link(name, metric_anchor(one.metric)),
        text(_RESTS_ON[metric.n_of], metric.aggregation),
        text(*paragraphs(one.rationale)),
    )


def _items(one: plan.ItemsView) -> Section:
    return section(one.heading, Particulars(one.items), tabular(one.table))


def _risks(protocol: Protocol, numbering: Numbering) -> Section:
    found = plan.requirements(protocol, numbering)
    said = None if found.risks else Notes((found.no_risks,))
    tables = (Tabular(found.requirements), tabular(found.risks), said, tabular(found.sources))
    return section(found.heading, *tables)


def _limits(protocol: Protocol, numbering: Numbering) -> Section:
    found = limits(protocol, numbering)
    return section(found.heading, Prose(found.words))


def _definitions(
    protocol: Protocol, addresses: Addresses | None, words: Words, numbering: Numbering
) -> DefinitionsView:
    bounded = {one.metric for one in protocol.criteria}
    printed = {one.figure.metric for one in addresses.printed("E")} if addresses else set()
    caption = "Every metric that has a bound or of which a figure is printed"
    return appendices.definitions_of(bounded | printed, caption, words, numbering)
