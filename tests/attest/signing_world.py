"""A small world to sign in: an authority, persons, a time-stamp authority, a PDF with fields."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pikepdf
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pikepdf import Array, Dictionary, Name, String
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

from validation.attest import certificates
from validation.attest.certificates import Revocation, Validity
from validation.attest.key_file import OpenKey, signer_of
from validation.attest.persons import Person
from validation.attest.signatures import Asked, sign
from validation.attest.signed_pdf import read_signed
from validation.attest.trust import Trust
from validation.plan.protocol import Signatory
from validation.record import digest
from validation.report.manifestation import Manifestation

NOW = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)
SIGNATORIES = (
    Signatory(role="author", title="Engineer", meaning="I wrote this"),
    Signatory(role="approver", title="Head", meaning="I approve this", distinct_from=("author",)),
)


class Someone(NamedTuple):
    """A person with a key and a certificate."""

    key: Any
    certificate: x509.Certificate

    @property
    def signer(self) -> Any:
        return signer_of(OpenKey(self.key, self.certificate))


class World:
    """An authority and what it issued, at `NOW`."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.validity = Validity(now - timedelta(days=30), now + timedelta(days=365))
        self.key = certificates.new_key()
        self.root = certificates.authority_certificate(
            self.key, name="Test authority", validity=self.validity
        )
        self.revoked: list[Revocation] = []
        self.author = self.person("a.author", "Ada Author")
        self.approver = self.person("b.boss", "Bo Boss")
        self.tsa_key = certificates.new_time_stamp_key()
        self.tsa = certificates.time_stamp_certificate(
            self.tsa_key.public_key(),
            name="Test clock",
            authority_key=self.key,
            authority=self.root,
            validity=self.validity,
        )

    def person(self, user: str, name: str, validity: Validity | None = None) -> Someone:
        key = certificates.new_key()
        request = certificates.certificate_request(key, Person(user, name))
        certificate = certificates.person_certificate(
            request,
            authority_key=self.key,
            authority=self.root,
            validity=validity or self.validity,
        )
        return Someone(key, certificate)

    def revoke(self, someone: Someone, at: datetime | None = None) -> None:
        serial = someone.certificate.serial_number
        self.revoked.append(Revocation(serial, at or self.now, "key_compromise"))

    def crl(self, *, days: float = 30) -> bytes:
        found = certificates.revocation_list(
            self.revoked,
            number=1 + len(self.revoked),
            authority_key=self.key,
            authority=self.root,
            this_update=self.now - timedelta(days=1),
            next_update=self.now + timedelta(days=days),
        )
        return found.public_bytes(Encoding.DER)

    def clock(self, at: datetime | None = None, tsa: x509.Certificate | None = None) -> Any:
        """Return a time-stamp authority whose clock stands still, at `now` or any other moment."""
        certificate = (tsa or self.tsa).public_bytes(Encoding.DER)
        key = self.tsa_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return DummyTimeStamper(
            asn1_x509.Certificate.load(certificate),
            asn1_keys.PrivateKeyInfo.load(key),
            fixed_dt=at or self.now,
        )

    @property
    def trust(self) -> Trust:
        return Trust(
            roots=(self.root.public_bytes(Encoding.DER),),
            time_authorities=(self.tsa.public_bytes(Encoding.DER),),
            crls=(self.crl(),),
        )

    def signed(
        self,
        content: bytes,
        someone: Someone,
        number: int,
        *,
        level: Any = "B-B",
        time_stamper: Any = None,
        trust: Trust | None = None,
        certifies: bool | None = None,
        **changes: Any,
    ) -> bytes:
        """Return a document with the signature of a person in the field of a number."""
        asked = Asked(
            field=f"signature-{number}",
            manifestation=self.manifestation(content, someone, number, **changes),
            appearance=page(),
            certifies=number == 1 if certifies is None else certifies,
            level=level,
            trust=trust or self.trust,
            time_stamper=time_stamper,
            host="bench",
        )
        return sign(content, someone.signer, asked)

    def manifestation(
        self, content: bytes, someone: Someone, number: int, **changes: Any
    ) -> Manifestation:
        from validation.attest.persons import person_of

        person = person_of(someone.certificate)
        signatory = SIGNATORIES[number - 1]
        values = {
            "name": person.name,
            "user": person.user,
            "role": signatory.role,
            "title": signatory.title,
            "meaning": signatory.meaning,
            "at": f"{self.now:%Y-%m-%dT%H:%M:%SZ}",
            "zone": "+01:00",
            "document": "VP-1",
            "revision": "A",
            "presented": digest(content),
            "trail_id": "0" * 32,
            "sequence": number,
            "event": "sha256:" + "1" * 64,
        }
        return Manifestation(**{**values, **changes})

    def both(self, content: bytes, **options: Any) -> bytes:
        """Return a document that author and approver signed."""
        once = self.signed(content, self.author, 1, **options)
        return self.signed(once, self.approver, 2, **options)


def page() -> bytes:
    """Return a PDF of one page, 200 by 50 points, with a line drawn."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(200, 50))
    pdf.pages[0].Contents = pdf.make_stream(b"10 10 m 190 40 l S")
    return _saved(pdf)


def document(count: int = 2) -> bytes:
    """Return a small PDF with empty fields for signatures; the last one locks the others."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(300, 300))
    pdf.pages[0].Contents = pdf.make_stream(b"BT ET")
    fields = []
    for number in range(1, count + 1):
        field = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Sig,
            T=String(f"signature-{number}"),
            F=4,
            Rect=Array([20, 280 - 60 * number, 220, 330 - 60 * number]),
            P=pdf.pages[0].obj,
        )
        if number == count:
            field.Lock = Dictionary(Type=Name.SigFieldLock, Action=Name.All)
        fields.append(pdf.make_indirect(field))
    pdf.pages[0].Annots = Array(fields)
    pdf.Root.AcroForm = pdf.make_indirect(Dictionary(Fields=Array(fields)))
    return _saved(pdf)


def _saved(pdf: pikepdf.Pdf) -> bytes:
    stream = io.BytesIO()
    pdf.save(stream, deterministic_id=True)
    return stream.getvalue()


def fields_of(content: bytes) -> Any:
    return read_signed(content)


def attached(text: bytes = b'{"dice": 0.91}') -> bytes:
    """Return the small PDF with a metric on its page and in a file that it embeds."""
    with pikepdf.open(io.BytesIO(document())) as pdf:
        pdf.pages[0].Contents = pdf.make_stream(b"BT /F1 12 Tf 20 20 Td (Dice 0.91) Tj ET")
        pdf.attachments["metrics.json"] = pikepdf.AttachedFileSpec(pdf, text)
        return _saved(pdf)
