"""The stamp of a signature: all of it is there, nothing is cut, and text stays text."""

import io
import re
import shutil
import subprocess
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageChops

from validation.errors import RenderError
from validation.report.manifestation import Manifestation
from validation.report.signature_stamp import render_stamp

WIDTH, HEIGHT = 325.98, 68.03
LONG = "Dr. Maximiliane-Theodora von und zu Hohenstein-Wittelsbach Jr., MD PhD"
NAMES = {
    "plain": "Dr. Maria Lee",
    "long": LONG,
    "one word": "Wolfeschlegelsteinhausenbergerdorff" * 8,
    "300 wide letters": "W" * 300,
    "Greek and Cyrillic": "Ελένη Παπαδοπούλου-Жуковская",
    "Arabic": "د. ليلى بنت عبد الرحمن الهاشمي",
    "Hebrew": "ד״ר שׁוֹשַׁנָּה בַּת־אַבְרָהָם",
    "three marks": "Ệ́̂ E\u0301\u0302\u0303 g\u0323\u0324\u0325 Ģ",
    "a tower of marks": "Z" + "\u0301" * 20 + "algo",
    "Japanese": "田中 一郎 アリス",
    "Korean": "김민수 박사",
    "Hindi": "डॉ. प्रिया श्रीवास्तव",
    "Tamil": "முனைவர் கவிதா",
    "Thai": "ดร. สมชาย ใจดี",
    "hieroglyphs": "𓀀𓀁",
    "markup": "<b>Lee</b><img src=file:///etc/passwd>{{ 7*7 }}&amp;",
}

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftoppm") is None, reason="pdftoppm (poppler-utils) is not installed"
)


def manifestation(**changes: str) -> Manifestation:
    stated = {
        "name": "Dr. Maria Lee",
        "user": "m.lee",
        "role": "approver",
        "title": "Head of quality",
        "meaning": "I approve this record for the design and development file",
        "at": "2026-12-31T23:15:00Z",
        "zone": "+05:45",
        "document": "R-a5fb4e308c7ba1b7",
        "revision": "A",
        "presented": "sha256:" + "0123456789abcdef" * 4,
        "trail_id": "a" * 32,
        "event": "sha256:" + "fedcba9876543210" * 4,
    }
    return Manifestation.model_validate({**stated, "sequence": 12, **changes})


def squeezed(text: str) -> str:
    return "".join(text.split())


def text_of(pdf: bytes) -> str:
    done = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return done.stdout.decode()


def pixels(pdf: bytes, folder: Path) -> Image.Image:
    (folder / "stamp.pdf").write_bytes(pdf)
    asked = ["pdftoppm", "-r", "150", "-png", "-singlefile", "stamp.pdf", "stamp"]
    subprocess.run(asked, cwd=folder, check=True)
    return Image.open(folder / "stamp.png").convert("L")


@needs_poppler
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_no_ink_touches_the_edge(name: str, tmp_path: Path) -> None:
    drawn = pixels(render_stamp(manifestation(name=name), WIDTH, HEIGHT), tmp_path)
    ink = ImageChops.invert(drawn).getbbox()
    assert ink is not None
    assert ink[0] > 1
    assert ink[1] > 1
    assert ink[2] < drawn.width - 1
    assert ink[3] < drawn.height - 1


@needs_poppler
def test_the_stamp_states_all_that_the_clause_asks_for() -> None:
    said = text_of(render_stamp(manifestation(), WIDTH, HEIGHT))
    for words in (
        "Dr. Maria Lee",
        "I approve this record for the design and development file",
        "2026-12-31 23:15:00 UTC",
        "2027-01-01 05:00:00 +05:45",
        "Head of quality",
        "approver",
        "m.lee",
        "R-a5fb4e308c7ba1b7, revision A",
        "sha256:" + "0123456789abcdef" * 4,
        "12, sha256:fedcba9876543210",
    ):
        assert words in said


@needs_poppler
def test_a_function_from_right_to_left_stays_before_role_and_user(tmp_path: Path) -> None:
    title = "\u05de\u05e0\u05d4\u05dc\u05ea \u05d0\u05d9\u05db\u05d5\u05ea"
    (tmp_path / "stamp.pdf").write_bytes(render_stamp(manifestation(title=title), WIDTH, HEIGHT))
    asked = ["pdftotext", "-bbox", "stamp.pdf", "-"]
    boxes = subprocess.run(asked, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    left = {word: float(x) for x, word in re.findall(r'xMin="([\d.]+)"[^>]*>([^<]+)</word>', boxes)}
    [first] = [
        x
        for word, x in left.items()
        if word in (title.split(maxsplit=1)[0], title.split(maxsplit=1)[0][::-1])
    ]
    assert first < left["role"] < left["m.lee"]


def test_local_time_lies_behind_utc_in_the_west() -> None:
    west = manifestation(at="2027-01-01T02:00:00Z", zone="-03:30")
    if shutil.which("pdftotext"):
        assert "local 2026-12-31 22:30:00 -03:30" in text_of(render_stamp(west, WIDTH, HEIGHT))


@needs_poppler
@pytest.mark.parametrize("kind", ["long", "one word", "300 wide letters", "markup"])
def test_names_of_any_length_are_printed_whole(kind: str) -> None:
    said = squeezed(text_of(render_stamp(manifestation(name=NAMES[kind]), WIDTH, HEIGHT)))
    assert squeezed(NAMES[kind]) in said


@needs_poppler
def test_what_no_font_prints_is_spelt_out() -> None:
    said = squeezed(text_of(render_stamp(manifestation(name=NAMES["hieroglyphs"]), WIDTH, HEIGHT)))
    assert said.startswith("[U+13000][U+13001]")


@pytest.mark.parametrize("size", [(WIDTH, 30.0), (40.0, 60.0), (WIDTH, 8.0)])
def test_a_statement_that_does_not_fit_is_refused(size: tuple[float, float]) -> None:
    with pytest.raises(RenderError, match="does not fit"):
        render_stamp(manifestation(), *size)


def test_texts_of_the_greatest_length_fit_or_are_refused() -> None:
    longest = dict.fromkeys(("name", "title", "meaning"), "W" * 300)
    with pytest.raises(RenderError, match="does not fit"):
        render_stamp(manifestation(**longest), WIDTH, HEIGHT)


def test_one_page_of_the_size_of_the_field_with_its_fonts_and_no_actions() -> None:
    pdf = pikepdf.open(io.BytesIO(render_stamp(manifestation(), WIDTH, HEIGHT)))
    (page,) = pdf.pages
    assert [float(one) for one in page.MediaBox] == pytest.approx([0, 0, WIDTH, HEIGHT], abs=0.01)
    assert "/Annots" not in page
    assert "/Group" not in page
    descriptors = [
        one
        for one in pdf.objects
        if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"
    ]
    assert descriptors
    assert all({"/FontFile2", "/FontFile3"} & set(one.keys()) for one in descriptors)


def test_the_same_statement_gives_the_same_bytes() -> None:
    assert render_stamp(manifestation(), WIDTH, HEIGHT) == render_stamp(
        manifestation(), WIDTH, HEIGHT
    )
