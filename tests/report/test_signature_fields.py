"""Empty signature fields: where the document shows them, tagged, printed, and nowhere else."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime

import pikepdf
import pytest

from validation.errors import RenderError
from validation.plan.protocol import Signatory
from validation.report.render import environment, render_pdf
from validation.report.signature_fields import SignatureField
from validation.report.view.approvals import approvals, signature_fields

BLOCKS = (
    '{% import "_partials/approvals.html.jinja" as approvals %}<!doctype html><html lang="en">'
    '<head><title>T</title><link rel="stylesheet" href="styles/report.css"></head>'
    '<body class="{{ size }}"><h1>Title</h1>{{ approvals.blocks(view) }}</body></html>'
)
BOX = "display: block; width: 300pt; height: 60pt"


def place(name: str, style: str = BOX) -> str:
    return f'<div data-signature-field="{name}" style="{style}"></div>'


def document(body: str) -> str:
    return f'<!doctype html><html lang="en"><title>T</title><body><p>x</p>{body}</body></html>'


def rendered(html: str, fields: Sequence[SignatureField]) -> pikepdf.Pdf:
    content = render_pdf(
        html,
        images={},
        attachments=(),
        created=datetime(2026, 3, 1, tzinfo=UTC),
        identifier=b"1",
        universal_access=True,
        signature_fields=fields,
    )
    return pikepdf.open(io.BytesIO(content))


def signatories(count: int) -> tuple[Signatory, ...]:
    return tuple(
        Signatory(
            role=f"role-{n}", title=f"Head of <b>{n}</b>", meaning="I approve \u201cthis\u201d"
        )
        for n in range(1, count + 1)
    )


def approved(count: int, size: str) -> pikepdf.Pdf:
    signing = signatories(count)
    html = environment().from_string(BLOCKS).render(view=approvals(signing), size=size)
    return rendered(html, signature_fields(signing))


@pytest.mark.parametrize("size", ["A4", "Letter"])
@pytest.mark.parametrize("count", [1, 3, 8])
def test_each_signatory_has_a_field_inside_of_a_page(count: int, size: str) -> None:
    pdf = approved(count, size)
    fields = list(pdf.Root.AcroForm.Fields)
    assert [str(one.T) for one in fields] == [f"signature-{n}" for n in range(1, count + 1)]
    pages = {one.objgen: one for one in pdf.pages}
    taken: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for number, field in enumerate(fields, start=1):
        assert field.FT == "/Sig"
        assert "/V" not in field
        assert int(field.F) == 4
        assert str(field.TU) == f"Head of <b>{number}</b>: I approve \u201cthis\u201d"
        left, bottom, right, top = map(float, field.Rect)
        assert (right - left, top - bottom) == pytest.approx((325.98, 68.03), abs=0.01)
        page = pages[field.P.objgen]
        assert field.objgen in [one.objgen for one in page.Annots]
        width, height = float(page.MediaBox[2]), float(page.MediaBox[3])
        assert left > 60
        assert right < width - 60
        assert bottom > 60
        assert top < height - 60
        for other_bottom, other_top in taken.setdefault(field.P.objgen, []):
            assert top < other_bottom or bottom > other_top
        taken[field.P.objgen].append((bottom, top))


def test_a_field_is_tagged_as_a_form_of_its_own() -> None:
    pdf = approved(3, "A4")
    nums = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    parents = dict(zip(map(int, nums[::2]), nums[1::2], strict=True))
    for field in pdf.Root.AcroForm.Fields:
        form = parents[int(field.StructParent)]
        assert form.S == "/Form"
        assert form.K.Type == "/OBJR"  # one item, not a list of one
        assert form.K.Obj.objgen == field.objgen
        assert field.P.Tabs == "/S"
        assert field.AP.N.Subtype == "/Form"
        assert field.AP.N.read_bytes().strip() == b""
    assert "/SigFlags" not in pdf.Root.AcroForm
    assert {str(one.Subtype) for page in pdf.pages for one in page.get("/Annots", ())} == {
        "/Widget"
    }


def test_a_document_without_fields_has_no_form() -> None:
    assert "/AcroForm" not in rendered(document(""), ()).Root


def test_every_place_that_is_not_as_it_should_be_is_named() -> None:
    html = document(place("signature-1") * 2 + place("stray"))
    fields = [SignatureField(f"signature-{n}", "x") for n in (1, 2)]
    with pytest.raises(RenderError) as caught:
        rendered(html, fields)
    assert [(one.where, one.what) for one in caught.value.problems] == [
        ("signature-1", "the field has 2 places in the document, not one"),
        ("signature-2", "the field has 0 places in the document, not one"),
        ("stray", "no field has this name"),
    ]


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("display: block; width: 300pt; height: 20pt", "too small"),
        (f"{BOX}; margin-left: 500pt", "outside of its page"),
    ],
)
def test_a_place_that_cannot_hold_a_signature_is_refused(style: str, said: str) -> None:
    with pytest.raises(RenderError, match=said) as caught:
        rendered(document(place("signature-1", style)), [SignatureField("signature-1", "x")])
    assert caught.value.where == "signature-1"


def test_text_cannot_make_a_field() -> None:
    signing = (Signatory(role="a", title=place("signature-9"), meaning=place("signature-1")),)
    html = environment().from_string(BLOCKS).render(view=approvals(signing), size="A4")
    assert len(rendered(html, signature_fields(signing)).Root.AcroForm.Fields) == 1
