"""A record judged again: what lets a pipeline go on, or stops it."""

from pathlib import Path

from validation.attest.rederive import differing_findings, findings_again
from validation.errors import RecordError
from validation.judge.acceptance import subset_of
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
    figures = (*contents.metrics, *contents.run.timing)
    is_approved = contents.approval is not None
    derived = findings_again(
        contents.protocol,
        figures,
        stated,
        is_approved=is_approved,
        deviations=contents.deviations,
        subset=subset_of(
            (one.case_id for one in contents.lock.cases.evaluated),
            (one["case_id"] for one in contents.case_rows),
        ),
    )
    if differing := differing_findings(derived, stated):
        raise RecordError(
            "the findings do not follow from the figures and criteria of the record: "
            f"{', '.join(differing)}",
            where=str(record),
            fix="see what `segval verify` finds; the record must not pass a gate",
        )
    return contents
