"""Time stamps of an authority over HTTP (RFC 3161): a second clock, and proof of when."""

import asyncio
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import cms, tsp
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

from validation.errors import SignatureError

_TIMEOUT_S = 20
_MOST_BYTES = 1 << 20
MOST_APART = timedelta(minutes=5)
"""The authority's clock and ours may differ by this."""


class HttpTimeStamper(TimeStamper):
    """A time-stamp authority at an address.

    Args:
        url: Address, ``https:`` or ``http:`` (a stamp is signed, whatever carried it).
        at: The present moment by our clock.

    Raises:
        SignatureError: It is no such address.
    """

    def __init__(self, url: str, at: datetime) -> None:
        if not url.startswith(("https://", "http://")):
            raise SignatureError("the time-stamp authority has no https or http address", where=url)
        self._url = url
        self._at = at
        super().__init__()  # type: ignore[no-untyped-call]  # the library's omission

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Send a request and return the response."""
        content = await asyncio.to_thread(self._answer, req.dump())
        try:
            response = tsp.TimeStampResp.load(content, strict=True)
            response.native  # noqa: B018 - reads it whole; what is damaged raises here
        except (ValueError, TypeError) as error:
            raise self._error("it answered with something else than a time stamp") from error
        return response

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a time stamp over a digest, checked against request and clock.

        Raises:
            SignatureError: The authority cannot be reached, refuses, answers another request,
                or its clock is more than five minutes from ours.
        """
        try:
            stamp = await super().async_timestamp(message_digest, md_algorithm)
        except TimestampRequestError as error:
            raise self._error(f"the time stamp was not given: {error}") from error
        told = stamp["content"]["encap_content_info"]["content"].parsed
        self._require_digest(told, message_digest)
        apart = abs(told["gen_time"].native - self._at)
        if apart > MOST_APART:
            raise self._error(
                f"its clock says {told['gen_time'].native:%Y-%m-%d %H:%M:%S} UTC, ours "
                f"{self._at:%Y-%m-%d %H:%M:%S} UTC: one of them is wrong"
            )
        return stamp

    def _require_digest(self, told: Any, message_digest: bytes) -> None:  # noqa: ANN401 - ASN.1
        if told["message_imprint"]["hashed_message"].native != message_digest:
            raise self._error("it stamped something else than what was asked for")

    def _answer(self, request: bytes) -> bytes:
        asked = urllib.request.Request(  # noqa: S310 - http and https alone, see __init__
            self._url,
            data=request,
            headers={
                "Content-Type": "application/timestamp-query",
                "Accept": "application/timestamp-reply",
            },
        )
        try:
            with urllib.request.urlopen(asked, timeout=_TIMEOUT_S) as response:  # noqa: S310
                return bytes(response.read(_MOST_BYTES))
        except urllib.error.HTTPError as error:
            raise self._error(f"it answered with status {error.code}") from error
        except (OSError, ValueError) as error:
            raise self._error(f"it cannot be reached: {error}") from error

    def _error(self, what: str) -> SignatureError:
        return SignatureError(
            f"time-stamp authority: {what}",
            where=self._url,
            fix="try again, give another by --tsa, or sign at --level B-B",
        )
