"""A set that is locked already is locked again as a revision; the one before is kept."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from validation.attest.audit_file import load, trail_path
from validation.attest.audit_trail import Event
from validation.errors import LockError
from validation.record import digest
from validation.study.locking import Locked, lock_test_set
from validation.study.opening import read_lock, read_protocol
from validation.study.starting import start_study

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    start_study(folder, kind="instance", title="Discs", organisation="Example")
    _lock(folder)
    return folder


def _lock(study: Path, why: str | None = None) -> Locked:
    return lock_test_set(
        read_protocol(study / "protocol.yaml"), data=None, at=AT, revise_because=why
    )


def _without_the_last_case(study: Path) -> None:
    lines = (study / "cases.csv").read_text().splitlines(keepends=True)
    (study / "cases.csv").write_text("".join(lines[:-1]))
    for folder in ("images", "reference"):
        (study / "data" / folder / "C06.png").unlink()


def _events(study: Path) -> tuple[Event, ...]:
    return load(trail_path(study)).events


def test_a_revision_keeps_the_lock_before_and_names_it(study: Path) -> None:
    before = (study / "lock/lock.json").read_bytes()
    manifest = (study / "lock/manifest-sha256.txt").read_bytes()
    _without_the_last_case(study)
    revised = _lock(study, "case C06 was a duplicate").lock
    assert (revised.revision, revised.reason) == (2, "case C06 was a duplicate")
    assert revised.supersedes == digest(before)
    assert revised.case_count == 5
    assert (study / "lock/revision-1/lock.json").read_bytes() == before
    assert (study / "lock/revision-1/manifest-sha256.txt").read_bytes() == manifest
    assert read_lock(read_protocol(study / "protocol.yaml")).lock == revised
    last = _events(study)[-1]
    assert (last.action, last.about.revision) == ("lock.created", "2")
    assert (last.old, last.new) == (digest(manifest), revised.manifest_digest)


def test_a_lock_is_not_replaced_and_nothing_is_revised_without_a_change(study: Path) -> None:
    before = (study / "lock/lock.json").read_bytes()
    with pytest.raises(LockError, match="locked already"):
        _lock(study)
    with pytest.raises(LockError, match="nothing to revise"):
        _lock(study, "no reason")
    assert (study / "lock/lock.json").read_bytes() == before
    assert not (study / "lock/revision-1").exists()
    assert _events(study)[-1].action == "lock.failed"


def test_a_set_without_a_lock_cannot_be_revised(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    start_study(folder, kind="instance", title="Discs", organisation="Example")
    with pytest.raises(LockError, match="nothing to revise"):
        _lock(folder, "why")


def test_an_interrupted_revision_is_ended_by_the_next(study: Path) -> None:
    before = (study / "lock/lock.json").read_bytes()
    _without_the_last_case(study)
    revised = _lock(study, "first try").lock
    # As a kill between the two files leaves it: the new manifest beside the old lock.
    (study / "lock/lock.json").write_bytes(before)
    with pytest.raises(LockError, match="manifest is not the one"):
        read_lock(read_protocol(study / "protocol.yaml"))
    again = _lock(study, "second try").lock
    assert (again.revision, again.supersedes) == (2, revised.supersedes)
