"""What a signer could do with a tool of their own, and whoever may ask for a time stamp.

A signature over a lie is a good signature: what it was added to, what it says and what its time
stamp covers have to be looked at, too.
"""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper

from validation.attest.certificates import Revocation
from validation.attest.document_check import Known, check_signed
from validation.attest.revision_check import addition_problem
from validation.attest.signed_pdf import padding_problem, read_signed
from validation.attest.signing_subject import SigningSubject
from validation.attest.trust import Trust
from validation.attest.verification import Checks
from validation.errors import SignatureError
from validation.record import digest

DAY = timedelta(days=1)
name = generic.pdf_name
_PERSONS = "the signer's certificate"
ADDED = "nothing was added with it to what was presented"


def _updated(content: bytes, change: Callable[[Any], None]) -> bytes:
    writer, out = IncrementalPdfFileWriter(io.BytesIO(content)), io.BytesIO()
    change(writer)
    writer.write(out)
    return out.getvalue()


def white_box(writer: Any) -> None:
    box = generic.StreamObject(stream_data=b"1 g 0 0 300 300 re f")
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), writer.add_object(box)])
    writer.update_container(page)


def title(writer: Any) -> None:
    info = {name("/Title"): generic.TextStringObject("Another report")}
    writer.set_info(writer.add_object(generic.DictionaryObject(info)))


def larger_field(writer: Any) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/Rect"] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 300, 300)))
    writer.update_container(field)


def other_field(writer: Any) -> None:
    """Make a field in passing whose appearance covers the page."""
    drawn = generic.StreamObject(stream_data=b"1 g 0 0 300 300 re f")
    drawn |= {name("/Subtype"): name("/Form"), name("/Type"): name("/XObject")}
    drawn[name("/BBox")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 300, 300)))
    field = {"/Type": name("/Annot"), "/Subtype": name("/Widget"), "/FT": name("/Sig")}
    field |= {"/T": generic.TextStringObject("cover"), "/F": generic.NumberObject(4)}
    field |= {"/Rect": generic.ArrayObject(map(generic.NumberObject, (0, 0, 300, 300)))}
    field |= {"/AP": generic.DictionaryObject({name("/N"): writer.add_object(drawn)})}
    made = writer.add_object(
        generic.DictionaryObject({name(key): value for key, value in field.items()})
    )
    page, form = writer.root["/Pages"]["/Kids"][0], writer.root["/AcroForm"]
    for owner, key in ((page, "/Annots"), (form, "/Fields")):
        owner[key].append(made)
        writer.update_container(owner[key])


@pytest.mark.parametrize("change", [white_box, title, larger_field, other_field])
@pytest.mark.parametrize("number", [1, 2])
def test_a_page_changed_before_signing_what_was_presented_unchanged(
    number: int, change: Any, told: Any, world: Any, at_level: Any
) -> None:
    """The signer says that the record's own file was presented, and signs another."""
    presented = at_level("B-B", number - 1)
    changed = _updated(presented, change)
    someone = (world.author, world.approver)[number - 1]
    content = world.signed(changed, someone, number, presented=digest(presented))
    if number == 1:
        content = world.signed(content, world.approver, 2)
    found = told(content)
    assert found.failures == {"altered"}
    assert f"altered: signature-{number}: {ADDED}: between what was presented" in found.broken


@pytest.mark.parametrize("change", [white_box, larger_field, other_field])
@pytest.mark.parametrize("number", [1, 2])
def test_a_page_changed_in_the_revision_of_the_signature_itself(
    number: int, change: Any, told: Any, world: Any, at_level: Any
) -> None:
    presented = at_level("B-B", number - 1)
    writer, out = IncrementalPdfFileWriter(io.BytesIO(presented)), io.BytesIO()
    change(writer)
    someone = (world.author, world.approver)[number - 1]
    stated = world.manifestation(presented, someone, number)
    metadata = PdfSignatureMetadata(
        f"signature-{number}",
        name=stated.name,
        reason=stated.meaning,
        contact_info=stated.statement(),
        subfilter=SigSeedSubFilter.PADES,
        certify=number == 1,
        docmdp_permissions=MDPPerm.FILL_FORMS,
    )
    PdfSigner(metadata, someone.signer).sign_pdf(writer, existing_fields_only=True, output=out)
    content = out.getvalue()
    if number == 1:
        content = world.signed(content, world.approver, 2)
    found = told(content)
    assert found.failures == {"altered"}
    assert f"altered: signature-{number}: {ADDED}" in found.broken


def test_what_a_revision_holds_is_not_compared_where_nobody_asks(at_level: Any) -> None:
    content = at_level("B-B")
    document = read_signed(content)
    for one in document.signatures:
        assert addition_problem(one, document, content) == ""
        assert addition_problem(one, document, content, compare=False) == ""


@pytest.mark.parametrize("hours", [-3, 3])
@pytest.mark.parametrize("level", ["B-T", "B-LTA"])
def test_a_moment_that_the_time_stamp_contradicts(
    level: str, hours: int, told: Any, world: Any, signing: Any
) -> None:
    clock = world.clock(world.now + timedelta(hours=hours))
    once = world.signed(signing.document(), world.author, 1, level=level, time_stamper=clock)
    twice = world.signed(once, world.approver, 2, level=level, time_stamper=clock)
    found = told(twice, at=world.now + DAY)
    assert "untrusted" in found.failures
    assert "signature-1: the moment that it states is that of its time stamp" in found.broken


def test_a_moment_before_the_certificate_was_valid(told: Any, world: Any, signing: Any) -> None:
    new = signing.World.__new__(signing.World)
    new.__dict__.update(world.__dict__)
    validity = type(world.validity)(world.now - DAY, world.now + DAY)
    young = new.person("y.young", "Yu Young", validity)
    presented = signing.document(count=1)
    stated = new.manifestation(presented, young, 1)
    metadata = PdfSignatureMetadata(
        "signature-1",
        name=stated.name,
        reason=stated.meaning,
        contact_info=stated.statement(),
        subfilter=SigSeedSubFilter.PADES,
    )

    class Earlier(PdfSigner):
        def init_signing_session(self, *args: Any, **options: Any) -> Any:
            session = super().init_signing_session(*args, **options)
            session.system_time = world.now - 9 * DAY
            return session

    out = io.BytesIO()
    Earlier(metadata, young.signer).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(presented)), output=out
    )
    found = told(out.getvalue(), signatories=signing.SIGNATORIES[:1])
    assert "moment (the certificate was not valid then)" in found.broken


def test_a_time_stamp_of_the_future(told: Any, world: Any, at_level: Any, signing: Any) -> None:
    clock = world.clock(world.now + 3 * DAY)
    once = world.signed(signing.document(count=1), world.author, 1, level="B-T", time_stamper=clock)
    found = told(once, signatories=signing.SIGNATORIES[:1])
    assert "untrusted" in found.failures
    assert "one clock is wrong" in found.broken


@pytest.mark.parametrize("level", ["B-T", "B-LTA"])
def test_a_pinned_authority_whose_key_was_stolen(
    level: str, told: Any, world: Any, at_level: Any, signing: Any
) -> None:
    """A pinned certificate is an anchor to the library, which asks no list about it."""
    later = signing.World.__new__(signing.World)
    since = world.now - DAY
    stolen = Revocation(world.tsa.serial_number, since, "key_compromise")
    later.__dict__.update(world.__dict__, revoked=[stolen])
    found = told(at_level(level), trust=later.trust)
    assert found.failures == {"untrusted"}
    assert found.broken.count("revoked: since") == (2 if level == "B-T" else 4)


def _stamped_again(content: bytes, world: Any, at: Any) -> bytes:
    out = io.BytesIO()
    PdfTimeStamper(world.clock(at)).timestamp_pdf(
        IncrementalPdfFileWriter(io.BytesIO(content)), "sha256", output=out
    )
    return out.getvalue()


def test_a_time_stamp_that_leaves_out_the_signature_proves_nothing_of_it(
    told: Any, world: Any, signing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anyone may have any bytes stamped, in stock, before a key is stolen and revoked."""
    from pyhanko.sign.validation import pdf_embedded

    real = pdf_embedded.EmbeddedPdfSignature.evaluate_signature_coverage

    def partial(one: Any) -> Any:
        if one.sig_object_type == "/DocTimeStamp":
            return pdf_embedded.SignatureCoverageLevel.CONTIGUOUS_BLOCK_FROM_START
        return real(one)

    signed = world.signed(signing.document(count=1), world.author, 1)
    content = _stamped_again(signed, world, world.now)
    assert told(content, signatories=signing.SIGNATORIES[:1]).outcome == "held"
    # A file with such a range cannot be made without a tool of its own: what the library says
    # of it is put in its place.
    monkeypatch.setattr(pdf_embedded.EmbeddedPdfSignature, "evaluate_signature_coverage", partial)
    found = told(content, signatories=signing.SIGNATORIES[:1])
    assert "it does not cover every byte before it" in found.broken


def test_the_room_of_a_document_time_stamp_hides_nothing(at_level: Any, told: Any) -> None:
    content = bytearray(at_level("B-LTA"))
    last = read_signed(bytes(content)).time_stamps[-1]
    content[int(last.byte_range[2]) - 20] = ord("7")
    found = told(bytes(content))
    assert found.failures == {"altered"}
    assert "something is hidden in its room" in found.broken


def test_a_signature_of_b_lta_outlives_the_authority_with_one_more_time_stamp(
    told: Any, world: Any, signing: Any
) -> None:
    short = type(world.validity)(world.now - DAY, world.now + 10 * DAY)
    author = world.person("s.short", "Sy Short", short)
    signed = world.signed(
        signing.document(count=1), author, 1, level="B-LTA", time_stamper=world.clock()
    )
    one = signing.SIGNATORIES[:1]
    other = signing.World.__new__(signing.World)
    other.__dict__.update(world.__dict__, now=world.now + 300 * DAY)
    other.tsa_key = world.tsa_key
    validity = type(world.validity)(world.now + 200 * DAY, world.now + 900 * DAY)
    from validation.attest import certificates

    other.tsa = certificates.time_stamp_certificate(
        world.tsa_key.public_key(),
        name="Second clock",
        authority_key=world.key,
        authority=world.root,
        validity=validity,
    )
    content = _stamped_again(signed, other, other.now)
    trust = Trust(
        roots=world.trust.roots,
        time_authorities=(*world.trust.time_authorities, *other.trust.time_authorities),
        crls=(*world.trust.crls, other.crl()),
    )
    later = world.now + 600 * DAY
    assert told(signed, signatories=one, trust=trust, at=later).outcome != "held"
    found = told(content, signatories=one, trust=trust, at=later)
    assert found.broken == ""
    assert found.outcome == "held"


def test_the_file_as_it_was_signed_ends_with_its_time_stamps(at_level: Any) -> None:
    """The trail has the digest of the file that was written, time stamps and all."""
    document = read_signed(at_level("B-LTA"))
    for count, one in enumerate(document.signatures, start=1):
        assert one.end == len(at_level("B-LTA", count))
        assert one.revision == digest(at_level("B-LTA", count))


@pytest.mark.parametrize("content", [b"garbage", b"", b"\x30\x03\x02\x01\x01"])
def test_a_list_in_the_file_that_is_none_is_no_crash(
    content: bytes, told: Any, at_level: Any, world: Any
) -> None:
    def change(writer: Any) -> None:
        store = writer.root["/DSS"]
        store["/CRLs"].append(writer.add_object(generic.StreamObject(stream_data=content)))
        writer.update_container(store["/CRLs"])
        writer.update_container(store)

    changed = _updated(at_level("B-LTA"), change)
    found = told(_stamped_again(changed, world, datetime.now(UTC)))
    assert found.failures <= {"altered"}
    assert _PERSONS not in found.broken


@pytest.mark.parametrize("store", [generic.NumberObject(5), generic.ArrayObject()])
def test_a_store_that_is_none_is_told(store: Any, told: Any, at_level: Any) -> None:
    def change(writer: Any) -> None:
        writer.root["/DSS"] = store
        writer.update_root()

    assert told(_updated(at_level("B-LTA"), change)).failures == {"altered"}


def test_a_signature_that_names_another_document(world: Any, signing: Any, at_level: Any) -> None:
    subject = SigningSubject("report", "VP-2", "VR-2", "A", "Report", "", signing.SIGNATORIES)
    checks = Checks()
    check_signed(at_level("B-B"), subject, Known(world.trust, None, world.now), checks)
    (found,) = [one for one in checks.all() if "name the document" in one.what]
    assert (found.outcome, found.failure) == ("did_not_hold", "altered")
    assert "signature-1: VP-1 revision A, signature-2: VP-1 revision A" in found.detail


def test_nothing_is_signed_after_the_lock(world: Any, signing: Any, at_level: Any) -> None:
    def change(writer: Any) -> None:
        from pyhanko.sign.fields import append_signature_field

        append_signature_field(writer, SigFieldSpec("signature-1x"))

    content = _updated(at_level("B-B"), change)
    with pytest.raises(SignatureError, match="the last signature is there"):
        world.signed(content, world.author, 1)


@pytest.mark.parametrize("content", [b"", b"no PDF", b"%PDF-1.7\n%%EOF\n"])
def test_what_cannot_be_read_is_not_signed(content: bytes, world: Any) -> None:
    with pytest.raises(SignatureError, match="cannot be read"):
        world.signed(content, world.author, 1)


def _foreign(content: bytes, someone: Any, moment: str) -> bytes:
    """Return a document that another program signed, with /M as it is told."""
    from pyhanko.sign.signers import pdf_byterange

    out = io.BytesIO()
    metadata = PdfSignatureMetadata(
        "signature-1", reason="I wrote this", subfilter=SigSeedSubFilter.PADES
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf_byterange, "pdf_date", lambda _: generic.TextStringObject(moment))
        PdfSigner(metadata, someone.signer).sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(content)), output=out
        )
    return out.getvalue()


@pytest.mark.parametrize("moment", ["D:2026", "D:20261129120000", "D:20261129120000+01'00'"])
def test_a_foreign_signature_with_any_date_is_read(
    moment: str, told: Any, world: Any, signing: Any
) -> None:
    content = _foreign(signing.document(count=1), world.author, moment)
    found = told(content, signatories=signing.SIGNATORIES[:1])
    assert found.broken == ""
    assert found.outcome == "held"


@pytest.mark.parametrize("moment", ["", "yesterday", "D:20261329"])
def test_a_foreign_signature_with_no_date_does_not_hold(
    moment: str, told: Any, world: Any, signing: Any
) -> None:
    content = _foreign(signing.document(count=1), world.author, moment)
    assert read_signed(content).signatures[0].manifestation is None
    found = told(content, signatories=signing.SIGNATORIES[:1])
    assert found.failures == {"altered"}
    assert "signature-1: the signature holds" in found.broken


@pytest.mark.parametrize("field", ["signature-01", "signature-", "signature-1x", "signature-0"])
def test_only_numbers_as_we_write_them_name_our_fields(field: str, signing: Any) -> None:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(signing.document())) as pdf:
        pdf.Root.AcroForm.Fields[0].T = pikepdf.String(field)
        pdf.save(out)
    assert [one.field for one in read_signed(out.getvalue()).fields] == ["signature-2"]


def test_the_room_of_a_signature_is_where_the_signature_is(at_level: Any) -> None:
    content = at_level("B-B")
    one = read_signed(content).signatures[0].embedded
    assert padding_problem(one, content) == ""
    start = int(one.byte_range[1])
    moved = content[: start + 9] + b"00" + content[start + 11 :]
    assert padding_problem(one, moved) == "its room is not where the signature is"
