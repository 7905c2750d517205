"""Precision against recall, and sensitivity against false positives, from ``curves.csv``."""

from collections import defaultdict
from collections.abc import Sequence

from validation.evidence.curve_points import FREE_RESPONSE, PRECISION_RECALL
from validation.evidence.froc import METRICS, RATES
from validation.evidence.metric_values import MetricValue, metric_id
from validation.report.figures import (
    MOST_CURVES,
    STYLE_WORDS,
    Curve,
    CurvePanel,
    Estimate,
    free_response,
    grid_of_curves,
    precision_recall,
)
from validation.report.formatting import number, plural
from validation.report.view.elements import Figure
from validation.report.view.results.teller import Teller, estimate

Points = dict[tuple[str, str], list[tuple[float, float]]]
"""Places of a kind of curve, by class and IoU threshold as written."""

_SOURCE = "evidence/curves.csv"
_MOST_PAIRS = 4
"""Up to this many classes have a figure each; more have small panels."""
_MOST_PANELS = 20


def class_curves(teller: Teller, name: str, numbers: str) -> list[Figure]:
    """Return both curves of a class; none where there are many classes, or no scores."""
    recall, response = _points(teller, PRECISION_RECALL), _points(teller, FREE_RESPONSE)
    plan = teller.contents.protocol
    if len(plan.class_names()) > _MOST_PAIRS or not any(of == name for of, _ in recall):
        return []
    left, right = _recall_panel(teller, name, recall), _response_panel(teller, name, response)
    return [
        teller.drawn(
            f"Class {name}. Left: precision against recall, interpolated as COCO does; a mark is "
            "the operating point. Right: free-response curve; marks are the sensitivities at seven "
            "rates at the first IoU threshold. Bars at marks are intervals.",
            precision_recall(left, alt=_recall_alt(teller, name, left)),
            free_response(right, alt=_response_alt(teller, name, right)),
            numbers=f"{numbers} and {_SOURCE}",
        )
    ]


def grids_of_curves(teller: Teller) -> list[Figure]:
    """Return small panels, a class each, where there are many classes."""
    recall, response = _points(teller, PRECISION_RECALL), _points(teller, FREE_RESPONSE)
    known = {name for name, _ in recall}
    names = [one for one in teller.contents.protocol.class_names() if one in known]
    if len(teller.contents.protocol.class_names()) <= _MOST_PAIRS:
        return []
    parts = [names[start : start + _MOST_PANELS] for start in range(0, len(names), _MOST_PANELS)]
    return [
        *(_grid(teller, [_recall_panel(teller, one, recall, title=one) for one in part],
                is_free_response=False) for part in parts),
        *(_grid(teller, [_response_panel(teller, one, response, title=one) for one in part],
                is_free_response=True) for part in parts),
    ]  # fmt: skip


def _grid(teller: Teller, panels: Sequence[CurvePanel], *, is_free_response: bool) -> Figure:
    what = "Free-response curves" if is_free_response else "Precision against recall"
    across = "sensitivity against false positives per image" if is_free_response else "interpolated"
    labels = list(dict.fromkeys(one.label for panel in panels for one in panel.curves))
    styles = ", ".join(
        f"{label} {style}" for label, style in zip(labels, STYLE_WORDS, strict=False)
    )
    many = plural(len(panels), "class", "classes")
    drawing = grid_of_curves(
        panels,
        alt=f"{what} of {many}: {', '.join(one.title for one in panels)}; {styles}.",
        is_free_response=is_free_response,
    )
    return teller.drawn(f"{what} by class, {across}; {styles}.", drawing, numbers=_SOURCE)


def _points(teller: Teller, kind: str) -> Points:
    across, up = "recall", "precision"
    if kind == FREE_RESPONSE:
        across, up = "false_positives_per_image", "recall"
    found: Points = defaultdict(list)
    for line in teller.contents.curve_rows:
        if line["curve"] == kind:
            found[line["class"], line["iou"]].append((float(line[across]), float(line[up])))
    return found


def _thresholds(teller: Teller, points: Points, name: str) -> list[str]:
    """Return the thresholds that are drawn: those of the protocol that have a curve."""
    matching = teller.contents.protocol.analysis.matching
    planned = (matching.iou_threshold, *matching.further_iou_thresholds) if matching else ()
    known = [iou for of, iou in points if of == name]
    mine = [iou for iou in known if float(iou) in planned] or known[:1]
    return sorted(mine, key=float)[:MOST_CURVES]


def _recall_panel(teller: Teller, name: str, points: Points, title: str = "") -> CurvePanel:
    curves = [
        Curve(f"IoU\u00a0{iou}", tuple(points[name, iou]), _operating_point(teller, name, iou))
        for iou in _thresholds(teller, points, name)
    ]
    return CurvePanel(title, tuple(curves))


def _operating_point(teller: Teller, name: str, iou: str) -> tuple[tuple[float, Estimate], ...]:
    recall = _figure(teller, "recall", name, iou)
    precision = _figure(teller, "precision", name, iou)
    if recall is None or recall.value is None or precision is None:
        return ()
    return ((recall.value, estimate(precision)),)


def _response_panel(teller: Teller, name: str, points: Points, title: str = "") -> CurvePanel:
    curves = [
        Curve(
            f"IoU\u00a0{iou}",
            tuple(points[name, iou]),
            tuple(
                (rate, estimate(_figure(teller, metric, name, iou)))
                for metric, rate in zip(METRICS, RATES, strict=False)
            )
            if place == 0
            else (),
        )
        for place, iou in enumerate(_thresholds(teller, points, name))
    ]
    return CurvePanel(title, tuple(curves))


def _figure(teller: Teller, metric: str, name: str, iou: str) -> MetricValue | None:
    one = metric_id(metric, class_name=name, iou=float(iou))
    return teller.addresses.figure(one) if one in teller.addresses else None


def _recall_alt(teller: Teller, name: str, panel: CurvePanel) -> str:
    ids = {
        one.label: metric_id(
            "average_precision_at", class_name=name, iou=float(one.label.split("\u00a0")[1])
        )
        for one in panel.curves
    }
    said = [
        f"{label}: average precision {teller.addresses.result(one).words}"
        for label, one in ids.items()
        if one in teller.addresses
    ]
    return f"Precision against recall of class {name}. {'; '.join(said)}."


def _response_alt(teller: Teller, name: str, panel: CurvePanel) -> str:
    first = panel.curves[0].label.split("\u00a0")[1] if panel.curves else ""
    ids = [
        (rate, metric_id(metric, class_name=name, iou=float(first)))
        for metric, rate in zip(METRICS, RATES, strict=False)
        if first
    ]
    said = [
        f"{number(rate)}: {teller.addresses.result(one).text}"
        for rate, one in ids
        if one in teller.addresses
    ]
    return (
        f"Free-response curve of class {name}, IoU {first}: sensitivity at false positives per "
        f"image of {'; '.join(said)}."
    )
