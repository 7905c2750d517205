"""The lock: pure functions of names and digests, and the files they are written to."""

import hashlib
import json
import os
import shutil
import subprocess
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.errors import LockError, TestSetError, ToolError
from validation.study.opening import (
    differences_from_lock,
    read_case_table,
    read_lock,
    read_protocol,
    require_locked_cases,
)
from validation.testset.lock import Entry, Lock, compare, manifest, name_problems, parse_manifest

if TYPE_CHECKING:
    from pathlib import Path


def _said(study: Any) -> list[str]:
    with pytest.raises(ToolError) as caught:
        study.lock()
    error = caught.value
    assert not (study.folder / "lock").exists() or not any((study.folder / "lock").iterdir())
    return [f"{one.where}: {one.what}" for one in error.problems] or [str(error)]


# Names and digests

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\\"), min_size=1
)


@given(st.dictionaries(NAMES, st.binary(max_size=4)))
def test_a_manifest_is_read_back_as_it_was_written(files: dict[str, bytes]) -> None:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    content = manifest(Entry(name, digest, 0) for name, digest in digests.items())
    assert parse_manifest(content) == digests
    assert manifest(Entry(*one, 0) for one in parse_manifest(content).items()) == content


@pytest.mark.parametrize(
    "content",
    [b"x  a\n", b"0" * 64 + b" a\n", b"0" * 64 + b"  a", b"0" * 64 + b"  \xff\n",
     (b"0" * 64 + b"  a\n") * 2, b"A" * 64 + b"  a\n", b"\n"],
)  # fmt: skip
def test_a_damaged_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(LockError, match="damaged"):
        parse_manifest(content)


def test_differences_are_told_by_name() -> None:
    found = compare({"a": "1", "b": "2", "d": "4"}, {"b": "3", "c": "3", "d": "4"})
    assert found == (("a",), ("c",), ("b",))
    assert found.any
    assert [one.where for one in found.problems()] == ["a", "c", "b"]
    assert not compare({"a": "1"}, {"a": "1"}).any


def test_names_that_two_machines_may_read_differently_are_refused_all_at_once() -> None:
    nfd = unicodedata.normalize("NFD", "é.png")
    names = ["a.png", "A.png", "b\\c.png", "d\n.png", nfd, "caf\udce9.png", "fine.png"]
    problems = name_problems(names)
    named = [one.where for one in problems]
    assert len(problems) == 5
    assert repr("fine.png") not in named
    assert name_problems(["x/é.png", f"x/{nfd}"])[-1].what.startswith("differs from")


# Locking


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum here")
def test_sha256sum_agrees_with_the_manifest(locked: Any) -> None:
    manifest_path = locked.folder / "lock" / "manifest-sha256.txt"
    done = subprocess.run(["sha256sum", "-c", "--strict", str(manifest_path)], cwd=locked.root,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.count(": OK") == 12


def test_a_lock_says_what_was_locked(locked: Any) -> None:
    content = (locked.folder / "lock" / "lock.json").read_bytes()
    lock = Lock.from_json(content)
    assert lock.to_json() == content
    assert (lock.case_count, lock.file_count, lock.subject_count) == (6, 12, 3)
    assert lock.reference_object_count == 9
    assert lock.roles == {"image": 6, "reference": 6}
    assert str(locked.folder) not in content.decode()


def test_a_lock_is_never_replaced(locked: Any) -> None:
    before = (locked.folder / "lock" / "lock.json").read_bytes()
    with pytest.raises(LockError, match="locked already"):
        locked.lock()
    assert (locked.folder / "lock" / "lock.json").read_bytes() == before


def test_links_are_refused_by_name(study: Any) -> None:
    image = study.root / "images" / "C1.png"
    image.rename(study.folder / "elsewhere.png")
    image.symlink_to(study.folder / "elsewhere.png")
    assert _said(study) == ["'images/C1.png': is a symbolic link"]


@pytest.mark.parametrize("folders", [["images", "references"], ["images/deep", "references"]])
def test_a_folder_that_is_a_link_or_below_one_is_refused(study: Any, folders: list[str]) -> None:
    (study.root / "images" / "deep").mkdir()
    (study.root / "images").rename(study.folder / "elsewhere")
    (study.root / "images").symlink_to(study.folder / "elsewhere")
    study.change("test_set.folders", folders)
    assert "is a symbolic link" in _said(study)[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
def test_what_is_no_file_is_refused(study: Any) -> None:
    os.mkfifo(study.root / "images" / "pipe")
    assert _said(study) == ["'images/pipe': is neither a file nor a folder"]


def test_missing_and_unnamed_files_are_told_all_at_once(study: Any) -> None:
    (study.root / "images" / "C1.png").unlink()
    (study.root / "references" / "C3.png").unlink()
    study.put("images/Thumbs.db", b"x")
    study.put("images/c2.png", b"x")
    assert _said(study) == [
        (
            "'images/c2.png': differs from 'images/C2.png' in upper and lower case or in Unicode "
            "form only"
        ),
        "images/C1.png: the image is not in a locked folder, or does not exist",
        "references/C3.png: the reference is not in a locked folder, or does not exist",
        "images/Thumbs.db: no case names this file",
        "images/c2.png: no case names this file",
    ]


def test_an_empty_set_is_refused(study: Any) -> None:
    (study.folder / "cases.csv").write_text("case_id,image,reference,subject_id,site\n")
    assert _said(study) == ["cases.csv: the case table has no case"]


def test_a_missing_folder_is_refused(study: Any) -> None:
    study.change("test_set.folders", ["images", "references", "nowhere"])
    assert "the folder is not there" in _said(study)[0]


def test_a_missing_root_is_refused_with_the_ways_to_name_it(study: Any) -> None:
    study.change("test_set.root", "nowhere").change("test_set.root_variable", "TINY_DATA")
    (said,) = _said(study)
    assert "TINY_DATA" in said
    assert "--data" in said


def test_every_case_that_cannot_be_measured_is_told_at_once(study: Any, tiny: Any) -> None:
    import numpy as np

    study.put("images/C1.png", (study.root / "images/C1.png").read_bytes()[:200])
    study.put("references/C2.png", tiny.png(np.zeros((32, 32), np.uint8)))
    study.put("references/C3.png", b"")
    said = _said(study)
    assert [one.split(": ")[0] for one in said] == ["case C1", "case C2", "case C3"]
    assert "images/C1.png" in said[0]
    assert "32" in said[1]


def test_an_image_cut_short_is_refused_after_a_report_was_rendered(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image, ImageFile

    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it
    path = study.root / "images/C1.png"
    Image.open(path).save(study.root / "images/C1.tif")
    content = (study.root / "images/C1.tif").read_bytes()
    (study.root / "images/C1.tif").write_bytes(content[:-1])
    path.unlink()
    study.rows[0]["image"] = "images/C1.tif"
    study.write()
    (said,) = _said(study)
    assert said.startswith("case C1: images/C1.tif")


def test_an_unknown_class_value_is_refused_at_the_lock(make_study: Any, tiny: Any) -> None:
    import numpy as np

    study = make_study("semantic")
    study.put("references/C4.png", tiny.png(np.full((64, 64), 3, np.uint8)))
    (said,) = _said(study)
    assert said.startswith("case C4: references/C4.png")
    assert "3" in said


def test_an_empty_reference_can_be_locked(locked: Any) -> None:
    lock = read_lock(read_protocol(locked.path)).lock
    assert "C6" in [case.case_id for case in lock.cases.evaluated]


def test_a_file_that_changes_while_it_is_locked_is_noticed(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from validation import workspace

    hashed = workspace.hash_files

    def hash_and_change(*given: Any, **named: Any) -> Any:
        entries = hashed(*given, **named)
        other = (study.root / "images/C2.png").read_bytes()
        study.put("images/C1.png", other)
        return entries

    monkeypatch.setattr(workspace, "hash_files", hash_and_change)
    assert _said(study) == ["case C1: images/C1.png changed after its digest was checked"]


def test_a_lock_that_cannot_be_written_leaves_nothing(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(ToolError, match="No space left"):
        study.lock()
    assert list((study.folder / "lock").iterdir()) == []


# The protocol's section against the lock


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("test_set.id", "OTHER"), "the id of the test set"),
        (("test_set.folders", ["references", "images"]), "the folders"),
        (("test_set.exclusions", [{"cases": ["C6"], "reason": "empty"}]), "the exclusions"),
        (("test_set.reference_standard.origin", "x"), "the reference standard's description"),
    ],
)
def test_a_protocol_with_another_test_set_is_refused(
    locked: Any, change: tuple[str, Any], said: str
) -> None:
    locked.change(*change)
    opened = read_protocol(locked.path)
    table, content = read_case_table(opened)
    with pytest.raises(LockError) as caught:
        require_locked_cases(opened, read_lock(opened), table, content)
    assert said in caught.value.problems[0].what


def test_another_case_table_is_refused(locked: Any) -> None:
    locked.rows[0]["site"] = "B"
    locked.write()
    with pytest.raises(LockError) as caught:
        locked.run()
    assert "the case table" in caught.value.problems[0].what


def test_what_is_told_of_the_test_set_may_change(locked: Any) -> None:
    locked.change("test_set.title", "A better title")
    opened = read_protocol(locked.path)
    table, content = read_case_table(opened)
    require_locked_cases(opened, read_lock(opened), table, content)


def test_a_test_set_that_differs_is_told_by_name(locked: Any) -> None:
    (locked.root / "images/C1.png").unlink()
    locked.put("images/new.png", b"x")
    locked.put("references/C2.png", b"x")
    found = differences_from_lock(locked.root, read_lock(read_protocol(locked.path)))
    assert found == (("images/C1.png",), ("images/new.png",), ("references/C2.png",))


@pytest.mark.parametrize("name", ["lock.json", "manifest-sha256.txt"])
def test_a_damaged_lock_is_refused(locked: Any, name: str) -> None:
    path: Path = locked.folder / "lock" / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(LockError, match="damaged"):
        read_lock(read_protocol(locked.path))


def test_a_manifest_of_another_set_is_refused(locked: Any) -> None:
    path = locked.folder / "lock" / "manifest-sha256.txt"
    path.write_bytes(path.read_bytes().replace(b"C1.png", b"C9.png"))
    with pytest.raises(LockError, match="not the one that was locked"):
        read_lock(read_protocol(locked.path))


def test_a_lock_of_a_later_format_is_refused(locked: Any) -> None:
    path = locked.folder / "lock" / "lock.json"
    values = json.loads(path.read_bytes())
    path.write_text(json.dumps({**values, "format": "segval/lock/2"}))
    with pytest.raises(LockError, match="format"):
        read_lock(read_protocol(locked.path))


def test_a_set_that_is_not_locked_cannot_be_run(study: Any) -> None:
    with pytest.raises(LockError, match="not locked"):
        study.run()


def test_the_folder_can_be_named_by_an_environment_variable(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    study.change("test_set.root_variable", "TINY_DATA").change("test_set.root", "nowhere")
    with pytest.raises(TestSetError, match="not there"):
        study.lock()
    monkeypatch.setenv("TINY_DATA", str(study.root))
    study.lock()
    monkeypatch.setenv("TINY_DATA", str(study.folder / "gone"))
    with pytest.raises(TestSetError, match="not there"):
        study.run()
