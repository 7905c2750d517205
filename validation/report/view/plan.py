"""What was promised: intended use, requirements and risks, model, analysis plan."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from validation.plan.protocol import (
    AnalysisPlan,
    ArgmaxPostprocess,
    DivisionScaling,
    Matching,
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
from validation.report.formatting import duration, number, percentage, plural, size_of, timestamp
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    code_item,
    item,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.wording import INTERVAL_METHODS, Words, joined, sentence


@dataclass(frozen=True)
class ItemsView:
    """A section that is a list of particulars."""

    heading: Heading
    items: tuple[Item, ...]


@dataclass(frozen=True)
class RequirementsView:
    """Requirements that are tested and the risks that they control."""

    heading: Heading
    requirements: Table
    risks: Table | None
    no_risks: str
    """Said where the protocol names no risk."""


@dataclass(frozen=True)
class ModelView:
    """The item under test and where it ran."""

    heading: Heading
    model: tuple[Item, ...]
    environment_heading: Heading
    execution: tuple[Item, ...]
    environment: tuple[Item, ...]
    packages: tuple[Item, ...]


def purpose_of_report(plan: Protocol) -> Item:
    """Return what the report is for."""
    return item(
        "Purpose of this report",
        "To state whether the model under test meets the acceptance criteria that the "
        f"protocol {plan.document.number} fixed before the test set was opened, and to "
        "give the evidence for it.",
    )


def intended_use(plan: Protocol, purpose: Item, numbering: Numbering) -> ItemsView:
    """Return the purpose of the document, and the device that it is about."""
    device = plan.device
    return ItemsView(
        numbering.section("Purpose and intended use", "intended-use"),
        (
            purpose,
            item("Device", f"{device.name}, version {device.version}"),
            item("Intended use", *paragraphs(device.intended_use)),
            item("Users", device.users),
            item("Conditions of use", *paragraphs(device.use_environment)),
            item("Classes", *(f"{one.name}: {one.description}" for one in plan.classes)),
        ),
    )


def requirements(plan: Protocol, numbering: Numbering) -> RequirementsView:
    """Return the requirements and risks."""
    heading = numbering.section("Requirements and risks", "requirements")
    table = numbering.table(
        "Requirements under test",
        (Column("Requirement", "16%"), Column("Text", "60%"), Column("Risks controlled", "24%")),
        [
            row(
                strong(one.id),
                text(*paragraphs(one.text)),
                text(", ".join(one.risks) or "none named"),
            )
            for one in plan.requirements
        ],
    )
    risks = (
        numbering.table(
            "Risks of the risk file (ISO 14971) that the requirements control",
            (
                Column("Risk", "14%"),
                Column("Hazard", "42%"),
                Column("Harm", "30%"),
                Column("Severity", "14%"),
            ),
            [
                row(strong(one.id), text(*paragraphs(one.hazard)), text(one.harm),
                    text(one.severity))
                for one in plan.risks
            ],
        )
        if plan.risks
        else None
    )  # fmt: skip
    return RequirementsView(heading, table, risks, "The protocol names no risk.")


# --- model and environment ---------------------------------------------------------------


def model(contents: RecordContents, numbering: Numbering) -> ModelView:
    """Return the item under test and where it ran."""
    run = contents.run
    environment = dict(contents.environment)
    packages = environment.pop("packages", {})
    return ModelView(
        heading=numbering.section("Model and environment", "model"),
        model=(
            item("Item under test", f"{run.model_name}, version {run.model_version}"),
            item("Adapter", run.model_adapter),
            code_item("File", run.model_file),
            code_item("Digest", run.model_digest),
            *processing(contents.protocol),
        ),
        environment_heading=numbering.subsection("Execution and environment", "environment"),
        execution=(
            item("Run by", run.operator),
            item(
                "Time",
                f"{timestamp(run.started_at)} to {timestamp(run.finished_at)} "
                f"({duration((run.finished_at - run.started_at).total_seconds())})",
            ),
            item("Computed by", run.execution_provider),
            item(
                "Processes",
                f"{number(run.workers)}; taken up again after an interruption: "
                f"{plural(run.resumed, 'time') if run.resumed else 'never'}",
            ),
            item("Tool", f"segval {contents.tool_version}"),
        ),
        environment=tuple(_flat(environment)),
        packages=tuple(item(name, str(one)) for name, one in _by_name(packages).items()),
    )


def _by_name(packages: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as environment.json has it
    if isinstance(packages, Mapping):
        return packages
    return {
        str(one.get("name", "")): one.get("version", "")
        for one in packages
        if isinstance(one, Mapping)
    }


def _flat(values: Mapping[str, Any]) -> list[Item]:
    """Return an item for every entry of a JSON object; an object in it becomes one text."""
    return [
        item(sentence(key.replace("_", " ")), _leaf(key, value))
        for key, value in values.items()
        if key != "format" and value is not None
    ]


def _leaf(key: str, value: Any) -> str:  # noqa: ANN401 - a value of environment.json
    if isinstance(value, Mapping):
        known = [(name, one) for name, one in value.items() if one is not None]
        return "; ".join(f"{_spaced(name)} {_leaf(name, one)}" for name, one in known) or "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_leaf(key, one) for one in value) or "none"
    if isinstance(value, int) and key.endswith("_bytes"):
        return size_of(value)
    return str(value)


def _spaced(name: str) -> str:
    return name.removesuffix("_bytes").replace("_", " ") if name.islower() else name


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


# --- analysis plan -----------------------------------------------------------------------


def analysis(plan: Protocol, words: Words, numbering: Numbering) -> ItemsView:
    """Return how the evidence was computed, as fixed before the run."""
    one = plan.analysis
    return ItemsView(
        numbering.section("Analysis plan", "analysis"),
        (
            item("Metrics with bounds", _metrics_words(plan)),
            *(_matching_items(one.matching, words) if one.matching else ()),
            *_presence_items(one),
            *_border_items(one),
            item(
                "Undefined values",
                "A case for which a figure averaged over cases is undefined is left out of that "
                "figure; the number of such cases is printed beside it.",
            ),
            item("Failed cases", _failed_words(one)),
            item(
                "Intervals",
                f"{percentage(one.confidence_level)} two-sided, "
                f"{INTERVAL_METHODS[one.interval_method]}: "
                f"{one.resampling_unit}s are drawn with replacement, "
                f"{plural(one.replicates, 'replicate')}, generator PCG64 with seed {one.seed}.",
                _proportion_words(one),
            ),
            item("Subgroups", joined(list(plan.subgroups)) or "none"),
            item("Rationale", *paragraphs(one.rationale)),
            item("Sample size", *paragraphs(one.sample_size_rationale)),
            item("Ignored pixels", _ignored_words(plan)),
        ),
    )


def _metrics_words(plan: Protocol) -> str:
    names = list(dict.fromkeys(one.metric for one in plan.criteria))
    return f"{', '.join(names)}; every metric is defined in the appendix of definitions."


def _matching_items(rule: Matching, words: Words) -> tuple[Item, ...]:
    how = {
        "greedy_by_score": "greedy by falling score, as COCO does",
        "optimal": "the one-to-one assignment with most pairs and, among those, the largest "
        "summed IoU",
    }[rule.algorithm]
    further = ", ".join(number(one) for one in rule.further_iou_thresholds)
    return (
        item(
            "Matching",
            f"Objects of the {words.reference} and of the model are paired by {how}, at an IoU of "
            f"at least {number(rule.iou_threshold)}"
            + (f"; figures are also given at {further}." if further else "."),
        ),
        item(
            "Score threshold",
            f"Predicted objects with a score below {number(rule.score_threshold)} are left out at "
            f"the operating point; average precision looks at up to "
            f"{plural(rule.maximum_detections, 'object')} of a class in an image.",
        ),
        item(
            "Merged and split",
            "An object counts as contained in another when at least "
            f"{percentage(rule.merge_split_fraction)} of its area lies in it.",
        ),
    )


def _presence_items(one: AnalysisPlan) -> tuple[Item, ...]:
    if one.presence_minimum_area_px is None:
        return ()
    return (
        item(
            "Presence",
            "A class is present in an image from "
            f"{plural(one.presence_minimum_area_px, 'pixel')} on.",
        ),
    )


def _proportion_words(one: AnalysisPlan) -> str:
    """Return the interval of a share of cases; empty where it is that of all figures."""
    name = {"wilson": "Wilson", "clopper_pearson": "Clopper and Pearson"}.get(
        one.proportion_interval or ""
    )
    if name is None:
        return ""
    return f"A share of cases has the interval of {name} where each independent unit has one case."


def _border_items(one: AnalysisPlan) -> Iterator[Item]:
    """Yield what the plan asks of borders, where it asks for something."""
    for tolerance, unit in ((one.surface_tolerance_px, "px"), (one.surface_tolerance_um, "µm")):
        if tolerance is not None:
            yield item(
                "Border tolerance",
                f"A distance between borders up to {number(tolerance)}\u00a0{unit} is no error.",
            )
    if one.boundary_distance_px is not None:
        width = f"{one.boundary_distance_px}\u00a0px"
        yield item("Boundary IoU", f"The boundary is {width} wide.")
    if one.pair_distances_in is not None:
        unit = {"px": "pixels", "um": "micrometres"}[one.pair_distances_in]
        yield item(
            "Distances of pairs",
            f"Hausdorff distance (95th percentile) of matched pairs, in {unit}.",
        )


def _failed_words(one: AnalysisPlan) -> str:
    treatment = {
        "count_as_empty": "counts as an empty prediction",
        "leave_out": "is left out of the figures",
    }[one.failed_cases]
    return (
        f"A case for which the model fails {treatment}. Either way it is a finding, and the "
        "verdict cannot be \u201cmet\u201d."
    )


def _ignored_words(plan: Protocol) -> str:
    if plan.ignore_value is None:
        return "none by value"
    return f"pixels with the value {plan.ignore_value} in class maps are not evaluated"
