"""The item under test: which model, which file, and what is done before and after it."""

from validation.plan.protocol import (
    ArgmaxPostprocess,
    DivisionScaling,
    OnnxModel,
    PercentileScaling,
    PredictionsModel,
    Preprocess,
    Protocol,
    PythonModel,
    ThresholdPostprocess,
    WatershedPostprocess,
)
from validation.report.contents import RecordContents
from validation.report.formatting import number
from validation.report.view.elements import Item, Numbering, code_item, item, paragraphs
from validation.report.view.plan import ItemsView

_TITLE, _ANCHOR = "Item under test", "model"


def model_that_ran(contents: RecordContents, numbering: Numbering) -> ItemsView:
    """Return the model that was tested, with the digest that the run found."""
    run = contents.run
    return ItemsView(
        numbering.section(_TITLE, _ANCHOR),
        (
            item("Item under test", f"{run.model_name}, version {run.model_version}"),
            item("Adapter", run.model_adapter),
            code_item("File", run.model_file),
            code_item("Digest", run.model_digest),
            *processing(contents.protocol),
        ),
    )


def model_to_test(protocol: Protocol, numbering: Numbering) -> ItemsView:
    """Return the model that is to be tested."""
    model = protocol.model
    return ItemsView(
        numbering.section(_TITLE, _ANCHOR),
        (
            item("Item under test", f"{model.name}, version {model.version}"),
            item("Adapter", model.adapter),
            code_item("File", model.location if model.adapter == "predictions" else model.file),
            code_item("Digest", model.digest),
            *processing(protocol),
            item(
                "Checked",
                "The digest was compared with the model when this document was rendered. A run "
                "refuses another one.",
            ),
        ),
    )


def processing(plan: Protocol) -> tuple[Item, ...]:
    """Return what is done before and after the network, or how predictions came about."""
    tested = plan.model
    if isinstance(tested, OnnxModel):
        return (
            item("Pre-processing", _preprocess_words(tested.preprocess)),
            item("Post-processing", _postprocess_words(tested.postprocess)),
        )
    if isinstance(tested, PythonModel):
        given = ", ".join(f"{name} = {value}" for name, value in tested.parameters.items())
        return (
            code_item("Callable", tested.callable),
            item("Parameters", given or "none"),
        )
    return _predictions_items(tested)


def _predictions_items(tested: PredictionsModel) -> tuple[Item, ...]:
    return (
        item("Predictions", f"read from {tested.location} ({tested.format.replace('_', ' ')})"),
        item("Produced by", *paragraphs(tested.produced_by)),
    )


def _preprocess_words(one: Preprocess) -> str:
    colour = "gray" if one.channels == "gray" else "RGB"
    padding = (
        f"; sides padded by reflection to multiples of {one.pad_to_multiple_of}\u00a0px"
        if one.pad_to_multiple_of > 1
        else ""
    )
    return f"{colour}; {_scaling_words(one.scaling)}{padding}"


def _scaling_words(scaling: PercentileScaling | DivisionScaling) -> str:
    if isinstance(scaling, DivisionScaling):
        return f"values divided by {number(scaling.by)}"
    return (
        f"values scaled so that percentiles {number(scaling.low)} and {number(scaling.high)} "
        f"become 0 and 1, clipped to {number(scaling.clip_low)} and {number(scaling.clip_high)}"
    )


def _postprocess_words(
    one: ThresholdPostprocess | ArgmaxPostprocess | WatershedPostprocess,
) -> str:
    if isinstance(one, ThresholdPostprocess):
        what = "1 \u2212 the value" if one.complement else "the value"
        holes = "; enclosed background is filled" if one.fill_holes else ""
        return (
            f"{one.class_name} where {what} of channel {one.channel} is above "
            f"{number(one.threshold)}{holes}"
        )
    if isinstance(one, ArgmaxPostprocess):
        return f"class of the largest of the channels {', '.join(one.channel_classes)}"
    return (
        f"{one.class_name} where 1 \u2212 channel {one.background_channel} is above "
        f"{number(one.foreground_threshold)}, holes filled; markers are peaks of the distance "
        f"transform (smoothed, sigma {number(one.distance_sigma_px)}\u00a0px, at least "
        f"{one.peak_distance_px}\u00a0px apart); watershed on channel {one.interior_channel} plus "
        f"{number(one.distance_weight)} times the distance; objects under "
        f"{one.minimum_area_px}\u00a0px dropped"
    )
