"""Rendering the report of a record, from the record alone."""

from pathlib import Path

from validation import workspace
from validation.record_folder import read_contents
from validation.report.report import Report, render_report


def write_report(folder: Path, record_id: str) -> None:
    """Write ``report.html`` and ``report.pdf`` of a record that is being made.

    Raises:
        ToolError: The record cannot be read, or the document cannot be rendered.
    """
    report = rendered(folder, record_id)
    workspace.write_again(folder / "report.html", report.html)
    workspace.write_again(folder / "report.pdf", report.pdf)


def rendered(folder: Path, record_id: str) -> Report:
    """Return the report of a record; the same record gives the same bytes.

    Raises:
        ToolError: The record cannot be read, or the document cannot be rendered.
    """
    return render_report(read_contents(folder, record_id))
