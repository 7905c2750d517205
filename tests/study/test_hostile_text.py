"""Hostile text in every free-text field: the run works, and the documents show it as text."""

import csv
import functools
import html
import io
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner

from validation import verify
from validation.cli import main
from validation.errors import ProtocolError
from validation.plan.choice.rules import rules
from validation.plan.protocol import json_schema
from validation.plan.source import parse, protocol_from
from validation.record import printable
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

WORDS = {
    "test_set.acquisition.equipment": "Ж",
    "execution.procedure": "Ю",
    "document.history.0.change": "Ы",
    "references.0.text": "Д",
}
"""Fields that are a word of 10,000 characters: one letter again and again, which no other has."""
WORD = 10_000
HIGH = {"risks.0.hazard", "requirements.0.text", "criteria.0.rationale"}
"""Fields in tables whose text is higher than a page."""
NOT_FREE = {
    "criteria.0.subgroup.*": "names a value of the case table",
    "comparison.margins.0.subgroup.*": "names a value of the case table",
    "test_set.training_data.covers": "is only said of images that are named",
    "method.choice.measured.not_known_because": "is only said of class maps, in our own words",
    "model.produced_by": "is only said of predictions made elsewhere",
    "risk_acceptance.severities.0": "is the severity of a risk",
    "risk_acceptance.acceptable_up_to": "is one of the severities",
}
ANSWERS = {q.id: next(a.id for a in q.answers if not a.points) for q in rules().questions}
ANSWERS["area"] = "needed"  # so that instance is decided otherwise
SIZE = {
    "criterion": "AC-01",
    "basis": "",
    "assumptions": {
        "design": "proportion",
        "expected": 0.7,
        "bound": 0.5,
        "direction": "at_least",
        "interval": "wilson",
        "level": 0.95,
        "power": 0.8,
    },
    "observations": 48,
    "units": 48,
}
THERE = {
    "document.history": [{"revision": "A", "date": "", "change": ""}],
    "references": [{"id": "REF-01", "text": ""}],
    "test_set.exclusions": [{"cases": ["C6"], "reason": ""}],
    "test_set.acquisition": {"sites": [""]},
    "test_set.reference_quality": {},
    "test_set.reference_standard.annotators": list(HOSTILE.values()),
    "execution": {},
    "risk_acceptance": {"severities": [""], "source": ""},
    "accepted_warnings": [{"rule": "subgroup.few-units", "about": "", "reason": ""}],
    "method.choice": {"rules": rules().version, "answers": ANSWERS, "recommended": "semantic"},
    "requirement_sources": [
        {
            "holds": "risks",
            "kind": "xlsx",
            "name": "",
            "digest": f"sha256:{'0' * 64}",
            "columns": [""],
            "only": [""],
        }
    ],
    "comparison": {
        "margins": [
            {
                "id": "CC-01",
                "requirements": ["REQ-01"],
                "metric": "recall",
                "class": "cell",
                "iou": 0.5,
                "aim": "non_inferiority",
                "margin": 0.05,
            }
        ]
    },
    "report": {"coverage": True},
    "analysis.sample_size": [SIZE],
}
"""What has to be there before its texts can be set."""


def free_texts() -> dict[str, int]:
    """Return every field of a protocol for free text, and the most characters that it takes."""
    schema = json_schema()

    def below(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
        for one in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            yield from below(one, path)
        for name, one in node.get("properties", {}).items():
            yield from below(one, (*path, name))
        if isinstance(node.get("additionalProperties"), dict):
            yield from below(node["additionalProperties"], (*path, "*"))
        if "items" in node:
            yield from below(node["items"], (*path, "0"))
        if node.get("maxLength") in {300, 20_000}:  # of a name, of a text; of a path it is 500
            yield ".".join(path), node["maxLength"]

    found = {path: most for path, most in below(schema, ()) if path not in NOT_FREE}
    # Sources last: what stands in a field decides which texts meet on a page.
    return dict(sorted(found.items(), key=lambda one: one[0].startswith("requirement_sources")))


@pytest.fixture(scope="module")
def hostile(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tiny study with hostile text wherever text can stand, run to its report."""
    study = tiny.Study(tmp_path_factory.mktemp("hostile"), "instance")
    texts = list(HOSTILE.values())
    for field, value in THERE.items():
        study.change(field, value)
    for position, (field, most) in enumerate(free_texts().items()):
        word = WORDS.get(field, "") * WORD
        if not field.startswith("model."):
            text = EVERYTHING if most > WORD else texts[position % len(texts)]
            study.change(field, word or text * (15 if field in HIGH else 1))
    study.change("risk_acceptance.severities.0", study.values["risks"][0]["severity"])
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
    study.model = {**study.values["model"], "name": HOSTILE["html"], "version": HOSTILE["word"]}
    study.write()
    study.lock().run()
    return study


KINDS = ("test-set", "method", "traceability", "objects")
DOCUMENTS = ("report", "protocol", *KINDS, "audit", "verification")


@pytest.fixture(scope="module")
def document(hostile: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Every document of the hostile study, each made once."""
    folder, record = tmp_path_factory.mktemp("documents"), hostile.folder / "record"

    def once(name: str) -> Path:
        out = folder / f"{name}.pdf"
        asked: dict[str, list[Any]] = {
            "protocol": ["protocol", hostile.path, "--out", out],
            "audit": ["audit", hostile.folder, "--pdf", out],
            "verification": ["verify", record, "--study", hostile.folder, "--pdf", out],
            **{kind: ["document", kind, record, "--out", out] for kind in KINDS},
        }
        if name == "report":
            return Path(record / "report.pdf")
        if not out.exists():
            done = CliRunner().invoke(main, [str(one) for one in asked[name]])
            assert done.exit_code == 0, done.output
        return out

    return once


def test_the_record_holds(hostile: Any) -> None:
    assert verify(hostile.folder / "record").outcome == "held"


def test_the_protocol_reads_back_as_it_was_written(hostile: Any) -> None:
    protocol = protocol_from(parse(hostile.path.read_bytes(), "p.yaml"))
    assert protocol.limits == EVERYTHING
    assert protocol.test_set.reference_standard.annotators[1:] == tuple(HOSTILE.values())[1:]


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
@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_word_of_a_document_leaves_its_page(name: str, document: Callable[[str], Path]) -> None:
    asked = ["pdftotext", "-bbox", str(document(name)), "-"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    for number, page in enumerate(said.split("<page ")[1:], start=1):
        width, height = map(float, re.findall(r'^width="([\d.]+)" height="([\d.]+)"', page)[0])
        for box in re.findall(r'xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)"', page):
            left, top, right, bottom = map(float, box)
            assert left >= 20, (number, box)
            assert right <= width - 20, (number, box)
            assert top >= 10, (number, box)
            assert bottom <= height - 10, (number, box)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="there is no pdftotext here")
def test_the_report_prints_it_as_text(document: Callable[[str], Path]) -> None:
    printed = letters_of(document("report"))
    for text in ("{{7*7}}", "<script>alert('x')</script>", "=cmd|'/Ccalc'!A0"):
        assert text in printed
    assert printed.count("W") >= 300  # broken over lines, not cut


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="there is no pdftotext here")
@pytest.mark.parametrize("field", WORDS)
def test_a_word_of_10_000_characters_is_printed_whole(
    field: str, document: Callable[[str], Path]
) -> None:
    assert letters_of(document("protocol")).count(WORDS[field]) >= WORD


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_acts_or_leads_anywhere(
    name: str, document: Callable[[str], Path], broken_rules: Callable[[bytes], list[str]]
) -> None:
    content = document(name).read_bytes()
    assert broken_rules(content) == []
    with pikepdf.open(io.BytesIO(content)) as pdf:
        actions = [one.get("/A", {}) for page in pdf.pages for one in page.get("/Annots", ())]
        assert {str(one.get("/S", "/GoTo")) for one in actions} <= {"/GoTo"}
        assert not [one for one in pdf.attachments if "passwd" in one]
    assert "root:x:0" not in letters_of(document(name))


@functools.cache
def letters_of(pdf: Path) -> str:
    """Return what a document prints, without spaces."""
    asked = ["pdftotext", "-raw", str(pdf), "-"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    return re.sub(r"\s+", "", done.stdout)


@pytest.mark.parametrize(
    "language", ['en"><script>alert(1)</script>', "../../etc", "{{ 7*7 }}", "en\n", "W" * WORD]
)
def test_a_language_is_one_and_nothing_else(study: Any, language: str) -> None:
    study.change("document.language", language)
    with pytest.raises(ProtocolError, match="language"):
        protocol_from(parse(study.path.read_bytes(), "p.yaml"))


@pytest.mark.parametrize("folder", ["/none", "../../none", "<b>{{ 7*7 }}</b>", "\u202egnp"])
def test_templates_of_any_name_are_refused_by_their_name(study: Any, folder: str) -> None:
    named = {"folder": folder, "digest": "sha256:" + "0" * 64}
    study.change("document.templates", named)
    done = CliRunner().invoke(main, ["check", str(study.path)])
    assert done.exit_code == 3, done.output
    assert printable(folder) in done.output
    assert "root:x:0" not in done.output


def test_a_bracket_beside_words_from_right_to_left_is_no_alteration(study: Any) -> None:
    """It is painted as its mirror image, and read back as the other one on every page."""
    study.change("test_set.reference_standard.annotators", list(HOSTILE.values()))
    study.lock().run()
    done = verify(study.folder / "record")
    assert [one.detail for one in done.checks if one.outcome == "did_not_hold"] == []
