"""Checking the annex of objects of a record: made again from the evidence, and compared.

The same bytes are the same document. Where fonts or libraries of this machine give other bytes,
the text of each page is compared, and the shapes that it paints are counted.
"""

import io
from collections import Counter
from collections.abc import Mapping, Sequence

import pikepdf

import validation
from validation.attest.page_marks import unusual_marks
from validation.attest.page_text import page_texts
from validation.attest.verification import Checks
from validation.errors import ToolError
from validation.record import digest
from validation.record_folder import (
    ANNEX,
    RECORD_FILE,
    REPORTS,
    SUMS_FILE,
    RecordIndex,
    contents_from,
)
from validation.report.annex import render_annex
from validation.report.contents import RecordContents
from validation.report.report import has_annex

_WHAT = "the annex prints every object of the evidence, and nothing else"
_CLAUSE = "21 CFR 11.10(a)"
_MOST_NAMED = 10
_PAINTING = "f F f* B B* b b* S s sh Do EI Tr gs"
_LEFT_OUT = frozenset({RECORD_FILE, SUMS_FILE, *REPORTS})


def check_annex(index: RecordIndex, files: Mapping[str, bytes], checks: Checks) -> None:
    """Add the check of the annex of a record that has one, or has to have one.

    Args:
        index: The index of the record.
        files: The files of the record, by name.
        checks: Where the check is added.
    """
    try:
        contents = _contents(index, files)
        is_asked = has_annex(contents)
        if ANNEX in files and contents.instance_rows:
            _compare(files[ANNEX], contents, index.tool_version, checks)
        elif is_asked:
            detail = f"{ANNEX} is missing"
            checks(_WHAT, held=False, detail=detail, failure="incomplete", clause=_CLAUSE)
        elif ANNEX in files:
            checks(_WHAT, held=False, detail="the evidence has no objects", clause=_CLAUSE)
    except ToolError as error:
        if ANNEX in files:
            checks(_WHAT, None, str(error).replace("\n", "; "), clause=_CLAUSE)


def _contents(index: RecordIndex, files: Mapping[str, bytes]) -> RecordContents:
    digests = {name: digest(one) for name, one in files.items() if name not in _LEFT_OUT}
    return contents_from(files, digests, index.record_id, where="the record", pictures=False)


def _compare(found: bytes, contents: RecordContents, made_by: str, checks: Checks) -> None:
    expected = render_annex(contents)
    pages = page_texts(expected)
    if found == expected:
        checks(_WHAT, held=True, detail=f"{len(pages)} pages, byte for byte", clause=_CLAUSE)
        return
    problems = [
        *_differing(page_texts(found), pages, "prints"),
        *unusual_marks(found, pictures=0, fields=0),
        *_differing(_shapes(found), _shapes(expected), "draws"),
    ]
    detail = "; ".join(problems[:_MOST_NAMED]) or f"{len(pages)} pages, by their text"
    if more := len(problems[_MOST_NAMED:]):
        detail += f"; and {more} more"
    is_ours = made_by == validation.__version__
    if problems and not is_ours:
        detail = f"made by segval {made_by}, this is {validation.__version__}: {detail}"
    checks(_WHAT, (False if is_ours else None) if problems else True, detail, clause=_CLAUSE)


def _differing(found: Sequence[object], expected: Sequence[object], does: str) -> list[str]:
    if len(found) != len(expected):
        return [f"{len(found)} pages where the evidence fills {len(expected)}"]
    pairs = enumerate(zip(found, expected, strict=True), start=1)
    return [f"page {place} {does} something else" for place, (one, other) in pairs if one != other]


def _shapes(content: bytes) -> list[Counter[str]]:
    """Return how many shapes of each kind the pages paint; one more could cover a row."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [
            Counter(str(one.operator) for one in pikepdf.parse_content_stream(page, _PAINTING))
            for page in pdf.pages
        ]
