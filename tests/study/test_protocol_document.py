"""The protocol document: rendered from a study, the same each time, refused where it must be."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest

from tests.study.tiny_study import Study, sha256
from validation.attest.attachments import attachments_of
from validation.attest.audit_file import load
from validation.attest.audit_trail import Event
from validation.errors import LockError, ProtocolError, RecordError, RunError
from validation.study.protocol_document import write_protocol_document


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A locked study with its document; not to be changed."""
    made = Study(tmp_path_factory.mktemp("rendered"), "instance").lock()
    write_protocol_document(made.path, out=made.folder / "VP.pdf")
    return made


@pytest.fixture
def locked(tmp_path: Path) -> Study:
    return Study(tmp_path, "instance").lock()


def text_of(pdf: Path) -> str:
    made = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True)
    return " ".join(made.stdout.decode().split())


def events(study: Study) -> tuple[Event, ...]:
    return load(study.folder / "audit" / "audit.jsonl").events


def test_the_document_embeds_protocol_and_lock_byte_for_byte(study: Study) -> None:
    embedded = attachments_of((study.folder / "VP.pdf").read_bytes())
    assert embedded is not None
    assert sorted(embedded) == [
        "lock/fingerprints.csv",
        "lock/lock.json",
        "lock/manifest-sha256.txt",
        "protocol.yaml",
    ]
    for name, content in embedded.items():
        assert content == (study.folder / name).read_bytes()
    with pikepdf.open(study.folder / "VP.pdf") as pdf:
        assert {str(one.AFRelationship) for one in pdf.Root.AF} == {"/Source"}


def test_every_signature_has_an_empty_field(study: Study) -> None:
    with pikepdf.open(study.folder / "VP.pdf") as pdf:
        fields = list(pdf.Root.AcroForm.Fields)
        assert [str(one.T) for one in fields] == ["signature-1", "signature-2"]
        assert [str(one.TU) for one in fields] == [
            "Tester: I wrote this",
            "Head of tests: I approve this",
        ]
        assert not any("/V" in one for one in fields)


def test_the_pages_say_what_is_approved_and_when(study: Study) -> None:
    said = text_of(study.folder / "VP.pdf")
    for words in (
        "VP-T1, revision A",
        "Approved when every field below is signed, and not before",
        "Disc finder, version 1",
        "Finds bright discs.",
        "TINY-1, lock revision 1",
        "Half is the least that can be of use.",
        "lower limit at least 0.5",
        "subjects are drawn with replacement",
        "Shows nothing but that the tool works.",
        "No run on this test set was made before this document was rendered.",
        sha256(study.path.read_bytes()).removeprefix("sha256:"),
        sha256((study.folder / "lock" / "lock.json").read_bytes()).removeprefix("sha256:"),
    ):
        assert words in said, words


def test_the_audit_trail_is_told_the_digest(study: Study) -> None:
    last = events(study)[-1]
    assert last.action == "protocol.rendered"
    assert (last.about.id, last.about.revision) == ("VP-T1", "A")
    assert last.about.digest == sha256(study.path.read_bytes())
    assert last.details["document"] == sha256((study.folder / "VP.pdf").read_bytes())


def test_the_same_study_gives_the_same_bytes_in_other_processes(study: Study) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from validation.study.protocol_document import write_protocol_document\n"
        "write_protocol_document(Path(sys.argv[1]), out=Path(sys.argv[2]))"
    )
    for seed in ("1", "2"):
        out = study.folder / f"again-{seed}.pdf"
        subprocess.run(
            [sys.executable, "-c", code, str(study.path), str(out)],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": f"UTC-{seed}"},
            check=True,
        )
        assert out.read_bytes() == (study.folder / "VP.pdf").read_bytes()


def test_another_method_and_a_class_map_render_too(tmp_path: Path) -> None:
    made = Study(tmp_path, "semantic").lock()
    write_protocol_document(made.path, out=tmp_path / "VP.pdf")
    assert "does not tell objects apart" in text_of(tmp_path / "VP.pdf")


def test_the_interval_method_is_the_protocols(tmp_path: Path) -> None:
    made = Study(tmp_path, "instance")
    made.change("analysis.interval_method", "bca_bootstrap").lock()
    write_protocol_document(made.path, out=tmp_path / "VP.pdf")
    said = text_of(tmp_path / "VP.pdf")
    assert "accelerated (BCa) bootstrap" in said
    assert "percentile bootstrap" not in said


def test_earlier_runs_on_the_test_set_are_told(locked: Study) -> None:
    record = locked.run()
    write_protocol_document(locked.path, out=locked.folder / "VP.pdf")
    said = text_of(locked.folder / "VP.pdf")
    assert "1 run on this test set was made before this document was rendered." in said
    assert record.record_id in said


def test_a_file_is_never_replaced(locked: Study) -> None:
    out = locked.folder / "VP.pdf"
    out.write_bytes(b"mine")
    with pytest.raises(RecordError, match="never replaced"):
        write_protocol_document(locked.path, out=out)
    assert out.read_bytes() == b"mine"
    assert events(locked)[-1].action == "protocol.refused"


def test_a_document_in_the_locked_folders_is_refused(locked: Study) -> None:
    with pytest.raises(RecordError, match="would lie in the locked test set"):
        write_protocol_document(locked.path, out=locked.root / "images" / "VP.pdf")


def test_a_test_set_that_is_not_locked_is_refused(tmp_path: Path) -> None:
    made = Study(tmp_path, "instance")
    with pytest.raises(LockError, match="is not locked"):
        write_protocol_document(made.path, out=tmp_path / "VP.pdf")
    assert not (tmp_path / "VP.pdf").exists()


def test_a_protocol_with_errors_is_refused(locked: Study) -> None:
    locked.change("criteria.0.metric", "no_such_metric")
    with pytest.raises(ProtocolError, match="error"):
        write_protocol_document(locked.path, out=locked.folder / "VP.pdf")


def test_a_lock_of_another_case_table_is_refused(locked: Study) -> None:
    del locked.rows[-1]
    locked.write()
    with pytest.raises(LockError, match="is not the one that was locked"):
        write_protocol_document(locked.path, out=locked.folder / "VP.pdf")


def test_a_changed_image_is_refused(locked: Study) -> None:
    locked.put("images/C1.png", b"other")
    with pytest.raises(LockError, match="differs from its lock"):
        write_protocol_document(locked.path, out=locked.folder / "VP.pdf")


def test_another_model_than_the_one_named_is_refused(locked: Study) -> None:
    (locked.folder / "model.py").write_text("# other")
    with pytest.raises(RunError, match="not the one that the protocol names"):
        write_protocol_document(locked.path, out=locked.folder / "VP.pdf")


def test_hostile_text_is_inert(tmp_path: Path) -> None:
    made = Study(tmp_path, "instance")
    made.change("document.title", "<script>alert(1)</script> \u7530 {{ view }}")
    made.change("signatories.0.title", "<b>Author</b> " + "long" * 60)
    made.lock()
    write_protocol_document(made.path, out=tmp_path / "VP.pdf")
    said = text_of(tmp_path / "VP.pdf")
    assert "{{ view }}" in said
    assert "alert(1)" in said
    with pikepdf.open(io.BytesIO((tmp_path / "VP.pdf").read_bytes())) as pdf:
        assert "/OpenAction" not in pdf.Root
