"""Re-deriving a record: every figure from the per-case tables, every finding from the figures.

Pure functions of the record's files; what differs is named.
"""

from collections.abc import Mapping

from pydantic import ValidationError

from validation.attest.verification import Checks
from validation.errors import ToolError
from validation.evidence.files import evidence_files, metrics_from_json, tables_from_files
from validation.evidence.measure import measure
from validation.evidence.run_record import RunRecord
from validation.evidence.timing import latency_metrics
from validation.judge.acceptance import assess
from validation.judge.findings import Findings
from validation.plan.protocol import Protocol
from validation.plan.source import parse, protocol_from
from validation.record import digest
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
    _check_lock(files, lock, checks)
    _check_evidence(files, protocol, lock, checks)
    _check_timing(run, checks)
    _check_findings(files, protocol, run, findings, checks)


def _named(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return str(error).splitlines()[0]


def _check_lock(files: Mapping[str, bytes], lock: Lock, checks: Checks) -> None:
    what = "the manifest is the one that the lock names"
    content = files.get("lock/manifest-sha256.txt")
    if content is None:
        checks(what, None, "lock/manifest-sha256.txt is missing")
        return
    found = digest(content)
    checks(what, found == lock.manifest_digest, found)


def _check_evidence(
    files: Mapping[str, bytes], protocol: Protocol, lock: Lock, checks: Checks
) -> None:
    what = "every figure and row follows from the per-case tables"
    stored = {
        name.removeprefix("evidence/"): content
        for name, content in files.items()
        if name.startswith("evidence/")
    }
    try:
        tables, failed = tables_from_files(stored, protocol)
        evidence = measure(tables, lock.cases.evaluated, protocol, failed=failed)
    except (ToolError, ValueError) as error:
        checks(what, None, str(error))
        return
    derived = evidence_files(evidence)
    differing = sorted(name for name in derived if derived[name] != stored.get(name))
    detail = f"{len(evidence.metrics)} figures from {len(tables)} tables"
    if differing:
        detail = f"these differ: {', '.join(differing)}"
    checks(what, not differing, detail)


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
) -> None:
    what = "every finding and the verdict follow from figures and criteria"
    try:
        metrics = metrics_from_json(files["evidence/metrics.json"])
    except (KeyError, ToolError) as error:
        checks(what, None, _named(error))
        return
    derived = assess(protocol.criteria, (*metrics, *run.timing), findings.failed_cases)
    differing = [
        one.id for one, other in zip(derived.criteria, findings.criteria, strict=False)
        if one != other
    ]  # fmt: skip
    same = derived.criteria == findings.criteria and derived.verdict == findings.verdict
    detail = f"{len(derived.criteria)} criteria, verdict {derived.verdict}"
    if not same:
        named = ", ".join(differing[:_MOST_NAMED]) or "the verdict"
        detail = f"differs: {named}; derived verdict {derived.verdict}, stated {findings.verdict}"
    checks(what, same, detail)
    counted = len(findings.failed_cases)
    what = "every failed case of the run is a finding"
    checks(what, counted == run.cases_failed, f"{counted} of {run.cases_failed}")
