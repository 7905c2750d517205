"""The first pages: title page with approvals, and the decision on one page."""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.judge.findings import Findings
from validation.plan.protocol import Protocol
from validation.report.contents import RecordContents
from validation.report.formatting import day, percentage, plural, share, short_digest, timestamp
from validation.report.view.addresses import Addresses
from validation.report.view.approvals import ApprovalsView, approvals
from validation.report.view.approved import approval_words
from validation.report.view.criteria import CriterionView, weakest_subgroup
from validation.report.view.document import Notice
from validation.report.view.elements import (
    Column,
    Drawing,
    Heading,
    Item,
    Link,
    Numbering,
    Result,
    Table,
    Verdict,
    code_item,
    item,
    paragraphs,
    row,
    text,
)
from validation.report.view.leakage import result_sentence, within_sentence
from validation.report.view.wording import INTERVAL_METHODS, STAGES, VERDICTS, joined
from validation.testset.leakage_record import Leakage

SIMULATED = "Simulated specimens"
LEAKED = "Leakage found"
EXPLORATORY = "Not approved: exploratory"

MOST_IN_SUMMARY = 12
"""With more criteria than this the summary lists only those that are not met."""

_LONGEST_LIMITS = 900


@dataclass(frozen=True)
class CoverView:
    """The title page."""

    kind: str
    title: str
    subtitle: str
    organisation: str
    verdict: Verdict
    verdict_sentence: str
    notices: tuple[Notice, ...]
    identification: tuple[tuple[Item, ...], ...]
    """In columns."""
    approvals: ApprovalsView


@dataclass(frozen=True)
class SummaryPoint:
    """A statement of the summary, with the results that it rests on."""

    label: str
    words: str
    results: tuple[Result, ...]
    anchor: str
    """Where more is said; empty: nowhere."""


@dataclass(frozen=True)
class SummaryView:
    """The decision on one page."""

    heading: Heading
    verdict: Verdict
    verdict_sentence: str
    notices: tuple[Notice, ...]
    scope: str
    criteria: Table
    failures: tuple[SummaryPoint, ...]
    """What is not met, or could not be evaluated, and where."""
    facts: tuple[Item, ...]
    limits: tuple[str, ...]


def notices_of(contents: RecordContents) -> tuple[Notice, ...]:
    """Return what has to stand on every page."""
    found = []
    if contents.protocol.test_set.simulated:
        found.append(
            Notice(
                SIMULATED,
                "The specimens of this test set are simulated. The figures say nothing about "
                "performance on real specimens.",
            )
        )
    if contents.findings.approval != "approved":
        found.append(
            Notice(
                EXPLORATORY,
                "The protocol that ran did not carry the signatures that it asks for. This run "
                "is exploratory and supports no release.",
            )
        )
    if contents.leakage is not None and contents.leakage.counts.any_leak:
        found.append(Notice(LEAKED, result_sentence(contents.leakage)))
    return tuple(found)


def planned_notices(plan: Protocol, leakage: Leakage | None) -> tuple[Notice, ...]:
    """Return what has to stand on every page of a document from before the run.

    Args:
        plan: The protocol.
        leakage: What the test set shares with development; None: nobody looked.
    """
    found = []
    if plan.test_set.simulated:
        said = (
            "The specimens of the test set are simulated. Figures on them will say nothing about "
        )
        found.append(Notice(SIMULATED, said + "performance on real specimens."))
    if leakage is not None and leakage.counts.any_leak:
        found.append(Notice(LEAKED, result_sentence(leakage)))
    return tuple(found)


def cover(contents: RecordContents, verdict_sentence: str) -> CoverView:
    """Return the title page."""
    plan = contents.protocol
    return CoverView(
        kind="Validation report",
        title=plan.document.title,
        subtitle=f"{plan.device.name} {plan.device.version} \u00b7 model {contents.run.model_name} "
        f"{contents.run.model_version}",
        organisation=plan.document.organisation,
        verdict=VERDICTS[contents.findings.verdict],
        verdict_sentence=verdict_sentence,
        notices=notices_of(contents),
        identification=_identification(contents),
        approvals=approvals(plan.signatories),
    )


def _identification(contents: RecordContents) -> tuple[tuple[Item, ...], ...]:
    plan, run, lock = contents.protocol, contents.run, contents.lock
    of_document = (
        item("Document", f"{plan.document.report_number}, revision {plan.document.revision}"),
        item("Protocol", f"{plan.document.number}, revision {plan.document.revision}"),
        item("Approval of it", approval_words(contents)),
        code_item("Protocol digest", short_digest(contents.digests["protocol.yaml"])),
        code_item("Record", contents.record_id),
        item("Date of report", day(run.finished_at)),
    )
    of_run = (
        item("Item under test", f"{run.model_name} {run.model_version} ({run.model_adapter})"),
        code_item("Model digest", short_digest(run.model_digest)),
        item("Test set", f"{lock.test_set_id}, lock revision {lock.revision}"),
        code_item("Manifest digest", short_digest(lock.manifest_digest)),
        item("Run finished", timestamp(run.finished_at)),
    )
    return of_document, of_run


def verdict_sentence(findings: Findings) -> str:
    """Return the verdict in one sentence, by the rule of `Findings`."""
    total = len(findings.criteria)
    by_verdict = {
        verdict: [one.id for one in findings.criteria if one.verdict == verdict]
        for verdict in ("not_met", "not_evaluable")
    }
    failed = len(findings.failed_cases)
    if findings.verdict == "met":
        return (
            f"All {total} acceptance criteria are met."
            if total > 1
            else ("The acceptance criterion is met.")
        )
    parts = []
    if unmet := by_verdict["not_met"]:
        parts.append(
            f"{share(len(unmet), total)} acceptance criteria "
            f"{'is' if len(unmet) == 1 else 'are'} not met ({joined(unmet)})"
        )
    if undecided := by_verdict["not_evaluable"]:
        parts.append(f"{share(len(undecided), total)} could not be evaluated ({joined(undecided)})")
    if failed:
        parts.append(f"the model failed for {plural(failed, 'case')}")
    return f"{joined(parts)[:1].upper()}{joined(parts)[1:]}."


def summary(
    contents: RecordContents,
    addresses: Addresses,
    numbering: Numbering,
    criteria: Sequence[CriterionView],
) -> SummaryView:
    """Return the decision on one page."""
    plan = contents.protocol
    return SummaryView(
        heading=numbering.section("Decision summary", "summary"),
        verdict=VERDICTS[contents.findings.verdict],
        verdict_sentence=verdict_sentence(contents.findings),
        notices=notices_of(contents),
        scope=_scope(contents),
        criteria=_criteria_table(numbering, criteria),
        failures=_failures(contents, addresses, criteria),
        facts=(*_facts(contents), item("Leakage", leakage_words(contents))),
        limits=_limits(plan.limits),
    )


def _scope(contents: RecordContents) -> str:
    plan, lock = contents.protocol, contents.lock
    subjects = f" of {plural(lock.subject_count, 'subject')}" if lock.subject_count else ""
    objects = (
        f", {plural(lock.reference_object_count, 'reference object')}"
        if lock.reference_object_count is not None
        else ""
    )
    return (
        f"{contents.run.model_name} {contents.run.model_version} for {plan.device.name} "
        f"{plan.device.version}, on the locked test set {lock.test_set_id}: "
        f"{plural(lock.case_count, 'case')}{subjects}{objects}."
    )


def _criteria_table(numbering: Numbering, criteria: Sequence[CriterionView]) -> Table:
    shown = list(criteria)
    caption = "Acceptance criteria, the figure of each, and its interval against its bound"
    notes = [
        (
            "The vertical line is the bound, the shaded side meets it; disc: met or not evaluable, "
            "hollow square: not met. Rows with the same unit share one scale."
        ),
    ]
    if len(shown) > MOST_IN_SUMMARY:
        shown = [one for one in criteria if one.verdict.key != "met"]
        caption = "Acceptance criteria that are not met or could not be evaluated"
        met = len(criteria) - len(shown)
        notes.append(f"{share(met, len(criteria))} criteria are met; all are in the results.")
    return numbering.table(
        caption,
        (
            Column("Criterion", "9%"),
            Column("Figure", "32%"),
            Column("Result", "17%", "number"),
            Column("Bound", "12%", "number"),
            Column("Interval against bound", "19%", "middle"),
            Column("Verdict", "11%"),
        ),
        [
            row(
                Link(one.id, one.anchor),
                text(one.name, one.scope),
                one.result,
                text(one.bound, one.judged_on),
                Drawing(one.mark),
                one.verdict,
            )
            for one in shown
        ],
        notes=notes,
    )


def _failures(
    contents: RecordContents,
    addresses: Addresses,
    criteria: Sequence[CriterionView],
) -> tuple[SummaryPoint, ...]:
    by_id = {one.id: one for one in contents.findings.criteria}
    points = []
    for one in criteria:
        if one.verdict.key == "met":
            continue
        results = [one.result] if isinstance(one.result, Result) else []
        said = f"{one.what}: {one.comparison}."
        weakest = weakest_subgroup(by_id[one.id], addresses)
        if weakest is not None and one.verdict.key == "not_met":
            worst = addresses.result(weakest.id)
            [(column, value)] = weakest.scope.subgroup.items()
            said += f" Weakest subgroup: {column} {value}, {worst.words}."
            results.append(worst)
        points.append(SummaryPoint(one.id, said, tuple(results), one.anchor))
    if failed := contents.findings.failed_cases:
        ids = ", ".join(f"{one.case_id} ({STAGES[one.stage]})" for one in failed[:6])
        more = f" and {len(failed) - 6} more" if len(failed) > 6 else ""  # noqa: PLR2004 - a line
        points.append(
            SummaryPoint(
                "Failed cases",
                f"{plural(len(failed), 'case')} without a prediction: {ids}{more}. "
                "With a failed case the verdict cannot be \u201cmet\u201d.",
                (),
                "failed-cases",
            )
        )
    return tuple(points)


def leakage_words(contents: RecordContents) -> str:
    """Return what is known of leakage, into the test set and within it."""
    known = contents.leakage
    within = f" {within_sentence(known.counts)}" if known and known.counts.within_test_set else ""
    if known is not None and known.counts.any_leak:
        return f"Found: the images and subjects concerned are in the section on leakage.{within}"
    return f"{result_sentence(known)}{within}"


def _facts(contents: RecordContents) -> tuple[Item, ...]:
    plan, run = contents.protocol, contents.run
    resumed = f", resumed {plural(run.resumed, 'time')}" if run.resumed else ""
    return (
        item(
            "Run",
            f"{share(run.cases_attempted - run.cases_failed, run.cases_attempted)} cases "
            f"predicted, on {day(run.finished_at)} by {run.operator}{resumed}; "
            f"record {contents.record_id}. Deviations: none recorded.",
        ),
        item(
            "Intervals",
            f"{percentage(plan.analysis.confidence_level)} "
            f"{INTERVAL_METHODS[plan.analysis.interval_method]} over "
            f"{plan.analysis.resampling_unit}s, "
            f"{plural(plan.analysis.replicates, 'replicate')}, seed {plan.analysis.seed}.",
        ),
    )


def _limits(limits: str) -> tuple[str, ...]:
    whole = paragraphs(limits)
    if sum(map(len, whole)) <= _LONGEST_LIMITS:
        return whole
    return (*whole[:1], "Further limits are stated in the section on limits.")
