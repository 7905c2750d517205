"""``segval gate``: a record passes only if it is whole, follows, and every criterion is met."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from validation.cli import main
from validation.judge.findings import Findings
from validation.record import readable_json
from validation.record_folder import read_index, seal

pytestmark = pytest.mark.usefixtures("no_report")


def gate(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["gate", *map(str, arguments)])


@pytest.fixture
def record(finished: Any, tmp_path: Path) -> Path:
    """A record of the tiny study, to be changed."""
    copy = tmp_path / "record"
    shutil.copytree(finished("instance").folder / "record", copy)
    return copy


def test_a_record_that_meets_all_passes(record: Path) -> None:
    before = {one: one.read_bytes() for one in record.rglob("*") if one.is_file()}
    result = gate(record, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["passes"] is True
    assert said["record_id"] == read_index(record).record_id
    assert before == {one: one.read_bytes() for one in record.rglob("*") if one.is_file()}


def test_only_an_approved_run_passes_where_that_is_asked(record: Path) -> None:
    result = gate(record, "--approved")
    assert result.exit_code == 1
    assert "gate     stops" in result.stdout


def test_a_changed_file_does_not_pass(record: Path) -> None:
    with (record / "evidence/metrics.json").open("ab") as file:
        file.write(b" ")
    result = gate(record)
    assert result.exit_code == 3
    assert "evidence/metrics.json" in result.output


def test_findings_that_do_not_follow_do_not_pass(record: Path) -> None:
    """Whoever writes another verdict and seals the record again has to change the evidence, too."""
    path = record / "evidence/metrics.json"
    metrics = json.loads(path.read_bytes())
    findings = json.loads((record / "findings.json").read_bytes())
    first = findings["criteria"][0]
    for one in metrics["metrics"]:
        if one["id"] == first["metric_id"]:
            one["value"] = 0.0
            if one["interval"]:
                one["interval"]["lower"] = 0.0
    path.write_bytes(readable_json(metrics))
    index = read_index(record)
    stated = Findings.model_validate(findings)
    seal(record, index.record_id, stated, index.sealed_at)
    result = gate(record)
    assert result.exit_code == 3
    assert f"do not follow from the figures and criteria of the record: {first['id']}" in (
        result.output
    )


def test_files_are_never_replaced(record: Path, tmp_path: Path) -> None:
    kept = tmp_path / "criteria.xml"
    kept.write_text("kept")
    result = gate(record, "--junit", kept)
    assert result.exit_code == 3
    assert kept.read_text() == "kept"
    result = gate(record, "--markdown", tmp_path / "nowhere/summary.md")
    assert result.exit_code == 3
    assert "does not exist" in result.output


def test_nothing_is_written_into_a_record(record: Path, tmp_path: Path) -> None:
    """A file more would break its seal, and the next gate would stop for it."""
    compared = tmp_path / "compared"
    compared.mkdir()
    (compared / "comparison.json").write_text("{}")
    for place in (record / "criteria.xml", record / "evidence/criteria.xml", compared / "c.xml"):
        result = gate(record, "--junit", place)
        assert result.exit_code == 3
        assert "nothing is added to a record or a comparison" in result.output
        assert not place.exists()
    assert gate(record).exit_code == 0


def test_one_name_for_two_files_is_refused_before_either_is_written(
    record: Path, tmp_path: Path
) -> None:
    one, same = tmp_path / "one.xml", tmp_path / "." / "record" / ".." / "one.xml"
    result = gate(record, "--junit", one, "--markdown", same)
    assert result.exit_code == 3
    assert "one name is given for two files" in result.output
    assert not one.exists()


def test_a_run_writes_what_the_gate_writes(locked: Any, tmp_path: Path) -> None:
    of_run, of_gate, record = tmp_path / "run.xml", tmp_path / "gate.xml", tmp_path / "REC"
    summary = tmp_path / "summary.md"
    arguments = ["run", locked.path, "--out", record, "--junit", of_run, "--markdown", summary]
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    assert gate(record, "--junit", of_gate).exit_code == 0
    assert of_run.read_bytes() == of_gate.read_bytes()
    assert summary.read_text("utf-8").startswith("## ✓ Met")


def test_a_worse_model_stops_the_pipeline_and_junit_names_the_criterion(
    make_study: Any, tmp_path: Path
) -> None:
    study = make_study("instance")
    text = study.path.read_text("utf-8")
    study.path.write_text(text.replace("bound: 0.5", "bound: 0.999"), "utf-8")
    study.lock()
    record, path = tmp_path / "REC", tmp_path / "criteria.xml"
    arguments = ["run", study.path, "--out", record, "--junit", path]
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 1, result.output
    (suite,) = ET.fromstring(path.read_bytes())  # noqa: S314 - made by the code under test
    cases = suite.findall("testcase")
    failed = [one.get("name") for one in cases if one.find("failure") is not None]
    assert failed == ["AC-01 Segmentation quality (mean IoU of pairs), cell, IoU 0.5"]


SCRIPT = Path(__file__).parents[2] / "docs/how-to/pipelines/validate.sh"


def _pipeline(protocol: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    found = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", SCRIPT, protocol, folder],
        capture_output=True, text=True, check=False, timeout=300, env={**os.environ, **found},
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell")
def test_the_script_of_the_workflows_passes_stops_and_refuses(
    make_study: Any, tmp_path: Path
) -> None:
    good = make_study("instance", "good").lock()
    done = _pipeline(good.path, tmp_path / "met")
    assert done.returncode == 0, done.stderr
    assert {"record", "criteria.xml", "summary.md"} <= {
        one.name for one in (tmp_path / "met").iterdir()
    }

    worse = make_study("instance", "worse")
    text = worse.path.read_text("utf-8")
    worse.path.write_text(text.replace("bound: 0.5", "bound: 0.999"), "utf-8")
    worse.lock()
    done = _pipeline(worse.path, tmp_path / "missed")
    assert done.returncode == 1, done.stderr
    assert "<failure" in (tmp_path / "missed/criteria.xml").read_text("utf-8")

    image = next(good.folder.rglob("*.png"))
    image.write_bytes(image.read_bytes() + b" ")
    done = _pipeline(good.path, tmp_path / "changed")
    assert done.returncode == 3, done.stdout
    assert not (tmp_path / "changed/record").exists()
