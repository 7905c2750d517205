"""Recording deviations: before anybody signs the report, told to the audit trail, sealed again.

The trail is told before the act, and number and digest of that event stand in the entry. Then
every file that says otherwise now is written anew: first ``deviations.json``, last ``SHA256SUMS``.
An interruption before the first leaves the record as it was; after it, the entry counts, and the
next call writes the rest, which follows from the record and the entry (ADR 0028).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from validation import clock, workspace
from validation.attest.audit_trail import Event, Subject
from validation.attest.deviation_events import BEGUN, END_OF, newest_state, open_recording
from validation.attest.study_check import open_acts
from validation.attest.trail_check import ENDS as SIGNED_ENDS
from validation.errors import AuditError, Problem, RecordError
from validation.judge.acceptance import with_deviations
from validation.judge.deviations import (
    DEVIATIONS,
    DeviationClosed,
    DeviationRecorded,
    Deviations,
    DeviationStated,
    DispositionStated,
    Entry,
    EventName,
    Statement,
    deviation_id,
    statement_digest,
)
from validation.judge.findings import Findings
from validation.record import digest
from validation.record_folder import (
    RECORD_FILE,
    REPORTS,
    SIGNED,
    SUMS_FILE,
    RecordIndex,
    read_contents,
    read_index,
    seal_of,
    sums,
)
from validation.report.contents import RecordContents
from validation.report.report import render_report
from validation.study.auditing import StudyTrail
from validation.study.deviation_statements import checked_statement, not_open, unknown_ids
from validation.study.operator import operator
from validation.study.reporting import files_of, sealed_contents
from validation.study.signing_lock import signing_alone
from validation.study.study_folder import study_of
from validation.study.unfinished_signatures import note_lost
from validation.testset.lock import compare

FINDINGS = "findings.json"
_FINISH = "the same command again finishes it, and so does `segval deviation resume`"


class Recorded(NamedTuple):
    """What recording came to."""

    entry: Entry
    findings: Findings
    """With the verdict that now follows."""
    finished: str = ""
    """Id of another entry whose recording was interrupted, and finished by this call."""


@dataclass(frozen=True)
class _Act:
    """A record that this process, and no other, is working on."""

    folder: Path
    index: RecordIndex
    trail: StudyTrail

    @property
    def about(self) -> Subject:
        """What the trail is told of."""
        return Subject(kind="record", id=self.index.record_id)


def add_deviation(
    record: Path,
    *,
    what: str,
    reason: str,
    impact: str,
    criterion: str | None = None,
    case: str | None = None,
    by: str | None = None,
    study: Path | None = None,
) -> Recorded:
    """Record a departure from the protocol in a record that nobody has signed yet.

    Args:
        record: Folder of the record.
        what: What was done otherwise than the protocol says.
        reason: Why.
        impact: What it means for the results.
        criterion: Id of the acceptance criterion that it concerns.
        case: Id of the case that it concerns.
        by: Name or user id of whoever states it; None: the account at the machine.
        study: Folder of the study, where the record does not lie in it.

    Raises:
        RecordError: A text is missing or cannot be printed, criterion or case are unknown, the
            report is signed, or the record was changed or cannot be written.
        AuditError: The trail does not know the record, was altered, or cannot be written.
    """

    def stated(contents: RecordContents) -> Statement:
        number = 1 + (len(contents.deviations.all) if contents.deviations else 0)
        user = operator()
        values = {
            "id": deviation_id(number), "by": user if by is None else by, "user": user,
            "what": what, "reason": reason, "impact": impact, "criterion": criterion, "case": case,
        }  # fmt: skip
        problems = unknown_ids(contents, criterion, case)
        return checked_statement(DeviationStated, values, problems, record)

    return _entered(record, study, stated)


def close_deviation(
    record: Path, which: str, *, disposition: str, by: str | None = None, study: Path | None = None
) -> Recorded:
    """Close a deviation: an entry of its own, which says how it was assessed and resolved.

    Args:
        record: Folder of the record.
        which: Id of the deviation, e.g. ``DEV-01``.
        disposition: How it was assessed and resolved.
        by: Name or user id of whoever states it; None: the account at the machine.
        study: Folder of the study, where the record does not lie in it.

    Raises:
        RecordError: There is no such deviation, it is closed, or as `add_deviation`.
        AuditError: As `add_deviation`.
    """

    def stated(contents: RecordContents) -> Statement:
        user = operator()
        values = {
            "id": which, "by": user if by is None else by, "user": user, "disposition": disposition,
        }  # fmt: skip
        problems = list(not_open(contents, which))
        if problems:
            values["id"] = deviation_id(1)
        return checked_statement(DispositionStated, values, problems, record)

    return _entered(record, study, stated)


def finish_deviation(record: Path, *, study: Path | None = None) -> str:
    """Finish the recording of a deviation that was interrupted; return its id, empty: none was.

    Raises:
        RecordError: The record was changed otherwise, or cannot be written.
        AuditError: The trail was altered, or cannot be written.
    """
    with _alone(record, study) as act:
        finished = _finished(act)
    return finished.id if finished else ""


def deviations_of(record: Path) -> Deviations | None:
    """Return the deviations of a record as it was sealed; None where none is recorded.

    Raises:
        RecordError: It is no record, was changed, or the recording of one was interrupted.
    """
    index = read_index(record)
    path = record / DEVIATIONS
    content = workspace.read(path, "the deviations") if path.is_file() else None
    if (digest(content) if content is not None else None) != index.files.get(DEVIATIONS):
        raise RecordError(
            "the deviations are not those that were sealed: the recording of one was interrupted, "
            "or the file was changed",
            where=str(path),
            fix=f"where it was interrupted, {_FINISH}; `segval verify {record}` says more",
        )
    return None if content is None else _parsed(content, path)


# --- the act ------------------------------------------------------------------------------


@contextmanager
def _alone(record: Path, study: Path | None) -> Iterator[_Act]:
    """Hold the study against signatures and other deviations, and read what the record is.

    Raises:
        RecordError: It is no record, or its report is signed.
        AuditError: Its study is not known, or the trail was altered.
    """
    read_index(record)
    place = study_of(record / RECORD_FILE, study)
    with signing_alone(place):
        act = _Act(record, read_index(record), StudyTrail(place))
        events = act.trail.sound("bring back the true file: nothing is added on an altered trail")
        own = [one for one in events.events if one.about.id == act.index.record_id]
        _require_not_signed(act, own)
        yield act


def _entered(
    record: Path, study: Path | None, stated: Callable[[RecordContents], Statement]
) -> Recorded:
    with _alone(record, study) as found:
        finished = _finished(found)
        act = replace(found, index=read_index(record))
        _require_known(act)
        contents = sealed_contents(act.folder, act.index.record_id)
        if finished is not None and _says_the_same(finished, stated, contents):
            return Recorded(finished, contents.findings)
        entry, findings = _added(act, stated(contents), contents)
    return Recorded(entry, findings, finished.id if finished else "")


def _says_the_same(
    finished: Entry, stated: Callable[[RecordContents], Statement], contents: RecordContents
) -> bool:
    """Tell whether what is asked is what an interrupted call asked, and this one has finished."""
    assert contents.deviations is not None  # noqa: S101 - it holds what was finished
    before = replace(contents, deviations=contents.deviations.before_last)
    try:
        asked = stated(before)
    except RecordError:
        return False
    return statement_digest(asked) == statement_digest(finished)


def _added(act: _Act, statement: Statement, contents: RecordContents) -> tuple[Entry, Findings]:
    begun = act.trail.tell(
        BEGUN,
        act.about,
        details={
            "deviation": statement.id,
            "act": statement.act,
            "by": statement.by,
            "statement": statement_digest(statement),
        },
        reason=statement.reason if isinstance(statement, DeviationStated) else "",
    )
    entry = _entry(statement, begun)
    with ExitStack() as stack:
        with act.trail.failure(act.about, failed="deviation.failed", aborted="deviation.aborted"):
            earlier = contents.deviations.entries if contents.deviations else ()
            files, findings = _files(contents, Deviations(entries=(*earlier, entry)))
            give_names = stack.enter_context(workspace.staged_files(act.folder, files))
        # From here on the entry counts, and an interruption is mended by finishing it.
        with _explained(act.folder):
            give_names()
            _tell_end(act, entry, begun, files)
    return entry, findings


def _entry(statement: Statement, begun: Event) -> Entry:
    told = {
        "at": f"{begun.at[:19]}Z",
        "zone": begun.zone,
        "event": EventName(trail_id=begun.trail_id, sequence=begun.sequence, digest=begun.digest),
    }
    values = {**statement.model_dump(), **told}
    if isinstance(statement, DeviationStated):
        return DeviationRecorded(**values)
    return DeviationClosed(**values)


def _files(contents: RecordContents, deviations: Deviations) -> tuple[dict[str, bytes], Findings]:
    """Return every file that becomes another one, in the order of writing, and the findings."""
    findings = with_deviations(contents.findings, deviations)
    changed = {DEVIATIONS: deviations.to_json(), FINDINGS: findings.to_json()}
    digests = {**contents.digests, **{name: digest(one) for name, one in changed.items()}}
    then = replace(
        contents,
        findings=findings,
        deviations=deviations,
        files=dict(sorted({**contents.files, **changed}.items())),
        digests=dict(sorted(digests.items())),
    )
    reports = files_of(render_report(then))
    sealed = {**digests, **{name: digest(one) for name, one in reports.items()}}
    seal = seal_of(contents.record_id, findings, sealed, clock.now())
    return {**changed, **reports, **seal}, findings


def _tell_end(act: _Act, entry: Entry, begun: Event, files: Mapping[str, bytes]) -> None:
    """Tell the trail what the record is now: what may be signed, and what may be added to."""
    findings = Findings.from_json(files[FINDINGS])
    details = {
        "deviation": entry.id,
        "intent": str(begun.sequence),
        "verdict": findings.verdict,
        "record": digest(files[RECORD_FILE]),
        "report": digest(files["report.pdf"]),
    }
    act.trail.tell(END_OF[entry.act], act.about, details=details)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except (RecordError, AuditError) as error:
        raise RecordError(
            "the deviation is recorded, and not everything that follows from it could be written",
            where=str(folder),
            fix=f"mend what is said below; then {_FINISH}",
            problems=[Problem(error.where, error.what)],
        ) from error


# --- after an interruption ------------------------------------------------------------------


def _finished(act: _Act) -> Entry | None:
    """Finish what was interrupted; return the entry that was, None where nothing was written."""
    events = act.trail.sound("bring back the true file").events
    workspace.remove_temporaries(act.folder)
    begun = open_recording(events, act.index.record_id)
    if begun is None:
        return None
    path = act.folder / DEVIATIONS
    there = _parsed(workspace.read(path, "the deviations"), path) if path.is_file() else None
    if there is None or there.entries[-1].event.digest != begun.digest:
        about_it = {"intent": str(begun.sequence)}
        reason = "it was interrupted before anything was written"
        act.trail.tell("deviation.aborted", act.about, details=about_it, reason=reason)
        return None
    entry = there.entries[-1]
    with workspace.staged_files(act.folder, files := _rest(act, there)) as give_names:
        give_names()
    _tell_end(act, entry, begun, files)
    return entry


def _rest(act: _Act, there: Deviations) -> dict[str, bytes]:
    """Return every file as it has to be after an entry that is written.

    Raises:
        RecordError: The record was changed otherwise than an interruption leaves it.
    """
    contents = read_contents(act.folder, act.index.record_id)
    _require_else_sealed(act, contents)
    if act.index.files.get(DEVIATIONS) != digest(there.to_json()):
        return _files(contents, there)[0]
    # The index is written already: the files before it are those that it names.
    index = workspace.read(act.folder / RECORD_FILE, "the index of the record")
    names = (DEVIATIONS, FINDINGS, *(one for one in REPORTS if one in act.index.files))
    files = {name: workspace.read(act.folder / name, "a file of the record") for name in names}
    if any(digest(content) != act.index.files[name] for name, content in files.items()):
        raise _changed_otherwise(act)
    return {**files, RECORD_FILE: index, SUMS_FILE: sums(act.index.files, index)}


def _require_else_sealed(act: _Act, contents: RecordContents) -> None:
    """Refuse a record in which more was changed than the recording of a deviation changes."""
    found, stated = dict(contents.digests), dict(act.index.files)
    if stated.get(DEVIATIONS) != found[DEVIATIONS]:
        assert contents.deviations is not None  # noqa: S101 - it is among the digests
        before = contents.deviations.before_last
        findings_before = digest(with_deviations(contents.findings, before).to_json())
        if stated.get(FINDINGS) in {found[FINDINGS], findings_before}:
            found[FINDINGS] = stated[FINDINGS]
        del found[DEVIATIONS]
        if before is not None:
            found[DEVIATIONS] = digest(before.to_json())
    differences = compare({name: one for name, one in stated.items() if name not in REPORTS}, found)
    if differences.any:
        raise _changed_otherwise(act, differences.problems())


def _changed_otherwise(act: _Act, problems: Iterable[Problem] = ()) -> RecordError:
    return RecordError(
        "the recording of a deviation was interrupted, and the record was changed otherwise",
        where=str(act.folder),
        fix=f"bring back the record as it was; see `segval verify {act.folder}`",
        problems=problems,
    )


# --- what is refused ------------------------------------------------------------------------


def _require_not_signed(act: _Act, own: Sequence[Event]) -> None:
    """Refuse a record whose report is signed; note attempts to sign of which nothing came.

    The caller holds the signing of the study: an attempt whose end is not known is of a process
    that is gone.
    """
    signed = [one for one in own if one.action in SIGNED_ENDS]
    there = [one for one in workspace.files_below(act.folder / SIGNED) if ".new-" not in one]
    if signed or there:
        by = f", by {signed[0].actor.user}" if signed else ""
        raise RecordError(
            f"the report of this record is signed{by}: nothing is added to what was signed",
            where=str(act.folder),
            fix="record the deviation in the quality system, with the id of the record; where it "
            "touches the verdict, run the protocol again",
        )
    for one in open_acts(own):
        if one.action == "sign.intent":
            note_lost(one.about, act.trail)


def _require_known(act: _Act) -> None:
    """Refuse a record that is not, byte for byte, the one that the trail knows.

    Raises:
        AuditError: Says why.
    """
    known = newest_state(
        act.trail.sound("bring back the true file").events, act.index.record_id, "record"
    )
    if known is None:
        raise AuditError(
            f"the audit trail does not know record {act.index.record_id}",
            where=str(act.folder),
            fix="give the study that it belongs to by --study; where the run was interrupted at "
            "its end, `segval run --resume` tells the trail",
        )
    if known != digest(workspace.read(act.folder / RECORD_FILE, "the index of the record")):
        raise AuditError(
            f"this is not the state of record {act.index.record_id} that the audit trail knows "
            "as the newest",
            where=str(act.folder),
            fix="take the newest copy of the record",
        )


def _parsed(content: bytes, path: Path) -> Deviations:
    try:
        return Deviations.from_json(content)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise RecordError(f"the deviations are damaged: {said}", where=str(path)) from error
