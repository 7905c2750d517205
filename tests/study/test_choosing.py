"""The measured case: what a locked reference says, held against its lock and against the run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import yaml
from click.testing import CliRunner, Result

from tests.report.pdf_rules import broken_rules
from validation import verify
from validation.attest.attachments import attachments_of
from validation.cli import main
from validation.plan.choice.answers import answers_text
from validation.plan.choice.rules import rules
from validation.plan.protocol import Method
from validation.study.opening import read_protocol
from validation.study.separation import measured_reference

CHECKOUT = Path(__file__).resolve().parents[2]
ANSWERS = {one.id: one.answers[-1].id for one in rules().questions} | {
    "count": "needed",
    "together": "does_not_apply",
    "touching": "often",
    "hazard": "none",
    "overlap": "hidden",
    "kpi": "map",
    "annotation": "items",
}
FROM_TABLES = "what was measured for the choice of method follows from the per-case tables"
OF_LOCK = "what was measured for the choice of method is of this lock"


def segval(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.yaml"
    path.write_text(answers_text(ANSWERS, rules()), encoding="utf-8")
    return path


def choose(study: Any, answers: Path, *more: str | Path) -> Any:
    """Return the method that the command makes for a study."""
    done = segval("choose", "--answers", answers, "--protocol", study.path, *more)
    assert done.exit_code == 0, done.output
    return yaml.safe_load(done.stdout)["method"]


@pytest.fixture
def chosen(locked: Any, answers: Path) -> Any:
    """The tiny instance study, its block pasted into the protocol."""
    return locked.change("method", choose(locked, answers))


def measured_of(kind: str, make_study: Any) -> Any:
    study = make_study(kind).lock()
    return measured_reference(read_protocol(study.path), None, lambda _done, _total: None)


@pytest.mark.parametrize("kind", ["instance", "panoptic"])
def test_what_the_tiny_reference_says(kind: str, make_study: Any) -> None:
    found = measured_of(kind, make_study)
    assert [one.class_name for one in found.classes] == ["cell"]  # and no spots, which are stuff
    whole = found.overall
    assert (found.cases, whole.objects, whole.touching, whole.components) == (6, 9, 2, 8)
    assert (whole.count_error, whole.absolute_count_error, whole.cases_counted_exactly) == (
        -1,
        1,
        5,
    )
    assert [(one.case, one.objects, one.components) for one in found.largest] == [("C2", 3, 2)]


def test_of_a_class_map_components_are_counted_and_objects_are_not(make_study: Any) -> None:
    found = measured_of("semantic", make_study)
    assert [(one.class_name, one.objects, one.components) for one in found.classes] == [
        ("cell", None, 8), ("spot", None, 1),
    ]  # fmt: skip
    assert found.not_known_because


def test_the_block_passes_the_check_and_keeps_the_authors_texts(chosen: Any) -> None:
    done = segval("check", chosen.path)
    assert done.exit_code == 0, done.output
    assert "choice" not in done.stdout
    method = read_protocol(chosen.path).protocol.method
    assert method.justification == "It is what is tested here."
    assert method.choice is not None
    assert method.choice.measured is not None


@pytest.mark.parametrize("name", ["nuclei-count", "nuclei-coverage"])
def test_the_worked_protocols_hold_what_the_command_makes(name: str) -> None:
    folder = CHECKOUT / "protocols" / name
    opened = read_protocol(folder / "protocol.yaml")
    done = segval("choose", "--answers", folder / "answers.yaml", "--protocol", opened.path)
    assert done.exit_code == 0, done.output
    made = Method.model_validate(yaml.safe_load(done.stdout)["method"])
    assert made == opened.protocol.method
    assert made.choice is not None
    assert made.choice.recommended == made.kind
    assert made.choice.measured is not None
    whole = made.choice.measured.overall
    assert (whole.objects, whole.touching, whole.components) == (1520, 464, 1238)


def test_the_public_protocol_holds_what_the_command_makes(shared_data: Path) -> None:
    folder = CHECKOUT / "protocols" / "dsb2018-nuclei"
    opened = read_protocol(folder / "protocol.yaml")
    done = segval("choose", "--answers", folder / "answers.yaml", "--protocol", opened.path,
                  "--data", shared_data / "nuclei")  # fmt: skip
    assert done.exit_code == 0, done.output
    made = Method.model_validate(yaml.safe_load(done.stdout)["method"])
    assert made == opened.protocol.method
    assert made.choice is not None
    assert made.choice.measured is not None
    assert made.choice.measured.overall.objects == 4930


def test_another_kind_gets_texts_of_its_own(locked: Any, answers: Path) -> None:
    asked = ("--decide", "semantic", "--because", "Only areas are released.")
    assert choose(locked, answers, *asked)["justification"].startswith("Only areas are released.")


def test_without_a_lock_nothing_is_measured_and_it_says_so(study: Any, answers: Path) -> None:
    done = segval("choose", "--answers", answers, "--protocol", study.path)
    assert (done.exit_code, "not locked yet" in done.stderr) == (0, True)
    assert "measured" not in yaml.safe_load(done.stdout)["method"]["choice"]


def test_a_protocol_whose_images_are_not_there_yet_is_no_obstacle(
    study: Any, answers: Path, tmp_path: Path
) -> None:
    shutil.rmtree(study.root)
    done = segval("choose", "--answers", answers, "--protocol", study.path, "--out", tmp_path / "o")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("folder", ["references", "images"])
def test_a_file_that_changed_is_found_before_anything_is_measured(
    folder: str, locked: Any, answers: Path, tmp_path: Path
) -> None:
    shutil.copy(locked.root / folder / "C1.png", locked.root / folder / "C2.png")
    done = segval("choose", "--answers", answers, "--protocol", locked.path,
                  "--out", tmp_path / "out")  # fmt: skip
    assert done.exit_code == 3
    assert f"{folder}/C2.png" in done.stderr
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_into_the_test_set(locked: Any, answers: Path) -> None:
    asked = ("choose", "--answers", answers, "--protocol", locked.path)
    for more in (["--out", locked.root / "images/new"], ["--memo", locked.root / "images/m.pdf"]):
        done = segval(*asked, *more)
        assert (done.exit_code, "would lie in the test set" in done.stderr) == (3, True)
    assert len(list((locked.root / "images").iterdir())) == 6


def test_measuring_writes_nothing_into_the_study(locked: Any, answers: Path) -> None:
    before = {one: one.read_bytes() for one in locked.folder.rglob("*") if one.is_file()}
    choose(locked, answers)
    assert {one: one.read_bytes() for one in locked.folder.rglob("*") if one.is_file()} == before


# --- figures of another lock --------------------------------------------------------------


def test_figures_of_another_lock_are_an_error_until_they_are_measured_again(
    chosen: Any, answers: Path
) -> None:
    chosen.change("method.choice.measured.manifest_digest", "sha256:" + "0" * 64)
    found = segval("check", chosen.path)
    assert (found.exit_code, "measured on another lock" in found.stdout) == (3, True)
    refused = segval("run", chosen.path, "--out", chosen.folder / "record")
    assert (refused.exit_code, "measured on another lock" in refused.stderr) == (3, True)
    study = {one.what: one.outcome for one in verify(chosen.folder).checks}
    assert study[OF_LOCK] == "did_not_hold"
    chosen.change("method", choose(chosen, answers))
    assert segval("check", chosen.path).exit_code == 0


@pytest.mark.usefixtures("no_report")
@pytest.mark.parametrize(
    ("field", "value", "outcome"),
    [
        (None, None, "held"),
        ("overall.touching", 4, "did_not_hold"),
        ("largest", [{"case": "C1", "objects": 3, "touching": 2, "components": 2}], "did_not_hold"),
        ("cases", 5, "did_not_hold"),
    ],
)
def test_the_record_holds_what_was_measured_against_its_tables(
    field: str | None, value: Any, outcome: str, chosen: Any
) -> None:
    if field is not None:
        chosen.change(f"method.choice.measured.{field}", value)
    chosen.run()
    found = {one.what: one for one in verify(chosen.folder / "record").checks}
    assert found[FROM_TABLES].outcome == outcome
    assert found[OF_LOCK].outcome == "held"
    if field is not None:
        assert field.split(".")[0] in found[FROM_TABLES].detail


# --- the memo -----------------------------------------------------------------------------


def memo_of(*arguments: str | Path) -> Path:
    out = Path(arguments[-1])
    done = segval("choose", *arguments[:-1], "--memo", out)
    assert done.exit_code == 0, done.output
    return out


def text_of(pdf: Path) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [document[place].get_textpage().get_text_range() for place in range(len(document))]
    return " ".join(" ".join(pages).split())


def test_the_memo_is_archivable_and_the_same_in_another_process(
    locked: Any, answers: Path, tmp_path: Path
) -> None:
    asked = ("--answers", answers, "--protocol", locked.path)
    memo = memo_of(*asked, tmp_path / "memo.pdf")
    assert broken_rules(memo.read_bytes()) == []
    subprocess.run(
        [sys.executable, "-m", "validation", "choose", *map(str, asked), "--memo", "there.pdf"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "there.pdf").read_bytes() == memo.read_bytes()
    embedded = attachments_of(memo.read_bytes())
    assert embedded is not None
    assert set(embedded) == {
        "answers.yaml", "document.json", "method.yaml", "protocol.yaml", "rules.yaml",
    }  # fmt: skip
    assert embedded["answers.yaml"] == answers.read_bytes()
    said = text_of(memo)
    for one in ("VP-T1 choice of method", "Simulated specimens", "2 objects of 9", "C2 3 2 2",
                "Metrics Reloaded", "R03"):  # fmt: skip
        assert one in said


def test_verify_makes_the_memo_again(answers: Path, tmp_path: Path) -> None:
    memo = memo_of("--answers", answers, tmp_path / "memo.pdf")
    found = verify(memo)
    assert (found.kind, found.outcome) == ("document", "held")


def test_the_memo_shows_a_reason_of_any_words_as_text(answers: Path, tmp_path: Path) -> None:
    because = "<script>alert(1)</script> {{ 7*7 }} \u202egnp & more"
    asked = ("--answers", answers, "--decide", "semantic", "--because", because)
    memo = memo_of(*asked, tmp_path / "memo.pdf")
    assert broken_rules(memo.read_bytes()) == []
    assert "<script>alert(1)</script> {{ 7*7 }}" in text_of(memo)
    assert "Decided otherwise" in text_of(memo)
    assert verify(memo).outcome == "held"


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        (["--memo", "memo.txt"], 2, "ends in .pdf"),
        (["--memo", "there.pdf"], 3, "never replaced"),
        (["--memo", "out"], 2, "ends in .pdf"),
        (["--save-answers", "out/answers.yaml"], 3, "under one name"),
        (["--memo", "one.pdf", "--save-answers", "one.pdf"], 3, "under one name"),
        (["--memo", "one.pdf", "--save-answers", "one.pdf/a.yaml"], 3, "under one name"),
        (["--data", "."], 2, "--protocol"),
        (["--protocol", "answers.yaml"], 3, "segval/protocol/1"),
    ],
)
def test_what_cannot_be_written_or_read_is_refused_before_anything_is(  # noqa: PLR0917 - a table
    asked: list[str],
    status: int,
    said: str,
    answers: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.pdf").write_text("mine")
    done = segval("choose", "--answers", answers, *asked, "--out", "out")
    assert (done.exit_code, said in done.stderr) == (status, True), done.output
    assert sorted(one.name for one in tmp_path.iterdir()) == ["answers.yaml", "there.pdf"]
