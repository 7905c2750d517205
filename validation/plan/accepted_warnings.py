"""Warnings of `segval check` that the author knows of and answers."""

from typing import Annotated

from pydantic import StringConstraints

from validation.record import Line, Prose, Record


class AcceptedWarning(Record):
    """A warning that stands, and why that is right.

    It is no longer open, and documents print it with its reason. Errors cannot be accepted.
    """

    rule: Annotated[str, StringConstraints(pattern=r"^[a-z-]+\.[a-z-]+$", max_length=64)]
    """Id of the rule, as `segval check` names it, e.g. ``criteria.companion``."""
    about: Line | None = None
    """What the warning is about, as `segval check` names it, e.g. ``AC-03``; none for every
    warning of the rule."""
    reason: Prose
    """Why the protocol is right as it is."""
