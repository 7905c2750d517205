"""Characteristics of a test set: cases, subjects and reference objects of each subgroup."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from validation.evidence.metric_values import metric_id
from validation.plan.protocol import Protocol
from validation.report.contents import RecordContents
from validation.report.formatting import number
from validation.report.view.addresses import Addresses
from validation.report.view.elements import Cell, Column, Numbering, Table, row, strong, text
from validation.testset.cases import Case

_CLASSES_ACROSS = 4
"""Classes that have a column each; more have a row each, in a table of their own."""

_GROUPS_ACROSS = 6
"""Groups that have a column each in that table."""


class Group(NamedTuple):
    """Cases of the lock that are counted together: all, or those of a subgroup."""

    label: str
    subgroup: dict[str, str]
    """Column and value; empty for all cases."""
    cases: tuple[Case, ...]

    def cells(self) -> tuple[Cell, ...]:
        """Return the label and the counts of cases and subjects."""
        subjects = {one.subject_id for one in self.cases if one.subject_id}
        return (
            strong(self.label),
            text(number(len(self.cases))),
            text(number(len(subjects)) if subjects else "not given"),
        )


def groups(plan: Protocol, evaluated: tuple[Case, ...]) -> Iterator[Group]:
    """Yield all cases, then those of every subgroup, by column and value."""
    yield Group("All cases", {}, evaluated)
    for column in plan.subgroups:
        for value in sorted({one.attributes[column] for one in evaluated}):
            members = tuple(one for one in evaluated if one.attributes[column] == value)
            yield Group(f"{column} {value}", {column: value}, members)


def characteristics(
    contents: RecordContents, addresses: Addresses, numbering: Numbering
) -> tuple[Table, ...]:
    """Return cases, subjects and reference objects by subgroup."""
    counted = [
        name
        for name in contents.protocol.class_names()
        if metric_id("reference_objects", class_name=name) in addresses
    ]
    of_lock = tuple(groups(contents.protocol, contents.ran))
    if len(counted) > _CLASSES_ACROSS:
        starts = range(0, len(of_lock), _GROUPS_ACROSS)
        parts = (of_lock[start : start + _GROUPS_ACROSS] for start in starts)
        return (
            _group_table(addresses, (), of_lock, numbering),
            *(_class_table(addresses, counted, part, numbering) for part in parts),
        )
    return (_group_table(addresses, counted, of_lock, numbering),)


def _group_table(
    addresses: Addresses, counted: Sequence[str], of_lock: Iterable[Group], numbering: Numbering
) -> Table:
    width = f"{44 // max(1, len(counted))}%"
    what = "Cases, subjects and reference objects" if counted else "Cases and subjects"
    return numbering.table(
        f"{what}, by subgroup",
        (
            Column("Group", "28%" if counted else "72%"),
            Column("Cases", "14%", "number"),
            Column("Subjects", "14%", "number"),
            *(Column(f"Reference objects: {name}", width, "number") for name in counted),
        ),
        [
            row(*one.cells(), *(_objects(addresses, name, one) for name in counted))
            for one in of_lock
        ],
    )


def _class_table(
    addresses: Addresses, counted: Sequence[str], of_lock: Sequence[Group], numbering: Numbering
) -> Table:
    return numbering.table(
        "Reference objects of each class, by subgroup",
        (
            Column("Class", "28%"),
            *(Column(one.label, f"{72 // len(of_lock)}%", "number") for one in of_lock),
        ),
        [
            row(strong(name), *(_objects(addresses, name, one) for one in of_lock))
            for name in counted
        ],
    )


def _objects(addresses: Addresses, name: str, group: Group) -> Cell:
    address = metric_id("reference_objects", class_name=name, subgroup=group.subgroup)
    return addresses.compact_result(address) if address in addresses else text("\u2013")
