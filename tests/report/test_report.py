"""The report as PDF and HTML: complete, the same bytes each time, safe with hostile texts."""

import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from validation.record import digest
from validation.report.contents import RecordContents
from validation.report.render import template_folder
from validation.report.report import Report, render_report
from validation.report.view.appendices import attachment_name

ContentsOf = Callable[..., RecordContents]

HOSTILE = "<script>alert(1)</script><img src=x onerror=y>{{ 7 * 7 }}{% raw %}&amp;'\""
LONG = "W" * 240
NAME = "Dr. Maximiliane-Theodora von und zu Hohenstein-Wittelsbach Jr"

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed"
)


@pytest.fixture(scope="module")
def small(contents_of: ContentsOf) -> RecordContents:
    return contents_of(donors=2, fields=2, objects=12, failed=("D01-02",))


@pytest.fixture(scope="module")
def report(small: RecordContents) -> Report:
    return render_report(small)


@pytest.fixture(scope="module")
def hostile(contents_of: ContentsOf) -> RecordContents:
    return contents_of(donors=2, fields=2, failed=("D01-02",), **_hostile_changes(contents_of))


@pytest.fixture(scope="module")
def hostile_report(hostile: RecordContents) -> Report:
    return render_report(hostile)


def _hostile_changes(contents_of: ContentsOf) -> dict[str, Any]:
    plan = contents_of(donors=1, fields=1).protocol.model_dump(by_alias=True)
    words = f"{HOSTILE} {LONG}"
    return {
        "document": {
            **plan["document"],
            "title": words[:300],
            "organisation": words[:300],
            "number": "x" * 64,
            "report_number": "y" * 64,
            "revision": "z" * 64,
            "page_size": "Letter",
        },
        "device": {
            "name": LONG,
            "version": HOSTILE,
            "intended_use": words * 3,
            "use_environment": words,
            "users": words[:300],
        },
        "method": {**plan["method"], "justification": words, "not_chosen": words},
        "test_set": {
            **plan["test_set"],
            "title": words[:300],
            "provenance": words,
            "independence": words,
            "licence": words[:300],
        },
        "risks": [
            {**one, "hazard": words, "harm": LONG, "severity": LONG} for one in plan["risks"]
        ],
        "limits": words * 6,
        "criteria": [
            {**one, "id": f"{'C' * 60}{place}", "rationale": words}
            for place, one in enumerate(plan["criteria"])
        ],
        "signatories": [
            {"role": "author", "title": LONG, "meaning": HOSTILE, "name": NAME},
            {"role": "approver", "title": "Quality", "meaning": "I approve", "name": "N" * 200},
        ],
    }


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def _text_of(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return done.stdout.decode().split("\f")[:-1]


def test_the_pdf_embeds_the_files_of_the_record_byte_for_byte(
    small: RecordContents, report: Report
) -> None:
    with pikepdf.open(io.BytesIO(report.pdf)) as pdf:
        embedded = {name: pdf.attachments[name].get_file().read_bytes() for name in pdf.attachments}
    assert embedded == {attachment_name(name): one for name, one in small.files.items()}


def test_the_pdf_has_a_language_a_title_tags_and_bookmarks(
    small: RecordContents, report: Report
) -> None:
    with pikepdf.open(io.BytesIO(report.pdf)) as pdf:
        assert str(pdf.Root.Lang) == "en"
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.docinfo.Title).startswith(small.protocol.document.report_number)
        with pdf.open_outline() as outline:
            assert len(outline.root) == 1
            assert len(outline.root[0].children) > 10


def test_the_same_record_gives_the_same_bytes(small: RecordContents, report: Report) -> None:
    assert render_report(small) == report


@pytest.mark.slow
def test_another_process_with_another_hash_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    script = tmp_path / "render.py"
    script.write_text(
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('made_up', sys.argv[1])\n"
        "made_up = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(made_up)\n"
        "from validation.record import digest\n"
        "from validation.report.report import render_report\n"
        "report = render_report(made_up.make_contents(donors=2, fields=1, objects=8))\n"
        "print(digest(report.pdf), digest(report.html))\n"
    )
    conftest = Path(__file__).with_name("conftest.py")
    root = conftest.parents[2]
    printed = {
        subprocess.run(
            [sys.executable, str(script), str(conftest)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert b"sha256:" in printed.pop()


@needs_poppler
def test_every_page_names_the_document_its_number_and_its_standing(report: Report) -> None:
    pages = _text_of(report.pdf)
    assert len(pages) > 10
    for number, page in enumerate(pages, start=1):
        assert "VR-001" in page
        assert f"Page {number} of {len(pages)}" in page.replace("\u00a0", " ")
        assert "Simulated specimens" in page
        assert "Not approved: exploratory" in page


@needs_poppler
def test_the_decision_comes_first(report: Report) -> None:
    pages = _text_of(report.pdf)
    assert "Not met" in pages[0]
    assert "Approvals" in pages[0]
    assert "Decision summary" in pages[1]


@needs_poppler
def test_the_summary_is_one_page(instance_contents: RecordContents) -> None:
    pages = _text_of(render_report(instance_contents).pdf)
    assert "Decision summary" in pages[1]
    assert pages[2].split("\n\n", 1)[1].lstrip().startswith("Contents")


@needs_poppler
def test_nothing_is_printed_beyond_the_margins(hostile_report: Report) -> None:
    pdf = hostile_report.pdf
    boxes = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()
    width, height = 612.0, 792.0
    assert f'width="{width:.6f}"' in boxes
    words = re.findall(
        r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', boxes
    )
    assert len(words) > 1000
    for word in words:
        left, top, right, bottom = map(float, word)
        assert left >= 65
        assert right <= width - 60
        assert top >= 0
        assert bottom <= height


@needs_poppler
def test_long_words_and_names_are_printed_whole(hostile_report: Report) -> None:
    printed = "".join(_text_of(hostile_report.pdf))
    letters = re.sub(r"\s", "", printed)
    assert re.sub(r"\s", "", NAME) in letters or "Wittelsbach" in printed
    assert letters.count("W") >= 240 * 10


def test_hostile_texts_are_inert(hostile_report: Report) -> None:
    ours = (template_folder() / "scripts" / "tables.js").read_text("utf-8")
    html = hostile_report.html.decode().replace(f"<script>{ours}</script>", "", 1)
    elements = _Elements()
    elements.feed(html)
    assert not elements.names & {"script", "iframe", "object", "form"}
    assert not [one for one in elements.attributes if one.startswith("on")]
    legend = re.findall(r'<label><input type="checkbox" class="[a-z_-]+" checked>', html)
    assert len(legend) == html.count("<input")
    assert "{{ 7 * 7 }}" in html
    assert "&lt;script&gt;" in html


def test_the_html_needs_no_other_file(small: RecordContents, report: Report) -> None:
    html = report.html.decode()
    assert "<link" not in html
    assert not re.findall(r'src="(?!data:)', html)
    assert not re.findall(r'url\((?!"data:font/woff;base64,)', html)
    assert html.count("data:image/png;base64,") == len(small.pictures)


def test_the_digests_in_the_integrity_appendix_are_those_of_the_files(
    small: RecordContents, report: Report
) -> None:
    html = report.html.decode()
    for name, content in small.files.items():
        assert name in html
        assert digest(content).removeprefix("sha256:") in html
