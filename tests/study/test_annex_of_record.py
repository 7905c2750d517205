"""The annex of objects in a record: made where the protocol asks, sealed, made again, verified."""

import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from click.testing import CliRunner

from validation import verify
from validation.attest import made_again
from validation.cli import main
from validation.record import digest
from validation.record_folder import read_index, sums

WHAT = "the annex prints every object of the evidence, and nothing else"


@pytest.fixture(scope="module")
def sealed(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = tiny.Study(tmp_path_factory.mktemp("annex"), "instance")
    study.change("report", {"objects": "all"}).lock().run()
    folder: Path = study.folder / "record"
    return folder


@pytest.fixture
def record(sealed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "record"))


def resealed(record: Path) -> Path:
    """Write index and sums over what is in the record now, as who changes it could."""
    index = json.loads((record / "record.json").read_bytes())
    index["files"] = {
        name: digest((record / name).read_bytes())
        for name in index["files"]
        if (record / name).exists()
    }
    content = json.dumps(index).encode()
    (record / "record.json").write_bytes(content)
    (record / "SHA256SUMS").write_bytes(sums(index["files"], content))
    return record


def of_annex(record: Path) -> Any:
    return next(one for one in verify(record).checks if one.what == WHAT)


def repainted(record: Path, change: Callable[[bytes], bytes]) -> None:
    """Change what the last page of the annex draws, in a file that is whole."""
    path = record / "annex.pdf"
    with pikepdf.open(io.BytesIO(path.read_bytes())) as pdf:
        stream = pdf.pages[-1].obj.Contents[-1]
        before = stream.read_bytes()
        stream.write(change(before))
        assert stream.read_bytes() != before
        pdf.save(path)


def test_the_annex_is_part_of_the_record_and_holds(sealed: Path) -> None:
    assert read_index(sealed).files["annex.pdf"] == digest((sealed / "annex.pdf").read_bytes())
    found = verify(sealed)
    assert found.outcome == "held"
    assert of_annex(sealed).detail.endswith("pages, byte for byte")
    with pypdfium2.PdfDocument(sealed / "annex.pdf") as pdf:
        last = " ".join(pdf[len(pdf) - 1].get_textpage().get_text_range().split())
    assert "C2 3 objects:" in last
    assert "in annex.pdf of the record" in (sealed / "report.html").read_text("utf-8")


def test_the_annex_is_made_again_with_the_same_bytes(sealed: Path, tmp_path: Path) -> None:
    arguments = ["report", str(sealed), "--out", str(tmp_path / "again"), "--json"]
    result = CliRunner().invoke(main, arguments)
    assert json.loads(result.stdout)["same_as_in_record"]["annex.pdf"] is True
    assert (tmp_path / "again/annex.pdf").read_bytes() == (sealed / "annex.pdf").read_bytes()


def test_without_being_asked_for_there_is_none(finished: Any) -> None:
    record = finished("instance").folder / "record"
    assert not (record / "annex.pdf").exists()
    assert all(one.what != WHAT for one in verify(record).checks)


def test_semantic_evidence_has_no_annex(tiny: Any, tmp_path: Path) -> None:
    study = tiny.Study(tmp_path, "semantic").change("report", {"objects": "all"}).lock()
    study.run()
    assert not (tmp_path / "record/annex.pdf").exists()
    assert verify(tmp_path / "record").outcome == "held"


def test_a_missing_annex_is_named(record: Path) -> None:
    (record / "annex.pdf").unlink()
    assert (of_annex(resealed(record)).outcome, of_annex(record).failure) == (
        "did_not_hold", "incomplete",
    )  # fmt: skip


def test_a_number_that_was_changed_in_a_resealed_record_is_found(record: Path) -> None:
    def other_glyph(content: bytes) -> bytes:
        shown = re.findall(rb"\[<([0-9a-f]{8,})>\] TJ", content)
        one = next(glyphs for glyphs in shown if glyphs[:4] != glyphs[4:8])
        return content.replace(one, one[4:8] + one[:4] + one[8:], 1)

    repainted(record, other_glyph)
    assert of_annex(resealed(record)).outcome == "did_not_hold"
    assert "prints something else" in of_annex(record).detail


def test_a_row_that_is_painted_over_is_found(record: Path) -> None:
    repainted(record, lambda content: content + b" q 1 g 80 600 400 60 re f Q")
    assert of_annex(resealed(record)).outcome == "did_not_hold"
    assert "draws something else" in of_annex(record).detail


def test_a_page_more_is_found(record: Path) -> None:
    path = record / "annex.pdf"
    with pikepdf.open(io.BytesIO(path.read_bytes())) as pdf:
        pdf.add_blank_page()
        pdf.save(path)
    assert "pages where the evidence fills" in of_annex(resealed(record)).detail


def test_other_bytes_with_the_same_pages_hold_by_their_text(record: Path) -> None:
    path = record / "annex.pdf"
    with pikepdf.open(io.BytesIO(path.read_bytes())) as pdf:
        pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    found = of_annex(resealed(record))
    assert (found.outcome, "by their text" in found.detail) == ("held", True)


def test_another_version_of_the_tool_is_no_forgery(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repainted(record, lambda content: content + b" q 1 g 80 600 400 60 re f Q")
    monkeypatch.setattr(made_again.validation, "__version__", "9.9")
    found = of_annex(resealed(record))
    assert found.outcome == "could_not_be_checked"
    assert "this is 9.9" in found.detail


def test_an_annex_alone_is_pointed_to_its_record(sealed: Path) -> None:
    first = verify(sealed / "annex.pdf").checks[0]
    assert first.outcome == "could_not_be_checked"
    assert "give the folder of its record" in first.detail


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"no PDF"])
def test_a_damaged_annex_does_not_stop_the_verification(record: Path, content: bytes) -> None:
    (record / "annex.pdf").write_bytes(content)
    assert of_annex(resealed(record)).outcome != "held"
