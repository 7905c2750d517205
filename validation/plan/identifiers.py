"""Ids of requirements and risks, which are given by the tools that keep them."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from validation.record import unseen

MOST_CHARACTERS = 100


def told_apart(text: str) -> str:
    """Return `text`; ValueError where two ids could look alike and differ in it."""
    if found := unseen(text):
        raise ValueError(f"must hold no character without appearance ({found})")
    if unicodedata.normalize("NFC", text) != text:
        raise ValueError("must be composed Unicode (NFC): it holds a letter apart from its accent")
    return text


TracedId = Annotated[
    str,
    StringConstraints(max_length=MOST_CHARACTERS, pattern=r"^[^\s,;]+( [^\s,;]+)*$"),
    AfterValidator(told_apart),
]
"""Id of a requirement or risk as its own tool has it, e.g. ``SYS/REQ-1`` or ``_a1b2``: one line,
no comma or semicolon (lists are split there), single spaces only."""
