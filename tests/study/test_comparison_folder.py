"""The folder of a comparison: whole, sealed, the same bytes, and a document that follows."""

import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner, Result

from validation.cli import main
from validation.record import digest

MARGIN = {
    "id": "CC-01",
    "requirements": ["REQ-01"],
    "metric": "recall",
    "class": "cell",
    "iou": 0.5,
    "aim": "non_inferiority",
    "margin": 0.5,
    "rationale": "Half of them is what the test leaves.",
}
FILES = {
    "comparison.json", "comparison.pdf", "changes.csv", "cases.csv", "protocol.yaml",
    "first/protocol.yaml", "overlays/overlays.json", "SHA256SUMS",
}  # fmt: skip


def compare(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file()
    }


@pytest.fixture(scope="module")
def run_two(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Run two versions of the tiny study of a kind, the second with a threshold of 60."""
    from validation.study import running

    made: dict[str, Any] = {}

    def once(kind: str) -> Any:
        if kind not in made:
            study = tiny.Study(tmp_path_factory.mktemp(kind), kind).lock()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(running, "write_report", lambda _folder, _id: None)
                study.run("first")
                study.parameters = {"threshold": 60}
                margin = {**MARGIN, **_figure(kind)}
                block = {"change": "A lower threshold.", "margins": [margin]}
                study.change("comparison", block).run("second")
            made[kind] = study
        return made[kind]

    return once


def _figure(kind: str) -> dict[str, Any]:
    return {} if kind != "semantic" else {"metric": "dice", "iou": None}


@pytest.fixture(scope="module")
def made(run_two: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the folder of the comparison of a kind, made once; not to be changed."""
    folders: dict[str, Path] = {}

    def once(kind: str) -> Path:
        if kind not in folders:
            study, out = run_two(kind), tmp_path_factory.mktemp("out") / kind
            result = compare(
                study.folder / "first", study.folder / "second", "--out", out, "--data", study.root
            )
            assert result.exit_code in {0, 1}, result.output
            folders[kind] = out
        return folders[kind]

    return once


KINDS = ("instance", "semantic", "panoptic")


@pytest.mark.parametrize("kind", KINDS)
def test_the_folder_is_whole_and_sealed(kind: str, made: Any) -> None:
    files = files_of(made(kind))
    pictures = {name for name in files if name.endswith(".png")}
    assert set(files) - pictures == FILES
    assert pictures
    listed = dict(line.split("  ")[::-1] for line in files["SHA256SUMS"].decode().splitlines())
    assert listed == {
        name: digest(one).removeprefix("sha256:") for name, one in files.items()
        if name != "SHA256SUMS"
    }  # fmt: skip


def test_the_same_records_give_the_same_bytes(made: Any, run_two: Any, tmp_path: Path) -> None:
    study, again = run_two("instance"), tmp_path / "again"
    compare(study.folder / "first", study.folder / "second", "--out", again, "--data", study.root)
    assert files_of(again) == files_of(made("instance"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_keeps_the_rules(
    kind: str, made: Any, broken_rules: Callable[[bytes], list[str]]
) -> None:
    content = (made(kind) / "comparison.pdf").read_bytes()
    assert broken_rules(content) == []
    with pikepdf.open(io.BytesIO(content)) as pdf:
        attached = set(pdf.attachments)
    assert {"comparison.json", "changes.csv", "protocol.yaml", "first-protocol.yaml"} <= attached


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="there is no pdftotext here")
def test_the_document_of_areas_does_not_say_that_nothing_changed(made: Any) -> None:
    printed = " ".join(text_of(made("semantic") / "comparison.pdf").split())
    assert json.loads((made("semantic") / "comparison.json").read_bytes())["changes"] == {}
    assert "How areas and outlines changed is among the differences" in printed
    assert "no outcome of a case" in printed
    assert "nothing changed" not in printed


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="there is no pdftotext here")
def test_the_document_prints_the_comparison(made: Any) -> None:
    printed = text_of(made("instance") / "comparison.pdf")
    comparison = json.loads((made("instance") / "comparison.json").read_bytes())
    [margin] = comparison["margins"]
    assert margin["verdict"] == "met"
    assert "All margins are met" not in printed
    assert "The one margin is met." in printed
    for words in (
        "A lower threshold.",
        "1 newly found",
        "0.778",
        "0.889",
        "+0.111",
        "not provided",
    ):
        assert words in printed
    assert comparison["comparison_id"] in printed


def text_of(path: Path) -> str:
    asked = ["pdftotext", "-layout", str(path), "-"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    return re.sub(r"\s+", " ", done.stdout)


def test_every_picture_shows_reference_a_and_b(made: Any) -> None:
    shown = json.loads((made("instance") / "overlays/overlays.json").read_bytes())
    [case] = shown["cases"]
    assert case["case_id"] == "C4"
    assert {one["source"] for one in case["reference"]["outlines"]} == {"reference"}
    outcomes = [
        sorted(one["outcome"] for one in case[side]["outlines"] if one["source"] == "reference")
        for side in ("first", "second")
    ]
    assert outcomes == [["matched", "missed"], ["matched", "matched"]]


def test_without_the_images_the_document_says_so(run_two: Any, tmp_path: Path) -> None:
    study, out = run_two("instance"), tmp_path / "out"
    result = compare(study.folder / "first", study.folder / "second", "--out", out)
    assert result.exit_code == 0, result.output
    assert set(files_of(out)) == FILES
    shown = json.loads((out / "overlays/overlays.json").read_bytes())
    assert "The images were not at hand" in shown["not_drawn"]


def test_other_images_are_refused_and_nothing_is_written(run_two: Any, tmp_path: Path) -> None:
    study, data, out = run_two("instance"), tmp_path / "data", tmp_path / "out"
    shutil.copytree(study.root, data)
    (data / "images/C4.png").write_bytes((data / "images/C1.png").read_bytes())
    arguments = [study.folder / "first", study.folder / "second", "--out", out]
    result = compare(*arguments, "--data", data)
    assert result.exit_code == 3
    assert "case C4" in result.output
    assert [one.name for one in tmp_path.iterdir()] == ["data"]


def test_nothing_is_replaced_and_no_record_is_added_to(run_two: Any, tmp_path: Path) -> None:
    study, out = run_two("instance"), tmp_path / "out"
    records = study.folder / "first", study.folder / "second"
    out.mkdir()
    for place, said in (
        (out, "never replaced"),
        (records[0] / "comparison", "does not lie in a record"),
    ):
        result = compare(*records, "--out", place)
        assert result.exit_code == 3
        assert said in result.output
    assert compare(*records, "--data", study.root).exit_code == 2
    left = tmp_path / "new.incomplete"
    left.mkdir()
    result = compare(*records, "--out", tmp_path / "new")
    assert result.exit_code == 3
    assert "interrupted, or is under way" in result.output


def test_hostile_texts_are_text(tiny: Any, tmp_path: Path, no_report: None) -> None:
    from tests.study.test_hostile_text import EVERYTHING, HOSTILE

    study = tiny.Study(tmp_path / "s", "instance") if (tmp_path / "s").mkdir() is None else None
    study.lock().run("first")
    margin = {**MARGIN, "rationale": EVERYTHING}
    study.change(
        "comparison", {"change": EVERYTHING, "impact": HOSTILE["word"], "margins": [margin]}
    )
    study.change("device.version", HOSTILE["html"]).change("execution", {"actions": EVERYTHING})
    study.parameters = {"threshold": 60}
    study.model = None
    study.write()
    study.model = {**study.values["model"], "version": HOSTILE["word"], "name": HOSTILE["html"]}
    study.write()
    study.run("second")
    out = tmp_path / "out"
    result = compare(study.folder / "first", study.folder / "second", "--out", out)
    assert result.exit_code == 0, result.output
    printed = text_of(out / "comparison.pdf")
    assert "<script>alert('x')</script>" in printed
    assert "{{ 7*7 }}" in printed
    assert "root:x:0" not in printed


# --- segval verify -----------------------------------------------------------------------


def verified(path: Path) -> Result:
    return CliRunner().invoke(main, ["verify", str(path)])


def test_a_comparison_holds_and_so_does_its_document_alone(made: Any, tmp_path: Path) -> None:
    result = verified(made("instance"))
    assert result.exit_code == 0, result.output
    assert "is not checked here: segval compare of both" in result.output
    alone = tmp_path / "moved.pdf"
    alone.write_bytes((made("instance") / "comparison.pdf").read_bytes())
    result = verified(alone)
    assert result.exit_code == 0, result.output
    assert "byte for byte" in result.output


def _sealed_again(folder: Path) -> None:
    from validation.report.comparison import sums_of

    files = {name: one for name, one in files_of(folder).items() if name != "SHA256SUMS"}
    (folder / "SHA256SUMS").write_bytes(sums_of(files))


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("comparison.json", b'"verdict": "met"', b'"verdict": "not_met"', "every margin and"),
        ("comparison.json", b'"newly_found": 1', b'"newly_found": 2', "changes.csv has the"),
        ("protocol.yaml", b"margin: 0.5", b"margin: 0.6", "the protocols are those"),
        ("comparison.json", b'"cases": 6', b'"cases": 7', "the change assessment says"),
    ],
)
def test_what_was_changed_and_sealed_again_is_found(  # noqa: PLR0917 - a row of the table
    made: Any, tmp_path: Path, name: str, old: bytes, new: bytes, said: str
) -> None:
    copy = Path(shutil.copytree(made("instance"), tmp_path / "copy"))
    content = (copy / name).read_bytes()
    assert content.count(old) >= 1
    (copy / name).write_bytes(content.replace(old, new))
    result = verified(copy)
    assert result.exit_code == 1
    assert "no file has changed: altered" in result.output
    _sealed_again(copy)
    result = verified(copy)
    assert result.exit_code in {1, 3}
    assert f"✗ did not hold         {said}" in re.sub(r" +", " ", result.output).replace(
        "✗ did not hold ", "✗ did not hold         "
    )


def test_missing_and_damaged_files_of_a_comparison_are_found(made: Any, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(made("instance"), tmp_path / "copy"))
    (copy / "changes.csv").unlink()
    result = verified(copy)
    assert result.exit_code == 1
    assert "no file is missing: incomplete: changes.csv" in re.sub(r" +", " ", result.output)
    (copy / "SHA256SUMS").write_bytes(b"no sums\n")
    assert verified(copy).exit_code == 3
