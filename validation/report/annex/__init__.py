"""The annex of objects: every object of a record in print, as a volume of its own.

Tens of thousands of rows are light because the layout of HTML sees only the first pages, the
headings of the others and one specimen of each character; the rows are composed of these and
drawn straight into the finished document, with their tags. It depends on nothing but the record.
"""

import hashlib
import io

import pikepdf

from validation.errors import RenderError
from validation.report.annex.drawing import Painter
from validation.report.annex.layout import CASE_PT, ROW_PT, frame_of, layout_of, texts_of
from validation.report.annex.paging import paged
from validation.report.annex.rows import columns, objects_by_case
from validation.report.annex.typesetting import typesetter
from validation.report.annex.view import SOURCES, annex_view
from validation.report.contents import RecordContents
from validation.report.render import Attachment, render_html, render_pdf, spell_out_uncovered
from validation.report.view.appendices import attachment_name, file_kind

TEMPLATE = "annex/annex.html.jinja"


def render_annex(contents: RecordContents) -> bytes:
    """Return every object of a record as PDF/A-3a; the same record gives the same bytes.

    Raises:
        RenderError: The record has no objects, or a system library or a template is missing.
    """
    if not contents.instance_rows:
        raise RenderError(
            "the record has no objects to print one by one",
            where=contents.record_id,
            fix="an annex of objects is made of instance and panoptic evidence",
        )
    of_objects, cases = columns(contents), objects_by_case(contents)
    frame = frame_of(contents.protocol.document.page_size)
    letters = typesetter(texts_of(of_objects, cases, frame), language="en")
    layout = layout_of(of_objects, cases, letters, frame)
    pages = paged(cases, room=frame.room, case_height=CASE_PT, row_height=ROW_PT)
    view = annex_view(contents, cases, pages, layout)
    html = spell_out_uncovered(render_html(TEMPLATE, view))
    finished = render_pdf(
        html,
        images={},
        attachments=(_attached(contents),),
        created=contents.run.finished_at,
        identifier=hashlib.sha256(f"annex of {contents.record_id}".encode()).digest()[:16],
        universal_access=True,
    )
    with pikepdf.open(io.BytesIO(finished)) as document:
        painter = Painter(document, letters, layout, len(pages))
        for page, content in zip(list(document.pages)[-len(pages) :], pages, strict=True):
            painter.draw(page, content)
        return painter.finished()


def _attached(contents: RecordContents) -> Attachment:
    name = SOURCES[0]
    kind = file_kind(name)
    return Attachment(
        name=attachment_name(name),
        content=contents.files[name],
        description=f"{name}: {kind.description}",
        mime_type=kind.mime_type,
        relationship="Source",
    )
