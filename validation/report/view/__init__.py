"""From the parts of a record to everything that the report prints.

`report_view` is a pure function: every text, number and verdict of the report leaves it
ready to print, with the address of each figure. Templates arrange and compute nothing.

The order of the calls in `report_view` is the order of the document, since sections, tables
and figures are numbered as they are made.
"""

from dataclasses import dataclass, replace

from validation.report.contents import RecordContents
from validation.report.coverage import coverage
from validation.report.formatting import day
from validation.report.view import (
    appendices,
    cases,
    front,
    objects,
    pictures,
    plan,
)
from validation.report.view.addresses import Addresses
from validation.report.view.conclusion import ConclusionView, ProseView, conclusion, limits
from validation.report.view.criteria import criteria_views
from validation.report.view.document import DocumentView, page_frame
from validation.report.view.elements import Heading, Numbering
from validation.report.view.evidence import EvidenceView, evidence
from validation.report.view.execution import ExecutionView, execution
from validation.report.view.hazards import HazardsView, hazards
from validation.report.view.identification import (
    IdentificationView,
    SignaturesView,
    of_report,
    signatures,
)
from validation.report.view.method import MethodView, method
from validation.report.view.model import model_that_ran
from validation.report.view.references import (
    CoverageView,
    ReferencesView,
    coverage_appendix,
    references,
)
from validation.report.view.results import ResultsView, results
from validation.report.view.summary import SummaryView, summary
from validation.report.view.wording import Words

_LONGEST_IMPRINT = 80


@dataclass(frozen=True)
class ReportView:
    """The whole report, section by section."""

    document: DocumentView
    cover: front.CoverView
    summary: SummaryView
    identification: IdentificationView
    intended_use: plan.ItemsView
    model: plan.ItemsView
    method: MethodView
    requirements: plan.RequirementsView
    test_set: cases.TestSetView
    analysis: plan.ItemsView
    execution: ExecutionView
    results: ResultsView
    hazards: HazardsView
    worst_cases: pictures.PicturesView
    limits: ProseView
    conclusion: ConclusionView
    traceability: appendices.TraceView
    definitions: appendices.DefinitionsView
    references: ReferencesView
    objects: objects.ObjectsView
    overlays: pictures.PicturesView | None
    """None: every listed object is in a picture of the worst cases, or none is listed."""
    evidence: EvidenceView
    integrity: appendices.IntegrityView
    attachments: appendices.AttachmentsView
    coverage: CoverageView | None
    """None: the protocol does not ask for it."""
    signatures: SignaturesView
    headings: tuple[Heading, ...]
    """Every heading, in order, for the table of contents."""


def report_view(contents: RecordContents) -> ReportView:
    """Return everything that the report of a record prints."""
    protocol = contents.protocol
    numbering = Numbering()
    addresses = Addresses(contents)
    words = Words(protocol.test_set.reference_standard.standing)
    criteria = criteria_views(contents, addresses, words)
    return ReportView(
        document=document_view(contents),
        cover=front.cover(contents, front.verdict_sentence(contents.findings)),
        summary=summary(contents, addresses, numbering, criteria),
        identification=of_report(contents, numbering),
        intended_use=plan.intended_use(protocol, plan.purpose_of_report(protocol), numbering),
        model=model_that_ran(contents, numbering),
        method=method(contents, addresses, words, numbering),
        requirements=plan.requirements(protocol, numbering),
        test_set=cases.test_set(contents, addresses, words, numbering),
        analysis=plan.analysis(protocol, words, numbering),
        execution=execution(contents, numbering),
        results=results(contents, addresses, words, numbering, criteria),
        hazards=hazards(protocol, numbering, criteria),
        worst_cases=pictures.worst_cases(contents, words, numbering),
        limits=limits(protocol, numbering),
        conclusion=conclusion(contents, numbering),
        traceability=appendices.traceability(contents, numbering, criteria),
        definitions=appendices.definitions(addresses, words, numbering),
        references=references(protocol, numbering),
        objects=objects.objects(contents, words, numbering),
        overlays=pictures.overlays(contents, words, numbering),
        evidence=evidence(contents, addresses, numbering),
        integrity=appendices.integrity(contents, numbering),
        attachments=appendices.attachments(contents, numbering),
        coverage=coverage_appendix(protocol, coverage(), numbering),
        signatures=signatures(protocol, numbering),
        headings=tuple(numbering.headings),
    )


def document_view(contents: RecordContents) -> DocumentView:
    """Return what stands on every page of a document of a record."""
    document = contents.protocol.document
    frame = page_frame(
        document,
        number=document.report_number,
        date=day(contents.run.finished_at),
        identity=f"record {contents.record_id}",
        notices=front.notices_of(contents),
        longest_imprint=_LONGEST_IMPRINT,
    )
    if contents.findings.subset is None:
        return frame
    return replace(frame, title=f"{front.NOT_FOR_THE_RECORD}: {frame.title}")
