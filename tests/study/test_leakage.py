"""Leakage from training images to lock, run, record and report: a leak of each kind, planted."""

import csv
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from validation import clock
from validation.cli import main
from validation.errors import LeakageError, LockError, TestSetError, ToolError
from validation.record import digest
from validation.study.fingerprinting import list_folder
from validation.study.locking import Locked, lock_test_set
from validation.study.opening import read_lock, read_protocol
from validation.study.verifying import verify
from validation.testset.training import listed_images, parse_listed_images


def _segval(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def _jpeg(content: bytes, *, quality: int = 70, turns: int = 0) -> bytes:
    pixels = np.rot90(np.asarray(Image.open(io.BytesIO(content))), turns)
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _stored_anew(content: bytes) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(content)).save(stream, "TIFF")
    return stream.getvalue()


@pytest.fixture
def training(tiny: Any, tmp_path: Path) -> Path:
    """A folder of training images that share nothing with the tiny study."""
    folder = tmp_path / "training"
    folder.mkdir()
    for number in range(3):
        values = np.random.default_rng(100 + number).integers(0, 255, (8, 8)).astype(np.uint8)
        blobs = Image.fromarray(values).resize((64, 64), Image.Resampling.BICUBIC)
        (folder / f"T{number}.png").write_bytes(tiny.png(np.asarray(blobs)))
    return folder


@pytest.fixture
def state(study: Any, training: Path) -> Callable[..., Any]:
    """Return the tiny study with a list of the training images as they are when it is called."""

    def stated(on_leak: str = "report", subjects: dict[str, str] | None = None) -> Any:
        images = [
            one._replace(subject_id=(subjects or {}).get(one.file or ""))
            for one in list_folder(training)
        ]
        (study.folder / "training.csv").write_bytes(listed_images(images))
        block = {"manifest": "training.csv", "covers": "Everything.", "on_leak": on_leak}
        return study.change("test_set.training_data", block)

    return stated


def _lock(study: Any, **options: Any) -> Locked:
    return lock_test_set(read_protocol(study.path), data=None, at=clock.now(), **options)


def _image(study: Any, name: str) -> bytes:
    content: bytes = (study.root / "images" / name).read_bytes()
    return content


# findings


def test_nothing_is_found_in_clean_data(state: Callable[..., Any]) -> None:
    comparison = _lock(state(subjects={"T0.png": "P0"})).comparison
    assert not comparison.counts.any_leak
    assert comparison.counts.within_test_set == 0
    assert comparison.coverage.training_with_hash == 3
    assert comparison.coverage.cases_with_hash == 6


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        (lambda content: content, "identical_file"),
        (_stored_anew, "identical_pixels"),
        (_jpeg, "near_duplicate"),
        (lambda content: _jpeg(content, turns=1), "near_duplicate"),
    ],
    ids=["the file", "stored as TIFF", "compressed", "turned and compressed"],
)
def test_a_planted_image_is_found(
    state: Callable[..., Any],
    study: Any,
    training: Path,
    planted: Callable[[bytes], bytes],
    kind: str,
) -> None:
    suffix = {"identical_file": "png", "identical_pixels": "tif"}.get(kind, "jpg")
    (training / f"leak.{suffix}").write_bytes(planted(_image(study, "C2.png")))
    (case,) = _lock(state()).comparison.like_training
    assert (case.case_id, case.kind) == ("C2", kind)
    assert [one.name for one in case.matches] == [f"leak.{suffix}"]


def test_a_shared_subject_is_found(state: Callable[..., Any]) -> None:
    (shared,) = _lock(state(subjects={"T1.png": "S2"})).comparison.shared_subjects
    assert (shared.subject_id, shared.case_ids) == ("S2", ("C3", "C4"))


def test_a_copy_under_another_subject_is_found_within_the_test_set(study: Any) -> None:
    study.put("images/C5.png", _stored_anew(_image(study, "C1.png")))
    study.put("references/C5.png", (study.root / "references/C1.png").read_bytes())
    (pair,) = _lock(study).comparison.within_test_set
    assert (pair.case_id, pair.kind, pair.matches[0].name) == ("C1", "identical_pixels", "C5")


def test_training_data_that_are_not_stated_are_said_not_to_be(study: Any) -> None:
    study.change("test_set.training_data", None)
    result = _segval("lock", study.path)
    assert result.exit_code == 0
    assert "warning: training data not provided: leakage was not checked" in result.stderr
    assert (
        "training data not provided: leakage is not checked" in _segval("check", study.path).stdout
    )
    locked = read_lock(read_protocol(study.path)).lock.leakage
    assert locked is not None
    assert locked.not_checked == "training data not provided: leakage was not checked"


def test_lock_warns_of_a_leak_and_locks(
    state: Callable[..., Any], study: Any, training: Path
) -> None:
    (training / "leak.png").write_bytes(_image(study, "C3.png"))
    result = _segval("lock", state(subjects={"T0.png": "S1"}).path)
    assert result.exit_code == 0
    assert "warning: 2 finding(s): shared with the images of development" in result.stderr
    assert "case C3: images/C3.png is the file of training image leak.png" in result.stderr
    assert "case C1, C2: subject S1 has 1 training image(s), too" in result.stderr


# run, record, report, verification


@pytest.fixture
def leaking(state: Callable[..., Any], study: Any, training: Path) -> Any:
    """The tiny study, locked, one image of which was trained on."""
    (training / "leak.jpg").write_bytes(_jpeg(_image(study, "C2.png")))
    _lock(state(subjects={"leak.jpg": "S1"}))
    return study


def test_a_run_records_what_the_lock_found(leaking: Any) -> None:
    outcome = leaking.run()
    record = leaking.folder / "record"
    kept = json.loads((record / "leakage.json").read_text())
    assert kept == outcome.leakage.model_dump(mode="json")
    assert kept["comparison"]["counts"]["near_duplicate"] == 1
    assert kept["comparison"]["counts"]["shared_subject"] == 1
    html = (record / "report.html").read_text().replace("\xa0", " ")
    assert "1 case with a near-duplicate and 1 subject (2 cases) with images in development" in html
    assert "leak.jpg" in html
    assert verify(record).outcome == "held"
    of_report = {one.what: one.outcome for one in verify(record / "report.pdf").checks}
    assert of_report["what is said of leakage follows from the lists of the lock"] == "held"


def test_a_run_says_on_stdout_what_was_found(leaking: Any, no_report: None) -> None:
    result = _segval("run", leaking.path, "--out", leaking.folder / "record")
    assert "leakage  ✗ found: 0 case(s) with the file, 0 with the pixels" in result.stdout
    assert "1 near-duplicate(s), 1 shared subject(s)" in result.stdout


def test_refuse_ends_the_run_before_the_first_case(state: Callable[..., Any], leaking: Any) -> None:
    state("refuse", subjects={"leak.jpg": "S1"})
    log = leaking.folder / "seen.log"
    leaking.parameters = {"log": str(log)}
    leaking.write()
    with pytest.raises(LeakageError) as caught:
        leaking.run()
    assert [one.where for one in caught.value.problems] == ["case C2", "case C1, C2"]
    assert not log.exists()
    assert not (leaking.folder / "record").exists()
    result = _segval("run", leaking.path, "--out", leaking.folder / "record")
    assert result.exit_code == 3
    assert "looks like training image leak.jpg" in result.stderr
    events = (leaking.folder / "audit/audit.jsonl").read_text().splitlines()
    assert json.loads(events[-1])["action"] == "run.refused"


def test_what_follows_from_a_leak_may_be_revised_without_locking_again(
    state: Callable[..., Any], leaking: Any, no_report: None
) -> None:
    state("refuse", subjects={"leak.jpg": "S1"})
    state("report", subjects={"leak.jpg": "S1"})
    assert leaking.run().leakage.counts.near_duplicate == 1


def test_a_run_needs_no_training_images(
    state: Callable[..., Any], leaking: Any, training: Path, no_report: None
) -> None:
    shutil.rmtree(training)
    (leaking.folder / "training.csv").unlink()
    assert leaking.run().leakage.counts.near_duplicate == 1


def test_a_list_that_was_changed_after_the_lock_is_refused(
    state: Callable[..., Any], leaking: Any, training: Path
) -> None:
    (training / "leak.jpg").unlink()
    state()
    with pytest.raises(LockError, match="not the one that the test set was compared with"):
        leaking.run()


def test_other_training_data_need_a_new_revision(leaking: Any, no_report: None) -> None:
    leaking.change("test_set.training_data", {"none_because": "Nothing, really."})
    with pytest.raises(LockError) as caught:
        leaking.run()
    assert "the training data changed since the set was locked" in str(caught.value)
    _lock(leaking, revise_because="no training data after all")
    assert not (leaking.folder / "lock/training.csv").exists()
    assert (leaking.folder / "lock/revision-1/training.csv").exists()
    assert leaking.run().leakage.not_checked == "no images of development: Nothing, really."


@pytest.mark.parametrize("name", ["fingerprints.csv", "training.csv"])
@pytest.mark.parametrize("how", ["changed", "removed"])
def test_a_list_of_the_lock_that_was_tampered_with_is_found(
    leaking: Any, name: str, how: str
) -> None:
    path = leaking.folder / "lock" / name
    if how == "changed":
        path.write_bytes(path.read_bytes().replace(b"dct256:", b"dct256:0", 1))
    else:
        path.unlink()
    with pytest.raises(ToolError):
        leaking.run()
    checks = verify(leaking.folder / "lock", data=leaking.root).checks
    failed = [one for one in checks if one.outcome == "did_not_hold"]
    assert failed[0].what == "the lists of images are those that the lock names"
    assert name in failed[0].detail


def test_fingerprints_that_were_forged_with_their_digest_are_found(leaking: Any) -> None:
    folder = leaking.folder / "lock"
    content = (folder / "fingerprints.csv").read_bytes()
    images = parse_listed_images(content, "fingerprints.csv")
    other = images[0].fingerprint
    assert other is not None
    leaked = images[1]._replace(fingerprint=other._replace(perceptual_hash="0" * 64))
    forged = listed_images([images[0], leaked, *images[2:]])
    (folder / "fingerprints.csv").write_bytes(forged)
    lock = (folder / "lock.json").read_text().replace(digest(content), digest(forged))
    (folder / "lock.json").write_text(lock)
    failed = [one for one in verify(folder, data=leaking.root).checks
              if one.outcome == "did_not_hold"]  # fmt: skip
    assert [one.what for one in failed] == ["the fingerprints follow from the images"]
    assert "images/C2.png" in failed[0].detail


@pytest.mark.parametrize("name", ["leakage.json", "lock/training.csv", "lock/fingerprints.csv"])
def test_a_finding_that_was_taken_out_of_a_record_is_found(
    leaking: Any, no_report: None, name: str
) -> None:
    leaking.run()
    path = leaking.folder / "record" / name
    lines = path.read_text().splitlines(keepends=True)
    if name == "leakage.json":
        text = path.read_text().replace('"near_duplicate": 1', '"near_duplicate": 0')
        path.write_text(text)
    else:
        path.write_text("".join(lines[:-1]))
    failed = {one.what for one in verify(leaking.folder / "record").checks
              if one.outcome == "did_not_hold"}  # fmt: skip
    assert "what is said of leakage follows from the lists of the lock" in failed
    path.unlink()
    assert verify(leaking.folder / "record").outcome == "did_not_hold"


def test_a_report_whose_finding_was_taken_out_does_not_hold(leaking: Any, no_report: None) -> None:
    from validation.attest.rederive import check_derivation
    from validation.attest.verification import Checks

    leaking.run()
    record = leaking.folder / "record"
    names = [one for one in record.rglob("*") if one.is_file() and one.name != "leakage.json"]
    checks = Checks()
    check_derivation(
        {one.relative_to(record).as_posix(): one.read_bytes() for one in names}, checks
    )
    (failed,) = [one for one in checks.all() if one.outcome != "held"]
    assert (failed.failure, failed.detail) == ("incomplete", "leakage.json is missing")


def test_a_lock_of_before_can_be_read_and_run(locked: Any, no_report: None) -> None:
    locked.change("test_set.training_data", None)
    folder = locked.folder / "lock"
    values = json.loads((folder / "lock.json").read_text())
    del values["leakage"]
    (folder / "lock.json").write_text(json.dumps(values))
    (folder / "fingerprints.csv").unlink()
    leakage = locked.run().leakage
    assert leakage.comparison is None
    assert leakage.not_checked == "training data not provided: leakage was not checked"
    failed = [one for one in verify(locked.folder / "record").checks
              if one.outcome == "did_not_hold"]  # fmt: skip
    assert failed == []


# folders


def test_a_folder_is_read_when_the_set_is_locked(
    study: Any, training: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (training / "leak.png").write_bytes(_image(study, "C1.png"))
    block = {"folder": "elsewhere", "folder_variable": "TRAINED_ON", "on_leak": "report"}
    study.change("test_set.training_data", block)
    with pytest.raises(TestSetError, match="the folder of training images is not there"):
        _lock(study)
    monkeypatch.setenv("TRAINED_ON", str(training))
    assert _lock(study).comparison.counts.identical_file == 1
    assert parse_listed_images((study.folder / "lock/training.csv").read_bytes(), "training.csv")


def test_the_folder_can_be_given_on_the_command_line(study: Any, training: Path) -> None:
    refused = _segval("lock", study.path, "--training", training)
    assert refused.exit_code == 3
    assert "the protocol states none" in refused.stderr
    study.change("test_set.training_data", {"folder": "nowhere", "on_leak": "report"})
    assert _segval("lock", study.path, "--training", training).exit_code == 0


def test_fingerprint_lists_a_folder_with_its_subjects(training: Path, tmp_path: Path) -> None:
    (training / "notes.txt").write_text("no image")
    (training / "broken.png").write_bytes((training / "T0.png").read_bytes()[:60])
    subjects = tmp_path / "subjects.csv"
    subjects.write_text("file,subject_id\nT0.png,P1\nT1.png,P1\nT2.png,\nbroken.png,P2\n")
    out = tmp_path / "list.csv"
    result = _segval("fingerprint", training, "--out", out, "--subjects", subjects)
    assert result.exit_code == 0, result.output
    assert "note: broken.png: not decoded" in result.stderr
    assert "listed 5 files, 3 of them images, 3 with a subject" in result.stdout
    rows = {row["file"]: row for row in csv.DictReader(out.read_text().splitlines())}
    assert rows["notes.txt"]["note"] == "no image by its name"
    assert (rows["T0.png"]["subject_id"], rows["T2.png"]["subject_id"]) == ("P1", "")
    again = _segval("fingerprint", training, "--out", out)
    assert again.exit_code == 3
    assert "never replaced" in again.stderr


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "link.png").symlink_to(folder / "T0.png"), "symbolic link"),
        (lambda folder: (folder / "a\nb.png").write_bytes(b""), "control character"),
        (lambda folder: (folder / os.fsdecode(b"\xff.png")).write_bytes(b""), "not in UTF-8"),
        (lambda folder: os.mkfifo(folder / "pipe.png"), "neither a file nor a folder"),
        (lambda folder: [one.unlink() for one in folder.iterdir()], "holds no file"),
    ],
    ids=["link", "line break", "not UTF-8", "pipe", "empty"],
)
def test_a_folder_that_cannot_be_listed_is_refused(
    training: Path, tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    spoil(training)
    result = _segval("fingerprint", training, "--out", tmp_path / "list.csv")
    assert result.exit_code == 3
    assert said in result.stderr
    assert not (tmp_path / "list.csv").exists()


def test_subjects_have_to_fit_the_folder(training: Path, tmp_path: Path) -> None:
    subjects = tmp_path / "subjects.csv"
    subjects.write_text("file,subject_id\nT0.png,P1\nT9.png,P1\n")
    with pytest.raises(TestSetError) as caught:
        list_folder(training, subjects=subjects)
    assert [(one.where, one.what) for one in caught.value.problems] == [
        ("T9.png", "is not in the folder"),
        ("T1.png", "has no subject"),
        ("T2.png", "has no subject"),
    ]


def test_the_list_does_not_go_into_its_own_folder(training: Path) -> None:
    result = _segval("fingerprint", training, "--out", training / "list.csv")
    assert result.exit_code == 3
    assert not (training / "list.csv").exists()


# real images


def test_real_images_leak_as_planted_and_not_otherwise(
    shared_data: Path, tiny: Any, tmp_path: Path
) -> None:
    source = sorted((shared_data / "nuclei/images").iterdir())[:20]
    tested, trained = tmp_path / "tested", tmp_path / "trained"
    for folder, paths in ((tested, source[:10]), (trained, source[10:])):
        folder.mkdir()
        for path in paths:
            shutil.copy(path, folder)
    (trained / "leak.jpg").write_bytes(_jpeg(source[0].read_bytes(), turns=2))
    from validation.testset.cases import Case
    from validation.testset.leakage import compare_images

    images = {one.file or "": one for one in list_folder(tested)}
    cases = [Case(case_id=f"C{number}", image=name, reference=None, attributes={})
             for number, name in enumerate(sorted(images))]  # fmt: skip
    found = compare_images(cases, images, list_folder(trained), by_subject=False)
    (leaked,) = found.like_training
    assert (leaked.image, leaked.matches[0].name) == (source[0].name, "leak.jpg")
    assert leaked.matches[0].orientation == "rotated_180"
    assert found.within_test_set == ()


def test_approvers_see_a_leak_before_they_sign(leaking: Any) -> None:
    from validation.attest.attachments import attachments_of
    from validation.report.view.protocol import protocol_view
    from validation.study.auditing import StudyTrail
    from validation.study.inputs import read_inputs
    from validation.study.protocol_document import _contents, write_protocol_document

    inputs = read_inputs(read_protocol(leaking.path), None, lambda _done, _total: None)
    view = protocol_view(_contents(inputs, StudyTrail(leaking.folder)))
    assert "Leakage found" in view.document.notices
    assert view.test_set.leakage.images is not None
    write_protocol_document(leaking.path, out=leaking.folder / "VP.pdf")
    attached = attachments_of((leaking.folder / "VP.pdf").read_bytes())
    assert attached is not None
    assert attached["lock/training.csv"] == (leaking.folder / "lock/training.csv").read_bytes()
