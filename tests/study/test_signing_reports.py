"""Signing the report of a record: signed revisions lie beside it, and the record stays whole."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from tests.study.signing_study import copy_of, trail_lines, with_identities
from validation.attest.audit_file import trail_path
from validation.errors import SignatureError


@pytest.fixture(scope="module")
def signed_base(finished: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The study of a finished run, its report signed by both; not to be changed."""
    folder = tmp_path_factory.mktemp("reports") / "study"
    shutil.copytree(finished("instance").folder, folder)
    study = with_identities(folder)
    report = folder / "record" / "report.pdf"
    study.author(path=report)
    study.sign("bo", "approver", report.parent / "signed" / "report-1-author.pdf")
    return study


@pytest.fixture
def signed(signed_base: Any, tmp_path: Path) -> Any:
    return copy_of(signed_base, tmp_path / "signed")


def _record(study: Any) -> Path:
    return Path(study.folder) / "record"


def _failures(study: Any) -> dict[str, str | None]:
    return {one.what: one.failure for one in study.failed(_record(study))}


def test_a_record_holds_with_its_signed_report(signed: Any) -> None:
    assert _failures(signed) == {}
    assert signed.failed(_record(signed) / "signed" / "report-2-approver.pdf") == []
    assert signed.failed() == []


def test_a_page_that_was_changed_before_the_first_signature_is_not_signed(signed: Any) -> None:
    path = shutil.copy(_record(signed) / "report.pdf", signed.folder.parent / "report.pdf")
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].contents_add(pdf.make_stream(b"q 1 1 1 rg 0 0 500 500 re f Q"))
        pdf.save(path)
    with pytest.raises(SignatureError, match="are not the bytes of report"):
        signed.present(Path(path))


def test_the_report_of_another_study_is_refused(signed: Any, signing: Any) -> None:
    report = _record(signed) / "report.pdf"
    with pytest.raises(SignatureError, match="does not know report"):
        signing.present(report)


def test_a_file_of_a_stranger_among_the_signed_is_named(signed: Any) -> None:
    (_record(signed) / "signed" / "report-3-other.pdf").write_bytes(b"%PDF-1.7 of a stranger")
    what = "every file in signed/ is a signed revision of this report"
    assert _failures(signed) == {what: "altered"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_pipe_among_the_signed_is_named_and_not_waited_for(signed: Any) -> None:
    os.mkfifo(_record(signed) / "signed" / "report-3-other.pdf")
    what = "every file in signed/ is a signed revision of this report"
    assert _failures(signed) == {what: "altered"}


def test_what_an_interrupted_writing_left_is_incomplete_and_not_altered(signed: Any) -> None:
    (_record(signed) / "signed" / ".new-abc").write_bytes(b"%PDF half")
    assert _failures(signed) == {"nothing half-written lies in signed/": "incomplete"}


@pytest.mark.parametrize("names", [["report-1-author.pdf"], ["report-2-approver.pdf"], None])
def test_a_signed_revision_that_is_lost_is_missed(signed: Any, names: list[str] | None) -> None:
    folder = _record(signed) / "signed"
    for name in names or [one.name for one in folder.iterdir()]:
        (folder / name).unlink()
    found = _failures(signed)
    assert found["every signed revision that the trail knows is here"] == "incomplete"
    assert set(found.values()) == {"incomplete"}


def test_a_trail_that_was_cut_off_before_the_run_is_found_by_the_record_alone(
    signed: Any,
) -> None:
    """Nobody has to have signed: the record itself names the event at which it was made."""
    shutil.rmtree(_record(signed) / "signed")
    trail_path(signed.folder).write_bytes(b"".join(trail_lines(signed)[:3]))
    what = "the audit trail reaches every event that is named outside of it"
    assert _failures(signed)[what] == "altered"
