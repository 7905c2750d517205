"""From a protocol and its lock to everything that the protocol document prints.

The order of the calls in `protocol_view` is the order of the document, since sections and
tables are numbered as they are made. Sections that the report has, too, are the report's own.
"""

from dataclasses import dataclass

from validation.plan.protocol import Protocol
from validation.report.contents import ProtocolContents
from validation.report.coverage import coverage
from validation.report.formatting import day, plural, short_digest, timestamp
from validation.report.view import (
    appendices,
    cases,
    plan,
    promised,
)
from validation.report.view.approvals import ApprovalsView, approvals
from validation.report.view.conclusion import ProseView, limits
from validation.report.view.document import DocumentView, Notice, page_frame
from validation.report.view.elements import Heading, Item, Numbering, code_item, item
from validation.report.view.front import planned_notices
from validation.report.view.identification import SignaturesView, of_protocol
from validation.report.view.method import MethodChoice, method_choice
from validation.report.view.model import model_to_test
from validation.report.view.references import (
    CoverageView,
    ReferencesView,
    coverage_appendix,
    references,
)
from validation.report.view.wording import Words


@dataclass(frozen=True)
class ProtocolCoverView:
    """The title page."""

    kind: str
    title: str
    subtitle: str
    organisation: str
    statement: str
    """When the document counts as approved: true of its pages signed and unsigned."""
    notices: tuple[Notice, ...]
    identification: tuple[tuple[Item, ...], ...]
    """In columns."""
    approvals: ApprovalsView


@dataclass(frozen=True)
class ProtocolView:
    """The whole protocol document, section by section."""

    document: DocumentView
    cover: ProtocolCoverView
    identification: SignaturesView
    intended_use: plan.ItemsView
    model: plan.ItemsView
    method: MethodChoice
    requirements: plan.RequirementsView
    test_set: cases.TestSetView
    analysis: plan.ItemsView
    execution: plan.ItemsView
    criteria: promised.CriteriaView
    limits: ProseView
    traceability: appendices.TraceView
    definitions: appendices.DefinitionsView
    references: ReferencesView
    integrity: appendices.IntegrityView
    attachments: appendices.AttachmentsView
    coverage: CoverageView | None
    """None: the protocol does not ask for it."""
    headings: tuple[Heading, ...]
    """Every heading, in order, for the table of contents."""


def protocol_view(contents: ProtocolContents) -> ProtocolView:
    """Return everything that the protocol document prints."""
    protocol = contents.protocol
    numbering = Numbering()
    words = Words(protocol.test_set.reference_standard.standing)
    return ProtocolView(
        document=_document(contents),
        cover=_cover(contents),
        identification=of_protocol(contents, numbering),
        intended_use=plan.intended_use(protocol, _purpose(protocol), numbering),
        model=model_to_test(protocol, numbering),
        method=method_choice(protocol, numbering),
        requirements=plan.requirements(protocol, numbering),
        test_set=promised.test_set(contents, words, numbering),
        analysis=plan.analysis(protocol, words, numbering),
        execution=promised.execution(protocol, numbering),
        criteria=promised.criteria(protocol, words, numbering),
        limits=limits(protocol, numbering),
        traceability=promised.traceability(protocol, words, numbering),
        definitions=appendices.definitions_of(
            {one.metric for one in protocol.criteria},
            "Every metric that has a bound",
            words,
            numbering,
        ),
        references=references(protocol, numbering),
        integrity=promised.integrity(contents, numbering),
        attachments=appendices.attachments_of(contents.files, "File of the study", numbering),
        coverage=coverage_appendix(protocol, coverage(), numbering),
        headings=tuple(numbering.headings),
    )


def _document(contents: ProtocolContents) -> DocumentView:
    document = contents.protocol.document
    return page_frame(
        document,
        number=document.number,
        date=f"test set locked {day(contents.lock.locked_at)}",
        identity=f"protocol {short_digest(contents.digests['protocol.yaml'])}",
        notices=planned_notices(contents.protocol, contents.leakage),
    )


def _purpose(protocol: Protocol) -> Item:
    return item(
        "Purpose of this protocol",
        "To fix, before the test set is run on, what the model under test has to meet, on which "
        "images and by which method. The report on it is filed as "
        f"{protocol.document.report_number}.",
    )


def _cover(contents: ProtocolContents) -> ProtocolCoverView:
    protocol = contents.protocol
    return ProtocolCoverView(
        kind="Validation protocol",
        title=protocol.document.title,
        subtitle=f"{protocol.device.name} {protocol.device.version} \u00b7 model "
        f"{protocol.model.name} {protocol.model.version}",
        organisation=protocol.document.organisation,
        statement=(
            "Approved when every field below is signed, and not before; the printed page alone "
            "does not show it. Check the signatures by segval verify."
        ),
        notices=planned_notices(contents.protocol, contents.leakage),
        identification=_identification(contents),
        approvals=approvals(protocol.signatories),
    )


def _identification(contents: ProtocolContents) -> tuple[tuple[Item, ...], ...]:
    protocol, lock = contents.protocol, contents.lock
    document, model = protocol.document, protocol.model
    of_document = (
        item("Document", f"{document.number}, revision {document.revision}"),
        code_item("Protocol digest", short_digest(contents.digests["protocol.yaml"])),
        item("Report", f"{document.report_number}, when it is run"),
        item("Device", f"{protocol.device.name}, version {protocol.device.version}"),
        item(
            "Criteria",
            plural(len(protocol.criteria), "acceptance criterion", "acceptance criteria"),
        ),
    )
    of_test = (
        item("Item under test", f"{model.name} {model.version} ({model.adapter})"),
        code_item("Model digest", short_digest(model.digest)),
        item("Test set", f"{lock.test_set_id}, lock revision {lock.revision}"),
        code_item("Manifest digest", short_digest(lock.manifest_digest)),
        item("Locked", timestamp(lock.locked_at)),
    )
    return of_document, of_test
