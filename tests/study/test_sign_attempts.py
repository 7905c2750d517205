from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from validation.attest.audit_file import append, load
from validation.attest.audit_trail import Draft, Event, Subject
from validation.errors import SignatureError
from validation.study.sign_attempts import FAILED, OPENED, require_patience, wait_s

KEY, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "audit.jsonl"


def _tell(path: Path, action: str, key: str = KEY) -> None:
    about = Subject(kind="document", id="R-1")
    append(path, Draft(action=action, about=about, details={"key": key}), user="someone")


def _events(path: Path) -> tuple[Event, ...]:
    return load(path).events


def _now(path: Path, later_s: float = 0) -> datetime:
    last = _events(path)[-1].at
    moment = datetime.strptime(last, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return moment + timedelta(seconds=later_s)


@pytest.mark.parametrize(
    ("failures", "wait"), [(0, 0), (1, 0), (2, 0), (3, 30), (4, 120), (5, 900), (50, 900)]
)
def test_the_wait_grows_with_the_failures_in_a_row(path: Path, failures: int, wait: int) -> None:
    _tell(path, OPENED, OTHER)
    for _ in range(failures):
        _tell(path, FAILED)
    assert wait_s(_events(path), KEY, _now(path)) == wait
    assert wait_s(_events(path), OTHER, _now(path)) == 0


def test_the_wait_passes(path: Path) -> None:
    for _ in range(5):
        _tell(path, FAILED)
    assert wait_s(_events(path), KEY, _now(path, 899)) == 1
    assert wait_s(_events(path), KEY, _now(path, 900)) == 0


def test_a_clock_that_is_set_back_shortens_no_wait_and_lengthens_none(path: Path) -> None:
    for _ in range(5):
        _tell(path, FAILED)
    assert wait_s(_events(path), KEY, _now(path, -86_400)) == 900


def test_the_right_password_ends_the_row(path: Path) -> None:
    for _ in range(5):
        _tell(path, FAILED)
    _tell(path, OPENED)
    assert wait_s(_events(path), KEY, _now(path)) == 0


def test_the_refusal_says_how_long(path: Path) -> None:
    for _ in range(3):
        _tell(path, FAILED)
    with pytest.raises(SignatureError, match="wait 30 seconds"):
        require_patience(_events(path), KEY, _now(path), "me.p12")
