"""What is read from a signed file, and from a hostile one."""

import io
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils.generic import TextStringObject, pdf_name

from validation.attest.certificates import fingerprint
from validation.attest.signed_pdf import _stated as stated_by
from validation.attest.signed_pdf import read_signed, unsigned_part
from validation.attest.signing_subject import subject_of
from validation.errors import SignatureError
from validation.record import digest


def test_each_signature_is_read_with_its_person_and_its_revision(at_level: Any, world: Any) -> None:
    document = read_signed(at_level("B-B"))
    assert document.digest == digest(at_level("B-B"))
    assert [one.field for one in document.fields] == ["signature-1", "signature-2"]
    assert document.byte_ranges == 2
    people = (world.author, world.approver)
    for number, (one, someone) in enumerate(zip(document.signatures, people, strict=True), 1):
        before, after = at_level("B-B", number - 1), at_level("B-B", number)
        assert one.number == number
        assert one.fingerprint == fingerprint(someone.certificate)
        assert (one.start, one.presented) == (len(before), digest(before))
        assert (one.end, one.revision) == (len(after), digest(after))
        stated = world.manifestation(before, someone, number, at=one.manifestation.at)
        assert one.manifestation == stated
    assert (document.signatures[0].user, document.signatures[0].name) == ("a.author", "Ada Author")


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LTA"])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_part_before_the_first_signature_is_what_was_rendered(
    level: str, count: int, at_level: Any
) -> None:
    assert unsigned_part(at_level(level, count)) == at_level(level, 0)


def test_fields_stand_in_the_order_of_their_numbers(signing: Any) -> None:
    document = read_signed(signing.document(count=12))
    assert [one.number for one in document.fields] == list(range(1, 13))
    assert (document.fields[0].width_pt, document.fields[0].height_pt) == (200, 50)
    assert document.signatures == ()


def test_a_signature_without_our_statement_is_read_as_made_elsewhere(
    signing: Any, world: Any
) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    out, before = io.BytesIO(), signing.document()
    metadata = PdfSignatureMetadata(
        "signature-1", reason="I wrote this", subfilter=SigSeedSubFilter.PADES
    )
    PdfSigner(metadata, world.author.signer).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(before)), output=out
    )
    (one,) = read_signed(out.getvalue()).signatures
    assert one.manifestation is None
    assert one.meaning == "I wrote this"
    assert (one.start, one.presented) == (len(before), digest(before))


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        ("D:20261129130000+01'00'", "2026-11-29T12:00:00Z"),
        ("D:20261129120000Z", "2026-11-29T12:00:00Z"),
        ("D:20261129120000", None),
        ("yesterday", None),
    ],
)
def test_the_moment_is_read_in_utc_or_not_at_all(
    stated: str, read: str | None, at_level: Any
) -> None:
    (one,) = read_signed(at_level("B-B", 1)).signatures
    one.embedded.sig_object[pdf_name("/M")] = TextStringObject(stated)
    found = stated_by(one.embedded)
    assert (found.at if found is not None else None) == read


HOSTILE = {
    "empty": b"",
    "no PDF": b"hello",
    "no table": b"%PDF-1.7\ntrailer <</Root 1 0 R>>\n%%EOF",
    "a loop": b"%PDF-1.7\nxref\n0 0\ntrailer <</Prev 9 /Root 1 0 R>>\nstartxref\n9\n%%EOF",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_cannot_be_read_is_an_error_of_ours(kind: str) -> None:
    with pytest.raises(SignatureError, match="cannot be read"):
        read_signed(HOSTILE[kind])


def test_a_field_that_leads_to_itself_is_an_error_of_ours(signing: Any) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(signing.document())) as pdf:
        field = pdf.Root.AcroForm.Fields[0]
        field.Kids = pikepdf.Array([field])
        pdf.save(out)
    with pytest.raises(SignatureError, match="cannot be read"):
        read_signed(out.getvalue())


@pytest.mark.parametrize("made", ["document", "attached", "page"])
def test_a_pdf_that_is_none_of_ours_is_not_signed(made: str, signing: Any) -> None:
    with pytest.raises(SignatureError, match="neither a protocol document nor a report"):
        subject_of(getattr(signing, made)())
