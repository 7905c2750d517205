"""The traceability matrix as rows: CSV for programs, a workbook for people with spreadsheets.

Both lie beside the document and inside of it, and hold the same.
"""

from collections.abc import Iterator, Sequence

from validation.evidence.catalogue import definition
from validation.evidence.csv_text import csv_bytes
from validation.evidence.rows import Cell as CsvCell
from validation.judge.findings import CriterionFinding
from validation.plan.protocol import AcceptanceCriterion, Protocol, Requirement, Risk
from validation.report.contents import PlannedContents, RecordContents
from validation.report.view.wording import VERDICTS
from validation.report.workbook import Sheet, SheetCell, workbook_bytes

CSV_NAME = "traceability.csv"
XLSX_NAME = "traceability.xlsx"
COLUMNS = (
    "requirement_id", "requirement", "risk_id", "hazard", "harm", "severity", "criterion_id",
    "metric", "class", "iou", "size", "subgroup", "direction", "bound", "unit", "judged_on",
    "metric_id", "value", "lower", "upper", "observed", "verdict", "record_id",
)  # fmt: skip
"""Columns of the table; those of results are empty before a run."""


def traceability_csv(contents: PlannedContents | RecordContents) -> bytes:
    """Return the matrix as CSV: a row for each requirement, risk and criterion that go together.

    What has no counterpart has a row of its own, with empty cells. Texts stand in full; figures
    as the evidence holds them.
    """
    return csv_bytes(COLUMNS, _rows(contents))


def traceability_xlsx(contents: PlannedContents | RecordContents) -> bytes:
    """Return the same rows as a workbook, and a sheet that says what they are of.

    A verdict has its symbol before the word.
    """
    widths = {"requirement": 50, "hazard": 40, "harm": 24, "metric_id": 34, "record_id": 38}
    columns = [(_label(one), widths.get(one, _WIDTH)) for one in COLUMNS]
    rows = [[_sheet_cell(one, row[one]) for one in COLUMNS] for row in _rows(contents)]
    return workbook_bytes(
        [Sheet("Traceability", columns, rows), _about(contents)],
        title=f"Traceability matrix of {contents.protocol.document.number}",
        creator=f"segval {contents.tool_version}",
    )


_WIDTH = 15
_BY_WORD = {one.word: one for one in VERDICTS.values()}


def _label(column: str) -> str:
    words = column.replace("_", " ").replace("iou", "IoU")
    return words[:1].upper() + words[1:]


def _sheet_cell(column: str, value: CsvCell) -> SheetCell:
    if column != "verdict" or not isinstance(value, str):
        return SheetCell(value)
    verdict = _BY_WORD[value]
    style = "not_evaluable" if verdict.key == "incomplete" else verdict.key
    return SheetCell(f"{verdict.symbol} {verdict.word}", style)


def _about(contents: PlannedContents | RecordContents) -> Sheet:
    """Return the sheet that says what the matrix was made from."""
    protocol = contents.protocol
    record = contents if isinstance(contents, RecordContents) else None
    said = [
        ("Protocol", f"{protocol.document.number}, revision {protocol.document.revision}"),
        ("Title", protocol.document.title),
        ("Device", f"{protocol.device.name}, version {protocol.device.version}"),
        ("Protocol digest", contents.digests["protocol.yaml"]),
        ("Record", record.record_id if record else "no run yet: planned only"),
        ("Verdict of the record", VERDICTS[record.findings.verdict].word if record else "none"),
        *_kept_from_the_record(record),
        *(
            (f"Source of {one.holds}", f"{one.name} ({one.digest})")
            for one in protocol.requirement_sources
        ),
        ("Made by", f"segval {contents.tool_version}"),
    ]
    rows = [[SheetCell(name), SheetCell(value)] for name, value in said]
    return Sheet("About", [("What", 26), ("Value", 90)], rows)


def _kept_from_the_record(record: RecordContents | None) -> Iterator[tuple[str, str]]:
    """Yield why criteria that are met do not make the verdict: the rows alone do not say it."""
    if record is None:
        return
    if record.findings.subset is not None:
        yield "Not for the record", record.findings.subset.words
    if still_open := record.findings.open_deviations:
        yield "Open deviations", ", ".join(still_open)


def _rows(contents: PlannedContents | RecordContents) -> list[dict[str, CsvCell]]:
    record = contents if isinstance(contents, RecordContents) else None
    findings = {one.id: one for one in record.findings.criteria} if record else {}
    return [
        {
            **dict.fromkeys(COLUMNS, None),
            **_of_requirement(requirement),
            **_of_risk(risk),
            **_of_criterion(criterion),
            **(_of_finding(findings.get(criterion.id)) if criterion else {}),
            "record_id": record.record_id if record else None,
        }
        for requirement, risk, criterion in _triples(contents.protocol)
    ]


_Triple = tuple[Requirement | None, Risk | None, AcceptanceCriterion | None]


def _triples(protocol: Protocol) -> Iterator[_Triple]:
    risks = {one.id: one for one in protocol.risks}
    for requirement in protocol.requirements:
        mine: Sequence[AcceptanceCriterion | None] = [
            one for one in protocol.criteria if requirement.id in one.requirements
        ]
        controls: Sequence[Risk | None] = [risks[one] for one in requirement.risks]
        for risk in controls or [None]:
            for criterion in mine or [None]:
                yield requirement, risk, criterion
    controlled = {risk for one in protocol.requirements for risk in one.risks}
    for one in protocol.risks:
        if one.id not in controlled:
            yield None, one, None


def _of_requirement(one: Requirement | None) -> dict[str, CsvCell]:
    return {"requirement_id": one.id, "requirement": one.text} if one else {}


def _of_risk(one: Risk | None) -> dict[str, CsvCell]:
    if one is None:
        return {}
    return {"risk_id": one.id, "hazard": one.hazard, "harm": one.harm, "severity": one.severity}


def _of_criterion(one: AcceptanceCriterion | None) -> dict[str, CsvCell]:
    if one is None:
        return {}
    return {
        "criterion_id": one.id,
        "metric": one.metric,
        "class": one.class_name,
        "iou": one.iou,
        "size": one.size,
        "subgroup": "; ".join(f"{column}={value}" for column, value in one.subgroup.items()),
        "direction": one.direction,
        "bound": one.bound,
        "unit": definition(one.metric).unit,
        "judged_on": one.judged_on,
    }


def _of_finding(one: CriterionFinding | None) -> dict[str, CsvCell]:
    if one is None:
        return {}
    return {
        "metric_id": one.metric_id,
        "value": one.value,
        "lower": one.interval.lower if one.interval else None,
        "upper": one.interval.upper if one.interval else None,
        "observed": one.observed,
        "verdict": VERDICTS[one.verdict].word,
    }
