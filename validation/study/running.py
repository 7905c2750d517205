"""Running a protocol: from the locked test set to a complete record, or to nothing.

Work in progress lies in ``RECORD.incomplete`` beside the record's place; only when everything
is there does the folder get the record's name. An interrupted run is taken up again with
``resume``: cases that are done are not done again (`validation.study.unfinished`).
"""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from validation import clock, workspace
from validation.attest.audit_trail import Subject
from validation.evidence.files import evidence_files, table_files
from validation.evidence.further_tables import FurtherTables, further_files
from validation.evidence.measure import Evidence, FailedCase, Table, measure
from validation.evidence.overlap import OverlapTable
from validation.evidence.run_record import CaseTiming, RunRecord
from validation.evidence.timing import latency_metrics
from validation.inference.environment import environment
from validation.inference.journal import journal_key
from validation.inference.run import CaseOutcome, require_not_starting, run_cases
from validation.judge.acceptance import assess
from validation.judge.findings import CaseFinding, Findings
from validation.plan.protocol import Protocol
from validation.record import Record, canonical_json, digest
from validation.record_folder import PREDICTIONS, RECORD_FILE, read_index, seal
from validation.study.auditing import StudyTrail
from validation.study.case_work import CaseWork, further_of, table_of
from validation.study.inputs import Inputs
from validation.study.opening import model_path
from validation.study.operator import operator
from validation.study.pictures import overlays_of_cases
from validation.study.reporting import write_report
from validation.study.source import Ready, Source, read_source
from validation.study.stored_predictions import encode_scores
from validation.study.unfinished import OpenRun, Start, UnfinishedRun
from validation.testset.leakage_record import Leakage
from validation.testset.openings import Openings
from validation.testset.picking import Asked

Stage = Literal["lock", "cases", "report"]
Progress = Callable[[Stage, int, int], None]
"""Called with what is going on, the number done and the number in all."""


class Outcome(Record):
    """What a run came to."""

    record: str
    """Folder of the record."""
    record_id: str
    protocol: str
    """Number and revision of the protocol, e.g. ``VP-001 revision A``."""
    findings: Findings
    leakage: Leakage
    """What the test set shares with the images that the model was developed on."""


def run(
    protocol: Path,
    *,
    out: Path,
    data: Path | None = None,
    study: Path | None = None,
    trust: Path | None = None,
    workers: int = 1,
    resume: bool = False,
    cases: Sequence[str] | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Run a protocol on its locked test set and write the record.

    A signed protocol document is run as what its signatures approve; the text of a protocol is
    run as exploratory, and everything that is made of it says so.

    Args:
        protocol: The protocol file, or the signed protocol document.
        out: Folder of the record; it must not exist.
        data: Folder of the test set, if it does not lie where the protocol says.
        study: Folder that the paths of a signed protocol are relative to, if the document does
            not lie in it.
        trust: Folder of the certificates that signers are held against, if it is not the
            study's ``identities/trust``.
        workers: Processes that share the cases. The evidence does not depend on it, the
            latencies do: more than one slows each case down.
        resume: Take an interrupted run up again.
        cases: Ids of the cases to run, for development: the record is then marked as one that
            does not count, and its verdict is never ``met``. None: all.
        limit: Number of cases to run instead, spread over all.
        progress: Told how far each stage is.

    Raises:
        ToolError: The record exists, the protocol has errors, the test set differs from its
            lock, the model is another one, or the record cannot be written.
        ApprovalError: A signed protocol is not approved, or the study is not what it approves.

    Side effects: writes the folder `out`, and ``out + ".incomplete"`` until it is complete.
    """
    require_not_starting()
    tell = progress or (lambda _stage, _done, _total: None)
    unfinished = UnfinishedRun(Path(os.path.abspath(out)))  # noqa: PTH100 - links stay unfollowed
    source = read_source(protocol, study)
    trail = StudyTrail(source.study)
    asked = Asked(None if cases is None else tuple(cases), limit)
    if resume and (done := _finished_before(unfinished, source, trail, asked)) is not None:
        return done.model_copy(update={"record": str(out)})
    unfinished.require(resume=resume)
    at = clock.now()
    with trail.failure(source.asked, failed="run.refused", aborted="run.aborted"):
        picked = source.picked(asked)  # before the long hashing
        ready = source.checked(data, trust, at, lambda done, total: tell("lock", done, total))
        ready = replace(ready, inputs=replace(ready.inputs, picked=picked))
        ready.inputs.require_outside(unfinished.out, "record")
    new = Start(record_id=_record_id(ready.inputs, at), started_at=at)
    with unfinished.opened(new, _key(ready), resume=resume) as under_way:
        about = Subject(kind="run", id=under_way.start.record_id)
        # The trail knows of the run before the first image is decoded.
        begun = "run.resumed" if resume and trail.knows_run(about.id) else "run.started"
        trail.tell(begun, about, details=_identity(ready))
        with trail.failure(about, failed="run.failed", aborted="run.aborted"):
            outcomes, work = _run_cases(ready.inputs, under_way, workers, tell)
            finished = _Done(ready, under_way, outcomes, workers, work)
            findings = _write_record(finished, trail.openings(about.id), tell)
            unfinished.finish()
    _complete(trail, unfinished, about, findings)
    return _outcome(str(out), about.id, ready.inputs.protocol, findings, ready.inputs.leakage)


def _outcome(
    record: str, record_id: str, protocol: Protocol, findings: Findings, leakage: Leakage
) -> Outcome:
    document = protocol.document
    return Outcome(
        record=record,
        record_id=record_id,
        protocol=f"{document.number} revision {document.revision}",
        findings=findings,
        leakage=leakage,
    )


def _identity(ready: Ready) -> dict[str, str]:
    """Return what was run on what, for the audit trail."""
    inputs = ready.inputs
    lock = inputs.locked.lock
    identity = {
        "protocol": digest(inputs.opened.content),
        "model": inputs.protocol.model.digest,
        "test_set": lock.test_set_id,
        "revision": str(lock.revision),
        "manifest": lock.manifest_digest,
        "approval": "not approved: exploratory",
    }
    if ready.approval is not None:
        identity |= {"approval": "approved", "document": ready.approval.document_digest}
    if subset := inputs.subset:
        identity |= {"subset": subset.words, "subset_cases": subset.digest}
    return identity


def _complete(
    trail: StudyTrail, unfinished: UnfinishedRun, about: Subject, findings: Findings
) -> None:
    """Tell the trail of a record that is complete, and remove the run's work."""
    index = workspace.read(unfinished.out / RECORD_FILE, "the index of the record")
    details = {"verdict": findings.verdict, "record": digest(index)}
    if report := read_index(unfinished.out).files.get("report.pdf"):
        details["report"] = report
    trail.tell("run.completed", about, details=details)
    unfinished.remove()


def _finished_before(
    unfinished: UnfinishedRun, source: Source, trail: StudyTrail, asked: Asked
) -> Outcome | None:
    """Return what a run came to that was killed when its record was complete already."""
    record_id = unfinished.finished_record_id(source.name_in_record, source.content)
    if record_id is None:
        return None
    content = workspace.read(unfinished.out / "findings.json", "the findings")
    findings = Findings.from_json(content)
    ran = findings.subset.cases if findings.subset else ()
    if ran != tuple(one.case_id for one in source.picked(asked)):
        return None
    leakage = Leakage.from_json(
        workspace.read(unfinished.out / "leakage.json", "the leakage of the test set")
    )
    about = Subject(kind="run", id=record_id)
    _complete(trail, unfinished, about, findings)
    return _outcome(str(unfinished.out), record_id, source.opened.protocol, findings, leakage)


def _record_id(inputs: Inputs, at: datetime) -> str:
    """Return an id that two different runs do not share."""
    identity = {
        "protocol": digest(inputs.opened.content),
        "manifest": inputs.locked.lock.manifest_digest,
        "model": inputs.protocol.model.digest,
        "started_at": at.isoformat(),
        "operator": operator(),
        "drawn": secrets.token_hex(8),
    }
    return "R-" + digest(canonical_json(identity)).removeprefix("sha256:")[:16]


def _key(ready: Ready) -> str:
    """Return the key of the journal: cases done before the approval are none of its run."""
    inputs, approval = ready.inputs, ready.approval
    return journal_key(
        protocol=digest(inputs.opened.content),
        lock=inputs.locked.lock.manifest_digest,
        model=inputs.protocol.model.digest,
        **({"approval": approval.document_digest} if approval else {}),
        **({"subset": inputs.subset.digest} if inputs.subset else {}),
    )


def _run_cases(
    inputs: Inputs, under_way: OpenRun, workers: int, tell: Progress
) -> tuple[tuple[CaseOutcome, ...], CaseWork]:
    work = CaseWork(
        protocol=inputs.protocol,
        root=inputs.root,
        digests=dict(inputs.locked.digests),
        cases=inputs.evaluated,
        model=inputs.model,
        model_path=model_path(inputs.opened),
        output=under_way.folder / PREDICTIONS,
    )
    outcomes = run_cases(
        inputs.evaluated,
        work,
        workers=workers,
        journal=under_way.journal,
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
    further: FurtherTables


def _sorted_out(outcomes: Sequence[CaseOutcome], protocol: Protocol) -> _Measured:
    tables: list[Table] = []
    failed: dict[str, FailedCase] = {}
    findings: list[CaseFinding] = []
    timings: list[CaseTiming] = []
    constant = False
    complete: dict[str, Mapping[str, Any]] = {}
    for one in outcomes:
        outcome = one.outcome or {
            "status": "failed", "stage": "inference", "table": None,
            "what": one.failure.what if one.failure else "no outcome",
        }  # fmt: skip
        complete[one.case_id] = outcome
        table = table_of(outcome, protocol)
        if outcome["status"] == "failed":
            failed[one.case_id] = FailedCase(f"{outcome['stage']}: {outcome['what']}", table)
            findings.append(_case_finding(one.case_id, outcome, table, protocol))
        elif table is not None:
            tables.append(table)
            timings.append(CaseTiming(case_id=one.case_id, **outcome["timing"]))
            constant = constant or outcome["scores_are_constant"]
    return _Measured(
        tuple(tables), failed, tuple(findings), tuple(timings), constant, further_of(complete)
    )


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


@dataclass(frozen=True)
class _Done:
    """A run whose cases are all done."""

    ready: Ready
    under_way: OpenRun
    outcomes: Sequence[CaseOutcome]
    workers: int
    work: CaseWork

    @property
    def inputs(self) -> Inputs:
        """What the run was made of."""
        return self.ready.inputs

    def prediction_names(self) -> frozenset[str]:
        """Return the files of the cases' predictions, by name in the record."""
        stored = [(one.outcome or {}).get("prediction") for one in self.outcomes]
        return frozenset(f"{PREDICTIONS}/{one['file']}" for one in stored if one is not None)


def _write_record(done: _Done, openings: Openings, tell: Progress) -> Findings:
    """Write everything but the cases' predictions, which lie there already."""
    protocol, folder, start = done.inputs.protocol, done.under_way.folder, done.under_way.start
    tell("report", 0, 1)
    done.work.prepare()
    measured = _sorted_out(done.outcomes, protocol)
    evidence = measure(
        measured.tables,
        done.inputs.evaluated,
        protocol,
        failed=measured.failed,
        further=measured.further,
    )
    run_record = _run_record(done, measured)
    findings = assess(
        protocol.criteria,
        (*evidence.metrics, *run_record.timing),
        measured.findings,
        subset=done.inputs.subset,
    )
    if done.ready.approval is not None:
        findings = findings.model_copy(update={"approval": "approved"})
    files = {
        **done.ready.files(),
        "protocol.yaml": done.inputs.opened.content,
        **{f"lock/{name}": content for name, content in done.inputs.locked.files().items()},
        **done.inputs.template_files(),
        "environment.json": environment().to_json(),
        "run.json": run_record.to_json(),
        "findings.json": findings.to_json(),
        "openings.json": openings.to_json(),
        "leakage.json": done.inputs.leakage.to_json(),
        **_evidence(evidence, measured, protocol),
        **overlays_of_cases(done.work, evidence),
    }
    done.under_way.keep_only(files.keys() | done.prediction_names())
    for name, content in files.items():
        workspace.write_again(folder / name, content)
    write_report(folder, start.record_id)
    seal(folder, start.record_id, findings, clock.now())
    tell("report", 1, 1)
    return findings


def _evidence(evidence: Evidence, measured: _Measured, protocol: Protocol) -> dict[str, bytes]:
    """Return the files of the evidence and of the tables it follows from, by name."""
    files = evidence_files(evidence) | table_files(measured.tables, measured.failed, protocol)
    files |= further_files(measured.further, protocol)
    named = {f"evidence/{name}": content for name, content in files.items()}
    if protocol.method.kind == "instance":
        overlaps = [one for one in measured.tables if isinstance(one, OverlapTable)]
        named[f"{PREDICTIONS}/scores.csv"] = encode_scores(overlaps)
    return named


def _notes(done: _Done, measured: _Measured) -> Iterator[str]:
    """Return what a reader has to know about the run."""
    start = done.under_way.start
    if measured.scores_are_constant:
        yield "The model gave no scores: every object has 1.0, and AP ranks them by id."
    if not done.work.segmenter.measures_latency:
        yield "Predictions were read from files: no latency was measured."
    if done.workers > 1:
        yield f"{done.workers} processes shared the machine: latencies are longer than alone."
    if start.resumed:
        yield f"The run was interrupted and taken up again {start.resumed} time(s)."
    if start.redone:
        redone = ", ".join(start.redone)
        yield f"Cases run again as their stored prediction was lost or had changed: {redone}."


def _run_record(done: _Done, measured: _Measured) -> RunRecord:
    model, start = done.inputs.protocol.model, done.under_way.start
    segmenter = done.work.segmenter
    timings = measured.timings if segmenter.measures_latency else ()
    return RunRecord(
        record_id=start.record_id,
        started_at=start.started_at,
        finished_at=clock.now(),
        operator=operator(),
        model_name=model.name,
        model_version=model.version,
        model_adapter=model.adapter,
        model_file=model.location if model.adapter == "predictions" else model.file,
        model_digest=model.digest,
        execution_provider=", ".join(segmenter.providers),
        notes=tuple(_notes(done, measured)),
        workers=done.workers,
        resumed=start.resumed,
        cases_attempted=len(done.inputs.evaluated),
        cases_failed=len(measured.failed),
        case_timings=timings,
        timing=latency_metrics({one.case_id: one.total_ms for one in timings}),
    )
