"""The documents that nobody signs, as PDF: test set, method, traceability, audit, verification.

Each embeds what it was made from and depends on nothing else: dates are those of the run or of
the lock, and the identifier is made of the digests of the sources, so that the same study or
record gives the same bytes.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeVar

from validation.plan.sample_size.sizing import size
from validation.plan.sample_size.statement import POWER_FILE
from validation.record import digest
from validation.report.company import FOLDER, company_files, document_html, own_texts
from validation.report.contents import (
    DOCUMENT_FILE,
    DocumentIndex,
    PlannedContents,
    ProtocolContents,
    RecordContents,
)
from validation.report.embedding import attachments
from validation.report.render import fitted, render_pdf
from validation.report.sizing import power_csv
from validation.report.view.documents.audit import FILE_NAME as AUDIT_FILE
from validation.report.view.documents.audit import AuditContents, audit_view, texts_of
from validation.report.view.documents.choice import ChoiceContents, choice_view
from validation.report.view.documents.method import method_document
from validation.report.view.documents.size import SizeContents, size_view
from validation.report.view.documents.test_set import test_set_document
from validation.report.view.documents.traceability import traceability_document
from validation.report.view.documents.traceability_table import (
    CSV_NAME,
    XLSX_NAME,
    traceability_csv,
    traceability_xlsx,
)
from validation.report.view.documents.verification import FILE_NAME as VERIFICATION_FILE
from validation.report.view.documents.verification import VerificationContents, verification_view
from validation.report.view.elements import paragraphs

_UNDATED = datetime(1980, 1, 1, tzinfo=UTC)
"""Date in the properties of a document that is made from a protocol alone, which has none."""


_Contents = TypeVar("_Contents", bound=PlannedContents | ProtocolContents | RecordContents)


def with_files(contents: _Contents, more: Mapping[str, bytes]) -> _Contents:
    """Return what a document is made from, with further files to embed."""
    return replace(
        contents,
        files={**contents.files, **more},
        digests={**contents.digests, **{name: digest(one) for name, one in more.items()}},
    )


def index_of(
    contents: PlannedContents | ProtocolContents | RecordContents,
    kind: Literal["test-set", "method", "traceability"],
) -> dict[str, bytes]:
    """Return ``document.json``, by its name."""
    of_record = isinstance(contents, RecordContents)
    known = contents if isinstance(contents, ProtocolContents) else None
    index = DocumentIndex(
        kind=kind,
        source="record" if of_record else "protocol",
        record_id=contents.record_id if isinstance(contents, RecordContents) else None,
        tool_version=contents.tool_version,
        trail_id=known.trail_id if known else "",
        openings=known.openings if known else (),
    )
    return {DOCUMENT_FILE: index.to_json()}


def render_test_set(
    contents: ProtocolContents | RecordContents, digests_of_set: Mapping[str, str]
) -> bytes:
    """Return the description of a locked test set as PDF/A-3a.

    Args:
        contents: The protocol with its lock, or a record.
        digests_of_set: 64 hexadecimal digits by path of the locked files, from the manifest.

    Raises:
        RenderError: A system library or a template is missing.
    """
    whole = with_files(contents, index_of(contents, "test-set"))
    view = test_set_document(whole, digests_of_set)
    return rendered(
        "test_set/test_set.html.jinja",
        view,
        whole.files,
        kept=own_texts(contents.protocol),
        created=_moment(contents),
    )


class Traceability(NamedTuple):
    """The traceability matrix in its three forms."""

    pdf: bytes
    """PDF/A-3a, which embeds the other two."""
    csv: bytes
    xlsx: bytes


def render_traceability(contents: PlannedContents | RecordContents) -> Traceability:
    """Return the traceability matrix as a document, as CSV and as a workbook.

    Raises:
        RenderError: A system library or a template is missing.
    """
    table, sheets = traceability_csv(contents), traceability_xlsx(contents)
    index = index_of(contents, "traceability")
    whole = with_files(contents, {CSV_NAME: table, XLSX_NAME: sheets, **index})
    view = traceability_document(whole)
    template = "traceability/traceability.html.jinja"
    pdf = rendered(
        template, view, whole.files, kept=own_texts(contents.protocol), created=_moment(contents)
    )
    return Traceability(pdf, table, sheets)


def render_method(contents: PlannedContents | RecordContents) -> bytes:
    """Return the justification of the method as PDF/A-3a.

    Raises:
        RenderError: A system library or a template is missing.
    """
    whole = with_files(contents, index_of(contents, "method"))
    view = method_document(whole)
    return rendered(
        "method/method.html.jinja",
        view,
        whole.files,
        kept=own_texts(contents.protocol),
        created=_moment(contents),
    )


def render_choice(contents: ChoiceContents) -> bytes:
    """Return the memo of a choice of method as PDF/A-3a.

    Raises:
        RenderError: A system library or a template is missing.
        ValueError: The method has no questionnaire, or one of other rules.
    """
    index = DocumentIndex(
        kind="choice", source="answers", record_id=None, tool_version=contents.tool_version
    )
    whole = replace(
        contents,
        files={**contents.files, DOCUMENT_FILE: index.to_json()},
        digests={**contents.digests, DOCUMENT_FILE: digest(index.to_json())},
    )
    return rendered(
        "choice/choice.html.jinja",
        choice_view(whole),
        whole.files,
        kept=_texts_of(contents),
        created=_UNDATED,
    )


def _texts_of(contents: ChoiceContents) -> frozenset[str]:
    """Return the texts that no wording touches: the engineer's reason, and the protocol's."""
    choice = contents.method.choice
    reason = choice.decided_otherwise if choice else None
    named = own_texts(contents.protocol) if contents.protocol else frozenset()
    return named | frozenset(paragraphs(reason or ""))


def render_size(contents: SizeContents) -> tuple[bytes, bytes]:
    """Return the document on a sample size as PDF/A-3a, and its curve as the CSV that it embeds.

    Raises:
        RenderError: A system library or a template is missing.
        SampleSizeError: No number follows from the assumptions.
    """
    index = DocumentIndex(
        kind="sample-size",
        source="assumptions",
        record_id=None,
        tool_version=contents.tool_version,
    )
    curve = power_csv(size(contents.statement.assumptions))
    more = {DOCUMENT_FILE: index.to_json(), POWER_FILE: curve}
    whole = replace(
        contents,
        files={**contents.files, **more},
        digests={**contents.digests, **{name: digest(one) for name, one in more.items()}},
    )
    kept = own_texts(contents.protocol) if contents.protocol else frozenset()
    pdf = rendered(
        "size/size.html.jinja",
        size_view(whole),
        whole.files,
        kept=kept | frozenset(paragraphs(contents.statement.basis or "")),
        created=_UNDATED,
    )
    return pdf, curve


def render_audit(contents: AuditContents, company: Mapping[str, bytes]) -> bytes:
    """Return the audit-trail report as PDF/A-3a; the same trail gives the same bytes.

    Args:
        contents: The trail, reviewed.
        company: Files of a company's template folder by path; none: as segval has it.

    Raises:
        RenderError: A system library or a template is missing.
    """
    last = contents.events[-1]["at"] if contents.events else None
    created = datetime.fromisoformat(last).astimezone(UTC) if last else _UNDATED
    files = {AUDIT_FILE: contents.content, **_named(company)}
    return rendered(
        "audit/audit.html.jinja",
        audit_view(contents, files),
        files,
        kept=texts_of(contents.events),
        created=created,
    )


def render_verification(contents: VerificationContents, company: Mapping[str, bytes]) -> bytes:
    """Return the verification report as PDF/A-3a.

    Args:
        contents: The checks.
        company: Files of a company's template folder by path; none: as segval has it.

    Raises:
        RenderError: A system library or a template is missing.
    """
    files = {VERIFICATION_FILE: contents.content, **_named(company)}
    view = verification_view(contents, files)
    return rendered(
        "verification/verification.html.jinja",
        view,
        files,
        kept=frozenset({contents.name, contents.study, contents.trust, contents.data}),
        created=contents.at,
    )


def _named(company: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a template folder by their name among the attachments."""
    return {f"{FOLDER}{name}": content for name, content in company.items()}


def _moment(contents: PlannedContents | ProtocolContents | RecordContents) -> datetime:
    if isinstance(contents, RecordContents):
        return contents.run.finished_at
    return contents.lock.locked_at if contents.lock else _UNDATED


def rendered(
    template: str,
    view: object,
    files: Mapping[str, bytes],
    *,
    kept: Collection[str],
    created: datetime,
) -> bytes:
    """Return a document as PDF/A-3a.

    Args:
        template: Name of its template.
        view: What the template prints.
        files: Files that it embeds, by name in a record; the identifier is made of them.
        kept: Texts that no wording touches: those of the protocol, or of the trail.
        created: Date in its properties.

    Raises:
        RenderError: A system library or a template is missing.
    """
    company = company_files(files)
    return render_pdf(
        fitted(document_html(template, view, company, kept), company),
        images={},
        attachments=attachments(files),
        company=company,
        created=created,
        identifier=_identifier(template, files),
        universal_access=True,
    )


def _identifier(template: str, files: Mapping[str, bytes]) -> bytes:
    named = "\n".join(f"{name} {digest(one)}" for name, one in sorted(files.items()))
    return hashlib.sha256(f"{template}\n{named}".encode()).digest()[:16]
