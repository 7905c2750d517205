"""The change assessment: a comparison of two records as a document that nobody signs."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from validation.judge.comparison.records import Comparison
from validation.plan.protocol import Protocol
from validation.record import digest
from validation.report.company import company_files, document_html, own_texts
from validation.report.contents import Row
from validation.report.embedding import attachments
from validation.report.overlays.changed import ChangedCases
from validation.report.render import fitted, render_pdf

TEMPLATE = "comparison/comparison.html.jinja"


@dataclass(frozen=True)
class ComparisonContents:
    """What a change assessment is made from: the files of a comparison's folder, parsed."""

    comparison: Comparison
    first: Protocol
    second: Protocol
    changes: tuple[Row, ...]
    """Rows of ``changes.csv``, cells as text."""
    overlays: ChangedCases
    pictures: Mapping[str, bytes]
    """PNG of each pictured case by its name under ``overlays/``."""
    files: Mapping[str, bytes]
    """Files to embed, by name in the folder."""
    tool_version: str

    @property
    def digests(self) -> dict[str, str]:
        """``sha256:…`` of each embedded file."""
        return {name: digest(one) for name, one in self.files.items()}


def render_comparison(contents: ComparisonContents) -> bytes:
    """Return the change assessment as PDF/A-3a; the same comparison gives the same bytes.

    Raises:
        RenderError: A system library or a template is missing.
    """
    from validation.report.view.documents.comparison import comparison_document

    company = company_files(contents.files)
    kept = own_texts(contents.second, contents.changes) | own_texts(contents.first)
    html = document_html(TEMPLATE, comparison_document(contents), company, kept)
    named = "\n".join(f"{name} {one}" for name, one in sorted(contents.digests.items()))
    return render_pdf(
        fitted(html, company),
        images={f"overlays/{name}": content for name, content in contents.pictures.items()},
        attachments=attachments(contents.files),
        company=company,
        created=contents.comparison.second.finished_at,
        identifier=hashlib.sha256(f"{TEMPLATE}\n{named}".encode()).digest()[:16],
        universal_access=True,
    )
