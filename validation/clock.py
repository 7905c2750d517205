"""The one file that knows the time."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def monotonic_ms() -> float:
    """Return a clock that never goes back, in milliseconds, for durations only."""
    return time.perf_counter_ns() / 1e6
