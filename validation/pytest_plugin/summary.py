"""What stands at the end of a session: each record that was judged, and its report."""

from typing import Any

import pytest

from validation.pytest_plugin.studies import Studies
from validation.report.formatting import plural
from validation.report.view.wording import VERDICTS


def summarise(reporter: pytest.TerminalReporter, studies: Studies) -> None:
    """Write a line for each record, and its report; or that no protocol was collected."""
    records = _records(reporter)
    if not records and studies.used:
        return
    reporter.section("segval")
    if not records:
        reporter.line("no protocol was collected: no criterion was held against anything")
    for record, told in records.items():
        verdict = VERDICTS[told["segval_verdict"]]
        approval = "approved"
        if told["segval_approval"] != "approved":
            approval = "not approved: exploratory"
        word = f"{verdict.symbol} {verdict.word}"
        if count := told["segval_deviations"]:
            word += f", with {plural(count, 'deviation')}"
        reporter.line(f"{told['segval_protocol']}: {word} ({approval})")
        reporter.line(f"  record  {record}")
        reporter.line(f"  report  {told['segval_report']}")


def _records(reporter: pytest.TerminalReporter) -> dict[str, dict[str, Any]]:
    """Return what the tests of all processes said of their records."""
    found: dict[str, dict[str, Any]] = {}
    for reports in reporter.stats.values():
        for report in reports:
            told = dict(getattr(report, "user_properties", ()))
            if "segval_record" in told:
                found.setdefault(str(told["segval_record"]), told)
    return found
