"""The command line: exit statuses, and results alone on stdout."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from validation.cli import main

VERBS = ("init", "check", "lock", "run", "report", "verify", "metrics", "schema")
HEAVY = ("weasyprint", "onnxruntime", "cv2", "scipy", "skimage", "numpy", "pikepdf", "PIL")


def _segval(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def _fails_cleanly(result: Result, exit_code: int) -> None:
    assert result.exit_code == exit_code, result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    result = _segval(verb, "--help")
    assert result.exit_code == 0
    assert re.search(rf"Example:\n +segval {verb}", result.output)


def test_the_help_tells_every_verb_and_the_exit_statuses() -> None:
    result = _segval("--help")
    assert result.exit_code == 0
    assert "3 could not be done" in result.output
    assert all(re.search(rf"^  {verb} ", result.output, re.MULTILINE) for verb in VERBS)


def test_the_module_is_the_command() -> None:
    for arguments in (["--version"], ["metrics", "--help"]):
        done = subprocess.run(
            [sys.executable, "-m", "validation", *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "segval" in done.stdout


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    code = "import sys, validation.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["run"],
        ["run", "nowhere.yaml", "--out", "x"],
        ["check", "nowhere.yaml"],
        ["verify", "nowhere"],
        ["metrics", "--method", "volumetric"],
        ["report", "nowhere"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    result = _segval(*arguments)
    assert result.exit_code == (2 if arguments else result.exit_code)
    assert "Usage" in result.output


# check


def test_check_is_0_without_errors(locked: Any) -> None:
    result = _segval("check", locked.path)
    assert result.exit_code == 0
    assert "0 error(s)" in result.stdout
    warnings = [line for line in result.stdout.splitlines() if line.startswith("warning: ")]
    assert warnings
    expected = ("not provided: ", "(Metrics Reloaded)", "3 subjects", "fewer than 10 subjects")
    assert all(any(part in line for part in expected) for line in warnings)


def test_check_warns_of_a_set_that_is_not_locked(study: Any) -> None:
    result = _segval("check", study.path, "--json")
    assert result.exit_code == 0
    told = [one["what"] for one in json.loads(result.stdout)["warnings"]]
    assert "the test set is not locked yet" in told


def test_check_names_the_rule_of_each_problem_in_a_stable_form(locked: Any) -> None:
    answer = {"rule": "subgroup.few-units", "about": "site", "reason": "Two\nlines."}
    locked.change("accepted_warnings", [answer]).change("criteria.0.bound", 85)
    result = _segval("check", locked.path, "--json")
    assert result.exit_code == 3
    told = json.loads(result.stdout)
    assert list(told) == ["protocol", "errors", "warnings", "answered"]
    fields = ["rule", "about", "line", "where", "what", "fix"]
    assert all(list(one) == fields for one in (*told["errors"], *told["warnings"]))
    [error], [answered] = told["errors"], told["answered"]
    assert (error["rule"], error["about"]) == ("criterion.out-of-range", "AC-01")
    assert locked.path.read_text().splitlines()[error["line"] - 1].strip() == "bound: 85"
    assert list(answered) == [*fields, "reason"]
    assert answered["reason"] == "Two\nlines."
    text = _segval("check", locked.path).stdout
    assert "  why:   Two lines.\n  rule:  subgroup.few-units, about site" in text
    assert text.rstrip().endswith("1 answered")


def test_check_is_1_with_strict_where_a_warning_is_open(locked: Any) -> None:
    assert _segval("check", locked.path).exit_code == 0
    assert _segval("check", locked.path, "--strict").exit_code == 1
    told = json.loads(_segval("check", locked.path, "--json").stdout)["warnings"]
    rules = sorted({one["rule"] for one in told})
    answers = [{"rule": rule, "reason": "A test of the tool."} for rule in rules]
    locked.change("accepted_warnings", answers)
    result = _segval("check", locked.path, "--strict")
    assert result.exit_code == 0, result.stdout
    locked.change("criteria.0.bound", 85)
    assert _segval("check", locked.path, "--strict").exit_code == 3


def test_check_tells_a_plan_that_cannot_be_met_with_every_other_problem(study: Any) -> None:
    """Errors of the protocol, its test set and its form of case table, all at once."""
    study.change("criteria.0.subgroup", {"site": "C"}).change("test_set.root", "/data")
    study.rows[0]["subject_id"] = ""
    study.write()
    result = _segval("check", study.path, "--json")
    _fails_cleanly(result, 3)
    rules = [one["rule"] for one in json.loads(result.stdout)["errors"]]
    assert sorted(rules) == [
        "case-table.refused", "criterion.unknown-subgroup-value", "path.not-relative",
    ]  # fmt: skip


def test_a_plan_that_can_never_be_evaluated_is_not_run(study: Any) -> None:
    for row in study.rows:
        row["subject_id"] = "S1"
    study.write()
    result = _segval("lock", study.path)
    _fails_cleanly(result, 3)
    assert "there is no interval to judge" in result.stderr


def test_check_tells_errors_of_protocol_and_case_table_at_once(study: Any) -> None:
    study.change("criteria.0.metric", "nonsense")
    (study.folder / "cases.csv").write_text("case_id,image\n")
    result = _segval("check", study.path, "--json")
    _fails_cleanly(result, 3)
    whats = [one["what"] for one in json.loads(result.stdout)["errors"]]
    assert "no metric has the id nonsense" in whats
    assert "the column reference is missing" in whats


@pytest.mark.parametrize("content", [b"", b"a: [", b"\xff\xfe", b"x: 1\n", b"- 1\n"])
def test_check_of_what_is_no_protocol_is_3(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(content)
    result = _segval("check", path)
    _fails_cleanly(result, 3)
    assert "p.yaml" in result.stdout


def test_check_of_a_lock_of_another_set_is_3(locked: Any) -> None:
    locked.change("test_set.id", "OTHER")
    result = _segval("check", locked.path)
    _fails_cleanly(result, 3)
    assert "changed since the set was locked" in result.stdout


# lock


def test_lock_is_0_and_then_3(study: Any) -> None:
    result = _segval("lock", study.path, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["case_count"] == 6
    again = _segval("lock", study.path)
    _fails_cleanly(again, 3)
    assert again.stdout == ""
    assert "locked already" in again.stderr


# run


@pytest.mark.usefixtures("no_report")
def test_run_is_0_when_everything_is_met(locked: Any) -> None:
    result = _segval("run", locked.path, "--out", locked.folder / "r")
    assert result.exit_code == 0, result.output
    assert "verdict" in result.stdout
    assert "met" in result.stdout


@pytest.mark.usefixtures("no_report")
def test_run_is_1_when_something_is_not_met(locked: Any) -> None:
    locked.change("criteria.0.bound", 0.9999)
    result = _segval("run", locked.path, "--out", locked.folder / "r", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["findings"]["verdict"] == "not_met"


@pytest.mark.usefixtures("no_report")
def test_run_is_1_when_a_case_failed(locked: Any) -> None:
    locked.parameters = {"fail_on": 6}
    locked.write()
    result = _segval("run", locked.path, "--out", locked.folder / "r")
    assert result.exit_code == 1
    assert "case C6 failed (inference)" in result.stdout


@pytest.mark.usefixtures("no_report")
def test_run_is_3_when_it_cannot_be_done(locked: Any) -> None:
    (locked.root / "images/C1.png").unlink()
    result = _segval("run", locked.path, "--out", locked.folder / "r", "--json")
    _fails_cleanly(result, 3)
    assert result.stdout == ""
    assert "images/C1.png" in result.stderr


@pytest.mark.usefixtures("no_report")
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(5, "Input/output error", "disk"), "Input/output error"),
        (MemoryError(), "the memory is not enough"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_what_the_system_objects_to_is_3_without_a_traceback(
    locked: Any, monkeypatch: pytest.MonkeyPatch, error: BaseException, said: str
) -> None:
    from validation.study import running

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(running, "measure", fail)
    result = _segval("run", locked.path, "--out", locked.folder / "r")
    _fails_cleanly(result, 3)
    assert said in result.stderr


@pytest.mark.usefixtures("no_report")
def test_a_fault_of_the_tool_is_3_and_never_1(locked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from validation.study import running

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(running, "measure", fail)
    result = _segval("run", locked.path, "--out", locked.folder / "r")
    assert result.exit_code == 3
    assert "fault of segval" in result.stderr


# verify and report


def test_verify_is_0_1_or_3(record: Path) -> None:
    assert _segval("verify", record).exit_code == 0
    (record / "more").write_text("x")
    result = _segval("verify", record, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["outcome"] == "did_not_hold"
    (record / "record.json").write_text("{")
    result = _segval("verify", record)
    assert result.exit_code == 3
    assert "could not be checked" in result.stdout


def test_verify_of_no_artefact_is_3(tmp_path: Path) -> None:
    _fails_cleanly(_segval("verify", tmp_path), 3)


def test_the_report_is_rendered_again_with_the_same_bytes(record: Path, tmp_path: Path) -> None:
    result = _segval("report", record, "--out", tmp_path / "again", "--json")
    assert result.exit_code == 0, result.output
    for name in ("report.html", "report.pdf"):
        assert (tmp_path / "again" / name).read_bytes() == (record / name).read_bytes()
    assert json.loads(result.stdout)["same_as_in_record"] == {
        "report.html": True,
        "report.pdf": True,
    }
    _fails_cleanly(_segval("report", record, "--out", tmp_path / "again"), 3)


def test_a_report_is_never_written_into_its_record(record: Path) -> None:
    before = sorted(record.rglob("*"))
    for out in (record, record / "more"):
        _fails_cleanly(_segval("report", record, "--out", out), 3)
    assert sorted(record.rglob("*")) == before


@pytest.mark.parametrize("name", ["findings.json", "overlays/overlays.json", "evidence/cases.csv"])
def test_a_report_of_a_damaged_record_is_3(record: Path, name: str) -> None:
    (record / name).write_bytes(b'{"')
    result = _segval("report", record)
    _fails_cleanly(result, 3)
    assert name in result.stderr
    (record / name).unlink()
    result = _segval("report", record)
    _fails_cleanly(result, 3)
    assert f"{name} is missing" in result.stderr


# metrics and schema


def test_metrics_are_listed_for_people_and_machines() -> None:
    result = _segval("metrics", "--json")
    everything = json.loads(result.stdout)["metrics"]
    for method in ("semantic", "instance", "timing"):
        some = json.loads(_segval("metrics", "--method", method, "--json").stdout)["metrics"]
        assert 0 < len(some) < len(everything)
        said = _segval("metrics", "--method", method).stdout
        assert all(f"{one['id']}: " in said for one in some)


def test_the_schema_is_json() -> None:
    assert json.loads(_segval("schema").stdout)["title"] == "Protocol"


@pytest.mark.skipif(os.name != "posix", reason="pipes are closed so on POSIX")
def test_a_closed_pipe_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "validation", "metrics"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
