"""Comparing two records: read, held against one another, and what follows from their tables."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import validation
from validation import workspace
from validation.errors import Problem, RecordError, ToolError
from validation.evidence.files import tables_from_files
from validation.evidence.further_tables import further_from_files
from validation.evidence.measure import BeforeIntervals, figures_before_intervals
from validation.evidence.metric_values import MetricValue
from validation.evidence.paired.cases import paired_case_rows
from validation.evidence.paired.changes import Side, changes
from validation.evidence.paired.differences import (
    paired_differences,
    unpaired_difference,
    values_by_id,
)
from validation.evidence.paired.found import found_by_both
from validation.evidence.paired.records import FigureDifference
from validation.evidence.rows import Row
from validation.judge.comparison.comparable import Planned, why_not
from validation.judge.comparison.differing import differing
from validation.judge.comparison.margins import few_units, margin_findings, verdict_of
from validation.judge.comparison.records import ComparedRecord, Comparison
from validation.plan.protocol import Protocol
from validation.record import canonical_json, digest
from validation.record_folder import RECORD_FILE
from validation.report.contents import RecordContents
from validation.study.gating import judged_again

Stage = Literal["records", "figures", "pictures", "document"]
Progress = Callable[[Stage, int, int], None]
"""Called with what is going on, the number done and the number in all."""


@dataclass(frozen=True)
class Compared:
    """What two records came to."""

    comparison: Comparison
    first: RecordContents
    second: RecordContents
    changes: tuple[Row, ...]
    """Rows of ``changes.csv``."""
    case_columns: tuple[str, ...]
    case_rows: tuple[Row, ...]
    """Rows of ``cases.csv``, both records side by side."""


@dataclass(frozen=True)
class _Read:
    """A record as it was read."""

    folder: Path
    contents: RecordContents
    record_digest: str

    @property
    def planned(self) -> Planned:
        """What it was made by."""
        one = self.contents
        subset = one.findings.subset
        words = subset.words if subset else ""
        return Planned(str(self.folder), one.record_id, one.protocol, one.lock, words)

    @property
    def figures(self) -> dict[str, MetricValue]:
        """Its figures by address, timings left out."""
        return {one.id: one for one in self.contents.metrics}

    @property
    def side(self) -> Side:
        """Its rows."""
        return Side(self.contents.case_rows, self.contents.instance_rows)


def compare(first: Path, second: Path, *, progress: Progress | None = None) -> Compared:
    """Return what became of figures, objects and cases from one version of a model to another.

    Args:
        first: Record of the version before.
        second: Record of the new version, whose protocol fixes margins and intervals.
        progress: Told how far each stage is.

    Raises:
        RecordError: A record is damaged, was changed, or its findings or figures do not follow;
            or the two are not of one test set, measured in one way. All reasons at once.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    before, after = _read_both(first, second, tell)
    if reasons := why_not(before.planned, after.planned):
        raise RecordError("these two records cannot be compared", problems=reasons)
    tell("figures", 0, 1)
    left, right = _measured_both(before, after)
    plan = after.contents.protocol
    try:
        found = found_by_both(left, right, plan)
    except ValueError as error:
        raise RecordError(
            f"these two records cannot be compared: {error}", where=f"{first} and {second}"
        ) from error
    differences = (
        *paired_differences(
            left.groups, right.groups, (before.figures, after.figures), plan.analysis
        ),
        *_timings(before.contents, after.contents),
    )
    changed = changes(before.side, after.side, plan)
    columns, rows = paired_case_rows(before.contents.case_rows, after.contents.case_rows)
    margins = margin_findings(plan.comparison, differences)
    sides = _compared_record(before), _compared_record(after)
    of_first, of_second = _addresses(before.contents), _addresses(after.contents)
    both_approved = all(one.approval == "approved" for one in sides)
    comparison = Comparison(
        comparison_id=_comparison_id(before, after),
        verdict=verdict_of(margins, sum(map(_unresolved, sides))),
        approval="approved" if both_approved else "not_approved_exploratory",
        tool_version=validation.__version__,
        first=sides[0],
        second=sides[1],
        test_set_id=after.contents.lock.test_set_id,
        manifest_digest=after.contents.lock.manifest_digest,
        cases=len(after.contents.lock.cases.evaluated),
        subjects=after.contents.lock.subject_count,
        margins=margins,
        remarks=(
            *_remarks(before, after),
            *few_units(margins, plan.analysis.resampling_unit),
        ),
        differing=differing(before.contents.protocol, plan),
        differences=differences,
        first_alone=tuple(one for one in of_first if one not in of_second),
        second_alone=tuple(one for one in of_second if one not in of_first),
        found=found,
        changes=_counts(changed),
    )
    tell("figures", 1, 1)
    return Compared(comparison, before.contents, after.contents, changed, columns, rows)


# --- reading -----------------------------------------------------------------------------


def _read_both(first: Path, second: Path, tell: Progress) -> tuple[_Read, _Read]:
    found: list[_Read] = []
    problems: list[Problem] = []
    for place, folder in enumerate((first, second)):
        tell("records", place, 2)
        try:
            contents = judged_again(folder)
            if (subset := contents.findings.subset) is not None:
                what = f"it is of a subset: {subset.words}"
                problems.append(Problem(str(folder), what, "run the whole test set"))
            index = workspace.read(folder / RECORD_FILE, "the index of the record")
            found.append(_Read(folder, contents, digest(index)))
        except ToolError as error:
            problems.append(Problem(error.where or str(folder), error.what, error.fix))
            problems.extend(error.problems)
    tell("records", 2, 2)
    if problems:
        raise RecordError("these two records cannot be compared", problems=problems)
    before, after = found
    return before, after


def _measured_both(before: _Read, after: _Read) -> tuple[BeforeIntervals, BeforeIntervals]:
    found: list[BeforeIntervals] = []
    problems: list[Problem] = []
    for one in (before, after):
        try:
            found.append(_measured(one))
        except (ToolError, ValueError) as error:
            said = error.what if isinstance(error, ToolError) else str(error)
            fix = "see what `segval verify` finds"
            problems.append(Problem(str(one.folder), said.replace("\n", "; "), fix))
    if problems:
        raise RecordError("these two records cannot be compared", problems=problems)
    left, right = found
    return left, right


def _measured(one: _Read) -> BeforeIntervals:
    """Return the figures of a record as they follow from its tables.

    Raises:
        ToolError: A table is missing or damaged.
        ValueError: The tables contradict one another, or the figures do not follow from them.
    """
    contents = one.contents
    stored = {
        name.removeprefix("evidence/"): content
        for name, content in contents.files.items()
        if name.startswith("evidence/")
    }
    tables, failed = tables_from_files(stored, contents.protocol)
    found = figures_before_intervals(
        tables,
        contents.lock.cases.evaluated,
        contents.protocol,
        failed=failed,
        further=further_from_files(stored, contents.protocol),
    )
    derived, stated = values_by_id(found.groups), {one.id: one.value for one in contents.metrics}
    differing_ids = [
        name
        for name in {**derived, **stated}
        if name not in derived or name not in stated or derived[name] != stated[name]
    ]
    if differing_ids:
        raise ValueError(
            f"figures do not follow from the per-case tables: {', '.join(differing_ids[:5])}"
        )
    return found


# --- parts of the comparison -------------------------------------------------------------


def _timings(first: RecordContents, second: RecordContents) -> Iterator[FigureDifference]:
    before = {one.id: one for one in first.run.timing}
    for one in second.run.timing:
        if one.id in before:
            yield unpaired_difference(before[one.id], one)


def _addresses(contents: RecordContents) -> dict[str, None]:
    return dict.fromkeys(one.id for one in (*contents.metrics, *contents.run.timing))


def _unresolved(one: ComparedRecord) -> int:
    """Return what keeps a verdict from being met, whatever the margins."""
    return one.cases_failed + len(one.open_deviations)


def _compared_record(one: _Read) -> ComparedRecord:
    contents, document = one.contents, one.contents.protocol.document
    model = contents.protocol.model
    return ComparedRecord(
        record_id=contents.record_id,
        record_digest=one.record_digest,
        protocol=f"{document.number} revision {document.revision}",
        protocol_digest=contents.digests["protocol.yaml"],
        device_version=contents.protocol.device.version,
        model_name=model.name,
        model_version=model.version,
        model_digest=model.digest,
        verdict=contents.findings.verdict,
        approval=contents.findings.approval,
        finished_at=contents.run.finished_at,
        cases_failed=len(contents.findings.failed_cases),
        open_deviations=contents.findings.open_deviations,
        lock_revision=contents.lock.revision,
    )


def _comparison_id(before: _Read, after: _Read) -> str:
    identity = {"first": before.record_digest, "second": after.record_digest}
    return "C-" + digest(canonical_json(identity)).removeprefix("sha256:")[:16]


def _counts(rows: Sequence[Mapping[str, object]]) -> dict[str, int]:
    """Return how many rows there are of each kind of change, and of each class of a kind."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[str(row["change"])] += 1
        if row["class"] is not None:
            counted[f"{row['change']}/{row['class']}"] += 1
    return dict(sorted(counted.items()))


# --- remarks -----------------------------------------------------------------------------


def _remarks(before: _Read, after: _Read) -> Iterator[str]:
    first, second = before.contents, after.contents
    plan = second.protocol.comparison
    if plan is None:
        yield "The second protocol fixes no margin: it is exploratory, without a verdict."
    elif second.approval is None:
        yield (
            "The protocol that fixes the margins was not approved: that they were fixed before "
            "the result was known is not shown."
        )
    if plan is not None and _other_margins(first.protocol, second.protocol):
        yield "The first protocol states other margins; those of the second are judged."
    if first.approval is None and second.approval is not None:
        yield "The protocol of the first record was not approved."
    if first.run.finished_at > second.run.finished_at:
        yield "The run of A was finished after that of B: A is taken as the version before."
    yield from _same_version(first, second)
    yield from _failed(first, second)
    yield from _open_deviations(first, second)
    if first.lock.revision != second.lock.revision:
        yield (
            f"The test set was locked again between the two (revisions {first.lock.revision} and "
            f"{second.lock.revision}); its files and cases are the same."
        )
    yield from _other_intervals(first.protocol, second.protocol)
    if first.environment != second.environment:
        yield "The two ran on machines or packages that differ: see environment.json of both."


def _other_margins(first: Protocol, second: Protocol) -> bool:
    stated = [one.comparison.margins for one in (first, second) if one.comparison is not None]
    return len(stated) > 1 and stated[0] != stated[1]


def _same_version(first: RecordContents, second: RecordContents) -> Iterator[str]:
    models = [one.protocol.model.model_dump(exclude={"name", "version"}) for one in (first, second)]
    rules = [one.protocol.analysis.matching for one in (first, second)]
    if models[0] == models[1] and rules[0] == rules[1]:
        yield "Both records are of the same model and settings: differences are those of two runs."
    elif first.protocol.model.version == second.protocol.model.version:
        yield "Both versions bear the same number, and their files or settings differ."


def _failed(first: RecordContents, second: RecordContents) -> Iterator[str]:
    for name, one in (("first", first), ("second", second)):
        if count := len(one.findings.failed_cases):
            said = "1 case" if count == 1 else f"{count} cases"
            yield f"In the {name} record {said} failed: the verdict cannot be met."
        if still_open := one.findings.open_deviations:
            yield (
                f"In the {name} record deviations are open ({', '.join(still_open)}): the verdict "
                "cannot be met."
            )
    failed = [{case.case_id for case in one.findings.failed_cases} for one in (first, second)]
    if failed[0] != failed[1] and second.protocol.analysis.failed_cases == "leave_out":
        yield "The protocol leaves failed cases out: the two have figures of different cases."


def _open_deviations(first: RecordContents, second: RecordContents) -> Iterator[str]:
    for name, one in (("first", first), ("second", second)):
        if still_open := one.findings.open_deviations:
            yield (
                f"The {name} record has deviations from its protocol that nobody has assessed "
                f"yet: {', '.join(still_open)}."
            )


def _other_intervals(first: Protocol, second: Protocol) -> Iterator[str]:
    names = ("confidence_level", "interval_method", "replicates", "seed")
    differ = [one for one in names if getattr(first.analysis, one) != getattr(second.analysis, one)]
    if differ:
        named = ", ".join(differ)
        yield f"The protocols differ in {named}: differences are resampled by the second."
