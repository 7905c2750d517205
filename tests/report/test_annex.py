"""The annex of objects: every row in print, tagged, on pages that a reader can find."""

import dataclasses
import importlib.util
import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest

from validation.errors import RenderError
from validation.report.annex import render_annex
from validation.report.annex.layout import frame_of
from validation.report.annex.paging import paged
from validation.report.annex.rows import CaseObjects, ObjectRow, columns, objects_by_case
from validation.report.annex.writing import Objects, written
from validation.report.contents import RecordContents

_RULES = importlib.util.spec_from_file_location(
    "pdf_rules", Path(__file__).with_name("pdf_rules.py")
)
assert _RULES is not None
assert _RULES.loader is not None
_pdf_rules = importlib.util.module_from_spec(_RULES)
_RULES.loader.exec_module(_pdf_rules)
broken_rules: Callable[[bytes], list[str]] = _pdf_rules.broken_rules

ContentsOf = Callable[..., RecordContents]
ARABIC, LONG = "\u062e\u0644\u064a\u0629 A", "a class whose name is far too long for a column of it"


@pytest.fixture(scope="module")
def contents(contents_of: ContentsOf) -> RecordContents:
    return contents_of(donors=4, fields=3, objects=14, failed=("D01-02",))


@pytest.fixture(scope="module")
def annex(contents: RecordContents) -> bytes:
    return render_annex(contents)


def texts(content: bytes) -> list[str]:
    """Return the text of each page, spaces of every kind as one."""
    with pypdfium2.PdfDocument(content) as pdf:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in pdf]


def changed(contents: RecordContents, **values: str) -> RecordContents:
    rows = tuple({**line, **values} for line in contents.instance_rows)
    return dataclasses.replace(contents, instance_rows=rows)


def test_every_object_is_printed_in_the_order_of_the_file(
    contents: RecordContents, annex: bytes
) -> None:
    printed = " ".join(texts(annex))
    place = printed.index("Merges and splits", printed.index("Objects 1 to"))
    for case in objects_by_case(contents):
        for row in case.rows:
            expected = " ".join(" ".join(row.cells).split())
            found = printed.find(expected, place)
            assert found >= 0, expected
            place = found + len(expected)
    assert len(contents.instance_rows) == sum(len(one.rows) for one in objects_by_case(contents))
    assert len(contents.instance_rows) > 150


def test_a_case_has_its_counts_and_its_overlay(contents: RecordContents, annex: bytes) -> None:
    printed = " ".join(texts(annex))
    shown = {one.case_id for one in contents.overlays}
    assert shown
    for case in objects_by_case(contents):
        own = [one for one in contents.instance_rows if one["case_id"] == case.case_id]
        assert f"{case.case_id} " in printed
        assert f"{len(own)}\u00a0objects: " in case.words
        assert ("overlay of that name" in case.words) == (case.case_id in shown)
    failed = next(one for one in objects_by_case(contents) if one.case_id == "D01-02")
    assert failed.words.startswith("the model failed \u00b7 ")


def test_the_rules_of_archivable_and_accessible_pdf_hold(annex: bytes) -> None:
    assert broken_rules(annex) == []


def test_the_file_is_one_revision_without_errors(annex: bytes, tmp_path: Path) -> None:
    assert annex.count(b"startxref") == annex.count(b"%%EOF") == 1
    with pikepdf.open(io.BytesIO(annex)) as pdf:
        assert pdf.check_pdf_syntax() == []


def test_each_mark_leads_to_the_cell_that_it_is_the_content_of(annex: bytes) -> None:
    with pikepdf.open(io.BytesIO(annex)) as pdf:
        nums: list[Any] = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
        parents = dict(zip(map(int, nums[::2]), nums[1::2], strict=True))
        cells = 0
        for page in pdf.pages:
            marks = [
                int(one.operands[1].MCID)
                for one in pikepdf.parse_content_stream(page, "BDC")
                if "/MCID" in one.operands[1]
            ]
            owners = parents[int(page.obj.StructParents)]
            assert sorted(marks) == list(range(len(owners)))
            for mark, owner in enumerate(owners):
                kids = owner.K if isinstance(owner.K, pikepdf.Array) else [owner.K]
                assert mark in [int(one) for one in kids if not isinstance(one, pikepdf.Object)]
                assert owner.Pg.objgen == page.obj.objgen
                cells += owner.S in ("/TH", "/TD")
        assert cells > 1000


def test_rows_of_a_table_have_as_many_cells_as_columns_and_a_head(
    contents: RecordContents, annex: bytes
) -> None:
    rows: dict[str, int] = {"column": 0, "row": 0, "case": 0}
    with pikepdf.open(io.BytesIO(annex)) as pdf:
        for one in pdf.objects:
            if not isinstance(one, pikepdf.Dictionary) or one.get("/S") != "/TR":
                continue
            if "/Type" in one:  # of the first pages, laid out from HTML
                continue
            spans = [int(cell.get("/A", {}).get("/ColSpan", 1)) for cell in one.K]
            assert sum(spans) == len(columns(contents))
            assert one.K[0].S == "/TH"
            assert all(cell.P.objgen == one.objgen for cell in one.K)
            kind = "row" if one.K[0].A.Scope == "/Row" else "case" if len(one.K) == 1 else "column"
            rows[kind] += 1
    pages = [one for one in texts(annex) if "Merges and splits Ids" not in one]
    leaves = [one for one in pages if "Merges and splits" in one]
    parts = len(objects_by_case(contents)) + sum(one.count("continued") for one in leaves)
    assert rows == {"row": len(contents.instance_rows), "column": len(leaves), "case": parts}


def test_bookmarks_lead_to_the_pages_in_order(annex: bytes) -> None:
    with pypdfium2.PdfDocument(annex) as pdf:
        marks = [(one.get_title(), one.get_dest().get_index()) for one in pdf.get_toc()]
        printed = texts(annex)
    of_objects = [(title, page) for title, page in marks if title.startswith("Objects 1 to")]
    assert len(of_objects) == 1
    leaves = [(title, page) for title, page in marks if ": case" in title]
    assert [page for _, page in leaves] == list(range(leaves[0][1], len(printed)))
    for title, page in leaves:
        assert title.replace("\u202f", " ") in printed[page]
        assert f"Page {page + 1} of {len(printed)}" in printed[page]


def test_the_evidence_is_attached_and_the_record_named(
    contents: RecordContents, annex: bytes
) -> None:
    with pikepdf.open(io.BytesIO(annex)) as pdf:
        attached = {name: one.get_file().read_bytes() for name, one in pdf.attachments.items()}
    assert attached == {"evidence-instances.csv": contents.files["evidence/instances.csv"]}
    first, second, *others = texts(annex)
    assert contents.record_id in first
    for name in ("evidence/instances.csv", "protocol.yaml", "lock/lock.json"):
        assert contents.digests[name].removeprefix("sha256:") in first + second
    assert all(contents.record_id in one for one in others)


def test_the_same_record_gives_the_same_bytes_in_another_process(
    contents_of: ContentsOf, tmp_path: Path
) -> None:
    script = tmp_path / "render.py"
    script.write_text(
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('made_up', sys.argv[1])\n"
        "made_up = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(made_up)\n"
        "from validation.record import digest\n"
        "from validation.report.annex import render_annex\n"
        "print(digest(render_annex(made_up.make_contents(donors=1, fields=2, objects=8))))\n"
    )
    conftest = Path(__file__).with_name("conftest.py")
    printed = {
        subprocess.run(
            [sys.executable, str(script), str(conftest)],
            env={
                "PYTHONHASHSEED": seed, "TZ": zone, "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(conftest.parents[2]),
            },
            capture_output=True,
            check=True,
            cwd=tmp_path,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert len(printed) == 1
    assert b"sha256:" in printed.pop()


@pytest.mark.parametrize("page_size", ["A4", "Letter"])
def test_nothing_stands_outside_of_the_margins(contents_of: ContentsOf, page_size: str) -> None:
    plan = contents_of(donors=1, fields=1).protocol
    document = {**plan.document.model_dump(), "page_size": page_size}
    content = render_annex(
        contents_of(donors=2, fields=6, objects=30, failed=(), document=document)
    )
    frame = frame_of(page_size)
    _, _, bottom, _ = frame.margins_mm
    with pypdfium2.PdfDocument(content) as pdf:
        for page in list(pdf)[2:]:
            boxes = page.get_textpage()
            for place in range(boxes.count_rects()):
                left, below, right, _ = boxes.get_rect(place)
                assert left >= frame.left - 0.5
                assert right <= frame.left + frame.width + 0.5
                low = bottom * 72 / 25.4
                assert below >= low - 0.5 or below < low - 6  # the foot of the page


def test_long_names_are_cut_and_the_volume_says_so(contents: RecordContents) -> None:
    classes = [
        one.model_copy(update={"name": name})
        for one, name in zip([contents.protocol.classes[0]] * 2, (LONG, ARABIC), strict=True)
    ]
    plan = contents.protocol.model_copy(update={"classes": tuple(classes)})
    several = dataclasses.replace(contents, protocol=plan)
    printed = " ".join(texts(render_annex(changed(several, **{"class": LONG * 3}))))
    said = re.search(r"(\d+) texts too long for a line are cut", printed)
    assert said is not None
    assert int(said[1]) >= len(several.instance_rows)
    assert "a class whose" in printed
    assert "\u2026" in printed
    assert broken_rules(render_annex(changed(several, **{"class": ARABIC}))) == []


def test_names_that_no_font_can_print_are_spelt_out(contents: RecordContents) -> None:
    odd = changed(contents, case_id="\U00012000 x")
    printed = texts(render_annex(odd))
    assert "[U+12000] x" in printed[-1]


def test_hostile_text_is_text(contents: RecordContents) -> None:
    hostile = changed(contents, case_id="<b>{{ 7 * 7 }}</b> (EMC) \\ % ET", merged_with="")
    printed = texts(render_annex(hostile))
    assert "<b>{{ 7 * 7 }}</b> (EMC) \\ % ET" in printed[-1]


def test_a_record_without_objects_has_no_annex(semantic_contents: RecordContents) -> None:
    with pytest.raises(RenderError, match="no objects to print one by one"):
        render_annex(semantic_contents)


def _case(name: str, count: int) -> CaseObjects:
    return CaseObjects(name, "", 1, (ObjectRow(("1",), is_failure=False),) * count)


def test_pages_are_full_and_a_case_goes_on_with_its_name() -> None:
    pages = paged([_case("a", 5), _case("b", 30)], room=120, case_height=20, row_height=10)
    shown = [
        [(part.case.case_id, part.start, len(part.rows)) for part in one.parts] for one in pages
    ]
    assert shown == [[("a", 0, 5), ("b", 0, 3)], [("b", 3, 10)], [("b", 13, 10)], [("b", 23, 7)]]


def test_a_case_does_not_begin_at_the_foot_of_a_page() -> None:
    pages = paged([_case("a", 8), _case("b", 3)], room=120, case_height=20, row_height=10)
    assert [[part.case.case_id for part in one.parts] for one in pages] == [["a"], ["b"]]


def test_objects_as_text_are_objects_of_the_file() -> None:
    document = pikepdf.new()
    document.add_blank_page()
    document.Root.Kept = document.make_indirect(pikepdf.Dictionary(Old=1))
    document.trailer.ID = pikepdf.Array([pikepdf.String("a"), pikepdf.String("b")])
    objects = Objects(document)
    number = objects.add("<</New 2>>")
    texts = objects.texts | {document.Root.Kept.objgen[0]: f"<</To {number} 0 R>>"}
    with pikepdf.open(io.BytesIO(written(document, texts))) as again:
        assert int(again.Root.Kept.To.New) == 2
        assert len(again.pages) == 1
        assert again.check_pdf_syntax() == []
