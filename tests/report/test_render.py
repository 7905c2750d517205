"""The renderer: what it lets in, what it writes, and that it writes the same each time."""

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import threading
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from validation.errors import RenderError
from validation.report import render
from validation.report.render import (
    Attachment,
    render_html,
    render_pdf,
    spell_out_uncovered,
    template_folder,
    uncovered_characters,
)

CREATED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
SYMBOLS = "✓ ✗ ≥ ≤ ± × → ∩ ∪ µ μ − – — · … ● ○ ▲ ■ α Δ ≈ ∞ √ ₂ ² ⚠ ☐ ☑"
SCRIPTS = "Łukasz Ağaoğlu Nguyễn Ελληνικά Жуковский שלום مرحبا"
BUNDLED_FAMILIES = (
    "IBM-Plex-",
    "DejaVu-Sans",
    "Noto-Naskh-Arabic",
    "Noto-Sans-",
    "Droid-Sans-",
    "NanumSquare",
)
CSV = Attachment("cases.csv", b"case_id\nC-1\n", "one row a case", "text/csv", "Data")
YAML = Attachment("protocol.yaml", b"format: 1\n", "what ran", "application/yaml", "Source")
SAME = Attachment("a-copy.txt", b"format: 1\n", "the same bytes", "text/plain", "Supplement")


def page(body: str, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><title>A report</title>{head}</head>'
        f"<body>{body}</body></html>"
    )


def pdf_of(
    html: str,
    images: dict[str, bytes] | None = None,
    attachments: tuple[Attachment, ...] = (),
    *,
    universal_access: bool = False,
) -> bytes:
    return render_pdf(
        html,
        images=images or {},
        attachments=attachments,
        created=CREATED,
        identifier=b"\x00\\()\r\n",
        universal_access=universal_access,
    )


def png() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (6, 4), (200, 30, 30)).save(content, "PNG")
    return content.getvalue()


def text_of(pdf: bytes) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    asked = ["pdftotext", "-layout", "-", "-"]
    return subprocess.run(asked, input=pdf, capture_output=True, check=True).stdout.decode()


def opened(pdf: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf))


def fonts_of(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    found = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary)]
    return [o for o in found if o.get("/Type") == "/FontDescriptor"]


RICH = page(
    f"""<h1 style="font-family:'IBM Plex Serif';font-weight:500">Report {SYMBOLS}</h1>
    <p style="font-family:'IBM Plex Sans'">{SCRIPTS} <b>bold</b> <i>italic</i></p>
    <p style="font-family:'IBM Plex Sans Condensed'">dense <b>{SCRIPTS}</b></p><code>sha256</code>
    <img src="overlay.png" alt="an overlay"><table><tr><th>a</th><td>1</td></tr></table>
    <svg width="80" height="20"><title>a figure</title><text y="12">{SYMBOLS}</text></svg>""",
    '<link rel="stylesheet" href="styles/fonts.css">',
)


@pytest.fixture(scope="module")
def rich() -> bytes:
    return pdf_of(RICH, {"overlay.png": png()}, (YAML, CSV, SAME))


# --- templates ---------------------------------------------------------------------------


def rendered(text: str, view: object) -> str:
    return render_html("t.html.jinja", view, company={"t.html.jinja": text.encode()})


def test_a_missing_value_stops_the_template_and_says_where() -> None:
    with pytest.raises(RenderError, match="absent") as caught:
        rendered("<p>\n{{ view.absent }}</p>", {"present": 1})
    assert caught.value.where.endswith("t.html.jinja:2")


def test_none_is_not_printed() -> None:
    with pytest.raises(RenderError, match="None"):
        rendered("{{ view.value }}", {"value": None})


def test_a_malformed_template_is_named_with_its_line() -> None:
    with pytest.raises(RenderError) as caught:
        rendered("<p>\n{% if %}", {})
    assert caught.value.where == "t.html.jinja:2"


def test_a_missing_template_is_named() -> None:
    with pytest.raises(RenderError, match=re.escape("no template nowhere.html")):
        render_html("nowhere.html", {})


def test_hostile_text_stays_text() -> None:
    hostile = "<script>alert(1)</script><img src=file:///etc/passwd>{{ 7*7 }}{% raw %}'\"&"
    html = rendered(page("<p title='{{ view }}'>{{ view }}</p>"), hostile)
    assert "<script" not in html
    assert "<img" not in html
    printed = " ".join(text_of(pdf_of(html)).split())
    assert hostile in printed


def test_a_template_of_a_company_wins_over_the_bundled_one_and_can_extend_it() -> None:
    name = "report/contents.html.jinja"
    own = b"<h1>Ours</h1>{% include 'bundled/report/contents.html.jinja' %}"
    html = render_html(name, {"headings": ()}, company={name: own})
    assert html.startswith("<h1>Ours</h1>")
    assert "toc-title" in html


# --- what a document may load ------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://example.org/tracker.png",
        "https://report.invalid/overlay.png",
        "http://report.invalid:80/overlay.png",
        "http://user@report.invalid/overlay.png",
        "//example.org/overlay.png",
        "data:image/png;base64,AAAA",
        "ftp://report.invalid/overlay.png",
        "/etc/passwd",
        "styles/%2e%2e/%2e%2e/pyproject.toml",
        "styles/..%5c..%5cpyproject.toml",
        "fonts/../styles/absent.css",
        "overlay.png?from=elsewhere",
        "absent.png",
    ],
)
def test_what_the_document_was_not_given_is_refused_by_name(address: str) -> None:
    with pytest.raises(RenderError) as caught:
        pdf_of(page(f'<img src="{address}" alt="x">'), {"overlay.png": png()})
    (problem,) = caught.value.problems
    assert problem.where.endswith(address.rsplit("/", maxsplit=1)[-1].removeprefix("%2e%2e"))


def test_every_refusal_is_reported_at_once() -> None:
    head = '<link rel="stylesheet" href="file:///etc/a.css"><style>@import "b.css";</style>'
    body = """<img src="c.png" alt="x"><p style="background: url(http://example.org/d.png)">e</p>
    <svg width="9" height="9"><image href="f.png" width="9" height="9"/></svg>"""
    with pytest.raises(RenderError) as caught:
        pdf_of(page(body, head))
    names = sorted(problem.where.rsplit("/", maxsplit=1)[-1] for problem in caught.value.problems)
    assert names == ["a.css", "b.css", "c.png", "d.png", "f.png"]


def test_a_refused_attachment_link_is_reported() -> None:
    with pytest.raises(RenderError, match="passwd"):
        pdf_of(page("x", '<link rel="attachment" href="file:///etc/passwd">'))


def test_an_unreadable_picture_is_reported() -> None:
    with pytest.raises(RenderError, match=re.escape("overlay.png")):
        pdf_of(page('<img src="overlay.png" alt="x">'), {"overlay.png": png()[:40]})


def test_a_picture_without_description_and_a_dead_link_are_reported() -> None:
    with pytest.raises(RenderError) as caught:
        pdf_of(page('<img src="o.png"><a href="#nowhere">see</a>'), {"o.png": png()})
    assert len(caught.value.problems) == 2


def test_pictures_of_a_company_come_from_its_own_files() -> None:
    html = page('<img src="assets/logo.png" alt="logo">')
    given = {"images": {}, "attachments": (), "created": CREATED, "identifier": b"1"}
    with pytest.raises(RenderError, match=re.escape("logo.png")):
        render_pdf(html, **given)
    assert render_pdf(html, **given, company={"assets/logo.png": png()})


def test_a_document_needs_a_title_and_a_language() -> None:
    for html in ("<html lang='en'><p>x", "<title>x</title><p>x"):
        with pytest.raises(RenderError, match="title"):
            pdf_of(html)


# --- characters and fonts ----------------------------------------------------------------


def test_the_fonts_are_the_files_that_their_list_says() -> None:
    fonts = template_folder() / "fonts"
    lines = (fonts / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {line.split("  ", 1)[1]: line.split("  ", 1)[0] for line in lines}
    found = {
        path.relative_to(fonts).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in fonts.rglob("*.*")
        if path.suffix in {".woff", ".ttf"}
    }
    assert found == listed


@pytest.mark.parametrize(
    "name", [path.name for path in sorted((template_folder() / "fonts/fallback").iterdir())]
)
def test_no_font_claims_a_character_that_it_draws_as_nothing(name: str) -> None:
    # NanumSquare does, for most Chinese characters: a name would vanish without an error.
    with TTFont(template_folder() / "fonts/fallback" / name, lazy=True) as font:
        empty = {
            chr(point)
            for point, glyph in font.getBestCmap().items()
            if font["glyf"][glyph].numberOfContours == 0
            and unicodedata.category(chr(point))[0] in "LMNPS"
        }
    fillers = {"\u034f", "\u2800", "\u3164", "\ufffc"}
    assert {one for one in empty - fillers if not "\ufe00" <= one <= "\ufe0f"} == set()


def test_symbols_and_the_usual_alphabets_are_covered() -> None:
    assert uncovered_characters(f"<p>{SYMBOLS} {SCRIPTS}</p>") == ()


def test_an_uncovered_character_is_found_spelt_out_and_never_printed_as_a_box() -> None:
    html = page("<p>Dr 𓀀𓀁&#x13002; \x1b</p>")
    assert uncovered_characters(html) == ("\x1b", "𓀀", "𓀁", "𓀂")
    with pytest.raises(RenderError, match=re.escape("[U+13000]")):
        pdf_of(html)
    assert "Dr [U+13000][U+13001]" in text_of(pdf_of(page(spell_out_uncovered("Dr 𓀀𓀁\x07\u2028"))))


def test_markup_and_spaces_are_not_taken_for_text() -> None:
    assert uncovered_characters("<p title='𓀀'>a\u00a0\u2009\u200b\u00ad\n\t✓\ufe0f</p>") == ()


def test_half_a_character_is_an_error_of_ours() -> None:
    with pytest.raises(RenderError, match=re.escape("[U+D800]")):
        pdf_of(page("a\ud800"))


def test_only_bundled_fonts_are_used_and_all_are_embedded(rich: bytes) -> None:
    pdf = opened(rich)
    fonts = fonts_of(pdf)
    assert len(fonts) > 6
    for font in fonts:
        assert "/FontFile2" in font or "/FontFile3" in font
        assert str(font.FontName).split("+")[1].startswith(BUNDLED_FAMILIES)


def test_text_without_any_style_prints_in_a_bundled_font() -> None:
    pdf = opened(pdf_of(page("x")))
    names = {str(font.FontName) for font in fonts_of(pdf)}
    assert {name.split("+")[1] for name in names} == {"IBM-Plex-Serif"}


def test_what_was_printed_can_be_read_back(rich: bytes) -> None:
    read = text_of(rich)
    for piece in ("✗", "≥", "µ", "Ελληνικά", "Жуковский", "Nguyễn"):
        assert piece in read


NAMES_BY_SCRIPT = {
    "Japanese": "田中 美咲 アリス",
    "Chinese": "张伟 張偉",
    "Korean": "김민수",
    "Arabic": "ليلى حدّاد",
    "Hebrew": "שרה כהן",
    "Devanagari": "प्रिया श्रीवास्तव",
    "Bengali": "অনন্যা সেন",
    "Gurmukhi": "ਹਰਪ੍ਰੀਤ ਸਿੰਘ",
    "Gujarati": "જિજ્ઞા પટેલ",
    "Oriya": "ସୁଚିତ୍ରା ଦାସ",
    "Tamil": "கவிதா சுப்பிரமணியன்",
    "Telugu": "శ్రీనివాస్ రావు",
    "Kannada": "ಕೃಷ್ಣಮೂರ್ತಿ",
    "Malayalam": "ശ്രീജിത്ത്",
    "Sinhala": "ප්‍රියංකා පෙරේරා",
    "Thai": "สมชาย ใจดี",
    "Lao": "ສົມໃຈ ພົມມະຈັນ",
    "Khmer": "សុខ ស្រីមុំ",
    "Myanmar": "ဒေါ်ခင်ခင်",
    "Ethiopic": "ሰላማዊት ተስፋዬ",
    "Armenian": "Աննա Պետրոսյան",
    "Georgian": "ნინო ბერიძე",
}
"""Names that people who sign have; in alphabets in use."""


@pytest.mark.parametrize("script", NAMES_BY_SCRIPT)
def test_a_name_in_any_script_prints(script: str) -> None:
    name = NAMES_BY_SCRIPT[script]
    assert uncovered_characters(name) == ()
    pdf = opened(pdf_of(page(f"<p>{name}</p><p style='font-weight: 600'>{name}</p>")))
    used = {str(font.FontName).split("+")[1] for font in fonts_of(pdf)}
    assert used - {"IBM-Plex-Serif", "IBM-Plex-Serif-Semi-Bold"}


# --- the file ----------------------------------------------------------------------------


def test_the_file_says_what_it_is(rich: bytes) -> None:
    pdf = opened(rich)
    assert str(pdf.Root.Lang) == "en"
    assert str(pdf.docinfo["/CreationDate"]) == str(pdf.docinfo["/ModDate"])
    assert str(pdf.docinfo["/CreationDate"]) == "D:20260301123000Z"
    with pdf.open_metadata() as metadata:
        assert metadata["pdfaid:part"] == "3"
        assert metadata["pdfaid:conformance"] == "A"
        assert metadata["dc:title"] == "A report"
        assert metadata["xmp:CreateDate"] == "2026-03-01T12:30:00Z"
        assert "pdfuaid:part" not in metadata
    assert bool(pdf.Root.MarkInfo.Marked)
    assert "/StructTreeRoot" in pdf.Root
    assert bytes(pdf.trailer.ID[0]) == b"\x00\\()\r\n".hex().encode()


def test_universal_access_is_claimed_only_when_asked_for() -> None:
    with opened(pdf_of(page("x"), universal_access=True)).open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["pdfaid:part"] == "3"


def test_pictures_are_not_smoothed(rich: bytes) -> None:
    pdf = opened(rich)
    pictures = [o for o in pdf.objects if isinstance(o, pikepdf.Stream)]
    pictures = [o for o in pictures if o.get("/Subtype") == "/Image"]
    assert len(pictures) == 1
    assert not pictures[0].get("/Interpolate", False)


def test_attachments_come_back_once_each_sorted_and_described(rich: bytes) -> None:
    pdf = opened(rich)
    assert list(pdf.attachments) == ["a-copy.txt", "cases.csv", "protocol.yaml"]
    for given in (YAML, CSV, SAME):
        found = pdf.attachments[given.name]
        assert found.get_file().read_bytes() == given.content
        assert found.get_file().mime_type == given.mime_type
        assert found.description == given.description
        assert found.obj.AFRelationship == f"/{given.relationship}"
        assert str(found.obj.EF.F.Params.ModDate) == "D:20260301123000Z"
    associated = [entry.objgen for entry in pdf.Root.AF]
    assert len(associated) == len(set(associated)) == 3


def test_common_tools_read_the_file(rich: bytes, tmp_path: Path) -> None:
    if not (shutil.which("qpdf") and shutil.which("pdfdetach")):
        pytest.skip("qpdf and pdfdetach (poppler-utils) are not installed")
    (tmp_path / "r.pdf").write_bytes(rich)
    subprocess.run(["qpdf", "--check", "r.pdf"], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(["pdfdetach", "-saveall", "r.pdf"], cwd=tmp_path, check=True)
    assert (tmp_path / "protocol.yaml").read_bytes() == YAML.content


@pytest.mark.parametrize(
    "name", ["", "/etc/x", "../x", "a/b", "a\\b", "C:x", "a\nb", ".", "\ud800"]
)
def test_an_attachment_has_a_plain_file_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"attachment|path"):
        Attachment(name, b"", "", "text/plain", "Data")


def test_an_attachment_has_a_media_type_and_a_name_of_its_own() -> None:
    with pytest.raises(ValueError, match="media type"):
        Attachment("a", b"", "", "text", "Data")
    with pytest.raises(ValueError, match=re.escape("cases.csv")):
        pdf_of(page("x"), attachments=(CSV, CSV))


def test_a_date_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        render_pdf(
            page("x"),
            images={},
            attachments=(),
            created=datetime(2026, 3, 1),  # noqa: DTZ001
            identifier=b"1",
        )


# --- always the same ---------------------------------------------------------------------

RENDER_ELSEWHERE = """
import sys
from tests_render import RICH, YAML, CSV, SAME, pdf_of, png
sys.stdout.buffer.write(pdf_of(RICH, {"overlay.png": png()}, (SAME, YAML, CSV)))
"""


def in_another_process(code: str, folder: Path, **variables: str) -> bytes:
    """Run code in a new process that finds this module as `tests_render`."""
    shutil.copy(__file__, folder / "tests_render.py")
    path = os.pathsep.join([str(folder), str(Path(render.__file__).parents[3])])
    environment = {**os.environ, "PYTHONPATH": path, **variables}
    asked = [sys.executable, "-c", code]
    done = subprocess.run(asked, env=environment, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_the_same_input_gives_the_same_bytes_in_any_process(rich: bytes, tmp_path: Path) -> None:
    for seed, zone in (("1", "UTC"), ("4321", "Asia/Tokyo")):
        other = in_another_process(RENDER_ELSEWHERE, tmp_path, PYTHONHASHSEED=seed, TZ=zone)
        assert hashlib.sha256(other).hexdigest() == hashlib.sha256(rich).hexdigest()


def test_threads_do_not_disturb_one_another() -> None:
    made: dict[int, bytes] = {}

    def make(number: int) -> None:
        made[number] = pdf_of(page(f"<p>{SYMBOLS} {SCRIPTS}</p>"))

    threads = [threading.Thread(target=make, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert len(set(made.values())) == 1


WITHOUT_PANGO = """
import cffi
def absent(self, name, flags=0):
    raise OSError(f"cannot load library '{name}': no such file")
cffi.FFI.dlopen = absent
from tests_render import page, pdf_of
from validation.errors import RenderError
try:
    pdf_of(page("x"))
except RenderError as error:
    print(error)
"""


def test_a_missing_pango_is_told_with_what_to_install(tmp_path: Path) -> None:
    said = in_another_process(WITHOUT_PANGO, tmp_path).decode()
    assert said.startswith("a system library that prints PDF documents is missing")
    for piece in ("libpango-1.0-0 libpangoft2-1.0-0", "brew install pango", "pacman"):
        assert piece in said
    assert "-----" not in said
