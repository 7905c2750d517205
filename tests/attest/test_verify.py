"""Verification: whatever is changed, something does not hold; and nothing is ever written."""

import hashlib
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from validation import verify
from validation.attest.verification import Verification
from validation.errors import RecordError


def _outcomes(found: Verification, outcome: str) -> dict[str, str]:
    return {one.what: one.detail for one in found.checks if one.outcome == outcome}


def _reseal(record: Path) -> None:
    """Make index and sums agree with the files again, as someone who tampers would."""
    index = json.loads((record / "record.json").read_bytes())
    for name in list(index["files"]):
        path = record / name
        if path.exists():
            index["files"][name] = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            del index["files"][name]
    content = (json.dumps(index, ensure_ascii=False, indent=2) + "\n").encode()
    (record / "record.json").write_bytes(content)
    everything = {**index["files"], "record.json": "sha256:" + hashlib.sha256(content).hexdigest()}
    lines = [f"{everything[name][7:]}  {name}\n" for name in sorted(everything)]
    (record / "SHA256SUMS").write_bytes("".join(lines).encode())


def _edit(path: Path, change: Callable[[Any], None]) -> None:
    values = json.loads(path.read_bytes())
    change(values)
    path.write_bytes((json.dumps(values, ensure_ascii=False, indent=2) + "\n").encode())


def _state(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(one): (one.lstat().st_mtime_ns, one.read_bytes().hex() if one.is_file() else "")
        for one in sorted([folder, *folder.rglob("*")])
    }


@pytest.mark.parametrize("kind", ["instance", "semantic"])
def test_an_untouched_record_holds(finished: Any, kind: str) -> None:
    found = verify(finished(kind).folder / "record")
    assert found.outcome == "held", found
    assert [one.number for one in found.checks] == list(range(1, len(found.checks) + 1))


@pytest.mark.parametrize("kind", ["instance", "semantic"])
def test_an_unsigned_report_alone_is_incomplete_and_nothing_else(
    finished: Any, kind: str, tmp_path: Path
) -> None:
    report = Path(shutil.copy(finished(kind).folder / "record/report.pdf", tmp_path))
    found = verify(report)
    assert found.failures == ("incomplete",)
    assert [one.what for one in found.checks if one.outcome != "held"] == [
        "the document is signed by everyone who has to"
    ]


def test_verifying_writes_nothing(record: Path, study: Any) -> None:
    study.lock()
    before = _state(record), _state(study.folder)
    for path in (record, record / "report.pdf"):
        verify(path)
    verify(study.folder / "lock", data=study.root)
    assert (_state(record), _state(study.folder)) == before


def test_a_record_on_a_read_only_disk_can_be_verified(record: Path) -> None:
    place = str(record)
    commands = (["mount", "--bind", place, place], ["mount", "-o", "remount,ro,bind", place])
    made = [subprocess.run(one, capture_output=True, check=False).returncode for one in commands]
    if any(made):
        if not made[0]:
            subprocess.run(["umount", place], check=True)
        pytest.skip("a read-only disk cannot be mounted here")
    try:
        with pytest.raises(OSError, match="Read-only"):
            (record / "x").write_text("x")
        assert verify(record).outcome == "held"
    finally:
        subprocess.run(["umount", str(record)], check=True)


def test_sha256sum_agrees_with_the_record(record: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("there is no sha256sum here")
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=record, capture_output=True, check=False
    )
    assert done.returncode == 0
    listed = {line[66:] for line in (record / "SHA256SUMS").read_text().splitlines()}
    there = {one.relative_to(record).as_posix() for one in record.rglob("*") if one.is_file()}
    assert listed == there - {"SHA256SUMS"}


def test_any_changed_file_is_named(record: Path) -> None:
    index = json.loads((record / "record.json").read_bytes())
    for name in index["files"]:
        if name.startswith("report"):
            continue  # the same check; a changed PDF takes longer to read
        path = record / name
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        found = verify(record)
        assert found.outcome == "did_not_hold", name
        assert _outcomes(found, "did_not_hold")["no file has changed"] == name
        path.write_bytes(content)
    assert verify(record).outcome == "held"


@pytest.mark.parametrize("name", ["predictions/C1.png", "report.pdf", "evidence/metrics.json"])
def test_a_missing_file_is_named(record: Path, name: str) -> None:
    (record / name).unlink()
    found = verify(record)
    assert found.outcome == "did_not_hold"
    assert _outcomes(found, "did_not_hold")["no file is missing"] == name


def test_an_added_file_is_named(record: Path) -> None:
    (record / "predictions/more.png").write_bytes(b"x")
    assert _outcomes(verify(record), "did_not_hold") == {
        "no file was added": "predictions/more.png"
    }


@pytest.mark.parametrize("target", ["C2.png", ".."])
def test_a_link_in_a_record_is_never_said_to_hold(record: Path, target: str) -> None:
    path = record / "predictions/more.png"
    path.symlink_to(target)
    found = verify(record)
    assert found.outcome != "held"
    assert "predictions/more.png" in str(found)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
def test_a_pipe_in_a_record_does_not_stop_the_verification(record: Path) -> None:
    os.mkfifo(record / "predictions/pipe")
    assert verify(record).outcome != "held"


def test_sums_that_were_changed_do_not_hold(record: Path) -> None:
    (record / "SHA256SUMS").write_text("")
    assert list(_outcomes(verify(record), "did_not_hold")) == [
        "SHA256SUMS says the same as the index"
    ]
    (record / "SHA256SUMS").unlink()
    assert verify(record).outcome == "did_not_hold"


# Tampering that takes care of the digests

Change = Callable[[Any], None]


def _first_value(values: Any) -> None:
    values["metrics"][0]["value"] = 0.123


def _better(values: Any) -> None:
    values["criteria"][0]["value"] = 0.999


def _approved(values: Any) -> None:
    values["approval"] = "approved"


@pytest.mark.parametrize(
    ("name", "change", "what"),
    [
        ("evidence/metrics.json", _first_value, "every figure and row follows"),
        ("evidence/metrics.json", lambda v: v["metrics"].pop(), "every figure and row follows"),
        ("findings.json", _better, "every finding and the verdict follow"),
        ("findings.json", lambda v: v.update(verdict="not_met"), "every finding and the verdict"),
        ("findings.json", _approved, "every finding and the verdict follow"),
        ("findings.json", lambda v: v["criteria"].clear(), "every finding and the verdict"),
        ("findings.json", lambda v: v["failed_cases"].append(
            {"case_id": "C1", "stage": "read", "what": "w", "treatment": "t"}),
         "the tables say the same of failed cases"),
        ("run.json", lambda v: v.update(model_digest="sha256:" + "0" * 64), "the model that ran"),
        ("run.json", lambda v: v.update(cases_failed=3), "every case of the lock was attempted"),
        ("run.json", lambda v: v.update(record_id="R-0"), "the index says the same"),
        ("run.json", lambda v: v["case_timings"][0].update(inference_ms=1e6), "the summary of"),
        ("lock/lock.json", lambda v: v.update(test_set_id="OTHER"), "the lock is of the protocol"),
        ("lock/lock.json", lambda v: v.update(manifest_digest="sha256:" + "0" * 64),
         "the manifest is the one that the lock names"),
        ("record.json", lambda v: v.update(verdict="not_met"), "the index says the same"),
        ("record.json", lambda v: v.update(approval="approved"), "the index says the same"),
    ],
)  # fmt: skip
def test_tampering_with_matching_digests_is_caught(
    record: Path, name: str, change: Change, what: str
) -> None:
    _edit(record / name, change)
    _reseal(record)
    found = verify(record)
    assert found.outcome == "did_not_hold"
    held_not = list(_outcomes(found, "did_not_hold"))
    assert any(one.startswith(what) for one in held_not), held_not
    if name != "record.json":
        assert "the report embeds the files of this record" in held_not
    assert "no file has changed" not in held_not


@pytest.mark.parametrize("name", ["cases", "classes", "instances"])
def test_rows_that_were_changed_with_matching_digests_are_caught(record: Path, name: str) -> None:
    path = record / f"evidence/{name}.csv"
    path.write_bytes(path.read_bytes().replace(b"149", b"150").replace(b"1.0,", b"0.9,"))
    _reseal(record)
    found = verify(record)
    what = "every figure and row follows from the per-case tables"
    assert f"{name}.csv" in _outcomes(found, "did_not_hold")[what]


def test_a_table_that_was_changed_with_matching_digests_is_caught(record: Path) -> None:
    path = record / "evidence/tables/overlaps.csv"
    path.write_bytes(path.read_bytes().replace(b"C1,1,1,149", b"C1,1,1,100"))
    _reseal(record)
    assert verify(record).outcome == "did_not_hold"


def test_a_bound_that_was_changed_with_matching_digests_is_caught(record: Path) -> None:
    path = record / "protocol.yaml"
    path.write_bytes(path.read_bytes().replace(b"bound: 0.5", b"bound: 0.4"))
    _reseal(record)
    assert "AC-01" in str(_outcomes(verify(record), "did_not_hold"))


@pytest.mark.parametrize(
    "name", ["findings.json", "run.json", "lock/lock.json", "evidence/metrics.json",
             "protocol.yaml", "evidence/tables/cases.csv", "report.pdf"]
)  # fmt: skip
def test_a_file_cut_short_could_not_be_checked(record: Path, name: str) -> None:
    path = record / name
    path.write_bytes(path.read_bytes()[: 40 if name != "report.pdf" else 4000])
    _reseal(record)
    assert _outcomes(verify(record), "could_not_be_checked")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"format": "segval/record/9"}'])
def test_a_damaged_index_could_not_be_checked(record: Path, content: bytes) -> None:
    (record / "record.json").write_bytes(content)
    found = verify(record)
    assert found.outcome == "could_not_be_checked"


def test_a_report_without_evidence_could_not_be_checked(tmp_path: Path) -> None:
    import pikepdf

    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(tmp_path / "plain.pdf")
    (tmp_path / "no.pdf").write_bytes(b"no PDF")
    for name in ("plain.pdf", "no.pdf"):
        assert verify(tmp_path / name).outcome == "could_not_be_checked"


def test_random_damage_is_never_said_to_hold(record: Path) -> None:
    """Change any byte of any file and reseal: what follows from the tables is checked."""
    draw = random.Random(7)  # noqa: S311 - a test that is alike each time
    derived = [*record.glob("evidence/**/*.csv"), record / "evidence/metrics.json",
               record / "findings.json", record / "run.json", record / "lock/lock.json",
               record / "lock/manifest-sha256.txt", record / "protocol.yaml"]  # fmt: skip
    for _ in range(40):
        path = draw.choice(derived)
        content = path.read_bytes()
        position = draw.randrange(len(content))
        other = content[:position] + bytes([draw.randrange(256)]) + content[position + 1 :]
        path.write_bytes(other)
        _reseal(record)
        assert verify(record).outcome != "held" or other == content, (path, position)
        path.write_bytes(content)
        _reseal(record)


# Locks


def test_an_untouched_lock_holds(locked: Any) -> None:
    assert verify(locked.folder / "lock", data=locked.root).outcome == "held"


def test_a_lock_without_its_data_could_not_be_checked(locked: Any) -> None:
    assert verify(locked.folder / "lock").outcome == "could_not_be_checked"


def test_a_test_set_that_differs_is_told_by_name(locked: Any) -> None:
    (locked.root / "images/C1.png").unlink()
    locked.put("images/new.png", b"x")
    locked.put("references/C2.png", b"x")
    found = _outcomes(verify(locked.folder / "lock", data=locked.root), "did_not_hold")
    assert list(found.values()) == ["images/C1.png", "images/new.png", "references/C2.png"]


@pytest.mark.parametrize("name", ["lock.json", "manifest-sha256.txt"])
def test_a_damaged_lock_never_holds(locked: Any, name: str) -> None:
    path = locked.folder / "lock" / name
    path.write_bytes(path.read_bytes()[:-30])
    assert verify(locked.folder / "lock", data=locked.root).outcome != "held"


def test_what_is_no_artefact_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        RecordError, match="no record, no document, no comparison, no lock and no study"
    ):
        verify(tmp_path)
