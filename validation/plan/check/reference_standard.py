"""The reference standard's files hold what the method needs."""

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol

_FORMATS = "segval, docs/how-to/own-test-set.md"

WRONG_REFERENCE = Rule(
    "reference.wrong-format",
    "error",
    "The format does not hold what the method compares with.",
    _FORMATS,
)
ONE_CLASS_FORMAT = Rule(
    "reference.one-class-format",
    "error",
    "A label map says which object a pixel is of, not of which class.",
    _FORMATS,
)
COCO_FILE = Rule(
    "reference.coco-file",
    "error",
    "One file holds all annotations in the format `coco`, and in no other.",
    _FORMATS,
)
IGNORE_UNUSED = Rule(
    "ignore-value.unused",
    "error",
    "The format has no pixels that are marked as not evaluated.",
    _FORMATS,
)
IGNORE_TAKEN = Rule(
    "ignore-value.taken",
    "error",
    "Pixels of a class, of an object or of the background would not be evaluated.",
    _FORMATS,
)


def _reference_fits_the_method(protocol: Protocol, _: Metrics) -> Found:
    reference, kind = protocol.test_set.reference_standard, protocol.method.kind
    path = ("test_set", "reference_standard", "format")
    is_panoptic = kind == "panoptic"
    if is_panoptic != (reference.format == "panoptic_map"):
        what = "panoptic evidence is read from panoptic maps, and those are read for nothing else"
        fix = "give `panoptic_map`" if is_panoptic else "give another format"
        yield WRONG_REFERENCE.at(path, what, fix)
    if kind == "instance" and reference.format == "class_map":
        what = "a class map does not tell objects apart"
        yield WRONG_REFERENCE.at(path, what, "give label maps or a COCO file")
    if kind == "semantic" and reference.format == "coco":
        what = "semantic evidence is read from class maps or label maps"
        yield WRONG_REFERENCE.at(path, what, "give another format")
    if reference.format == "label_map" and len(protocol.classes) > 1:
        what = "a label map holds objects of one class only"
        yield ONE_CLASS_FORMAT.at(path, what, "give a COCO file")
    if (reference.format == "coco") != (reference.file is not None):
        what = "`file` is given for the format `coco`, and only then"
        fix = "remove it" if reference.file is not None else "add it"
        yield COCO_FILE.at((*path[:-1], "file"), what, fix)


def _ignore_value_fits(protocol: Protocol, _: Metrics) -> Found:
    value, form = protocol.ignore_value, protocol.test_set.reference_standard.format
    path = ("ignore_value",)
    if value is None:
        return
    if form not in ("class_map", "panoptic_map"):
        what = "only class maps and panoptic maps have an ignore value"
        yield IGNORE_UNUSED.at(path, what, "remove it")
    if value == 0 and form != "panoptic_map":
        what = "0 is the background, which is evaluated"
        yield IGNORE_TAKEN.at(path, what, "give the value of void pixels")
    fix = "give a value of no class"
    if value in {one.value for one in protocol.classes}:
        yield IGNORE_TAKEN.at(path, "the ignore value is the value of a class", fix)
    if value // 1000 in {one.value for one in protocol.classes if one.role == "thing"}:
        yield IGNORE_TAKEN.at(path, "the ignore value is the value of an object", fix)


FINDERS: tuple[Finder, ...] = (_reference_fits_the_method, _ignore_value_fits)
