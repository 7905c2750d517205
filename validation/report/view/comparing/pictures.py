"""Pictures of changed cases: the reference, A and B side by side."""

from validation.plan.method import Kind
from validation.report.contents import Overlay
from validation.report.formatting import number, short_digest
from validation.report.overlays.changed import ChangedCase, ChangedCases
from validation.report.overlays.drawing import overlay_drawing
from validation.report.view.elements import Numbering
from validation.report.view.pictures import (
    PicturesView,
    PictureView,
    legend_of,
    legend_words_of,
)
from validation.report.view.wording import Words, sentence

_SIDE_MM, _LETTER_PT, _POINTS_A_MM = 51.3, 4.8, 72 / 25.4
_MADE = "Images are in gray, stretched in contrast; pixels are not smoothed."
_RULES = {
    "semantic": "The cases with the largest fall of Dice of any class, then with the largest rise;",
    "instance": "The cases in which most objects are newly missed, merged, split or false, then "
    "those in which most are newly found or no longer false;",
}


def pictures(cases: ChangedCases, kind: Kind, words: Words, numbering: Numbering) -> PicturesView:
    """Return the pictures of the cases that changed most, a row a case."""
    rule = _RULES["semantic" if kind == "semantic" else "instance"]
    return PicturesView(
        heading=numbering.section("Changed cases in pictures", "pictures"),
        rule=f"{rule} ties by case id. {_MADE}",
        legend=legend_of(kind, words),
        legend_words=legend_words_of(kind, words),
        rows=tuple(
            tuple(
                _picture(one, overlay, f"P{place}{letter}", who)
                for overlay, letter, who in (
                    (one.reference, "", sentence(words.reference)),
                    (one.first, "A", "A, the version before"),
                    (one.second, "B", "B, the new version"),
                )
            )
            for place, one in enumerate(cases.cases, start=1)
        ),
        nothing=cases.not_drawn or "No case changed, so no picture is shown.",
    )


def _picture(one: ChangedCase, overlay: Overlay, name: str, who: str) -> PictureView:
    width = _SIDE_MM * _POINTS_A_MM * min(1.0, overlay.width_px / overlay.height_px)
    caption = overlay.caption
    alt = f"Case {one.case_id}, {who}: {caption}."
    size = f"{number(overlay.width_px)} \u00d7 {number(overlay.height_px)}\u00a0px"
    if overlay.reduction > 1:
        size += f", reduced {number(overlay.reduction)}\u00a0times"
    start = short_digest(overlay.digest).removeprefix("sha256:")
    # The three lie over one image; names of hatchings have to differ.
    drawn = replace_id(overlay, name)
    return PictureView(
        drawing=overlay_drawing(drawn, width_pt=width, letter_pt=_LETTER_PT, alt=alt),
        name=name,
        case_id=one.case_id,
        anchor=f"picture-{name}",
        case_anchor="",
        reason=f"{who}: {one.reason}." if name.endswith("B") else f"{who}.",
        caption=caption,
        details=size,
        files=f"overlays/{overlay.file} ({start})",
    )


def replace_id(overlay: Overlay, name: str) -> Overlay:
    """Return an overlay under a name of its own."""
    return overlay.model_copy(update={"case_id": name})
