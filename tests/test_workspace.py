"""The one file that knows paths: whole or not at all, and never replaced."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from validation import workspace
from validation.errors import LockError, RecordError, TestSetError, ToolError


def test_a_new_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    workspace.write_new(path, b"content")
    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [one.name for one in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("there", ["file", "folder", "link", "dangling"])
def test_a_new_file_never_replaces(tmp_path: Path, there: str) -> None:
    path = tmp_path / "file"
    (tmp_path / "other").write_text("other")
    {
        "file": lambda: path.write_text("kept"),
        "folder": path.mkdir,
        "link": lambda: path.symlink_to("other"),
        "dangling": lambda: path.symlink_to("nowhere"),
    }[there]()
    with pytest.raises(RecordError, match="never replaced"):
        workspace.write_new(path, b"new")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "other"]
    assert (tmp_path / "other").read_text() == "other"


def test_unfinished_work_is_replaced(tmp_path: Path) -> None:
    workspace.write_again(tmp_path / "file", b"one")
    workspace.write_again(tmp_path / "file", b"two")
    assert (tmp_path / "file").read_bytes() == b"two"


@pytest.mark.parametrize("write", [workspace.write_new, workspace.write_again])
@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EROFS, "can be written to"),
        (errno.EACCES, "you may write to"),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "link_or_replace"])
def test_what_cannot_be_written_leaves_nothing(  # noqa: PLR0917 - the columns of a table
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any, number: int, fix: str, step: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(os, "link", fail)
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(RecordError) as caught:
        write(tmp_path / "file", b"content")
    assert os.strerror(number) in caught.value.what
    assert fix in caught.value.fix
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    for write in (workspace.write_new, workspace.write_again):
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path / "file", b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RecordError):
        workspace.write_new(tmp_path / "file" / "below", b"x")
    with pytest.raises(RecordError, match="exists"):
        workspace.make_folder(tmp_path / "file")


def test_a_finished_folder_gets_its_name_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    workspace.finish(tmp_path / "one", tmp_path / "final")
    with pytest.raises(RecordError, match="never replaced"):
        workspace.finish(tmp_path / "two", tmp_path / "final")
    assert (tmp_path / "final" / "file").read_text() == "one"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "is not there"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.symlink_to(path.name), "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, make: Any, said: str) -> None:
    make(tmp_path / "x")
    with pytest.raises(ToolError, match=said):
        workspace.read(tmp_path / "x", "the thing")


def test_files_are_hashed_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).write_text(name)
    told: list[tuple[int, int]] = []
    entries = workspace.hash_files(
        tmp_path, ["c", "a", "b"], progress=lambda *one: told.append(one)
    )
    assert [one.path for one in entries] == ["a", "b", "c"]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_files_that_cannot_be_hashed_are_named_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(LockError) as caught:
        workspace.hash_files(tmp_path, ["a", "link", "gone"])
    assert [one.where for one in caught.value.problems] == ["gone", "link"]


def test_a_folder_that_cannot_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()

    def refuse(path: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(TestSetError) as caught:
        workspace.walk(tmp_path, ["images"])
    assert "Permission denied" in caught.value.problems[0].what


def test_everything_below_a_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_text("x")
    (tmp_path / "a" / "loop").symlink_to("..")
    assert workspace.files_below(tmp_path) == ("a/b/file", "a/loop")
