"""Keeping pyHanko's log off the terminal, where it would stand beside what the checks say."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_library() -> Iterator[None]:
    """Keep pyHanko from logging: what it warns of is a check or an error here, and said there."""
    logger = logging.getLogger("pyhanko")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
