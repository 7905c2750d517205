"""The result of a verification: numbered checks, and what follows from them."""

from typing import Literal

from validation.record import Printable, Record, printable

Outcome = Literal["held", "did_not_hold", "could_not_be_checked"]
Failure = Literal["altered", "untrusted", "incomplete"]
"""Why a check did not hold: something is not what it was, a signer is not one of ours, or a
signature, event or file that belongs there is missing."""


class Check(Record):
    """One check."""

    number: int
    what: Printable
    """What has to hold, one clause."""
    outcome: Outcome
    failure: Failure | None = None
    """Why it did not hold; None where it held or could not be made."""
    clause: str = ""
    """Clause that the check serves, e.g. ``21 CFR 11.70``."""
    detail: Printable
    """What was found: counts where it held, names where it did not."""


class Verification(Record):
    """Every check of an artefact."""

    format: Literal["segval/verification/1"] = "segval/verification/1"
    path: Printable
    kind: Literal["lock", "record", "report", "protocol", "document", "study", "comparison"]
    """``document``: one that nobody signs."""
    checks: tuple[Check, ...]
    notes: tuple[Printable, ...] = ()
    """What a reader has to know and is no check."""

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Why checks did not hold, each once: altered, untrusted, incomplete."""
        found = {one.failure for one in self.checks}
        kinds: tuple[Failure, ...] = ("altered", "untrusted", "incomplete")
        return tuple(one for one in kinds if one in found)

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

    def __call__(
        self,
        what: str,
        held: bool | None,
        detail: str,
        *,
        failure: Failure = "altered",
        clause: str = "",
    ) -> bool:
        """Add a check.

        Args:
            what: What has to hold, one clause.
            held: None where it could not be made.
            detail: What was found.
            failure: Why it did not hold, if it did not.
            clause: Clause that it serves.
        """
        outcome: Outcome = "held" if held else "did_not_hold"
        if held is None:
            outcome = "could_not_be_checked"
        self._found.append(
            Check(
                number=len(self._found) + 1,
                what=what,
                outcome=outcome,
                failure=failure if outcome == "did_not_hold" else None,
                clause=clause,
                detail=detail,
            )
        )
        return bool(held)

    def name_since(self, count: int, name: str) -> None:
        """Put the name of an object before all checks but the first `count`."""
        for place, one in enumerate(self._found[count:], start=count):
            self._found[place] = one.model_copy(update={"what": printable(f"{name}: {one.what}")})

    def all(self) -> tuple[Check, ...]:
        """Return the checks so far."""
        return tuple(self._found)
