"""`segval choose`: from answers to a `method:` block, and nothing where nothing follows."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from validation.cli import choose, main
from validation.plan.choice.answers import answers_text
from validation.plan.choice.rules import rules
from validation.plan.protocol import Method

CHECKOUT = Path(__file__).resolve().parents[2]
SILENT = {
    **dict.fromkeys(("presence", "area", "count", "separate", "trace", "tracking"), "not_needed"),
    **dict.fromkeys(("hazard", "overlap", "small", "clutter", "kpi", "frame_rate"), "none"),
    "together": "does_not_apply",
    "decision": "image",
    "place": "server",
    "touching": "not_known",
    "annotation": "no_limit",
    "review": "no_limit",
}
COUNTING = {**SILENT, "count": "needed", "touching": "often"}


def segval(*arguments: str | Path, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["choose", *map(str, arguments)], input=typed)


@pytest.fixture
def counting(tmp_path: Path) -> Path:
    return written(tmp_path / "counting.yaml", COUNTING)


def written(path: Path, answers: dict[str, str]) -> Path:
    path.write_text(answers_text(answers, rules()), encoding="utf-8")
    return path


def method_in(text: str) -> Method:
    return Method.model_validate(yaml.safe_load(text)["method"])


# --- answers in a file --------------------------------------------------------------------


def test_the_block_can_be_pasted_as_it_is_printed(counting: Path) -> None:
    done = segval("--answers", counting)
    assert done.exit_code == 0
    method = method_in(done.stdout)
    assert method.kind == "instance"
    assert method.choice is not None
    assert (method.choice.answers, method.choice.recommended) == (COUNTING, "instance")
    assert "R03, Metrics Reloaded" in done.stdout
    assert "against instance:\n#   none of the answers" in done.stdout


def test_the_same_answers_print_the_same_bytes(counting: Path) -> None:
    assert segval("--answers", counting).stdout == segval("--answers", counting).stdout


def test_machines_get_every_point_with_its_source(counting: Path) -> None:
    found = json.loads(segval("--answers", counting, "--json").stdout)
    assert (found["recommended"], found["chosen"], found["basis"]) == (
        "instance", "instance", "required",
    )  # fmt: skip
    assert [one["id"] for one in found["points"]] == ["R03", "R04", "R18", "R19"]
    assert all(one["source"] for one in found["points"])
    assert method_in(found["method"]).kind == "instance"
    assert "recall" in found["commits_to"]["metrics"]


def test_a_folder_takes_block_and_answers(counting: Path, tmp_path: Path) -> None:
    assert segval("--answers", counting, "--out", tmp_path / "new").exit_code == 0
    assert method_in((tmp_path / "new/method.yaml").read_text()).kind == "instance"
    again = segval("--answers", tmp_path / "new/answers.yaml", "--out", tmp_path / "one.yaml")
    assert again.exit_code == 0
    assert (tmp_path / "one.yaml").read_bytes() == (tmp_path / "new/method.yaml").read_bytes()


@pytest.mark.parametrize("taken", ["method.yaml", "answers.yaml"])
def test_nothing_is_overwritten_and_nothing_written_beside_it(
    taken: str, counting: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / taken).write_text("mine")
    done = segval("--answers", counting, "--out", folder)
    assert (done.exit_code, "never replaced" in done.stderr) == (3, True)
    assert [one.read_text() for one in folder.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (SILENT, "nothing speaks for one"),
        ({**COUNTING, "annotation": "class_masks"}, "annotation: class_masks (R32) excludes"),
    ],
)
def test_where_nothing_follows_there_is_no_block(
    answers: dict[str, str], said: str, tmp_path: Path
) -> None:
    done = segval("--answers", written(tmp_path / "a.yaml", answers), "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert said in " ".join(done.stdout.replace("#", "").split())
    assert yaml.safe_load(done.stdout) is None
    assert not (tmp_path / "out").exists()


# --- deciding otherwise -------------------------------------------------------------------


def test_a_decision_otherwise_carries_its_reason(counting: Path) -> None:
    asked = ("--answers", counting, "--decide", "semantic", "--because", "Only areas: see CR-7.")
    done = segval(*asked)
    assert done.exit_code == 0
    method = method_in(done.stdout)
    assert (method.kind, method.justification[:21]) == ("semantic", "Only areas: see CR-7.")
    assert method.choice is not None
    assert method.choice.recommended == "instance"
    assert method.choice.decided_otherwise == "Only areas: see CR-7."
    assert "Against semantic:" in method.not_chosen


def test_a_contradiction_can_be_decided_over(tmp_path: Path) -> None:
    answers = written(tmp_path / "a.yaml", {**COUNTING, "annotation": "class_masks"})
    done = segval("--answers", answers, "--decide", "semantic", "--because", "A first estimate.")
    method = method_in(done.stdout)
    assert method.choice is not None
    assert (done.exit_code, method.choice.recommended) == (0, None)


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        (["--decide", "semantic"], 2, "a decision has a reason"),
        (["--because", "so"], 2, "a decision has a reason"),
        (["--decide", "semantic", "--because", "  "], 3, "needs a reason"),
        (["--decide", "semantic", "--because", "x" * 4001], 3, "needs a reason"),
        (["--decide", "semantic", "--because", "a\x1b[2Jb"], 3, "cannot be printed"),
        (["--decide", "instance", "--because", "so"], 3, "nothing is decided otherwise"),
        (["--decide", "boxes", "--because", "so"], 2, "boxes"),
    ],
)
def test_a_decision_without_its_reason_is_refused(
    asked: list[str], status: int, said: str, counting: Path
) -> None:
    done = segval("--answers", counting, *asked)
    assert (done.exit_code, done.stdout) == (status, "")
    assert said in done.stderr


@pytest.mark.parametrize(
    "because", ["{{ 7*7 }} {% raw %}", "a: b # c\n\n- d", "\u202egnp '\"\\", "x" * 4000, "null"]
)
def test_a_reason_of_any_words_is_kept_as_it_is(because: str, counting: Path) -> None:
    done = segval("--answers", counting, "--decide", "semantic", "--because", because)
    assert done.exit_code == 0, done.output
    method = method_in(done.stdout)
    assert method.choice is not None
    assert method.choice.decided_otherwise == because


# --- what cannot be read ------------------------------------------------------------------


def test_without_a_terminal_and_answers_it_says_what_is_missing() -> None:
    done = segval()
    assert done.exit_code == 3
    assert "no terminal" in done.stderr
    assert "--answers" in done.stderr


def test_every_problem_of_the_answers_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("format: segval/answers/1\nrules: 1\nanswers: {count: many, colour: blue}\n")
    done = segval("--answers", path)
    assert done.exit_code == 3
    for said in ("count has no answer 'many'", "named 'colour'", "place is not answered"):
        assert said in done.stderr


def test_an_enormous_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a terabyte that takes no room
    done = segval("--answers", path)
    assert (done.exit_code, "1,000,000" in done.stderr) == (3, True)


# --- at a terminal ------------------------------------------------------------------------


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "is_at_terminal", lambda: True)


def numbers(answers: dict[str, str]) -> list[str]:
    """Return what is typed to give answers, question by question."""
    return [
        str([one.id for one in question.answers].index(answers[question.id]) + 1)
        for question in rules().questions
        if question.id in answers
    ]


def lines(*typed: str) -> str:
    return "".join(f"{one}\n" for one in typed)


@pytest.mark.usefixtures("at_terminal")
def test_questions_lead_to_the_block_and_stdout_holds_nothing_else() -> None:
    done = segval(typed=lines(*numbers(COUNTING), ""))
    assert done.exit_code == 0, done.output
    method = method_in(done.stdout)
    assert method.choice is not None
    assert method.choice.answers == COUNTING
    assert "(1 of 18)" in done.stderr
    assert "(18 of 18)" in done.stderr
    assert "Answer (" not in done.stdout


@pytest.mark.usefixtures("at_terminal")
def test_help_back_and_words_that_are_no_answers() -> None:
    first, *rest = numbers(COUNTING)
    typed = ["b", "?", "maybe", "7", "needed", "B", first, *rest[:-1], "server", "ensemble", ""]
    done = segval(typed=lines(*typed))
    assert done.exit_code == 0, done.output
    method = method_in(done.stdout)
    assert method.choice is not None
    assert method.choice.answers == COUNTING
    assert "Presence or absence is one outcome for an image" in done.stderr
    assert "for semantic: Presence is one outcome" in done.stderr
    assert "'maybe' is no answer here" in done.stderr
    assert "your answer; Enter keeps it" in done.stderr
    assert "'ensemble' is no method" in done.stderr


@pytest.mark.usefixtures("at_terminal")
def test_deciding_otherwise_is_asked_until_there_is_a_reason() -> None:
    done = segval(typed=lines(*numbers(COUNTING), "panoptic", "", " ", "One map is asked for."))
    method = method_in(done.stdout)
    assert method.choice is not None
    assert (method.kind, method.choice.decided_otherwise) == ("panoptic", "One map is asked for.")


@pytest.mark.usefixtures("at_terminal")
def test_where_nothing_follows_nothing_is_decided_for_the_engineer() -> None:
    done = segval(typed=lines(*numbers(SILENT), ""))
    assert done.exit_code == 1
    assert "Enter decides nothing" in done.stderr
    assert yaml.safe_load(done.stdout) is None


@pytest.mark.usefixtures("at_terminal")
def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    done = segval("--out", tmp_path / "out", typed=lines("1", "2"))  # the input ends here
    assert (done.exit_code, done.stdout) == (3, "")
    assert "interrupted after 2 of 18 answers; nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("at_terminal")
def test_a_draft_is_kept_where_it_was_asked_for_and_taken_up_again(tmp_path: Path) -> None:
    typed, draft = numbers(COUNTING), tmp_path / "draft.yaml"
    done = segval("--save-answers", draft, typed=lines(*typed[:7]))
    assert (done.exit_code, "7 of 18 answers, which are kept" in done.stderr) == (3, True)
    refused = segval("--answers", draft, "--save-answers", draft, typed=lines("1"))
    assert (refused.exit_code, "never replaced" in refused.stderr) == (3, True)
    whole = tmp_path / "whole.yaml"
    done = segval("--answers", draft, "--save-answers", whole, typed=lines(*typed[7:], ""))
    assert done.exit_code == 0, done.output
    assert "(1 of 11)" in done.stderr
    assert whole.read_text() == answers_text(COUNTING, rules())


@pytest.mark.usefixtures("at_terminal")
def test_answers_that_are_complete_are_not_asked_about(counting: Path) -> None:
    done = segval("--answers", counting, typed="")
    assert (done.exit_code, done.stderr) == (0, "")


def at_pty(typed: str, *arguments: str | Path) -> "subprocess.Popen[bytes]":
    """Start the command with a pseudo-terminal as its input, at which something was typed."""
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "validation", "choose", *map(str, arguments)],
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    os.close(slave)
    os.write(master, typed.encode())
    return child


def test_a_person_at_a_real_terminal() -> None:
    out, err = at_pty(lines(*numbers(COUNTING), "")).communicate(timeout=60)
    assert method_in(out.decode()).kind == "instance", err.decode()


def test_ctrl_c_at_a_real_terminal_keeps_the_draft(tmp_path: Path) -> None:
    child = at_pty(lines("1"), "--save-answers", tmp_path / "draft.yaml")
    assert child.stderr is not None
    while b"(2 of 18)" not in child.stderr.readline():
        pass
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=60)[0] == b""
    assert child.returncode == 3
    assert "  presence: needed\n" in (tmp_path / "draft.yaml").read_text()
