"""Reading requirements and risks from the files of the tools that keep them."""

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from validation import workspace
from validation.attest.attachments import attachments_of
from validation.errors import ProtocolError, RequirementsError
from validation.plan.imports.archives import opened
from validation.plan.imports.columns import Wanted, choose
from validation.plan.imports.content import Content, refuse
from validation.plan.imports.csv_file import read_csv
from validation.plan.imports.doorstop import ENDINGS, SETTINGS, read_doorstop
from validation.plan.imports.reqif_file import is_reqif, read_reqif
from validation.plan.imports.strictdoc import read_strictdoc
from validation.plan.imports.taking import Read, Taken, take
from validation.plan.imports.xlsx_file import read_xlsx
from validation.plan.origin import SourceKind
from validation.plan.protocol import Protocol
from validation.plan.source import parse, protocol_from
from validation.record import digest, printable
from validation.testset.lock import Entry, manifest

MOST_BYTES = 100_000_000
"""A larger file is refused before it is read."""

_BY_ENDING: dict[str, SourceKind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".sdoc": "strictdoc",
    ".reqif": "reqif",
    ".xml": "reqif",
}


@dataclass(frozen=True)
class Asked:
    """Files, and what is wanted of them."""

    paths: tuple[Path, ...]
    wanted: Wanted
    sheet: str | None = None


def take_from(
    requirements: Asked, risks: Asked, *, baseline: str | None = None, only_linked: bool = False
) -> Taken:
    """Return requirements and risks from files; nothing is written.

    Args:
        requirements: Where requirements are.
        risks: Where risks are; no paths: nowhere.
        baseline: Revision of the sources, as the author states it.
        only_linked: Leave out risks that no requirement taken is linked to.

    Raises:
        ToolError: A file cannot be read.
        RequirementsError: What it holds cannot be taken as it is; every problem at once.
    """
    return take(_all(requirements), _all(risks), baseline=baseline, only_linked=only_linked)


def _all(asked: Asked) -> Sequence[Read]:
    return [_read(path, asked) for path in asked.paths]


def _read(path: Path, asked: Asked) -> Read:
    content, fingerprint = _content(path, asked)
    if asked.sheet is not None and content.kind != "xlsx":
        raise RequirementsError("only a workbook has sheets", where=str(path))
    # Of ReqIF the identifier is given by software; people know an object by its foreign id.
    of_itself = "IDENTIFIER" if content.kind == "reqif" else ""
    chosen = choose(content.columns, asked.wanted, content.name, of_itself)
    refuse("what is needed cannot be found", content.name, chosen.problems)
    return Read(content, chosen.columns, asked.wanted, fingerprint)


def _content(path: Path, asked: Asked) -> tuple[Content, str]:
    """Return what a file or folder holds, and its digest."""
    name = printable(path.name if path.name not in {"", ".."} else path.resolve().name)
    if path.is_dir():
        files = _files_of(path)
        listed = manifest(Entry(one, digest(it).removeprefix("sha256:"), len(it))
                          for one, it in files.items())  # fmt: skip
        return read_doorstop(files, name), digest(listed)
    content = _bytes_of(path)
    kind = _kind(content, path)
    if kind == "xlsx":
        return read_xlsx(content, name, asked.wanted, asked.sheet), digest(content)
    if kind == "reqif":
        return read_reqif(content, name), digest(content)
    if kind == "strictdoc":
        return read_strictdoc(content, name), digest(content)
    return read_csv(content, name, asked.wanted), digest(content)


def _files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a Doorstop document; folders that are documents themselves are not."""
    if not (folder / SETTINGS).is_file():
        what = f"the folder has no {SETTINGS}, so it is no document of Doorstop"
        raise RequirementsError(what, where=str(folder), fix="name a file, or such a folder")
    found: dict[str, bytes] = {}
    size = 0
    for above, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(
            one for one in folders if not (one.startswith(".") or _is_document(Path(above, one)))
        )
        for one in names:
            path = Path(above, one)
            if one != SETTINGS and (one.startswith(".") or not one.endswith(ENDINGS)):
                continue
            content = _bytes_of(path)
            size += len(content)
            if size > MOST_BYTES:
                what = f"its items have more than {MOST_BYTES:,} bytes"
                raise RequirementsError(what, where=str(folder))
            found[path.relative_to(folder).as_posix()] = content
    return found


def _is_document(folder: Path) -> bool:
    return folder.is_symlink() or (folder / SETTINGS).exists()


def _raise(error: OSError) -> None:
    raise RequirementsError(f"it cannot be listed: {error.strerror}", where=str(error.filename))


def _bytes_of(path: Path) -> bytes:
    if path.is_symlink() and not path.exists():
        raise RequirementsError("it is a link that leads nowhere", where=str(path))
    if path.exists() and not path.is_file():
        raise RequirementsError("it is no file", where=str(path))
    if path.exists() and (size := path.stat().st_size) > MOST_BYTES:
        what = f"the file has {size:,} bytes; at most {MOST_BYTES:,} are read"
        raise RequirementsError(what, where=str(path))
    return workspace.read(path, "the source")


def _kind(content: bytes, path: Path) -> SourceKind:
    if not content:
        raise RequirementsError("it is empty", where=str(path))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        what = "it is a workbook of before 2007, or one with a password"
        raise RequirementsError(what, where=str(path), fix="save it as .xlsx without password")
    if content.startswith(b"PK") or path.suffix.lower() in {".xlsx", ".xlsm"}:
        return _kind_of_archive(opened(content, path.name), path)
    if kind := _BY_ENDING.get(path.suffix.lower()):
        return kind
    known = (
        "CSV (.csv, .tsv, .txt), workbook (.xlsx), StrictDoc (.sdoc), ReqIF (.reqif, .reqifz), "
        "a folder of Doorstop"
    )
    raise RequirementsError("its format is not known", where=str(path), fix=f"known are: {known}")


def _kind_of_archive(archive: zipfile.ZipFile, path: Path) -> SourceKind:
    if "[Content_Types].xml" in archive.namelist():
        return "xlsx"
    if is_reqif(archive.namelist()):
        return "reqif"
    what = "the archive is neither a workbook nor one of ReqIF"
    raise RequirementsError(what, where=str(path), fix="save a spreadsheet as .xlsx or CSV")


def protocol_of(path: Path) -> Protocol:
    """Return the protocol of a file, or the one that a protocol document or report embeds.

    Signatures are not checked: `segval verify` does that.

    Raises:
        ProtocolError: There is none, or it is not in form.
    """
    content = workspace.read(path, "the protocol")
    if content.startswith(b"%PDF"):
        embedded = (attachments_of(content) or {}).get("protocol.yaml")
        if embedded is None:
            raise ProtocolError("the document embeds no protocol", where=str(path))
        content = embedded
    return protocol_from(parse(content, path.name))
