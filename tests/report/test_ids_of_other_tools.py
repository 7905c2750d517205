"""Ids of requirements and risks as other tools give them, in every place that prints them."""

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from validation import verify
from validation.cli import main

IDS = [
    "SYS/REQ-1",
    "_4f1a-b2",
    "=1+1",
    "@cmd",
    "<b>&\"'",
    "{{ 7*7 }}",
    "../../etc/passwd",
    "]]>",
    "REQ 1 (a)",
    "\u05d3\u05e8\u05d9\u05e9\u05d4-1",
    "\u8981\u6c42-1",
    "R" * 100,
    "|a|`b`[c](d)",
]


@pytest.fixture(scope="module")
def study(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A study whose requirements and risks have such ids, run to its report."""
    made = tiny.Study(tmp_path_factory.mktemp("ids"), "instance")
    risks = [f"{one[:98]}/R" for one in IDS]
    made.change(
        "requirements",
        [{"id": one, "text": "x", "risks": [risk]} for one, risk in zip(IDS, risks, strict=True)],
    )
    one = {"hazard": "a", "harm": "b", "severity": "minor"}
    made.change("risks", [{"id": risk, **one} for risk in risks])
    made.change("criteria.0.requirements", IDS)
    made.lock().run()
    return made


def segval(*arguments: object) -> Any:
    done = CliRunner().invoke(main, [str(one) for one in arguments])
    assert done.exit_code in {0, 1}, done.output
    return done


def test_the_check_finds_nothing_wrong(study: Any) -> None:
    assert "0 error(s)" in segval("check", study.path).output


def test_the_record_and_its_pages_hold(study: Any) -> None:
    found = verify(study.folder / "record")
    assert found.outcome == "held", [one for one in found.checks if one.outcome != "held"]


def test_findings_have_them_as_they_are(study: Any) -> None:
    findings = json.loads((study.folder / "record/findings.json").read_text("utf-8"))
    assert findings["criteria"][0]["requirement_ids"] == IDS


def test_pages_and_tables_are_safe(study: Any, tmp_path: Path, broken_rules: Any) -> None:
    assert broken_rules((study.folder / "record/report.pdf").read_bytes()) == []
    html = (study.folder / "record/report.html").read_text("utf-8")
    assert "<b>&\"'" not in html
    assert "&lt;b&gt;&amp;" in html
    out = tmp_path / "trace.pdf"
    segval("document", "traceability", study.folder / "record", "--out", out)
    assert verify(out).outcome == "held"
    book = openpyxl.load_workbook(io.BytesIO(out.with_suffix(".xlsx").read_bytes()))
    cells = [row[0] for row in book["Traceability"].iter_rows(min_row=2)]
    assert [one.value for one in cells] == IDS
    assert {one.data_type for one in cells} == {"s"}
    lines = out.with_suffix(".csv").read_text("utf-8").splitlines()
    assert lines[3].startswith("'=1+1,")


def test_what_a_pipeline_shows_is_safe(study: Any, tmp_path: Path) -> None:
    junit, markdown = tmp_path / "j.xml", tmp_path / "s.md"
    segval("gate", study.folder / "record", "--junit", junit, "--markdown", markdown)
    said = ET.tostring(ET.fromstring(junit.read_text("utf-8")), encoding="unicode")  # noqa: S314 - ours
    assert "SYS/REQ-1" in said
    assert "<b>" not in markdown.read_text("utf-8")


def test_no_file_is_named_after_them(study: Any) -> None:
    names = {path.name for path in study.folder.rglob("*")}
    assert not {name for name in names for one in IDS if one in name}
