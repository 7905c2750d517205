"""How often the locked test set was opened: run k of n, and what became of the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.report.contents import RecordContents
from validation.report.formatting import plural, short_digest
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    TableRow,
    code,
    code_item,
    item,
    row,
    strong,
    text,
)
from validation.testset.openings import Opening

_OUTCOMES = {
    "this_run": "this run",
    "completed": "completed",
    "failed": "failed",
    "aborted": "aborted",
    "unfinished": "no end recorded",
}

WHY_RUNS_COUNT = (
    "A test set that is run on repeatedly, with changes in between, is no longer unseen. Every "
    "run on it is an event of the study's audit trail before its first image is decoded, failed "
    "and aborted runs too. Runs of copies of the study elsewhere are not known to it."
)


@dataclass(frozen=True)
class OpeningsView:
    """The runs on the test set."""

    heading: Heading
    words: tuple[str, ...]
    table: Table | None
    """None where this is the only run."""
    anchor: tuple[Item, ...]


def openings(contents: RecordContents, numbering: Numbering) -> OpeningsView:
    """Return which run this is on its test set, and the list of the others."""
    heading = numbering.subsection("Runs on this test set", "openings")
    known = contents.openings
    if known is None:
        said = "This record does not hold how often its test set was opened."
        return OpeningsView(heading, (said,), None, ())
    return OpeningsView(
        heading,
        (f"This is run {known.number} of {known.count} on this test set. {WHY_RUNS_COUNT}",),
        openings_table(known.openings, numbering) if known.count > 1 else None,
        (
            code_item("Audit trail", known.trail_id),
            item("Last event", f"number {known.head_sequence}, when this record was written"),
            code_item("Digest of that event", known.head_digest),
        ),
    )


def openings_table(runs: Sequence[Opening], numbering: Numbering) -> Table:
    """Return the table of runs on a test set."""
    return numbering.table(
        f"{plural(len(runs), 'run')} on the test set, in the order of beginning",
        (
            Column("Run", "8%", "number"),
            Column("Began", "26%"),
            Column("Record", "24%"),
            Column("Model and protocol", "24%"),
            Column("Outcome", "18%"),
        ),
        _rows(runs),
        notes=("Model and protocol by the first digits of their SHA-256.",),
    )


def _rows(runs: Sequence[Opening]) -> list[TableRow]:
    return [
        row(
            strong(str(number)),
            text(f"{one.started_at[:10]} {one.started_at[11:19]} UTC", f"{one.user} at {one.host}"),
            code(one.record_id, f"lock revision {one.revision}"),
            code(short_digest(one.model_digest), short_digest(one.protocol_digest)),
            text(_OUTCOMES[one.outcome], *_more(one)),
        )
        for number, one in enumerate(runs, start=1)
    ]


def _more(one: Opening) -> list[str]:
    said = [one.verdict.replace("_", " ")] if one.verdict else []
    if one.subset:
        said.append(one.subset)
    if one.resumed:
        said.append(f"resumed {plural(one.resumed, 'time')}")
    return said
