"""What the documents of a study have in common: frame, title page, sources.

They are made from a protocol, with or without its lock, or from a record; nobody signs them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from validation.report.contents import PlannedContents, ProtocolContents, RecordContents
from validation.report.formatting import bare_digest, day, short_digest, size_of, timestamp
from validation.report.view import front
from validation.report.view.appendices import attachment_name, file_kind
from validation.report.view.document import DocumentView, Notice, TitlePage, page_frame
from validation.report.view.elements import (
    Column,
    Item,
    Numbering,
    Table,
    code,
    code_item,
    item,
    row,
    strong,
    text,
)
from validation.report.view.sections import Particulars, Prose, Section, Tabular, section
from validation.report.view.wording import verdict_of

Contents = PlannedContents | ProtocolContents | RecordContents

NOT_LOCKED = Notice(
    "Test set not locked",
    "The test set of this protocol is not locked yet: what is said here may still change.",
)
_NOT_SIGNED = (
    "Nobody signs this document: it follows from the files that it embeds, and can be made "
    "again from them."
)


@dataclass(frozen=True)
class Shell:
    """Frame and title page of a document."""

    document: DocumentView
    cover: TitlePage


def shell(contents: Contents, kind: str, short: str, statement: str) -> Shell:
    """Return frame and title page.

    Args:
        contents: What the document is made from.
        kind: What the document is, e.g. ``Traceability matrix``.
        short: The same beside the protocol's number at the head of every page.
        statement: What it says, in a sentence or two.
    """
    filed, device = contents.protocol.document, contents.protocol.device
    notices = notices_of(contents)
    return Shell(
        page_frame(
            filed,
            number=f"{filed.number} {short}",
            date=_date(contents),
            identity=_identity(contents),
            notices=notices,
        ),
        TitlePage(
            kind=kind,
            title=filed.title,
            subtitle=f"{device.name} {device.version}",
            organisation=filed.organisation,
            outcome=None,
            statement=f"{statement} {_NOT_SIGNED}",
            notices=notices,
            identification=(_of_document(contents), _of_test(contents)),
        ),
    )


def notices_of(contents: Contents) -> tuple[Notice, ...]:
    """Return what has to stand on every page."""
    if isinstance(contents, RecordContents):
        return front.notices_of(contents)
    planned = front.planned_notices(contents.protocol, contents.leakage)
    return planned if contents.lock is not None else (*planned, NOT_LOCKED)


def _date(contents: Contents) -> str:
    if isinstance(contents, RecordContents):
        return day(contents.run.finished_at)
    if contents.lock is None:
        return "before the lock"
    return f"test set locked {day(contents.lock.locked_at)}"


def _identity(contents: Contents) -> str:
    if isinstance(contents, RecordContents):
        return f"record {contents.record_id}"
    return f"protocol {short_digest(contents.digests['protocol.yaml'])}"


def _of_document(contents: Contents) -> tuple[Item, ...]:
    filed = contents.protocol.document
    return (
        item("Protocol", f"{filed.number}, revision {filed.revision}"),
        code_item("Protocol digest", short_digest(contents.digests["protocol.yaml"])),
        item("Report", filed.report_number),
        *_of_record(contents),
    )


def _of_record(contents: Contents) -> tuple[Item, ...]:
    if not isinstance(contents, RecordContents):
        return (item("Results", "none yet: this document was made from the protocol"),)
    verdict = verdict_of(contents.findings)
    return (
        code_item("Record", contents.record_id),
        item("Verdict on the model", f"{verdict.symbol}\u00a0{verdict.word}"),
    )


def _of_test(contents: Contents) -> tuple[Item, ...]:
    model, lock = contents.protocol.model, contents.lock
    tested = (
        item("Item under test", f"{model.name} {model.version}"),
        code_item("Model digest", short_digest(model.digest)),
    )
    if lock is None:
        return (*tested, item("Test set", f"{contents.protocol.test_set.id}, not locked"))
    return (
        *tested,
        item("Test set", f"{lock.test_set_id}, lock revision {lock.revision}"),
        item("Locked", timestamp(lock.locked_at)),
    )


# --- sources -----------------------------------------------------------------------------


def sources(
    files: Mapping[str, bytes],
    digests: Mapping[str, str],
    tool_version: str,
    numbering: Numbering,
    *,
    more_steps: Sequence[Item] = (),
) -> Section:
    """Return the appendix that names and digests what the document was made from.

    Args:
        files: The embedded files, by name in a record.
        digests: ``sha256:…`` of them, and of others.
        tool_version: Version that made the document.
        numbering: Numbers heading and table.
        more_steps: Further ways to check.
    """
    said = (
        f"This document was made by segval {tool_version} from the files below, which it embeds "
        "byte for byte (PDF/A-3 associated files). No clock is asked: the same files give the "
        "same document."
    )
    return section(
        numbering.appendix("Sources and how to check them", "sources"),
        Prose((said,)),
        Particulars(
            (
                code_item("Take the files out of this document", "pdfdetach -saveall FILE.pdf"),
                code_item("Compare a file with the table below", "sha256sum FILE"),
                *more_steps,
            )
        ),
        Tabular(_files(files, digests, numbering), "dense"),
    )


def _files(files: Mapping[str, bytes], digests: Mapping[str, str], numbering: Numbering) -> Table:
    return numbering.table(
        "Files embedded in this document, and their SHA-256",
        (
            Column("Attached as", "24%"),
            Column("What it holds", "26%"),
            Column("Size", "9%", "number"),
            Column("SHA-256", "41%"),
        ),
        [
            row(
                strong(attachment_name(name)),
                text(file_kind(name).description, name),
                text(size_of(len(content))),
                code(bare_digest(digests[name])),
            )
            for name, content in sorted(files.items())
        ],
    )
