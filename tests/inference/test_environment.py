"""Unit tests for validation/inference/environment.py."""

import os
import subprocess
from pathlib import Path

import pytest

from validation.inference import environment as module
from validation.inference.environment import Environment, environment


def test_the_environment_survives_being_stored() -> None:
    found = environment()
    assert Environment.from_json(found.to_json()) == found
    assert found.packages["numpy"]
    assert "CPUExecutionProvider" in found.onnx_providers
    assert found.machine.cpu_count >= 1
    assert found.machine.cpu_model


def test_no_variable_that_could_hold_a_secret_is_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REGISTRY_PASSWORD", "hunter2-hunter2")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    found = environment()
    assert b"hunter2" not in found.to_json()
    assert found.thread_settings["OMP_NUM_THREADS"] == "3"


def test_a_commit_or_the_reason_why_there_is_none() -> None:
    tool = environment().tool
    assert (tool.commit is None) == (tool.no_commit is not None) == (tool.modified is None)


def test_a_checkout_gives_commit_and_whether_it_was_modified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str) -> None:
        identity = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in WHAT}
        subprocess.run(
            ["git", "-C", str(tmp_path), *arguments],
            check=True,
            capture_output=True,
            env={**os.environ, **identity},
        )

    monkeypatch.setattr(module, "__file__", str(tmp_path / "validation" / "inference" / "e.py"))
    assert environment().tool.no_commit == "not a checkout"
    git("init")
    assert "no commit" in str(environment().tool.no_commit)
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-m", "one")
    assert environment().tool.modified is False
    (tmp_path / "a").write_text("2")
    assert environment().tool.modified is True


WHAT = ("NAME", "EMAIL")


def test_a_machine_without_git_still_has_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = environment()
    assert found.tool.commit is None
    assert found.machine.gpus == ()
