"""What was promised: intended use, requirements and risks, model, analysis plan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from validation.plan.check import rules
from validation.plan.origin import RequirementSource, SourceKind
from validation.plan.protocol import (
    AnalysisPlan,
    Matching,
    Protocol,
)
from validation.report.formatting import bare_digest, number, percentage, plural
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    code,
    item,
    listed,
    paragraphs,
    prose_item,
    row,
    strong,
    text,
)
from validation.report.view.margins import comparison_items
from validation.report.view.sample_size import sample_sizes
from validation.report.view.wording import INTERVAL_METHODS, Words, joined


@dataclass(frozen=True)
class ItemsView:
    """A section that is a list of particulars."""

    heading: Heading
    items: tuple[Item, ...]
    table: Table | None = None
    """Printed below; None: there is none."""


@dataclass(frozen=True)
class RequirementsView:
    """Requirements that are tested and the risks that they control."""

    heading: Heading
    requirements: Table
    risks: Table | None
    no_risks: str
    """Said where the protocol names no risk."""
    sources: Table | None
    """Files of other tools that they were taken from, where the protocol names any."""
    acceptance: tuple[str, ...]
    """Which risks need a control, in paragraphs."""


def purpose_of_report(plan: Protocol) -> Item:
    """Return what the report is for."""
    return item(
        "Purpose of this report",
        "To state whether the model under test meets the acceptance criteria of the protocol "
        f"{plan.document.number}, and to give the evidence for it.",
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
            prose_item("Population", device.population),
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
                listed(*paragraphs(one.text)),
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
                row(strong(one.id), listed(*paragraphs(one.hazard)), text(one.harm),
                    text(one.severity))
                for one in plan.risks
            ],
        )
        if plan.risks
        else None
    )  # fmt: skip
    acceptance = acceptance_words(plan) if plan.risks else ()
    sources = sources_table(plan.requirement_sources, numbering)
    return RequirementsView(
        heading, table, risks, "The protocol names no risk.", sources, acceptance
    )


_KINDS: dict[SourceKind, str] = {
    "csv": "CSV",
    "xlsx": "workbook",
    "strictdoc": "StrictDoc",
    "doorstop": "Doorstop",
    "reqif": "ReqIF",
}


def sources_table(sources: Sequence[RequirementSource], numbering: Numbering) -> Table | None:
    """Return where requirements and risks were taken from; None where no source is named."""
    if not sources:
        return None
    return numbering.table(
        "Files that requirements and risks were taken from",
        (
            Column("Source", "32%"),
            Column("Holds", "14%"),
            Column("Read", "26%"),
            Column("SHA-256", "28%"),
        ),
        [
            row(
                strong(
                    one.name,
                    _KINDS[one.kind],
                    f"sheet {one.sheet}" if one.sheet else "",
                    f"baseline {one.baseline}" if one.baseline else "",
                ),
                text(one.holds),
                listed(
                    *(said.replace("=", " from ", 1) for said in one.columns),
                    *(f"only {picked}" for picked in one.only),
                ),
                code(bare_digest(one.digest)),
            )
            for one in sources
        ],
    )


def acceptance_words(plan: Protocol) -> tuple[str, ...]:
    """Return which risks are acceptable without a control, and where that is laid down."""
    scale = plan.risk_acceptance
    if scale is None:
        return ("The protocol does not say which severities are acceptable without a control.",)
    order = joined(list(scale.severities))
    limit = "Every risk needs a control."
    if scale.acceptable_up_to is not None:
        limit = f"A risk up to {scale.acceptable_up_to} is acceptable without a control."
    return (f"Severities, least first: {order}. {limit}", *paragraphs(scale.source))


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
                _level_words(plan),
            ),
            item("Subgroups", joined(list(plan.subgroups)) or "none"),
            item("Rationale", *paragraphs(one.rationale)),
            item("Sample size", *paragraphs(one.sample_size_rationale)),
            prose_item("Repeatability", one.repeatability),
            prose_item("Reproducibility", one.reproducibility),
            prose_item("Robustness", one.robustness),
            item("Ignored pixels", _ignored_words(plan)),
            *comparison_items(plan.comparison, words),
            *_answered_items(plan),
        ),
        sample_sizes(one, numbering),
    )


def _answered_items(plan: Protocol) -> Iterator[Item]:
    """Yield the warnings of the check that the author answers, each with its reason."""
    why = {rule.id: f": {rule.why}" for rule in rules()}
    for position, one in enumerate(plan.accepted_warnings, start=1):
        about = "" if one.about is None else f", about {one.about}"
        said = f"{one.rule}{about}{why.get(one.rule, '')}"
        yield item(f"Accepted warning {position}", said, *paragraphs(one.reason))


def _metrics_words(plan: Protocol) -> str:
    names = list(dict.fromkeys(one.metric for one in plan.criteria))
    return f"{', '.join(names)}; every metric is defined in the appendix of definitions."


def _matching_items(rule: Matching, words: Words) -> tuple[Item, ...]:
    how = {
        "greedy_by_score": "greedily by falling score, as COCO does",
        "optimal": "by the one-to-one assignment with most pairs and, among those, the largest "
        "summed IoU",
    }[rule.algorithm]
    further = ", ".join(number(one) for one in rule.further_iou_thresholds)
    return (
        item(
            "Matching",
            f"Objects of the {words.reference} and of the model are paired {how}, at an IoU of "
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


def _level_words(plan: Protocol) -> str:
    """Return what one limit of a two-sided interval stands for, where one is judged on."""
    if all(one.judged_on == "value" for one in plan.criteria):
        return ""
    level = Decimal(repr(plan.analysis.confidence_level))
    return (
        "A criterion on one limit is so judged at a one-sided level of "
        f"{percentage(float((1 + level) / 2))}. As every criterion has to be met, none is "
        "corrected for their number."
    )


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
