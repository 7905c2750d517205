"""The reports of a verification and of an audit trail: they say what was found, and all of it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.report.pdf_rules import broken_rules
from tests.study.tiny_study import Study
from validation.attest.attachments import attachments_of
from validation.cli import main
from validation.record import printable


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study with a record; not to be changed."""
    made = Study(tmp_path_factory.mktemp("reported"), "instance").lock()
    made.run()
    return made


def segval(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def text_of(pdf: Path) -> str:
    done = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def embedded(pdf: Path, name: str) -> bytes:
    found = attachments_of(pdf.read_bytes())
    assert found is not None
    return found[name]


# --- verification --------------------------------------------------------------------------


def test_what_held_is_reported_with_what_was_not_checked(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "verification.pdf"
    record = study.folder / "record"
    said = segval("verify", record, "--study", study.folder, "--pdf", out, "--json")
    assert said.exit_code == 0, said.output
    assert broken_rules(out.read_bytes()) == []
    checks, kept = json.loads(said.stdout)["checks"], json.loads(embedded(out, "verification.json"))
    assert kept["checks"] == checks
    assert kept["outcome"] == "held"
    assert kept["digests"]["record.json"].startswith("sha256:")
    text = text_of(out)
    assert "{user} at {host}".format(**kept["checked_by"]) in text
    for words in (
        f"{len(checks)} of {len(checks)} checks held.",
        "Record of a run",
        "The files of the test set were not read",
        "The model was not run again",
        "Nobody has signed this report",
        "21 CFR 11.10(a), (c)",
        "sha256sum --check SHA256SUMS",
    ):
        assert words in text
    assert "No study was given" not in text


def test_what_did_not_hold_is_reported_and_the_status_stays(study: Study, tmp_path: Path) -> None:
    record = tmp_path / "record"
    shutil.copytree(study.folder / "record", record)
    (record / "findings.json").write_bytes(b"{}")
    said = segval("verify", record, "--pdf", tmp_path / "verification.pdf")
    assert said.exit_code == 1
    text = text_of(tmp_path / "verification.pdf")
    assert "Did not hold" in text
    assert "Altered something is not what it was" in text
    assert "No study was given or found: no audit trail was consulted." in text


def test_a_report_is_never_written_over_a_file_or_into_what_is_checked(
    study: Study, tmp_path: Path
) -> None:
    there = tmp_path / "there.pdf"
    there.write_text("mine")
    record = study.folder / "record"
    for out, words in ((there, "exists"), (record / "one.pdf", "never added to")):
        said = segval("verify", record, "--pdf", out)
        assert said.exit_code == 3
        assert words in said.stderr
        assert "held" not in said.stdout
    assert there.read_text() == "mine"
    assert not (record / "one.pdf").exists()


HOSTILE_NAMES = {
    "html": "<script>alert(1)<img src=x onerror=alert(2)>&amp;",
    "jinja": "{{ 7*7 }}{% include 'x' %}{# gone #}",
    "address": "file:..etc..passwd?a#b",
    "terminal": "a\nb\x1b[2J\x07c",
    "direction": "\u202efdp.exe",
    "no-text": "\udcff\udcfe",
    "word": "W" * 255,
    "no-font": "𓀀",
    "formula": "=cmd|' C'!A0",
    "switch": "--pdf",
}


@pytest.mark.parametrize("kind", HOSTILE_NAMES)
def test_any_name_of_what_is_verified_is_printed_as_text(
    study: Study, tmp_path: Path, kind: str
) -> None:
    name, out = HOSTILE_NAMES[kind], tmp_path / "verification.pdf"
    shutil.copytree(study.folder / "lock", tmp_path / name)
    said = segval("verify", "--pdf", out, "--json", tmp_path / name)
    assert said.exit_code == 3, said.output  # the test set is not given
    assert json.loads(said.stdout)["path"] == str(tmp_path / printable(name))
    assert json.loads(embedded(out, "verification.json"))["path"] == printable(name)
    assert broken_rules(out.read_bytes()) == []
    whole = re.sub(r"\s+", "", text_of(out))
    shown = printable(name).replace("𓀀", "[U+13000]")
    assert f"Object{re.sub(' ', '', shown)},alockofatestset" in whole


@pytest.mark.parametrize("kind", HOSTILE_NAMES)
def test_any_name_of_what_a_trail_is_held_against_is_printed_as_text(
    study: Study, tmp_path: Path, kind: str
) -> None:
    name, out = HOSTILE_NAMES[kind], tmp_path / "trail.pdf"
    checkpoint = json.dumps(
        {
            "trail_id": "0" * 32,
            "sequence": 1,
            "digest": "sha256:" + "0" * 64,
            "format": "segval/checkpoint/1",
            "at": "2026-03-01T00:00:00.000000Z",
        }
    )
    (tmp_path / name).write_text(checkpoint)
    said = segval("audit", study.folder, "--against", tmp_path / name, "--pdf", out, "--json")
    assert said.exit_code == 1, said.output
    assert printable(name) in json.loads(said.stdout)["problems"][0]["where"]
    assert broken_rules(out.read_bytes()) == []
    whole = re.sub(r"\s+", "", text_of(out))
    assert f"Heldagainst{re.sub(' ', '', printable(name)).replace('𓀀', '[U+13000]')}" in whole


# --- audit trail ---------------------------------------------------------------------------


def test_the_trail_is_reported_whole_and_the_same_again(study: Study, tmp_path: Path) -> None:
    record, first, second = study.folder / "record", tmp_path / "one.pdf", tmp_path / "two.pdf"
    for out in (first, second):
        said = segval("audit", study.folder, "--against", record, "--pdf", out)
        assert said.exit_code == 0, said.output
    assert first.read_bytes() == second.read_bytes()
    assert broken_rules(first.read_bytes()) == []
    trail = (study.folder / "audit" / "audit.jsonl").read_bytes()
    assert embedded(first, "audit.jsonl") == trail
    text = text_of(first)
    for words in (
        "reaches every anchor that was given; nothing is open.",
        "No act was refused, failed or was aborted.",
        "lock.created",
        "run.completed",
        "every event",
    ):
        assert words in text


def test_a_selection_of_events_is_named_and_the_numbers_are_of_all(
    study: Study, tmp_path: Path
) -> None:
    out = tmp_path / "some.pdf"
    assert segval("audit", study.folder, "--action", "run.*", "--pdf", out).exit_code == 0
    events = len((study.folder / "audit" / "audit.jsonl").read_bytes().splitlines())
    text = text_of(out)
    assert f"2 of {events} events are printed: only those with action run.*." in text
    assert "that the end was cut off could not be seen" in text


def test_a_broken_trail_is_reported_as_broken(study: Study, tmp_path: Path) -> None:
    trail = tmp_path / "audit" / "audit.jsonl"
    trail.parent.mkdir()
    content = (study.folder / "audit" / "audit.jsonl").read_bytes()
    trail.write_bytes(content.replace(b'"user":"', b'"user":"x', 1))
    said = segval("audit", tmp_path, "--pdf", tmp_path / "broken.pdf")
    assert said.exit_code == 1
    text = text_of(tmp_path / "broken.pdf")
    assert "Did not hold" in text
    assert "audit.jsonl:1" in text


def test_an_act_that_was_refused_stands_out(study: Study, tmp_path: Path) -> None:
    shutil.copytree(study.folder, tmp_path / "study")
    broken = Study(tmp_path / "study", "instance")
    broken.put("images/C1.png", b"other bytes")
    assert segval("run", broken.path, "--out", tmp_path / "never").exit_code == 3
    segval("audit", broken.folder, "--pdf", tmp_path / "trail.pdf")
    text = text_of(tmp_path / "trail.pdf")
    assert "Acts that were refused, failed or were aborted" in text
    assert "run.refused" in text
