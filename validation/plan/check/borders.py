"""Distances between borders, and of pairs of objects, can be measured."""

import re

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol

_PROTOCOL = "segval, docs/reference/protocol.md"

BORDERS_UNUSED = Rule(
    "analysis.borders-unused",
    "error",
    "The method of the protocol has no figure of these borders.",
    _PROTOCOL,
)
TOLERANCE_TWICE = Rule(
    "analysis.tolerance-twice",
    "error",
    "Two tolerances can contradict one another.",
    _PROTOCOL,
)
NO_PIXEL_SIZE = Rule(
    "analysis.no-pixel-size",
    "error",
    "Micrometres follow from pixels by the size of a pixel alone.",
    _PROTOCOL,
)
PAIR_UNIT = Rule(
    "criterion.pair-unit",
    "error",
    "The figure is computed in one unit, and the criterion names the other.",
    _PROTOCOL,
)


def _surfaces_can_be_measured(protocol: Protocol, _: Metrics) -> Found:
    plan = protocol.analysis
    given = [
        name
        for name in ("surface_tolerance_px", "surface_tolerance_um")
        if getattr(plan, name) is not None
    ]
    for name in given:
        if not protocol.method.is_by_pixel:
            what = "distances of borders are figures of semantic evidence"
            yield BORDERS_UNUSED.at(("analysis", name), what, "remove it")
    if len(given) > 1:
        what = "the tolerance is given twice"
        yield TOLERANCE_TWICE.at(("analysis", given[1]), what, "keep one of the two")
    if plan.surface_tolerance_um is not None and protocol.test_set.pixel_spacing_um is None:
        fix = "add `pixel_spacing_um` under `test_set:`, or give `surface_tolerance_px`"
        path = ("analysis", "surface_tolerance_um")
        yield NO_PIXEL_SIZE.at(path, "micrometres need the size of a pixel", fix)
    if plan.boundary_distance_px is not None and not given:
        path = ("analysis", "boundary_distance_px")
        fix = "add `surface_tolerance_px`, or remove it"
        yield BORDERS_UNUSED.at(path, "figures of borders are not asked for", fix)


def _pair_distances_can_be_measured(protocol: Protocol, _: Metrics) -> Found:
    unit = protocol.analysis.pair_distances_in
    path = ("analysis", "pair_distances_in")
    if unit is not None and protocol.method.kind != "instance":
        what = "distances of matched pairs are figures of instance evidence"
        yield BORDERS_UNUSED.at(path, what, "remove it")
    if unit == "um" and protocol.test_set.pixel_spacing_um is None:
        fix = "add `pixel_spacing_um` under `test_set:`, or ask for `px`"
        yield NO_PIXEL_SIZE.at(path, "micrometres need the size of a pixel", fix)
    for position, criterion in enumerate(protocol.criteria):
        asked = re.match("matched_hausdorff_95_(px|um)", criterion.metric)
        if unit is not None and asked and asked[1] != unit:
            what = f"the plan asks for distances of pairs in {unit}"
            fix = f"matched_hausdorff_95_{unit}"
            yield PAIR_UNIT.at(("criteria", position, "metric"), what, fix)


FINDERS: tuple[Finder, ...] = (_surfaces_can_be_measured, _pair_distances_can_be_measured)
