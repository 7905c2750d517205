"""Rules of PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) that what we write could break.

Not a validator: what WeasyPrint, pikepdf and pyHanko make of our documents, and no more. The
whole of both standards is checked with veraPDF before a release.
"""

import io
from collections.abc import Iterator
from typing import Any

import pikepdf
from fontTools.ttLib import TTFont

_HEADINGS = frozenset(f"/H{level}" for level in range(1, 7))


def broken_rules(content: bytes) -> list[str]:
    """Return what a PDF breaks, in words; empty: nothing of what is checked."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [said for rule in RULES for said in rule(pdf)]


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Yield every dictionary and stream, those that stand inside of others too."""
    for one in pdf.objects:
        yield from _within(one)


def _within(one: Any) -> Iterator[Any]:
    kids: Any = ()
    if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
        yield one
        kids = [kid for _, kid in one.items()]
    elif isinstance(one, pikepdf.Array):
        kids = one
    for kid in kids:
        if isinstance(kid, pikepdf.Object) and not kid.is_indirect:
            yield from _within(kid)


def _annotations(pdf: pikepdf.Pdf) -> Iterator[Any]:
    for page in pdf.pages:
        for one in page.get("/Annots", ()):
            yield page, one


def identification(pdf: pikepdf.Pdf) -> Iterator[str]:
    xmp = pdf.Root.Metadata.read_bytes()
    for claim in (b'pdfaid:part="3"', b'pdfaid:conformance="A"', b'pdfuaid:part="1"'):
        if claim not in xmp:
            yield f"the metadata do not claim {claim.decode()}"
    if pdf.is_encrypted:
        yield "the file is encrypted"


def output_intent(pdf: pikepdf.Pdf) -> Iterator[str]:
    intents = [one for one in pdf.Root.get("/OutputIntents", ()) if one.S == "/GTS_PDFA1"]
    if len(intents) != 1 or intents[0].DestOutputProfile.N != 3:
        yield "there is no one output intent in RGB"


def language_title_and_marks(pdf: pikepdf.Pdf) -> Iterator[str]:
    if not str(pdf.Root.get("/Lang", "")):
        yield "the document has no language"
    if not pdf.Root.MarkInfo.Marked:
        yield "the document is not marked"
    if not pdf.Root.ViewerPreferences.DisplayDocTitle:
        yield "the title is not displayed"


def associated_files(pdf: pikepdf.Pdf) -> Iterator[str]:
    listed = [one.objgen for one in pdf.Root.get("/AF", ())]
    if len(listed) != len(set(listed)):
        yield "an associated file is listed twice"
    for one in _dictionaries(pdf):
        if one.get("/Type") == "/Filespec":
            if "/AFRelationship" not in one or one.objgen not in listed:
                yield f"{one.UF} has no relationship to the document"
            if "/Subtype" not in one.EF.F:
                yield f"{one.UF} has no media type"


def fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    for one in _dictionaries(pdf):
        if one.get("/Type") != "/Font" or one.get("/Subtype") == "/Type0":
            continue
        descriptor = one.get("/FontDescriptor")
        if descriptor is None or "/FontFile2" not in descriptor:
            yield f"the font {one.get('/BaseFont')} is not embedded"
        elif (worst := _worst_width(one)) > 1:
            yield f"the widths of {one.BaseFont} differ by {worst} from its program's"


def _worst_width(font: Any) -> float:
    program = TTFont(io.BytesIO(font.FontDescriptor.FontFile2.read_bytes()))
    order, unit = program.getGlyphOrder(), program["head"].unitsPerEm
    widths, stated = list(font.W), {}
    while widths:
        first, second = int(widths.pop(0)), widths.pop(0)
        if isinstance(second, pikepdf.Array):
            stated |= {first + place: float(one) for place, one in enumerate(second)}
        else:
            width = float(widths.pop(0))
            stated |= dict.fromkeys(range(first, int(second) + 1), width)
    return max(
        (
            abs(width - program["hmtx"][order[glyph]][0] * 1000 / unit)
            for glyph, width in stated.items()
        ),
        default=0.0,  # only characters without a glyph, such as the marks around a name
    )


def tags(pdf: pikepdf.Pdf) -> Iterator[str]:
    for number, page in enumerate(pdf.pages, start=1):
        if "/StructParents" not in page:
            yield f"page {number} is not tagged"
    level = 0
    for one in _elements(pdf.Root.StructTreeRoot):
        if one.S == "/Figure" and not str(one.get("/Alt", "")):
            yield f"figure {one.objgen} has no alternative text"
        if str(one.S) in _HEADINGS:
            if int(str(one.S)[2:]) > level + 1:
                yield f"heading {one.objgen} skips a level after {level}"
            level = int(str(one.S)[2:])


def _elements(element: Any) -> Iterator[Any]:
    """Yield the elements below one, in the order in which they are read."""
    kids = element.get("/K", ())
    for kid in kids if isinstance(kids, pikepdf.Array) else (kids,):
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from _elements(kid)


def no_actions(pdf: pikepdf.Pdf) -> Iterator[str]:
    for key in ("/OpenAction", "/AA"):
        if key in pdf.Root:
            yield f"the catalog has {key}"
    for one in _dictionaries(pdf):
        if one.get("/S") in {"/JavaScript", "/Launch", "/SubmitForm", "/ResetForm"} or "/JS" in one:
            yield f"object {one.objgen} is an action that is not allowed"
        if one.get("/Type") == "/Annot" and "/AA" in one:
            yield f"annotation {one.objgen} has actions"


def annotations(pdf: pikepdf.Pdf) -> Iterator[str]:
    for page, one in _annotations(pdf):
        if page.get("/Tabs") != "/S":
            yield "a page with annotations is not read in the order of its structure"
        if one.Subtype != "/Link" and int(one.get("/F", 0)) & 0b111111 != 4:
            yield f"annotation {one.objgen} is not printed, or hidden"
        if one.Subtype == "/Widget" and "/N" not in one.get("/AP", {}):
            yield f"field {one.get('/T')} has no appearance"


def widgets_are_forms(pdf: pikepdf.Pdf) -> Iterator[str]:
    nums = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    parents = dict(zip(map(int, nums[::2]), nums[1::2], strict=True))
    for _, one in _annotations(pdf):
        if one.Subtype != "/Widget":
            continue
        element = parents.get(int(one.get("/StructParent", -1)))
        if element is None or element.S != "/Form":
            yield f"field {one.get('/T')} is not tagged as a form"
        if not str(one.get("/TU", "")):
            yield f"field {one.get('/T')} does not say what it is for"
    if pdf.Root.get("/AcroForm", {}).get("/NeedAppearances", False):
        yield "the appearances of fields are left to the reader"
    if "/XFA" in pdf.Root.get("/AcroForm", {}):
        yield "the form is XFA"


def pictures_and_transparency(pdf: pikepdf.Pdf) -> Iterator[str]:
    for one in _dictionaries(pdf):
        if one.get("/Interpolate", False):
            yield f"picture {one.objgen} is smoothed"
        if one.get("/Type") == "/XObject" and ("/OPI" in one or "/Ref" in one or "/PS" in one):
            yield f"object {one.objgen} is an XObject of a kind that is not allowed"
        group = one.get("/Group", {})
        if group.get("/S") == "/Transparency" and "/CS" in group and group.CS == "/DeviceCMYK":
            yield f"object {one.objgen} blends in a colour space that the output intent lacks"


RULES = (
    identification,
    output_intent,
    language_title_and_marks,
    associated_files,
    fonts,
    tags,
    no_actions,
    annotations,
    widgets_are_forms,
    pictures_and_transparency,
)
