"""What can make a page of a PDF show something else than its text says."""

import io
from collections.abc import Iterator
from typing import Any

import pikepdf

from validation.errors import RecordError

_DEEPEST = 8
_LOOKED_AT = "BDC DP BI ID EI Do"


def unusual_marks(content: bytes, *, pictures: int, fields: int) -> tuple[str, ...]:
    """Return what lies over the text of a report or stands in for it, in words, by page.

    A report of ours has links, fields for signatures and the pictures of its worst cases. It
    has no other annotation, no text that is said to be another (``/ActualText``), no layers.

    Args:
        content: The PDF.
        pictures: How many pictures it shows.
        fields: How many fields for signatures it has.

    Raises:
        RecordError: The file is no PDF, or is encrypted or damaged.
    """
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            return tuple(_found(pdf, pictures, fields))
    except (pikepdf.PdfError, pikepdf.PdfParsingError, AttributeError, TypeError) as error:
        raise RecordError("this is not a PDF that can be read") from error


def _found(pdf: pikepdf.Pdf, pictures: int, fields: int) -> Iterator[str]:
    if "/OCProperties" in pdf.Root:
        yield "layers that can be switched off"
    drawn = signed = 0
    for place, page in enumerate(pdf.pages, start=1):
        marks = _Marks()
        marks.read(page.obj, page.obj)
        drawn += marks.pictures
        for one in dict.fromkeys(marks.unusual):
            yield f"page {place}: {one}"
        for annotation in page.obj.get("/Annots", ()):
            if _is_field(annotation):
                signed += 1
            elif annotation.get("/Subtype") != "/Link" or "/AP" in annotation:
                yield f"page {place}: an annotation {annotation.get('/Subtype')}"
    if drawn != pictures:
        yield f"{drawn} pictures where the record has {pictures}"
    if signed != fields:
        yield f"{signed} fields for signatures where the protocol has {fields}"


def _is_field(annotation: Any) -> bool:  # noqa: ANN401 - an object of a PDF
    return bool(annotation.get("/Subtype") == "/Widget" and annotation.get("/FT") == "/Sig")


class _Marks:
    """Pictures and marked content of a page and of the drawings on it."""

    def __init__(self) -> None:
        self.pictures = 0
        self.unusual: list[str] = []

    def read(self, stream: Any, page: Any, depth: int = 0) -> None:  # noqa: ANN401
        """Take in what a content stream draws; its drawings too."""
        resources = stream.get("/Resources", page.get("/Resources", {}))
        for one in pikepdf.parse_content_stream(stream, _LOOKED_AT):
            name = str(one.operator)
            if name in {"BDC", "DP"}:
                self._mark(one.operands[-1])
            elif name == "Do":
                drawn = resources.get("/XObject", {}).get(str(one.operands[0]))
                self._drawn(drawn, page, depth)
            else:
                self.pictures += 1

    def _mark(self, properties: Any) -> None:  # noqa: ANN401
        known = isinstance(properties, pikepdf.Dictionary) and set(properties.keys()) <= {"/MCID"}
        if not known:
            self.unusual.append("marked content that may stand for other text")

    def _drawn(self, drawn: Any, page: Any, depth: int) -> None:  # noqa: ANN401
        if drawn is None:
            return
        if drawn.get("/Subtype") == "/Image":
            self.pictures += 1
        elif depth == _DEEPEST:
            self.unusual.append("drawings within drawings")
        else:
            self.read(drawn, page, depth + 1)
