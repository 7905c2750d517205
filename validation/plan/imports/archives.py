"""Archives and XML of unknown origin: bounded, whole, and without a document type.

What a zip archive says of its sizes bounds what is read from it. XML with a document type could
name files and addresses or grow without end, so it is refused before any library looks at it:
neither workbooks nor ReqIF have one.
"""

import io
import struct
import xml.parsers.expat
import zipfile
import zlib
from collections.abc import Callable
from typing import IO

from validation.errors import RequirementsError

MOST_FILES = 10_000
MOST_BYTES = 300_000_000
"""Of all files of an archive, unpacked."""
_BLOCK_BYTES = 1 << 18


def opened(content: bytes, name: str) -> zipfile.ZipFile:
    """Return an archive whose files are not too many, too large or encrypted.

    Raises:
        RequirementsError: It is none, or is damaged.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise RequirementsError(f"the archive is damaged: {error}", where=name) from error
    entries = archive.infolist()
    size = sum(one.file_size for one in entries)
    if len(entries) > MOST_FILES or size > MOST_BYTES:
        what = f"it unpacks to {len(entries):,} files and {size:,} bytes"
        fix = f"at most {MOST_FILES:,} files and {MOST_BYTES:,} bytes are read"
        raise RequirementsError(what, where=name, fix=fix)
    if len({one.filename for one in entries}) != len(entries):
        raise RequirementsError("the archive holds a name twice", where=name)
    if any(one.flag_bits & 1 for one in entries):
        raise RequirementsError("it is encrypted", where=name, fix="save it without password")
    for one in entries:
        _require_whole(archive, one, name)
    return archive


def _require_whole(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> None:
    """Read a file of an archive to its end, where its checksum stands."""
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise RequirementsError("the archive is packed in an unusual way", where=name)
    try:
        with archive.open(entry) as file:
            while file.read(_BLOCK_BYTES):
                pass
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError,
            RuntimeError) as error:  # fmt: skip
        raise RequirementsError(f"the archive is damaged: {error}", where=name) from error


def require_plain_xml(file: IO[bytes], name: str, on_start: "OnStart | None" = None) -> None:
    """Read XML once: whole, and without a document type.

    Args:
        file: The XML.
        name: File, for messages.
        on_start: Called with name and attributes of each element.

    Raises:
        RequirementsError: It is not well-formed, or has a document type.
    """
    parser = xml.parsers.expat.ParserCreate()

    def refuse(*_: object) -> None:
        what = "its XML has a document type, which could name other files or grow without end"
        raise RequirementsError(what, where=name, fix="export it again; its format needs none")

    parser.StartDoctypeDeclHandler = refuse
    if on_start is not None:
        parser.StartElementHandler = on_start
    try:
        while block := file.read(_BLOCK_BYTES):
            parser.Parse(block, False)  # noqa: FBT003 - expat takes it by position
        parser.Parse(b"", True)  # noqa: FBT003
    except xml.parsers.expat.ExpatError as error:
        raise RequirementsError(f"it is no XML: {error}", where=name) from error
    except (ValueError, LookupError) as error:
        raise RequirementsError(f"it is no XML: {error}", where=name) from error


OnStart = Callable[[str, dict[str, str]], None]
