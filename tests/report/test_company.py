"""A company's templates rename, recolour and rearrange; they leave nothing out and do no harm."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from validation.errors import RenderError
from validation.report.company import digest_of, problems_of, wording_of
from validation.report.company.completeness import require_complete
from validation.report.company.palette import recoloured
from validation.report.company.rewording import reworded
from validation.report.render import render_html
from validation.study.templates import read_template_folder

VIEW = {"text": "<b>", "list": tuple(range(300)), "none": ()}


def problems(name: str, content: str | bytes, **others: bytes) -> str:
    """Return every problem of a folder with that file, as one text."""
    raw = content if isinstance(content, bytes) else content.encode()
    return "\n".join(map(str, problems_of({name: raw, **others})))


def wording(*phrases: str) -> Mapping[str, bytes]:
    lines = "".join(f"  {one}\n" for one in phrases)
    return {"wording.yaml": f"format: segval/wording/1\nphrases:\n{lines}".encode()}


def faults(*phrases: str) -> str:
    return "\n".join(map(str, problems_of(wording(*phrases))))


# --- templates are taken for hostile ------------------------------------------------------

HOSTILE = {
    "python": "{{ view.__class__.__mro__[1].__subclasses__() }}",
    "python through a text": "{{ ''.__class__ }}",
    "python through a macro": "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "a file": "{% include '/etc/passwd' %}",
    "a file above": "{% include 'bundled/../../pyproject.toml' %}",
    "a method": "{{ view.text.format(view) }}",
    "globals": "{{ lipsum(1000000) }}",
    "arithmetic": "{{ 'a' * 1000000000 }}",
    "joining": "{{ view.text ~ view.text }}",
    "a list": "{{ [view.text, view.text] | join }}",
    "unescaped text": "{{ view.text | safe }}",
    "escaping switched off": "{% autoescape false %}{{ view.text }}{% endautoescape %}",
    "chance": "{{ view.list | random }}",
    "an object": "{{ view.list }}",
    "loops in loops": "{% for a in view.list %}{% for b in view.list %}{% for c in view.list %}"
    "{% for d in view.list %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
    "a macro without end": "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "inclusion without end": "{% include 't.html.jinja' %}",
    "a text that doubles": "{% macro m(x, l) %}{% if l %}{{ m(x, l) }}{% endif %}{% set y %}{{ x }}"
    "{{ x }}{% endset %}{{ m(y, view.none) }}{{ m(y, view.none) }}{% endmacro %}"
    "{{ m(view.text, view.none) }}",
    "a missing value": "{{ view.missing }}",
    "bad syntax": "{% for %}",
    "not text": b"\xff\xfe{{ view.text }}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused_and_soon(name: str) -> None:
    source = HOSTILE[name]
    raw = source if isinstance(source, bytes) else source.encode()
    began = time.monotonic()
    with pytest.raises(RenderError) as caught:
        render_html("t.html.jinja", VIEW, company={"t.html.jinja": raw})
    assert time.monotonic() - began < 20
    assert "root:" not in str(caught.value)


def test_what_templates_need_is_allowed() -> None:
    source = (
        "{% import 'm.html.jinja' as parts %}{% for one in view.list if one < 3 %}{{ loop.index }}"
        "{% if not loop.last %}, {% endif %}{% endfor %} {{ parts.boxed(view.text) }}"
        "{% set shown = view.text | upper %}{{ shown }} {{ view.none | join(' ') }}"
    )
    macros = b"{% macro boxed(one) %}[{{ one }}]{% endmacro %}"
    files = {"t.html.jinja": source.encode(), "m.html.jinja": macros}
    assert render_html("t.html.jinja", VIEW, company=files) == "1, 2, 3 [&lt;b&gt;]&lt;B&gt; "


def test_a_block_or_template_that_is_misspelt_is_named() -> None:
    extending = '{% extends "bundled/report/report.html.jinja" %}'
    found = problems("report/report.html.jinja", extending + "{% block sumary %}{% endblock %}")
    assert "has no block sumary" in found
    assert "summary" in found
    found = problems("report/reprot.html.jinja", "x")
    assert "replaces no bundled template" in found
    assert "no template nowhere" in problems("report/limits.html.jinja", "{% include 'nowhere' %}")
    assert "no document is made of it" in problems("signature/stamp.html.jinja", "x")
    assert not problems("report/report.html.jinja", extending)


def test_templates_leave_out_nothing_that_the_bundled_ones_print() -> None:
    bundled = "<p>Verdict: <b class='k'>not met</b> 0.81</p>"
    values = ["not met", "0.81", "k"]
    require_complete(bundled, "<p>0.81</p><i>Result: not met</i><p>more</p>", values, "t")
    with pytest.raises(RenderError, match="leave out") as caught:
        require_complete(bundled, "<p>Verdict: met 0.81</p>", values, "t")
    assert "not met" in str(caught.value)


@pytest.mark.parametrize(
    "added",
    ["<script>1</script>", "<p onclick=x>", "<iframe>", "<p style='display:none'>", "<base>"],
)
def test_templates_add_nothing_that_acts_or_hides(added: str) -> None:
    with pytest.raises(RenderError, match="not for documents"):
        require_complete("<p>met</p>", f"<p>met</p>{added}", ["met"], "t")


# --- wording ------------------------------------------------------------------------------


def test_a_phrase_with_varying_parts_keeps_them() -> None:
    said = wording_of(wording('"{n} of {all} cases": "{n} von {all} Fällen"', "cases: Fälle"))
    assert said("3 of 48 cases") == "3 von 48 Fällen"
    assert said("1\u202f520 of 4\u202f930\u00a0cases") == "1\u202f520 von 4\u202f930 Fällen"
    assert said("cases") == "Fälle"
    assert said("of cases") == "of cases"
    assert said("0.81") == "0.81"


@pytest.mark.parametrize(
    ("phrase", "what"),
    [
        ('"{n} of {all}": "{n} von"', "exactly once each"),
        ('"{n} cases": "{n} Fälle {n}"', "exactly once each"),
        ('"{n} cases": "{m} Fälle"', "exactly once each"),
        ('"{n} cases": Fälle', "exactly once each"),
        ('"{n} and {n}": "{n} und {n}"', "twice"),
        ('"{n}": "{n}!"', "does not tell"),
        ('"{n}{m} x": "{n} {m} x"', "does not tell"),
        ('"95 % interval": "99 % Intervall"', "other numbers"),
        ('"limit {a} < {b}": "Grenze {a} ≥ {b}"', "other numbers or signs"),
        ("cases: 3", "must be texts"),
        ('cases: ""', "must be texts"),
        ('cases: "F\\u202elle"', "cannot be seen"),
        ("not met: met", "called"),
        ("not met: erfüllt\n  met: Erfüllt", "called"),
        ("met: not met\n  not met: met", "called"),
        ("at least: höchstens\n  at most: höchstens", "called"),
        ('"above {x}": "x {x}"\n  "below {x}": "x {x}"', "both called"),
        ('"at least {x}": "at most {x}"', "the word of another"),
        ('"{n} is not met": "{n} is met"', "the word of another"),
        ("cases: Fälle\n  cases: Bilder", "stands twice"),
        ("cases: *other", "alias"),
    ],
)
def test_a_wording_that_could_mislead_is_refused(phrase: str, what: str) -> None:
    assert what in faults(*phrase.split("\n  "))


def test_every_problem_of_a_wording_is_told_with_its_line() -> None:
    found = faults('"{n} cases": Fälle', "fine: gut", '"5 x": "6 x"')
    assert "wording.yaml:3" in found
    assert "wording.yaml:5" in found
    assert "wording.yaml:4" not in found


def test_texts_of_the_protocol_and_markup_are_not_reworded() -> None:
    said = wording_of(
        wording(
            "Results: Ergebnisse",
            "met: erfüllt & gut",
            '"Page {page} of {pages}": "S. {page}/{pages}"',
        )
    )
    html = (
        '<html lang="de"><style>Results</style><h2 title="Results">Results</h2>'
        "<svg><title>met</title><text> Results </text></svg>met</html>"
    )
    plain = reworded(html, said, ())
    assert '<h2 title="Ergebnisse">Ergebnisse</h2>' in plain
    assert "<style>Results</style>" in plain
    assert "<text> Ergebnisse </text>" in plain
    assert "erfüllt &amp; gut" in plain
    assert 'data-page-before="S. " data-page-between="/" data-page-after=""' in plain
    assert "Ergebnisse" not in reworded(html, said, {"Results"})


def test_a_wording_names_the_language_of_documents_without_a_protocol() -> None:
    files = {"wording.yaml": b"format: segval/wording/1\nlanguage: de\nphrases: {met: gut}\n"}
    html = reworded('<html lang="en"><p>met</p></html>', wording_of(files), ())
    assert 'lang="de"' in html
    assert "BCP 47" in problems("wording.yaml", "format: segval/wording/1\nlanguage: German\n")


# --- the other files ----------------------------------------------------------------------

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("run.py", "import os", "no use for this file"),
        (".DS_Store", "x", "no use for this file"),
        ("styles/report.css", "p{}", "no use for this file"),
        ("styles/company.css", "@import url(http://example.org/a.css);", "@import"),
        ("styles/company.css", "p { background: url(http://example.org/a.png) }", "no font here"),
        ("styles/company.css", "p::after { content: 'Met' }", "content"),
        ("styles/company.css", ".notice { display: none }", "hiding"),
        ("styles/company.css", "</style><script>", "less-than"),
        ("styles/company.css", ":root { --accent: #ffff00; }", "contrast"),
        ("styles/company.css", ":root { --accent: purple; }", "hexadecimal"),
        ("styles/company.css", ":root { --met: #a63a00; }", "same colour"),
        ("assets/logo.svg", SVG.format("<script/>"), "scripts"),
        ("assets/logo.svg", SVG.format("<image href='file:///etc/passwd'/>"), "other files"),
        ("assets/logo.svg", SVG.format("<text>Met</text>"), "letters into paths"),
        ("assets/logo.svg", "<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG, "document type"),
        ("assets/logo.png", "no picture", "no PNG"),
        ("fonts/a.woff2", "no font", "no font"),
        ("a.html.jinja", b"\xff", "UTF-8"),
    ],
)
def test_a_file_that_documents_cannot_use_is_named(
    name: str, content: str | bytes, what: str
) -> None:
    assert what in problems(name, content)


def test_a_folder_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="not there"):
        read_template_folder(tmp_path / "none")
    (tmp_path / "notes.md").write_text("ours")
    assert read_template_folder(tmp_path) == {"notes.md": b"ours"}
    (tmp_path / "link.md").symlink_to("/etc/passwd")
    with pytest.raises(RenderError, match="cannot be read") as caught:
        read_template_folder(tmp_path)
    assert "symbolic link" in str(caught.value)


def test_drawings_take_the_colours_of_the_company() -> None:
    files = {"styles/company.css": b":root { --accent: #5b2a86; }"}
    html = '<p>#0b4f6c</p><svg><path fill="#0b4f6c"/></svg>'
    assert recoloured(html, files) == '<p>#0b4f6c</p><svg><path fill="#5b2a86"/></svg>'


def test_the_digest_is_that_of_common_tools(tmp_path: Path) -> None:
    import subprocess

    files: dict[str, Any] = {"b.md": b"two", "a/c.md": b"one"}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    script = "find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, check=True)
    assert digest_of(files) == f"sha256:{done.stdout.decode().split()[0]}"
