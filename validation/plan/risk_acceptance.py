"""Which risks are acceptable as they are: the criteria of the risk management plan."""

from typing import Annotated

from pydantic import Field

from validation.record import Line, Prose, Record


class RiskAcceptance(Record):
    """Severities of the risk file, and up to which a risk needs no control (ISO 14971 4.4).

    By severity alone: the probability that software fails cannot be estimated, so that the harm is
    taken as if the failure had happened (IEC 62304 B.4.3).
    """

    severities: Annotated[tuple[Line, ...], Field(min_length=1)]
    """The severities of the risk file, least first, e.g. ``[negligible, minor, serious]``."""
    acceptable_up_to: Line | None = None
    """Most severe one that is acceptable without a control; none where no risk is."""
    source: Prose
    """Where they are laid down: number and revision of the risk management plan."""

    def needs_control(self, severity: str) -> bool:
        """Return whether a risk of this severity is above what is acceptable.

        A severity that the scale does not have needs a control, whatever it is.

        >>> scale = RiskAcceptance(severities=("minor", "serious"), acceptable_up_to="minor",
        ...                        source="RMP-1")
        >>> scale.needs_control("minor"), scale.needs_control("serious"), scale.needs_control("?")
        (False, True, True)
        """
        if severity not in self.severities or self.acceptable_up_to not in self.severities:
            return True
        order = self.severities.index
        return order(severity) > order(self.acceptable_up_to)
