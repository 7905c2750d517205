"""In a browser the legend of pictures shows and hides their layers, without a script."""

import json
import re
from html import unescape
from pathlib import Path
from types import ModuleType

import pytest

from validation.report.contents import RecordContents
from validation.report.render import template_folder
from validation.report.report import report_html

SWITCHED = """<script>
const seen = [];
for (const box of document.querySelectorAll(".legend input")) {
  const section = box.closest("section");
  const layers = [...section.querySelectorAll("g." + box.className)];
  const shown = () => layers.filter(one => getComputedStyle(one).display !== "none").length;
  const counts = [shown()];
  for (let turn = 0; turn < 2; turn += 1) { box.click(); counts.push(shown()); }
  box.focus();
  seen.push({
    section: section.className, key: box.className, counts,
    focused: document.activeElement === box, label: box.labels[0].textContent.trim(),
  });
}
document.title = JSON.stringify(seen);
</script>"""


def _page(contents: RecordContents) -> str:
    css = (template_folder() / "styles" / "report.css").read_text(encoding="utf-8")
    html = report_html(contents).replace("</head>", f"<style>{css}</style></head>")
    return html.replace("</body>", f"{SWITCHED}</body>")


def _seen(browser: ModuleType, page: Path, profile: Path) -> list[dict[str, object]]:
    if not browser.found().path:
        pytest.skip(browser.found().why_not)
    title = re.search(r"<title>(.*?)</title>", browser.dumped(browser.found().path, page, profile))
    assert title is not None
    found: list[dict[str, object]] = json.loads(unescape(title[1]))
    return found


@pytest.mark.parametrize("kind", ["instance", "semantic"])
def test_each_entry_of_a_legend_hides_its_layer_and_shows_it_again(
    instance_contents: RecordContents,
    semantic_contents: RecordContents,
    browser: ModuleType,
    tmp_path: Path,
    kind: str,
) -> None:
    contents = instance_contents if kind == "instance" else semantic_contents
    page = tmp_path / "report.html"
    page.write_text(_page(contents), encoding="utf-8")
    seen = _seen(browser, page, tmp_path / "profile")
    keys = [one["key"] for one in seen if one["section"] == "worst-cases"]
    assert keys == (
        ["of-matched", "of-missed", "of-false_positive", "of-merged", "of-split",
         "by-reference", "by-prediction", "labels"]
        if kind == "instance"
        else ["of-agreed", "of-missed_pixels", "of-false_pixels"]
    )  # fmt: skip
    for one in seen:
        before, hidden, again = one["counts"]
        assert hidden == 0
        assert before == again
        assert one["focused"]
        assert one["label"]
    assert any(one["counts"][0] for one in seen)
