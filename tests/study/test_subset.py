"""Runs of some cases, for development: quick, counted, and never for the record."""

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from tests.study.signing_study import with_identities
from validation import run, verify
from validation.attest.audit_file import load, trail_path
from validation.cli import main
from validation.errors import ApprovalError, RunError, SignatureError
from validation.judge.findings import Findings
from validation.record import readable_json
from validation.record_folder import read_index, seal
from validation.study.auditing import StudyTrail


def cli(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def _findings(record: Path) -> Findings:
    return Findings.from_json((record / "findings.json").read_bytes())


def _failed(path: Path) -> dict[str, str]:
    return {one.what: one.detail for one in verify(path).checks if one.outcome != "held"}


@pytest.fixture
def no_pages(no_report: None) -> None:
    """The report left out: a test is not about it."""


def test_a_subset_says_on_every_page_and_to_every_verb_that_it_does_not_count(
    locked: Any, tmp_path: Path
) -> None:
    """The whole way with the real report."""
    junit, summary = tmp_path / "j.xml", tmp_path / "s.md"
    record = locked.folder / "record"
    done = cli(
        "run", locked.path, "--out", record, "--cases", "C5,C1", "--junit", junit,
        "--markdown", summary,
    )  # fmt: skip
    assert done.exit_code == 1, done.output
    assert "subset   2 of 6 cases: not for the record" in done.output
    assert "verdict  ? incomplete" in done.output

    findings, index = _findings(record), read_index(record)
    assert findings.verdict == index.verdict == "incomplete"
    assert findings.subset is not None
    assert (findings.subset.cases, findings.subset.of) == (("C1", "C5"), 6)
    assert index.subset == findings.subset

    import pikepdf

    from validation.attest.page_text import page_texts

    content = (record / "report.pdf").read_bytes()
    pages = page_texts(content)
    assert all("Notfortherecord:2of6cases" in page for page in pages)
    with pikepdf.open(record / "report.pdf") as pdf:
        assert str(pdf.docinfo["/Title"]).startswith("Not for the record: ")
    html = (record / "report.html").read_text("utf-8")
    assert "Not for the record: 2 of 6 cases" in html.replace("\u00a0", " ")

    assert _failed(record) == {}
    verified = verify(record)
    assert any("2 of 6 cases: not for the record" in one for one in verified.notes)
    named = {one.what: one.detail for one in verified.checks}
    said = named["every case of the subset was attempted, and every failed one is a finding"]
    assert said.startswith("2 of 6 cases: not for the record; 2 of 2 attempted")
    assert any("not for the record" in one for one in verify(record / "report.pdf").notes)

    gate = cli("gate", record)
    assert gate.exit_code == 1
    assert "2 of 6 cases: not for the record" in gate.output
    (suite,) = ET.fromstring(junit.read_bytes())  # noqa: S314 - made by the code under test
    assert "2 of 6 cases: not for the record" in [one.get("message") for one in suite.iter("error")]
    assert suite.get("tests") == str(len(suite.findall("testcase")))
    assert "**Not for the record.** 2 of 6 cases ran." in summary.read_text("utf-8")

    matrix = tmp_path / "matrix.pdf"
    assert cli("document", "traceability", record, "--out", matrix).exit_code == 0
    about = load_workbook(matrix.with_suffix(".xlsx"))["About"]
    assert ("Not for the record", "2 of 6 cases: not for the record") in tuple(about.values)

    study = with_identities(locked.folder)
    with pytest.raises(SignatureError, match="2 of 6 cases: not for the record"):
        study.present(record / "report.pdf")


@pytest.mark.usefixtures("no_pages")
def test_criteria_that_miss_on_a_subset_are_no_verdict_on_the_model(make_study: Any) -> None:
    study = make_study("instance")
    study.values["criteria"][0]["bound"] = 0.999
    study.write()
    study.lock().run(cases=["C2"])
    findings = _findings(study.folder / "record")
    assert findings.criteria[0].verdict != "met"
    assert findings.verdict == "incomplete"


@pytest.mark.usefixtures("no_pages")
def test_the_limit_spreads_over_the_cases_in_the_order_of_their_ids(locked: Any) -> None:
    for limit, expected in ((1, ("C1",)), (2, ("C1", "C4")), (4, ("C1", "C2", "C4", "C5"))):
        locked.run(f"of-{limit}", limit=limit)
        subset = _findings(locked.folder / f"of-{limit}").subset
        assert subset is not None
        assert subset.cases == expected


@pytest.mark.usefixtures("no_pages")
def test_a_subset_has_the_figures_that_the_whole_has_of_its_cases(
    locked: Any, finished: Any
) -> None:
    locked.run(cases=["C2", "C4"])
    rows = (locked.folder / "record/evidence/instances.csv").read_text("utf-8").splitlines()
    whole = (finished("instance").folder / "record/evidence/instances.csv").read_text("utf-8")
    assert rows[1:] == [one for one in whole.splitlines()[1:] if one[:2] in {"C2", "C4"}]


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("C1,C99,c2", ["'C99'", "'c2'"]),
        ("C1,C6", ["C6 is excluded by the protocol", "it is empty"]),
        ("C1,,C1", ["an id is empty", "'C1' is named 2 times"]),
        ("", ["no case is named"]),
        ("C1,C2,C3,C4,C5", ["these are all 5"]),
    ],
)
def test_cases_that_cannot_be_run_are_named_all_at_once(
    study: Any, given: str, said: list[str]
) -> None:
    exclusion = {"cases": ["C6"], "reason": "it is empty"}
    study.change("test_set.exclusions", [exclusion]).lock()
    done = cli("run", study.path, "--out", study.folder / "record", "--cases", given)
    assert done.exit_code == 3, done.output
    for one in said:
        assert one in done.output
    assert not (study.folder / "record").exists()
    assert not (study.folder / "record.incomplete").exists()


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--limit", "0"], 2),
        (["--limit", "-3"], 2),
        (["--limit", "6"], 3),
        (["--limit", "7000"], 3),
        (["--limit", "2", "--cases", "C1"], 3),
        (["--cases", "@nowhere.txt"], 3),
    ],
)
def test_a_limit_that_is_none_is_refused(locked: Any, options: list[str], status: int) -> None:
    done = cli("run", locked.path, "--out", locked.folder / "record", *options)
    assert done.exit_code == status, done.output
    assert not (locked.folder / "record").exists()


@pytest.mark.usefixtures("no_pages")
def test_ids_come_from_a_file_too(locked: Any) -> None:
    path = locked.folder / "some.txt"
    path.write_bytes("\ufeffC3\r\n\r\nC1, C2\n".encode())
    done = cli("run", locked.path, "--out", locked.folder / "record", "--cases", f"@{path}")
    assert done.exit_code == 1, done.output
    subset = _findings(locked.folder / "record").subset
    assert subset is not None
    assert subset.cases == ("C1", "C2", "C3")
    path.write_bytes(b"C1\n\xff\xfe")
    done = cli("run", locked.path, "--out", locked.folder / "other", "--cases", f"@{path}")
    assert done.exit_code == 3
    assert "not UTF-8" in done.output


def test_a_signed_protocol_is_run_whole(signing: Any) -> None:
    signing.author()
    signed = signing.approver().path
    with pytest.raises(ApprovalError, match="run on every case"):
        run(signed, out=signing.folder / "record", limit=2)
    assert signing.actions[-1] == "run.refused"


@pytest.mark.usefixtures("no_pages")
def test_a_subset_is_compared_with_nothing(locked: Any, finished: Any) -> None:
    locked.run("part", limit=2)
    done = cli("compare", finished("instance").folder / "record", locked.folder / "part")
    assert done.exit_code == 3
    assert "it is of a subset: 2 of 6 cases: not for the record" in done.output


# --- it is an opening of the test set -------------------------------------------------------


@pytest.mark.usefixtures("no_pages")
def test_a_subset_counts_as_an_opening_with_its_own_word(locked: Any) -> None:
    locked.run("part", limit=2)
    locked.run("whole")
    openings = json.loads((locked.folder / "whole/openings.json").read_bytes())
    assert (openings["number"], len(openings["openings"])) == (2, 2)
    assert openings["openings"][0]["subset"] == "2 of 6 cases: not for the record"
    assert "subset" not in openings["openings"][1]
    events = load(trail_path(locked.folder)).events
    [begun, _] = [one for one in events if one.action == "run.started"]
    assert begun.details["subset"] == "2 of 6 cases: not for the record"


# --- interruption ---------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.usefixtures("no_pages")
def test_an_interrupted_subset_is_taken_up_with_the_same_cases_only(
    locked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: StudyTrail, record_id: str) -> None:
        raise KeyboardInterrupt(record_id)

    with monkeypatch.context() as patch:
        patch.setattr(StudyTrail, "openings", stop)
        with pytest.raises(KeyboardInterrupt):
            locked.run(limit=2)
    for others in ({}, {"limit": 3}, {"cases": ["C1", "C5"]}):
        with pytest.raises(RunError):
            locked.run(resume=True, **others)
    locked.run(resume=True, cases=["C1", "C4"])
    subset = _findings(locked.folder / "record").subset
    assert subset is not None
    assert subset.cases == ("C1", "C4")


# --- tampering ------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_pages")
def test_a_subset_cannot_be_made_a_record_by_taking_the_word_out(locked: Any) -> None:
    locked.run(cases=["C1", "C3"])
    record = locked.folder / "record"
    index, findings = read_index(record), json.loads((record / "findings.json").read_bytes())
    del findings["subset"]
    findings["verdict"] = "met"
    (record / "findings.json").write_bytes(readable_json(findings))
    told = json.loads((record / "run.json").read_bytes())
    told["cases_attempted"] = 6
    (record / "run.json").write_bytes(readable_json(told))
    seal(record, index.record_id, _findings(record), index.sealed_at)
    gate = cli("gate", record)
    assert gate.exit_code == 3, gate.output
    assert "the cases that ran" in gate.output
    failed = _failed(record)
    assert "every figure and row follows from the per-case tables" in failed
    assert "the cases that ran" in failed[
        "every finding and the verdict follow from figures and criteria"
    ]  # fmt: skip
    what = "the audit trail says the same of the cases that ran as the record"
    assert "only a subset" in failed[what]
