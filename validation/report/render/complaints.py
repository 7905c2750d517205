"""What the layout library only logs, raised as one error with every problem."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from validation.errors import Problem, RenderError
from validation.report.render.coverage import spelt
from validation.report.render.fetching import Fetcher


class Complaints(logging.Handler):
    """Keeps the errors that WeasyPrint logs in this thread instead of raising them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: dict[str, None] = {}
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is logged in this thread, each message once."""
        if record.thread == self._thread:
            self.messages[record.getMessage()] = None


@contextmanager
def complaints() -> Iterator[Complaints]:
    """Yield what the layout library complains of while the block runs."""
    logger, handler = logging.getLogger("weasyprint"), Complaints()
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)


def raise_problems(fetcher: Fetcher, complaints: Complaints, missing: set[int]) -> None:
    """Raise one RenderError with every refusal, complaint and missing glyph; none: nothing."""
    problems = [Problem(url[:200], reason) for url, reason in fetcher.refusals.items()]
    problems += [
        Problem("", message)
        for message in complaints.messages
        if not any(url in message for url in fetcher.refusals)
    ]
    problems += [
        Problem("", f"no font can print {spelt(chr(point))} {chr(point)!r}")
        for point in sorted(missing)
    ]
    if problems:
        raise RenderError("the document cannot be printed as it is", problems=problems)
