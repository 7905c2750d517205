"""Metrics that need another one beside them: Metrics Reloaded (2024).

One figure alone can be high while the result is of no use. Each rule names the criteria that call
for a companion, and the metrics of which one has to be judged, too.
"""

from collections.abc import Iterator
from typing import NamedTuple

from validation.plan.protocol import Protocol

_ENDINGS = (
    *("_pooled_over_classes", "_mean_over_classes", "_mean_over_cases"),
    *("_all", "_things", "_stuff", "_px", "_um"),
)
_FROC = tuple(
    f"froc_sensitivity_{rate}" for rate in ("0_125", "0_25", "0_5", "1", "2", "4", "8")
)  # the rates of the catalogue
_BOTH_SIDES = ("f1", "panoptic_quality", "average_precision", "average_precision_at", "pq", "rq")
_FOUND = ("recall", "average_recall", "average_recall_1", "average_recall_10")
_NOT_INVENTED = ("precision", "false_positives_per_case")
_OVERLAP = ("dice", "iou", "mean_iou", "frequency_weighted_iou")
_BORDERS = (
    "normalised_surface_distance",
    "boundary_iou",
    "hausdorff_95",
    "average_surface_distance",
)


class _Rule(NamedTuple):
    """Criteria that call for a companion."""

    kinds: tuple[str, ...]
    """Methods that it is about."""
    judged: tuple[str, ...]
    """Metrics of which one is judged; none: whatever is judged."""
    companions: tuple[str, ...]
    """Metrics of which one has to be judged, too."""
    what: str
    named: str
    """Companions as they are proposed."""
    about: str
    """What is not judged, in a word or two."""


class Missing(NamedTuple):
    """What no criterion judges beside those that there are."""

    about: str
    """In a word or two, e.g. ``borders``."""
    what: str
    named: str
    """Metrics to add."""


_RULES = (
    _Rule(
        ("instance",),
        (),
        ("segmentation_quality", "panoptic_quality", "average_precision"),
        "no criterion judges how well found objects are outlined",
        "segmentation_quality, panoptic_quality or average_precision",
        "outlines",
    ),
    _Rule(
        ("panoptic",),
        (),
        ("pq", "sq", "matched_dice"),
        "no criterion judges how well found objects are outlined",
        "pq, sq or matched_dice",
        "outlines",
    ),
    _Rule(
        ("instance", "panoptic"),
        ("segmentation_quality", "sq", "matched_dice", "matched_hausdorff_95"),
        (*_BOTH_SIDES, *_FOUND, *_NOT_INVENTED, *_FROC, "froc_mean"),
        "the outlines of found objects are judged, and no criterion judges how many are found",
        "recall, f1 or a metric that holds both",
        "found objects",
    ),
    _Rule(
        ("instance", "panoptic"),
        _FOUND,
        (*_BOTH_SIDES, *_NOT_INVENTED),
        "no criterion judges objects that are not there: recall alone can be had by finding "
        "everything",
        "precision, false_positives_per_case or f1",
        "false objects",
    ),
    _Rule(
        ("instance", "panoptic"),
        _NOT_INVENTED,
        (*_BOTH_SIDES, *_FOUND, *_FROC, "froc_mean"),
        "no criterion judges objects that are missed: precision alone can be had by finding little",
        "recall or f1",
        "missed objects",
    ),
    _Rule(
        ("semantic",),
        _OVERLAP,
        _BORDERS,
        "overlap is judged without borders: it says little of outlines, and of small structures "
        "too much",
        "normalised_surface_distance or boundary_iou",
        "borders",
    ),
    _Rule(
        ("semantic",),
        _BORDERS,
        _OVERLAP,
        "borders are judged without overlap: a distance says nothing where a class is missed",
        "dice or iou",
        "overlap",
    ),
    _Rule(
        ("semantic", "panoptic"),
        ("pixel_recall",),
        (*_OVERLAP, "pixel_precision"),
        "no criterion judges pixels that are wrongly given to a class",
        "pixel_precision, dice or iou",
        "false pixels",
    ),
    _Rule(
        ("semantic", "panoptic"),
        ("pixel_precision",),
        (*_OVERLAP, "pixel_recall"),
        "no criterion judges pixels of a class that are missed",
        "pixel_recall, dice or iou",
        "missed pixels",
    ),
    _Rule(
        ("semantic", "panoptic"),
        ("pixel_accuracy",),
        (*_OVERLAP, "pq"),
        "pixel accuracy is high wherever a class is rare",
        "dice, iou or mean_iou",
        "rare classes",
    ),
    _Rule(
        ("semantic", "panoptic"),
        ("pixel_specificity",),
        (*_OVERLAP, "pixel_recall", "pq"),
        "specificity of pixels is high wherever a class is rare, and nothing found has all of it",
        "pixel_recall, dice or iou",
        "missed pixels beside specificity",
    ),
    _Rule(
        ("semantic", "panoptic"),
        ("presence_sensitivity",),
        (
            "presence_specificity",
            "presence_positive_predictive_value",
            "presence_balanced_accuracy",
        ),
        "no criterion judges images in which a class is found that is not there",
        "presence_specificity",
        "images without the class",
    ),
    _Rule(
        ("semantic", "panoptic"),
        ("presence_specificity",),
        (
            "presence_sensitivity",
            "presence_negative_predictive_value",
            "presence_balanced_accuracy",
        ),
        "no criterion judges images in which a class is there and not found",
        "presence_sensitivity",
        "images with the class",
    ),
)


def missing_companions(protocol: Protocol) -> Iterator[Missing]:
    """Yield what no criterion judges beside those that there are."""
    judged = {base(one.metric) for one in protocol.criteria}
    for rule in _RULES:
        calls = not rule.judged or judged & set(rule.judged)
        if protocol.method.kind in rule.kinds and calls and not judged & set(rule.companions):
            yield Missing(rule.about, f"{rule.what} (Metrics Reloaded)", rule.named)


def base(metric: str) -> str:
    """Return a metric's id without what it is taken over, and without its unit.

    >>> base("pixel_recall_mean_over_cases"), base("hausdorff_95_px"), base("sq_things")
    ('pixel_recall', 'hausdorff_95', 'sq')
    """
    for ending in _ENDINGS:
        metric = metric.removesuffix(ending)
    return metric
