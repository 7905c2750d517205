"""A run on the tiny study, and what happens to it when its input is bad."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from validation import verify
from validation.errors import LockError, RecordError, RunError, ToolError
from validation.record_folder import read_index

pytestmark = pytest.mark.usefixtures("no_report")


def _evidence(record: Path) -> dict[str, bytes]:
    """Everything of a record that must not depend on time, workers or interruptions."""
    names = [*record.glob("evidence/**/*"), *record.glob("predictions/*"), record / "findings.json"]
    return {one.relative_to(record).as_posix(): one.read_bytes() for one in names if one.is_file()}


def _rows(record: Path, name: str = "cases") -> list[dict[str, str]]:
    with (record / f"evidence/{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _run_json(record: Path) -> Any:
    return json.loads((record / "run.json").read_bytes())


@pytest.mark.parametrize("kind", ["instance", "semantic", "panoptic"])
def test_a_run_comes_to_a_complete_record(make_study: Any, kind: str) -> None:
    study = make_study(kind).lock()
    outcome = study.run()
    record = study.folder / "record"
    assert outcome.findings.verdict == "met"
    assert read_index(record).record_id == outcome.record_id
    assert [row["status"] for row in _rows(record)] == ["measured"] * 6
    assert not (study.folder / "record.incomplete").exists()
    assert not list(record.glob("**/.new-*"))
    assert not {"start.json", "journal.jsonl"} & {one.name for one in record.iterdir()}
    assert (record / "protocol.yaml").read_bytes() == study.path.read_bytes()


def test_every_object_has_a_row_and_an_outcome(locked: Any) -> None:
    locked.run()
    rows = _rows(locked.folder / "record", "instances")
    references = [row for row in rows if row["reference_id"]]
    assert len(references) == 9
    assert {row["outcome"] for row in references} == {"matched", "merged", "missed"}
    assert [row["case_id"] for row in rows if row["outcome"] == "false_positive"] == ["C5"]


@pytest.mark.parametrize("kind", ["instance", "semantic", "panoptic"])
def test_two_runs_give_the_same_bytes_whatever_the_workers(make_study: Any, kind: str) -> None:
    study = make_study(kind).lock()
    study.run("one")
    study.run("two", workers=2)
    assert _evidence(study.folder / "one") == _evidence(study.folder / "two")
    assert _run_json(study.folder / "two")["workers"] == 2
    assert "2 processes" in _run_json(study.folder / "two")["notes"][0]


def test_a_script_without_a_guard_ends_and_is_told_of_it(locked: Any) -> None:
    script = locked.folder / "script.py"
    record = locked.folder / "record"
    script.write_text(
        "from pathlib import Path\n"
        "from validation import run\n"
        f"run(Path({str(locked.path)!r}), out=Path({str(record)!r}), workers=2)\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert "imported a script that calls run()" in done.stderr
    assert done.stderr.rstrip().endswith("call run() under if __name__ == '__main__':")
    assert not record.exists()


# What is refused before anything is written


def _refused(study: Any, kind: type[ToolError] = ToolError, **options: Any) -> ToolError:
    with pytest.raises(kind) as caught:
        study.run(**options)
    assert not (study.folder / "record").exists()
    assert not (study.folder / "record.incomplete").exists()
    return caught.value


def test_a_missing_image_is_refused_by_name(locked: Any) -> None:
    (locked.root / "images/C3.png").unlink()
    (problem,) = _refused(locked, LockError).problems
    assert (problem.where, problem.what) == ("images/C3.png", "is missing")


def test_an_image_cut_short_after_the_lock_is_refused_by_name(locked: Any) -> None:
    path = locked.root / "images/C3.png"
    path.write_bytes(path.read_bytes()[:-10])
    (problem,) = _refused(locked, LockError).problems
    assert problem.where == "images/C3.png"
    assert "another content" in problem.what


def test_a_mask_of_another_size_is_refused_by_name(locked: Any, tiny: Any) -> None:
    locked.put("references/C1.png", tiny.png(np.zeros((8, 8), np.uint8)))
    assert _refused(locked, LockError).problems[0].where == "references/C1.png"


def test_a_case_table_without_cases_is_refused(locked: Any) -> None:
    (locked.folder / "cases.csv").write_text("case_id,image,reference,subject_id,site\n")
    assert "no case" in str(_refused(locked))


def test_a_case_that_is_listed_twice_is_refused(locked: Any) -> None:
    locked.rows.append(locked.rows[0])
    locked.write()
    assert "C1 is listed twice" in str(_refused(locked))


def test_another_model_file_is_refused(locked: Any) -> None:
    (locked.folder / "model.py").write_text("def segment(image): return image\n")
    assert "not the one that the protocol names" in _refused(locked, RunError).what


def test_a_missing_model_file_is_refused(locked: Any) -> None:
    (locked.folder / "model.py").unlink()
    assert "the model is not there" in _refused(locked).what


@pytest.mark.parametrize(
    "source", ["def other(): pass\n", "syntax error\n", "raise SystemExit(5)\n"]
)
def test_a_model_that_cannot_be_loaded_leaves_nothing(locked: Any, source: str) -> None:
    locked.source = source
    locked.write()
    _refused(locked, RunError)


def test_a_protocol_with_errors_is_refused(locked: Any) -> None:
    locked.change("criteria.0.metric", "nonsense")
    assert "1 error" in _refused(locked).what


def test_a_record_inside_the_locked_folders_is_refused(locked: Any) -> None:
    _refused(locked, RecordError, out="data/images/record")
    assert not (locked.root / "images/record.incomplete").exists()


def test_an_existing_record_is_never_replaced(locked: Any) -> None:
    locked.run()
    before = (locked.folder / "record" / "record.json").read_bytes()
    for resume in (False, True):
        with pytest.raises(RecordError, match="never replaced"):
            locked.run(resume=resume)
    assert (locked.folder / "record" / "record.json").read_bytes() == before


def test_a_file_or_dangling_link_at_the_records_place_is_kept(locked: Any) -> None:
    (locked.folder / "file").write_text("kept")
    (locked.folder / "link").symlink_to("nowhere")
    for name in ("file", "link"):
        with pytest.raises(RecordError, match="never replaced"):
            locked.run(name)
    assert (locked.folder / "file").read_text() == "kept"


def test_resuming_nothing_is_refused(locked: Any) -> None:
    assert "no interrupted run" in _refused(locked, RecordError, resume=True).what


# What is a finding


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("how", "stage", "said"),
    [
        ("raise", "inference", "ZeroDivisionError: the model divides by zero"),
        ("nan", "prediction", ""),
        ("size", "prediction", "3"),
    ],
)
def test_a_case_that_fails_is_a_finding_and_keeps_its_row(
    locked: Any, how: str, stage: str, said: str, workers: int
) -> None:
    locked.parameters = {"fail_on": 3, "how": how}
    locked.write()
    findings = locked.run(workers=workers).findings
    (failed,) = findings.failed_cases
    assert (failed.case_id, failed.stage) == ("C3", stage)
    assert said in failed.what
    assert findings.verdict in {"incomplete", "not_met"}
    row = _rows(locked.folder / "record")[2]
    assert (row["case_id"], row["status"], row["matched"]) == ("C3", "failed", "0")
    objects = [
        row for row in _rows(locked.folder / "record", "instances") if row["case_id"] == "C3"
    ]
    assert [row["outcome"] for row in objects] == ["missed"]
    assert _run_json(locked.folder / "record")["cases_failed"] == 1


@pytest.mark.parametrize("how", ["nan", "value", "raise"])
def test_a_failed_case_of_a_semantic_study_is_a_finding(make_study: Any, how: str) -> None:
    study = make_study("semantic")
    study.parameters = {"fail_on": 2, "how": how}
    study.write()
    findings = study.lock().run().findings
    assert [one.case_id for one in findings.failed_cases] == ["C2"]
    assert findings.verdict != "met"


def test_a_failed_case_that_is_left_out_still_forbids_met(locked: Any) -> None:
    locked.parameters = {"fail_on": 3, "how": "raise"}
    locked.change("analysis.failed_cases", "leave_out")
    findings = locked.run().findings
    assert findings.verdict == "incomplete"
    assert "left out" in findings.failed_cases[0].treatment
    assert _rows(locked.folder / "record")[2]["in_figures"] == "false"


def test_a_model_that_fails_on_every_case_comes_to_a_record(locked: Any) -> None:
    locked.source = "def segment(image, **_): raise ValueError('never')\n"
    locked.write()
    findings = locked.run().findings
    assert len(findings.failed_cases) == 6
    assert findings.verdict == "not_met" or findings.criteria[0].verdict == "not_evaluable"
    assert findings.verdict != "met"


def test_an_empty_prediction_is_measured(locked: Any) -> None:
    locked.parameters = {"fail_on": 3, "how": "empty"}
    locked.write()
    assert locked.run().findings.failed_cases == ()
    row = _rows(locked.folder / "record")[2]
    assert (row["status"], row["matched"], row["missed"]) == ("measured", "0", "1")


def test_an_empty_reference_and_prediction_is_measured(locked: Any) -> None:
    locked.run()
    row = _rows(locked.folder / "record")[5]
    assert (row["case_id"], row["reference_objects"], row["recall"]) == ("C6", "0", "")


@pytest.mark.parametrize("which", ["images", "references"])
def test_a_file_that_changes_after_the_lock_was_checked_is_a_failed_case(
    locked: Any, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from validation.study import inputs

    checked = inputs.require_unchanged

    def check_and_change(*given: Any) -> None:
        checked(*given)
        other = "C2" if which == "images" else "C4"
        locked.put(f"{which}/C1.png", (locked.root / f"{which}/{other}.png").read_bytes())

    monkeypatch.setattr(inputs, "require_unchanged", check_and_change)
    findings = locked.run().findings
    (failed,) = findings.failed_cases
    assert (failed.case_id, failed.stage) == ("C1", "read")
    assert f"{which}/C1.png changed after" in failed.what
    assert findings.verdict != "met"
    if which == "references":
        assert "left out of every figure" in failed.treatment


def test_what_a_provider_computes_with_is_recorded(
    locked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from validation.inference.adapters.python import PythonSegmenter

    providers = ("CUDAExecutionProvider", "CPUExecutionProvider")
    monkeypatch.setattr(PythonSegmenter, "providers", providers)
    locked.run()
    run = _run_json(locked.folder / "record")
    assert run["execution_provider"] == "CUDAExecutionProvider, CPUExecutionProvider"


def test_the_data_can_lie_elsewhere(locked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    locked.root.rename(locked.folder / "moved")
    with pytest.raises(ToolError, match="is not there"):
        locked.run()
    locked.run(data=locked.folder / "moved")
    locked.change("test_set.root_variable", "TINY_DATA")
    monkeypatch.setenv("TINY_DATA", str(locked.folder / "moved"))
    locked.run("second")
    assert str(locked.folder) not in (locked.folder / "second/run.json").read_text()


# Predictions made elsewhere


def _with_predictions(study: Any, tiny: Any, record: Path) -> Any:
    """Make the study one of the predictions that a record keeps."""
    import hashlib
    import shutil

    folder = study.folder / "predictions"
    if not folder.exists():
        shutil.copytree(record / "predictions", folder)
    lines = [
        f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n".encode()
        for one in sorted(folder.iterdir())
    ]
    study.model = {
        "adapter": "predictions",
        "name": "brightness",
        "version": "1",
        "format": {"instance": "label_maps", "panoptic": "panoptic_maps"}.get(
            study.kind, "class_maps"
        ),
        "location": "predictions",
        "digest": tiny.sha256(b"".join(lines)),
        "produced_by": "An earlier run.",
    }
    study.write()
    return study


@pytest.mark.parametrize("kind", ["instance", "semantic", "panoptic"])
def test_predictions_of_a_record_give_the_same_evidence(
    make_study: Any, tiny: Any, finished: Any, kind: str
) -> None:
    record = finished(kind).folder / "record"
    study = _with_predictions(make_study(kind).lock(), tiny, record)
    study.run()
    assert _evidence(study.folder / "record") == _evidence(record)
    run = _run_json(study.folder / "record")
    assert run["case_timings"] == []
    assert "no latency was measured" in " ".join(run["notes"])


def test_a_case_without_a_prediction_is_a_failed_case(
    locked: Any, tiny: Any, finished: Any
) -> None:
    record = finished().folder / "record"
    study = _with_predictions(locked, tiny, record)
    (study.folder / "predictions/C3.png").unlink()
    _with_predictions(study, tiny, record)
    (failed,) = study.run().findings.failed_cases
    assert (failed.case_id, failed.stage) == ("C3", "prediction")
    assert "there is no prediction C3.png" in failed.what


def test_other_predictions_are_refused(locked: Any, tiny: Any, finished: Any) -> None:
    study = _with_predictions(locked, tiny, finished().folder / "record")
    (study.folder / "predictions/C3.png").write_bytes(b"x")
    assert "not the one" in _refused(study, RunError).what


def test_a_prediction_that_changes_after_its_digest_was_checked_is_a_failed_case(
    locked: Any, tiny: Any, finished: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from validation.study import inputs

    study = _with_predictions(locked, tiny, finished().folder / "record")
    checked = inputs.require_unchanged

    def check_and_change(*given: Any) -> None:
        checked(*given)
        folder = study.folder / "predictions"
        (folder / "C1.png").write_bytes((folder / "C2.png").read_bytes())

    monkeypatch.setattr(inputs, "require_unchanged", check_and_change)
    (failed,) = study.run().findings.failed_cases
    assert failed.case_id == "C1"
    assert "changed after its digest was checked" in failed.what


def test_a_folder_where_a_file_is_asked_is_refused(locked: Any, tiny: Any, finished: Any) -> None:
    study = _with_predictions(locked, tiny, finished().folder / "record")
    study.model["format"] = "coco_results"
    study.write()
    assert "is a folder" in _refused(study).what
    study.model |= {"format": "label_maps", "location": "model.py"}
    study.write()
    assert "folder of predictions is not there" in _refused(study).what


# Disks


def test_a_full_disk_leaves_a_run_to_resume(locked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from validation import workspace

    write, written = workspace.write_again, []

    def write_until_full(path: Path, content: bytes) -> None:
        if path.suffix == ".png":
            written.append(path)
        if len(written) > 3:
            with workspace._told(path):
                raise OSError(28, "No space left on device")
        write(path, content)

    with monkeypatch.context() as full:
        full.setattr(workspace, "write_again", write_until_full)
        with pytest.raises(RecordError, match="No space left") as caught:
            locked.run()
    assert "--resume" in caught.value.fix
    assert not (locked.folder / "record").exists()
    locked.run(resume=True)
    assert verify(locked.folder / "record").outcome != "did_not_hold"


@pytest.mark.skipif(os.name != "posix", reason="mounts are made on Linux only")
@pytest.mark.parametrize("options", ["size=64k", "ro"])
def test_a_real_disk_that_is_full_or_read_only_leaves_nothing_half_written(
    locked: Any, options: str
) -> None:
    disk = locked.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (it takes root and the right to mount)")
    try:
        if options != "ro":
            (disk / "filler").write_bytes(b"x" * 30_000)
        with pytest.raises(ToolError) as caught:
            locked.run("disk/record")
        assert "No space left" in str(caught.value) or "Read-only" in str(caught.value)
        assert not (disk / "record").exists()
        assert not list(disk.glob("**/.new-*"))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_read_only_folder_is_told(locked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *_: Any, **__: Any) -> None:
        raise OSError(30, "Read-only file system", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    error = _refused(locked, RecordError)
    assert "Read-only" in error.what
    assert error.fix == "choose a folder that can be written to"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_the_model_prints_stays_out_of_the_results(
    locked: Any, capfd: pytest.CaptureFixture[str], workers: str
) -> None:
    from validation.cli import main

    locked.parameters = {"fail_on": 3, "how": "print"}
    locked.write()
    out = str(locked.folder / "record")
    arguments = ["run", str(locked.path), "--json", "--workers", workers, "--out", out]
    main(arguments, standalone_mode=False)
    stdout, stderr = capfd.readouterr()
    assert json.loads(stdout)["findings"]["verdict"] == "met"
    assert "a model that talks" in stderr
