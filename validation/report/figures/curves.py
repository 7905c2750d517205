"""Curves over all scores: precision against recall, sensitivity against false positives."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from validation.report.figures.axes import Frame, Scale, rising_axis, ticks
from validation.report.figures.canvas import disc, lettering, line, polyline, svg
from validation.report.figures.forest import Estimate
from validation.report.figures.palette import ACCENT, INK, MUTED, NOT_MET, PALE
from validation.report.formatting import clipped, number

Place = tuple[float, float]

_Named = tuple[bool, bool]
"""Whether the axis across is named, and the axis that rises."""
_BOTH = (True, True)

_STYLES = ((INK, ""), (ACCENT, "4 2"), (NOT_MET, "1.2 1.6"), (MUTED, "6 2 1.2 2"))
STYLE_WORDS = ("solid", "dashed", "dotted", "dashed and dotted")
"""How the lines of a panel are drawn, in their order."""

_RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_RATE_WORDS = ("1/8", "1/4", "1/2", "1", "2", "4", "8")
_LEAST_RATE = 1 / 16
_NEAR = 0.25
"""Points closer than this on the paper are one."""

MOST_CURVES = len(_STYLES)
"""Curves of one panel that can be told apart."""


@dataclass(frozen=True)
class Curve:
    """A curve of a panel."""

    label: str
    """E.g. ``IoU 0.5``."""
    points: tuple[Place, ...]
    marks: tuple[tuple[float, Estimate], ...] = ()
    """Figures of the evidence on the curve: place across, and value with limits upwards."""


@dataclass(frozen=True)
class CurvePanel:
    """Curves with common axes."""

    title: str
    curves: tuple[Curve, ...]


def precision_recall(panel: CurvePanel, *, alt: str) -> Markup:
    """Return precision against recall; a mark is the operating point."""
    frame = Frame(width=222, height=196, top=16)
    return svg(frame.width, frame.height, alt, _recall_panel(panel, frame))


def free_response(panel: CurvePanel, *, alt: str) -> Markup:
    """Return sensitivity against false positives an image, on a logarithmic axis.

    Marks are the sensitivities at the seven rates.
    """
    frame = Frame(width=222, height=196, top=16)
    return svg(frame.width, frame.height, alt, _response_panel(panel, frame))


def grid_of_curves(panels: Sequence[CurvePanel], *, alt: str, is_free_response: bool) -> Markup:
    """Return a small panel a class, four in a row; the outer ones name the axes."""
    width, height, in_a_row = 114.0, 108.0, 4
    draw = _response_panel if is_free_response else _recall_panel
    parts: list[str] = []
    for place, panel in enumerate(panels):
        frame = Frame(width=width, height=height, left=24, top=14, foot=26)
        left, top = width * (place % in_a_row), height * (place // in_a_row)
        is_named = (place + in_a_row >= len(panels), place % in_a_row == 0)
        inner = "".join(draw(panel, frame, is_small=True, is_named=is_named))
        parts.append(f'<g transform="translate({left:g} {top:g})">{inner}</g>')
    rows = -(-len(panels) // in_a_row)
    return svg(width * min(in_a_row, len(panels)), height * rows, alt, parts)


def _recall_panel(
    panel: CurvePanel, frame: Frame, *, is_small: bool = False, is_named: _Named = _BOTH
) -> list[str]:
    across = Scale(0.0, 1.0, frame.left, frame.right)
    up = Scale(0.0, 1.0, frame.bottom, frame.top)
    most = 3 if is_small else 6
    words = [(one, number(one)) for one in ticks(0.0, 1.0, most)]
    labels = _names(("recall", "precision"), is_named)
    parts = _axes(frame, across, up, words, labels, is_small=is_small)
    return [*parts, *_curves(panel, across, up, is_small=is_small)]


def _response_panel(
    panel: CurvePanel, frame: Frame, *, is_small: bool = False, is_named: _Named = _BOTH
) -> list[str]:
    largest = max((x for one in panel.curves for x, _ in one.points), default=0.0)
    across = Scale(
        math.log2(_LEAST_RATE), math.log2(max(largest, _RATES[-1]) * 1.15), frame.left, frame.right
    )
    up = Scale(0.0, 1.0, frame.bottom, frame.top)
    chosen = list(zip(_RATES, _RATE_WORDS, strict=True))
    words = [(math.log2(rate), word) for rate, word in chosen[:: 3 if is_small else 1]]
    labels = _names(("false positives per image", "sensitivity"), is_named)
    parts = _axes(frame, across, up, words, labels, is_small=is_small)
    stepped = [
        Curve(
            one.label,
            tuple(_steps(one.points, across.high)),
            tuple((math.log2(rate), estimate) for rate, estimate in one.marks),
        )
        for one in panel.curves
    ]
    return [
        *parts,
        *_curves(CurvePanel(panel.title, tuple(stepped)), across, up, is_small=is_small),
    ]


def _names(labels: tuple[str, str], is_named: _Named) -> tuple[str, str]:
    across, up = labels
    return across if is_named[0] else "", up if is_named[1] else ""


def _steps(points: Sequence[Place], end: float) -> Iterable[Place]:
    """Return the corners on a logarithmic axis: sensitivity rises only where a rate is reached.

    Behind the last false positive it stays.
    """
    if not points:
        return
    height = 0.0
    for rate, sensitivity in points:
        x = math.log2(max(rate, _LEAST_RATE))
        yield x, height
        yield x, sensitivity
        height = sensitivity
    yield end, height


def _axes(
    frame: Frame,
    across: Scale,
    up: Scale,
    words: Sequence[tuple[float, str]],
    labels: tuple[str, str],
    *,
    is_small: bool,
) -> list[str]:
    size = 6.5 if is_small else 7.5
    parts = [line(frame.left, frame.bottom, frame.right, frame.bottom, MUTED, 0.6)]
    for value, word in words:
        x = across(value)
        parts.append(line(x, frame.top, x, frame.bottom, PALE, 0.6))
        parts.append(line(x, frame.bottom, x, frame.bottom + 2.5, MUTED, 0.6))
        parts.append(
            lettering(x, frame.bottom + 10, word, anchor="middle", size=size, colour=MUTED)
        )
    if labels[0]:
        middle, below = (frame.left + frame.right) / 2, frame.bottom + (19 if is_small else 22)
        parts.append(lettering(middle, below, labels[0], anchor="middle", size=size + 0.5))
    return [*parts, *rising_axis(frame, up, labels[1], size=size, most=3 if is_small else 6)]


def _curves(panel: CurvePanel, across: Scale, up: Scale, *, is_small: bool) -> list[str]:
    size = 7.0 if is_small else 8.0
    parts = [
        lettering(across.start, up.end - 5, clipped(panel.title, 24), size=size, weight=600)
    ] if panel.title else []  # fmt: skip
    for (colour, dash), one in zip(_STYLES, panel.curves, strict=False):
        places = _thinned([(across(x), up(y)) for x, y in one.points])
        parts.append(polyline(places, colour, 1.2 if not dash else 1.4, dash))
        for x, estimate in one.marks:
            parts.extend(_mark(across(x), estimate, up, colour))
    return [*parts, *([] if is_small else _legend(panel, across, up))]


def _mark(x: float, estimate: Estimate, up: Scale, colour: str) -> list[str]:
    if estimate.value is None:
        return []
    parts = [disc(x, up(estimate.value), 2.1, colour)]
    if estimate.lower is not None and estimate.upper is not None:
        parts.append(line(x, up(estimate.lower), x, up(estimate.upper), colour, 0.8))
    return parts


def _legend(panel: CurvePanel, across: Scale, up: Scale) -> list[str]:
    """Return the names of the curves above the plot, at its right end."""
    parts: list[str] = []
    right = across.end
    for (colour, dash), one in reversed(list(zip(_STYLES, panel.curves, strict=False))):
        parts.append(lettering(right, up.end - 5, one.label, anchor="end", size=7.5))
        right -= 3.9 * len(one.label) + 4
        parts.append(line(right - 14, up.end - 7.6, right, up.end - 7.6, colour, 1.4, dash=dash))
        right -= 22
    return parts[::-1]  # words of a line are painted from the left, as readers of a PDF take them


def _thinned(places: Sequence[Place]) -> list[Place]:
    """Return a line that looks the same: corners that lie on one another are one."""
    kept = list(places[:1])
    for before, place in pairwise(places):
        last = kept[-1]
        if max(abs(place[0] - last[0]), abs(place[1] - last[1])) >= _NEAR:
            if before != last and len(places) < 2000:  # noqa: PLR2004 - keeps corners sharp
                kept.append(before)
            kept.append(place)
    if places and kept[-1] != places[-1]:
        kept.append(places[-1])
    return kept
