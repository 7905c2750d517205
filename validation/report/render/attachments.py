"""Files embedded in a PDF, each listed once (PDF/A-3, associated files)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from validation.report.render.plain_path import require_plain_path

Relationship = Literal["Source", "Data", "Supplement"]
"""How an attachment relates to the document (ISO 32000-2, table 43)."""

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")


@dataclass(frozen=True)
class Attachment:
    """A file embedded in the PDF, byte for byte.

    Raises:
        ValueError: The name is not a plain file name, or the media type is malformed.
    """

    name: str
    """File name without folders: ``pdfdetach -saveall`` and some readers refuse others."""

    content: bytes
    """The exact bytes."""

    description: str
    """What a reader's list of attachments says about it."""

    mime_type: str
    """Media type, e.g. ``text/csv``; never guessed, so that every machine writes the same."""

    relationship: Relationship
    """``Source`` of the document, ``Data`` behind a figure, or ``Supplement``."""

    def __post_init__(self) -> None:
        require_plain_path(self.name)
        if "/" in self.name:
            raise ValueError(f"an attachment lies in no folder: {self.name!r}")
        if not _MEDIA_TYPE.fullmatch(self.mime_type):
            raise ValueError(f"not a media type: {self.mime_type!r}")


def in_order(attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """Return attachments by name; ValueError where two share one."""
    # A name tree is sorted by the bytes of its keys (ISO 32000-1, 7.9.6).
    files = tuple(sorted(attachments, key=lambda file: file.name.encode()))
    names = [file.name for file in files]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"attachments share a name: {', '.join(twice)}")
    return files


def embedded(file: Attachment, stamp: datetime, weasyprint: Any) -> Any:  # noqa: ANN401
    """Return an attachment as the layout library takes it, dated by the document."""
    return weasyprint.Attachment(
        string=file.content,
        name=file.name,
        description=file.description,
        created=stamp,
        modified=stamp,
        relationship=file.relationship,
    )


def list_once(pdf: Any, files: Sequence[Attachment]) -> None:  # noqa: ANN401
    """List each associated file once, with its own relationship and media type.

    WeasyPrint 70 lists it twice, finds relationships by the MD5 of the content, and
    guesses media types from the tables of the machine.
    """
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = list(dict.fromkeys(pdf.catalog["AF"]))
    by_name = {file.name: file for file in files}
    for entry in pdf.objects:
        if isinstance(entry, dict) and entry.get("Type") == "/Filespec":
            file = by_name[entry["UF"].string]
            entry["AFRelationship"] = f"/{file.relationship}"
            stream = pdf.objects[int(entry["EF"]["F"].split()[0])]
            stream.extra["Subtype"] = "/" + file.mime_type.replace("/", "#2f")
