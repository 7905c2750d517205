"""Traceability, definitions, the address of every figure, and how to check the record."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from validation.evidence.catalogue import CATALOGUE, MetricDefinition
from validation.plan.protocol import Protocol, Requirement
from validation.report.contents import RecordContents
from validation.report.formatting import bare_digest, plural, size_of
from validation.report.view.addresses import LETTERS, Addresses
from validation.report.view.criteria import CriterionView
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Link,
    Numbering,
    Table,
    TableRow,
    code,
    code_item,
    row,
    strong,
    text,
)
from validation.report.view.wording import Words


@dataclass(frozen=True)
class TraceView:
    """Requirement to risk to criterion to metric to result."""

    heading: Heading
    matrix: Table
    gaps: tuple[str, ...]
    """What no criterion or requirement covers; says so where there is none."""


@dataclass(frozen=True)
class DefinitionsView:
    """Every metric that the report uses."""

    heading: Heading
    words: str
    table: Table


@dataclass(frozen=True)
class IntegrityView:
    """Digests of the record and how to check them."""

    heading: Heading
    words: tuple[str, ...]
    steps: tuple[Item, ...]
    files: Table


@dataclass(frozen=True)
class AttachmentsView:
    """Files embedded in the document."""

    heading: Heading
    words: str
    table: Table


# --- traceability ------------------------------------------------------------------------


def traceability(
    contents: RecordContents, numbering: Numbering, criteria: Sequence[CriterionView]
) -> TraceView:
    """Return the traceability matrix."""
    plan = contents.protocol
    heading = numbering.section("Traceability", "traceability")
    rows = [line for one in plan.requirements for line in _requirement_rows(one, criteria)]
    matrix = numbering.table(
        "From requirement to result",
        (
            Column("Requirement", "14%"),
            Column("Risk", "12%"),
            Column("Criterion", "12%"),
            Column("Metric", "29%"),
            Column("Result", "20%", "number"),
            Column("Verdict", "13%"),
        ),
        rows,
    )
    return TraceView(heading, matrix, gaps(plan))


def _requirement_rows(
    requirement: Requirement, criteria: Sequence[CriterionView]
) -> Iterable[TableRow]:
    risks = text(*requirement.risks) if requirement.risks else text("none named")
    mine = [one for one in criteria if requirement.id in one.requirements]
    for one in mine:
        yield row(
            strong(requirement.id),
            risks,
            Link(one.id, one.anchor),
            text(one.name, one.scope),
            one.result,
            one.verdict,
        )
    if not mine:
        nothing = text("\u2013")
        yield row(strong(requirement.id), risks, text("no criterion"), nothing, nothing, nothing)


def gaps(plan: Protocol) -> tuple[str, ...]:
    """Return what no criterion or requirement covers, in words; or that there is none."""
    verified = {one for criterion in plan.criteria for one in criterion.requirements}
    controlled = {risk for one in plan.requirements for risk in one.risks}
    untested = [one.id for one in plan.requirements if one.id not in verified]
    uncontrolled = [one.id for one in plan.risks if one.id not in controlled]
    said = []
    if untested:
        said.append(f"Requirements that no criterion verifies: {', '.join(untested)}.")
    if uncontrolled:
        said.append(
            f"Risks that no requirement of this protocol controls: {', '.join(uncontrolled)}."
        )
    return tuple(said) or ("Every requirement has a criterion and every risk a requirement.",)


# --- definitions -------------------------------------------------------------------------


def definitions(addresses: Addresses, words: Words, numbering: Numbering) -> DefinitionsView:
    """Return the definition of every metric of which a figure was printed."""
    used = {one.figure.metric for letter in LETTERS for one in addresses.printed(letter)}
    return definitions_of(used, "Every metric of which a figure is printed", words, numbering)


def definitions_of(
    metrics: Collection[str], caption: str, words: Words, numbering: Numbering
) -> DefinitionsView:
    """Return the definitions of metrics, in the order of the catalogue."""
    return DefinitionsView(
        numbering.appendix("Definitions and references", "definitions"),
        "TP, FP, FN and TN count objects for instance metrics and pixels for semantic ones; R is "
        "a reference object, P a predicted one, |·| an area, Σ a sum over cases.",
        numbering.table(
            caption,
            (
                Column("Metric", "26%"),
                Column("Definition", "25%"),
                Column("Unit, range, aggregation", "13%"),
                Column("Edge case", "22%"),
                Column("Source", "14%"),
            ),
            [_definition(one, words) for one in CATALOGUE if one.id in metrics],
        ),
    )


def _definition(one: MetricDefinition, words: Words) -> TableRow:
    better = {
        "higher": "higher is better",
        "lower": "lower is better",
        "zero": "zero is best",
        "neither": "describes the sample",
    }[one.better]
    return row(
        strong(words.metric(one), one.id),
        text(one.definition),
        text(f"{one.unit}, {one.range}", f"{better}; {one.aggregation}"),
        text(one.edge_case),
        text(one.source),
        anchor=metric_anchor(one.id),
    )


def metric_anchor(metric: str) -> str:
    """Return the name of a metric's definition."""
    return f"metric-{metric}"


# --- integrity ---------------------------------------------------------------------------


def integrity(contents: RecordContents, numbering: Numbering) -> IntegrityView:
    """Return the digests of the record's files and how to check them with common tools."""
    heading = numbering.appendix("Integrity", "integrity")
    many = [name for name in contents.digests if name.startswith("predictions/")]
    pictures = {f"overlays/{one.file}" for one in contents.overlays}
    left_out = {*many, *pictures}
    single = {name: digest for name, digest in contents.digests.items() if name not in left_out}
    notes = predictions_note(len(many)) if many else ""
    return IntegrityView(
        heading,
        (
            *company_words(contents.protocol),
            made_by(contents.record_id, contents.tool_version),
        ),
        (
            code_item("Take the evidence out of this document", "pdfdetach -saveall report.pdf"),
            code_item("Compare a file with the table below", "sha256sum FILE"),
            code_item("Check the whole record folder", "sha256sum --check SHA256SUMS"),
            code_item(
                "Check the test set against its lock, in its own folder",
                "sha256sum --check manifest-sha256.txt",
            ),
        ),
        numbering.table(
            "Files of the record and their SHA-256",
            (Column("File", "40%"), Column("SHA-256", "60%")),
            [row(strong(name), code(bare_digest(digest))) for name, digest in single.items()],
            notes=(notes, _pictures_note(len(pictures))),
        ),
    )


def _pictures_note(count: int) -> str:
    if not count:
        return ""
    return f"{plural(count, 'picture')} under overlays/: see overlays/overlays.json."


def company_words(protocol: Protocol) -> tuple[str, ...]:
    """Return whose design and wording a document has; nothing where they are segval's."""
    named = protocol.document.templates
    if named is None:
        return ()
    said = (
        "Design and wording are those of the company, embedded under templates/; the protocol "
        f"names them by the digest of their manifest: {named.digest}."
    )
    return (said,)


def made_by(record_id: str, version: str) -> str:
    """Return what the document was made from, and by which version; `segval verify` reads it."""
    return (
        f"This document was made from record {record_id} by segval {version}. "
        "Its figures can be checked without segval:"
    )


def predictions_note(count: int) -> str:
    """Return where the predictions are listed; `segval verify` reads their number from it."""
    return (
        f"{plural(count, 'file')} under predictions/ are listed in SHA256SUMS and record.json of "
        "the record, not here."
    )


# --- attachments -------------------------------------------------------------------------


class FileKind(NamedTuple):
    """What a file of the record is, for people and for the PDF."""

    description: str
    mime_type: str
    relationship: Literal["Source", "Data", "Supplement"]


_KNOWN: dict[str, tuple[str, Literal["Source", "Data", "Supplement"]]] = {
    "protocol.yaml": ("The protocol, byte for byte", "Source"),
    "sample-size.json": ("Assumptions of the sample size, and what it is held against", "Source"),
    "power.csv": ("The power by the number of units", "Data"),
    "answers.yaml": ("Answers to the questions on the use of the result", "Source"),
    "rules.yaml": ("The questions, with the rules that answers are held against", "Source"),
    "method.yaml": ("The method with its questionnaire, for the protocol", "Data"),
    "protocol.pdf": ("The signed protocol document", "Source"),
    "approval.json": ("Signatures of the protocol, as checked before the run", "Source"),
    "lock/lock.json": ("Lock of the test set", "Source"),
    "lock/manifest-sha256.txt": ("Digests of every file of the test set", "Source"),
    "environment.json": ("Interpreter, packages, system and processor", "Supplement"),
    "run.json": ("Model, times, cases and timings of the run", "Data"),
    "evidence/cases.csv": ("A row for every case", "Data"),
    "evidence/classes.csv": ("A row for every class and subgroup", "Data"),
    "evidence/instances.csv": ("A row for every object", "Data"),
    "evidence/class_confusion.csv": ("Objects by reference and predicted class", "Data"),
    "evidence/curves.csv": ("Points of the curves over all scores", "Data"),
    "evidence/metrics.json": ("Every figure with its interval", "Data"),
    "lock/fingerprints.csv": ("Digests and fingerprints of the images of the cases", "Source"),
    "lock/training.csv": ("List of the images that the model was developed on", "Source"),
    "leakage.json": ("What the test set shares with the images of development", "Data"),
    "overlays/overlays.json": ("Which cases are shown, and the outlines over them", "Data"),
    "openings.json": ("Runs on the test set that the audit trail knows", "Data"),
    "document.json": ("What this document is, and the runs that it lists", "Source"),
    "audit.jsonl": ("The audit trail, byte for byte", "Source"),
    "verification.json": ("Every check, with what it was made on", "Source"),
    "traceability.csv": ("The traceability matrix as a table", "Data"),
    "deviations.json": ("Departures from the protocol, and what became of them", "Data"),
    "traceability.xlsx": ("The traceability matrix as a workbook", "Data"),
    "comparison.json": ("Differences, margins and verdict of the comparison", "Data"),
    "changes.csv": ("Every object and case of which the outcome changed", "Data"),
    "cases.csv": ("Figures of every case in both records", "Data"),
    "first/protocol.yaml": ("Protocol of the version before, byte for byte", "Source"),
    "findings.json": ("Findings on criteria and failed cases, and the verdict", "Data"),
}
_MIME_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "txt": "text/plain",
    "yaml": "application/yaml",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "css": "text/css",
    "jinja": "text/plain",
    "md": "text/markdown",
    "otf": "font/otf",
    "ttf": "font/ttf",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file_kind(name: str) -> FileKind:
    """Return what an attached file is.

    >>> file_kind("evidence/cases.csv").mime_type
    'text/csv'
    """
    description, relationship = _KNOWN.get(name, ("Part of the record", "Supplement"))
    if name.startswith("templates/"):
        description, relationship = "Design and wording of the company", "Source"
    elif name not in _KNOWN and name.startswith("evidence/"):
        description, relationship = "Table of the evidence, from which figures follow", "Data"
    suffix = name.rpartition(".")[2]
    return FileKind(description, _MIME_TYPES.get(suffix, "application/octet-stream"), relationship)


def attachment_name(name: str) -> str:
    """Return the name under which a file of the record is embedded: without folders.

    Readers of PDF, and ``pdfdetach -saveall``, refuse names with folders; the description of
    the attachment begins with the name in the record.

    >>> attachment_name("evidence/cases.csv")
    'evidence-cases.csv'
    """
    return name.replace("/", "-")


def attachments(contents: RecordContents, numbering: Numbering) -> AttachmentsView:
    """Return the list of embedded files."""
    return attachments_of(contents.files, "File of the record", numbering)


def attachments_of(
    files: Mapping[str, bytes], origin: str, numbering: Numbering
) -> AttachmentsView:
    """Return the list of embedded files.

    Args:
        files: The files by their own name.
        origin: Label of that name, e.g. ``File of the record``.
        numbering: Numbers heading and table.
    """
    heading = numbering.appendix("Attachments", "attachments")
    count = plural(len(files), "file")
    verb = "is" if len(files) == 1 else "are"
    return AttachmentsView(
        heading,
        f"{count} {verb} embedded in this PDF (PDF/A-3 associated files); any PDF reader lists "
        "them.",
        numbering.table(
            "Files embedded in this document",
            (
                Column("Attached as", "27%"),
                Column(origin, "25%"),
                Column("What it holds", "28%"),
                Column("Type", "12%"),
                Column("Size", "8%", "number"),
            ),
            [
                row(
                    strong(attachment_name(name)),
                    text(name),
                    text(file_kind(name).description),
                    text(file_kind(name).mime_type),
                    text(size_of(len(content))),
                )
                for name, content in sorted(files.items())
            ],
        ),
    )
