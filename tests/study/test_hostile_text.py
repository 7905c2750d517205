"""Hostile text in every free-text field: the run works, and the documents show it as text."""

import csv
import html
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from validation import verify
from validation.plan.source import parse, protocol_from
from validation.report.render import template_folder

HOSTILE = {
    "html": "<script>alert('x')</script><img src=x onerror=alert(1)> & &amp; \"'",
    "jinja": "{{ 7*7 }} {% include '/etc/passwd' %} {# gone #}",
    "path": "../../../../etc/passwd",
    "formula": "=cmd|' /C calc'!A0",
    "at": "@SUM(1+1)",
    "word": "W" * 300,
    "css": "</style><style>body{display:none}</style> url(file:///etc/passwd)",
    "rtl": "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u202egnp.exe\u202c",
    "cjk": "\u7d30\u80de\u6838\u306e\u5206\u5272 \uc138\ud3ec",
    "emoji": "\U0001f9ec\U0001f469\u200d\U0001f52c",
    "combining": "Z\u0351\u036b\u0343a\u0300\u0301lgo",
}
EVERYTHING = " \u00b7 ".join(text for name, text in HOSTILE.items() if name != "word")

FREE = [
    *("document.title", "document.organisation", "device.name", "device.version"),
    *("device.intended_use", "device.use_environment", "device.users", "method.justification"),
    *("method.not_chosen", "test_set.title", "test_set.reference_standard.origin"),
    *("test_set.reference_standard.uncertainty", "test_set.provenance", "test_set.independence"),
    *("test_set.licence", "classes.0.description", "requirements.0.text", "risks.0.hazard"),
    *("risks.0.harm", "risks.0.severity", "analysis.rationale", "analysis.sample_size_rationale"),
    *("criteria.0.rationale", "limits", "signatories.0.title", "signatories.0.meaning"),
]
LONG = {"device.intended_use", "limits", "test_set.provenance", "analysis.rationale"}


@pytest.fixture(scope="module")
def hostile(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tiny study with hostile text wherever text can stand, run to its report."""
    study = tiny.Study(tmp_path_factory.mktemp("hostile"), "instance")
    texts = list(HOSTILE.values())
    for position, field in enumerate(FREE):
        study.change(field, EVERYTHING if field in LONG else texts[position % len(texts)])
    study.change("test_set.reference_standard.annotators", list(HOSTILE.values()))
    study.change("signatories.0.name", HOSTILE["html"])
    study.change("test_set.exclusions", [{"cases": ["C6"], "reason": EVERYTHING}])
    for row, text in zip(study.rows, texts, strict=False):
        row["site"] = text
    study.rows[0]["note"] = "x"
    for position, row in enumerate(study.rows):
        row["note"] = texts[-1 - position % len(texts)]
    study.parameters = {HOSTILE["word"][:40]: HOSTILE["html"], "fail_on": 4}
    study.source = study.source.replace('how="raise"):', 'how="raise", **_):').replace(
        "the model divides by zero", HOSTILE["html"].replace('"', "")
    )
    study.write()
    study.lock().run()
    return study


def test_the_record_holds(hostile: Any) -> None:
    assert verify(hostile.folder / "record").outcome == "held"


def test_the_protocol_reads_back_as_it_was_written(hostile: Any) -> None:
    protocol = protocol_from(parse(hostile.path.read_bytes(), "p.yaml"))
    assert protocol.limits == EVERYTHING
    assert protocol.test_set.reference_standard.annotators == tuple(HOSTILE.values())


def test_the_html_shows_it_as_text(hostile: Any) -> None:
    document = (hostile.folder / "record/report.html").read_text("utf-8")
    ours = (template_folder() / "scripts/tables.js").read_text("utf-8")
    assert re.findall("<script.*?</script>", document, re.DOTALL) == [f"<script>{ours}</script>"]
    assert "onerror=" not in re.sub(r"&lt;img[^<]*", "", document)
    assert document.count("</style>") == 1
    assert "7*7" in document
    assert not re.search(r"\b49\b", document.split("<h1")[1].split("</h1>")[0])
    assert "root:x:0" not in document
    plain = html.unescape(re.sub(r"<[^>]+>", "", document))
    for text in ("<script>alert('x')</script>", "{% include '/etc/passwd' %}", HOSTILE["formula"]):
        assert text in plain


def test_tables_are_inert(hostile: Any) -> None:
    record = hostile.folder / "record"
    for path in [*record.glob("evidence/**/*.csv"), record / "predictions/scores.csv"]:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                for cell in row:
                    is_number = re.fullmatch(r"-?[0-9.e+-]+", cell)
                    assert is_number or not cell.startswith(tuple("=+-@\t\r")), (path, cell)


def test_nothing_is_written_outside_the_record(hostile: Any) -> None:
    there = {one.name for one in hostile.folder.iterdir()}
    own = {"data", "cases.csv", "lock", "model.py", "protocol.yaml"}
    assert there == own | {"audit", "record"}


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="there is no pdftotext here")
def test_the_pdf_shows_it_inside_the_page(hostile: Any, tmp_path: Path) -> None:
    report = hostile.folder / "record/report.pdf"
    out = tmp_path / "boxes.xml"
    subprocess.run(["pdftotext", "-bbox", str(report), str(out)], check=True)
    boxes = out.read_text("utf-8")
    width = float(re.findall(r'<page width="([\d.]+)"', boxes)[0])
    right = [float(one) for one in re.findall(r'<word [^>]*xMax="([\d.]+)"', boxes)]
    assert max(right) <= width - 20, "a word runs into the margin"
    plain = subprocess.run(
        ["pdftotext", "-raw", str(report), "-"], capture_output=True, text=True, check=True
    ).stdout
    joined = re.sub(r"\s+", "", plain)
    for text in ("{{7*7}}", "<script>alert('x')</script>", "=cmd|'/Ccalc'!A0"):
        assert text in joined
    assert joined.count("W") >= 300  # broken over lines, not cut
