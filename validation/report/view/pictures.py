"""The pictures of the worst cases, with their legend."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.contents import Overlay, RecordContents
from validation.report.figures import swatch
from validation.report.formatting import number, plural, short_digest
from validation.report.overlays import OutcomeStyle, legend
from validation.report.view.case_table import case_anchor
from validation.report.view.elements import Heading, Numbering
from validation.report.view.wording import Words


@dataclass(frozen=True)
class PictureView:
    """A worst case."""

    source: str
    """Address of the picture for the document."""
    alt: str
    rank: str
    case_id: str
    anchor: str
    case_anchor: str
    """Row of the case in the table of cases; empty where it is not printed."""
    reason: str
    caption: str
    details: str
    """Subject, subgroups and enlargement."""
    files: str
    """The case's image, and the picture's file with the beginning of its digest."""
    width: str
    """Width in print."""


@dataclass(frozen=True)
class LegendView:
    """An outcome and how it is drawn."""

    word: str
    swatch: Markup


@dataclass(frozen=True)
class WorstCasesView:
    """The pictures of the worst cases with their legend."""

    heading: Heading
    rule: str
    legend: tuple[LegendView, ...]
    legend_words: str
    rows: tuple[tuple[PictureView, ...], ...]
    """Two pictures side by side."""
    nothing: str
    """Said where there is no picture."""


def worst_cases(
    contents: RecordContents, words: Words, numbering: Numbering, printed_cases: frozenset[str]
) -> WorstCasesView:
    """Return the pictures of the worst cases, worst first."""
    kind = contents.protocol.method.kind
    attributes = {
        one.case_id: {"subject": one.subject_id or "", **one.attributes}
        for one in contents.lock.cases.evaluated
    }
    images = {one.case_id: one.image for one in contents.lock.cases.evaluated}
    pictures = [
        _picture(
            one,
            rank,
            attributes.get(one.case_id, {}),
            _files(one, images.get(one.case_id, "image not known"), contents.digests),
            is_printed=one.case_id in printed_cases,
        )
        for rank, one in enumerate(contents.overlays, start=1)
    ]
    return WorstCasesView(
        heading=numbering.subsection("Worst cases", "worst-cases"),
        rule=_rule(contents),
        legend=tuple(LegendView(one.word, _swatch(one)) for one in legend(kind)),
        legend_words=_legend_words(kind, words),
        rows=tuple(tuple(pictures[start : start + 2]) for start in range(0, len(pictures), 2)),
        nothing="No case could be ranked, so no picture is shown.",
    )


def _swatch(style: OutcomeStyle) -> Markup:
    return swatch(
        style.hexadecimal,
        letter=style.letter,
        line=style.line,
        alt=style.word,
    )


def _rule(contents: RecordContents) -> str:
    shown = plural(len(contents.overlays), "case")
    if contents.protocol.method.kind == "instance":
        return (
            f"The {shown} with the lowest F1 at the IoU threshold of the protocol, then with the "
            "most reference objects not found; ties by case id. Pictures are in gray, stretched "
            "in contrast and enlarged without smoothing."
        )
    if contents.protocol.method.kind == "panoptic":
        return (
            f"The {shown} with the lowest panoptic quality over the segments of the image; ties by "
            "case id. Objects of things are drawn; stuff that was not matched is named. Pictures "
            "are in gray, stretched in contrast and enlarged without smoothing."
        )
    return (
        f"The {shown} with the lowest Dice of any class; ties by case id. Pictures are in gray, "
        "stretched in contrast and enlarged without smoothing."
    )


def _legend_words(kind: str, words: Words) -> str:
    if kind != "semantic":
        return (
            f"Solid outline: {words.reference}. Dashed outline: prediction. Colours and letters "
            "name the outcome; X missed, F false positive, M merged, S split."
        )
    return (
        f"Outline: pixels that {words.reference} and prediction share. Filled: only in the "
        f"{words.reference}. Hatched: only in the prediction. Darkened: not evaluated."
    )


def _picture(
    one: Overlay, rank: int, attributes: Mapping[str, str], files: str, *, is_printed: bool
) -> PictureView:
    described = ", ".join(f"{name} {value}" for name, value in attributes.items() if value)
    times = f"enlarged {one.magnification} times" if one.magnification > 1 else "not enlarged"
    return PictureView(
        source=f"overlays/{one.file}",
        alt=f"Case {one.case_id} with outlines of reference and prediction: {one.caption}.",
        rank=number(rank),
        case_id=one.case_id,
        anchor=f"picture-{one.case_id}",
        case_anchor=case_anchor(one.case_id) if is_printed else "",
        reason=one.rank_reason,
        caption=one.caption,
        details=f"{described}; {times}" if described else times,
        files=files,
        width=f"{_width_mm(one):.1f}mm",
    )


def _files(one: Overlay, image: str, digests: Mapping[str, str]) -> str:
    name = f"overlays/{one.file}"
    digest = f" ({short_digest(digests[name])})" if name in digests else ""
    return f"{image}; {name}{digest}"


def _width_mm(one: Overlay) -> float:
    """Return a width that keeps tall pictures within half a page."""
    widest, tallest = 79.0, 79.0
    return min(widest, tallest * one.width_px / one.height_px)
