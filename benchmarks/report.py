"""Pages of the report of a real record, against WeasyPrint alone.

    python -m benchmarks.report [--json] [--record DIR] [--repeat N]

Ours is `segval report`: read and check the record, prepare every figure, draw charts and
overlays, lay out and write PDF/A with the evidence embedded, and HTML. The peer lays out and
writes the finished HTML and nothing else. Without ``--record`` the bundled instance protocol is
run first, which is not part of what is measured.
"""

import argparse
import io
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.comparison import Peer, compare, show
from validation.record_folder import read_index
from validation.study.reporting import rendered

BUNDLED = Path(__file__).resolve().parents[1] / "protocols/nuclei-count/protocol.yaml"


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--record", type=Path, help="a record; default: of the bundled protocol")
    parser.add_argument("--repeat", type=int, default=3, help="fewest CPU seconds of so many")
    chosen = parser.parse_args()
    here = "benchmarks.report"
    with tempfile.TemporaryDirectory() as folder:
        record = chosen.record or _bundled_record(Path(folder))
        html = Path(folder) / "report.html"
        report_of = rendered(record, read_index(record).record_id)
        html.write_bytes(report_of.html)
        pages = _pages(report_of.pdf)
        report = compare(
            {
                "record": chosen.record.name if chosen.record else BUNDLED.parent.name,
                "pages": pages,
                "bytes of the PDF": len(report_of.pdf),
            },
            f"{here}:ours",
            [Peer("WeasyPrint, finished HTML", "weasyprint", f"{here}:weasyprint", _same)],
            [str(record), str(html)],
            repeat=chosen.repeat,
        )
    show(report, as_json=chosen.json, per=pages, what="page")


def ours(record: str, _html: str) -> int:
    """Return the number of pages of the report of a record."""
    return _pages(rendered(Path(record), read_index(Path(record)).record_id).pdf)


def weasyprint(_record: str, html: str) -> int:
    """Return the number of pages that WeasyPrint makes of the finished HTML."""
    import logging

    from weasyprint import HTML

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    return _pages(HTML(filename=html).write_pdf())


def imports(_name: str) -> None:
    """Import the layout, so that its import is not part of what is measured."""
    import weasyprint as _  # noqa: F401 - to have been imported


def _bundled_record(folder: Path) -> Path:
    from validation import run

    run(BUNDLED, out=folder / "record", workers=2)
    return folder / "record"


def _pages(pdf: bytes) -> int:
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)


def _same(pages: Any, theirs: Any) -> str:  # noqa: ANN401 - any result
    return f"{theirs} pages, ours {pages}; no charts of ours made, nothing embedded"


if __name__ == "__main__":
    main()
