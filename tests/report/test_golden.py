"""Every document says what it said: its whole text against a golden one.

After a change of wording that is meant, write the golden texts again and read the difference::

    SEGVAL_WRITE_GOLDEN=1 pytest tests/report/test_golden.py
    git diff tests/golden
"""

import difflib
import importlib.util
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pypdfium2
import pytest

from tests.report.review_contents import audit_contents, verification_contents
from validation.report.annex import render_annex
from validation.report.contents import PlannedContents, ProtocolContents, RecordContents
from validation.report.render import render_html
from validation.report.report import report_html
from validation.report.view.documents.audit import audit_view
from validation.report.view.documents.method import method_document
from validation.report.view.documents.test_set import test_set_document as description_of
from validation.report.view.documents.traceability import traceability_document
from validation.report.view.documents.verification import verification_view
from validation.report.view.protocol import protocol_view

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"

ContentsOf = Callable[..., RecordContents]


def _golden_text(html: str) -> str:
    spec = importlib.util.spec_from_file_location("golden_text", HERE / "golden_text.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.golden_text(html)  # type: ignore[no-any-return]


def compare(name: str, html: str) -> None:
    """Hold the text of a document against ``tests/golden/NAME.txt``."""
    hold(name, _golden_text(html))


def hold(name: str, found: str) -> None:
    """Hold a text against ``tests/golden/NAME.txt``."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("SEGVAL_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    expected = path.read_text(encoding="utf-8")
    changed = list(
        difflib.unified_diff(expected.splitlines(), found.splitlines(), "golden", "now", n=1)
    )
    assert found == expected, f"{name} says something else:\n" + "\n".join(changed[:60])


@pytest.mark.parametrize("kind", ["instance", "semantic"])
def test_the_report_says_what_it_said(kind: str, contents_of: ContentsOf) -> None:
    contents = contents_of(kind, donors=4, fields=3, objects=12, failed=("D02-02",))
    compare(f"report-{kind}", report_html(contents))


def _planned(contents: RecordContents) -> tuple[ProtocolContents, PlannedContents]:
    """Return what the documents of the plan are made from: the same study before its run."""
    names = ("protocol.yaml", "lock/lock.json", "lock/manifest-sha256.txt")
    files = {name: contents.files[name] for name in names}
    digests = {name: contents.digests[name] for name in names}
    plan, lock, version = contents.protocol, contents.lock, contents.tool_version
    return (
        ProtocolContents(plan, lock, (), "", files, digests, version),
        PlannedContents(plan, lock, files, digests, version),
    )


@pytest.mark.parametrize("kind", ["instance", "semantic"])
def test_the_documents_of_a_plan_say_what_they_said(kind: str, contents_of: ContentsOf) -> None:
    contents = contents_of(kind, donors=4, fields=3, objects=12, failed=())
    locked, planned = _planned(contents)
    compare(f"protocol-{kind}", render_html("protocol/protocol.html.jinja", protocol_view(locked)))
    view = description_of(locked, {})
    compare(f"test-set-{kind}", render_html("test_set/test_set.html.jinja", view))
    for when, given in (("planned", planned), ("run", contents)):
        compare(
            f"method-{kind}-{when}",
            render_html("method/method.html.jinja", method_document(given)),
        )
        compare(
            f"traceability-{kind}-{when}",
            render_html("traceability/traceability.html.jinja", traceability_document(given)),
        )


def test_the_annex_of_objects_says_what_it_said(contents_of: ContentsOf) -> None:
    """Its rows are drawn and in no HTML, so that the pages are read."""
    contents = contents_of("instance", donors=2, fields=2, objects=8, failed=())
    with pypdfium2.PdfDocument(render_annex(contents)) as document:
        pages = [document[place].get_textpage().get_text_range() for place in range(len(document))]
    said = "\n\f\n".join(page.replace("\r\n", "\n").strip() for page in pages) + "\n"
    hold("objects-instance", re.sub(r"[0-9a-f]{32,64}", lambda one: "#" * len(one[0]), said))


@pytest.mark.parametrize("which", ["held", "broken", "empty"])
def test_the_report_of_a_trail_says_what_it_said(which: Literal["held", "broken", "empty"]) -> None:
    contents = audit_contents(which)
    view = audit_view(contents, {"audit.jsonl": contents.content})
    compare(f"audit-{which}", render_html("audit/audit.html.jinja", view))


@pytest.mark.parametrize("which", ["held", "not-held", "not-checked"])
def test_the_report_of_a_verification_says_what_it_said(
    which: Literal["held", "not-held", "not-checked"],
) -> None:
    contents = verification_contents(which)
    view = verification_view(contents, {"verification.json": contents.content})
    compare(f"verification-{which}", render_html("verification/verification.html.jinja", view))
