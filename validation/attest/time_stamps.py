"""Time stamps of an authority over HTTP (RFC 3161): a second clock, and proof of when."""

import asyncio
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from http.client import HTTPException, HTTPResponse
from typing import Any, ClassVar

from asn1crypto import cms, tsp
from pyhanko.sign.timestamps.api import TimeStamper

from validation.errors import SignatureError

_TIMEOUT_S = 20
_MOST_BYTES = 1 << 20
MOST_APART = timedelta(minutes=5)
"""The authority's clock and ours may differ by this."""


class _Response(tsp.TimeStampResp):  # type: ignore[misc]  # the library has no types
    """A response that may lack its time stamp, as a refusal does (RFC 3161, 2.4.2)."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


def _codes(status: Any) -> list[str]:  # noqa: ANN401 - ASN.1
    return sorted(status["fail_info"].native or ())


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
            _Response.load(content, strict=True).native  # noqa: B018 - what is damaged raises here
        except (ValueError, TypeError) as error:
            raise self._error("it answered with something else than a time stamp") from error
        # What was read whole takes the library seconds to write again, so it is read anew.
        return _Response.load(content, strict=True)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a time stamp over a digest, checked against request and clock.

        Raises:
            SignatureError: The authority cannot be reached, refuses, answers another request,
                or its clock is more than five minutes from ours.
        """
        # pyHanko's own check of the answer fails on a wrong nonce with an AttributeError, and
        # on a refusal with a ValueError.
        nonce, request = self.request_cms(message_digest, md_algorithm)  # type: ignore[no-untyped-call]
        response = await self.async_request_tsa_response(request)
        status = response["status"]
        if status["status"].native not in {"granted", "granted_with_mods"}:
            said = "; ".join([*(status["status_string"].native or ()), *_codes(status)])
            raise self._error(f"it refused the time stamp: {said or status['status'].native}")
        stamp = response["time_stamp_token"]
        told = self._told(stamp)
        if told["nonce"].native != nonce:
            raise self._error("it answered another request: its nonce is not ours")
        self._require_digest(told, message_digest)
        apart = abs(told["gen_time"].native - self._at)
        if apart > MOST_APART:
            raise self._error(
                f"its clock says {told['gen_time'].native:%Y-%m-%d %H:%M:%S} UTC, ours "
                f"{self._at:%Y-%m-%d %H:%M:%S} UTC: one of them is wrong"
            )
        return stamp

    def _told(self, stamp: Any) -> Any:  # noqa: ANN401 - ASN.1
        try:
            told = stamp["content"]["encap_content_info"]["content"].parsed
        except (KeyError, TypeError, ValueError) as error:
            raise self._error("its answer holds no time stamp") from error
        if not isinstance(told, tsp.TSTInfo):
            raise self._error("its answer holds no time stamp")
        return told

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
                return self._read(response)
        except urllib.error.HTTPError as error:
            error.close()
            raise self._error(f"it answered with status {error.code}") from error
        except (OSError, ValueError, HTTPException) as error:
            said = f"{error}" or type(error).__name__
            raise self._error(f"it cannot be reached: {said}") from error

    def _read(self, response: HTTPResponse) -> bytes:
        """Return an answer that comes in time; the socket's own limit is one for each part."""
        found, until = b"", time.monotonic() + _TIMEOUT_S
        while part := response.read1(_MOST_BYTES):
            found += part
            if len(found) > _MOST_BYTES:
                raise self._error(f"its answer has more than {_MOST_BYTES} bytes")
            if time.monotonic() > until:
                raise self._error(f"its answer took more than {_TIMEOUT_S} seconds")
        return found

    def _error(self, what: str) -> SignatureError:
        return SignatureError(
            f"time-stamp authority: {what}",
            where=self._url,
            fix="try again, give another by --tsa, or sign at --level B-B",
        )
