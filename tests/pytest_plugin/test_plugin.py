"""``pytest --segval``: the real plugin in a pytest of its own, found by its real entry point."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.study.quick_deviations import quick_report
from validation.attest.rederive import findings_again
from validation.record import readable_json
from validation.record_folder import read_contents, read_index, seal
from validation.study import deviations

CHECKOUT = Path(__file__).parents[2]
FIRST = "AC-01[segmentation_quality/class=cell/iou=0.5]"
CASES = "every case was measured"

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a project with tests.

    Not of the fixture `pytester`: it forgets the modules that are imported while it is used, and
    NumPy or SciPy imported a second time bring the process down. Its results serve as they are.
    """
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers -p no:hypothesis\n")
    return tmp_path


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch, plugin_site: Path) -> Run:
    """Run pytest in a process of its own, with the entry point that pyproject.toml declares."""
    monkeypatch.setenv("PYTHONPATH", f"{plugin_site}{os.pathsep}{CHECKOUT}")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    # Lists of tests are cut to the width of the terminal, unless pytest runs in a pipeline.
    monkeypatch.setenv("CI", "true")

    def runs(*arguments: object) -> pytest.RunResult:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *map(str, arguments)],
            cwd=project, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        print(done.stdout, done.stderr, sep="\n")  # noqa: T201 - shown where a test fails
        return pytest.RunResult(
            done.returncode, done.stdout.splitlines(), done.stderr.splitlines(), 0.0
        )

    return runs


@pytest.fixture
def place(project: Path, tiny: ModuleType) -> Callable[..., Any]:
    """Draw a tiny study in the folder of the tests' project."""

    def placed(name: str = "protocols/a", kind: str = "instance") -> Any:
        folder = project / name
        folder.mkdir(parents=True)
        return tiny.Study(folder, kind)

    return placed


@pytest.fixture
def judged(project: Path, finished: Callable[[str], Any]) -> Callable[..., Path]:
    """Copy a finished study into the tests' project; its record lies in ``a/record``."""

    def copied(kind: str = "instance") -> Path:
        shutil.copytree(finished(kind).folder, project / "a")
        return project / "a" / "record"

    return copied


def reseal(record: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the figures of a record as if they had been measured so, and judge and seal again."""
    path = record / "evidence/metrics.json"
    metrics = json.loads(path.read_bytes())
    for one in metrics["metrics"]:
        change(one)
    path.write_bytes(readable_json(metrics))
    index = read_index(record)
    contents = read_contents(record, index.record_id)
    figures = (*contents.metrics, *contents.run.timing)
    findings = findings_again(contents.protocol, figures, contents.findings, is_approved=False)
    (record / "findings.json").write_bytes(findings.to_json())
    seal(record, index.record_id, findings, index.sealed_at)


def lowered(one: dict[str, Any]) -> None:
    if one["id"] == "segmentation_quality/class=cell/iou=0.5":
        one["value"], one["interval"] = 0.4, {**one["interval"], "lower": 0.3, "upper": 0.45}


def undefined(one: dict[str, Any]) -> None:
    if one["id"] == "segmentation_quality/class=cell/iou=0.5":
        one |= {"value": None, "interval": None, "undefined": "no object was matched",
                "no_interval": "the figure is undefined"}  # fmt: skip


def runs_of(study: Path) -> int:
    """Return how many runs the audit trail of a study knows."""
    trail = (study / "audit").rglob("*")
    return sum(one.read_bytes().count(b'"run.started"') for one in trail if one.is_file())


def text_of(result: pytest.RunResult) -> str:
    return "\n".join(result.outlines)


# --- collecting -------------------------------------------------------------------------


def test_collecting_lists_criteria_and_runs_nothing(run: Run, place: Any) -> None:
    study = place().lock()
    result = run("--segval", "protocols", "--collect-only", "-q")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"protocols/a/protocol.yaml::{FIRST.replace('[', '[[]')}",
                                 f"protocols/a/protocol.yaml::{CASES}"])  # fmt: skip
    assert runs_of(study.folder) == 0
    assert not (study.folder.parents[1] / ".segval-records").exists()


def test_without_the_option_nothing_is_collected(run: Run, place: Any) -> None:
    place()
    assert run("protocols").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_the_plugin_can_be_left_out(run: Run, place: Any) -> None:
    place()
    result = run("-p", "no:segval", "--segval", "protocols")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unrecognized arguments: --segval*"])


def test_a_protocol_of_any_name_is_known_by_its_format(run: Run, place: Any) -> None:
    study = place().lock()
    study.path.rename(study.folder / "counting.yml")
    (study.folder / "other.yaml").write_text("format: something/else/1\n")
    result = run("--segval", "protocols", "--collect-only", "-q")
    assert "protocols/a/counting.yml::AC-01" in text_of(result)
    assert "other" not in text_of(result)


def test_the_protocol_inside_a_record_is_not_collected(run: Run, judged: Any) -> None:
    judged()
    result = run("--segval", ".", "--collect-only", "-q")
    assert "a/protocol.yaml::AC-01" in text_of(result)
    assert "record/protocol.yaml" not in text_of(result)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the protocol is empty"),
        ("format: segval/protocol/1\na: [", "*protocol.yaml:2*"),
        ("format: segval/protocol/1\nclasses: 7\n", "*protocol.yaml:2 (classes)*"),
        ("\x00\x01", "*protocol.yaml*"),
        ("somebody's: else\n", "*does not have the form*"),
    ],
)
def test_a_protocol_with_errors_is_an_error_with_lines(
    text: str, said: str, run: Run, project: Path
) -> None:
    (project / "protocol.yaml").write_text(text)
    result = run("--segval", ".")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*ERROR collecting protocol.yaml*", f"*{said}*"])
    assert "Traceback" not in text_of(result)
    assert "opening.py" not in text_of(result)


def test_all_errors_of_a_protocol_are_shown_at_once(run: Run, place: Any) -> None:
    study = place()
    study.change("criteria.0.bound", "much").change("subgroups", "none")
    result = run("--segval", "protocols")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        ["*protocol.yaml:* (subgroups)", "*protocol.yaml:* (criteria.0.bound)"]
    )


def test_a_session_that_finds_no_protocol_does_not_pass(run: Run, project: Path) -> None:
    (project / "test_other.py").write_text("def test_other(): pass\n")
    for more in ((), ("-n", "1")):
        result = run("--segval", ".", *more)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stdout.fnmatch_lines(["no protocol was collected*"])


def test_nor_does_one_that_finds_nothing_at_all(run: Run, project: Path) -> None:
    """Pytest's own status for no tests, 5, is one that pipelines are often told to let pass."""
    (project / "protocols").mkdir(exist_ok=True)
    result = run("--segval", "protocols")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["no protocol was collected*"])


@pytest.mark.parametrize("workers", ["0", "-1", "many", "257", "1000000000000"])
def test_an_impossible_number_of_workers_is_wrong_usage(workers: str, run: Run, place: Any) -> None:
    place()
    result = run("--segval", "protocols", f"--segval-workers={workers}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*a number from 1 to 256*"])


# --- judging a record again -------------------------------------------------------------


def test_a_record_that_meets_all_passes_with_its_properties(run: Run, judged: Any) -> None:
    record = judged()
    result = run("a", "--segval-record", record, "-v", "--junitxml", "out.xml")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"a/protocol.yaml::{FIRST.replace('[', '[[]')} PASSED*",
                                 f"a/protocol.yaml::{CASES} PASSED*",
                                 "a/protocol.yaml: ✓ met (not approved: exploratory)",
                                 f"*report  {record}/report.pdf"])  # fmt: skip
    assert runs_of(record.parent) == 1
    (suite,) = ET.parse(record.parents[1] / "out.xml").getroot()  # noqa: S314 - made by pytest
    first, _ = suite.findall("testcase")
    assert (first.get("classname"), first.get("name")) == ("a.protocol.yaml", FIRST)
    told = {one.get("name"): one.get("value") for one in first.iter("property")}
    assert told["segval_report"] == f"{record}/report.pdf"
    assert told["segval_verdict"] == "met"
    assert told["segval_asked"] == "lower limit at least 0.5"


def test_a_miss_shows_observed_against_bound_and_no_traceback(run: Run, judged: Any) -> None:
    record = judged()
    reseal(record, lowered)
    result = run("a", "--segval-record", record, "--junitxml", "out.xml", "-rf")
    assert result.ret == 1
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ AC-01: segmentation_quality/class=cell/iou=0.5 _*",
            "criterion: * AC-01 (REQ-01)",
            "observed: * 0.400 [[]0.300, 0.450]",
            "rests on: * objects*",
            "asked: * lower limit at least 0.5",
            "comparison: * lower limit 0.300 < 0.500",
            f"report: * {record}/report.pdf",
            "FAILED a/protocol.yaml::AC-01* - *lower limit 0.300 < 0.500",
        ]
    )
    assert ".py:" not in text_of(result)
    (suite,) = ET.parse(record.parents[1] / "out.xml").getroot()  # noqa: S314 - made by pytest
    (failure,) = suite.iter("failure")
    assert "lower limit 0.300 < 0.500" in failure.get("message", "")
    assert "report.pdf" in (failure.text or "")


def test_what_cannot_be_evaluated_fails_with_its_reason(run: Run, judged: Any) -> None:
    record = judged()
    reseal(record, undefined)
    result = run("a", "--segval-record", record)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*no object was matched*", "verdict: * not evaluable"])


def test_an_open_deviation_does_not_pass_and_a_closed_one_is_named(
    run: Run, judged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = judged()
    monkeypatch.setattr(deviations, "render_report", quick_report)
    stated = {"what": "Another look-up table", "reason": "Export preset", "impact": "None seen"}
    deviations.add_deviation(record, **stated)
    result = run("a", "--segval-record", record)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*deviation DEV-01 is open*", "*incomplete, with 1?deviation*"])
    deviations.close_deviation(record, "DEV-01", disposition="Accepted")
    result = run("a", "--segval-record", record)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*met, with 1?deviation (not approved: exploratory)"])


def test_a_changed_record_fails_every_criterion(run: Run, judged: Any) -> None:
    record = judged()
    with (record / "evidence/metrics.json").open("ab") as file:
        file.write(b" ")
    result = run("a", "--segval-record", record)
    result.assert_outcomes(failed=2)
    assert "evidence/metrics.json" in text_of(result)


def test_a_record_of_another_protocol_judges_nothing(run: Run, judged: Any) -> None:
    record = judged()
    with (record.parent / "protocol.yaml").open("a") as file:
        file.write("# changed after the run\n")
    result = run("a", "--segval-record", record)
    result.assert_outcomes(failed=2)
    assert "byte for byte" in text_of(result)
    assert "direct cause" not in text_of(result)
    result = run("a", "--segval-record", record.parent / "nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.slow
def test_tests_are_picked_by_word_and_by_id(run: Run, judged: Any) -> None:
    record = judged()
    reseal(record, lowered)
    judge = ("--segval-record", record)
    result = run("a", *judge, "-k", "measured")
    result.assert_outcomes(passed=1, deselected=1)
    result = run("a/protocol.yaml::AC-01", *judge)
    result.assert_outcomes(failed=1)
    result = run("a", *judge, "-x")
    result.assert_outcomes(failed=1)
    result = run("a", *judge, "--lf")
    result.assert_outcomes(failed=1)


# --- running ----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_study_runs_once_and_two_processes_share_it(run: Run, place: Any) -> None:
    study = place().lock()
    result = run("--segval", "protocols", "-n", "2", "-v", "--segval-out", "kept")
    assert result.ret == 0, text_of(result)
    result.assert_outcomes(passed=2)
    assert {"gw0", "gw1"} <= {word.strip("[]") for word in text_of(result).split()}
    assert runs_of(study.folder) == 1
    record = study.folder.parents[1] / "kept/protocols/a/protocol"
    assert (record / "report.pdf").is_file()
    result.stdout.fnmatch_lines(["protocols/a/protocol.yaml: ✓ met*", f"*{record}"])

    before = (record / "record.json").read_bytes()
    result = run("--segval", "protocols", "--segval-out", "kept")
    result.assert_outcomes(failed=2)
    assert "none is overwritten" in text_of(result)
    assert (record / "record.json").read_bytes() == before
    assert runs_of(study.folder) == 1


@pytest.mark.slow
def test_a_run_by_default_has_a_new_folder_and_no_part_in_what_tests_changed(
    run: Run, place: Any, project: Path
) -> None:
    """Warnings as errors, a changed NumPy: the study runs as `segval run` would run it."""
    study = place()
    study.source += "\nimport warnings\nwarnings.warn('the model warns', UserWarning)\n"
    study.write()
    study.lock()
    (project / "conftest.py").write_text(
        "import numpy\nnumpy.seterr(all='raise')\nnumpy.int32 = None\n"
    )
    result = run("--segval", "protocols", "-W", "error", "--segval-workers", "2")
    assert result.ret == 0, text_of(result)
    (record,) = (project / ".segval-records").glob("*/protocols/a/protocol")
    assert json.loads((record / "run.json").read_bytes())["workers"] == 2
    assert (project / ".segval-records/.gitignore").read_text().endswith("*\n")


@pytest.mark.slow
def test_a_study_that_is_interrupted_ends_with_the_session(
    place: Any, project: Path, run: Run
) -> None:
    """Ctrl-C reaches the session alone, as an editor sends it; no model runs on without it."""
    study = place()
    study.parameters = {"delay": 60.0, "log": str(study.folder / "log")}
    study.write()
    study.lock()
    command = [sys.executable, "-m", "pytest", "--segval", "protocols"]
    session = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True)
    while not (study.folder / "log").exists():
        assert session.poll() is None
        time.sleep(0.1)
    session.send_signal(signal.SIGINT)
    said = session.communicate(timeout=60)[0]
    assert "KeyboardInterrupt" in said
    assert session.returncode == pytest.ExitCode.INTERRUPTED
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(study.path) not in listed.stdout


WORKER = """
import sys
from pathlib import Path
from validation.pytest_plugin.settings import Folders, Settings
from validation.pytest_plugin.studies import Studies

root = Path(sys.argv[1])
folders = Folders(root / "out", root, is_mine=False, is_default=False)
studies = Studies(Settings(root, None, (), 1, False), folders)
print(studies.evidence(root / "a/protocol.yaml").findings.verdict)
"""


@pytest.mark.slow
def test_what_a_killed_worker_began_another_one_takes_up(place: Any, project: Path) -> None:
    study = place("a")
    log = study.folder / "log"
    study.parameters = {"delay": 1.0, "log": str(log)}
    study.write()
    study.lock()
    command = [sys.executable, "-c", WORKER, str(project)]
    killed = subprocess.Popen(command, cwd=CHECKOUT, start_new_session=True)
    while not log.exists() or len(log.read_text().splitlines()) < 2:
        assert killed.poll() is None
        time.sleep(0.1)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout == "met\n"
    # The first case was done, and is not done again.
    assert [line.split()[0] for line in log.read_text().splitlines()].count("1") == 1
    assert runs_of(study.folder) == 1


@pytest.mark.slow
def test_a_failed_case_fails_and_is_named(run: Run, place: Any) -> None:
    study = place()
    study.parameters = {"fail_on": 3}
    study.write()
    study.lock()
    result = run("--segval", "protocols")
    assert result.ret == 1
    assert "1 of 6 cases failed" in text_of(result)
    result.stdout.fnmatch_lines(["C3 (inference): *", "*: – incomplete*"])


@pytest.mark.slow
def test_a_study_that_cannot_run_fails_with_the_reason_in_every_process(
    run: Run, place: Any
) -> None:
    place()  # not locked
    for more in ((), ("-n", "2")):
        result = run("--segval", "protocols", *more)
        result.assert_outcomes(failed=2)
        assert "test set TINY-1 is not locked" in text_of(result)
        assert "Traceback" not in text_of(result)


@pytest.mark.slow
def test_data_that_are_not_here_fail_unless_that_is_allowed(
    run: Run, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = place()
    study.change("test_set.root_variable", "TINY_DATA").lock()
    shutil.move(study.root, study.folder.parent / "elsewhere")
    monkeypatch.delenv("TINY_DATA", raising=False)
    result = run("--segval", "protocols")
    result.assert_outcomes(failed=2)
    assert "the folder of test set TINY-1 is not there" in text_of(result)
    result = run("--segval", "protocols", "--segval-allow-missing", "-rs")
    result.assert_outcomes(skipped=2)
    assert "TINY_DATA is not set" in text_of(result)
    # A variable that names a folder which is not there is a mistake, and no absence.
    monkeypatch.setenv("TINY_DATA", "/nowhere")
    result = run("--segval", "protocols", "--segval-allow-missing")
    result.assert_outcomes(failed=2)


# --- evidence for tests of one's own ----------------------------------------------------

ASSERTIONS = """
import pytest

pytestmark = pytest.mark.segval("a/protocol.yaml")

def test_limit(evidence):
    assert evidence.metric("segmentation_quality", class_="cell", iou=0.5).lower >= 0.5

def test_rows(evidence, segval_record):
    assert len(evidence.cases) == 6
    assert {one["class"] for one in evidence.instances} == {"cell"}
    assert segval_record("a/protocol.yaml") is evidence

def test_wrong(evidence):
    assert evidence.metric("recall", class_="cell", iou=0.5).value >= 0.99

def test_misspelt(evidence):
    evidence.metric("recal", class_="cell", iou=0.5)

def test_no_such_protocol(segval_record):
    segval_record("b/protocol.yaml")
"""


def test_own_assertions_ask_the_same_record(run: Run, judged: Any, project: Path) -> None:
    record = judged()
    (project / "test_own.py").write_text(ASSERTIONS)
    result = run("test_own.py", "--segval-record", record, "-rf")
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(
        [
            "E *assert 0.77* >= 0.99",
            "E *did you mean recall?",
            "the protocol is not there",
            f"*report  {record}/report.pdf",
        ]
    )
    assert "direct cause" not in text_of(result)
    # Nothing is run for who did not ask for it, and who asks for it in a wrong way is told.
    run("test_own.py").assert_outcomes(skipped=5)
    (project / "test_own.py").write_text("def test_unmarked(evidence): pass\n")
    result = run("test_own.py", "--segval-record", record)
    result.assert_outcomes(errors=1)
    assert "the fixture `evidence` asks for a protocol" in text_of(result)


@pytest.mark.slow
def test_evidence_alone_makes_the_study_run_once(run: Run, place: Any, project: Path) -> None:
    study = place("a").lock()
    (project / "test_own.py").write_text(ASSERTIONS)
    result = run("--segval", "test_own.py", "a", "-k", "limit or rows", "-p", "no:xdist")
    result.assert_outcomes(passed=2, deselected=5)
    assert runs_of(study.folder) == 1


# --- what it costs who does not use it ---------------------------------------------------


def test_the_plugin_imports_next_to_nothing() -> None:
    """It is loaded in every session of whoever has segval installed."""
    asked = (
        "import pytest, sys; before = set(sys.modules); import validation.pytest_plugin; "
        "after = set(sys.modules) - before; "
        "print(*sorted(one for one in after if one.startswith(('validation', 'numpy', 'pyda'))))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["validation", "validation.pytest_plugin"]
