"""Where the requirements and risks of a protocol were taken from."""

from typing import Literal

from validation.record import Digest, Line, Record

SourceKind = Literal["csv", "xlsx", "strictdoc", "doorstop", "reqif"]
"""How a tool keeps requirements: tables, and the formats of three kinds of tools."""


class RequirementSource(Record):
    """A file, or a folder of items, that requirements or risks were taken from."""

    holds: Literal["requirements", "risks"]
    """What was taken from it."""
    kind: SourceKind
    """Its format."""
    name: Line
    """Name of the file or folder."""
    digest: Digest
    """SHA-256 of the file, or of the manifest of the folder's items."""
    baseline: Line | None = None
    """Revision or baseline, as the source or the author states it."""
    sheet: Line | None = None
    """Sheet of the workbook."""
    columns: tuple[Line, ...] = ()
    """What was read from which column or attribute, e.g. ``text=STATEMENT``."""
    only: tuple[Line, ...] = ()
    """What was picked, e.g. ``Status=Approved``; none: everything."""
