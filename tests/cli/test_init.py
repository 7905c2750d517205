"""`segval init` writes a study that runs as it is, whole or not at all, over nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from PIL import Image

from validation import workspace
from validation.cli import init, main
from validation.plan.protocol import Protocol
from validation.study.opening import read_protocol
from validation.study.starting import draw_case


def segval(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def study(tmp_path: Path) -> Path:
    assert segval("init", tmp_path / "study", "--yes").exit_code == 0
    return tmp_path / "study"


def protocol_in(folder: Path) -> Protocol:
    return read_protocol(folder / "protocol.yaml").protocol


# --- the study runs ---------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "adapter"),
    [
        ("instance", "python"),
        ("semantic", "python"),
        ("panoptic", "python"),
        ("semantic", "onnx"),
        ("instance", "predictions"),
        ("panoptic", "predictions"),
    ],
)
def test_a_new_study_goes_all_the_way(method: str, adapter: str, tmp_path: Path) -> None:
    folder, record = tmp_path / "study", tmp_path / "study" / "records" / "first"
    assert segval("init", folder, "--method", method, "--adapter", adapter).exit_code == 0
    checked = segval("check", folder / "protocol.yaml", "--json")
    assert checked.exit_code == 0
    assert json.loads(checked.stdout)["errors"] == []
    assert segval("lock", folder / "protocol.yaml").exit_code == 0
    ran = segval("run", folder / "protocol.yaml", "--out", record, "--json")
    assert ran.exit_code in {0, 1}, ran.output
    findings = json.loads(ran.stdout)["findings"]
    assert findings["failed_cases"] == []
    # Every criterion can be judged: a first run that says "not evaluable" would only puzzle.
    assert {one["verdict"] for one in findings["criteria"]} <= {"met", "not_met"}
    verified = segval("verify", record)
    assert verified.exit_code == 0, verified.output


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell")
def test_the_script_of_the_pipeline_passes_stops_and_refuses(tmp_path: Path) -> None:
    """The model is a network; it is made worse by the threshold of its output."""
    study = tmp_path / "study"
    assert segval("init", study, "--adapter", "onnx").exit_code == 0
    refused = pipeline(study, "unlocked")
    assert (refused.returncode, "is not locked" in refused.stderr) == (3, True)
    assert segval("lock", study / "protocol.yaml").exit_code == 0

    passed = pipeline(study, "met")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    (suite,) = ET.parse(study / "met/criteria.xml").getroot()  # noqa: S314 - made by segval
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "0", "0")
    assert (study / "met/record/report.pdf").is_file()
    assert (study / "met/summary.md").read_text("utf-8").startswith("## ✓ Met")

    text = (study / "protocol.yaml").read_text("utf-8")
    worse = text.replace("foreground_threshold: 0.5", "foreground_threshold: 0.9999999")
    assert worse != text
    (study / "protocol.yaml").write_text(worse, "utf-8")
    stopped = pipeline(study, "missed")
    assert stopped.returncode == 1, stopped.stdout + stopped.stderr
    (suite,) = ET.parse(study / "missed/criteria.xml").getroot()  # noqa: S314 - made by segval
    failed = [one.get("name") for one in suite if one.find("failure") is not None]
    assert "AC-01 Object recall, disc, IoU 0.5" in failed


def pipeline(study: Path, folder: str) -> "subprocess.CompletedProcess[str]":
    beside = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", "validate.sh", "protocol.yaml", folder],
        cwd=study, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, **beside},
    )  # fmt: skip


@pytest.mark.parametrize("adapter", ["python", "onnx", "predictions"])
@pytest.mark.parametrize("method", ["instance", "semantic", "panoptic"])
def test_the_only_remark_on_a_new_study_is_that_it_is_not_locked(
    method: str, adapter: str, tmp_path: Path
) -> None:
    made = segval("init", tmp_path / "study", "--method", method, "--adapter", adapter)
    if (method, adapter) == ("panoptic", "onnx"):
        assert (made.exit_code, "no panoptic map" in made.stderr) == (3, True)
        assert list(tmp_path.iterdir()) == []
        return
    found = json.loads(segval("check", tmp_path / "study/protocol.yaml", "--json").stdout)
    assert found["errors"] == []
    assert [one["what"] for one in found["warnings"]] == ["the test set is not locked yet"]
    # The tables of the specification say what the protocol says.
    tables = tmp_path / "study/specification"
    against = segval("requirements", tables / "requirements.csv", "--risks", tables / "risks.csv",
                     "--against", tmp_path / "study/protocol.yaml")  # fmt: skip
    assert against.exit_code == 0, against.output


def test_the_workflows_call_the_script_where_it_lies(study: Path) -> None:
    github = yaml.safe_load((study / ".github/workflows/validate.yml").read_text("utf-8"))
    runs = [one.get("run", "") for one in github["jobs"]["validate"]["steps"]]
    assert "sh validate.sh protocol.yaml validation-results" in runs
    gitlab = yaml.safe_load((study / ".gitlab-ci.yml").read_text("utf-8"))
    assert "sh validate.sh protocol.yaml validation-results" in gitlab["validate"]["script"]
    assert gitlab["validate"]["artifacts"]["reports"]["junit"] == "validation-results/criteria.xml"


@pytest.mark.parametrize(
    "verb",
    ["choose", "requirements", "plan-size", "check", "lock", "protocol", "sign", "run",
     "deviation add", "compare", "verify"],
)  # fmt: skip
def test_the_page_of_next_steps_leads_through_the_verbs(verb: str, study: Path) -> None:
    assert f"`segval {verb}" in (study / "README.md").read_text("utf-8") or (
        f"    segval {verb}" in (study / "README.md").read_text("utf-8")
    )


def test_it_prints_the_commands_that_come_next(tmp_path: Path) -> None:
    said = segval("init", tmp_path / "study").stdout
    for verb in ("check", "lock", "run", "verify"):
        assert f"segval {verb} {tmp_path / 'study'}" in said


def test_json_lists_the_files(tmp_path: Path) -> None:
    said = json.loads(segval("init", tmp_path / "study", "--json").stdout)
    assert said["method"] == "instance"
    assert sorted(said["files"]) == list(workspace.files_below(tmp_path / "study"))


def test_the_texts_say_nothing_of_templates(study: Path) -> None:
    for name in ("protocol.yaml", "README.md", ".gitignore", "model.py"):
        text = (study / name).read_text(encoding="utf-8")
        assert not {"{{", "{%", "}}", "%}"} & {text[at : at + 2] for at in range(len(text))}


# --- options ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "Zählung: 'Kerne' & \"Fasern\" #1",
        "{{ 7 * 7 }} {% raw %}",
        "- [a, b]: *c !d %e",
        "<b>Ω</b> 田 😀",
        "\\u0041 \\n",
    ],
)
def test_title_and_organisation_arrive_as_they_were_given(title: str, tmp_path: Path) -> None:
    made = segval("init", tmp_path / "s", "--title", title, "--organisation", title[::-1])
    assert made.exit_code == 0, made.output
    document = protocol_in(tmp_path / "s").document
    assert (document.title, document.organisation) == (title.strip(), title[::-1].strip())


@pytest.mark.parametrize("title", ["", "   ", "two\nlines", "bell\x07", "x" * 301, "\u202eevil"])
def test_a_title_that_cannot_be_printed_is_refused(title: str, tmp_path: Path) -> None:
    refused = segval("init", tmp_path / "s", "--title", title)
    assert refused.exit_code == 3
    assert "the title cannot be printed" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_method_is_wrong_usage(tmp_path: Path) -> None:
    assert segval("init", tmp_path / "s", "--method", "volumetric").exit_code == 2


# --- asking -----------------------------------------------------------------------------


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init, "is_at_terminal", lambda: True)


def answered(folder: Path, *lines: str, end: str = "\n") -> Result:
    typed = "".join(f"{one}{end}" for one in lines)
    return CliRunner().invoke(main, ["init", str(folder)], input=typed)


@pytest.mark.usefixtures("at_terminal")
def test_at_a_terminal_it_asks_for_each_choice(tmp_path: Path) -> None:
    made = answered(tmp_path / "s", "Semantic", "Area of cells", "Ours", "letter", "predictions")
    assert made.exit_code == 0, made.output
    protocol = protocol_in(tmp_path / "s")
    document = protocol.document
    assert (document.title, document.organisation) == ("Area of cells", "Ours")
    assert (document.page_size, protocol.method.kind) == ("Letter", "semantic")
    assert protocol.model.adapter == "predictions"
    assert "segval choose" in made.stderr
    assert "Method" not in made.stdout


@pytest.mark.usefixtures("at_terminal")
def test_enter_takes_the_defaults_and_gives_what_yes_gives(tmp_path: Path) -> None:
    assert answered(tmp_path / "asked", *[""] * 5).exit_code == 0
    assert segval("init", tmp_path / "taken", "--yes").exit_code == 0
    first, second = (
        {
            name: (tmp_path / one / name).read_bytes()
            for name in workspace.files_below(tmp_path / one)
        }
        for one in ("asked", "taken")
    )
    assert first == second


@pytest.mark.usefixtures("at_terminal")
def test_an_answer_that_does_not_hold_is_asked_again(tmp_path: Path) -> None:
    made = answered(tmp_path / "s", "volumetric", "panoptic", "bell\x07", "x" * 301, "Kept",
                    "", "A5", "A4", "onnx", "python")  # fmt: skip
    assert made.exit_code == 0, made.output
    for said in ("is none of them", "the title cannot be printed", "no panoptic map"):
        assert said in made.stderr
    assert protocol_in(tmp_path / "s").document.title == "Kept"


@pytest.mark.usefixtures("at_terminal")
@pytest.mark.parametrize("count", range(5))
def test_the_end_of_the_input_leaves_nothing(count: int, tmp_path: Path) -> None:
    left = answered(tmp_path / "s", *[""] * count)
    assert (left.exit_code, "nothing was written" in left.stderr) == (3, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("at_terminal")
def test_a_taken_folder_is_refused_before_anything_is_asked(study: Path) -> None:
    refused = answered(study, *[""] * 5)
    assert (refused.exit_code, "Title" in refused.stderr) == (3, False)


@pytest.mark.usefixtures("at_terminal")
@pytest.mark.parametrize("options", [("--title", "T"), ("--yes",), ("--json",)])
def test_with_options_nothing_is_asked(options: tuple[str, ...], tmp_path: Path) -> None:
    made = segval("init", tmp_path / "s", *options)
    assert (made.exit_code, made.stderr) == (0, "")


def test_ctrl_c_at_a_real_terminal_leaves_nothing(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "validation", "init", str(tmp_path / "s")],
        stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(slave)
    os.write(master, b"semantic\n")
    assert child.stderr is not None
    said = b""
    while b"Title of the protocol [" not in said:
        said += child.stderr.read(1)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    os.close(master)
    assert (child.returncode, out) == (3, b"")
    assert b"nothing was written" in err
    assert list(tmp_path.iterdir()) == []


# --- nothing is overwritten -------------------------------------------------------------


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine", encoding="utf-8")
    refused = segval("init", tmp_path)
    assert refused.exit_code == 3
    assert "nothing is overwritten" in refused.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["kept.txt"]


def test_a_second_init_is_refused_and_changes_nothing(study: Path) -> None:
    before = {name: (study / name).read_bytes() for name in workspace.files_below(study)}
    assert segval("init", study, "--title", "Another").exit_code == 3
    assert before == {name: (study / name).read_bytes() for name in workspace.files_below(study)}


def test_a_file_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study").write_text("mine", encoding="utf-8")
    assert segval("init", tmp_path / "study").exit_code == 3
    assert (tmp_path / "study").read_text(encoding="utf-8") == "mine"


def test_an_empty_folder_and_missing_parents_are_welcome(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert segval("init", tmp_path / "empty").exit_code == 0
    assert segval("init", tmp_path / "a" / "b" / "c").exit_code == 0


def test_the_current_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refused = segval("init", ".")
    assert refused.exit_code == 3
    assert "name a new folder" in refused.stderr


def test_a_parent_that_is_a_file_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    refused = segval("init", tmp_path / "file" / "study")
    assert refused.exit_code == 3
    assert "Traceback" not in refused.output


# --- whole or not at all ----------------------------------------------------------------


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []
    write_new = workspace.write_new

    def interrupted(path: Path, content: bytes) -> None:
        if len(written) == 5:
            raise KeyboardInterrupt
        written.append(path)
        write_new(path, content)

    monkeypatch.setattr(workspace, "write_new", interrupted)
    assert segval("init", tmp_path / "study").exit_code == 3
    assert len(written) == 5
    assert list(tmp_path.iterdir()) == []


def test_after_a_kill_there_is_no_half_study_and_init_works(tmp_path: Path) -> None:
    killed = (
        "import os, sys; from validation import workspace; from validation.cli import main; "
        "workspace.finish = lambda *_: os._exit(9); main(['init', sys.argv[1]])"
    )
    folder = str(tmp_path / "study")
    assert subprocess.run([sys.executable, "-c", killed, folder], check=False).returncode == 9
    assert not (tmp_path / "study").exists()
    assert segval("init", folder).exit_code == 0


# --- the drawn images -------------------------------------------------------------------


def test_images_are_always_alike() -> None:
    for first, second in zip(draw_case(3, noise=9.0), draw_case(3, noise=9.0), strict=True):
        assert np.array_equal(first, second)


def test_labels_are_exact_and_every_disc_has_pixels(study: Path) -> None:
    for path in sorted((study / "data" / "reference").iterdir()):
        labels = np.asarray(Image.open(path))
        assert labels.shape == (64, 64)
        found = np.unique(labels)
        assert found.tolist() == list(range(len(found)))
        # A disc has a radius of 4 or more, so about 50 pixels at least.
        assert np.bincount(labels.ravel())[1:].min() > 40


def test_a_semantic_study_has_class_maps(tmp_path: Path) -> None:
    assert segval("init", tmp_path / "s", "--method", "semantic").exit_code == 0
    labels = np.asarray(Image.open(tmp_path / "s" / "data" / "reference" / "C01.png"))
    assert np.unique(labels).tolist() == [0, 1]
