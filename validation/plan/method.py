"""How the method of a protocol was chosen: answers, recommendation, and what the lock says."""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StringConstraints, model_validator

from validation.plan.names import ClassName, Identifier
from validation.record import Digest, Line, Prose, Record

Kind = Literal["semantic", "instance", "panoptic"]
KINDS: tuple[Kind, ...] = get_args(Kind)

QuestionId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,31}$")]
AnswerId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,31}$")]

Number = Annotated[int, Field(ge=0)]


class MeasuredClass(Record):
    """What a perfect mask of a class would lose of its objects, over all cases."""

    class_name: Annotated[ClassName | None, Field(alias="class")] = None
    """The class; none for all of them together."""
    objects: Number | None
    """Objects of the reference standard; null where it does not tell them apart."""
    touching: Number | None
    """Objects that touch or overlap another one of their class."""
    components: Number
    """8-connected components of the mask of the class."""
    count_error: int | None
    """Components - objects: errors in both directions cancel in it."""
    absolute_count_error: Number | None
    """Sum over the cases of the absolute difference: nothing cancels between cases."""
    cases_counted_exactly: Number | None
    """Cases in which there are as many components as objects."""

    @model_validator(mode="after")
    def _figures_agree(self) -> Self:
        known = (self.touching, self.count_error, self.absolute_count_error)
        if (self.objects is None) != any(one is None for one in known):
            raise ValueError("figures of objects are given together, or none of them")
        if self.objects is not None and self.count_error != self.components - self.objects:
            raise ValueError("count_error is not components - objects")
        return self


class MeasuredCase(Record):
    """A case in which components and objects differ most."""

    case: Identifier
    objects: Number
    touching: Number
    components: Number


class Measured(Record):
    """What the locked reference standard says to the choice; no prediction enters it."""

    test_set: Identifier
    """Id of the test set."""
    manifest_digest: Digest
    """Digest of the manifest that was locked: the figures are of that lock and of no other."""
    cases: Annotated[int, Field(ge=1)]
    """Cases that were read: all that are evaluated."""
    overall: MeasuredClass
    """All classes of things, components still those of each class."""
    classes: tuple[MeasuredClass, ...]
    """By class, in the protocol's order; a class of stuff has no objects and is left out."""
    largest: Annotated[tuple[MeasuredCase, ...], Field(max_length=5)] = ()
    """Cases with the largest absolute difference, largest first; none where there is no
    difference."""
    not_known_because: Line | None = None
    """Why there are no figures of objects, where there are none."""


class MethodChoice(Record):
    """What `segval choose` was told, and what followed."""

    rules: Annotated[int, Field(ge=1)]
    """Version of the rules that the answers were held against."""
    answers: Annotated[dict[QuestionId, AnswerId], Field(min_length=1, max_length=100)]
    """Answer by question; `segval choose` lists both."""
    recommended: Kind | None
    """The method that follows from the answers; null where none does."""
    decided_otherwise: Prose | None = None
    """Why another method was chosen than the recommended one; given where it is another."""
    measured: Measured | None = None
    """What the locked reference standard says to the choice."""
