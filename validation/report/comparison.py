"""The change assessment: a comparison of two records as a document that nobody signs."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from validation.errors import RecordError
from validation.evidence.csv_text import csv_rows
from validation.judge.comparison.records import Comparison
from validation.plan.protocol import Protocol
from validation.plan.source import parse, protocol_from
from validation.record import digest
from validation.report.company import company_files, document_html, own_texts
from validation.report.contents import Row
from validation.report.embedding import attachments
from validation.report.overlays.changed import ChangedCases
from validation.report.render import fitted, render_pdf

TEMPLATE = "comparison/comparison.html.jinja"
COMPARISON_FILE, DOCUMENT = "comparison.json", "comparison.pdf"
FIRST_PROTOCOL, CHANGES, CASES = "first/protocol.yaml", "changes.csv", "cases.csv"
_OVERLAYS = "overlays/overlays.json"


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


def contents_of(files: Mapping[str, bytes]) -> ComparisonContents:
    """Return what the document of a comparison is made from, from the files of its folder.

    Raises:
        RecordError: A file is missing or damaged.
        ProtocolError: A protocol is damaged.
    """
    try:
        comparison = Comparison.from_json(files[COMPARISON_FILE])
        shown = ChangedCases.from_json(files[_OVERLAYS])
        changes = tuple(csv_rows(files["changes.csv"])[1])
        pictures = {one.first.file: files[f"overlays/{one.first.file}"] for one in shown.cases}
        first, second = _protocol(files, FIRST_PROTOCOL), _protocol(files, "protocol.yaml")
    except KeyError as error:
        raise RecordError(f"{error.args[0]} is missing", where="the comparison") from error
    except (ValidationError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise RecordError(f"the comparison is damaged: {said}") from error
    return ComparisonContents(
        comparison=comparison,
        first=first,
        second=second,
        changes=changes,
        overlays=shown,
        pictures=pictures,
        files={name: one for name, one in files.items() if name not in {DOCUMENT, "SHA256SUMS"}},
        tool_version=comparison.tool_version,
    )


def _protocol(files: Mapping[str, bytes], name: str) -> Protocol:
    return protocol_from(parse(files[name], name))


def sums_of(files: Mapping[str, bytes]) -> bytes:
    """Return ``SHA256SUMS``: a line a file in the form of ``sha256sum``, sorted by path."""
    lines = [
        f"{digest(content).removeprefix('sha256:')}  {name}\n"
        for name, content in sorted(files.items())
    ]
    return "".join(lines).encode()
