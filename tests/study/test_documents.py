"""The documents beside protocol and report: made from a study or a record, refused where not."""

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pikepdf
import pytest

from tests.report.pdf_rules import broken_rules
from tests.study.tiny_study import Study
from validation.attest.attachments import attachments_of
from validation.attest.signing_subject import subject_of
from validation.errors import LockError, ProtocolError, RecordError, SignatureError, ToolError
from validation.study.documents import KINDS, Kind, write_document
from validation.study.verifying import verify

OF_STUDY = [one for one in KINDS if one != "objects"]
"""Documents that can be made before there is a record."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A locked study with a record; not to be changed."""
    made = Study(tmp_path_factory.mktemp("documents"), "instance")
    made.change("risks.0.hazard", "=HYPERLINK(1) is missed")
    alone = {"id": "RISK-09", "hazard": "Nobody looks.", "harm": "Harm", "severity": "serious"}
    made.change("risks", [*made.values["risks"], alone]).lock()
    made.run()
    return made


@pytest.fixture
def locked(tmp_path: Path) -> Study:
    return Study(tmp_path, "instance").lock()


def made(kind: Kind, source: Path, out: Path) -> Path:
    write_document(kind, source, out=out, progress=lambda _done, _total: None)
    return out


@pytest.fixture(scope="module")
def document(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Documents of the study, each made once."""
    folder = tmp_path_factory.mktemp("made")

    def once(kind: Kind, source: str = "protocol.yaml") -> Path:
        out = folder / f"{kind}-{source}.pdf"
        return out if out.exists() else made(kind, study.folder / source, out)

    return once


def text_of(pdf: Path) -> str:
    done = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def rows_of(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))


# --- every document ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "source"),
    [*((one, "protocol.yaml") for one in OF_STUDY), *((one, "record") for one in KINDS)],
)
def test_every_document_is_archivable(
    kind: Kind, source: str, document: Callable[..., Path]
) -> None:
    assert broken_rules(document(kind, source).read_bytes()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_another_process_makes_the_same_document(
    kind: Kind, study: Study, document: Callable[..., Path], tmp_path: Path
) -> None:
    here, there = document(kind, "record"), tmp_path / "there.pdf"
    command = [sys.executable, "-m", "validation", "document", kind]
    subprocess.run(
        [*command, str(study.folder / "record"), "--out", str(there)],
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        check=True,
        capture_output=True,
    )
    assert there.read_bytes() == here.read_bytes()


@pytest.mark.parametrize("kind", OF_STUDY)
def test_what_a_document_was_made_from_is_inside_byte_for_byte(
    kind: Kind, study: Study, document: Callable[..., Path]
) -> None:
    embedded = attachments_of(document(kind).read_bytes())
    assert embedded is not None
    assert embedded["protocol.yaml"] == study.path.read_bytes()
    lock = (study.folder / "lock" / "lock.json").read_bytes()
    assert embedded["lock/lock.json"] == lock


@pytest.mark.parametrize("kind", OF_STUDY)
def test_every_section_has_a_bookmark(kind: Kind, document: Callable[..., Path]) -> None:
    with pikepdf.open(document(kind)) as pdf, pdf.open_outline() as outline:
        titles = [one.title for root in outline.root for one in (root, *root.children)]
    assert any("Sources and how to check them" in one for one in titles)
    assert len(titles) > 4


@pytest.mark.parametrize("source", ["protocol.yaml", "record"])
@pytest.mark.parametrize("kind", OF_STUDY)
def test_verify_makes_a_document_again_from_what_it_embeds(
    kind: Kind, source: str, document: Callable[..., Path]
) -> None:
    found = verify(document(kind, source))
    assert (found.kind, found.outcome) == ("document", "held")
    assert "byte for byte" in found.checks[0].detail


def test_verify_finds_what_was_painted_over_a_page(
    document: Callable[..., Path], tmp_path: Path
) -> None:
    altered = tmp_path / "altered.pdf"
    with pikepdf.open(document("traceability", "record")) as pdf:
        pdf.pages[0].contents_add(b"1 1 1 rg 60 400 200 40 re f")
        pdf.save(altered)
    found = verify(altered)
    assert (found.outcome, found.failures) == ("did_not_hold", ("altered",))


@pytest.mark.parametrize("kind", OF_STUDY)
def test_nobody_takes_such_a_document_for_one_that_is_signed(
    kind: Kind, document: Callable[..., Path]
) -> None:
    for source in ("protocol.yaml", "record"):
        with pytest.raises(SignatureError, match="nobody signs this document"):
            subject_of(document(kind, source).read_bytes())


# --- refused -------------------------------------------------------------------------------


def test_a_file_that_exists_is_never_replaced(study: Study, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("mine")
    with pytest.raises(RecordError, match="never replaced"):
        made("traceability", study.path, tmp_path / "one.pdf")
    assert not (tmp_path / "one.pdf").exists()
    assert (tmp_path / "one.csv").read_text() == "mine"


def test_a_record_is_never_added_to(study: Study) -> None:
    with pytest.raises(RecordError, match="never added to"):
        made("test-set", study.folder / "record", study.folder / "record" / "one.pdf")


def test_nothing_is_written_into_the_locked_folders(study: Study) -> None:
    out = study.root / "images" / "one.pdf"
    with pytest.raises(LockError, match="would lie in the locked test set"):
        made("test-set", study.path, out)
    assert not out.exists()


def test_a_record_that_was_changed_is_no_source(study: Study, tmp_path: Path) -> None:
    changed = tmp_path / "record"
    shutil.copytree(study.folder / "record", changed)
    metrics = changed / "evidence" / "metrics.json"
    metrics.write_bytes(metrics.read_bytes().replace(b"0.", b"1.", 1))
    with pytest.raises(RecordError, match=r"changed after it was sealed: evidence/metrics\.json"):
        made("traceability", changed, tmp_path / "one.pdf")


def test_a_folder_that_is_no_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="this is no record"):
        made("traceability", tmp_path, tmp_path / "one.pdf")


def test_a_protocol_has_no_objects_to_print(study: Study, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="printed from a record"):
        made("objects", study.path, tmp_path / "one.pdf")


def test_a_document_is_named_as_the_pdf_that_it_is(study: Study, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="is a PDF"):
        made("traceability", study.path, tmp_path / "one.csv")


def test_a_protocol_with_errors_has_no_documents(locked: Study, tmp_path: Path) -> None:
    locked.change("requirements.0.risks", ["RISK-77"])
    with pytest.raises(ProtocolError) as caught:
        made("traceability", locked.path, tmp_path / "one.pdf")
    assert any("RISK-77" in one.what for one in caught.value.problems)


def test_a_test_set_that_differs_from_its_lock_is_not_described(
    locked: Study, tmp_path: Path
) -> None:
    locked.put("images/C1.png", b"other bytes")
    with pytest.raises(LockError, match="differs from its lock"):
        made("test-set", locked.path, tmp_path / "one.pdf")


def test_a_test_set_that_is_not_locked_is_not_described(tmp_path: Path) -> None:
    study = Study(tmp_path, "instance")
    with pytest.raises(ToolError, match="is not locked"):
        made("test-set", study.path, tmp_path / "one.pdf")


# --- test set ------------------------------------------------------------------------------


def test_the_description_says_what_the_set_holds_and_lacks(document: Callable[..., Path]) -> None:
    said = text_of(document("test-set"))
    for words in (
        "TINY-1: Six drawn images",
        "12 files",
        "3 subjects with 2 cases each",
        "site A",
        "Drawn by a script.",
        "The size of a pixel is not stated",
        "images/C1.png",
        "Simulated specimens",
    ):
        assert words in said


def test_a_record_counts_the_objects_of_its_test_set(document: Callable[..., Path]) -> None:
    said = text_of(document("test-set", "record"))
    assert "Reference objects: cell" in said
    assert "This is run 1 of 1 on this test set." in said


# --- method --------------------------------------------------------------------------------


def test_the_method_is_justified_before_and_after_the_run(document: Callable[..., Path]) -> None:
    planned, measured = text_of(document("method")), text_of(document("method", "record"))
    for said in (planned, measured):
        assert "Chosen: Instance" in said
        assert "It is what is tested here." in said
        assert "Half is the least that can be of use." in said
    assert "is measured when the protocol runs" in planned
    assert "What a mask of each class would lose" in measured
    assert "Evidence: the address of every figure" in measured


# --- traceability --------------------------------------------------------------------------


def test_before_the_lock_the_matrix_says_so_on_every_page(tmp_path: Path) -> None:
    out = made("traceability", Study(tmp_path, "instance").path, tmp_path / "one.pdf")
    with pikepdf.open(out) as pdf:
        pages = len(pdf.pages)
    assert text_of(out).count("Test set not locked") >= pages


def test_a_risk_without_control_is_a_gap(document: Callable[..., Path]) -> None:
    said = text_of(document("traceability"))
    assert "1 of 2 with a requirement that controls them" in said
    assert "Risks that no requirement of this protocol controls: RISK-09." in said
    rows = rows_of(document("traceability").with_suffix(".csv"))
    assert [(one["requirement_id"], one["risk_id"], one["criterion_id"]) for one in rows] == [
        ("REQ-01", "RISK-01", "AC-01"),
        ("", "RISK-09", ""),
    ]
    assert {one["verdict"] for one in rows} == {""}


def test_a_record_gives_the_matrix_its_results(document: Callable[..., Path]) -> None:
    out = document("traceability", "record")
    [row, *_] = rows_of(out.with_suffix(".csv"))
    assert row["metric_id"] == "segmentation_quality/class=cell/iou=0.5"
    assert float(row["value"]) > 0
    assert row["verdict"] in {"met", "not met", "not evaluable"}
    assert row["verdict"] in text_of(out)
    embedded = attachments_of(out.read_bytes())
    assert embedded is not None
    assert embedded["traceability.csv"] == out.with_suffix(".csv").read_bytes()
    assert "evidence/metrics.json" in embedded


def test_a_formula_in_a_text_is_inert_in_the_table(document: Callable[..., Path]) -> None:
    assert (
        rows_of(document("traceability").with_suffix(".csv"))[0]["hazard"]
        == "'=HYPERLINK(1) is missed"
    )


def test_the_workbook_says_what_the_csv_says(document: Callable[..., Path]) -> None:
    for source in ("protocol.yaml", "record"):
        out = document("traceability", source)
        rows = rows_of(out.with_suffix(".csv"))
        book = openpyxl.load_workbook(out.with_suffix(".xlsx"))
        [head, *found] = book["Traceability"].iter_rows(values_only=True)
        assert len(found) == len(rows)
        for row, cells in zip(rows, found, strict=True):
            for (name, text), cell in zip(row.items(), cells, strict=True):
                said = "" if cell is None else str(cell)
                if name == "verdict" and cell:
                    assert said.split(" ", 1)[1] == text
                else:
                    assert said == text.removeprefix("'"), name
        assert head[:3] == ("Requirement id", "Requirement", "Risk id")
        assert book["Traceability"]["D2"].data_type == "s"
        about = dict(book["About"].iter_rows(min_row=2, values_only=True))
        assert about["Protocol"] == "VP-T1, revision A"
        embedded = attachments_of(out.read_bytes())
        assert embedded is not None
        assert embedded["traceability.xlsx"] == out.with_suffix(".xlsx").read_bytes()


@pytest.mark.parametrize("ending", [".pdf", ".csv", ".xlsx"])
def test_none_of_the_three_files_is_replaced(study: Study, tmp_path: Path, ending: str) -> None:
    there = tmp_path / f"one{ending}"
    there.write_bytes(b"mine")
    with pytest.raises(RecordError, match="never replaced"):
        made("traceability", study.path, tmp_path / "one.pdf")
    assert [one.name for one in tmp_path.iterdir()] == [there.name]
    assert there.read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["traceability.csv", "traceability.xlsx"])
def test_verify_finds_an_embedded_table_that_was_changed(
    document: Callable[..., Path], tmp_path: Path, name: str
) -> None:
    altered = tmp_path / "altered.pdf"
    with pikepdf.open(document("traceability", "record")) as pdf:
        spec = pdf.attachments[name]
        held = spec.get_file()
        held.obj.write(held.read_bytes().replace(b"0.5", b"0.4"))
        pdf.save(altered)
    found = verify(altered)
    assert (found.outcome, found.failures) == ("did_not_hold", ("altered",))
    assert [one.detail for one in found.checks if one.outcome == "did_not_hold"] == [
        f"{name}: other bytes"
    ]
