"""When a signature was there at the latest, as far as time stamps prove it.

A signature without a time stamp proves no moment: it is judged at the present one. A time stamp
of a pinned authority proves its own moment while the authority's certificate is valid; when that
has ended, a later document time stamp over it has to prove that it was there before.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from pyhanko.sign.validation import validate_pdf_timestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from validation.attest.signatures import time_context
from validation.attest.signed_pdf import SignedDocument, end_of
from validation.attest.trust import Trust


class Stamp(NamedTuple):
    """A document time stamp, validated."""

    end: int
    """Number of bytes of the file that it covers."""
    at: datetime
    """When, as it says."""
    objection: str
    """Why it proves nothing; empty where it does."""
    is_whole: bool
    """Whether the bytes that it covers are those that were stamped."""


class Proven(NamedTuple):
    """The moment at which a certificate is judged."""

    at: datetime
    is_past: bool
    """Whether a time stamp proves it; else it is the present."""


def stamps_of(document: SignedDocument, trust: Trust, at: datetime) -> tuple[Stamp, ...]:
    """Return the document time stamps, the newest first, each judged when the next proves it.

    Args:
        document: The signatures of a document.
        trust: Pins the time-stamp authorities.
        at: The present moment.
    """
    moment, found = at, []
    for one in sorted(document.time_stamps, key=end_of, reverse=True):
        stamp = _validated(one, trust, moment)
        found.append(stamp)
        if not stamp.objection:
            moment = min(moment, stamp.at)
    return tuple(found)


def _validated(one: EmbeddedPdfSignature, trust: Trust, moment: datetime) -> Stamp:
    with quiet_library():
        status = validate_pdf_timestamp(one, time_context(trust, moment))
    is_whole = status.intact and status.valid
    objection = "" if is_whole else "what it covers was altered"
    if is_whole and not status.trusted:
        objection = "its authority is not pinned, or its certificate had ended"
    return Stamp(end_of(one), status.timestamp, objection, is_whole)


def covered_until(end: int, stamps: tuple[Stamp, ...], at: datetime) -> Proven:
    """Return the moment until which document time stamps prove that a signature was there.

    Args:
        end: Where the signature's revision ends.
        stamps: The document time stamps.
        at: The present moment, where none does.
    """
    proving = [one.at for one in stamps if one.end > end and not one.objection]
    return Proven(min(proving), is_past=True) if proving else Proven(at, is_past=False)


@contextmanager
def quiet_library() -> Iterator[None]:
    """Keep pyHanko from logging what it cannot trust: here that is a check, and is said there."""
    logger = logging.getLogger("pyhanko")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def with_embedded_lists(trust: Trust, document: SignedDocument) -> Trust:
    """Return the trust with the revocation lists that the document carries (B-LTA).

    A list counts by the signature of its authority, wherever it lies.
    """
    if not document.time_stamps:
        return trust
    try:
        store = DocumentSecurityStore.read_dss(document.time_stamps[0].reader)
    except NoDSSFoundError:
        return trust
    lists = tuple(bytes(one.get_object().data) for one in store.crls)
    return replace(trust, crls=(*trust.crls, *lists))
