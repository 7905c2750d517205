"""Lists of images by digest and fingerprint: those of development, and those of the test set.

One CSV format serves both. A team that trains hands its list over and keeps its images; the lock
writes the list of the test set beside the manifest. Lines of ``sha256sum`` are read, too.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from validation.errors import Problem, TestSetError
from validation.record import one_line
from validation.testset.fingerprints import Fingerprint
from validation.testset.inert_text import as_written, inert
from validation.testset.leakage_record import METHOD

COLUMNS = ("file", "sha256", "pixel_sha256", "perceptual_hash", "subject_id", "note")
"""Columns of the list, in the order in which they are written; only ``sha256`` is needed."""

_LONGEST_CELL = 1_000
_HEX = re.compile(r"^[0-9a-f]{64}$")
_SUM_LINE = re.compile(r"^([0-9a-fA-F]{64}) [ *](.+)$")
_ESCAPED_SUM_LINE = re.compile(r"^\\[0-9a-fA-F]{64} ")


class ListedImage(NamedTuple):
    """A file of a list; None is what the list does not say."""

    sha256: str
    """64 hexadecimal digits, of the file."""
    file: str | None = None
    """Its name in the list, for people; nothing is opened by it."""
    fingerprint: Fingerprint | None = None
    """None where the file was not decoded; `note` then says why."""
    subject_id: str | None = None
    note: str = ""
    """Why there is no fingerprint."""

    @property
    def name(self) -> str:
        """Its file, or else the beginning of its digest."""
        return self.file or f"sha256 {self.sha256[:16]}…"


def listed_images(images: Iterable[ListedImage]) -> bytes:
    """Return the list as CSV, sorted by file and digest: the same images give the same bytes."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(_cells, sorted(images, key=_place)))
    return stream.getvalue().encode()


def _place(image: ListedImage) -> tuple[str, str, str]:
    return image.file or "", image.sha256, image.subject_id or ""


def _cells(image: ListedImage) -> list[str]:
    pixels = image.fingerprint.pixel_sha256 if image.fingerprint else ""
    hashed = image.fingerprint.perceptual_hash if image.fingerprint else None
    cells = (
        image.file or "",
        image.sha256,
        pixels,
        f"{METHOD}:{hashed}" if hashed else "",
        image.subject_id or "",
        image.note,
    )
    return [inert(one) for one in cells]


def parse_listed_images(content: bytes, name: str) -> tuple[ListedImage, ...]:
    """Return the images of a list.

    Args:
        content: CSV with a header, of which `COLUMNS` are known and ``sha256`` is needed; or
            lines of ``sha256sum``.
        name: Name of the file, for messages.

    Raises:
        TestSetError: With every problem, by line: an unknown column (a misspelt one would
            not be compared, without a word), a malformed digest or hash, a file or row that
            stands twice, no image at all.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"the list of training images is not UTF-8 text (byte {error.start})"
        raise TestSetError(what, where=name) from error
    problems: list[Problem] = []
    rows = list(_rows(text, name, problems))
    images = [(line, _image(row, f"{name}:{line}", problems)) for line, row in rows]
    problems.extend(_repeated(images, name))
    if not rows and not problems:
        problems.append(Problem(name, "lists no image", "make it by `segval fingerprint FOLDER`"))
    if problems:
        raise TestSetError(
            f"the list of training images has {len(problems)} problem(s)",
            where=name,
            problems=problems,
        )
    return tuple(one for _, one in images)


_Row = Mapping[str, str]


def _rows(text: str, name: str, problems: list[Problem]) -> Iterator[tuple[int, _Row]]:
    """Return the rows with their line numbers, from either format."""
    first = text.split("\n", 1)[0]
    if _SUM_LINE.match(first) or _ESCAPED_SUM_LINE.match(first):
        return _rows_of_sums(text, name, problems)
    return _rows_of_csv(text, name, problems)


def _rows_of_sums(text: str, name: str, problems: list[Problem]) -> Iterator[tuple[int, _Row]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip("\r"):
            continue
        found = _SUM_LINE.match(line.removesuffix("\r"))
        if found:
            yield number, {"sha256": found[1], "file": found[2].removeprefix("./")}
        else:
            problems.append(Problem(f"{name}:{number}", "is not a line of sha256sum"))


def _rows_of_csv(text: str, name: str, problems: list[Problem]) -> Iterator[tuple[int, _Row]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if objections := list(_header_problems(header, name)):
            problems.extend(objections)
            return
        for row in reader:
            if len(row) == len(header):
                cells = (as_written(cell.strip()) for cell in row)
                yield reader.line_num, dict(zip(header, cells, strict=True))
            elif row:
                what = f"the row has {len(row)} cells, the header {len(header)}"
                problems.append(Problem(f"{name}:{reader.line_num}", what))
    except csv.Error as error:
        where = f"{name}:{reader.line_num}"
        problems.append(Problem(where, f"is not CSV from here on: {error}"))


def _header_problems(header: list[str], name: str) -> Iterator[Problem]:
    where = f"{name}:1"
    if "sha256" not in header:
        fix = "give a CSV with this column, or lines of sha256sum"
        yield Problem(where, "the column sha256 is missing", fix)
    for column in header:
        if column not in COLUMNS:
            fix = f"the columns are {', '.join(COLUMNS)}; remove others"
            yield Problem(where, f"the column {column!r} is not known", fix)
    for column in sorted({one for one in header if header.count(one) > 1}):
        yield Problem(where, f"the column {column!r} stands twice", "remove one")


def _image(row: _Row, where: str, problems: list[Problem]) -> ListedImage:
    for column, cell in row.items():
        if len(cell) > _LONGEST_CELL or not _is_one_line(cell):
            what = f"{column} has a control character, or more than {_LONGEST_CELL} characters"
            problems.append(Problem(where, what))
    return ListedImage(
        sha256=_digits(row, "sha256", where, problems),
        file=row.get("file") or None,
        fingerprint=_fingerprint(row, where, problems),
        subject_id=row.get("subject_id") or None,
        note=row.get("note", ""),
    )


def _is_one_line(cell: str) -> bool:
    try:
        one_line(cell)
    except ValueError:
        return False
    return True


def _digits(row: _Row, column: str, where: str, problems: list[Problem]) -> str:
    cell = row.get(column, "").lower().removeprefix("sha256:")
    if not _HEX.match(cell):
        what = f"{column} is not 64 hexadecimal digits: {row.get(column, '')[:80]!r}"
        problems.append(Problem(where, what))
    return cell


def _fingerprint(row: _Row, where: str, problems: list[Problem]) -> Fingerprint | None:
    hashed = row.get("perceptual_hash", "").lower()
    if not row.get("pixel_sha256"):
        if hashed:
            what = "there is a perceptual_hash and no pixel_sha256"
            problems.append(Problem(where, what, "make the list by `segval fingerprint FOLDER`"))
        return None
    pixels = _digits(row, "pixel_sha256", where, problems)
    method, _, digits = hashed.partition(":")
    if hashed and (method != METHOD or not _HEX.match(digits)):
        what = f"perceptual_hash is not {METHOD}: and 64 hexadecimal digits: {hashed[:80]!r}"
        fix = "make the list by `segval fingerprint FOLDER`; other hashes are not comparable"
        problems.append(Problem(where, what, fix))
    return Fingerprint(pixels, digits or None)


def parse_subjects(content: bytes, name: str) -> dict[str, str | None]:
    """Return the subject by file, from a CSV with the columns ``file`` and ``subject_id``.

    Other columns are left alone; an empty subject is one that is not known.

    Raises:
        TestSetError: With every problem, by line.
    """
    problems: list[Problem] = []
    subjects: dict[str, str | None] = {}
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        missing = {"file", "subject_id"} - set(reader.fieldnames or ())
        problems += [
            Problem(f"{name}:1", f"the column {one} is missing") for one in sorted(missing)
        ]
        for row in () if missing else reader:
            where = f"{name}:{reader.line_num}"
            problems += _subject_problems(row, where, subjects)
            subjects[str(row["file"]).strip()] = str(row["subject_id"] or "").strip() or None
    except (UnicodeDecodeError, csv.Error) as error:
        problems.append(Problem(name, f"is not CSV in UTF-8: {error}"))
    if problems:
        raise TestSetError("the list of subjects cannot be used", where=name, problems=problems)
    return subjects


def _subject_problems(
    row: Mapping[str | None, object], where: str, before: Mapping[str, str | None]
) -> Iterator[Problem]:
    if None in row or None in row.values():
        yield Problem(where, "the row has another number of cells than the header")
    elif not _is_one_line(str(row["subject_id"])) or not str(row["file"]).strip():
        yield Problem(where, "file is empty, or subject_id holds a control character")
    elif str(row["file"]).strip() in before:
        yield Problem(where, f"{str(row['file']).strip()} stands twice")


def _repeated(images: Iterable[tuple[int, ListedImage]], name: str) -> Iterator[Problem]:
    """Return files, or rows without one, that stand twice."""
    seen: dict[object, int] = {}
    for line, image in images:
        key = image.file or image
        if key in seen:
            what = f"{image.name} stands on line {seen[key]} already"
            yield Problem(f"{name}:{line}", what, "list every file once")
        seen.setdefault(key, line)
