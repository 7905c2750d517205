"""The audit trail: what breaks the chain is found at its line, and nothing is lost."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from validation import clock
from validation.attest.audit_file import append, go_on_after_break, load
from validation.attest.audit_trail import (
    GENESIS,
    Anchor,
    Draft,
    Head,
    Subject,
    anchor_problems,
    event_digest,
    read_trail,
)
from validation.errors import AuditError

DRAFT = Draft(action="run.started", about=Subject(kind="run", id="R-1"), details={"b": "2"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "audit.jsonl"


@pytest.fixture
def trail(path: Path) -> Path:
    for number in range(1, 5):
        about = Subject(kind="run", id=f"R-{number}")
        append(path, DRAFT.model_copy(update={"about": about}), user="anna")
    return path


def test_the_first_event_begins_the_trail_and_each_names_the_one_before(trail: Path) -> None:
    found = load(trail)
    assert found.problems == ()
    assert [one.sequence for one in found.events] == [1, 2, 3, 4, 5]
    assert found.events[0].action == "trail.begun"
    assert found.events[0].previous == GENESIS
    assert [one.previous for one in found.events[1:]] == [one.digest for one in found.events[:-1]]
    assert {one.trail_id for one in found.events} == {found.events[0].about.id}
    assert found.events[1].actor.user == "anna"
    assert found.head == Head(5, found.events[-1].digest)


def test_a_digest_can_be_computed_without_this_tool(trail: Path) -> None:
    line = trail.read_bytes().splitlines()[1]
    values = json.loads(line)
    stated = values.pop("digest")
    # Keys sorted, no blanks: for text and whole numbers this is RFC 8785.
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    summed = subprocess.run(
        ["sha256sum"], input=b"segval/audit/1\n" + text.encode(), capture_output=True, check=True
    )
    assert stated == "sha256:" + summed.stdout.split()[0].decode()


def _line(content: bytes, number: int, change: Callable[[bytes], bytes]) -> bytes:
    lines = content.splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    return b"".join(lines)


def _resealed(line: bytes) -> bytes:
    """Return a line with another user, its own digest right."""
    values = json.loads(line)
    values["actor"]["user"] = "mallory"
    values["digest"] = event_digest(values)
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode() + b"\n"


ATTACKS: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    "edited": (lambda c: _line(c, 3, lambda one: one.replace(b"R-2", b"R-9")), 3),
    "edited and sealed again": (lambda c: _line(c, 3, _resealed), 4),
    "deleted": (lambda c: _line(c, 3, lambda _: b""), 3),
    "inserted twice": (lambda c: _line(c, 3, lambda one: one + one), 4),
    "swapped": (
        lambda c: b"".join(c.splitlines(keepends=True)[i] for i in (0, 2, 1, 3, 4)), 2
    ),
    "first removed": (lambda c: _line(c, 1, lambda _: b""), 1),
    "line break removed": (lambda c: _line(c, 3, lambda one: one.rstrip()), 3),
    "CRLF": (lambda c: c.replace(b"\n", b"\r\n"), 1),
    "BOM": (lambda c: b"\xef\xbb\xbf" + c, 1),
    "not UTF-8": (lambda c: _line(c, 3, lambda one: one.replace(b"anna", b"\xff\xfe")), 3),
    "blanks": (lambda c: _line(c, 3, lambda one: one.replace(b'":', b'": ')), 3),
    "empty line": (lambda c: _line(c, 3, lambda one: b"\n" + one), 3),
    "a field more": (lambda c: _line(c, 3, lambda one: b'{"x":1,' + one[1:]), 3),
    "a huge line": (lambda c: _line(c, 3, lambda _: b"x" * 1_000_000 + b"\n"), 3),
    "deep nesting": (lambda c: _line(c, 3, lambda _: b"[" * 100_000 + b"\n"), 3),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_breaks_the_chain_is_found_at_its_line(trail: Path, attack: str) -> None:
    change, line = ATTACKS[attack]
    content = change(trail.read_bytes())
    assert content != trail.read_bytes()
    problems = read_trail(content).problems
    assert problems
    assert problems[0].where == f"audit.jsonl:{line}"


def test_every_changed_byte_is_found(trail: Path) -> None:
    content = trail.read_bytes()
    for place in range(len(content) - 1):  # the last is the line break: then the end is torn
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        assert read_trail(changed).problems, place


def test_a_cut_or_rewritten_trail_is_found_by_an_anchor_and_by_nothing_else(trail: Path) -> None:
    whole = load(trail)
    head = whole.head
    assert head is not None
    anchor = Anchor(head, "report.pdf", whole.events[0].trail_id)
    cut = read_trail(b"".join(trail.read_bytes().splitlines(keepends=True)[:-1]))
    assert cut.problems == ()
    (problem,) = anchor_problems(cut.events, [anchor])
    assert "cut off" in problem.what
    rewritten = anchor._replace(head=Head(3, "sha256:" + "a" * 64))
    (problem,) = anchor_problems(whole.events, [rewritten])
    assert "written anew" in problem.what
    (problem,) = anchor_problems(whole.events, [anchor._replace(trail_id="0" * 32)])
    assert "another trail" in problem.what
    assert anchor_problems(whole.events, [anchor]) == ()


def test_a_torn_end_is_kept_aside_and_said(trail: Path) -> None:
    before = trail.read_bytes()
    trail.write_bytes(before + b'{"about":{"dig')
    event = append(trail, DRAFT, user="anna")
    found = load(trail)
    assert found.problems == ()
    assert [one.action for one in found.events[-2:]] == ["trail.recovered", "run.started"]
    assert event == found.events[-1]
    assert (trail.parent / "audit.torn-1.bin").read_bytes() == b'{"about":{"dig'
    assert trail.read_bytes().startswith(before)


def test_nothing_is_added_to_a_trail_whose_end_was_edited(trail: Path) -> None:
    edited = trail.read_bytes().replace(b"R-4", b"R-9")
    trail.write_bytes(edited)
    with pytest.raises(AuditError, match="altered"):
        append(trail, DRAFT, user="anna")
    assert trail.read_bytes() == edited


def test_a_damaged_trail_is_left_behind_with_a_reason(trail: Path) -> None:
    edited = trail.read_bytes().replace(b"R-4", b"R-9")
    trail.write_bytes(edited)
    go_on_after_break(trail, "the disk was restored from a copy", user="anna")
    found = load(trail)
    assert found.problems == ()
    assert found.events[1].action == "trail.continued"
    assert found.events[1].reason == "the disk was restored from a copy"
    assert (trail.parent / "audit.broken-1.jsonl").read_bytes() == edited
    with pytest.raises(AuditError, match="whole"):
        go_on_after_break(trail, "again", user="anna")


def test_a_clock_that_goes_back_is_marked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(
        [("2026-03-02T10:00:00.000000Z", "+00:00"), ("2026-03-02T10:00:00.000001Z", "+00:00"),
         ("2026-03-01T10:00:00.000000Z", "+01:00")]
    )  # fmt: skip
    monkeypatch.setattr(clock, "moment", lambda: next(moments))
    append(path, DRAFT, user="anna")
    append(path, DRAFT, user="anna")
    found = load(path)
    assert [one.clock for one in found.events] == ["forwards", "forwards", "backwards"]
    assert found.problems == ()


def test_a_short_write_is_undone(trail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = trail.read_bytes()
    write, room = os.write, [40]

    def with_little_room(descriptor: int, content: bytes) -> int:
        written = write(descriptor, content[: room[0]])
        room[0] -= written
        if not written:
            raise OSError(28, os.strerror(28))
        return written

    monkeypatch.setattr(os, "write", with_little_room)
    with pytest.raises(AuditError, match="No space left"):
        append(trail, DRAFT, user="anna")
    assert trail.read_bytes() == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(AuditError, match="cannot be written"):
        append(tmp_path / "audit" / "audit.jsonl", DRAFT, user="anna")


def test_an_unreadable_trail_is_not_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(AuditError, match="cannot be read"):
        load(tmp_path / "audit.jsonl")


def _writes(path: Path, count: int) -> None:
    for _ in range(count):
        append(path, DRAFT, user=f"process {os.getpid()}")


def test_eight_writers_lose_nothing(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_writes, args=(path, 50)) for _ in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert [one.exitcode for one in writers] == [0] * 8
    found = load(path)
    assert found.problems == ()
    assert len(found.events) == 1 + 8 * 50


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_writer_leaves_a_trail_that_goes_on(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.attest.test_audit_trail import _writes\n"
        "_writes(Path(sys.argv[1]), 100_000)"
    )
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)])
        known = path.stat().st_size if path.exists() else 0
        while not (path.exists() and path.stat().st_size > known + 2_000):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        before = len(load(path).events)
        append(path, DRAFT, user="anna")
        found = load(path)
        assert found.problems == ()
        assert found.torn == b""
        assert len(found.events) in {before + 1, before + 2}
