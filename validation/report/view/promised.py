"""Sections as a protocol has them: test set, criteria and execution before the run."""

from dataclasses import dataclass

from validation.plan.protocol import AcceptanceCriterion, Protocol, Requirement
from validation.report.contents import ProtocolContents
from validation.report.formatting import bare_digest, number, plural
from validation.report.view import cases, plan
from validation.report.view.appendices import IntegrityView, TraceView, company_words, gaps
from validation.report.view.characteristics import groups
from validation.report.view.criteria import asked
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Link,
    Numbering,
    Table,
    TableRow,
    code,
    code_item,
    item,
    paragraphs,
    prose_item,
    row,
    strong,
    text,
)
from validation.report.view.execution import planned
from validation.report.view.leakage import leakage
from validation.report.view.openings import WHY_RUNS_COUNT, OpeningsView, openings_table
from validation.report.view.wording import Words, sentence
from validation.testset.lock import Lock

_VERDICTS = (
    "The verdict is \u201cmet\u201d when every criterion is met and no case failed, \u201cnot"
    " met\u201d when a criterion is not met, and \u201cincomplete\u201d otherwise: a figure "
    "that is not defined, or has no interval where a limit is asked, meets no criterion."
)
_WHAT_RUNS = (
    "What is signed is what runs: a run takes the protocol and the lock out of the signed "
    "document itself, and refuses another test set, lock or model. A run of a protocol that "
    "is not signed is exploratory, says so on every page of its report, and supports no "
    "release."
)
_MADE_OF = (
    "It embeds the protocol and the lock of the test set, byte for byte; its pages are made "
    "from them, from the list of earlier runs, and from nothing else. The date in its "
    "properties is the moment of the lock, as no clock is asked: the same files give the same"
    " document, and what dates an approval is its signatures."
)


@dataclass(frozen=True)
class CriteriaView:
    """The acceptance criteria, with the source of each bound."""

    heading: Heading
    words: tuple[str, ...]
    criteria: Table
    bounds: Table


# --- test set ----------------------------------------------------------------------------


def test_set(contents: ProtocolContents, words: Words, numbering: Numbering) -> cases.TestSetView:
    """Return the test set as it was locked; nothing of it has been measured."""
    protocol, lock = contents.protocol, contents.lock
    return cases.TestSetView(
        heading=numbering.section("Test set", "test-set"),
        particulars=cases.particulars(protocol),
        flow_heading=numbering.subsection("Flow of cases", "flow"),
        flow=flow(contents.lock),
        exclusions=cases.exclusions(protocol, numbering),
        characteristics_heading=numbering.subsection("Characteristics", "characteristics"),
        characteristics=(characteristics(protocol, lock, numbering),),
        reference_heading=numbering.subsection(sentence(words.reference), "reference"),
        reference=(*cases.reference_items(protocol, words), *counted(contents.lock, words)),
        lock_heading=numbering.subsection("Lock", "lock"),
        lock=cases.lock_items(lock, "when this document was rendered"),
        leakage=leakage(contents.leakage, numbering),
        openings=openings(contents, numbering),
    )


test_set.__test__ = False  # type: ignore[attr-defined] # not for pytest


def flow(lock: Lock) -> tuple[cases.FlowStep, ...]:
    """Return the cases from what was available to what is locked."""
    excluded = lock.excluded_case_count
    return (
        cases.FlowStep(number(lock.case_count + excluded), "available in the case table", ""),
        cases.FlowStep(
            number(lock.case_count),
            "locked for evaluation",
            f"{number(excluded)} excluded by this protocol" if excluded else "none excluded",
        ),
    )


def counted(lock: Lock, words: Words) -> tuple[Item, ...]:
    """Return how many objects the reference standard has."""
    count = lock.reference_object_count
    if count is not None:
        return (item("Objects", number(count)),)
    if lock.reference_standard.format == "class_map":
        return (item("Objects", f"the {words.reference} does not tell objects apart"),)
    return (item("Objects", "not counted: this method judges pixels"),)


def characteristics(protocol: Protocol, lock: Lock, numbering: Numbering) -> Table:
    """Return cases and subjects by subgroup."""
    return numbering.table(
        "Cases and subjects, by subgroup",
        (
            Column("Group", "40%"),
            Column("Cases", "30%", "number"),
            Column("Subjects", "30%", "number"),
        ),
        [row(*one.cells()) for one in groups(protocol, lock.cases.evaluated)],
    )


def openings(contents: ProtocolContents, numbering: Numbering) -> OpeningsView:
    """Return the runs on the test set before this document was rendered."""
    heading = numbering.subsection("Earlier runs on this test set", "openings")
    runs = contents.openings
    if not contents.trail_id:
        said = (
            "There was no audit trail of the study when this document was rendered: whether the "
            "test set was run on before is not known."
        )
        return OpeningsView(heading, (said,), None, ())
    made = f"{plural(len(runs), 'run')} on this test set"
    said = f"{made} {'was' if len(runs) == 1 else 'were'} made before this document was rendered."
    if not runs:
        said = "No run on this test set was made before this document was rendered."
    return OpeningsView(
        heading,
        (f"{said} {WHY_RUNS_COUNT}",),
        openings_table(runs, numbering) if runs else None,
        (code_item("Audit trail", contents.trail_id),),
    )


# --- criteria ----------------------------------------------------------------------------


def criteria(protocol: Protocol, words: Words, numbering: Numbering) -> CriteriaView:
    """Return what the evidence has to meet."""
    return CriteriaView(
        heading=numbering.section("Acceptance criteria", "criteria"),
        words=(_VERDICTS,),
        criteria=numbering.table(
            "Every acceptance criterion, fixed before the test set is run on",
            (
                Column("Criterion", "11%"),
                Column("Figure", "41%"),
                Column("Judged on", "15%"),
                Column("Bound", "17%"),
                Column("Verifies", "16%"),
            ),
            [_criterion(one, words) for one in protocol.criteria],
        ),
        bounds=numbering.table(
            "Where the bounds come from",
            (Column("Criterion", "11%"), Column("Rationale", "89%")),
            [row(strong(one.id), text(*paragraphs(one.rationale))) for one in protocol.criteria],
        ),
    )


def _criterion(one: AcceptanceCriterion, words: Words) -> TableRow:
    promised = asked(one, words)
    return row(
        strong(one.id),
        text(promised.name, promised.scope),
        text(promised.judged_on),
        text(promised.bound),
        text(*one.requirements),
        anchor=f"criterion-{one.id}",
    )


def traceability(protocol: Protocol, words: Words, numbering: Numbering) -> TraceView:
    """Return which criterion verifies which requirement, and so controls which risk."""
    heading = numbering.section("Traceability", "traceability")
    matrix = numbering.table(
        "From requirement to criterion",
        (
            Column("Requirement", "16%"),
            Column("Risk", "16%"),
            Column("Criterion", "14%"),
            Column("Figure", "34%"),
            Column("Bound", "20%"),
        ),
        [line for one in protocol.requirements for line in _traced(one, protocol, words)],
    )
    return TraceView(heading, matrix, gaps(protocol))


def _traced(requirement: Requirement, protocol: Protocol, words: Words) -> list[TableRow]:
    risks = text(*requirement.risks) if requirement.risks else text("none named")
    mine = [one for one in protocol.criteria if requirement.id in one.requirements]
    if not mine:
        nothing = text("\u2013")
        return [row(strong(requirement.id), risks, text("no criterion"), nothing, nothing)]
    return [_traced_criterion(requirement, one, words) for one in mine]


def _traced_criterion(requirement: Requirement, one: AcceptanceCriterion, words: Words) -> TableRow:
    promised = asked(one, words)
    return row(
        strong(requirement.id),
        text(*requirement.risks) if requirement.risks else text("none named"),
        Link(one.id, f"criterion-{one.id}"),
        text(promised.name, promised.scope),
        text(f"{promised.judged_on} {promised.bound}"),
    )


# --- execution and integrity -------------------------------------------------------------


def execution(protocol: Protocol, numbering: Numbering) -> plan.ItemsView:
    """Return how the protocol is to be run."""
    return plan.ItemsView(
        numbering.section("Execution", "execution"),
        (
            *planned(protocol.execution),
            item("What runs", _WHAT_RUNS),
            code_item("Run", "segval run FILE.pdf --out RECORD"),
            prose_item("Actions", protocol.execution.actions),
        ),
    )


def integrity(contents: ProtocolContents, numbering: Numbering) -> IntegrityView:
    """Return the digests of what is approved, and how to check them with common tools."""
    heading = numbering.appendix("Integrity", "integrity")
    files = [row(strong(name), code(bare_digest(one))) for name, one in contents.digests.items()]
    outside = [
        row(strong("model under test"), code(bare_digest(contents.protocol.model.digest))),
        row(strong("case table"), code(bare_digest(contents.lock.case_table_digest))),
    ]
    return IntegrityView(
        heading,
        (
            *company_words(contents.protocol),
            f"This document was rendered by segval {contents.tool_version}. {_MADE_OF}",
        ),
        (
            code_item("Take the protocol out of this document", "pdfdetach -saveall FILE.pdf"),
            code_item("Compare a file with the table below", "sha256sum FILE"),
            code_item(
                "Check the test set against its lock, in its own folder",
                "sha256sum --check manifest-sha256.txt",
            ),
            code_item("Check the signatures without segval", "pdfsig FILE.pdf"),
        ),
        numbering.table(
            "What is approved, by SHA-256",
            (Column("File", "40%"), Column("SHA-256", "60%")),
            [*files, *outside],
            notes=("Model and case table are named here and not embedded; the other files are.",),
        ),
    )
