"""Comparing a document with the one that is made again from what it embeds or lies beside.

The same bytes are the same document. Where fonts or libraries of this machine give other bytes,
the text of each page is compared, and the shapes that it paints are counted.
"""

import io
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import pikepdf

import validation
from validation.attest.page_marks import unusual_marks
from validation.attest.page_text import page_texts
from validation.attest.verification import Checks

_MOST_NAMED = 10
_PAINTING = "f F f* B B* b b* S s sh Do EI Tr gs"


class MadeAgain(NamedTuple):
    """A document beside the one that its sources give."""

    found: bytes
    expected: bytes
    made_by: str
    """Version of segval that made the one that was found."""
    pictures: int = 0
    """How many pictures it shows."""


def check_made_again(what: str, both: MadeAgain, clause: str, checks: Checks) -> None:
    """Add the check that a document is what its sources give.

    Args:
        what: What has to hold.
        both: The document, and the one that was made again.
        clause: Clause that the check serves.
        checks: Where the check is added.
    """
    pages = page_texts(both.expected)
    if both.found == both.expected:
        checks(what, held=True, detail=f"{len(pages)} pages, byte for byte", clause=clause)
        return
    problems = [
        *_differing(page_texts(both.found), pages, "prints"),
        *unusual_marks(both.found, pictures=both.pictures, fields=0),
        *_differing(_shapes(both.found), _shapes(both.expected), "draws"),
    ]
    detail = "; ".join(problems[:_MOST_NAMED]) or f"{len(pages)} pages, by their text"
    if more := len(problems[_MOST_NAMED:]):
        detail += f"; and {more} more"
    is_ours = both.made_by == validation.__version__
    if problems and not is_ours:
        detail = f"made by segval {both.made_by}, this is {validation.__version__}: {detail}"
    checks(what, (False if is_ours else None) if problems else True, detail, clause=clause)


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
