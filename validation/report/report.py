"""The validation report of a record, as PDF and as HTML.

The PDF embeds the files of the record that it was made from. Both depend on nothing but
the record: dates are those of the run and the identifier is made of the record's id, so the
same record gives the same bytes.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from validation.report.annex import render_annex
from validation.report.company import (
    company_files,
    document_html,
    own_texts,
    phrases_without_words,
    with_company_inside,
)
from validation.report.contents import RecordContents
from validation.report.embedding import attachments
from validation.report.render import fitted, render_pdf
from validation.report.twin import self_contained
from validation.report.view import report_view
from validation.report.view.approvals import signature_fields

TEMPLATE = "report/report.html.jinja"


@dataclass(frozen=True)
class Report:
    """A rendered report."""

    html: bytes
    """One self-contained file that a browser opens without a network."""
    pdf: bytes
    """PDF/A-3a with the record's files embedded."""
    annex: bytes | None = None
    """Every object in print, a volume of its own; None where the protocol does not ask for it."""


def render_report(contents: RecordContents) -> Report:
    """Return the report of a record.

    Raises:
        RenderError: A system library is missing, or a picture or template is.
    """
    company = company_files(contents.files)
    html = fitted(report_html(contents), company)
    pictures = {f"overlays/{name}": content for name, content in contents.pictures.items()}
    pdf = render_pdf(
        html,
        images=pictures,
        attachments=attachments(contents.files),
        created=contents.run.finished_at,
        identifier=hashlib.sha256(contents.record_id.encode()).digest()[:16],
        company=company,
        universal_access=True,
        signature_fields=signature_fields(contents.protocol.signatories),
    )
    annex = render_annex(contents) if has_annex(contents) else None
    whole = self_contained(with_company_inside(html, company), pictures)
    return Report(html=whole.encode(), pdf=pdf, annex=annex)


def has_annex(contents: RecordContents) -> bool:
    """Tell whether the protocol asks for every object in print, and the evidence has objects."""
    return contents.protocol.report.objects == "all" and bool(contents.instance_rows)


def report_html(contents: RecordContents) -> str:
    """Return the document that is laid out as the report of a record.

    Raises:
        RenderError: A template is missing, or the company's templates cannot be used.
    """
    kept = own_texts(contents.protocol, contents.case_rows)
    return document_html(TEMPLATE, report_view(contents), company_files(contents.files), kept)


def phrases_of_report(contents: RecordContents, company: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the texts of a report that a company's wording has no words for.

    Args:
        contents: The record.
        company: Files of a template folder by path, which need not be the record's.

    Raises:
        RenderError: A template is missing, or the company's templates cannot be used.
    """
    kept = own_texts(contents.protocol, contents.case_rows)
    return phrases_without_words(TEMPLATE, report_view(contents), company, kept)
