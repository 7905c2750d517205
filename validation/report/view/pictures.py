"""The pictures of cases: the worst, large, and every other case with objects that are listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.plan.method import Kind
from validation.report.contents import Outline, Overlay, RecordContents
from validation.report.formatting import clipped, number, plural, short_digest
from validation.report.overlays.drawing import overlay_drawing
from validation.report.overlays.legend import label_swatch, source_swatch, swatch
from validation.report.overlays.styles import OUTCOME_STYLES, legend
from validation.report.view.case_table import case_anchor, case_labels, printed_cases
from validation.report.view.elements import Heading, Numbering
from validation.report.view.wording import Words

_POINTS_A_MM = 72 / 25.4
_LONGEST_PATH = 44


@dataclass(frozen=True)
class PictureView:
    """A case as it is shown."""

    drawing: Markup
    name: str
    """How the text refers to it, e.g. ``P3``."""
    case_id: str
    """Id of the case, or as much of a long one as tells it from others."""
    anchor: str
    case_anchor: str
    """Row of the case in the table of cases; empty where it is not printed."""
    reason: str
    caption: str
    """What can be seen: objects by outcome, with the ids of those that are listed."""
    details: str
    """Subject, subgroups and reduction."""
    files: str
    """The case's image, and the picture's file with the beginning of its digest."""


@dataclass(frozen=True)
class LegendView:
    """A part of the pictures and how it is drawn; a browser can hide it."""

    key: str
    """Class of what is drawn."""
    word: str
    swatch: Markup


@dataclass(frozen=True)
class PicturesView:
    """Pictures with their legend."""

    heading: Heading
    rule: str
    legend: tuple[LegendView, ...]
    legend_words: str
    rows: tuple[tuple[PictureView, ...], ...]
    """Pictures side by side."""
    nothing: str
    """Said where there is no picture."""


@dataclass(frozen=True)
class _Size:
    """How large pictures are printed."""

    side_mm: float
    """Most width, and most height."""
    letter_pt: float
    a_row: int
    ids: int
    """Most ids named of an outcome; the table of objects has all."""


_LARGE = _Size(79, 5.6, 2, 20)
_SMALL = _Size(51.3, 4.8, 3, 8)


def worst_cases(contents: RecordContents, words: Words, numbering: Numbering) -> PicturesView:
    """Return the pictures of the worst cases, worst first."""
    shown = [one for one in contents.overlays if one.is_worst]
    return PicturesView(
        heading=numbering.subsection("Worst cases", "worst-cases"),
        rule=f"{_rule(contents, len(shown))} {_MADE}",
        legend=legend_of(contents.protocol.method.kind, words),
        legend_words=legend_words_of(contents.protocol.method.kind, words),
        rows=_rows(contents, shown, _LARGE),
        nothing="No case could be ranked, so no picture is shown.",
    )


def overlays(contents: RecordContents, words: Words, numbering: Numbering) -> PicturesView | None:
    """Return the pictures of the other cases that have objects listed; None: there are none."""
    shown = [one for one in contents.overlays if not one.is_worst]
    if not shown:
        return None
    return PicturesView(
        heading=numbering.appendix("Overlays", "overlays"),
        rule=f"Every other case with objects that are listed: {plural(len(shown), 'case')}, by "
        f"case id. {_MADE}",
        legend=legend_of(contents.protocol.method.kind, words),
        legend_words=legend_words_of(contents.protocol.method.kind, words),
        rows=_rows(contents, shown, _SMALL),
        nothing="",
    )


def picture_names(contents: RecordContents) -> dict[str, str]:
    """Return the name of each picture, e.g. ``P3``, by case."""
    return {one.case_id: f"P{place}" for place, one in enumerate(contents.overlays, start=1)}


def picture_anchor(case_id: str) -> str:
    """Return the name that links to the picture of a case lead to."""
    return f"picture-{case_id}"


# --- words -------------------------------------------------------------------------------

_MADE = "Images are in gray, stretched in contrast; pixels are not smoothed."


def _rule(contents: RecordContents, count: int) -> str:
    shown = plural(count, "case")
    if contents.protocol.method.kind == "instance":
        return (
            f"The {shown} with the lowest F1 at the IoU threshold of the protocol, then with the "
            "most reference objects not found; ties by case id."
        )
    if contents.protocol.method.kind == "panoptic":
        return (
            f"The {shown} with the lowest panoptic quality over the segments of the image; ties by "
            "case id. Objects of things are drawn; stuff that was not matched is named."
        )
    return f"The {shown} with the lowest Dice of any class; ties by case id."


def legend_words_of(kind: Kind, words: Words) -> str:
    """Return how the parts of pictures are told apart, in words."""
    if kind != "semantic":
        return (
            "Colours and letters name the outcome: X missed, F false positive, M merged, S split. "
            "Where there is room the id of the object follows: of false positives that of the "
            f"prediction, of all others that of the {words.reference}."
        )
    return (
        f"Outlined: pixels that {words.reference} and prediction share. Hatched with a solid edge: "
        f"only in the {words.reference}. Hatched with a dashed edge: only in the prediction. "
        "Darkened: not evaluated."
    )


def legend_of(kind: Kind, words: Words) -> tuple[LegendView, ...]:
    """Return every part of the pictures of a method, with how it is drawn."""
    outcomes = [
        LegendView(f"of-{outcome}", style.word, swatch(outcome))
        for outcome, style in legend(kind).items()
    ]
    if kind == "semantic":
        return tuple(outcomes)
    return (
        *outcomes,
        LegendView("by-reference", words.reference, source_swatch("reference", words.reference)),
        LegendView("by-prediction", "prediction", source_swatch("prediction", "prediction")),
        LegendView("labels", "outcome and id", label_swatch("outcome and id")),
    )


# --- pictures ----------------------------------------------------------------------------


def _rows(
    contents: RecordContents, shown: Sequence[Overlay], size: _Size
) -> tuple[tuple[PictureView, ...], ...]:
    names = picture_names(contents)
    labels = case_labels([line["case_id"] for line in contents.case_rows])
    linked = printed_cases(contents)
    cases = {one.case_id: one for one in contents.lock.cases.evaluated}
    pictures = []
    for one in shown:
        case = cases.get(one.case_id)
        label = one.case_id if size is _LARGE else labels.get(one.case_id, one.case_id)
        image = case.image if case is not None else "image not known"
        pictures.append(
            PictureView(
                drawing=overlay_drawing(
                    one, width_pt=_width_pt(one, size), letter_pt=size.letter_pt, alt=_alt(one)
                ),
                name=names[one.case_id],
                case_id=label,
                anchor=picture_anchor(one.case_id),
                case_anchor=case_anchor(one.case_id) if one.case_id in linked else "",
                reason=one.rank_reason,
                caption=_seen(one, size.ids),
                details=_details(
                    one, {"subject": case.subject_id or "", **case.attributes} if case else {}
                ),
                files=_files(one, image if size is _LARGE else "", labels),
            )
        )
    return tuple(
        tuple(pictures[start : start + size.a_row]) for start in range(0, len(pictures), size.a_row)
    )


def _alt(one: Overlay) -> str:
    return (
        f"Case {one.case_id} with outlines of reference and prediction: {one.caption}. "
        f"{one.rank_reason}."
    )


def _seen(one: Overlay, most: int) -> str:
    """Return how many objects there are by outcome, with the ids of those that are listed."""
    objects: dict[str, list[Outline]] = {}
    for outline in one.outlines:
        is_counted = outline.source == "reference" or outline.outcome == "false_positive"
        if is_counted and outline.object_id is not None:
            objects.setdefault(outline.outcome, []).append(outline)
    return "; ".join(_outcome(*entry, most) for entry in objects.items()) or one.caption


def _outcome(outcome: str, outlines: Sequence[Outline], most: int) -> str:
    ids = sorted(
        one.object_id or 0 for one in outlines if one.is_listed or one.outcome != "matched"
    )
    said = f"{number(len(outlines))} {OUTCOME_STYLES[outcome].word}"
    if not ids:
        return said
    more = len(ids) - most
    listed = ", ".join(map(str, ids[:most]))
    return f"{said}: {listed} and {number(more)} more" if more > 0 else f"{said}: {listed}"


def _files(one: Overlay, image: str, labels: Mapping[str, str]) -> str:
    """Return the image of the case, and the file of the picture with the start of its digest."""
    start = short_digest(one.digest).removeprefix("sha256:")
    file = f"overlays/{labels.get(one.case_id, one.case_id)}.png ({start})"
    return f"{clipped(image, _LONGEST_PATH)}; {file}" if image else file


def _details(one: Overlay, attributes: Mapping[str, str]) -> str:
    described = [f"{name} {value}" for name, value in attributes.items() if value]
    size = f"{number(one.width_px)} \u00d7 {number(one.height_px)}\u00a0px"
    if one.reduction > 1:
        size += f", reduced {number(one.reduction)}\u00a0times"
    if one.within_px > 1:
        size += f", outlines within {number(one.within_px)}\u00a0px"
    return "; ".join([", ".join(described), size] if described else [size])


def _width_pt(one: Overlay, size: _Size) -> float:
    """Return a width that keeps tall pictures within their part of the page."""
    return size.side_mm * _POINTS_A_MM * min(1.0, one.width_px / one.height_px)
