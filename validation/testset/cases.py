"""Cases: the units of a test set, with their files, subjects and subgroups."""

from typing import Annotated

from pydantic import Field

from validation.plan.names import Identifier
from validation.record import Line, Prose, Record


class Case(Record):
    """One image with its reference standard."""

    case_id: Identifier
    """Id of the case; it names files of the record."""
    image: str
    """Image file, relative to the test set's root, forward slashes."""
    reference: str | None
    """Reference image, relative to the root; None where one COCO file holds all."""
    region: str | None = None
    """Image whose non-zero pixels are evaluated (e.g. a field of view); None: all pixels."""
    subject_id: Identifier | None = None
    """Patient, donor or specimen: the unit that is independent of the others."""
    attributes: Annotated[dict[str, Line], Field(default_factory=dict)]
    """Every further column of the case table, e.g. ``{"site": "A"}``."""


class ExcludedCase(Record):
    """A case that the protocol leaves out, and why."""

    case: Case
    reason: Prose


class CaseTable(Record):
    """Every case of a test set, ordered by id."""

    evaluated: tuple[Case, ...]
    """Cases that the model is run on."""
    excluded: tuple[ExcludedCase, ...] = ()
    """Cases left out by the protocol."""
    columns: tuple[str, ...] = ()
    """Names of the attribute columns, in the table's order."""
