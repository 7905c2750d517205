"""What makes long documents quick to lay out and write, and changes nothing in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pydyf

from validation.collector import collector_paused
from validation.report.render.plain_paths import Draw, drawing_plain_paths


@contextmanager
def quickened(weasyprint: Any) -> Iterator[None]:  # noqa: ANN401 - it has no types
    """Lay out and write documents quickly while the block runs."""
    with collector_paused(), _pages_listed_once(), _plain_paths(weasyprint.svg.TAGS):
        yield


@contextmanager
def _pages_listed_once() -> Iterator[None]:
    """Let a document list its pages once: pydyf does it anew for each element that is on one.

    With 60,000 elements on 120 pages that is a tenth of the time.
    """
    plain = pydyf.PDF.page_references

    def page_references(pdf: Any) -> tuple[bytes, ...]:  # noqa: ANN401 - pydyf has no types
        listed: tuple[bytes, ...] = vars(pdf).get("_listed", ())
        if 3 * len(listed) != len(pdf.pages["Kids"]):
            listed = vars(pdf)["_listed"] = plain.fget(pdf)
        return listed

    pydyf.PDF.page_references = property(page_references)
    try:
        yield
    finally:
        pydyf.PDF.page_references = plain


@contextmanager
def _plain_paths(drawing: dict[str, Draw]) -> Iterator[None]:
    """Draw paths of lines, as outlines are, without the reader of all kinds of paths."""
    general = drawing["path"]
    drawing["path"] = drawing_plain_paths(general)
    try:
        yield
    finally:
        drawing["path"] = general
