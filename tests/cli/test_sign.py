"""``segval sign`` at a terminal: what is shown, what is asked, what is refused, what is kept."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.study.signing_study import PASSWORDS, copy_of
from validation.attest.audit_file import trail_path

YES = "y"


@pytest.fixture(scope="module")
def segval(terminal: Callable[..., Any]) -> Callable[..., Any]:
    """Run ``segval`` at a terminal; no password may ever be in what it says."""

    def run(*arguments: object, answers: Any = (), status: int = 0, cwd: Path) -> Any:
        ended = terminal(*arguments, answers=answers, cwd=cwd)
        assert ended.status == status, ended.everything
        assert "Traceback" not in ended.everything
        for password in PASSWORDS.values():
            assert password not in ended.everything
        return ended

    return run


@pytest.fixture(scope="module")
def signed(
    segval: Callable[..., Any], signing_base: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Any, Any]:
    """The study signed by both at a terminal, and what was said; not to be changed."""
    study = copy_of(signing_base, tmp_path_factory.mktemp("cli") / "signing")
    first = segval(
        "sign", study.document, "--role", "author", "--key", study.key_file("ada"),
        answers=(YES, PASSWORDS["ada"]), cwd=study.folder,
    )  # fmt: skip
    second = segval(
        "sign", study.signed(1), "--role", "approver", "--key", study.key_file("bo"), "--json",
        answers=("yes", PASSWORDS["bo"]), cwd=study.folder,
    )  # fmt: skip
    return study, first, second


def _sign(segval: Callable[..., Any], study: Any, *options: object, **given: Any) -> Any:
    key = () if {"--key", "--token", "--import-signed"} & set(options) else (
        "--key", study.key_file("ada"),
    )  # fmt: skip
    role = () if "--role" in options else ("--role", "author")
    return segval("sign", study.document, *role, *key, *options, cwd=study.folder, **given)


# What is shown and said


def test_what_will_be_signed_is_shown_before_it_is_asked_for(signed: Any) -> None:
    study, first, second = signed
    assert first.stdout.count("\n") == 4
    for line in (
        "document   validation protocol VP-T1, revision A: Bright discs on a dark ground",
        f"file       {study.document}",
        f"SHA-256    {study.events[-4].about.digest.removeprefix('sha256:')}",
        "you sign   as author (Tester), signature 1 of 2\n",
        "meaning    I wrote this",
    ):
        assert line in first.stderr
    assert "signed by" not in first.stderr
    assert "signed by  Ada Author (ada), author" in second.stderr
    assert "signature 2 of 2; nobody can sign after it" in second.stderr
    assert "meaning    I approve this" in second.stderr


def test_question_and_password_are_asked_at_the_terminal_in_this_order(signed: Any) -> None:
    _, first, _ = signed
    assert first.shown.index("Do you sign this? [y/N]") < first.shown.index(
        "Password of key file ada.p12"
    )


def test_what_was_signed_and_what_is_next_is_said(signed: Any) -> None:
    study, first, second = signed
    assert f"signed  {study.signed(1)}" in first.stdout
    assert "Ada Author (ada), author, 20" in first.stdout
    assert "next: approver (Head of tests) signs this file" in first.stdout
    said = json.loads(second.stdout)
    assert said["signed"] == str(study.signed(2))
    assert said["complete"] is True
    assert said["digest"] == study.events[-1].details["signed"]
    assert said["manifestation"]["name"] == "Bo Boss"


def test_no_password_is_kept_anywhere(signed: Any) -> None:
    study, _, _ = signed
    for path in study.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(one.encode() in content for one in PASSWORDS.values()), path


def test_the_table_of_the_trail_says_who_signed_as_what(
    segval: Callable[..., Any], signed: Any
) -> None:
    study, _, _ = signed
    said = segval("audit", study.folder, "--action", "sign.*", cwd=study.folder).stdout
    lines = said.splitlines()
    assert "ada  sign.intent     document VP-T1 revision A as author level B-B" in lines[0]
    assert "bo   sign.completed  document VP-T1 revision A intent" in lines[3]
    assert study.events[-1].details["signed"] in lines[3]
    assert "4 shown" in said
    said = segval("audit", study.folder, "--against", study.signed(2), cwd=study.folder).stdout
    assert "✓ held" in said


def test_the_trail_is_printed_with_its_signatures(
    segval: Callable[..., Any], signed: Any, tmp_path: Path
) -> None:
    study, _, _ = signed
    segval("audit", study.folder, "--pdf", tmp_path / "trail.pdf", cwd=study.folder)
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "trail.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    for word in ("sign.intent", "sign.completed", "author", "approver", "VP-T1"):
        assert word in text


# Not signed


@pytest.mark.parametrize("answer", ["n", "", "no", "ye", "yes please"])
def test_whoever_does_not_say_yes_signs_nothing_and_loses_nothing(
    segval: Callable[..., Any], signing: Any, answer: str
) -> None:
    before = sorted(one for one in signing.folder.rglob("*") if one.name != "signing.lock")
    ended = _sign(segval, signing, answers=(answer,), status=3)
    assert "you did not sign it: nothing was written" in ended.stderr
    assert "Password" not in ended.shown
    after = sorted(one for one in signing.folder.rglob("*") if one.name != "signing.lock")
    assert after == before
    assert "sign.intent" not in signing.actions


def _without_terminal(study: Any, typed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "validation", "sign", study.document, "--role", "author", "--key",
         study.key_file("ada")],
        input=typed, capture_output=True, encoding="utf-8", check=False, cwd=study.folder,
        start_new_session=True,  # it then has no terminal, wherever the tests run
        env={**os.environ, "SEGVAL_PASSWORD": PASSWORDS["ada"]},
    )  # fmt: skip


def test_what_is_piped_in_is_no_consent_and_no_password(signing: Any) -> None:
    done = _without_terminal(signing, f"y\n{PASSWORDS['ada']}\n")
    assert done.returncode == 3
    assert "there is no terminal" in done.stderr
    assert "sign.intent" not in signing.actions
    assert not signing.signed(1).exists()


# Passwords


def test_three_wrong_passwords_make_one_wait(
    segval: Callable[..., Any], signing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        said = _sign(segval, signing, answers=(YES, "not the password"), status=3)
        assert "the password does not open the key file" in said.stderr
        assert signing.actions[-1] == "sign.attempt_failed"
    said = _sign(segval, signing, answers=(YES,), status=3)
    assert "the password was wrong several times" in said.stderr
    assert "fix:   wait " in said.stderr
    seconds = int(said.stderr.split("wait ")[1].split()[0])
    assert 1 <= seconds <= 30
    assert "Password" not in said.shown
    assert signing.actions.count("sign.attempt_failed") == 3
    assert "not the password" not in trail_path(signing.folder).read_text(encoding="utf-8")
    # Another's key is not held up.
    _sign(segval, signing, "--key", signing.key_file("cy"), answers=(YES, PASSWORDS["cy"]))


def test_the_right_password_signs_after_the_wait(
    signing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from validation import clock
    from validation.errors import SignatureError, WrongPassword
    from validation.study.presenting import about_document
    from validation.study.signing_keys import open_key_file

    presented = signing.present()
    about = about_document(presented.subject, presented.digest)

    def opened(password: str) -> Any:
        return open_key_file(
            signing.key_file("ada"), about, study=signing.folder, ask=lambda _: password
        )

    for _ in range(3):
        with pytest.raises(WrongPassword):
            opened("wrong")
    with pytest.raises(SignatureError, match="wrong several times"):
        opened(PASSWORDS["ada"])
    later = clock.now() + timedelta(seconds=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert opened(PASSWORDS["ada"]).signer.signing_cert is not None


def test_many_that_were_asked_before_the_third_failure_have_no_try_each(signing: Any) -> None:
    """Twenty programs that wait at their prompts are not twenty guesses."""
    from validation.errors import SignatureError, WrongPassword
    from validation.study.presenting import about_document
    from validation.study.signing_keys import open_key_file

    presented = signing.present()
    about = about_document(presented.subject, presented.digest)
    key = signing.key_file("ada")

    def ask(depth: int) -> str:
        if depth:  # asked while the others still wait
            with pytest.raises((WrongPassword, SignatureError)):
                open_key_file(key, about, study=signing.folder, ask=lambda _: ask(depth - 1))
        return PASSWORDS["ada"] if depth == 9 else "wrong"

    with pytest.raises(SignatureError, match="wrong several times"):
        open_key_file(key, about, study=signing.folder, ask=lambda _: ask(9))
    assert signing.actions.count("sign.attempt_failed") == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the key file is empty"),
        (b"no key", "is no PKCS#12, or is damaged"),
        (None, "holds no certificate yet"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_no_attempt(
    segval: Callable[..., Any], signing: Any, content: bytes | None, said: str
) -> None:
    path = signing.folder.parent / "other.p12"
    password = PASSWORDS["ada"]
    if content is None:
        from validation.attest.persons import Person
        from validation.study.personal_key import new_request

        new_request(Person("ada", "Ada Author"), path, password)
    else:
        path.write_bytes(content)
    ended = _sign(segval, signing, "--key", path, answers=(YES, password), status=3)
    assert said in ended.stderr
    assert "sign.attempt_failed" not in signing.actions
    assert "sign.intent" not in signing.actions


def test_an_empty_password_is_no_attempt(segval: Callable[..., Any], signing: Any) -> None:
    ended = _sign(segval, signing, answers=(YES, ""), status=3)
    assert "no password was given" in ended.stderr
    assert "sign.attempt_failed" not in signing.actions


# Wrong usage


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--level", "B-T"), "level B-T needs a time-stamp authority: give it by --tsa"),
        (("--tsa", "https://localhost"), "a time stamp belongs to --level B-T or B-LTA"),
        (("--token-key", "x"), "give your key file by --key, or a token"),
        (("--level", "B-X"), "is not one of"),
        (("--import-signed", "VP.pdf", "--level", "B-T"), "is taken as it is"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(
    segval: Callable[..., Any], signing: Any, options: tuple[str, ...], said: str
) -> None:
    ended = _sign(segval, signing, *options, status=2)
    assert said in " ".join(ended.stderr.split())
    assert ended.shown == ""


def test_neither_key_nor_token_is_wrong_usage(segval: Callable[..., Any], signing: Any) -> None:
    ended = segval("sign", signing.document, "--role", "author", status=2, cwd=signing.folder)
    assert "give your key file by --key, or a token" in ended.stderr


def test_a_time_stamp_authority_that_is_not_pinned_or_not_there_signs_nothing(
    segval: Callable[..., Any], signing: Any
) -> None:
    ended = _sign(
        segval, signing, "--level", "B-T", "--tsa", "http://127.0.0.1:9/",
        answers=(YES, PASSWORDS["ada"]), status=3,
    )  # fmt: skip
    assert "time-stamp authority" in ended.stderr
    assert signing.actions[-1] == "sign.failed"
    assert not signing.signed(1).exists()


def test_what_would_be_refused_is_refused_before_a_question(
    segval: Callable[..., Any], signing: Any, tmp_path: Path
) -> None:
    signing.signed(1).parent.mkdir()
    signing.signed(1).write_bytes(b"somebody's")
    (tmp_path / "empty").mkdir()
    for options, said in (
        (("--role", "approver"), "it is not the turn of role approver"),
        ((), "never replaced"),
        (("--study", tmp_path / "empty"), "there is no audit trail here"),
    ):
        ended = _sign(segval, signing, *options, status=3)
        assert said in ended.stderr
        assert ended.shown == ""


# What verify ends with


@pytest.mark.parametrize(
    ("case", "ended"),
    [
        ("whole", (0, [])),
        ("altered", (1, ["altered"])),
        ("untrusted", (1, ["untrusted"])),
        ("incomplete", (1, ["incomplete"])),
        ("no root", (3, [])),
    ],
)
def test_verify_ends_by_class(
    segval: Callable[..., Any],
    signed: Any,
    tmp_path: Path,
    case: str,
    ended: tuple[int, list[str]],
) -> None:
    status, failures = ended
    study, _, _ = signed
    path, options = study.signed(2), ["--study", study.folder]
    if case == "altered":
        path = tmp_path / "altered.pdf"
        path.write_bytes(study.signed(2).read_bytes() + b"\n")
    elif case == "untrusted":
        from cryptography.hazmat.primitives.serialization import Encoding

        from tests.attest.signing_world import World
        from validation.clock import now

        world = World(now())
        (tmp_path / "root.pem").write_bytes(world.root.public_bytes(Encoding.PEM))
        (tmp_path / "their.crl").write_bytes(world.crl())
        options += ["--trust", tmp_path]
    elif case == "incomplete":
        path = study.signed(1)
    elif case == "no root":
        options += ["--trust", tmp_path]
    said = segval("verify", path, *options, "--json", status=status, cwd=tmp_path)
    assert json.loads(said.stdout)["failures"] == failures
