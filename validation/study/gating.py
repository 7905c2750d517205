"""A record judged again: what lets a pipeline go on, or stops it."""

from pathlib import Path

from validation.errors import RecordError
from validation.judge.acceptance import assess
from validation.judge.findings import Findings
from validation.record_folder import read_index
from validation.report.contents import RecordContents
from validation.study.reporting import sealed_contents


def judged_again(record: Path) -> RecordContents:
    """Return a record whose files are those that were sealed and whose verdict follows from them.

    No case is run again: the criteria of its protocol are held against the figures of its
    evidence. Whether these follow from the predictions is what `segval verify` checks.

    Raises:
        RecordError: The folder is no record, was changed, or states other findings than follow
            from its figures.
    """
    contents = sealed_contents(record, read_index(record).record_id)
    stated = contents.findings
    derived = _derived(contents)
    if derived != stated:
        raise RecordError(
            "the findings do not follow from the figures and criteria of the record: "
            f"{', '.join(_differing(derived, stated))}",
            where=str(record),
            fix="see what `segval verify` finds; the record must not pass a gate",
        )
    return contents


def _derived(contents: RecordContents) -> Findings:
    figures = (*contents.metrics, *contents.run.timing)
    failed = contents.findings.failed_cases
    found = assess(contents.protocol.criteria, figures, failed)
    approval = "approved" if contents.approval is not None else "not_approved_exploratory"
    return found.model_copy(update={"approval": approval})


def _differing(derived: Findings, stated: Findings) -> list[str]:
    said = {one.id: one for one in stated.criteria}
    differing = [one.id for one in derived.criteria if said.get(one.id) != one]
    return differing or ["the verdict, the approval or the order of criteria"]
