"""The one file that knows the time."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def monotonic_ms() -> float:
    """Return a clock that never goes back, in milliseconds, for durations only."""
    return time.perf_counter_ns() / 1e6


def moment() -> tuple[str, str]:
    """Return the present moment in UTC to the microsecond, and the local offset from UTC.

    Both are text, as an event of the audit trail states them: what is digested is then exactly
    what is read back, e.g. ``("2026-11-25T09:30:00.000250Z", "+01:00")``.
    """
    at = datetime.now(UTC)
    offset = at.astimezone().strftime("%z")
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), f"{offset[:3]}:{offset[3:5]}"
