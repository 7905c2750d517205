"""Metrics that need another one beside them (Metrics Reloaded, 2024)."""

from typing import Any

import pytest

from validation.evidence.catalogue import CATALOGUE
from validation.plan import companions
from validation.plan.companions import missing_companions
from validation.study.opening import read_protocol

CASES = [
    # kind, metrics judged, what is missing (none: nothing)
    ("instance", ["recall", "precision"], ["how well found objects are outlined"]),
    ("instance", ["segmentation_quality"], ["how many are found"]),
    ("instance", ["recall", "segmentation_quality"], ["objects that are not there"]),
    ("instance", ["precision", "segmentation_quality"], ["objects that are missed"]),
    ("instance", ["f1", "segmentation_quality"], []),
    ("instance", ["average_precision"], []),
    ("panoptic", ["rq"], ["how well found objects are outlined"]),
    ("panoptic", ["pq_things"], []),
    ("semantic", ["dice"], ["overlap is judged without borders"]),
    ("semantic", ["dice_mean_over_cases"], ["overlap is judged without borders"]),
    ("semantic", ["hausdorff_95_px"], ["borders are judged without overlap"]),
    ("semantic", ["dice", "boundary_iou"], []),
    ("semantic", ["pixel_recall"], ["pixels that are wrongly given"]),
    ("semantic", ["pixel_precision"], ["pixels of a class that are missed"]),
    ("semantic", ["pixel_accuracy"], ["high wherever a class is rare"]),
    ("semantic", ["pixel_specificity"], ["nothing found has all of it"]),
    ("semantic", ["presence_sensitivity"], ["found that is not there"]),
    ("semantic", ["presence_specificity"], ["there and not found"]),
    ("semantic", ["presence_sensitivity", "presence_specificity"], []),
]


@pytest.mark.parametrize(("kind", "metrics", "expected"), CASES)
def test_what_no_criterion_judges_is_named(
    kind: str, metrics: list[str], expected: list[str], make_study: Any
) -> None:
    protocol = read_protocol(make_study(kind).path).protocol
    first = protocol.criteria[0]
    criteria = tuple(
        first.model_copy(update={"id": f"AC-{place}", "metric": metric})
        for place, metric in enumerate(metrics)
    )
    told = list(missing_companions(protocol.model_copy(update={"criteria": criteria})))
    assert len(told) == len(expected)
    for one, part in zip(told, expected, strict=True):
        assert part in one.what
        assert "Metrics Reloaded" in one.what
        assert one.named
        assert one.about


def test_every_metric_of_a_rule_is_in_the_catalogue() -> None:
    known = {companions.base(one.id) for one in CATALOGUE}
    named = {name for rule in companions._RULES for name in (*rule.judged, *rule.companions)}
    assert named <= known


def test_what_a_companion_is_about_tells_it_from_others_of_its_method() -> None:
    for kind in ("instance", "semantic", "panoptic"):
        abouts = [rule.about for rule in companions._RULES if kind in rule.kinds]
        assert len(set(abouts)) == len(abouts)
