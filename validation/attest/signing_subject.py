"""What is signed: a protocol document or a report, told from what it embeds."""

from typing import Literal, NamedTuple

from pydantic import ValidationError

from validation.attest.attachments import attachments_of
from validation.errors import SignatureError, ToolError
from validation.evidence.run_record import RunRecord
from validation.judge.findings import Findings
from validation.plan.protocol import Signatory
from validation.plan.source import parse, protocol_from
from validation.report.contents import DOCUMENT_FILE


class SigningSubject(NamedTuple):
    """A document as a person who signs it should see it."""

    kind: Literal["protocol", "report"]
    id: str
    """Record id of a report, number of a protocol."""
    number: str
    """Number under which the document is filed."""
    revision: str
    title: str
    verdict: str
    """Verdict of a report; empty for a protocol."""
    signatories: tuple[Signatory, ...]
    """Who signs it, in their order."""
    findings: Findings | None = None
    """Findings of a report; None for a protocol."""


def subject_of(content: bytes) -> SigningSubject:
    """Return what a PDF is, from the files that it embeds.

    Args:
        content: Bytes of the PDF. Of a signed one give the part before the first signature:
            what was added later says nothing of what was signed.

    Raises:
        SignatureError: It is no protocol document and no report, or what it embeds is damaged.
    """
    files = attachments_of(content)
    if files is None or "protocol.yaml" not in files:
        raise SignatureError(
            "it is neither a protocol document nor a report: no protocol is embedded in it",
            fix="give the PDF that `segval protocol` or `segval run` wrote",
        )
    if DOCUMENT_FILE in files:
        raise SignatureError(
            "nobody signs this document: it is neither a protocol document nor a report, and "
            "follows from the files that it embeds",
            fix="give the PDF that `segval protocol` or `segval run` wrote",
        )
    try:
        protocol = protocol_from(parse(files["protocol.yaml"], "protocol.yaml"))
        document = protocol.document
        if "run.json" not in files:
            return SigningSubject(
                kind="protocol",
                id=document.number,
                number=document.number,
                revision=document.revision,
                title=document.title,
                verdict="",
                signatories=protocol.signatories,
            )
        findings = Findings.from_json(files["findings.json"])
        return SigningSubject(
            kind="report",
            id=RunRecord.from_json(files["run.json"]).record_id,
            number=document.report_number,
            revision=document.revision,
            title=document.title,
            verdict=findings.verdict,
            signatories=protocol.signatories,
            findings=findings,
        )
    except (KeyError, ToolError, ValidationError) as error:
        said = str(error).splitlines()[0]
        raise SignatureError(f"what the document embeds is damaged: {said}") from error
