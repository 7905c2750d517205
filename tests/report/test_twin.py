"""The twin of a report in HTML, in a browser: offline, inert, sortable, in any window."""

import html
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pikepdf
import pytest

from validation.errors import RenderError
from validation.report.twin import self_contained

DOCUMENT = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>t</title>\n'
    '<link rel="stylesheet" href="styles/report.css">\n</head>\n<body>{}</body>\n</html>\n'
)


def twin(body: str) -> str:
    return self_contained(DOCUMENT.format(body), {})


def table(*columns: list[str]) -> str:
    """Return a table with a first column of names, r0 and on."""
    named = [[f"r{place}" for place in range(len(columns[0]))], *columns]
    head = "".join(f"<th>column {place}</th>" for place in range(len(named)))
    rows = zip(*named, strict=True)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<table class="data"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


# --- the file ------------------------------------------------------------------------------


def test_the_policy_comes_before_anything_that_could_load() -> None:
    head = twin("").split("<style>")[0]
    assert "default-src 'none'" in head
    assert head.index("Content-Security-Policy") < head.index("<title>")
    assert head.count('<meta charset="utf-8">') == 1


def test_no_address_is_left_that_leads_out_of_the_file(scripts_record: Path) -> None:
    document = (scripts_record / "report.html").read_text("utf-8")
    addresses = re.findall(r'\b(?:src|href)="([^"]*)"', document)
    addresses += re.findall(r"url\(\"?([^)\"]*)", document)
    assert {one for one in addresses if not one.startswith(("#", "data:"))} == set()
    assert len(re.findall(r"<script\b", document)) == 1


def test_the_twin_says_what_the_pdf_says(scripts_record: Path) -> None:
    document = (scripts_record / "report.html").read_text("utf-8")
    headings = re.findall(r"<h[123][^>]*>(.*?)</h[123]>", document, re.DOTALL)
    plain = [_words(re.sub(r"<[^>]*>", "", one)) for one in headings]
    with pikepdf.open(scripts_record / "report.pdf") as pdf, pdf.open_outline() as outline:
        assert [_words(one) for one in _titles(outline.root)] == plain


def _titles(items: Any) -> Iterator[str]:
    for item in items:
        yield item.title
        yield from _titles(item.children)


def _words(text: str) -> str:
    return " ".join(re.sub("[\u2066-\u2069]", "", html.unescape(text)).split())


def test_a_template_without_a_head_is_told() -> None:
    with pytest.raises(RenderError, match="<head>"):
        self_contained("<p>x</p>", {})


# --- in a browser --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(browser: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not browser.found().path:
        pytest.skip(browser.found().why_not)
    with browser.opened_browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def show(page: Any, folder: Path, document: str) -> None:
    (folder / "twin.html").write_text(document, encoding="utf-8")
    page.open(folder / "twin.html")


def column(page: Any, number: int = 0) -> list[str]:
    found: list[str] = page.value(
        f"[...document.querySelectorAll('tbody tr')].map(row => row.cells[{number}].textContent)"
    )
    return found


def press_heading(page: Any, number: int) -> str:
    heading = f"document.querySelectorAll('thead th')[{number}]"
    page.value(f"{heading}.querySelector('button').click()")
    return str(page.value(f"{heading}.getAttribute('aria-sort')"))


def test_a_report_opens_without_a_request_or_a_complaint(page: Any, scripts_record: Path) -> None:
    page.open(scripts_record / "report.html")
    page.value("document.fonts.ready.then(() => 1) && 1")
    asked = [one for one in page.requests if not one.startswith("data:")]
    assert asked == [(scripts_record / "report.html").as_uri()]
    assert page.complaints == []
    assert page.value("document.querySelectorAll('thead button').length") > 20
    assert page.value("[...document.images].every(one => one.naturalWidth > 0)")


@pytest.mark.parametrize("width", [360, 800, 1280, 1920])
def test_no_part_of_a_report_is_wider_than_the_window(
    page: Any, scripts_record: Path, width: int
) -> None:
    page.open(scripts_record / "report.html", width=width)
    assert page.value("document.documentElement.scrollWidth") <= width
    outside = page.value(
        "[...document.querySelectorAll('main *')].filter(one => !one.closest('.scroll, svg, nav')"
        f" && one.getBoundingClientRect().right > {width} + 1).map(one => one.outerHTML)"
    )
    assert outside == []


def test_the_entries_of_a_legend_show_and_hide(page: Any, scripts_record: Path) -> None:
    page.open(scripts_record / "report.html")
    boxes = page.value("[...document.querySelectorAll('.legend input')].map(one => one.className)")
    assert boxes
    shown = (
        "[...document.querySelectorAll('section:has(.legend input.{0}) g.{0}')]"
        ".filter(one => getComputedStyle(one).display !== 'none').length"
    )
    drawn = [name for name in dict.fromkeys(boxes) if page.value(shown.format(name))]
    assert drawn, "no entry of the legend belongs to a part of a picture"
    for name in drawn:
        for _ in range(boxes.count(name)):
            page.value(f"document.querySelector('.legend input.{name}:checked').focus()")
            page.press(" ", " ")
        assert page.value(shown.format(name)) == 0, name


@pytest.mark.parametrize(
    ("cells", "upwards"),
    [
        (["0.9", "12", "3"], "r0 r2 r1"),
        (["\u22120.040", "0.001", "\u22122"], "r2 r0 r1"),
        (["1\u202f520", "930", "10\u202f000"], "r1 r0 r2"),
        (["12\u00a0ms", "3.5\u00a0ms", "100\u00a0ms"], "r1 r0 r2"),
        (["9\u00a0px", "1\u00a0ms", "2\u00a0ms"], "r1 r2 r0"),
        (["\u2013", "2", "1"], "r2 r1 r0"),
        (["2", "not defined", "1"], "r2 r0 r1"),
        (['3 <a class="address">E1</a>', '12 <a class="address">E9</a>', "2"], "r2 r0 r1"),
        (['1<br><span class="interval">[0, 9]</span>', "3", "2"], "r0 r2 r1"),
        (["AC-10", "AC-9", "AC-1"], "r2 r1 r0"),
        (["2026-11-29", "2026-03-02", "2025-12-31"], "r2 r1 r0"),
        (["6 of 6", "3 of 6", "5 of 6"], "r1 r2 r0"),
        (["1e-7", "0.5", "1e-9"], "r2 r0 r1"),
    ],
)
def test_columns_sort_by_what_their_cells_mean(
    page: Any, tmp_path: Path, cells: list[str], upwards: str
) -> None:
    show(page, tmp_path, twin(table(cells)))
    assert press_heading(page, 1) == "ascending"
    assert column(page) == upwards.split()
    assert press_heading(page, 1) == "descending"
    down = column(page)
    assert press_heading(page, 1) == "none"
    assert column(page) == ["r0", "r1", "r2"]
    missing = {"\u2013", "not defined"}
    last = [f"r{place}" for place, cell in enumerate(cells) if cell in missing]
    assert down == [one for one in upwards.split()[::-1] if one not in last] + last


def test_one_column_at_a_time_is_sorted_and_by_the_keyboard(page: Any, tmp_path: Path) -> None:
    show(page, tmp_path, twin(table(["2", "1"], ["a", "b"])))
    press_heading(page, 1)
    page.value("document.querySelectorAll('thead button')[2].focus()")
    page.press("Enter", "\r")
    orders = page.value(
        "[...document.querySelectorAll('thead th')].map(one => one.getAttribute('aria-sort'))"
    )
    assert orders == ["none", "none", "ascending"]


def test_a_column_of_pictures_or_nothing_has_no_button(page: Any, tmp_path: Path) -> None:
    show(page, tmp_path, twin(table(["<svg></svg>", "<svg></svg>"], ["\u2013", ""])))
    assert page.value("document.querySelectorAll('thead button').length") == 1


def test_what_slips_through_is_neither_run_nor_loaded(page: Any, tmp_path: Path) -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

    # A browser may open a connection and ask nothing, which a server of one thread would wait for.
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{server.server_port}"
    body = (
        "<script>window.caught = 1</script>"
        f'<script src="{at}/a.js"></script><link rel="stylesheet" href="{at}/b.css">'
        f'<img src="{at}/c.png" onerror="window.caught = 2">'
        '<img src="x" onerror="window.caught = 3">'
        f'<iframe src="{at}/d.html"></iframe><p style="background: url({at}/e.png)">x</p>'
        f'<object data="{at}/f.svg"></object><base href="{at}/">'
    )
    show(page, tmp_path, twin(body))
    page.value("document.fonts.ready.then(() => 1) && 1")
    server.shutdown()
    server.server_close()
    assert page.value("window.caught") is None
    assert asked == []
    assert page.complaints, "the policy was not asked"


def test_the_twin_needs_no_script(scripts_record: Path) -> None:
    document = (scripts_record / "report.html").read_bytes()
    assert b"<button" not in document.split(b"<script>")[0]
    assert document.count(b"<tbody>") == document.count(b"</tbody>") > 10
