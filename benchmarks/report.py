"""Pages of reports of real records, and of the annex of objects.

    python -m benchmarks.report [--json] [--repeat N] [--record DIR] [--workload NAME] [--images N]

Ours is `segval report`: read and check the record, prepare every figure, draw charts and
overlays, lay out and write PDF/A with the evidence embedded, and HTML. The workloads:

- `bundled`: the bundled instance protocol, or the record of ``--record``;
- `set`: as many images as the public test set of nuclei has, 111; that set itself where
  SEGVAL_DSB2018 names it;
- `coco`: 5,000 images, 80 classes and 36,000 reference objects, simulated: the default report;
- `annex`: every object of that record in print.

The peer of `bundled` lays out and writes the finished HTML and nothing else. What makes a record
is not part of what is measured.
"""

import argparse
import io
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.coco_record import IMAGES, coco_record
from benchmarks.comparison import Peer, compare, show
from validation.record_folder import read_contents, read_index
from validation.report.annex import render_annex
from validation.study.reporting import rendered

PROTOCOLS = Path(__file__).resolve().parents[1] / "protocols"
BUNDLED = PROTOCOLS / "nuclei-count/protocol.yaml"
PUBLIC = PROTOCOLS / "dsb2018-nuclei/protocol.yaml"
SET_IMAGES = 111
WORKLOADS = ("bundled", "set", "coco", "annex")


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--record", type=Path, help="a record; default: one that is made")
    parser.add_argument("--workload", choices=WORKLOADS, default="bundled")
    parser.add_argument("--images", type=int, help="cases of a simulated record")
    parser.add_argument("--repeat", type=int, default=3, help="fewest CPU seconds of so many")
    chosen = parser.parse_args()
    here = "benchmarks.report"
    with tempfile.TemporaryDirectory() as folder:
        record = chosen.record or record_of(chosen.workload, Path(folder), chosen.images)
        html = Path(folder) / "report.html"
        workload, pages = _described(record, chosen.workload, html)
        is_annex = chosen.workload == "annex"
        peer = Peer("WeasyPrint, finished HTML", "weasyprint", f"{here}:weasyprint", _same)
        report = compare(
            {"record": chosen.record.name if chosen.record else chosen.workload, **workload},
            f"{here}:{'annex' if is_annex else 'ours'}",
            [peer] if chosen.workload == "bundled" else [],
            [str(record), str(html)],
            repeat=chosen.repeat,
        )
    show(report, as_json=chosen.json, per=pages, what="page")


def record_of(workload: str, folder: Path, images: int | None) -> Path:
    """Return the folder of the record of a workload; it is made first."""
    from validation import run

    if workload == "bundled":
        run(BUNDLED, out=folder / "record", workers=2)
        return folder / "record"
    if workload == "set":
        if "SEGVAL_DSB2018" not in os.environ:
            return coco_record(folder, images=images or SET_IMAGES, one_class=True)
        run(PUBLIC, out=folder / "record", workers=2)
        return folder / "record"
    return coco_record(folder, images=images or IMAGES)


def _described(record: Path, workload: str, html: Path) -> tuple[dict[str, Any], int]:
    """Return what is worked on, and how many pages it has; the HTML is written down."""
    if workload == "annex":
        contents = read_contents(record, read_index(record).record_id)
        content, size = render_annex(contents), len(contents.instance_rows)
        pages = _pages(content)
        return {"pages": pages, "objects": size, "bytes of the PDF": len(content)}, pages
    report = rendered(record, read_index(record).record_id)
    html.write_bytes(report.html)
    pages = _pages(report.pdf)
    sizes = {"bytes of the PDF": len(report.pdf), "bytes of the HTML": len(report.html)}
    return {"pages": pages, **sizes}, pages


def ours(record: str, _html: str) -> int:
    """Return the number of pages of the report of a record."""
    return _pages(rendered(Path(record), read_index(Path(record)).record_id).pdf)


def annex(record: str, _html: str) -> int:
    """Return the number of pages of the annex of objects of a record."""
    folder = Path(record)
    return _pages(render_annex(read_contents(folder, read_index(folder).record_id)))


def weasyprint(_record: str, html: str) -> int:
    """Return the number of pages that WeasyPrint makes of the finished HTML."""
    import logging

    from weasyprint import HTML

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    return _pages(HTML(filename=html).write_pdf())


def imports(_name: str) -> None:
    """Import the layout, so that its import is not part of what is measured."""
    import weasyprint as _  # noqa: F401 - to have been imported


def _pages(pdf: bytes) -> int:
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)


def _same(pages: Any, theirs: Any) -> str:  # noqa: ANN401 - any result
    return f"{theirs} pages, ours {pages}; no charts of ours made, nothing embedded"


if __name__ == "__main__":
    main()
