"""Checking a document that nobody signs: made again from the files that it embeds, and compared."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from validation.attest.attachments import attachments_of
from validation.attest.made_again import MadeAgain, check_made_again
from validation.attest.verification import Checks
from validation.errors import RecordError, ToolError
from validation.plan.choice.rules import rules_content
from validation.plan.protocol import Method, Protocol
from validation.plan.sample_size.statement import POWER_FILE, STATEMENT_FILE, SizeStatement
from validation.plan.source import parse, protocol_from
from validation.record import digest
from validation.record_folder import contents_from
from validation.report.contents import (
    DOCUMENT_FILE,
    DocumentIndex,
    PlannedContents,
    ProtocolContents,
    RecordContents,
)
from validation.report.documents import (
    render_choice,
    render_method,
    render_size,
    render_test_set,
    render_traceability,
)
from validation.report.view.documents.choice import METHOD_FILE, RULES_FILE, ChoiceContents
from validation.report.view.documents.size import SizeContents
from validation.report.view.documents.traceability_table import CSV_NAME, XLSX_NAME
from validation.testset.leakage_record import Leakage
from validation.testset.lock import (
    FINGERPRINTS_NAME,
    LOCK_NAME,
    MANIFEST_NAME,
    TRAINING_NAME,
    Lock,
    parse_manifest,
)
from validation.testset.locked_leakage import locked_leakage

_WHAT = "the document says what the files that it embeds say, and nothing else"
_CLAUSE = "21 CFR 11.10(a)"
_Contents = PlannedContents | ProtocolContents | RecordContents


def check_derived(content: bytes, checks: Checks) -> bool:
    """Add the check of a document that nobody signs; return whether it is one.

    Whether the embedded files are those of a study or record is not checked: their digests
    are printed, and the checks of the study or record say the rest.

    Args:
        content: Bytes of the PDF.
        checks: Where the check is added.
    """
    attached = attachments_of(content)
    if attached is None or DOCUMENT_FILE not in attached:
        return False
    try:
        index = DocumentIndex.from_json(attached[DOCUMENT_FILE])
        expected, tables = _made_again(index, attached)
    except (ToolError, ValidationError, KeyError) as error:
        said = str(error).splitlines()[0]
        checks(_WHAT, None, f"what it embeds is damaged: {said}", clause=_CLAUSE)
        return True
    check_made_again(_WHAT, MadeAgain(content, expected, index.tool_version), _CLAUSE, checks)
    _check_tables(attached, tables, checks)
    return True


def _check_tables(
    attached: Mapping[str, bytes], tables: Mapping[str, bytes], checks: Checks
) -> None:
    # The pages alone would not tell: where fonts differ, they are compared by their text.
    if not tables:
        return
    wrong = [name for name, content in tables.items() if attached.get(name) != content]
    what = "the tables that the document embeds follow from the other files that it embeds"
    detail = f"{', '.join(wrong)}: other bytes" if wrong else "byte for byte"
    checks(what, held=not wrong, detail=detail, clause=_CLAUSE)


def _made_again(
    index: DocumentIndex, attached: Mapping[str, bytes]
) -> tuple[bytes, dict[str, bytes]]:
    """Return the document, and the tables that it embeds, made of the other files in it."""
    derived = {DOCUMENT_FILE, CSV_NAME, XLSX_NAME, POWER_FILE}
    made_of = {name: one for name, one in attached.items() if name not in derived}
    if index.kind == "choice":
        return render_choice(_choice(index, made_of)), {}
    if index.kind == "sample-size":
        pdf, powers = render_size(_size(index, made_of))
        return pdf, {POWER_FILE: powers}
    contents = _contents(index, made_of)
    if index.kind == "test-set" and not isinstance(contents, PlannedContents):
        return render_test_set(contents, parse_manifest(made_of[f"lock/{MANIFEST_NAME}"])), {}
    if isinstance(contents, ProtocolContents):
        raise KeyError(DOCUMENT_FILE)
    if index.kind == "method":
        return render_method(contents), {}
    made = render_traceability(contents)
    return made.pdf, {CSV_NAME: made.csv, XLSX_NAME: made.xlsx}


def _choice(index: DocumentIndex, files: Mapping[str, bytes]) -> ChoiceContents:
    """Return what a memo was made from.

    Raises:
        ToolError: Its rules are not those of this version, or a file cannot be read.
    """
    if files[RULES_FILE] != rules_content():
        raise RecordError("the memo was made by other rules than this version of segval has")
    method = parse(files[METHOD_FILE], METHOD_FILE).values["method"]
    protocol = files.get("protocol.yaml")
    return ChoiceContents(
        method=Method.model_validate(method),
        protocol=protocol_from(parse(protocol, "protocol.yaml")) if protocol else None,
        files=files,
        digests={name: digest(one) for name, one in files.items()},
        tool_version=index.tool_version,
    )


def _size(index: DocumentIndex, files: Mapping[str, bytes]) -> SizeContents:
    protocol = files.get("protocol.yaml")
    return SizeContents(
        statement=SizeStatement.from_json(files[STATEMENT_FILE]),
        protocol=protocol_from(parse(protocol, "protocol.yaml")) if protocol else None,
        files=files,
        digests={name: digest(one) for name, one in files.items()},
        tool_version=index.tool_version,
    )


def _contents(index: DocumentIndex, files: Mapping[str, bytes]) -> _Contents:
    digests = {name: digest(one) for name, one in files.items()}
    if index.record_id is not None:
        found = contents_from(files, digests, index.record_id, where="the document", pictures=False)
        return replace(found, files=files, tool_version=index.tool_version)
    protocol = protocol_from(parse(files["protocol.yaml"], "protocol.yaml"))
    content = files.get(f"lock/{LOCK_NAME}")
    lock = Lock.from_json(content) if content is not None else None
    known = PlannedContents(
        protocol=protocol,
        lock=lock,
        files=files,
        digests=digests,
        tool_version=index.tool_version,
        leakage=_leakage(protocol, lock, files),
    )
    if index.kind != "test-set" or lock is None:
        return known
    return ProtocolContents(
        protocol=protocol,
        lock=lock,
        openings=index.openings,
        trail_id=index.trail_id,
        files=files,
        digests=digests,
        tool_version=index.tool_version,
        leakage=known.leakage,
    )


def _leakage(protocol: Protocol, lock: Lock | None, files: Mapping[str, bytes]) -> Leakage | None:
    if lock is None:
        return None
    lists = (files.get(f"lock/{name}") for name in (FINGERPRINTS_NAME, TRAINING_NAME))
    return locked_leakage(protocol, lock, *lists)
