"""The method, its justification, and what speaks for it: what a mask would lose of the objects.

The evidence is printed for every protocol, whether or not a criterion asks for it, so that the
choice between semantic and instance evidence can be held against the locked test set.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.evidence.catalogue import POOLED_OVER_CLASSES
from validation.evidence.further_tables import holds_objects
from validation.evidence.metric_values import metric_id
from validation.plan.protocol import Protocol
from validation.report.contents import RecordContents
from validation.report.figures import Pair, agreement_scatter, difference_plot
from validation.report.formatting import MINUS, plural, share
from validation.report.view.addresses import Addresses, sample_words
from validation.report.view.elements import (
    Column,
    Figure,
    Heading,
    Item,
    Numbering,
    Table,
    TableRow,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.questionnaire import questionnaire
from validation.report.view.wording import METHODS, NOT_CHOSEN, Words, joined, sentence

_COLUMNS = (
    ("touching_objects", "Objects that touch another", 11.5),
    ("touching_share", "Share of objects that touch", 14.8),
    ("reference_components", "Compo\u00adnents of the mask", 11.5),
    ("component_count_relative_error", "Error of the count, relative", 17.2),
    ("component_count_mean_absolute_error", "Absolute error, objects per image", 15.0),
    ("component_count_exact_rate", "Images counted exactly", 15.0),
)
"""Metric, label, and share of the width in per cent: what the limits of each need."""

MOST_CLASSES = 20
"""Classes printed one by one: those of which a mask would lose most."""


@dataclass(frozen=True)
class MethodChoice:
    """Semantic, instance or panoptic, and why."""

    heading: Heading
    chosen: str
    not_chosen: str
    justification: tuple[str, ...]
    why_not: tuple[str, ...]
    questionnaire: tuple[Item, ...]
    """What the questionnaire recommends, and why; empty where there was none."""


@dataclass(frozen=True)
class MethodView(MethodChoice):
    """The choice, and what the reference says to it."""

    evidence_heading: Heading
    evidence_words: tuple[str, ...]
    evidence: Table | None
    """None: the record holds none; `evidence_words` says so."""
    evidence_figure: Figure | None
    """Components against objects of each image; None where there is no difference to show."""


def method_choice(plan: Protocol, numbering: Numbering) -> MethodChoice:
    """Return the method with its justification."""
    return MethodChoice(
        heading=numbering.section("Method and its justification", "method"),
        chosen=sentence(METHODS[plan.method.kind]),
        not_chosen=sentence(NOT_CHOSEN[plan.method.kind]),
        justification=paragraphs(plan.method.justification),
        why_not=paragraphs(plan.method.not_chosen),
        questionnaire=questionnaire(plan.method),
    )


def method(
    contents: RecordContents, addresses: Addresses, words: Words, numbering: Numbering
) -> MethodView:
    """Return the method with its justification and the evidence for it."""
    plan = contents.protocol
    choice = method_choice(plan, numbering)
    evidence_heading = numbering.subsection(
        f"What a mask of each class would lose of the {words.reference}", "method-evidence"
    )
    scopes = _scopes(plan, addresses)
    pairs = _pairs(contents)
    return MethodView(
        **vars(choice),
        evidence_heading=evidence_heading,
        evidence_words=(
            *_words(plan, words, pairs, is_counted=bool(scopes)),
            *_stuff_words(contents, words),
        ),
        evidence=_table(plan, addresses, words, numbering, scopes) if scopes else None,
        evidence_figure=_figure(pairs, numbering),
    )


def _scopes(plan: Protocol, addresses: Addresses) -> dict[str, tuple[str | None, str]]:
    """Return, by the name of a row, the class and the end of the metrics' ids."""
    names = plan.thing_names()
    scopes: dict[str, tuple[str | None, str]] = {
        name: (name, "") for name in _most_lost(names, addresses)[:MOST_CLASSES]
    }
    if len(names) > 1:
        scopes["all classes"] = (None, POOLED_OVER_CLASSES)
    return {
        label: (name, end)
        for label, (name, end) in scopes.items()
        if metric_id(f"reference_components{end}", class_name=name) in addresses
    }


def _most_lost(names: Sequence[str], addresses: Addresses) -> Sequence[str]:
    """Return classes in their order; more than are printed, by what a mask would lose of them."""
    if len(names) <= MOST_CLASSES:
        return names

    def lost(name: str) -> float:
        for metric in ("touching_objects", "reference_components"):
            if (identifier := metric_id(metric, class_name=name)) in addresses:
                return -(addresses.figure(identifier).value or 0)
        return 0

    return sorted(names, key=lost)


def _words(plan: Protocol, words: Words, pairs: list[Pair], *, is_counted: bool) -> tuple[str, ...]:
    rule = (
        "A mask of a class holds no objects. Who counts on it counts its connected components: "
        "pixels that share an edge or a corner."
    )
    if not holds_objects(plan):
        cannot = (
            f"The {words.reference} is a class map. A class map does not tell objects apart: "
            "the number of connected components is given, objects that touch cannot be counted, "
            "and the error of counting components is not known."
        )
        if not is_counted:
            cannot = cannot.replace("the number of connected components is given, ", "")
        return (rule, cannot)
    if not is_counted:
        return (rule, "The record was made before this was counted, and holds no figures of it.")
    cost = (
        "Objects of one class that touch or overlap become one component, and an object in "
        "several parts becomes several. The table says what counting components would cost if "
        f"the mask were perfect: it follows from the locked {words.reference} alone, and no "
        "prediction enters it."
    )
    differing = sum(one.prediction != one.reference for one in pairs)
    said = (
        f"In {share(differing, len(pairs))} images, components and objects differ in number."
        if differing
        else "In no image do components and objects differ in number."
    )
    return (f"{rule} {cost}", f"{said} The numbers of each are in evidence/cases.csv.")


def _stuff_words(contents: RecordContents, words: Words) -> tuple[str, ...]:
    """Return what evidence per object would leave out; nothing where no class is stuff."""
    plan = contents.protocol
    stuff = [name for name in plan.class_names() if name not in plan.thing_names()]
    rows = [line for line in contents.case_rows if line["in_figures"] == "true"]
    if not stuff:
        return ()
    whole = sum(int(line["evaluated_px"]) for line in rows)
    pixels = sum(int(line[f"reference_px/class={name}"]) for line in rows for name in stuff)
    said = (
        f"Evidence per object alone would say nothing of the stuff, {joined(stuff)}: "
        f"{share(pixels, whole)} evaluated pixels of the {words.reference}. They are counted by "
        "case and class in evidence/cases.csv."
    )
    return (said,)


def _table(
    plan: Protocol,
    addresses: Addresses,
    words: Words,
    numbering: Numbering,
    scopes: dict[str, tuple[str | None, str]],
) -> Table:
    has_objects = holds_objects(plan)
    columns = _COLUMNS if has_objects else (("reference_components", "Components", 24.0),)
    first = 100 - sum(width for _, _, width in columns)
    caption = (
        f"Objects of the {words.reference}, and connected components of its mask, by class"
        if has_objects
        else f"Connected components of the {words.reference}, by class"
    )
    cancelling = (
        "Error: components \u2212 objects. Merged objects and objects in several parts cancel in "
        "it; objects that touch are counted whatever cancels. Ignored regions are not objects."
    )
    together = (
        "All classes: components and objects of an image counted together, the mask still one of "
        "each class."
    )
    return numbering.table(
        caption,
        (
            Column("Class", f"{first:.1f}%"),
            *(Column(label, f"{width:.1f}%", "number") for _, label, width in columns),
        ),
        [
            _row(label, addresses, [metric for metric, _, _ in columns], *scope)
            for label, scope in scopes.items()
        ],
        notes=(
            cancelling if has_objects else "",
            together if len(scopes) > 1 else "",
            _left_out(plan, has_objects=has_objects),
        ),
    )


def _left_out(plan: Protocol, *, has_objects: bool) -> str:
    """Return which classes have no row; nothing where all have one."""
    total = len(plan.thing_names())
    if total <= MOST_CLASSES:
        return ""
    most = "objects that touch another" if has_objects else "components"
    return (
        f"{share(MOST_CLASSES, total)} classes are printed, those with the most {most}. The "
        "attached file evidence/metrics.json holds all."
    )


def _row(
    label: str,
    addresses: Addresses,
    metrics: Sequence[str],
    class_name: str | None,
    end: str,
) -> TableRow:
    ids = {metric: metric_id(f"{metric}{end}", class_name=class_name) for metric in metrics}
    samples = [
        sample_words(addresses.figure(ids[metric]))
        for metric in ("touching_share", "reference_components")
        if metric in ids
    ]
    return row(
        strong(label, *samples),
        *(
            addresses.compact_result(one) if one in addresses else text("\u2013")
            for one in ids.values()
        ),
    )


def _pairs(contents: RecordContents) -> list[Pair]:
    """Return objects and components of each image that is in the figures."""
    return [
        Pair(float(line["reference_objects"]), float(line["reference_components"]))
        for line in contents.case_rows
        if line["in_figures"] == "true" and line.get("component_count_difference")
    ]


def _figure(pairs: list[Pair], numbering: Numbering) -> Figure | None:
    if all(one.reference == one.prediction for one in pairs):
        return None
    cases = plural(len(pairs), "image")
    return numbering.figure(
        "Left: connected components of the mask against objects of an image, with the line of "
        "equality. Right: difference against mean. A larger ring stands for several images.",
        agreement_scatter(
            pairs,
            alt=f"Scatter of connected components against objects, {cases}.",
            quantity="objects",
            labels=("objects in an image", "components of the mask"),
        ),
        difference_plot(
            pairs,
            alt=f"Differences of components and objects against their mean, {cases}.",
            quantity="objects",
            labels=("mean of both", f"components {MINUS} objects"),
        ),
    )
