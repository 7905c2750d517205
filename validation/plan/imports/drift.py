"""What differs between the requirements of a protocol and the source that they came from."""

from collections.abc import Iterator, Sequence
from typing import Literal

from validation.plan.imports.taking import Taken
from validation.plan.protocol import Protocol, Requirement, Risk
from validation.record import Record

Change = Literal["only_in_source", "only_in_protocol", "changed"]


class Difference(Record):
    """One thing that source and protocol say differently."""

    of: Literal["requirement", "risk"]
    id: str
    change: Change
    field: str = ""
    """The field that was changed."""
    source: str = ""
    """What the source says."""
    protocol: str = ""
    """What the protocol says."""

    def words(self) -> str:
        """Return the difference in a line."""
        head = f"{self.of} {self.id}"
        if self.change == "only_in_source":
            return f"{head}: not in the protocol"
        if self.change == "only_in_protocol":
            return f"{head}: no longer in the source"
        same = self.source.split() == self.protocol.split()
        return f"{head}: {self.field} changed" + (" (line breaks and spaces only)" * same)


def differences(taken: Taken, protocol: Protocol, *, part: bool) -> tuple[Difference, ...]:
    """Return what differs, requirements first, in the order of the protocol.

    Args:
        taken: Requirements and risks of the source.
        protocol: The protocol.
        part: Whether the protocol tests a part of the source: what it does not name is no
            difference then.
    """
    found = list(_between("requirement", taken.requirements, protocol.requirements, part=part))
    if not taken.has_links:
        found = [one for one in found if one.field != "risks"]
    if taken.has_risks:
        found.extend(_between("risk", taken.risks, protocol.risks, part=part))
    return tuple(found)


_FIELDS = {"requirement": ("text", "risks"), "risk": ("hazard", "harm", "severity")}


def _between(
    of: Literal["requirement", "risk"],
    source: Sequence[Requirement] | Sequence[Risk],
    protocol: Sequence[Requirement] | Sequence[Risk],
    *,
    part: bool,
) -> Iterator[Difference]:
    theirs = {one.id: one for one in source}
    ours = {one.id for one in protocol}
    for one in protocol:
        if one.id not in theirs:
            yield Difference(of=of, id=one.id, change="only_in_protocol")
            continue
        for field in _FIELDS[of]:
            said, meant = _text(theirs[one.id], field), _text(one, field)
            if said != meant:
                yield Difference(
                    of=of, id=one.id, change="changed", field=field, source=said, protocol=meant
                )
    for name in theirs:
        if name not in ours and not part:
            yield Difference(of=of, id=name, change="only_in_source")


def _text(one: Requirement | Risk, field: str) -> str:
    value = getattr(one, field)
    return value if isinstance(value, str) else ", ".join(sorted(value))
