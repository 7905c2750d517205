"""Failed attempts to open a key: counted from the audit trail, and slowed down (21 CFR 11.300(d)).

The trail is what counts them, so that closing the program forgets none. It holds up who guesses
at this machine; a key file that was copied can be guessed at elsewhere, against which only a long
password and the rounds of its derivation help.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from validation.attest.audit_trail import Event
from validation.errors import SignatureError

FAILED = "sign.attempt_failed"
OPENED = "sign.intent"
_WAITS_S = (0, 0, 0, 30, 120)
"""Seconds to wait after so many failures in a row."""
_LOCKED_S = 900
"""Seconds to wait after more of them."""


def wait_s(events: Iterable[Event], key: str, at: datetime) -> int:
    """Return the seconds until a key may be tried again; 0 where it may be now.

    Args:
        events: The audit trail of the study.
        key: Digest of the key file, or what names the token.
        at: The present moment. A clock that was set back shortens no wait.
    """
    failures = _failures_in_a_row(events, key)
    if not failures:
        return 0
    count = len(failures)
    needed = _WAITS_S[count] if count < len(_WAITS_S) else _LOCKED_S
    last = datetime.strptime(failures[-1].at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    passed = (at - last).total_seconds()
    return max(0, min(needed, round(needed - passed)))


def require_patience(events: Iterable[Event], key: str, at: datetime, where: str) -> None:
    """Refuse a key that was tried with wrong passwords until its time is over.

    Raises:
        SignatureError: It is too early; the message says how long.
    """
    if seconds := wait_s(events, key, at):
        raise SignatureError(
            "the password was wrong several times: the key cannot be used now",
            where=where,
            fix=f"wait {seconds} seconds; the attempts are in the audit trail",
        )


def _failures_in_a_row(events: Iterable[Event], key: str) -> list[Event]:
    found: list[Event] = []
    for one in events:
        if one.details.get("key") != key:
            continue
        if one.action == FAILED:
            found.append(one)
        elif one.action == OPENED:
            found.clear()
    return found
