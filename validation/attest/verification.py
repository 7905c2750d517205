"""The result of a verification: numbered checks, and what follows from them."""

from typing import Literal

from validation.record import Record

Outcome = Literal["held", "did_not_hold", "could_not_be_checked"]


class Check(Record):
    """One check."""

    number: int
    what: str
    """What has to hold, one clause."""
    outcome: Outcome
    detail: str
    """What was found: counts where it held, names where it did not."""


class Verification(Record):
    """Every check of an artefact."""

    format: Literal["segval/verification/1"] = "segval/verification/1"
    path: str
    kind: Literal["lock", "record", "report"]
    checks: tuple[Check, ...]

    @property
    def outcome(self) -> Outcome:
        """``did_not_hold`` before ``could_not_be_checked`` before ``held``."""
        outcomes = {one.outcome for one in self.checks}
        if "did_not_hold" in outcomes:
            return "did_not_hold"
        if "could_not_be_checked" in outcomes or not self.checks:
            return "could_not_be_checked"
        return "held"


class Checks:
    """Gathers numbered checks in their order."""

    def __init__(self) -> None:
        self._found: list[Check] = []

    def __call__(self, what: str, held: bool | None, detail: str) -> bool:
        """Add a check; `held` is None where it could not be made."""
        outcome: Outcome = "held" if held else "did_not_hold"
        if held is None:
            outcome = "could_not_be_checked"
        self._found.append(
            Check(number=len(self._found) + 1, what=what, outcome=outcome, detail=detail)
        )
        return bool(held)

    def all(self) -> tuple[Check, ...]:
        """Return the checks so far."""
        return tuple(self._found)
