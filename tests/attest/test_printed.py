"""The printed pages say what the evidence says: every change of a page is found and named."""

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from validation.attest.attachments import attachments_of
from validation.attest.expected_text import Expected, Span, expected_text
from validation.attest.page_comparison import changes, differences
from validation.attest.page_text import essence, page_texts
from validation.attest.printed import check_printed
from validation.attest.verification import Check, Checks
from validation.record_folder import read_contents, read_index
from validation.report.contents import RecordContents
from validation.report.report import render_report

KINDS = ("instance", "semantic", "panoptic")


def _checked(content: bytes, files: Mapping[str, bytes] | None = None) -> tuple[Check, ...]:
    checks = Checks()
    attached = attachments_of(content)
    assert attached is not None
    check_printed(content, files or attached, checks)
    return checks.all()


def _found(content: bytes) -> str:
    """Return what is said of a report that does not hold."""
    failed = [one for one in _checked(content) if one.outcome != "held"]
    assert failed, "nothing was found"
    assert all(one.failure == "altered" for one in failed)
    return "; ".join(one.detail for one in failed)


def _contents(record: Path) -> RecordContents:
    return read_contents(record, read_index(record).record_id)


def _files(record: Path) -> dict[str, bytes]:
    paths = (one for one in record.rglob("*") if one.is_file())
    return {one.relative_to(record).as_posix(): one.read_bytes() for one in paths}


@pytest.fixture(scope="module")
def report(finished: Callable[[str], Any]) -> bytes:
    """The report of the instance study."""
    content: bytes = (finished("instance").folder / "record/report.pdf").read_bytes()
    return content


# --- hands on a page ------------------------------------------------------------------------


class _Font:
    """A font of a page: from glyphs to characters and back."""

    def __init__(self, font: Any) -> None:
        mapping = font.ToUnicode.read_bytes().decode("latin-1")
        pairs = re.findall(r"<([0-9a-fA-F]{4})>\s*<([0-9a-fA-F]+)>", mapping)
        self.characters = {
            bytes.fromhex(glyph): bytes.fromhex(text).decode("utf-16-be") for glyph, text in pairs
        }
        self.glyphs = {text: glyph for glyph, text in self.characters.items()}

    def text(self, glyphs: bytes) -> str:
        pairs = (glyphs[place : place + 2] for place in range(0, len(glyphs), 2))
        return "".join(self.characters.get(one, "\ufffd") for one in pairs)

    def glyphs_of(self, text: str) -> bytes:
        return b"".join(self.glyphs[one] for one in text)


def _fonts(page: Any) -> dict[str, _Font]:
    return {name: _Font(font) for name, font in page.Resources.Font.items()}


Rewrite = Callable[[str], str]


def _rewritten(content: bytes, page: int, rewrite: Rewrite) -> bytes:
    """Return a PDF with each piece of text of a page as `rewrite` returns it."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        one = pdf.pages[page - 1].obj
        fonts, instructions = _fonts(one), []
        font = next(iter(fonts.values()))
        for operands, operator in pikepdf.parse_content_stream(one):
            kept = list(operands)
            if str(operator) == "Tf":
                font = fonts[str(operands[0])]
            if str(operator) == "TJ":
                shown = b"".join(bytes(x) for x in operands[0] if isinstance(x, pikepdf.String))
                before = font.text(shown)
                after = rewrite(before)
                if after != before:
                    kept = [pikepdf.Array([pikepdf.String(font.glyphs_of(after))])]
            instructions.append((kept, operator))
        one.Contents = pdf.make_stream(pikepdf.unparse_content_stream(instructions))
        return _saved(pdf)


def _painted(content: bytes, page: int, commands: Callable[[Any], bytes]) -> bytes:
    """Return a PDF with more painted on a page."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        one = pdf.pages[page - 1]
        one.contents_add(commands(one.obj))
        return _saved(pdf)


def _saved(pdf: pikepdf.Pdf) -> bytes:
    stream = io.BytesIO()
    pdf.save(stream)
    return stream.getvalue()


def _page_with(content: bytes, text: str) -> int:
    """Return the number of the first page on which a text stands."""
    return next(n for n, page in enumerate(page_texts(content), 1) if essence(text) in page)


def _changed(content: bytes, page: int, old: str, new: str) -> bytes:
    """Return a PDF with a text on a page printed otherwise, wherever it stands there."""
    changed = _rewritten(content, page, lambda text: text.replace(old, new))
    assert page_texts(changed) != page_texts(content)
    return changed


# --- what holds -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_pages_of_an_untouched_report_hold(finished: Callable[[str], Any], kind: str) -> None:
    record = finished(kind).folder / "record"
    content = (record / "report.pdf").read_bytes()
    for files in (None, _files(record)):
        assert [one.outcome for one in _checked(content, files)] == ["held", "held"]


def test_a_report_of_a_failed_case_and_of_many_scripts_holds(
    make_study: Callable[..., Any],
) -> None:
    study = make_study("semantic", "other")
    study.parameters = {"fail_on": 4}
    study.change("document.title", "Ядро 12 of 34, Ω é ﬁne 細胞 שלום 12 ו 34 عدد 5 من 6")
    study.change("limits", "A minus of \u22125 and a \u00bd, 10\u207b\u00b3.\n\nשתי 12 שורות 34.")
    study.change("subgroups", [])
    study.change("criteria.0.subgroup", {}).lock().run()
    content = (study.folder / "record/report.pdf").read_bytes()
    assert _contents(study.folder / "record").findings.failed_cases
    assert [one.detail for one in _checked(content) if one.outcome != "held"] == []


def test_a_signed_report_holds_and_a_change_of_it_does_not(report: bytes, world: Any) -> None:
    """A signature brings an appearance and no text of the page."""
    signed = world.both(report)
    assert signed.startswith(report)
    assert [one.outcome for one in _checked(signed)] == ["held", "held"]
    page = _page_with(report, "Every acceptance criterion with its result")
    assert "not" in _found(_changed(signed, page, "met", "not"))


# --- what does not ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def retold(finished: Callable[[str], Any]) -> str:
    """What is found in a report that a patched tool made: true attachments, other figures."""
    contents = _contents(finished("instance").folder / "record")
    [criterion] = contents.findings.criteria
    [first, *others] = contents.metrics
    findings = contents.findings
    false = replace(
        contents,
        metrics=(first.model_copy(update={"n": first.n + 1}), *others[:-1]),
        findings=findings.model_copy(
            update={
                "verdict": "not_met",
                "criteria": (criterion.model_copy(update={"verdict": "not_met"}),),
            }
        ),
        openings=contents.openings.model_copy(update={"number": 1}) if contents.openings else None,
    )
    return _found(render_report(false).pdf)


def test_another_verdict_is_found(retold: str) -> None:
    assert "Notmet" in retold
    assert "page 1, the title page" in retold


def test_a_changed_digit_of_the_results_is_found_and_named(report: bytes) -> None:
    page = _page_with(report, "Every acceptance criterion with its result")
    interval = re.search(r"AC01.*?(0\.\d{3})E", page_texts(report)[page - 1])
    assert interval
    old = interval[1]
    new = old[:-1] + ("7" if old[-1] != "7" else "1")
    found = _found(_changed(report, page, old, new))
    assert f"page {page}, Table" in found
    assert f"\u201c{new}\u201d is printed for \u201c{old}\u201d" in found


def test_a_changed_digit_of_the_evidence_appendix_is_found_and_named(report: bytes) -> None:
    page = _page_with(report, "Rests on By")
    value = re.search(r"0\.\d{9,}", page_texts(report)[page - 1])
    assert value
    new = value[0][:-1] + ("7" if value[0][-1] != "7" else "1")
    found = _found(_changed(report, page, value[0], new))
    assert new in found
    assert re.search(r"Table \d+, E\d+", found)


def test_a_changed_word_of_the_verdict_is_found(report: bytes) -> None:
    page = _page_with(report, "Every acceptance criterion with its result")
    found = _found(_changed(report, page, "met", "not"))
    assert re.search("\u201cnot[A-Z]*\u201d is printed for \u201cmet", found)


def test_another_number_of_the_run_is_found(report: bytes) -> None:
    page = _page_with(report, "This is run 1 of 1")
    found = _found(_changed(report, page, "run 1 of 1", "run 1 of 9"))
    assert "Runs on this test set" in found
    assert "\u201c9\u201d is printed for \u201c1\u201d" in found


def test_a_removed_row_is_found(report: bytes) -> None:
    page = _page_with(report, "Rests on By")
    places = [int(one) for one in re.findall(r"E(\d+)(?=[a-z])", page_texts(report)[page - 1])]
    address = next(f"E{place}" for place in places if place + 1 in places)
    found = _found(_without_row(report, page, address))
    assert f"page {page}, Table" in found
    assert "is not printed" in found
    assert f", {address}: " in found


def _without_row(content: bytes, page: int, address: str) -> bytes:
    """Return a PDF in which the texts of a row are blank: those from its first cell on."""
    following = f"E{int(address[1:]) + 1}"
    texts: list[str] = []

    def blank(text: str) -> str:
        texts.append(text)
        inside = address in texts and following not in texts
        return "" if inside else text

    return _rewritten(content, page, blank)


@pytest.mark.parametrize("colour", ["1 1 1 rg", "0 0 0 rg"])
def test_a_figure_over_which_another_is_painted_is_found(report: bytes, colour: str) -> None:
    page = _page_with(report, "Every acceptance criterion with its result")
    assert "0.991" in _found(_painted(report, page, lambda one: _text(one, "0.991", colour)))


def test_an_added_row_and_a_second_verdict_are_found(report: bytes) -> None:
    page = _page_with(report, "Every acceptance criterion with its result")
    said = _found(_painted(report, page, lambda one: _text(one, "AC-02 0.991 met", "0 0 0 rg")))
    assert f"page {page}" in said
    assert "AC020.991met" in said
    assert "is printed and not in the evidence" in said


def _text(page: Any, text: str, colour: str) -> bytes:
    """Return commands that paint a white box and a text on it, in a font of the page."""
    name, font = next(
        (name, font) for name, font in _fonts(page).items() if set(text) <= set(font.glyphs)
    )
    glyphs = font.glyphs_of(text).hex()
    box = "q 1 0 0 1 0 0 cm 1 1 1 rg 150 500 90 12 re f Q"
    return f"{box} q {colour} BT {name} 8 Tf 150 500 Td <{glyphs}> Tj ET Q".encode()


def test_a_page_that_was_taken_out_is_found(report: bytes) -> None:
    page = _page_with(report, "Rests on By")
    with pikepdf.open(io.BytesIO(report)) as pdf:
        del pdf.pages[page - 1]
        said = _found(_saved(pdf))
    assert "is not printed" in said


def test_another_number_in_the_table_of_contents_is_found(report: bytes) -> None:
    page = _page_with(report, "Contents1Decisionsummary")

    def turned(text: str) -> str:
        # Sections have smaller numbers.
        return str(int(text) + 2) if text.isdigit() and int(text) > 15 else text

    said = _found(_rewritten(report, page, turned))
    assert f"page {page}, the table of contents" in said


def test_text_that_is_said_to_be_another_is_found(report: bytes) -> None:
    page = _page_with(report, "Every acceptance criterion with its result")
    command = b"/Span <</Actual#54ext (0.5)>> BDC EMC"
    said = _found(_painted(report, page, lambda _: command))
    assert said == f"page {page}: marked content that may stand for other text"


def test_an_annotation_over_a_page_is_found(report: bytes) -> None:
    with pikepdf.open(io.BytesIO(report)) as pdf:
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.FreeText,
            Rect=[150, 500, 240, 512],
            Contents="0.991",
        )
        annotations = pdf.pages[1].obj.get("/Annots") or pikepdf.Array()
        annotations.append(pdf.make_indirect(note))
        pdf.pages[1].obj.Annots = annotations
        assert _found(_saved(pdf)) == "page 2: an annotation /FreeText"


def test_a_picture_that_the_record_does_not_have_is_found(report: bytes) -> None:
    picture = b"q 90 0 0 12 150 500 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \xff EI Q"
    shown = _found(_painted(report, 2, lambda _: picture))
    assert re.fullmatch(r"\d pictures where the record has \d", shown)


def test_a_report_of_another_version_is_said_to_be_one(
    finished: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, report: bytes
) -> None:
    page = _page_with(report, "Every acceptance criterion with its result")
    changed = _changed(report, page, "met", "not")
    monkeypatch.setattr("validation.__version__", "9.9")
    assert [one.outcome for one in _checked(report)] == ["held", "held"]
    printed, _ = _checked(changed)
    assert printed.outcome == "could_not_be_checked"
    assert printed.detail.startswith("made by segval 0.1.0, this is 9.9: page")


def test_evidence_that_cannot_be_laid_out_is_no_answer(report: bytes) -> None:
    attached = dict(attachments_of(report) or {})
    for name in ("run.json", "evidence/metrics.json", "overlays/overlays.json", "findings.json"):
        for content in (None, b"{}"):
            files = {**attached, name: content}
            if content is None:
                del files[name]
            checks = _checked(report, {n: c for n, c in files.items() if c is not None})
            assert [one.outcome for one in checks] == ["could_not_be_checked"], name


@pytest.mark.parametrize("content", [b"", b"no PDF", b"%PDF-1.7\n%%EOF"])
def test_what_is_no_pdf_is_no_answer(report: bytes, content: bytes) -> None:
    checks = Checks()
    check_printed(content, attachments_of(report) or {}, checks)
    assert [one.outcome for one in checks.all()] == ["could_not_be_checked"]


@pytest.mark.parametrize("second", ["DTheend", "6DTheend", "DTheend6", "56CMoreDTheend"])
def test_a_table_of_contents_may_go_on_on_another_page(second: str) -> None:
    """Pages of a document that is nothing but contents, and how its numbers may be read."""
    headings = {"a": "ABegin", "b": "BMid", "c": "CMore", "d": "DTheend"}
    listed = "".join(headings.values())
    text = f"Contents{listed}{listed}"
    start = len("Contents") + len(listed)
    expected = Expected(
        text=text,
        contents=Span(0, start),
        listed=list(headings),
        anchors={name: start + listed.index(title) for name, title in headings.items()},
        places=[(0, "all")],
    )
    split = 2 if "More" in second else 3
    first = f"{'3' * split}Contents{''.join(list(headings.values())[:split])}"
    pages = [first, re.sub(r"\d+", "3" * (4 - split), second), listed]
    feet = [f"{page}Page{number}of3" for number, page in enumerate(pages, start=1)]
    found = [str(one) for one in differences(feet, expected)]
    assert bool(found) == (not re.search(r"\d", second)), found


def test_numbers_are_named_whole() -> None:
    assert changes("0.9129E1", "0.9179E1") == [(0, 6, 0, 6)]
    assert changes("1ab", "1abc") == [(1, 3, 1, 4)]
    assert changes("\u22120.040", "0.040") == [(0, 6, 0, 5)]


_LEGEND = """<html><body><p class="legend"><span><svg><text>X</text></svg>missed</span>
<span><svg><text>F</text></svg>false positive</span></p></body></html>"""


@pytest.mark.parametrize(
    ("printed", "holds"),
    [
        ("missedfalsepositiveXF", True),
        ("XmissedFfalsepositive", True),
        ("XmissedXfalsepositive", False),
        ("XmissedFfalsenegative", False),
        ("missedFfalsepositive", False),
    ],
)
def test_the_signs_of_a_legend_stand_in_its_line_or_after_it(printed: str, holds: bool) -> None:
    found = list(differences([f"{printed}Page1of1"], expected_text(_LEGEND)))
    assert (found == []) == holds
