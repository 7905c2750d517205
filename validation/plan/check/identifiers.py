"""Ids are unique, and what they refer to is there."""

from collections.abc import Iterable, Iterator, Sequence

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol

ID_TWICE = Rule(
    "id.twice",
    "error",
    "Two entries of one id cannot be told apart in report, findings and signatures.",
    "IEC 62304 5.7.4, ISO 13485 4.2.5",
)
VALUE_TWICE = Rule(
    "class.value-twice",
    "error",
    "The pixels of two classes of one value cannot be told apart.",
    "segval, validation.testset.formats",
)
SUBGROUP_TWICE = Rule(
    "subgroup.twice",
    "error",
    "Every figure of the column would stand in the report twice.",
    "segval, validation.evidence.estimates",
)
SUBGROUP_NAME_TAKEN = Rule(
    "subgroup.name-taken",
    "error",
    "Figures of the subgroup would have the address of figures by class, IoU or size.",
    "segval, validation.evidence.metric_values",
)
UNKNOWN_RISK = Rule(
    "requirement.unknown-risk",
    "error",
    "A requirement that controls a risk which is not listed cannot be traced.",
    "ISO 14971:2019 4.5",
)
UNKNOWN_REQUIREMENT = Rule(
    "criterion.unknown-requirement",
    "error",
    "A criterion that verifies a requirement which is not listed cannot be traced.",
    "IEC 62304 5.7.4",
)

_PARTS_OF_ADDRESSES = ("class", "iou", "size")
"""What the address of a figure names beside subgroups: `recall/class=cell/iou=0.5/size=small`."""


def later_occurrences(values: Iterable[object]) -> Iterator[tuple[int, object]]:
    """Yield the position of every value that stood before, and the value."""
    seen: set[object] = set()
    for position, value in enumerate(values):
        if value in seen:
            yield position, value
        seen.add(value)


def _ids_are_unique(protocol: Protocol, _: Metrics) -> Found:
    for name, ids in (
        ("requirements", [one.id for one in protocol.requirements]),
        ("risks", [one.id for one in protocol.risks]),
        ("criteria", [one.id for one in protocol.criteria]),
        ("classes", [one.name for one in protocol.classes]),
        ("signatories", [one.role for one in protocol.signatories]),
        ("references", [one.id for one in protocol.references]),
    ):
        yield from _repeated(name, ids)


def _repeated(name: str, ids: Sequence[str]) -> Found:
    for position, one in later_occurrences(ids):
        what = f"{one} stands twice among the {name}"
        yield ID_TWICE.at((name, position), what, "give each its own id")


def _values_are_unique(protocol: Protocol, _: Metrics) -> Found:
    for position, value in later_occurrences(one.value for one in protocol.classes):
        what = f"the value {value} is given to two classes"
        yield VALUE_TWICE.at(("classes", position, "value"), what)


def _subgroups_are_unique(protocol: Protocol, _: Metrics) -> Found:
    for position, column in later_occurrences(protocol.subgroups):
        what = f"the column {column} stands twice"
        yield SUBGROUP_TWICE.at(("subgroups", position), what, "remove one")
    for position, column in enumerate(protocol.subgroups):
        if column in _PARTS_OF_ADDRESSES:
            what = f"a subgroup named {column} has the address of another figure"
            fix = "give the column of the case table another name"
            yield SUBGROUP_NAME_TAKEN.at(("subgroups", position), what, fix)


def _references_exist(protocol: Protocol, _: Metrics) -> Found:
    risks = {one.id for one in protocol.risks}
    requirements = {one.id for one in protocol.requirements}
    for position, requirement in enumerate(protocol.requirements):
        for number, risk in enumerate(requirement.risks):
            if risk not in risks:
                path = ("requirements", position, "risks", number)
                yield UNKNOWN_RISK.at(path, f"no risk has the id {risk}", "add it under `risks:`")
    for position, criterion in enumerate(protocol.criteria):
        for number, name in enumerate(criterion.requirements):
            if name not in requirements:
                path = ("criteria", position, "requirements", number)
                what = f"no requirement has the id {name}"
                yield UNKNOWN_REQUIREMENT.at(path, what, "add it under `requirements:`")


FINDERS: tuple[Finder, ...] = (
    _ids_are_unique,
    _values_are_unique,
    _subgroups_are_unique,
    _references_exist,
)
