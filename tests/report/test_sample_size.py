"""Sample sizes of a protocol are printed with what they rest on."""

from typing import Any

from validation.plan.protocol import Protocol
from validation.plan.sample_size.entries import SampleSize
from validation.report.view import plan
from validation.report.view.elements import Numbering, Text
from validation.report.view.sample_size import sample_sizes
from validation.report.view.wording import Words
from validation.study.opening import read_protocol

ENTRY: dict[str, Any] = {
    "criterion": "AC-01",
    "basis": "A pilot of eight donors.",
    "assumptions": {
        "design": "proportion", "expected": 0.95, "bound": 0.9, "direction": "at_least",
        "interval": "wilson", "level": 0.95, "power": 0.8,
        "clustering": {"mean_size": 40, "size_cv": 0.5, "icc": 0.05},
    },
    "observations": 877,
    "units": 22,
}  # fmt: skip


def _with_size(protocol: Protocol) -> Protocol:
    entry = SampleSize.model_validate(ENTRY)
    return protocol.model_copy(
        update={"analysis": protocol.analysis.model_copy(update={"sample_size": (entry,)})}
    )


def test_a_protocol_without_them_has_no_table(study: Any) -> None:
    protocol = read_protocol(study.path).protocol
    assert sample_sizes(protocol.analysis, Numbering()) is None
    assert plan.analysis(protocol, Words("reference_standard"), Numbering()).table is None


def test_assumptions_basis_and_numbers_stand_beside_the_criterion(study: Any) -> None:
    protocol = _with_size(read_protocol(study.path).protocol)
    table = sample_sizes(protocol.analysis, Numbering())
    assert table is not None
    [row] = table.rows
    cells = [cell.lines for cell in row.cells if isinstance(cell, Text)]
    assert cells[0] == ("AC-01",)
    assert cells[1][0] == "Lower limit of a share at least 0.9"
    assert "intraclass correlation: 0.05" in cells[1]
    assert cells[2] == ("A pilot of eight donors.",)
    assert [one.replace("\xa0", " ") for one in cells[3]] == [
        "22 subjects",
        "of 40 observations on average",
        "877 observations by the design effect alone",
    ]
