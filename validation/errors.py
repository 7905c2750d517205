"""What goes wrong, said so that a person can mend it: what, where, fix.

An error means that the tool could not do its work. A criterion that is not met, a
case that failed or a digest that differs is a *result* and never raised.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with an input."""

    where: str
    """File, line, case or entry, e.g. ``protocol.yaml:12`` or ``case D01-03``."""

    what: str
    """What is wrong, one clause, lower case."""

    fix: str = ""
    """What to do about it; empty when `what` already says it."""

    def __str__(self) -> str:
        """Return the problem as a person at a terminal should see it."""
        lines = [self.what, f"  where: {self.where}" if self.where else ""]
        lines.append(f"  fix:   {self.fix}" if self.fix else "")
        return "\n".join(line for line in lines if line)


class ToolError(Exception):
    """The tool could not do its work.

    Args:
        what: What happened, one clause, lower case.
        where: File, line, case or object concerned.
        fix: What the user can do about it.
        problems: All problems of an input that was read as a whole, in its own order.
    """

    def __init__(
        self, what: str, *, where: str = "", fix: str = "", problems: Iterable[Problem] = ()
    ) -> None:
        self.what = what
        self.where = where
        self.fix = fix
        self.problems = tuple(problems)
        super().__init__(what)

    def __str__(self) -> str:
        """Return what, where and fix, then every problem, numbered."""
        head = str(Problem(self.where, self.what, self.fix))
        listed = [
            f"{number}. " + str(problem).replace("\n", "\n   ")
            for number, problem in enumerate(self.problems, start=1)
        ]
        return "\n".join([head, *listed])

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process."""
        return (_rebuilt, (type(self), self.what, self.where, self.fix, self.problems))


def _rebuilt(
    kind: type[ToolError], what: str, where: str, fix: str, problems: tuple[Problem, ...]
) -> ToolError:
    return kind(what, where=where, fix=fix, problems=problems)


class ProtocolError(ToolError):
    """The protocol cannot be read, or contradicts itself."""


class RequirementsError(ToolError):
    """Requirements or risks cannot be taken from where they are kept."""


class TestSetError(ToolError):
    """The test set cannot be read as the protocol describes it."""

    __test__ = False


class LockError(ToolError):
    """The test set cannot be locked, or is not the one that was locked."""


class LeakageError(ToolError):
    """The test set shares images or subjects with development, and the protocol refuses that."""


class RunError(ToolError):
    """The model under test cannot be run."""


class EvidenceError(ToolError):
    """Tables or evidence files cannot be read, or contradict one another."""


class RenderError(ToolError):
    """A document cannot be rendered."""


class RecordError(ToolError):
    """A record cannot be written or read."""


class AuditError(ToolError):
    """The audit trail is damaged, or cannot be written."""


class IdentityError(ToolError):
    """An identity, its certificate or the authority cannot be used."""


class KeyFileError(IdentityError):
    """A key file or token cannot be read; says nothing of the password."""


class WrongPassword(IdentityError):  # noqa: N818 - what happened, as a person says it
    """The password does not open the key."""


class ApprovalError(ToolError):
    """A protocol is not approved, or what was approved is not what is here."""


class SignatureError(ToolError):
    """A document cannot be signed, or its signatures cannot be read."""


class SampleSizeError(ToolError):
    """No sample size follows from the assumptions, or they cannot be read."""
