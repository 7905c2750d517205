"""Unit tests for validation/inference/journal.py."""

from pathlib import Path

import pytest

from validation.errors import RunError
from validation.inference.journal import Journal, journal_key

OUTCOME = {"outcome": {"iou": 1 / 3, "name": "é\n"}}


def filled(path: Path, *case_ids: str) -> bytes:
    with Journal.open(path, key="key") as journal:
        for case_id in case_ids:
            journal.append(case_id, OUTCOME)
    return path.read_bytes()


def resumed(path: Path) -> list[str]:
    with Journal.open(path, key="key") as journal:
        return list(journal.entries)


def test_entries_come_back_as_they_were(tmp_path: Path) -> None:
    content = filled(tmp_path / "j", "B", "A")
    assert content.count(b"\n") == 3
    with Journal.open(tmp_path / "j", key="key") as journal:
        assert dict(journal.entries) == {"B": OUTCOME, "A": OUTCOME}
    assert (tmp_path / "j").read_bytes() == content
    assert not (tmp_path / "j.torn").exists()


def test_a_journal_of_another_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    content = filled(tmp_path / "j", "A")
    with pytest.raises(RunError, match="another protocol, lock or model"):
        Journal.open(tmp_path / "j", key="other")
    assert (tmp_path / "j").read_bytes() == content


def test_a_torn_journal_is_mended_wherever_it_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "j"
    content = filled(path, "A", "B")
    ends = [index + 1 for index, byte in enumerate(content) if byte == ord("\n")]
    for kept in range(len(content) + 1):
        path.write_bytes(content[:kept])
        (tmp_path / "j.torn").unlink(missing_ok=True)
        whole = sum(end <= kept for end in ends)
        assert resumed(path) == ["A", "B"][: max(whole - 1, 0)]
        torn = b"" if kept in (0, *ends) else content[:kept].rsplit(b"\n", 1)[-1] + b"\n"
        aside = tmp_path / "j.torn"
        assert (aside.read_bytes() if aside.exists() else b"") == torn
        assert filled(path, *["A", "B"][max(whole - 1, 0) :]) == content


def test_zeros_that_a_power_cut_leaves_are_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "j"
    content = filled(path, "A")
    path.write_bytes(content + b"\0" * 40)
    assert resumed(path) == ["A"]
    assert path.read_bytes() == content
    path.write_bytes(b"\0" * 40)
    assert resumed(path) == []


def test_what_was_moved_aside_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "j"
    content = filled(path, "A")
    for torn in (b'{"case', b'{"ca'):
        path.write_bytes(content + torn)
        resumed(path)
    assert (tmp_path / "j.torn").read_bytes() == b'{"case\n{"ca\n'


def test_damage_before_the_last_line_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "j"
    lines = filled(path, "A", "B").splitlines(keepends=True)
    damaged = lines[0] + lines[1][:-5] + b"\n" + lines[2]
    path.write_bytes(damaged)
    with pytest.raises(RunError, match=r"damaged(.|\n)*j:2"):
        Journal.open(path, key="key")
    path.write_bytes(lines[0] + lines[1] + lines[1])
    with pytest.raises(RunError, match=r"lists case A twice(.|\n)*j:3"):
        Journal.open(path, key="key")


@pytest.mark.parametrize("content", [b"hello", b"hello\n", b"case,image\nA,a.png\nB,b", b"{}\n"])
def test_a_file_of_another_kind_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "j"
    path.write_bytes(content)
    with pytest.raises(RunError, match="not of the format"):
        Journal.open(path, key="key")
    assert path.read_bytes() == content


def test_a_case_is_recorded_once(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "j", key="key") as journal:
        journal.append("A", OUTCOME)
        with pytest.raises(ValueError, match="already"):
            journal.append("A", OUTCOME)


def test_nan_is_refused_and_nothing_written(tmp_path: Path) -> None:
    content = filled(tmp_path / "j")
    with Journal.open(tmp_path / "j", key="key") as journal, pytest.raises(ValueError):
        journal.append("A", {"outcome": float("nan")})
    assert (tmp_path / "j").read_bytes() == content


def test_a_second_opening_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    first = Journal.open(tmp_path / "j", key="key")
    with pytest.raises(RunError, match="another process"):
        Journal.open(tmp_path / "j", key="key")
    first.close()
    first.close()
    assert resumed(tmp_path / "j") == []


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be opened"):
        Journal.open(tmp_path / "no" / "j", key="key")


def test_the_key_changes_with_each_digest() -> None:
    key = journal_key(protocol="sha256:a", model="sha256:b")
    assert key.startswith("sha256:")
    assert key != journal_key(protocol="sha256:b", model="sha256:a")
