"""Whether two records can be compared: the same test set, measured in the same way."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from validation.errors import Problem
from validation.plan.protocol import Protocol
from validation.testset.cases import Case
from validation.testset.lock import Lock

_SAME_ANALYSIS = (
    "resampling_unit",
    "undefined_values",
    "failed_cases",
    "presence_minimum_area_px",
    "surface_tolerance_px",
    "surface_tolerance_um",
    "boundary_distance_px",
    "pair_distances_in",
)
"""What changes the meaning of a figure, and not how sure it is."""
_OPERATING_POINT = "score_threshold"
"""Of the rule of matching, what belongs to a version: at which score its objects count."""


class Planned(NamedTuple):
    """What a record was made by."""

    name: str
    """The record, for messages."""
    record_id: str
    protocol: Protocol
    lock: Lock
    subset: str = ""
    """Which part of the cases ran, where it was not all of them."""


def why_not(first: Planned, second: Planned) -> tuple[Problem, ...]:
    """Return every reason for which two records cannot be compared; empty: they can."""
    if first.record_id == second.record_id:
        what = f"both are record {first.record_id}: nothing differs"
        return (Problem(second.name, what, "give the record of another version"),)
    parts = tuple(
        Problem(one.name, f"the run was for development: {one.subset}", "give a run of every case")
        for one in (first, second)
        if one.subset
    )
    both = f"{first.name} and {second.name}"
    found = (*_test_sets(first, second), *_measuring(first, second))
    return (*parts, *(Problem(both, one) for one in found))


def _test_sets(first: Planned, second: Planned) -> Iterator[str]:
    one, other = first.lock, second.lock
    if one.test_set_id != other.test_set_id:
        yield f"the test sets differ: {one.test_set_id} and {other.test_set_id}"
    if one.manifest_digest != other.manifest_digest:
        yield "the locked files differ: their manifests have other digests"
    if one.reference_standard != other.reference_standard:
        yield "the reference standards differ"
    yield from _cases(one, other)


def _cases(one: Lock, other: Lock) -> Iterator[str]:
    left = {case.case_id: case for case in one.cases.evaluated}
    right = {case.case_id: case for case in other.cases.evaluated}
    if alone := sorted(left.keys() ^ right.keys()):
        yield f"cases are evaluated in one record alone: {_few(alone)}"
    differing = sorted(
        name for name in left.keys() & right.keys() if not _is_same(left[name], right[name])
    )
    if differing:
        yield f"cases have other files, subjects or attributes: {_few(differing)}"


def _is_same(left: Case, right: Case) -> bool:
    """Tell whether a case is the same; columns that one case table alone has do not count."""
    common = left.attributes.keys() & right.attributes.keys()
    attributes = [{name: one.attributes[name] for name in common} for one in (left, right)]
    bare = [one.model_copy(update={"attributes": {}}) for one in (left, right)]
    return bare[0] == bare[1] and attributes[0] == attributes[1]


_MOST_NAMED = 5


def _few(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    listed = ", ".join(names[:_MOST_NAMED])
    return f"{listed} and {more} more" if more > 0 else listed


def _measuring(first: Planned, second: Planned) -> Iterator[str]:
    one, other = first.protocol, second.protocol
    if one.method.kind != other.method.kind:
        yield f"the methods differ: {one.method.kind} and {other.method.kind}"
    if _classes(one) != _classes(other):
        yield f"the classes differ: {_named(one)} and {_named(other)}"
    if one.ignore_value != other.ignore_value:
        yield f"ignore_value differs: {one.ignore_value} and {other.ignore_value}"
    spacings = one.test_set.pixel_spacing_um, other.test_set.pixel_spacing_um
    if spacings[0] != spacings[1]:
        yield f"pixel_spacing_um differs: {spacings[0]} and {spacings[1]}"
    for name in _SAME_ANALYSIS:
        values = getattr(one.analysis, name), getattr(other.analysis, name)
        if values[0] != values[1]:
            yield f"analysis.{name} differs: {values[0]} and {values[1]}"
    yield from _matching(one, other)


def _matching(one: Protocol, other: Protocol) -> Iterator[str]:
    left, right = _rule(one), _rule(other)
    for name in sorted(left.keys() | right.keys()):
        if left.get(name) != right.get(name):
            yield f"analysis.matching.{name} differs: {left.get(name)} and {right.get(name)}"


def _rule(protocol: Protocol) -> dict[str, Any]:
    rule = protocol.analysis.matching
    values = {} if rule is None else rule.model_dump(mode="json")
    values.pop("further_iou_thresholds", None)  # they add figures and change none
    values.pop(_OPERATING_POINT, None)
    return values


def _classes(protocol: Protocol) -> list[tuple[str, int, str | None]]:
    return [(one.name, one.value, one.role) for one in protocol.classes]


def _named(protocol: Protocol) -> str:
    return ", ".join(f"{one.name} = {one.value}" for one in protocol.classes)
