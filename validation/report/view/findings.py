"""What was found beside the figures: failed cases, notes, deviations."""

from dataclasses import dataclass

from validation.report.contents import RecordContents
from validation.report.formatting import number
from validation.report.view.elements import Column, Heading, Numbering, Table, row, strong, text
from validation.report.view.wording import STAGES


@dataclass(frozen=True)
class FindingsView:
    """Failed cases, notes and deviations."""

    heading: Heading
    failed_heading: Heading
    failed: Table | None
    no_failed: str
    notes_heading: Heading
    notes: tuple[str, ...]
    deviations_heading: Heading
    deviations: tuple[str, ...]


def findings(contents: RecordContents, numbering: Numbering) -> FindingsView:
    """Return what was found beside the figures."""
    failed = contents.findings.failed_cases
    attempted = number(contents.run.cases_attempted)
    return FindingsView(
        heading=numbering.section("Findings and deviations", "findings"),
        failed_heading=numbering.subsection("Failed cases", "failed-cases"),
        failed=numbering.table(
            "Cases for which the model gave no prediction",
            (
                Column("Case", "16%"),
                Column("Stage", "18%"),
                Column("What happened", "38%"),
                Column("Treatment, by the protocol", "28%"),
            ),
            [
                row(strong(one.case_id), text(STAGES[one.stage]), text(one.what),
                    text(one.treatment))
                for one in failed
            ],
        )
        if failed
        else None,
        no_failed=f"None: the model gave a prediction for each of {attempted} cases.",
        notes_heading=numbering.subsection("Notes on the run", "notes"),
        notes=contents.run.notes or ("None recorded.",),
        deviations_heading=numbering.subsection("Deviations from the protocol", "deviations"),
        deviations=("None recorded.",),
    )  # fmt: skip
