"""The title page with approvals, and what is said of a document as a whole."""

from dataclasses import dataclass

from validation.judge.findings import Findings
from validation.plan.protocol import Protocol
from validation.report.contents import RecordContents
from validation.report.formatting import day, number, plural, share, short_digest, timestamp
from validation.report.view.approvals import ApprovalsView, approvals
from validation.report.view.approved import approval_words
from validation.report.view.document import Notice
from validation.report.view.elements import (
    Item,
    Verdict,
    code_item,
    item,
)
from validation.report.view.leakage import result_sentence
from validation.report.view.wording import joined, verdict_of
from validation.testset.leakage_record import Leakage

NOT_FOR_THE_RECORD = "Not for the record"
SIMULATED = "Simulated specimens"
LEAKED = "Leakage found"
EXPLORATORY = "Not approved: exploratory"

_OF_A_SUBSET = "Report for development, not for the record"
_MOST_IDS = 8
"""Criteria that the verdict names one by one."""


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


def notices_of(contents: RecordContents) -> tuple[Notice, ...]:
    """Return what has to stand on every page."""
    found = []
    if (subset := contents.findings.subset) is not None:
        found.append(
            Notice(
                f"{NOT_FOR_THE_RECORD}: {number(len(subset.cases))} of {number(subset.of)} cases",
                "Only a part of the locked test set was run, for development. Nothing here shows "
                "that a criterion is met or is not, and nobody signs this report.",
            )
        )
    if contents.protocol.test_set.simulated:
        found.append(
            Notice(
                SIMULATED,
                "The specimens of this test set are simulated. The figures say nothing about "
                "performance on real specimens.",
            )
        )
    if contents.findings.approval != "approved" and subset is None:
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
        kind="Validation report" if contents.findings.subset is None else _OF_A_SUBSET,
        title=plan.document.title,
        subtitle=f"{plan.device.name} {plan.device.version} \u00b7 model {contents.run.model_name} "
        f"{contents.run.model_version}",
        organisation=plan.document.organisation,
        verdict=verdict_of(contents.findings),
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
        item("Protocol approval", approval_words(contents)),
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
    all_met = (
        f"All {total} acceptance criteria are met"
        if total > 1
        else "The acceptance criterion is met"
    )
    if findings.verdict == "met":
        return f"{all_met}{_closed_words(findings)}."
    parts = [f"only {share(len(one.cases), one.of)} cases ran"] if (one := findings.subset) else []
    if unmet := by_verdict["not_met"]:
        parts.append(
            f"{share(len(unmet), total)} acceptance criteria "
            f"{'is' if len(unmet) == 1 else 'are'} not met ({_listed(unmet)})"
        )
    if undecided := by_verdict["not_evaluable"]:
        parts.append(
            f"{share(len(undecided), total)} could not be evaluated ({_listed(undecided)})"
        )
    if failed:
        parts.append(f"the model failed for {plural(failed, 'case')}")
    if still_open := findings.open_deviations:
        if not parts:
            parts.append(all_met)
        parts.append(
            f"{plural(len(still_open), 'deviation')} from the protocol "
            f"{'is' if len(still_open) == 1 else 'are'} open ({_listed([*still_open])})"
        )
    return f"{joined(parts)[:1].upper()}{joined(parts)[1:]}{_closed_words(findings)}."


def _closed_words(findings: Findings) -> str:
    """Return what is said of deviations that have a disposition; empty without."""
    closed = findings.closed_deviations
    if not closed:
        return ""
    was = "was" if len(closed) == 1 else "were"
    said = f"{plural(len(closed), 'deviation')} from the protocol {was} assessed and closed"
    return f"; {said} ({_listed([*closed])})"


def _listed(ids: list[str]) -> str:
    """Return ids as a list; many of them are counted, and the results have them all."""
    if len(ids) <= _MOST_IDS:
        return joined(ids)
    return joined([*ids[:_MOST_IDS], f"{len(ids) - _MOST_IDS} more"])
