"""A study whose documents are a German company's: approved, run, rendered again, verified."""

import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner

from tests.study.approved_study import ApprovedStudy
from validation import run, verify
from validation.attest.attachments import attachments_of
from validation.cli import main
from validation.errors import ApprovalError, RenderError, ToolError
from validation.report.company import digest_of
from validation.study.protocol_document import write_protocol_document
from validation.study.reporting import rendered

COVER = """{% extends "bundled/report/cover.html.jinja" %}
{% block approvals %}
<p class="note">Form F-017</p>
{{ super() }}
{% endblock %}
"""
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" width="40" height="20">'
    '<path fill="#5b2a86" d="M0 0h20v20h-20z"/></svg>'
)
WORDING = """format: segval/wording/1
phrases:
  Validation report: Validierungsbericht
  Validation protocol: Validierungsprotokoll
  Verdict: Ergebnis
  Met: Erfüllt
  Not met: Nicht erfüllt
  met: erfüllt
  not met: nicht erfüllt
  "\u00d7 {verdict}": "\u00d7 {verdict}"
  "\u2713 {verdict}": "\u2713 {verdict}"
  Contents: Inhalt
  cell: Zelle
  "{number} · revision {revision}": "{number} · Revision {revision}"
  "Page {page} of {pages}": "Seite {page} von {pages}"
  "{n} files under {folder} are listed in {sums} and {index} of the record, not here.":
    "{folder}: {n} Dateien, siehe {sums} und {index} der Aufzeichnung."
  "This document was made from record {record} by segval {version}. {rest}":
    "Dieses Dokument wurde aus Aufzeichnung {record} von segval {version} erstellt. {rest}"
"""
FILES = {
    "wording.yaml": WORDING,
    "assets/logo.svg": LOGO,
    "styles/company.css": ":root { --accent: #5b2a86; }",
    "report/cover.html.jinja": COVER,
}


def given_templates(study: Any, files: dict[str, str] | None = None) -> None:
    """Give a study a company's folder, and the protocol its digest."""
    shown = FILES if files is None else files
    for name, content in shown.items():
        path = study.folder / "company" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    digest = digest_of({name: content.encode() for name, content in shown.items()})
    study.change("document.language", "de")
    study.change("document.templates", {"folder": "company", "digest": digest})


def text_of(pdf: bytes) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler) is not here")
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return " ".join(done.stdout.decode().split())


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> ApprovedStudy:
    """A study with a company's templates, its signed protocol, and the record of its run."""
    study = ApprovedStudy(tmp_path_factory.mktemp("company"))
    given_templates(study.study)
    run(study.signed(), out=study.folder / "record")
    return study


def test_the_documents_are_the_company_s(approved: ApprovedStudy) -> None:
    report = (approved.folder / "record" / "report.pdf").read_bytes()
    text = text_of(report)
    for said in (
        "Validierungsbericht",
        "Ergebnis",
        "Inhalt",
        "Form F-017",
        "Seite 1 von",
        "VR-T1 · Revision A",
    ):
        assert said in text
    assert "Page 1" not in text
    with pikepdf.open(io.BytesIO(report)) as pdf:
        assert str(pdf.Root.Lang) == "de"
    assert "Validierungsprotokoll" in text_of((approved.folder / "VP.pdf").read_bytes())


def test_texts_of_the_protocol_stay(approved: ApprovedStudy) -> None:
    text = text_of((approved.folder / "record" / "report.pdf").read_bytes())
    assert "Zelle" not in text  # the class is named cell, and the wording has a word for that


def test_the_html_twin_holds_all_of_it(approved: ApprovedStudy) -> None:
    html = (approved.folder / "record" / "report.html").read_text(encoding="utf-8")
    assert "--accent: #5b2a86" in html
    assert "data:image/svg+xml;base64," in html
    assert 'href="styles/' not in html
    assert 'src="assets/' not in html


def test_the_record_carries_the_templates_and_renders_from_them(
    approved: ApprovedStudy, tmp_path: Path
) -> None:
    record = approved.folder / "record"
    kept = {name: (record / "templates" / name).read_text(encoding="utf-8") for name in FILES}
    assert kept == FILES
    attached = attachments_of((record / "report.pdf").read_bytes())
    assert attached is not None
    assert attached["templates/wording.yaml"] == WORDING.encode()
    shutil.copytree(record, tmp_path / "elsewhere")
    made = CliRunner().invoke(main, ["report", str(tmp_path / "elsewhere")])
    assert made.exit_code == 0, made.output
    assert "templates of the record, sha256:" in made.output


def test_verify_holds_and_names_the_digest(approved: ApprovedStudy) -> None:
    found = verify(approved.folder / "record", study=approved.folder)
    assert [one for one in found.checks if one.outcome != "held"] == []
    named = [one for one in found.checks if "design and wording" in one.what]
    assert len(named) == 1
    assert digest_of({name: one.encode() for name, one in FILES.items()}) in named[0].detail


def test_the_report_keeps_the_rules_of_archives_and_readers(
    approved: ApprovedStudy, broken_rules: Callable[[bytes], list[str]]
) -> None:
    assert broken_rules((approved.folder / "record" / "report.pdf").read_bytes()) == []


def test_another_folder_is_refused_before_the_run(approved: ApprovedStudy, tmp_path: Path) -> None:
    shutil.copytree(approved.folder, tmp_path / "study", ignore=shutil.ignore_patterns("record"))
    (tmp_path / "study/company/wording.yaml").write_text(WORDING + "  Table: Tabelle\n")
    with pytest.raises(ApprovalError) as caught:
        run(tmp_path / "study" / "VP-1-2.pdf", out=tmp_path / "record")
    assert "templates are not those that the protocol names" in str(caught.value)
    checked = CliRunner().invoke(main, ["check", str(tmp_path / "study" / "protocol.yaml")])
    assert checked.exit_code == 3
    assert "digest: sha256:" in checked.output


def test_changed_templates_of_a_record_are_found(approved: ApprovedStudy, tmp_path: Path) -> None:
    shutil.copytree(approved.folder / "record", tmp_path / "record")
    path = tmp_path / "record" / "templates" / "wording.yaml"
    path.write_text(WORDING.replace("Erfüllt", "Bestanden"), encoding="utf-8")
    found = verify(tmp_path / "record", study=approved.folder)
    failed = [one.what for one in found.checks if one.outcome == "did_not_hold"]
    assert "design and wording are those of the company that the protocol names" in failed
    with pytest.raises(ToolError, match="changed after it was sealed"):
        rendered(tmp_path / "record", "R-0")


def test_templates_that_leave_out_the_verdict_are_refused(tiny: Any, tmp_path: Path) -> None:
    study = tiny.Study(tmp_path, "instance")
    given_templates(
        study,
        {"protocol/criteria.html.jinja": "<p>All criteria are as they should be.</p>"},
    )
    study.lock()
    with pytest.raises(RenderError, match="leave out") as caught:
        write_protocol_document(study.path, out=tmp_path / "VP.pdf")
    assert "Half is the least that can be of use." in str(caught.value)
    assert not (tmp_path / "VP.pdf").exists()
