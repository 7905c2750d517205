"""What somebody could do to a signed document, at each level: the class and the place are told.

Each attack is one that another reader of signatures was seen to miss, or that a person with
write access would try. `pdfsig` calls most of them valid.
"""

import io
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from validation.attest.signed_pdf import read_signed

LEVELS = ("B-B", "B-T", "B-LTA")
at_each_level = pytest.mark.parametrize("level", LEVELS)
name = generic.pdf_name


def updated(content: bytes, change: Callable[[Any], None]) -> bytes:
    """Return a file with one more revision, as any program can add one."""
    writer, out = IncrementalPdfFileWriter(io.BytesIO(content)), io.BytesIO()
    change(writer)
    writer.write(out)
    return out.getvalue()


def _page(writer: Any) -> Any:
    return writer.root["/Pages"]["/Kids"][0]


def white_box(writer: Any) -> None:
    box = generic.StreamObject(stream_data=b"1 g 0 0 200 40 re f BT 20 20 Td (Dice 0.99) Tj ET")
    page = _page(writer)
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), writer.add_object(box)])
    writer.update_container(page)


def free_text(writer: Any) -> None:
    note = {"/Type": name("/Annot"), "/Subtype": name("/FreeText")}
    note |= {"/Rect": generic.ArrayObject(map(generic.NumberObject, (20, 20, 90, 40)))}
    note |= {"/Contents": generic.TextStringObject("Dice 0.99")}
    made = generic.DictionaryObject({name(key): value for key, value in note.items()})
    _page(writer)["/Annots"].append(writer.add_object(made))
    writer.update_container(_page(writer)["/Annots"])
    writer.update_container(_page(writer))


def swap_attachment(writer: Any) -> None:
    files = writer.root["/Names"]["/EmbeddedFiles"]["/Names"][1]["/EF"]
    other = writer.add_object(generic.StreamObject(stream_data=b'{"dice": 0.99}'))
    for key in ("/F", "/UF"):
        files[name(key)] = other
    writer.update_container(files)


def swap_stamp(writer: Any) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    other = generic.StreamObject(stream_data=b"BT (Somebody else) Tj ET")
    other[name("/Subtype")] = name("/Form")
    field["/AP"] = generic.DictionaryObject({name("/N"): writer.add_object(other)})
    writer.update_container(field)


def open_action(writer: Any) -> None:
    action = {name("/S"): name("/Named"), name("/N"): name("/LastPage")}
    writer.root["/OpenAction"] = generic.DictionaryObject(action)
    writer.update_root()


def title(writer: Any) -> None:
    info = {name("/Title"): generic.TextStringObject("Another report")}
    writer.set_info(writer.add_object(generic.DictionaryObject(info)))


UPDATES = (white_box, free_text, swap_attachment, swap_stamp, open_action, title)


@at_each_level
@pytest.mark.parametrize("change", UPDATES)
def test_a_revision_after_the_last_signature(
    change: Any, level: str, at_level: Any, told: Any
) -> None:
    found = told(updated(at_level(level), change))
    assert found.failures == {"altered"}
    assert "altered: the last signature covers the whole file" in found.broken


@at_each_level
@pytest.mark.parametrize("change", UPDATES)
def test_a_revision_between_the_signatures(
    change: Any, level: str, at_level: Any, told: Any, give: Any
) -> None:
    changed = updated(at_level(level, 1), change)
    found = told(give(level, changed, 2))
    assert found.failures == {"altered"}
    assert "1 of " in found.broken
    if change is not title:  # which pyHanko allows
        assert "altered: signature-1: nothing was added after it" in found.broken


@at_each_level
@pytest.mark.parametrize("rest", [b"\n", b" ", b"\0", b"%", b"\n%%EOF\n", b"garbage" * 99])
def test_bytes_after_the_end(rest: bytes, level: str, at_level: Any, told: Any) -> None:
    found = told(at_level(level) + rest)
    assert found.failures == {"altered"}


@at_each_level
@pytest.mark.parametrize("count", [0, 1])
def test_rolled_back_to_an_earlier_revision(
    count: int, level: str, at_level: Any, told: Any
) -> None:
    found = told(at_level(level, count))
    assert found.failures == {"incomplete"}
    assert f"{count} of 2 signatures" in found.broken


@at_each_level
def test_saved_again_by_another_program(level: str, at_level: Any, told: Any) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(at_level(level))) as pdf:
        pdf.save(out)
    found = told(out.getvalue())
    assert found.outcome == "did_not_hold"
    assert "altered" in found.failures


def _hole(content: bytes, number: int) -> tuple[int, int]:
    one = read_signed(content).signatures[number - 1].embedded
    return int(one.byte_range[1]), int(one.byte_range[2])


@at_each_level
def test_a_signature_taken_from_another_document(
    level: str, at_level: Any, told: Any, give: Any, signing: Any
) -> None:
    other = give(level, give(level, signing.attached(b'{"dice": 0.11}'), 1), 2)
    target = at_level(level)
    (first, last), (start, end) = _hole(other, 2), _hole(target, 2)
    digits = other[first + 1 : last - 1].rstrip(b"0").ljust(end - start - 2, b"0")
    assert len(digits) == end - start - 2
    found = told(target[: start + 1] + digits + target[end - 1 :])
    assert "altered: signature-2: the bytes that it covers" in found.broken


@at_each_level
def test_an_impostor_with_the_same_names(
    level: str, told: Any, signing: Any, world: Any, stamper: Any
) -> None:
    impostor = signing.World(world.now)
    trust = impostor.trust
    trust = type(trust)(trust.roots, world.trust.time_authorities, (*trust.crls, *world.trust.crls))
    content = signing.attached()
    for number, someone in enumerate((impostor.author, impostor.approver), start=1):
        options = {"level": level, "time_stamper": stamper(level), "trust": trust}
        at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        content = impostor.signed(content, someone, number, at=at, **options)
    found = told(content)
    assert found.failures == {"untrusted"}
    assert "Ada Author (a.author): untrusted" in found.broken
    assert told(content, trust=trust).outcome == "held"


@at_each_level
def test_one_more_signature_after_the_lock(
    level: str, at_level: Any, told: Any, world: Any
) -> None:
    writer, out = IncrementalPdfFileWriter(io.BytesIO(at_level(level))), io.BytesIO()
    metadata = PdfSignatureMetadata("signature-3", subfilter=SigSeedSubFilter.PADES)
    spec = SigFieldSpec("signature-3", box=(0, 0, 0, 0))
    signer = PdfSigner(metadata, world.author.signer, new_field_spec=spec)
    signer.sign_pdf(writer, output=out)
    found = told(out.getvalue())
    assert "altered" in found.failures
    assert "untrusted" in found.failures
    assert "signature-2: nothing was added after it" in found.broken
    assert "the protocol has no signatory ?" in found.broken


@at_each_level
@pytest.mark.parametrize("number", [1, 2])
def test_other_padding_in_the_room_of_a_signature(
    number: int, level: str, at_level: Any, told: Any
) -> None:
    content = bytearray(at_level(level))
    content[_hole(bytes(content), number)[1] - 2] = ord("1")
    found = told(bytes(content))
    assert found.failures == {"altered"}
    assert f"signature-{number}: nothing is hidden in its room" in found.broken


@at_each_level
def test_another_case_of_digits_in_the_room_of_a_signature(
    level: str, at_level: Any, told: Any
) -> None:
    content = at_level(level)
    start, end = _hole(content, 2)
    place = next(one for one in range(start + 1, end) if chr(content[one]).isalpha())
    found = told(content[:place] + content[place : place + 1].swapcase() + content[place + 1 :])
    assert "altered: signature-2: nothing is hidden in its room" in found.broken


@at_each_level
@pytest.mark.parametrize("number", [1, 2])
def test_a_smaller_range_of_bytes(number: int, level: str, at_level: Any, told: Any) -> None:
    content = at_level(level)
    one = read_signed(content).signatures[number - 1].embedded
    length = str(int(one.byte_range[3])).encode()
    ranges = list(re.finditer(rb"/ByteRange \[0 \d+ \d+ (\d+)", content))
    place = next(two for two in ranges if two[1] == length)
    shrunk = str(int(length) - 1).encode().rjust(len(length), b"0")
    found = told(content[: place.start(1)] + shrunk + content[place.end(1) :])
    assert "altered" in found.failures


@at_each_level
def test_one_person_signs_as_both(
    level: str, at_level: Any, told: Any, world: Any, give: Any
) -> None:
    found = told(give(level, at_level(level, 1), 2, world.author))
    assert found.failures == {"untrusted"}
    assert "Ada Author (a.author) signed as author and may not sign as approver" in found.broken


def test_one_key_under_two_names(told: Any, world: Any, signing: Any) -> None:
    from validation.attest import certificates
    from validation.attest.persons import Person

    request = certificates.certificate_request(world.author.key, Person("x.other", "Xi Other"))
    second = certificates.person_certificate(
        request, authority_key=world.key, authority=world.root, validity=world.validity
    )
    once = world.signed(signing.document(), world.author, 1)
    found = told(world.signed(once, signing.Someone(world.author.key, second), 2))
    assert found.failures == {"untrusted"}
    assert "Xi Other (x.other)" in found.broken


def test_the_approver_without_the_author(told: Any, world: Any, signing: Any) -> None:
    found = told(world.signed(signing.document(), world.approver, 2))
    assert found.failures == {"untrusted", "incomplete"}
    assert "out of order: approver" in found.broken


def test_the_approver_before_the_author(told: Any, world: Any, signing: Any) -> None:
    three = signing.document(count=3)  # no lock on the second field
    first = world.signed(three, world.approver, 2)
    found = told(world.signed(first, world.author, 1, certifies=False))
    assert "untrusted" in found.failures
    assert "out of order: approver, author" in found.broken


def test_a_page_that_looks_signed(told: Any, signing: Any) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(signing.attached())) as pdf:
        drawn = b"BT 20 200 Td (Digitally signed by Ada Author) Tj ET"
        pdf.pages[0].Contents = pdf.make_stream(drawn)
        pdf.save(out)
    found = told(out.getvalue())
    assert found.failures == {"incomplete"}
    assert "0 of 2 signatures" in found.broken


@pytest.mark.parametrize(
    "what", [b"/AcroForm", b"/Fields", b"/FT /Sig", b"/SubFilter", b"/ETSI.CAdES.detached", b"/V "]
)
def test_a_signature_that_a_flipped_bit_hides(
    what: bytes, at_level: Any, told: Any, caplog: pytest.LogCaptureFixture
) -> None:
    content = at_level("B-B")
    places = [one.start() for one in re.finditer(re.escape(what), content)]
    assert places
    for place in places:
        flipped = bytearray(content)
        flipped[place + 1] ^= 1
        assert "altered" in told(bytes(flipped)).failures
    assert caplog.records == []


@pytest.mark.parametrize(
    ("entry", "said"),
    [("user", "user id"), ("name", "name"), ("role", "role"), ("title", "function"),
     ("meaning", "meaning")],
)  # fmt: skip
def test_a_statement_that_is_not_the_certificates_or_the_protocols(
    entry: str, said: str, told: Any, world: Any, signing: Any
) -> None:
    once = world.signed(signing.document(), world.author, 1, **{entry: "other"})
    found = told(world.signed(once, world.approver, 2))
    assert found.failures == {"altered"}
    assert f"these differ: {said}" in found.broken


def test_a_statement_of_another_file(told: Any, world: Any, signing: Any) -> None:
    other = "sha256:" + "7" * 64
    once = world.signed(signing.document(), world.author, 1, presented=other)
    found = told(world.signed(once, world.approver, 2))
    assert "altered: signature-1: the file that it says was presented" in found.broken


def _last_room(content: bytes) -> range:
    """Return the room of the last signature or time stamp, which nothing in the file covers."""
    document = read_signed(content)
    every = [one.embedded for one in document.signatures] + list(document.time_stamps)
    last = max(every, key=lambda one: int(one.byte_range[1]))
    return range(int(last.byte_range[1]), int(last.byte_range[2]))


def _missed(content: bytes, places: Iterable[int], told: Any) -> list[int]:
    """Return at which places a flipped bit leaves everything held."""
    missed = []
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1
        if told(bytes(flipped)).outcome != "did_not_hold":
            missed.append(place)
    return missed


def _missed_elsewhere(content: bytes, places: Iterable[int], told: Any) -> list[int]:
    room = _last_room(content)
    return [one for one in _missed(content, places, told) if one not in room]


def test_one_byte_in_97_changed(at_level: Any, told: Any) -> None:
    content = at_level("B-B")
    assert _missed_elsewhere(content, range(0, len(content), 97), told) == []


@pytest.mark.slow
def test_any_byte_changed(at_level: Any, told: Any) -> None:
    """Minutes. What is missed is some 40 of 11,540 bytes, all in the room of the last signature.

    There it is what the signature's container says twice. The audit trail has the digest.
    """
    content = at_level("B-B")
    missed = _missed(content, range(len(content)), told)
    assert set(missed) <= set(_last_room(content))
    assert len(missed) < 80


@pytest.mark.parametrize("level", LEVELS[1:])
def test_bytes_changed_with_time_stamps(level: str, at_level: Any, told: Any) -> None:
    content = at_level(level)
    assert _missed_elsewhere(content, range(5, len(content), 1499), told) == []


TOKENS = (
    rb"%PDF|%%EOF|startxref|trailer|xref|endobj|endstream|stream|/ByteRange|/Contents|/Type|/Sig"
    rb"|/Root|/Prev|/Size|/Perms|/DocMDP|/FieldMDP|/Reason|/Name |/M |/ContactInfo|/Location"
)


def test_any_structure_changed(at_level: Any, told: Any) -> None:
    content = at_level("B-B")
    places = [one.start() + 1 for one in re.finditer(TOKENS, content)]
    assert len(places) > 50
    assert _missed_elsewhere(content, places[::2], told) == []
