"""Reading the signatures of a PDF: which fields, whose, over which bytes, saying what.

Nothing is judged here; `validation.attest.signature_check` does.
"""

import dataclasses
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from asn1crypto.parser import peek
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyhanko.pdf_utils.generic import parse_pdf_date
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import FieldMDPAction, enumerate_sig_fields
from pyhanko.sign.validation.generic_cms import extract_self_reported_ts
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from validation.attest.certificates import fingerprint
from validation.attest.persons import person_of
from validation.attest.quiet_library import quiet_library
from validation.errors import SignatureError
from validation.record import digest
from validation.report.manifestation import Manifestation

FIELD = "signature-"
"""How the names of our fields begin; the number of the signatory follows."""
_END = re.compile(rb"%%EOF(?:\r\n|\n|\r)?")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
_NUMBER = re.compile("[1-9][0-9]{0,3}")


@dataclass(frozen=True)
class FoundSignature:
    """A signature of a person."""

    field: str
    """Name of its field, e.g. ``signature-1``."""
    number: int
    """Number of the signatory, from 1; 0 where the field is none of ours."""
    manifestation: Manifestation | None
    """What it states of itself; None where it was made elsewhere."""
    meaning: str
    """/Reason of the signature's dictionary."""
    certificate: x509.Certificate
    user: str
    """User id in the certificate; empty where it names none."""
    name: str
    """Printed name in the certificate."""
    presented: str
    """Digest of the bytes before: what was presented for signing."""
    start: int
    """Number of those bytes."""
    revision: str
    """Digest of the file as it was signed, with the document time stamps that followed (B-LTA)."""
    end: int
    """Number of bytes of that file."""
    embedded: EmbeddedPdfSignature = dataclasses.field(repr=False)
    """As pyHanko has it, to be validated."""

    @property
    def other_certificates(self) -> list[x509.Certificate]:
        """Certificates of authorities that the signature carries."""
        others = self.embedded.other_embedded_certs
        return [x509.load_der_x509_certificate(one.dump()) for one in others]

    @property
    def signing_time(self) -> str:
        """When, as the signed attributes say, UTC to the second.

        Empty where they say nothing, as in PAdES, where /M is what counts; where they cannot
        be read, why.
        """
        try:
            told = extract_self_reported_ts(self.embedded.signer_info)
        except ValueError as error:
            return f"unreadable: {error}"
        return f"{told.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if told is not None else ""

    @property
    def is_last(self) -> bool:
        """Tell whether it locks every field, so that no signature may follow."""
        locks = self.embedded.fieldmdp
        return locks is not None and locks.action is FieldMDPAction.ALL

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate."""
        return fingerprint(self.certificate)

    @property
    def key(self) -> str:
        """SHA-256 of the public key."""
        return key_digest(self.certificate)


class Room(NamedTuple):
    """A field for a signature, and the room it has on its page."""

    field: str
    """Its name, e.g. ``signature-1``."""
    width_pt: float
    height_pt: float

    @property
    def number(self) -> int:
        """Number of the signatory, from 1."""
        return _number(self.field)


@dataclass(frozen=True)
class SignedDocument:
    """The signatures of a PDF, in the order in which they were given."""

    digest: str
    """Of the whole file."""
    size: int
    fields: tuple[Room, ...]
    """Our fields, signed or not, in the order of their numbers."""
    signatures: tuple[FoundSignature, ...]
    time_stamps: tuple[EmbeddedPdfSignature, ...]
    """Document time stamps (B-LTA)."""
    unsigned_size: int
    """Bytes of the document before the first signature."""
    byte_ranges: int
    """How often the file says /ByteRange: once for each signature and time stamp."""

    @property
    def last_end(self) -> int:
        """Where the last signature or document time stamp ends."""
        ends = [end_of(one.embedded) for one in self.signatures]
        return max([*ends, *map(end_of, self.time_stamps)], default=0)


def read_signed(content: bytes) -> SignedDocument:
    """Return the signatures of a PDF.

    Args:
        content: Bytes of the PDF.

    Raises:
        SignatureError: The file or a signature in it cannot be read.
    """
    try:
        # In strict mode, what is ambiguous is refused and not guessed at.
        with quiet_library():
            reader = PdfFileReader(io.BytesIO(content), strict=True)
            fields = tuple(sorted(_rooms(reader), key=lambda one: one.number))
            time_stamps = tuple(reader.embedded_timestamp_signatures)
            stamped = [end_of(one) for one in time_stamps]
            signatures = tuple(_found(reader.embedded_regular_signatures, content, stamped))
    except SignatureError:
        raise
    except Exception as error:  # whatever a hostile file makes the reader raise
        what = f"the signatures cannot be read: {type(error).__name__}: {error}"
        raise SignatureError(what) from error
    return SignedDocument(
        digest=digest(content),
        size=len(content),
        fields=fields,
        signatures=signatures,
        time_stamps=time_stamps,
        unsigned_size=signatures[0].start if signatures else len(content),
        byte_ranges=content.count(b"/ByteRange"),
    )


def key_digest(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate's public key."""
    public = certificate.public_key()
    return digest(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def unsigned_part(content: bytes) -> bytes:
    """Return a document as it was before its first signature.

    Raises:
        SignatureError: The file or a signature in it cannot be read.
    """
    return content[: read_signed(content).unsigned_size]


def _rooms(reader: PdfFileReader) -> Iterator[Room]:
    for name, _, reference in enumerate_sig_fields(reader):
        if _number(name):
            x1, y1, x2, y2 = (float(one) for one in reference.get_object()["/Rect"])
            yield Room(name, abs(x2 - x1), abs(y2 - y1))


def _number(name: str) -> int:
    rest = name.removeprefix(FIELD)
    return int(rest) if rest != name and _NUMBER.fullmatch(rest) else 0


def _found(
    signatures: list[EmbeddedPdfSignature], content: bytes, stamped: list[int]
) -> Iterator[FoundSignature]:
    before = 0
    rooms = [int(one.byte_range[1]) for one in signatures[1:]]
    for one, following in zip(signatures, [*rooms, len(content)], strict=False):
        # Time stamps between a signature and the next belong to the file as it was signed.
        own = end_of(one)
        end = max([own, *(place for place in stamped if own < place <= following)])
        yield _signature(one, content, before, end)
        before = end


def _signature(one: EmbeddedPdfSignature, content: bytes, before: int, end: int) -> FoundSignature:
    certificate = x509.load_der_x509_certificate(one.signer_cert.dump())
    person = person_of(certificate)
    stated = _stated(one)
    start, presented = _presented(content, before, one, stated)
    return FoundSignature(
        field=one.fq_name,
        number=_number(one.fq_name),
        manifestation=stated,
        meaning=str(one.sig_object.get("/Reason", "")),
        certificate=certificate,
        user=person.user,
        name=person.name,
        presented=presented,
        start=start,
        revision=digest(content[:end]),
        end=end,
        embedded=one,
    )


def _stated(one: EmbeddedPdfSignature) -> Manifestation | None:
    entries = one.sig_object
    try:
        moment = parse_pdf_date(str(entries["/M"]), strict=True)
        return Manifestation.parsed(
            str(entries["/ContactInfo"]),
            name=str(entries["/Name"]),
            meaning=str(entries["/Reason"]),
            at=f"{_utc(moment):%Y-%m-%dT%H:%M:%SZ}",
        )
    except (KeyError, ValueError, OverflowError, PdfReadError):
        return None


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset is none")
    return moment.astimezone(UTC)


def _presented(
    content: bytes, before: int, one: EmbeddedPdfSignature, stated: Manifestation | None
) -> tuple[int, str]:
    """Return where the file before a signature ended, and its digest.

    A file ends with ``%%EOF`` and may have a line break after it, which only a digest tells
    from the bytes that follow. Where none is stated, or none fits, it is the last end there.
    """
    hole = int(one.byte_range[1])
    ends = [found.end() for found in _END.finditer(content, max(0, before - 8), hole)]
    bare = [found.start() + 5 for found in _END.finditer(content, max(0, before - 8), hole)]
    candidates = sorted({*ends, *bare})
    if not candidates:
        raise SignatureError("a signature has no document before it")
    if stated is not None:
        for place, found in _digests(content, candidates):
            if found == stated.presented:
                return place, found
    return max(ends), digest(content[: max(ends)])


def _digests(content: bytes, ends: list[int]) -> Iterator[tuple[int, str]]:
    """Yield the digest of the file up to each of some ends, in one pass."""
    sha256, done = hashlib.sha256(), 0
    for end in ends:
        sha256.update(content[done:end])
        done = end
        yield end, f"sha256:{sha256.hexdigest()}"


def end_of(one: EmbeddedPdfSignature) -> int:
    """Return where the bytes that a signature covers end."""
    return int(one.byte_range[2]) + int(one.byte_range[3])


def padding_problem(one: EmbeddedPdfSignature, content: bytes) -> str:
    """Return what is wrong with the room of a signature in the file; empty if nothing is.

    Between its two ranges stands ``<``, the signature in hexadecimal digits of one case, zeros
    and ``>``. No signature covers this room itself.
    """
    hole = content[int(one.byte_range[1]) : int(one.byte_range[2])]
    digits = hole[1:-1]
    if hole[:1] != b"<" or hole[-1:] != b">":
        return "its room is not one string"
    if digits not in (digits.lower(), digits.upper()) or not _HEX.fullmatch(digits):
        return "its room is not written in hexadecimal digits of one case"
    if bytes.fromhex(digits.decode("ascii")) != one.pkcs7_content:
        return "its room is not where the signature is"
    if one.pkcs7_content[len(first_value(one.pkcs7_content)) :].strip(b"\0"):
        return "after it stands something other than zeros"
    return ""


def first_value(content: bytes) -> bytes:
    """Return the first value of `content`, header and all (X.690).

    Raises:
        ValueError: There is none.
    """
    return content[: peek(content)]
