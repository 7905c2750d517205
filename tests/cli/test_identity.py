"""``segval identity`` at a terminal: what is asked, what is said, and what is never said."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from validation.cli import main

AUTHORITY = "the authority's password"
JANE = "Jane's own password"


@pytest.fixture(scope="module")
def segval(terminal: Callable[..., Any]) -> Callable[..., Any]:
    """Run ``segval identity``; no password may ever be in what it says."""

    def run(*arguments: object, answers: tuple[str, ...] = (), status: int = 0, cwd: Path) -> Any:
        ended = terminal("identity", *arguments, answers=answers, cwd=cwd)
        assert ended.status == status, ended.everything
        assert "Traceback" not in ended.everything
        for password in answers:
            assert password not in ended.everything
        return ended

    return run


@pytest.fixture(scope="module")
def made(segval: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study that has an authority, and Jane's key file; not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "study").mkdir()
    segval("authority", "study", "--name", "Test authority", answers=(AUTHORITY,) * 2, cwd=folder)
    segval(
        "create", "study", "--user", "jdoe", "--name", "Jane Doe", "--key", "jdoe.p12",
        answers=(AUTHORITY, JANE, JANE), cwd=folder,
    )  # fmt: skip
    return folder


def test_an_authority_says_that_it_is_for_tests(segval: Callable[..., Any], tmp_path: Path) -> None:
    said = segval("authority", ".", "--name", "A", answers=(AUTHORITY,) * 2, cwd=tmp_path)
    assert "This is a test authority" in said.stderr
    assert "the company's own authority takes its place" in said.stderr


def test_key_files_are_for_their_owner_alone(made: Path) -> None:
    for path in (made / "jdoe.p12", made / "study/identities/authority.p12"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_made_is_listed_and_checked(segval: Callable[..., Any], made: Path) -> None:
    said = segval("list", "study", "--json", cwd=made)
    (jane,) = json.loads(said.stdout)["identities"]
    assert (jane["user"], jane["name"], jane["standing"]) == ("jdoe", "Jane Doe", "valid")
    assert "jdoe  Jane Doe  valid" in segval("list", "study", cwd=made).stdout
    assert "✗" not in segval("check", "study", cwd=made).stdout
    said = segval("check", "study", "--key", "jdoe.p12", "--json", answers=(JANE,), cwd=made)
    assert json.loads(said.stdout)["outcome"] == "held"


def test_openssl_agrees_with_what_was_made(made: Path) -> None:
    trust = made / "study/identities/trust"
    both = made / "both.pem"
    both.write_bytes((trust / "root.pem").read_bytes() + (trust / "authority.crl").read_bytes())
    (jane,) = (made / "study/identities/certificates").glob("jdoe-*.pem")
    done = subprocess.run(
        ["openssl", "verify", "-crl_check", "-x509_strict", "-CAfile", both, jane],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout == f"{jane}: OK\n", done.stderr
    done = subprocess.run(
        ["openssl", "pkcs12", "-info", "-nokeys", "-in", "jdoe.p12", "-passin", "stdin"],
        input=f"{JANE}\n",
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=made,
    )
    assert "MAC: sha256, Iteration 600000" in done.stderr
    assert "subject=CN = Jane Doe, UID = jdoe" in done.stdout


def test_request_issue_and_install_are_three_hands(
    segval: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "study").mkdir()
    segval("authority", "study", "--name", "A", answers=(AUTHORITY,) * 2, cwd=tmp_path)
    segval(
        "request", "--user", "jdoe", "--name", "Jane Doe", "--organisation", "Acme",
        "--key", "jdoe.p12", "--out", "jdoe.csr", answers=(JANE,) * 2, cwd=tmp_path,
    )  # fmt: skip
    done = subprocess.run(
        ["openssl", "req", "-verify", "-noout", "-subject", "-in", "jdoe.csr"],
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout == "subject=O = Acme, CN = Jane Doe, UID = jdoe\n"
    said = segval("check", "study", "--key", "jdoe.p12", answers=(JANE,), status=1, cwd=tmp_path)
    assert "a certificate was not installed yet" in said.stdout
    segval("issue", "study", "jdoe.csr", "--days", "90", answers=(AUTHORITY,), cwd=tmp_path)
    (jane,) = (tmp_path / "study/identities/certificates").glob("jdoe-*.pem")
    segval("install", jane, "--key", "jdoe.p12", answers=(JANE,), cwd=tmp_path)
    segval("check", "study", "--key", "jdoe.p12", answers=(JANE,), cwd=tmp_path)
    assert (tmp_path / "jdoe.p12").stat().st_mode & 0o777 == 0o600


def test_a_wrong_password_and_an_unreadable_file_are_told_apart(
    segval: Callable[..., Any], made: Path, tmp_path: Path
) -> None:
    said = segval("check", "study", "--key", "jdoe.p12", answers=(JANE + "!",), status=1, cwd=made)
    assert "the password does not open the key file" in said.stdout
    for name, content in (("empty.p12", b""), ("cut.p12", (made / "jdoe.p12").read_bytes()[:99])):
        (tmp_path / name).write_bytes(content)
        said = segval(
            "check", "study", "--key", tmp_path / name, answers=(JANE,), status=1, cwd=made
        )
        assert "✗ did not hold: the key file can be read" in said.stdout
        assert "password does not" not in said.stdout


def test_a_failed_attempt_at_the_authority_is_an_event(
    segval: Callable[..., Any], made: Path
) -> None:
    said = segval("crl", "study", answers=("not the password",), status=3, cwd=made)
    assert "the password does not open the key file" in said.stderr
    trail = (made / "study/audit/audit.jsonl").read_text(encoding="utf-8")
    last = json.loads(trail.splitlines()[-1])
    assert (last["action"], last["about"]["id"]) == ("identity.attempt_failed", "authority")
    assert "not the password" not in trail


def test_what_would_be_refused_is_refused_before_a_password_is_asked(
    segval: Callable[..., Any], made: Path
) -> None:
    for arguments, said in (
        (("create", "study", "--user", "jdoe", "--name", "Jack", "--key", "n"), "never given to"),
        (("create", "study", "--user", "JDoe", "--name", "Jane Doe", "--key", "n"), "never given"),
        (("create", "study", "--user", "a b", "--name", "Jack", "--key", "n"), "user id 'a b'"),
        (("create", "study", "--user", "jd2", "--name", "J", "--key", "jdoe.p12"), "exists"),
        (("authority", "study", "--name", "B"), "identities already"),
        (("revoke", "study", "nobody", "--reason", "superseded"), "neither a user id"),
        (("issue", "study", "jdoe.p12"), "no certificate request"),
        (("list", "."), "has no identities"),
        (("crl", "."), "no authority of its own"),
    ):
        ended = segval(*arguments, status=3, cwd=made)
        assert said in ended.stderr
        assert ended.shown == ""
    assert not (made / "n").exists()


def test_no_key_file_is_left_where_no_certificate_can_be_issued(
    segval: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "study").mkdir()
    segval(
        "authority", "study", "--name", "A", "--years", "1", answers=(AUTHORITY,) * 2, cwd=tmp_path
    )
    said = segval(
        "create", "study", "--user", "jdoe", "--name", "Jane Doe", "--key", "jdoe.p12",
        "--days", "730", answers=(AUTHORITY,), status=3, cwd=tmp_path,
    )  # fmt: skip
    assert "would outlast its authority" in said.stderr
    assert not (tmp_path / "jdoe.p12").exists()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (("short",), "shorter than 12"),
        (("long enough, and", "not the same"), "two passwords differ"),
        (("",), "no password was given"),
    ],
)
def test_a_password_that_will_not_do_makes_nothing(
    answers: tuple[str, ...], said: str, terminal: Callable[..., Any], tmp_path: Path
) -> None:
    ended = terminal("identity", "authority", ".", "--name", "A", answers=answers, cwd=tmp_path)
    assert ended.status == 3
    assert said in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_no_password_is_taken(made: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "validation", "identity", "crl", "study"],
        input=f"{AUTHORITY}\n",
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=made,
        start_new_session=True,  # it then has no terminal, wherever the tests run
        env={**os.environ, "SEGVAL_PASSWORD": AUTHORITY},
    )
    assert done.returncode == 3
    assert "there is no terminal to ask for the password" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_option_takes_a_password() -> None:
    group: Any = main.commands["identity"]
    options = {one for below in group.commands.values() for param in below.params
               for one in param.opts}  # fmt: skip
    assert not [one for one in options if "pass" in one or "pin" in one]
    for below in group.commands:
        said = CliRunner().invoke(main, ["identity", below, "--help"]).output
        assert "--password" not in said


def test_a_revoked_certificate_is_seen_at_once(segval: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    segval("authority", "study", "--name", "A", answers=(AUTHORITY,) * 2, cwd=tmp_path)
    segval(
        "create", "study", "--user", "jdoe", "--name", "Jane Doe", "--key", "jdoe.p12",
        answers=(AUTHORITY, JANE, JANE), cwd=tmp_path,
    )  # fmt: skip
    segval(
        "revoke", "study", "jdoe", "--reason", "key_compromise", "--note", "notebook stolen",
        answers=(AUTHORITY,), cwd=tmp_path,
    )  # fmt: skip
    said = segval("check", "study", "--key", "jdoe.p12", answers=(JANE,), status=1, cwd=tmp_path)
    assert "revoked: since " in said.stdout
    assert "jdoe  Jane Doe  revoked" in segval("list", "study", cwd=tmp_path).stdout
    segval("check", "study", cwd=tmp_path)  # that somebody was revoked is no fault of the study
    trail = (tmp_path / "study/audit/audit.jsonl").read_text(encoding="utf-8")
    assert "notebook stolen" in trail
    for password in (AUTHORITY, JANE):
        assert password not in trail
