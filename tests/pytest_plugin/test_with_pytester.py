"""``pytest --segval`` as pytest's own tool for plugins, `pytester`, sees it.

`pytester` forgets the modules that are imported while it is in use, and NumPy or SciPy imported a
second time bring the process down. So the study is made before, and pytest runs in a process of its
own; whatever else is asked of the plugin stands in the file beside.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

pytest_plugins = ["pytester"]

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def made(finished: Callable[[str], Any]) -> Path:
    """A finished study, made before `pytester` comes into use."""
    return Path(finished("instance").folder)


@pytest.fixture
def project(
    made: Path, plugin_site: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """The project of a team: the study in ``a``, its record in ``a/record``."""
    shutil.copytree(made, pytester.path / "a")
    monkeypatch.setenv("PYTHONPATH", f"{plugin_site}{os.pathsep}{CHECKOUT}")
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:hypothesis\n")
    return pytester


def test_each_criterion_is_an_item_that_passes(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--segval", "a", "--segval-record", "a/record", "-v")
    result.stdout.fnmatch_lines(["a/protocol.yaml::AC-01* PASSED*",
                                 "a/protocol.yaml::every case was measured PASSED*"])  # fmt: skip
    counts = result.parseoutcomes()
    assert set(counts) == {"passed"}
    assert counts["passed"] > 1


def test_one_is_picked_and_its_report_stands_in_the_junit_file(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess(
        "--segval", "a", "--segval-record", "a/record", "-k", "AC-01", "--junitxml", "out.xml"
    )
    assert result.parseoutcomes()["passed"] == 1
    (case,) = ET.parse(project.path / "out.xml").iter("testcase")  # noqa: S314 - our own file
    properties = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert properties["segval_report"] == str(project.path / "a" / "record" / "report.pdf")


def test_a_changed_record_stops_at_the_first_criterion(project: pytest.Pytester) -> None:
    findings = project.path / "a" / "record" / "findings.json"
    met, other = b'"verdict": "met"', b'"verdict": "incomplete"'
    findings.write_bytes(findings.read_bytes().replace(met, other))
    result = project.runpytest_subprocess("--segval", "a", "--segval-record", "a/record", "-x")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes()["failed"] == 1


def test_a_test_of_ones_own_asks_the_evidence(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.segval("a/protocol.yaml")
        def test_outlines(evidence):
            assert evidence.metric("segmentation_quality", class_="cell", iou=0.5).lower > 0.5

        @pytest.mark.segval("a/protocol.yaml")
        def test_too_much(evidence):
            assert evidence.metric("segmentation_quality", class_="cell", iou=0.5).value > 1
        """
    )
    result = project.runpytest_subprocess("--segval", "--segval-record", "a/record", "-v")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*::test_outlines PASSED*", "*::test_too_much FAILED*"])
