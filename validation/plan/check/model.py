"""The model gives predictions of the kind that the method compares."""

from validation.plan.check.figures import either
from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol

_FORMATS = "segval, docs/how-to/predictions-made-elsewhere.md"
_PROTOCOL = "segval, docs/reference/protocol.md"

WRONG_PREDICTIONS = Rule(
    "model.wrong-predictions",
    "error",
    "Predictions of this form do not hold what the method compares.",
    _FORMATS,
)
ONE_CLASS_PREDICTIONS = Rule(
    "model.one-class-format",
    "error",
    "A label map says which object a pixel is of, not of which class.",
    _FORMATS,
)
WRONG_POSTPROCESSING = Rule(
    "model.wrong-postprocessing",
    "error",
    "What is made of the network's output is not what the method compares.",
    _PROTOCOL,
)
UNKNOWN_MODEL_CLASS = Rule(
    "model.unknown-class",
    "error",
    "Pixels would be given to a class that is not evaluated.",
    _PROTOCOL,
)
NO_RANGE = Rule(
    "model.no-range",
    "error",
    "Gray values cannot be scaled to a range without extent.",
    _PROTOCOL,
)


def _predictions_fit_the_method(protocol: Protocol, _: Metrics) -> Found:
    model, kind = protocol.model, protocol.method.kind
    if model.adapter != "predictions":
        return
    path = ("model", "format")
    wanted = {
        "semantic": {"class_maps"},
        "instance": {"label_maps", "coco_results"},
        "panoptic": {"panoptic_maps"},
    }[kind]
    if model.format not in wanted:
        what = f"{model.format} are not {kind} predictions"
        yield WRONG_PREDICTIONS.at(path, what, f"give {either(wanted)}")
    if model.format == "label_maps" and len(protocol.classes) > 1:
        what = "a label map holds objects of one class only"
        yield ONE_CLASS_PREDICTIONS.at(path, what, "give coco_results")


def _postprocessing_fits_the_method(protocol: Protocol, _: Metrics) -> Found:
    model, kind = protocol.model, protocol.method.kind
    if model.adapter != "onnx":
        return
    if kind == "panoptic":
        what = "no post-processing of a network makes a panoptic map here"
        fix = "use the adapter `python`, or `predictions` of the format panoptic_maps"
        yield WRONG_POSTPROCESSING.at(("model", "adapter"), what, fix)
        return
    post = model.postprocess
    if (post.kind == "watershed") != (kind == "instance"):
        wanted = {"semantic": {"threshold", "argmax"}, "instance": {"watershed"}}[kind]
        what = f"{post.kind} does not make {kind} predictions"
        path = ("model", "postprocess", "kind")
        yield WRONG_POSTPROCESSING.at(path, what, f"give {either(wanted)}")


def _postprocessing_names_classes(protocol: Protocol, _: Metrics) -> Found:
    model, known = protocol.model, protocol.class_names()
    if model.adapter != "onnx" or protocol.method.kind == "panoptic":
        return
    post = model.postprocess
    path = ("model", "postprocess")
    listed = f"the classes are: {', '.join(known)}"
    if post.kind != "argmax":
        if post.class_name not in known:
            what = f"no class is named {post.class_name}"
            yield UNKNOWN_MODEL_CLASS.at((*path, "class"), what, listed)
        return
    for channel, name in enumerate(post.channel_classes):
        if name not in {"background", *known}:
            at = (*path, "channel_classes", channel)
            yield UNKNOWN_MODEL_CLASS.at(at, f"no class is named {name}", listed)


def _scaling_is_a_range(protocol: Protocol, _: Metrics) -> Found:
    if protocol.model.adapter != "onnx":
        return
    scaling = protocol.model.preprocess.scaling
    if scaling.kind != "percentiles":
        return
    path = ("model", "preprocess", "scaling")
    if scaling.low >= scaling.high:
        fix = "give the lower percentile first"
        yield NO_RANGE.at((*path, "low"), "`low` must be below `high`", fix)
    if scaling.clip_low >= scaling.clip_high:
        what = "`clip_low` must be below `clip_high`"
        yield NO_RANGE.at((*path, "clip_low"), what, "give the lower value first")


FINDERS: tuple[Finder, ...] = (
    _predictions_fit_the_method,
    _postprocessing_fits_the_method,
    _postprocessing_names_classes,
    _scaling_is_a_range,
)
