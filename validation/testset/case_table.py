"""The case table: a CSV with one row a case, read and checked as a whole."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from pydantic import ValidationError

from validation.errors import Problem, TestSetError
from validation.plan.protocol import Exclusion
from validation.testset.cases import Case, CaseTable, ExcludedCase

_NEEDED = ("case_id", "image", "reference")
_OWN = (*_NEEDED, "region", "subject_id")


def parse_case_table(
    content: bytes, *, name: str, exclusions: Sequence[Exclusion], reference_needed: bool
) -> CaseTable:
    """Return the cases of a table, ordered by id.

    Args:
        content: The CSV's bytes: UTF-8, a header, one row a case.
        name: Name of the file, for messages.
        exclusions: What the protocol leaves out.
        reference_needed: False where one COCO file is the reference of all cases; the
            column ``reference`` may then be missing or empty.

    Raises:
        TestSetError: With every problem of the table, by line.
    """
    rows, header = _rows(content, name)
    needed = _NEEDED if reference_needed else _NEEDED[:2]
    problems = list(_header_problems(header, needed, name))
    if problems:
        raise TestSetError("the case table cannot be read", where=name, problems=problems)
    cases: list[Case] = []
    for line, row in rows:
        case = _case(row, f"{name}:{line}", reference_needed, problems)
        if case is not None:
            cases.append(case)
    problems.extend(_collisions(cases, name))
    problems.extend(_unknown_exclusions(cases, exclusions, name))
    if not cases and not problems:
        problems.append(Problem(name, "the case table has no case", "add a row for each image"))
    if problems:
        raise TestSetError(
            f"the case table has {len(problems)} problem(s)", where=name, problems=problems
        )
    return _partition(cases, exclusions, tuple(one for one in header if one not in _OWN), name)


def _rows(content: bytes, name: str) -> tuple[list[tuple[int, dict[str, str | None]]], list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TestSetError(
            f"the case table is not UTF-8 text (byte {error.start})", where=name
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = list(reader.fieldnames or [])
        rows = [(reader.line_num, dict(row)) for row in reader]
    except csv.Error as error:
        where = f"{name}:{reader.reader.line_num}"
        raise TestSetError(f"the case table is not valid CSV: {error}", where=where) from error
    return rows, header


def _header_problems(header: list[str], needed: Sequence[str], name: str) -> Iterator[Problem]:
    for column in needed:
        if column not in header:
            yield Problem(f"{name}:1", f"the column {column} is missing", "add it to the header")
    for column in sorted({one for one in header if header.count(one) > 1}):
        yield Problem(f"{name}:1", f"the column {column} stands twice", "remove one")
    for column in header:
        if not column or not column.replace("_", "a").isalnum() or column != column.lower():
            fix = "use lower-case letters, digits and _"
            yield Problem(f"{name}:1", f"{column!r} cannot be the name of a column", fix)


def _case(
    row: dict[str, str | None], where: str, reference_needed: bool, problems: list[Problem]
) -> Case | None:
    if None in row or None in row.values():
        problems.append(Problem(where, "the row has another number of cells than the header", ""))
        return None
    cells = {column: (value or "").strip() for column, value in row.items()}
    before = len(problems)
    problems.extend(_path_problems(cells, where, reference_needed))
    attributes = {column: value for column, value in cells.items() if column not in _OWN}
    try:
        case = Case(
            case_id=cells["case_id"],
            image=cells["image"],
            reference=cells.get("reference") or None,
            region=cells.get("region") or None,
            subject_id=cells.get("subject_id") or None,
            attributes=attributes,
        )
    except ValidationError as error:
        for one in error.errors():
            field = str(one["loc"][-1])
            problems.append(Problem(where, f"{field} is {one['input']!r}: {one['msg']}", ""))
        return None
    return case if len(problems) == before else None


def _path_problems(cells: dict[str, str], where: str, reference_needed: bool) -> Iterator[Problem]:
    for column in ("image", "reference", "region"):
        path = cells.get(column, "")
        if not path:
            if column == "image" or (column == "reference" and reference_needed):
                yield Problem(where, f"{column} is empty", "name the file")
            continue
        objection = path_objection(path)
        if objection:
            yield Problem(where, f"{column} {path!r} {objection}", "name a file under the root")
    image, reference = cells.get("image", ""), cells.get("reference", "")
    if image and image == reference:
        yield Problem(where, "the image is its own reference", "name the file with the reference")


def path_objection(path: str) -> str | None:
    """Return why a path must not be followed below a root, or None where it may.

    >>> path_objection("images/a.png")
    >>> path_objection("../secret")
    'leads out of the root'
    """
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ":" in path or ".." in parts:
        return "leads out of the root"
    if any(0xD800 <= ord(character) <= 0xDFFF for character in path):  # noqa: PLR2004
        return "is not in UTF-8"
    if "" in parts or "." in parts:
        return "has an empty part"
    if any(unicodedata.category(character) == "Cc" for character in path):
        return "holds a control character"
    if unicodedata.normalize("NFC", path) != path:
        return "is not in Unicode's normal form C"
    return None


def _collisions(cases: Iterable[Case], name: str) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for case in cases:
        folded = case.case_id.casefold()
        if folded in seen:
            first = seen[folded]
            what = f"case {case.case_id} is listed twice"
            if first != case.case_id:
                what = f"cases {first} and {case.case_id} differ in upper and lower case only"
            yield Problem(name, what, "give each case its own id")
        seen.setdefault(folded, case.case_id)
    files: dict[str, str] = {}
    for case in cases:
        if case.image in files:
            what = f"cases {files[case.image]} and {case.case_id} have the same image {case.image}"
            yield Problem(name, what, "list each image once")
        files.setdefault(case.image, case.case_id)


def _unknown_exclusions(
    cases: Iterable[Case], exclusions: Sequence[Exclusion], name: str
) -> Iterator[Problem]:
    known = {case.case_id for case in cases}
    for exclusion in exclusions:
        for case_id in exclusion.cases:
            if case_id not in known:
                what = f"the excluded case {case_id} is not in the case table"
                yield Problem(name, what, "correct the id under `exclusions:`")


def _partition(
    cases: Iterable[Case], exclusions: Sequence[Exclusion], columns: tuple[str, ...], name: str
) -> CaseTable:
    reasons = {case_id: one.reason for one in exclusions for case_id in one.cases}
    ordered = sorted(cases, key=lambda case: case.case_id)
    evaluated = tuple(case for case in ordered if case.case_id not in reasons)
    if not evaluated:
        raise TestSetError("every case is excluded", where=name)
    excluded = tuple(
        ExcludedCase(case=case, reason=reasons[case.case_id])
        for case in ordered
        if case.case_id in reasons
    )
    return CaseTable(evaluated=evaluated, excluded=excluded, columns=columns)
