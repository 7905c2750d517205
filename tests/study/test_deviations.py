"""Deviations: recorded before the report is signed, told to the trail, and never half-recorded."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from tests.study.quick_deviations import quick_report
from tests.study.signing_study import with_identities
from validation import verify, workspace
from validation.attest.audit_file import load, trail_path
from validation.cli import main
from validation.cli.sign import card
from validation.errors import AuditError, RecordError, SignatureError
from validation.judge.deviations import Deviations
from validation.judge.findings import Findings
from validation.record import digest, readable_json
from validation.record_folder import read_index, seal
from validation.study import deviations
from validation.study.auditing import StudyTrail
from validation.study.deviations import add_deviation, close_deviation, finish_deviation

CHILD = Path(__file__).with_name("quick_deviations.py")
TEXTS = {"what": "C2 was imaged twice", "reason": "The stage jammed", "impact": "None"}
OPTIONS = [one for name, text in TEXTS.items() for one in (f"--{name}", text)]


def cli(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["deviation", *map(str, arguments)])


@pytest.fixture
def place(finished: Any, tmp_path: Path) -> Path:
    """A record of the tiny study in its study, to be added to."""
    shutil.copytree(finished("instance").folder, tmp_path / "study")
    return tmp_path / "study" / "record"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the rendering out, where a test is not about the report."""
    monkeypatch.setattr(deviations, "render_report", quick_report)


def _actions(record: Path) -> list[str]:
    events = load(trail_path(record.parent)).events
    return [one.action for one in events if one.about.kind == "record"]


def _contents(record: Path) -> dict[str, bytes]:
    return {
        one.relative_to(record).as_posix(): one.read_bytes()
        for one in sorted(record.rglob("*"))
        if one.is_file()
    }


def _verdict(record: Path) -> str:
    index = read_index(record)
    assert index.verdict == Findings.from_json((record / "findings.json").read_bytes()).verdict
    return index.verdict


def _failed(record: Path) -> dict[str, str]:
    return {one.what: one.detail for one in verify(record).checks if one.outcome != "held"}


def _sums_hold(record: Path) -> bool:
    lines = (record / "SHA256SUMS").read_text("utf-8").splitlines()
    return all(
        digest((record / name).read_bytes()) == f"sha256:{stated}"
        for stated, name in (line.split("  ", 1) for line in lines)
    )


# --- what a deviation does ------------------------------------------------------------------


def test_an_open_deviation_keeps_the_verdict_from_met_and_a_closed_one_is_named_with_it(
    place: Path, tmp_path: Path
) -> None:
    """The whole way with the real report: pages, evidence, gate and trail agree at every step."""
    assert _verdict(place) == "met"
    hostile = "W" * 10_000 + " \u202eabc 日本語の説明"
    result = cli("add", place, "--what", hostile, *OPTIONS[2:], "--case", "C2", "--by", "R. Keller")
    assert result.exit_code == 0, result.output
    assert "verdict  ? incomplete, with 1 deviation" in result.output
    assert _verdict(place) == "incomplete"
    assert _failed(place) == {}

    junit, summary = tmp_path / "open.xml", tmp_path / "open.md"
    gate = CliRunner().invoke(
        main, ["gate", str(place), "--junit", str(junit), "--markdown", str(summary)]
    )
    assert gate.exit_code == 1
    assert "deviation DEV-01 is open" in gate.output
    (suite,) = ET.fromstring(junit.read_bytes())  # noqa: S314 - made by the code under test
    assert suite.get("errors") == "1"
    [error] = suite.iter("error")
    assert error.get("message") == "1\u00a0deviation open: DEV-01"
    assert summary.read_text("utf-8").startswith("## – Incomplete, with 1 deviation")

    result = cli("close", place, "DEV-01", "--disposition", "Accepted", "--by", "Q. Assurance")
    assert result.exit_code == 0, result.output
    assert "verdict  ✓ met, with 1 deviation" in result.output
    assert _verdict(place) == "met"
    assert _failed(place) == {}
    gate = CliRunner().invoke(main, ["gate", str(place), "--junit", str(tmp_path / "closed.xml")])
    assert gate.exit_code == 0, gate.output
    assert "verdict  ✓ met, with 1 deviation  (not approved: exploratory)" in gate.output
    (suite,) = ET.fromstring((tmp_path / "closed.xml").read_bytes())  # noqa: S314
    assert suite.get("errors") == "0"
    assert suite.get("tests") == str(len(suite.findall("testcase")))
    again = CliRunner().invoke(main, ["report", str(place)])
    assert again.exit_code == 0, again.output
    page = (place / "report.html").read_text("utf-8")
    assert "Met, with 1 deviation" in page
    assert "DEV-01, closed" in page
    assert "by Q. Assurance (account " in page


@pytest.mark.usefixtures("quick")
def test_each_entry_is_two_events_and_no_earlier_entry_is_edited(place: Path) -> None:
    add_deviation(place, **TEXTS, by="R. Keller")
    first = Deviations.from_json((place / "deviations.json").read_bytes()).entries[0]
    add_deviation(place, **{**TEXTS, "what": "Another thing"})
    close_deviation(place, "DEV-01", disposition="Accepted", by="Q. Assurance")
    known = Deviations.from_json((place / "deviations.json").read_bytes())
    assert known.entries[0] == first
    assert [(one.id, one.act) for one in known.entries] == [
        ("DEV-01", "recorded"), ("DEV-02", "recorded"), ("DEV-01", "closed"),
    ]  # fmt: skip
    assert (known.open_ids, known.closed_ids) == (("DEV-02",), ("DEV-01",))
    assert _actions(place) == [
        "deviation.begun", "deviation.recorded",
        "deviation.begun", "deviation.recorded",
        "deviation.begun", "deviation.closed",
    ]  # fmt: skip
    events = load(trail_path(place.parent)).events
    assert events[-1].details["record"] == digest((place / "record.json").read_bytes())
    assert events[-1].details["report"] == digest((place / "report.pdf").read_bytes())
    run = next(one for one in events if one.action == "run.started")
    known_runs = StudyTrail(place.parent).openings_of_set(
        run.details["test_set"], run.details["manifest"]
    )
    assert [one.verdict for one in known_runs.openings] == ["incomplete"]
    named = {one.event.digest for one in known.entries}
    assert named == {one.digest for one in events if one.action == "deviation.begun"}
    assert _sums_hold(place)


@pytest.mark.usefixtures("quick")
def test_the_list_changes_nothing_and_its_exit_status_says_whether_one_is_open(
    place: Path,
) -> None:
    assert (cli("list", place).exit_code, cli("list", place).output) == (
        0, "no deviation is recorded\n",
    )  # fmt: skip
    add_deviation(place, **TEXTS, criterion="AC-01", case="C2")
    before = _contents(place)
    listed = cli("list", place)
    assert listed.exit_code == 1
    assert "DEV-01  open" in listed.output
    assert "criterion AC-01, case C2" in listed.output
    assert json.loads(cli("list", place, "--json").stdout)["open"] == ["DEV-01"]
    assert _contents(place) == before


@pytest.mark.usefixtures("quick", "no_report")
def test_a_comparison_names_open_deviations(place: Path) -> None:
    from validation import run
    from validation.study.comparing import compare

    run(place.parent / "protocol.yaml", out=place.parent / "second")
    assert not any(
        "assessed" in one for one in compare(place, place.parent / "second").comparison.remarks
    )
    add_deviation(place, **TEXTS)
    remarks = compare(place, place.parent / "second").comparison.remarks
    assert "The first record has deviations" in " ".join(remarks)
    assert "DEV-01" in " ".join(remarks)


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_everything_that_is_wrong_with_a_deviation_is_said_at_once(place: Path) -> None:
    before = _contents(place)
    result = cli(
        "add", place, "--what", "  ", "--reason", "a\x1b[2Jb", "--impact", "x" * 20_001,
        "--criterion", "AC-77", "--case", "C99", "--by", "two\nlines",
    )  # fmt: skip
    assert result.exit_code == 3
    for said in ("--what", "--reason", "--impact", "--by", "'AC-77'", "AC-01", "'C99'"):
        assert said in result.output
    assert "\x1b" not in result.output
    assert _contents(place) == before
    assert _actions(place) == []


def test_without_a_terminal_nothing_is_asked_and_all_that_is_missing_is_named(place: Path) -> None:
    result = cli("add", place, "--what", "x")
    assert result.exit_code == 2
    assert "--reason, --impact" in result.output


@pytest.mark.usefixtures("quick")
def test_at_a_terminal_what_is_not_given_is_asked_for(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from validation.cli import deviation

    monkeypatch.setattr(deviation, "is_at_terminal", lambda: True)
    given = ["deviation", "add", str(place), "--reason", "The stage jammed", "--json"]
    ended = CliRunner().invoke(main, given, input="C2 was imaged twice\n")
    assert ended.exit_code == 3, "the input ended"
    assert _actions(place) == []
    done = CliRunner().invoke(main, given, input="C2 was imaged twice\r\n None \n")
    assert done.exit_code == 0, done.output
    entry = json.loads(done.stdout)["entry"]
    assert {name: entry[name] for name in TEXTS} == TEXTS


@pytest.mark.usefixtures("quick")
def test_only_an_open_deviation_is_closed_and_only_once(place: Path) -> None:
    with pytest.raises(RecordError) as caught:
        close_deviation(place, "DEV-01", disposition="Accepted")
    assert "there is no deviation 'DEV-01'" in str(caught.value)
    add_deviation(place, **TEXTS)
    close_deviation(place, "DEV-01", disposition="Accepted")
    before = _contents(place)
    with pytest.raises(RecordError) as caught:
        close_deviation(place, "DEV-01", disposition="Accepted after all")
    assert "closed already" in str(caught.value)
    assert _contents(place) == before


@pytest.mark.usefixtures("quick")
def test_a_record_that_was_changed_or_that_no_trail_knows_is_not_added_to(
    place: Path, tmp_path: Path
) -> None:
    elsewhere = Path(shutil.copytree(place, tmp_path / "elsewhere"))
    with pytest.raises(AuditError, match="no audit trail"):
        add_deviation(elsewhere, **TEXTS)
    old = Path(shutil.copytree(place, place.with_name("old")))
    add_deviation(place, **TEXTS)
    with pytest.raises(AuditError, match="newest"):
        add_deviation(old, **TEXTS)
    (place / "run.json").write_bytes((place / "run.json").read_bytes() + b" ")
    with pytest.raises(RecordError, match="changed after it was sealed"):
        add_deviation(place, **TEXTS)


@pytest.mark.usefixtures("quick")
def test_a_full_disk_leaves_the_record_as_it_was(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _contents(place)
    made = workspace._temporary

    def full(folder: Path, content: bytes, **more: Any) -> Path:
        if folder == place and content.startswith(b"%PDF"):
            raise OSError(28, "No space left on device")
        return made(folder, content, **more)

    with monkeypatch.context() as patch:
        patch.setattr(workspace, "_temporary", full)
        with pytest.raises(RecordError, match="No space left"):
            add_deviation(place, **TEXTS)
    assert _contents(place) == before
    assert _actions(place) == ["deviation.begun", "deviation.failed"]
    assert add_deviation(place, **TEXTS).entry.id == "DEV-01"


# --- kill -9 --------------------------------------------------------------------------------


def _child(kill: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, CHILD, kill, "deviation", *map(str, arguments)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=CHILD.parents[2],
        env={**os.environ, "PYTHONPATH": str(CHILD.parents[2])},
    )  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kill", ["begun", "1", "2", "3", "5", "6", "end"])
def test_a_recording_that_is_killed_is_explained_and_mended_by_the_next_call(
    place: Path, kill: str
) -> None:
    before = _contents(place)
    killed = _child(kill, "add", place, *OPTIONS)
    assert killed.wait(60) == -9
    if kill in {"begun", "1"}:
        there = {name: one for name, one in _contents(place).items() if ".new-" not in name}
        assert there == before
    else:
        assert "deviations.json" in _contents(place)
    interrupted = [detail for detail in _failed(place).values() if "was interrupted" in detail]
    assert interrupted, "verify explains"
    if kill not in {"begun", "1", "end"}:
        what = "no recording of a deviation was interrupted"
        if kill != "6":  # all is sealed but the sums
            assert "resume" in _failed(place)[what]
    done = add_deviation(place, **TEXTS)
    assert (done.entry.id, done.finished) == ("DEV-01", "")
    known = Deviations.from_json((place / "deviations.json").read_bytes())
    assert len(known.entries) == 1, "the same call again records nothing twice"
    assert _sums_hold(place)
    assert _verdict(place) == "incomplete"
    assert not [name for name in _contents(place) if ".new-" in name]
    ends = [one for one in _actions(place) if one != "deviation.begun"]
    aborted = ["deviation.aborted"] if kill in {"begun", "1"} else []
    assert ends == [*aborted, "deviation.recorded"]
    trail = "the audit trail says the same of the deviations as the record"
    assert trail not in _failed(place)


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
@pytest.mark.usefixtures("quick")
def test_another_call_finishes_what_was_interrupted_and_says_so(place: Path) -> None:
    assert _child("3", "add", place, *OPTIONS).wait(60) == -9
    with pytest.raises(RecordError, match="interrupted"):
        deviations.deviations_of(place)
    done = add_deviation(place, **{**TEXTS, "what": "Another thing"})
    assert (done.entry.id, done.finished) == ("DEV-02", "DEV-01")
    assert _child("4", "close", place, "DEV-01", "--disposition", "Accepted").wait(60) == -9
    assert finish_deviation(place) == "DEV-01"
    assert finish_deviation(place) == ""
    known = Deviations.from_json((place / "deviations.json").read_bytes())
    assert (known.open_ids, known.closed_ids) == (("DEV-02",), ("DEV-01",))
    assert _sums_hold(place)


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", ["evidence/metrics.json", "findings.json", "run.json"])
def test_what_was_changed_beside_an_interruption_is_not_sealed_again(
    place: Path, name: str
) -> None:
    assert _child("3", "add", place, *OPTIONS).wait(60) == -9
    content = (place / name).read_bytes()
    (place / name).write_bytes(content.replace(b"0.8", b"0.9", 1) + b" ")
    with pytest.raises(RecordError, match="changed otherwise"):
        add_deviation(place, **TEXTS)


def test_recordings_at_the_same_time_wait_for_one_another(place: Path) -> None:
    started = [_child("", "add", place, *OPTIONS[:-1], f"impact {number}") for number in range(3)]
    for one in started:
        assert one.wait(120) == 0
    known = Deviations.from_json((place / "deviations.json").read_bytes())
    assert known.open_ids == ("DEV-01", "DEV-02", "DEV-03")
    assert {one.recorded.impact for one in known.all} == {f"impact {one}" for one in range(3)}
    assert _sums_hold(place)


# --- tampering ------------------------------------------------------------------------------


def _sealed_again(record: Path) -> None:
    index = read_index(record)
    seal(
        record,
        index.record_id,
        Findings.from_json((record / "findings.json").read_bytes()),
        index.sealed_at,
    )


@pytest.mark.usefixtures("quick")
def test_verify_finds_what_was_changed_in_the_deviations(place: Path) -> None:
    add_deviation(place, **TEXTS)
    path = place / "deviations.json"
    path.write_bytes(path.read_bytes().replace(b"The stage jammed", b"The stage danced"))
    assert "deviations.json" in _failed(place)["no file has changed"]
    _sealed_again(place)
    what = "the audit trail says the same of the deviations as the record"
    assert "no file has changed" not in _failed(place)
    assert "says something else" in _failed(place)[what]


@pytest.mark.usefixtures("quick")
def test_verify_finds_deviations_that_were_removed_or_closed_by_hand(place: Path) -> None:
    add_deviation(place, **TEXTS)
    findings = json.loads((place / "findings.json").read_bytes())
    whole = dict(findings)
    del findings["open_deviations"]
    findings["verdict"] = "met"
    (place / "findings.json").write_bytes(readable_json(findings))
    _sealed_again(place)
    follows = "every finding and the verdict follow from figures, criteria and deviations"
    assert "the verdict (stated met, derived incomplete)" in _failed(place)[follows]
    assert CliRunner().invoke(main, ["gate", str(place)]).exit_code == 3
    (place / "deviations.json").unlink()
    _sealed_again(place)
    what = "the audit trail says the same of the deviations as the record"
    assert "DEV-01 is not in the record" in _failed(place)[what]
    (place / "findings.json").write_bytes(readable_json(whole))
    _sealed_again(place)
    follows = "every finding and the verdict follow from figures and criteria"
    assert "the verdict" in _failed(place)[follows]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda entries: entries[:0], "there is no entry"),
        (lambda entries: entries[1:], "closed, and is not open"),
        (lambda entries: [{**entries[0], "id": "DEV-02"}], "DEV-02 stands where DEV-01 follows"),
        (lambda entries: [*entries, entries[1]], "does not follow event"),
        (lambda entries: [{**entries[0], "act": "removed"}], "act"),
    ],
)
@pytest.mark.usefixtures("quick")
def test_entries_out_of_order_cannot_be_read(
    place: Path, change: Callable[[Any], Any], said: str
) -> None:
    add_deviation(place, **TEXTS)
    close_deviation(place, "DEV-01", disposition="Accepted")
    values = json.loads((place / "deviations.json").read_bytes())
    values["entries"] = change(values["entries"])
    with pytest.raises(ValueError, match=said):
        Deviations.from_json(readable_json(values))


# --- signatures -----------------------------------------------------------------------------


def test_what_is_signed_is_the_newest_report_and_nothing_is_added_to_it(place: Path) -> None:
    study = with_identities(place.parent)
    before = place.with_name("before.pdf")
    before.write_bytes((place / "report.pdf").read_bytes())
    presented = study.present(place / "report.pdf")
    add_deviation(place, **TEXTS)
    with pytest.raises(SignatureError, match="are not the bytes of report"):
        study.present(before)
    from validation.study.signing import sign_presented

    with pytest.raises(SignatureError, match="are not the bytes of report"):
        sign_presented(presented, study.signer("ada"), key="key of ada")

    shown = "\n".join(card(study.present(place / "report.pdf")))
    assert "verdict ? incomplete, with 1 deviation" in shown
    assert "OPEN       DEV-01" in shown
    study.author(path=place / "report.pdf")
    study.sign("bo", "approver", place / "signed" / "report-1-author.pdf")
    assert study.failed(place) == []
    sealed = _contents(place)
    with pytest.raises(RecordError, match="is signed, by ada"):
        close_deviation(place, "DEV-01", disposition="Too late")
    assert _contents(place) == sealed
    shutil.rmtree(place / "signed")
    with pytest.raises(RecordError, match="is signed, by ada"):
        add_deviation(place, **TEXTS)


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
def test_a_report_is_not_signed_while_a_recording_is_not_finished(place: Path) -> None:
    study = with_identities(place.parent)
    assert _child("2", "add", place, *OPTIONS).wait(60) == -9
    with pytest.raises(SignatureError, match="was interrupted"):
        study.present(place / "report.pdf")
