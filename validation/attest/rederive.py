"""Re-deriving a record: every figure from the per-case tables, every finding from the figures.

Pure functions of the record's files; what differs is named.
"""

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from validation.attest.deviation_check import check_deviations
from validation.attest.leakage_checks import check_leakage
from validation.attest.measured_check import check_measured, check_measured_lock
from validation.attest.verification import Checks
from validation.errors import ToolError
from validation.evidence.csv_text import csv_rows
from validation.evidence.files import (
    evidence_files,
    metrics_from_json,
    table_files,
    tables_from_files,
)
from validation.evidence.further_tables import further_files, further_from_files
from validation.evidence.measure import FailedCase, measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.run_record import RunRecord
from validation.evidence.timing import latency_metrics
from validation.judge.acceptance import assess, subset_of
from validation.judge.deviations import DEVIATIONS, Deviations
from validation.judge.findings import Findings, Subset
from validation.plan.protocol import Protocol
from validation.plan.source import parse, protocol_from
from validation.record import digest
from validation.report.company import company_files, digest_of
from validation.testset.cases import Case
from validation.testset.lock import Lock

_MOST_NAMED = 5


def check_derivation(files: Mapping[str, bytes], checks: Checks) -> None:
    """Add the checks that lead from protocol and tables to figures, findings and verdict.

    Args:
        files: Files of the record by their path in it.
        checks: Where the checks are added.
    """
    try:
        protocol = protocol_from(parse(files["protocol.yaml"], "protocol.yaml"))
        lock = Lock.from_json(files["lock/lock.json"])
        findings = Findings.from_json(files["findings.json"])
        run = RunRecord.from_json(files["run.json"])
    except (KeyError, ToolError, ValidationError) as error:
        what = "protocol, lock, run and findings can be read"
        checks(what, None, _named(error))
        return
    _check_lock(files, protocol, lock, checks)
    _check_templates(files, protocol, checks)
    check_leakage(files, protocol, lock, checks)
    _check_run(protocol, lock, run, findings, checks)
    _check_evidence(files, protocol, lock, findings, checks)
    _check_timing(run, checks)
    deviations = check_deviations(files, protocol, lock, checks)
    _check_findings(files, protocol, run, findings, checks, lock=lock, deviations=deviations)


def check_promise(files: Mapping[str, bytes], checks: Checks) -> None:
    """Add the checks of a protocol document: the protocol can be read, and the lock is its own.

    Args:
        files: What the document embeds, by path.
        checks: Where the checks are added.
    """
    what = "protocol and lock can be read"
    try:
        protocol = protocol_from(parse(files["protocol.yaml"], "protocol.yaml"))
        lock = Lock.from_json(files["lock/lock.json"])
    except (KeyError, ToolError, ValidationError) as error:
        checks(what, None, _named(error))
        return
    checks(what, held=True, detail=digest(files["protocol.yaml"]))
    _check_lock(files, protocol, lock, checks)
    _check_templates(files, protocol, checks)


def _named(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return str(error).splitlines()[0]


def _check_lock(files: Mapping[str, bytes], protocol: Protocol, lock: Lock, checks: Checks) -> None:
    test_set = protocol.test_set
    excluded = {case_id for one in test_set.exclusions for case_id in one.cases}
    agreeing = {
        "id": lock.test_set_id == test_set.id,
        "folders": lock.folders == test_set.folders,
        "reference standard": lock.reference_standard == test_set.reference_standard,
        "exclusions": {one.case.case_id for one in lock.cases.excluded} == excluded,
    }
    differing = [name for name, same in agreeing.items() if not same]
    detail = f"these differ: {', '.join(differing)}" if differing else lock.test_set_id
    checks("the lock is of the protocol's test set", not differing, detail)
    check_measured_lock(protocol, lock, checks)
    what = "the manifest is the one that the lock names"
    content = files.get("lock/manifest-sha256.txt")
    if content is None:
        checks(what, None, "lock/manifest-sha256.txt is missing")
        return
    found = digest(content)
    checks(what, found == lock.manifest_digest, found)


def _check_templates(files: Mapping[str, bytes], protocol: Protocol, checks: Checks) -> None:
    named, found = protocol.document.templates, company_files(files)
    if named is None and not found:
        return
    what = "design and wording are those of the company that the protocol names"
    if named is None:
        checks(what, held=False, detail="the protocol names none")
        return
    detail = f"templates/ of {len(found)} files, {digest_of(found)}"
    checks(what, digest_of(found) == named.digest, detail)


def _check_run(
    protocol: Protocol, lock: Lock, run: RunRecord, findings: Findings, checks: Checks
) -> None:
    subset, of_what = findings.subset, "the lock"
    evaluated = len(lock.cases.evaluated)
    if subset is not None:
        evaluated, of_what = len(subset.cases), "the subset"
    model = protocol.model
    same = (run.model_name, run.model_version, run.model_digest) == (
        model.name,
        model.version,
        model.digest,
    )
    detail = f"{run.model_name} {run.model_version}, {run.model_digest}"
    checks("the model that ran is the one that the protocol names", same, detail)
    what = f"every case of {of_what} was attempted, and every failed one is a finding"
    counted = len(findings.failed_cases)
    detail = (
        f"{run.cases_attempted} of {evaluated} attempted; {run.cases_failed} failed, "
        f"{counted} findings"
    )
    if subset is not None:
        detail = f"{subset.words}; {detail}"
    held = (run.cases_attempted, run.cases_failed) == (evaluated, counted)
    checks(what, held, detail)


def _check_evidence(
    files: Mapping[str, bytes],
    protocol: Protocol,
    lock: Lock,
    findings: Findings,
    checks: Checks,
) -> None:
    what = "every figure and row follows from the per-case tables"
    stored = {
        name.removeprefix("evidence/"): content
        for name, content in files.items()
        if name.startswith("evidence/")
    }
    try:
        tables, failed = tables_from_files(stored, protocol)
        further = further_from_files(stored, protocol)
        cases = cases_that_ran(lock, findings)
        evidence = measure(tables, cases, protocol, failed=failed, further=further)
    except (ToolError, ValueError) as error:
        checks(what, None, str(error).replace("\n", "; "))
        return
    check_measured(protocol, lock, further, checks)
    derived = evidence_files(evidence)
    known = {
        *derived,
        *table_files(tables, failed, protocol),
        *further_files(further, protocol),
    }
    differing = sorted(name for name in derived if derived[name] != stored.get(name))
    differing += sorted(f"{name} (not evidence)" for name in stored.keys() - known)
    detail = f"{len(evidence.metrics)} figures from {len(tables)} tables"
    if differing:
        detail = f"these differ: {', '.join(differing)}"
    checks(what, not differing, detail)
    _check_failures(failed, findings, checks)


def _check_failures(failed: Mapping[str, FailedCase], findings: Findings, checks: Checks) -> None:
    stated = {one.case_id: f"{one.stage}: {one.what}" for one in findings.failed_cases}
    in_tables = {case_id: one.reason for case_id, one in failed.items()}
    differing = sorted(
        name for name in stated.keys() | in_tables.keys()
        if stated.get(name) != in_tables.get(name)
    )  # fmt: skip
    detail = f"these differ: {', '.join(differing)}" if differing else f"{len(failed)} cases"
    checks("the tables say the same of failed cases as the findings", not differing, detail)


def _check_timing(run: RunRecord, checks: Checks) -> None:
    derived = latency_metrics({one.case_id: one.total_ms for one in run.case_timings})
    what = "the summary of latencies follows from the latency of each case"
    checks(what, derived == run.timing, f"{len(run.case_timings)} cases")


def _check_findings(
    files: Mapping[str, bytes],
    protocol: Protocol,
    run: RunRecord,
    findings: Findings,
    checks: Checks,
    *,
    lock: Lock,
    deviations: Deviations | None,
) -> None:
    what = "every finding and the verdict follow from figures and criteria"
    if DEVIATIONS in files:
        what = "every finding and the verdict follow from figures, criteria and deviations"
    try:
        metrics = metrics_from_json(files["evidence/metrics.json"])
        rows = csv_rows(files["evidence/cases.csv"])[1]
        subset = subset_of(_ids(lock), (one["case_id"] for one in rows))
    except (KeyError, ToolError, ValueError) as error:
        checks(what, None, _named(error))
        return
    is_approved = "approval.json" in files  # whether that holds is checked for itself
    derived = findings_again(
        protocol,
        (*metrics, *run.timing),
        findings,
        is_approved=is_approved,
        deviations=deviations,
        subset=subset,
    )
    verdict = f"{derived.verdict.replace('_', ' ')}{derived.with_deviations}"
    detail = f"{len(derived.criteria)} criteria, verdict {verdict}"
    differing = differing_findings(derived, findings)
    if differing:
        detail = f"these differ: {', '.join(differing[:_MOST_NAMED])}"
    checks(what, not differing, detail)


def findings_again(
    protocol: Protocol,
    figures: Iterable[MetricValue],
    stated: Findings,
    *,
    is_approved: bool,
    deviations: Deviations | None = None,
    subset: Subset | None = None,
) -> Findings:
    """Return the findings that follow from criteria, figures and deviations.

    Args:
        protocol: For the criteria.
        figures: Of the evidence and of the timing.
        stated: The findings of the record, for the cases that failed.
        is_approved: Whether the record holds an approval.
        deviations: Departures from the protocol that the record holds.
        subset: The cases that the evidence holds, where they are not those of the lock.
    """
    derived = assess(
        protocol.criteria, figures, stated.failed_cases, deviations=deviations, subset=subset
    )
    return derived.model_copy(update={"approval": "approved"}) if is_approved else derived


def _ids(lock: Lock) -> list[str]:
    return [one.case_id for one in lock.cases.evaluated]


def cases_that_ran(lock: Lock, findings: Findings) -> tuple[Case, ...]:
    """Return the cases of a lock that a record says that it ran."""
    subset = findings.subset
    if subset is None:
        return lock.cases.evaluated
    return tuple(one for one in lock.cases.evaluated if one.case_id in subset.cases)


def _deviations(findings: Findings) -> list[str]:
    return [
        *(f"{one} open" for one in findings.open_deviations),
        *(f"{one} closed" for one in findings.closed_deviations),
    ]


def differing_findings(derived: Findings, stated: Findings) -> list[str]:
    """Return what is stated otherwise than derived: criteria by id, then the rest."""
    of_derived = {one.id: one for one in derived.criteria}
    of_stated = {one.id: one for one in stated.criteria}
    differing = [
        one for one in {**of_derived, **of_stated} if of_derived.get(one) != of_stated.get(one)
    ]
    if derived.verdict != stated.verdict:
        differing.append(f"the verdict (stated {stated.verdict}, derived {derived.verdict})")
    if derived.approval != stated.approval:
        differing.append(f"the approval (stated {stated.approval})")
    if derived.subset != stated.subset:
        differing.append(f"the cases that ran (stated {stated.subset or 'all'})")
    if _deviations(derived) != _deviations(stated):
        differing.append(f"the deviations (stated {', '.join(_deviations(stated)) or 'none'})")
    if not differing and derived != stated:
        differing.append("the order of criteria or cases")
    return differing
