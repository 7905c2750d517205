"""The protocol document as a PDF: what is approved, ready for signatures.

The PDF embeds the protocol and the lock of the test set. It depends on nothing but those, the
runs that the audit trail knew and the version of the tool: its date is the moment of the lock,
since a document that asked a clock would never be the same twice, and what dates an approval is
its signatures.
"""

import hashlib

from validation.report.company import company_files, document_html, own_texts
from validation.report.contents import ProtocolContents
from validation.report.embedding import attachments
from validation.report.render import fitted, render_pdf
from validation.report.view.approvals import signature_fields
from validation.report.view.protocol import protocol_view

TEMPLATE = "protocol/protocol.html.jinja"


def render_protocol(contents: ProtocolContents) -> bytes:
    """Return the protocol document of a locked protocol as PDF/A-3a, its signature fields empty.

    Raises:
        RenderError: A system library or a template is missing, or a signature has no room.
    """
    company = company_files(contents.files)
    html = document_html(TEMPLATE, protocol_view(contents), company, own_texts(contents.protocol))
    return render_pdf(
        fitted(html, company),
        images={},
        attachments=attachments(contents.files),
        created=contents.lock.locked_at,
        identifier=_identifier(contents),
        company=company,
        universal_access=True,
        signature_fields=signature_fields(contents.protocol.signatories),
    )


def _identifier(contents: ProtocolContents) -> bytes:
    digests = "\n".join(f"{name} {one}" for name, one in sorted(contents.digests.items()))
    return hashlib.sha256(f"protocol document\n{digests}".encode()).digest()[:16]
