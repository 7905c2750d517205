"""Running a protocol: from the locked test set to a complete record, or to nothing.

Work in progress lies in ``RECORD.incomplete`` beside the record's place; only when everything
is there does the folder get the record's name. An interrupted run is taken up again with
``resume``: cases that are done are not done again.
"""

import getpass
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from validation import clock, workspace
from validation.errors import RecordError
from validation.evidence.files import evidence_files, table_files
from validation.evidence.measure import FailedCase, Table, measure
from validation.evidence.overlap import OverlapTable
from validation.evidence.run_record import CaseTiming, RunRecord
from validation.evidence.timing import latency_metrics
from validation.inference.environment import environment
from validation.inference.journal import Journal, journal_key
from validation.inference.run import CaseOutcome, run_cases
from validation.judge.acceptance import assess
from validation.judge.findings import CaseFinding, Findings
from validation.plan.protocol import Protocol
from validation.record import Record, canonical_json, digest
from validation.study.case_work import CaseWork, table_of
from validation.study.opening import (
    LockedTestSet,
    OpenProtocol,
    differences_from_lock,
    model_path,
    read_case_table,
    read_lock,
    read_model,
    read_protocol,
    require_locked_cases,
    require_no_errors,
    require_unchanged,
    test_set_root,
)
from validation.study.pictures import overlays_of_worst_cases
from validation.record_folder import PREDICTIONS, seal
from validation.study.reporting import write_report
from validation.study.stored_predictions import encode_scores
from validation.testset.cases import CaseTable

Stage = Literal["lock", "cases", "report"]
Progress = Callable[[Stage, int, int], None]
"""Called with what is going on, the number done and the number in all."""


class Outcome(Record):
    """What a run came to."""

    record: str
    """Folder of the record."""
    record_id: str
    findings: Findings


class _Start(Record):
    """When and as what a run began; kept through interruptions."""

    record_id: str
    started_at: datetime
    resumed: int


@dataclass(frozen=True)
class _Inputs:
    """Everything a run needs, checked."""

    opened: OpenProtocol
    table: CaseTable
    locked: LockedTestSet
    root: Path
    model_content: bytes | None

    @property
    def protocol(self) -> Protocol:
        return self.opened.protocol


def run(
    protocol: Path,
    *,
    out: Path,
    data: Path | None = None,
    workers: int = 1,
    resume: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Run a protocol on its locked test set and write the record.

    Args:
        protocol: The protocol file.
        out: Folder of the record; it must not exist.
        data: Folder of the test set, if it does not lie where the protocol says.
        workers: Processes that share the cases. The evidence does not depend on it, the
            latencies do: more than one slows each case down.
        resume: Take an interrupted run up again.
        progress: Told how far each stage is.

    Raises:
        ToolError: The record exists, the protocol has errors, the test set differs from its
            lock, the model is another one, or the record cannot be written.

    Side effects: writes the folder `out`, and ``out + ".incomplete"`` until it is complete.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    staging = _staging(out, resume=resume)
    inputs = _inputs(protocol, data, lambda done, total: tell("lock", done, total))
    start = _begin(staging, inputs, resume=resume)
    outcomes, work = _run_cases(inputs, staging, workers, tell)
    findings = _write_record(inputs, staging, start, outcomes, workers, work, tell)
    workspace.finish(staging, out)
    return Outcome(record=str(out), record_id=start.record_id, findings=findings)


def _staging(out: Path, *, resume: bool) -> Path:
    """Return the folder for the unfinished record, refusing what must not be overwritten."""
    staging = out.with_name(out.name + ".incomplete")
    if out.exists():
        raise RecordError(
            "a record lies there already and is never replaced",
            where=str(out),
            fix="give another folder by --out",
        )
    if staging.exists() and not resume:
        raise RecordError(
            "an interrupted run lies there",
            where=str(staging),
            fix="take it up again by --resume, or remove the folder",
        )
    if resume and not staging.exists():
        raise RecordError(
            "there is no interrupted run to take up", where=str(staging), fix="leave --resume out"
        )
    return staging


def _inputs(path: Path, data: Path | None, progress: workspace.Progress) -> _Inputs:
    opened = read_protocol(path)
    require_no_errors(opened)
    table, table_content = read_case_table(opened)
    locked = read_lock(opened)
    require_locked_cases(opened, locked, table, table_content)
    model_content = read_model(opened)
    root = test_set_root(opened, data)
    require_unchanged(differences_from_lock(root, locked, progress), root)
    return _Inputs(opened, table, locked, root, model_content)


def _begin(staging: Path, inputs: _Inputs, *, resume: bool) -> _Start:
    path = staging / "start.json"
    if resume and path.exists():
        before = _Start.from_json(workspace.read(path, "the start of the run"))
        start = before.model_copy(update={"resumed": before.resumed + 1})
    else:
        at = clock.now()
        start = _Start(record_id=_record_id(inputs, at), started_at=at, resumed=0)
    workspace.write_again(path, start.to_json())
    return start


def _record_id(inputs: _Inputs, at: datetime) -> str:
    """Return an id that two different runs do not share."""
    identity = {
        "protocol": digest(inputs.opened.content),
        "manifest": inputs.locked.lock.manifest_digest,
        "model": inputs.protocol.model.digest,
        "started_at": at.isoformat(),
        "operator": getpass.getuser(),
    }
    return "R-" + digest(canonical_json(identity)).removeprefix("sha256:")[:16]


def _run_cases(
    inputs: _Inputs, staging: Path, workers: int, tell: Progress
) -> tuple[tuple[CaseOutcome, ...], CaseWork]:
    work = CaseWork(
        protocol=inputs.protocol,
        root=inputs.root,
        digests=dict(inputs.locked.digests),
        cases=inputs.table.evaluated,
        model_content=inputs.model_content,
        predictions_folder=model_path(inputs.opened),
        output=staging / PREDICTIONS,
    )
    key = journal_key(
        protocol=digest(inputs.opened.content),
        lock=inputs.locked.lock.manifest_digest,
        model=inputs.protocol.model.digest,
    )
    with Journal.open(staging / "journal.jsonl", key=key) as journal:
        outcomes = run_cases(
            inputs.table.evaluated,
            work,
            workers=workers,
            journal=journal,
            on_progress=lambda _, done, total: tell("cases", done, total),
        )
    return outcomes, work


@dataclass(frozen=True)
class _Measured:
    """The outcomes of all cases, sorted by what became of them."""

    tables: tuple[Table, ...]
    failed: Mapping[str, FailedCase]
    findings: tuple[CaseFinding, ...]
    timings: tuple[CaseTiming, ...]
    scores_are_constant: bool


def _sorted_out(outcomes: Sequence[CaseOutcome], protocol: Protocol) -> _Measured:
    tables: list[Table] = []
    failed: dict[str, FailedCase] = {}
    findings: list[CaseFinding] = []
    timings: list[CaseTiming] = []
    constant = False
    for one in outcomes:
        outcome = one.outcome or {
            "status": "failed", "stage": "inference", "table": None,
            "what": one.failure.what if one.failure else "no outcome",
        }  # fmt: skip
        table = table_of(outcome, protocol)
        if outcome["status"] == "failed":
            failed[one.case_id] = FailedCase(f"{outcome['stage']}: {outcome['what']}", table)
            findings.append(_case_finding(one.case_id, outcome, table, protocol))
        elif table is not None:
            tables.append(table)
            timings.append(CaseTiming(case_id=one.case_id, **outcome["timing"]))
            constant = constant or outcome["scores_are_constant"]
    return _Measured(tuple(tables), failed, tuple(findings), tuple(timings), constant)


def _case_finding(
    case_id: str, outcome: Mapping[str, Any], table: Table | None, protocol: Protocol
) -> CaseFinding:
    treatment = {
        "count_as_empty": "counts as an empty prediction",
        "leave_out": "is left out of every figure",
    }[protocol.analysis.failed_cases]
    if table is None:
        treatment = "its reference cannot be read: it is left out of every figure"
    return CaseFinding(
        case_id=case_id, stage=outcome["stage"], what=outcome["what"], treatment=treatment
    )


def _write_record(
    inputs: _Inputs,
    staging: Path,
    start: _Start,
    outcomes: Sequence[CaseOutcome],
    workers: int,
    work: CaseWork,
    tell: Progress,
) -> Findings:
    """Write everything but the cases' predictions, which lie there already."""
    protocol = inputs.protocol
    work.prepare()
    sorted_out = _sorted_out(outcomes, protocol)
    evidence = measure(
        sorted_out.tables, inputs.table.evaluated, protocol, failed=sorted_out.failed
    )
    run_record = _run_record(inputs, start, sorted_out, workers, work)
    findings = assess(
        protocol.criteria, (*evidence.metrics, *run_record.timing), sorted_out.findings
    )
    files = {
        "protocol.yaml": inputs.opened.content,
        "lock/lock.json": inputs.locked.lock_content,
        "lock/manifest-sha256.txt": inputs.locked.manifest_content,
        "environment.json": environment().to_json(),
        "run.json": run_record.to_json(),
        "findings.json": findings.to_json(),
    }
    files |= {f"evidence/{name}": content for name, content in evidence_files(evidence).items()}
    stored = table_files(sorted_out.tables, sorted_out.failed, protocol)
    files |= {f"evidence/{name}": content for name, content in stored.items()}
    if protocol.method.kind == "instance":
        overlaps = [one for one in sorted_out.tables if isinstance(one, OverlapTable)]
        files[f"{PREDICTIONS}/scores.csv"] = encode_scores(overlaps)
    files |= overlays_of_worst_cases(work, evidence)
    for name, content in files.items():
        workspace.write_again(staging / name, content)
    tell("report", 0, 1)
    _clear_work_in_progress(staging)
    write_report(staging, start.record_id)
    seal(staging, start.record_id, findings, clock.now())
    tell("report", 1, 1)
    return findings


def _run_record(
    inputs: _Inputs, start: _Start, measured: _Measured, workers: int, work: CaseWork
) -> RunRecord:
    model, notes = inputs.protocol.model, []
    segmenter = work.segmenter
    if measured.scores_are_constant:
        notes.append("The model gave no scores: every object has 1.0, and AP ranks them by id.")
    if not segmenter.measures_latency:
        notes.append("Predictions were read from files: no latency was measured.")
    if workers > 1:
        notes.append(f"{workers} processes shared the machine: latencies are longer than alone.")
    if start.resumed:
        notes.append(f"The run was interrupted and taken up again {start.resumed} time(s).")
    timings = measured.timings if segmenter.measures_latency else ()
    return RunRecord(
        record_id=start.record_id,
        started_at=start.started_at,
        finished_at=clock.now(),
        operator=getpass.getuser(),
        model_name=model.name,
        model_version=model.version,
        model_adapter=model.adapter,
        model_file=model.location if model.adapter == "predictions" else model.file,
        model_digest=model.digest,
        execution_provider=", ".join(segmenter.providers),
        notes=tuple(notes),
        workers=workers,
        resumed=start.resumed,
        cases_attempted=len(inputs.table.evaluated),
        cases_failed=len(measured.failed),
        case_timings=timings,
        timing=latency_metrics({one.case_id: one.total_ms for one in timings}),
    )


def _clear_work_in_progress(staging: Path) -> None:
    for name in ("start.json", "journal.jsonl"):
        (staging / name).unlink(missing_ok=True)


