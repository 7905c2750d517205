"""Giving a signature: PAdES through pyHanko, one incremental update, one clock.

The first signature certifies the document (form filling is allowed), the last locks every field.
Whether what comes out holds is checked by whoever asks for it, before it is written: see
`validation.study.signing`.
"""

import asyncio
import io
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSigningSession,
    SigDSSPlacementPreference,
    TimestampDSSContentSettings,
)
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from validation.attest.quiet_library import quiet_library
from validation.attest.signed_pdf import read_signed
from validation.attest.standing import standing
from validation.attest.trust import Trust
from validation.errors import SignatureError
from validation.report.manifestation import Manifestation

Level = Literal["B-B", "B-T", "B-LTA"]
"""PAdES level (ETSI EN 319 142-1): signed; with a time stamp; with everything that its
validation needs, and a time stamp over the whole file. B-LT is not offered: it leaves the end of
the file uncovered."""


_WHOLE_FILE = DSSContentSettings(
    include_vri=False,
    placement=SigDSSPlacementPreference.TOGETHER_WITH_NEXT_TS,
    next_ts_settings=TimestampDSSContentSettings(update_before_ts=True, include_vri=False),
)
"""What validation needs is written before the last time stamp, which then covers all of it."""


@dataclass(frozen=True)
class Asked:
    """A signature as it is asked for."""

    field: str
    """Name of the empty field."""
    manifestation: Manifestation
    appearance: bytes
    """One-page PDF that is drawn into the field."""
    certifies: bool
    """Whether it is the first."""
    level: Level
    trust: Trust
    time_stamper: TimeStamper | None
    host: str
    """Name of the machine, for /Location."""

    @property
    def at(self) -> datetime:
        """The moment of signing."""
        return self.manifestation.moment


def sign(content: bytes, signer: Signer, asked: Asked) -> bytes:
    """Return a document with one more signature; the bytes given are a prefix of it.

    Args:
        content: The document, with the field prepared.
        signer: The opened key with its certificate.
        asked: What the signature is to be.

    Raises:
        SignatureError: The document cannot be read or its last signature is there, the
            certificate may not sign at that moment, the time-stamp authority fails, or the
            signature cannot be made.
    """
    _require_open(content)
    _require_level(asked)
    _require_standing(signer, asked)
    _require_pinned_clock(asked)
    with quiet_library(), tempfile.TemporaryDirectory(prefix="segval-sign-") as folder:
        page = Path(folder) / "appearance.pdf"
        page.write_bytes(asked.appearance)
        try:
            writer = IncrementalPdfFileWriter(io.BytesIO(content))
            signed = _signer(signer, asked, page).sign_pdf(
                writer, existing_fields_only=True, output=io.BytesIO()
            )
        except SignatureError:
            raise
        except Exception as error:  # of pyHanko, and whatever a hostile file makes it raise
            raise SignatureError(
                f"the signature could not be made: {_said(error)}", where=asked.field
            ) from error
    result = bytes(signed.getvalue())
    if not result.startswith(content):
        raise SignatureError("signing changed what was presented: nothing is written")
    return result


def _said(error: Exception) -> str:
    cause = error.__cause__
    return f"{error} {cause}" if cause else str(error)


def _require_open(content: bytes) -> None:
    """Refuse a document whose last signature locked it: pyHanko would add another."""
    for one in read_signed(content).signatures:
        if one.is_last:
            raise SignatureError(
                "the last signature is there: it locks the document, and none follows it",
                where=one.field,
            )


def _require_level(asked: Asked) -> None:
    if asked.level != "B-B" and asked.time_stamper is None:
        raise SignatureError(
            f"level {asked.level} needs a time-stamp authority", fix="give its address by --tsa"
        )
    if asked.level != "B-B" and not asked.trust.time_authorities:
        raise SignatureError(
            f"level {asked.level} needs a time-stamp authority that is pinned",
            fix="put its certificate into identities/trust/tsa.pem",
        )


def _require_standing(signer: Signer, asked: Asked) -> None:
    """Refuse a certificate that is expired, not yet valid, revoked, unfit or not ours."""
    if signer.signing_cert is None:
        raise SignatureError("the key has no certificate")
    certificate = x509.load_der_x509_certificate(signer.signing_cert.dump())
    others = [x509.load_der_x509_certificate(one.dump()) for one in signer.cert_registry]
    now = standing(certificate, asked.trust, asked.at, others)
    if now.word != "valid":
        word = now.word.replace("_", " ")
        raise SignatureError(
            f"this certificate cannot sign: {word}: {now.reason}",
            where=certificate.subject.rfc4514_string(),
            fix="`segval identity list` shows every certificate of the study",
        )


def _require_pinned_clock(asked: Asked) -> None:
    """Refuse a time stamp that nobody could believe afterwards."""
    if asked.level == "B-B" or asked.time_stamper is None:
        return
    try:
        asyncio.run(_clock_paths(asked.time_stamper, time_context(asked.trust, asked.at)))
    except (PathError, ValidationError, ValueError) as error:
        raise SignatureError(
            f"the time-stamp authority is not one that is pinned: {_said(error)}",
            fix="put its certificate, and the revocation list of its issuer where a list is "
            "needed, into identities/trust",
        ) from error


async def _clock_paths(stamper: TimeStamper, context: ValidationContext) -> None:
    async for _ in stamper.validation_paths(context):  # type: ignore[no-untyped-call]
        pass


class _OneClock(PdfSigner):
    """Signs with the moment that the manifestation states, and no clock of its own."""

    def __init__(self, *args: Any, at: datetime, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self._at = at

    def init_signing_session(self, *args: Any, **options: Any) -> PdfSigningSession:  # noqa: ANN401
        session = super().init_signing_session(*args, **options)
        session.system_time = self._at
        return session


def _signer(signer: Signer, asked: Asked, appearance: Path) -> PdfSigner:
    stated = asked.manifestation
    is_archival = asked.level == "B-LTA"
    metadata = PdfSignatureMetadata(
        field_name=asked.field,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        name=stated.name,
        reason=stated.meaning,
        location=asked.host,
        contact_info=stated.statement(),
        certify=asked.certifies,
        docmdp_permissions=MDPPerm.FILL_FORMS,
        signer_key_usage={"non_repudiation"},
        validation_context=validation_context(asked.trust, asked.at),
        embed_validation_info=is_archival,
        use_pades_lta=is_archival,
        dss_settings=_WHOLE_FILE,
    )
    return _OneClock(
        metadata,
        signer,
        at=asked.at,
        timestamper=asked.time_stamper if asked.level != "B-B" else None,
        stamp_style=StaticStampStyle.from_pdf_file(
            str(appearance),
            border_width=0,
            background_layout=SimpleBoxLayoutRule(
                x_align=AxisAlignment.ALIGN_MID,
                y_align=AxisAlignment.ALIGN_MID,
                margins=Margins(),
            ),
        ),
    )


def validation_context(trust: Trust, at: datetime) -> ValidationContext:
    """Return what pyHanko validates with: the pinned trust and nothing else.

    Revocation mode ``require``: ``hard-fail`` would accept a certificate that names no place of
    its revocation list without having seen one.
    """
    return ValidationContext(
        trust_roots=[
            asn1_x509.Certificate.load(one) for one in (*trust.roots, *trust.time_authorities)
        ],
        crls=list(trust.crls),
        moment=at,
        allow_fetching=False,
        revocation_mode="require",
    )


def time_context(trust: Trust, at: datetime) -> ValidationContext:
    """Return what time stamps are validated with: the pinned time-stamp authorities alone."""
    return validation_context(replace(trust, roots=()), at)
