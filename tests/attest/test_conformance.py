"""PDF/A-3a and PDF/UA-1 hold before and after each signature, as far as our rules go."""

import importlib.util
import io
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel

from validation.attest.signatures import Asked, sign
from validation.plan.protocol import Signatory
from validation.record import digest
from validation.report.manifestation import Manifestation
from validation.report.render import Attachment, environment, render_pdf
from validation.report.signature_stamp import render_stamp
from validation.report.view.approvals import approvals, field_name, signature_fields

TESTS = Path(__file__).parents[1]
NAMES = ("Ada Author", "Dr. \u0416\u0443\u043a\u043e\u0432\u0430 \u2013 " + "Hohenstein-" * 4, "李")
PAGE = (
    '{% import "_partials/approvals.html.jinja" as approvals %}<!doctype html><html lang="en">'
    '<head><title>T</title><link rel="stylesheet" href="styles/report.css"></head>'
    '<body class="A4"><h1>Title</h1><p><a href="#end">To the end</a></p>'
    '{{ approvals.blocks(view) }}<h2 id="end">End</h2></body></html>'
)


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_conformance_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


broken_rules: Callable[[bytes], list[str]] = _loaded(TESTS / "report/pdf_rules.py").broken_rules
WORLD: Any = _loaded(TESTS / "attest/signing_world.py").World()


def _document() -> bytes:
    signing = tuple(
        Signatory(role=f"role-{number}", title="Head of quality", meaning="I approve this")
        for number, _ in enumerate(NAMES, start=1)
    )
    return render_pdf(
        environment().from_string(PAGE).render(view=approvals(signing)),
        images={},
        attachments=[Attachment("a.csv", b"a\n", "a table", "text/csv", "Data")],
        created=datetime(2026, 3, 1, tzinfo=UTC),
        identifier=b"1",
        universal_access=True,
        signature_fields=signature_fields(signing),
    )


def _signed(content: bytes, number: int, name: str) -> bytes:
    field = field_name(number)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        (found,) = (one for one in pdf.Root.AcroForm.Fields if str(one.T) == field)
        left, bottom, right, top = map(float, found.Rect)
    someone = WORLD.person(f"user-{number}", name)
    stated = Manifestation(
        name=name,
        user=f"user-{number}",
        role=f"role-{number}",
        title="Head of quality",
        meaning="I approve this",
        at=f"{WORLD.now:%Y-%m-%dT%H:%M:%SZ}",
        zone="+01:00",
        document="R-1",
        revision="A",
        presented=digest(content),
        trail_id="0" * 32,
        sequence=number,
        event="sha256:" + "1" * 64,
    )
    asked = Asked(
        field=field,
        manifestation=stated,
        appearance=render_stamp(stated, right - left, top - bottom),
        certifies=number == 1,
        level="B-B",
        trust=WORLD.trust,
        time_stamper=None,
        host="bench",
    )
    return sign(content, someone.signer, asked)


@pytest.fixture(scope="module")
def revisions() -> list[bytes]:
    """Return the document unsigned, and after each of three signatures."""
    found = [_document()]
    for number, name in enumerate(NAMES, start=1):
        found.append(_signed(found[-1], number, name))
    return found


@pytest.mark.parametrize("count", range(len(NAMES) + 1))
def test_no_rule_is_broken_after_any_number_of_signatures(
    revisions: list[bytes], count: int
) -> None:
    assert broken_rules(revisions[count]) == []


def test_every_change_between_signatures_is_the_filling_of_a_field(revisions: list[bytes]) -> None:
    reader = PdfFileReader(io.BytesIO(revisions[-1]))
    levels = []
    for one in reader.embedded_signatures:
        one.compute_integrity_info()
        levels.append(one.diff_result.modification_level)
    filled = ModificationLevel.FORM_FILLING
    assert levels == [filled, filled, ModificationLevel.NONE]


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_page_shows_the_stamps_once_signed(revisions: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "signed.pdf").write_bytes(revisions[-1])
    asked = ["pdftotext", "-raw", "signed.pdf", "-"]
    said = subprocess.run(asked, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    for number in range(1, len(NAMES) + 1):
        assert f"role role-{number} \u00b7 user user-{number}" in said
        assert digest(revisions[number - 1]) in said


def _broken(change: Callable[[Any], None]) -> list[str]:
    content = io.BytesIO()
    with pikepdf.open(io.BytesIO(_document())) as pdf:
        change(pdf)
        pdf.save(content)
    return broken_rules(content.getvalue())


def _field(pdf: Any) -> Any:
    return pdf.Root.AcroForm.Fields[0]


def _first_font(pdf: Any) -> Any:
    return next(
        one
        for one in pdf.objects
        if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/Font" and "/W" in one
    )


def _script(pdf: Any) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("1"))


BREAKS: dict[str, tuple[Callable[[Any], None], str]] = {
    "claims": (lambda pdf: pdf.Root.__setitem__("/Metadata", pdf.make_stream(b"")), "claim"),
    "intent": (lambda pdf: pdf.Root.__delitem__("/OutputIntents"), "output intent"),
    "language": (lambda pdf: pdf.Root.__setitem__("/Lang", pikepdf.String("")), "language"),
    "files": (lambda pdf: pdf.Root.AF.append(pdf.Root.AF[0]), "listed twice"),
    "font": (lambda pdf: _first_font(pdf).FontDescriptor.__delitem__("/FontFile2"), "embedded"),
    "widths": (lambda pdf: _first_font(pdf).W[1].__setitem__(0, 9999), "widths"),
    "script": (_script, "not allowed"),
    "hidden": (lambda pdf: _field(pdf).__setitem__("/F", 2), "hidden"),
    "appearance": (lambda pdf: _field(pdf).__delitem__("/AP"), "no appearance"),
    "tag": (lambda pdf: _field(pdf).__delitem__("/StructParent"), "not tagged"),
    "purpose": (lambda pdf: _field(pdf).__delitem__("/TU"), "what it is for"),
    "order": (lambda pdf: pdf.pages[0].__delitem__("/Tabs"), "order"),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_each_rule_can_fail(kind: str) -> None:
    change, said = BREAKS[kind]
    assert any(said in one for one in _broken(change))
