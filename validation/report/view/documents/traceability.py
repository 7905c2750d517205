"""The traceability matrix: requirement, risk, criterion and, after a run, result and verdict.

`traceability_table` has the same as rows for spreadsheets and programs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from validation.plan.protocol import AcceptanceCriterion, Protocol, Requirement, Risk
from validation.report.contents import PlannedContents, RecordContents
from validation.report.formatting import plural, share
from validation.report.view import appendices, plan
from validation.report.view.addresses import Addresses
from validation.report.view.appendices import DefinitionsView, gaps, metric_anchor
from validation.report.view.criteria import (
    MOST_LINES,
    Asked,
    CriterionView,
    asked,
    criteria_views,
    verdict_lines,
)
from validation.report.view.document import DocumentView, TitlePage
from validation.report.view.documents import shell
from validation.report.view.elements import (
    Cell,
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
from validation.report.view.sections import Notes, Particulars, Section, Tabular, section, tabular
from validation.report.view.wording import Words

_STATEMENT = (
    "Which criterion verifies which requirement, which risk each requirement controls, and what "
    "the evidence says of it."
)
_NOTHING = "\u2013"
_PLANNED = (
    Column("Requirement", "16%"),
    Column("Risk", "16%"),
    Column("Criterion", "14%"),
    Column("Figure", "32%"),
    Column("Bound", "22%"),
)
_WITH_RESULTS = (
    Column("Requirement", "13%"),
    Column("Risk", "11%"),
    Column("Criterion", "11%"),
    Column("Figure", "24%"),
    Column("Bound", "13%"),
    Column("Result", "17%", "number"),
    Column("Verdict", "11%"),
)


@dataclass(frozen=True)
class TraceabilityDocument:
    """The whole document, section by section."""

    document: DocumentView
    cover: TitlePage
    coverage: Section
    requirements: Section
    risks: Section
    criteria: Section
    definitions: DefinitionsView
    evidence: EvidenceView | None
    """None: there are no results yet."""
    sources: Section
    headings: tuple[Heading, ...]


def traceability_document(contents: PlannedContents | RecordContents) -> TraceabilityDocument:
    """Return everything that the traceability matrix prints."""
    protocol = contents.protocol
    numbering = Numbering()
    words = Words(protocol.test_set.reference_standard.standing)
    frame = shell.shell(contents, "Traceability matrix", "traceability", _STATEMENT)
    teller = _Teller.of(contents, words)
    return TraceabilityDocument(
        document=frame.document,
        cover=frame.cover,
        coverage=_coverage(contents, numbering),
        requirements=_requirements(protocol, teller, numbering),
        risks=_risks(protocol, teller, numbering),
        criteria=_criteria(protocol, teller, numbering),
        definitions=appendices.definitions_of(
            {one.metric for one in protocol.criteria}, "Every metric that has a bound", words,
            numbering,
        ),
        evidence=teller.evidence(numbering),
        sources=shell.sources(contents.files, contents.digests, contents.tool_version, numbering),
        headings=tuple(numbering.headings),
    )  # fmt: skip


class _Teller:
    """What there is to say of a criterion: what it asks and, after a run, what came of it."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.has_results = False

    @staticmethod
    def of(contents: PlannedContents | RecordContents, words: Words) -> "_Teller":
        return _Results(contents, words) if isinstance(contents, RecordContents) else _Teller(words)

    def outcome(self, one: AcceptanceCriterion) -> tuple[Cell, ...]:  # noqa: ARG002 - no run yet
        """Return result and verdict; nothing before a run."""
        return ()

    def verdicts(self, criteria: Sequence[AcceptanceCriterion]) -> tuple[str, ...]:
        """Return criteria, each with its verdict in words."""
        ids = tuple(one.id for one in criteria)
        return ids if len(ids) <= MOST_LINES else (", ".join(ids),)

    def evidence(self, numbering: Numbering) -> EvidenceView | None:  # noqa: ARG002 - no run yet
        """Return the address of every figure; None before a run."""
        return None


class _Results(_Teller):
    def __init__(self, contents: RecordContents, words: Words) -> None:
        super().__init__(words)
        self.has_results = True
        self._contents = contents
        self._addresses = Addresses(contents)
        views = criteria_views(contents, self._addresses, words)
        self._views: dict[str, CriterionView] = {one.id: one for one in views}

    def outcome(self, one: AcceptanceCriterion) -> tuple[Cell, ...]:
        view = self._views[one.id]
        return view.result, view.verdict

    def verdicts(self, criteria: Sequence[AcceptanceCriterion]) -> tuple[str, ...]:
        return verdict_lines([self._views[one.id] for one in criteria])

    def evidence(self, numbering: Numbering) -> EvidenceView | None:
        return evidence(self._contents, self._addresses, numbering)


# --- sections ----------------------------------------------------------------------------


def _coverage(contents: PlannedContents | RecordContents, numbering: Numbering) -> Section:
    protocol = contents.protocol
    verified = {one for criterion in protocol.criteria for one in criterion.requirements}
    controlled = {risk for one in protocol.requirements for risk in one.risks}
    tested = sum(one.id in verified for one in protocol.requirements)
    treated = sum(one.id in controlled for one in protocol.risks)
    return section(
        numbering.section("Coverage", "coverage"),
        Particulars(
            (
                item("Requirements", f"{share(tested, len(protocol.requirements))} with a "
                     "criterion"),
                item("Risks", f"{share(treated, len(protocol.risks))} with a requirement that "
                     "controls them" if protocol.risks else "the protocol names no risk"),
                item("Criteria", plural(len(protocol.criteria), "criterion", "criteria")),
                *_verdicts(contents),
                item("Gaps", *gaps(protocol)),
            )
        ),
    )  # fmt: skip


def _verdicts(contents: PlannedContents | RecordContents) -> tuple[Item, ...]:
    if not isinstance(contents, RecordContents):
        return ()
    criteria = contents.findings.criteria
    met = sum(one.verdict == "met" for one in criteria)
    others = [one.id for one in criteria if one.verdict != "met"]
    rest = f"; not met or not evaluable: {', '.join(others)}" if others else ""
    return (item("Met", f"{share(met, len(criteria))} criteria{rest}"),)


def _requirements(protocol: Protocol, teller: _Teller, numbering: Numbering) -> Section:
    results = teller.has_results
    table = numbering.table(
        "From requirement to result" if results else "From requirement to criterion",
        _WITH_RESULTS if results else _PLANNED,
        [line for one in protocol.requirements for line in _traced(one, protocol, teller)],
    )
    texts = numbering.table(
        "The requirements in full",
        (Column("Requirement", "14%"), Column("Text", "86%")),
        [row(strong(one.id), listed(*paragraphs(one.text))) for one in protocol.requirements],
    )
    sources = plan.sources_table(protocol.requirement_sources, numbering)
    return section(
        numbering.section("From requirement to criterion", "requirements"),
        Tabular(table),
        Tabular(texts),
        tabular(sources),
    )


def _traced(requirement: Requirement, protocol: Protocol, teller: _Teller) -> Iterator[TableRow]:
    risks = listed(*requirement.risks) if requirement.risks else text("none named")
    mine = [one for one in protocol.criteria if requirement.id in one.requirements]
    for one in mine:
        promised = asked(one, teller.words)
        yield row(
            strong(requirement.id),
            risks,
            Link(one.id, f"criterion-{one.id}"),
            text(promised.name, promised.scope),
            text(promised.bound, promised.judged_on),
            *teller.outcome(one),
        )
    if not mine:
        nothing = [text(_NOTHING)] * (4 if teller.has_results else 2)
        yield row(strong(requirement.id), risks, text("no criterion"), *nothing)


def _risks(protocol: Protocol, teller: _Teller, numbering: Numbering) -> Section:
    heading = numbering.section("From risk to control", "risks")
    if not protocol.risks:
        return section(heading, Notes(("The protocol names no risk.",)))
    table = numbering.table(
        "Risks of the risk file (ISO 14971), and what verifies their control",
        (
            Column("Risk", "12%"),
            Column("Hazard and harm", "40%"),
            Column("Severity", "12%"),
            Column("Controlled by", "14%"),
            Column("Verified by", "22%"),
        ),
        [_risk(one, protocol, teller) for one in protocol.risks],
    )
    said = (
        "A risk control is effective as far as this evidence goes where every criterion of its "
        "requirements is met. Whether the residual risk is acceptable is for the risk file to say."
    )
    return section(heading, Tabular(table), Notes((said,)))


def _risk(risk: Risk, protocol: Protocol, teller: _Teller) -> TableRow:
    controls = [one.id for one in protocol.requirements if risk.id in one.risks]
    criteria = [one for one in protocol.criteria if set(one.requirements) & set(controls)]
    return row(
        strong(risk.id),
        text(*paragraphs(risk.hazard), risk.harm),
        text(risk.severity),
        listed(*controls or ("no requirement",)),
        listed(*teller.verdicts(criteria) or ("no criterion",)),
    )


def _criteria(protocol: Protocol, teller: _Teller, numbering: Numbering) -> Section:
    table = numbering.table(
        "Every criterion, what it verifies, and where its bound comes from",
        (
            Column("Criterion", "11%"),
            Column("Figure", "33%"),
            Column("Verifies", "14%"),
            Column("Rationale of the bound", "42%"),
        ),
        [_criterion(one, asked(one, teller.words)) for one in protocol.criteria],
    )
    return section(numbering.section("From criterion to requirement", "criteria"), Tabular(table))


def _criterion(one: AcceptanceCriterion, promised: Asked) -> TableRow:
    figure = f"{promised.name}, {promised.scope}" if promised.scope else promised.name
    return row(
        strong(one.id),
        Link(figure, metric_anchor(one.metric), f"{promised.judged_on} {promised.bound}"),
        listed(*one.requirements),
        text(*paragraphs(one.rationale)),
        anchor=f"criterion-{one.id}",
    )
