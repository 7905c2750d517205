"""Unit tests for validation/evidence/curve_points.py: the points give the figures again."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from validation.evidence.curve_points import curve_rows
from validation.evidence.curves import CurveFigures, Curves, curves
from validation.evidence.froc import METRICS, RATES
from validation.evidence.object_pool import object_pool
from validation.evidence.overlap import OverlapTable, overlap_table
from validation.evidence.rows import Row
from validation.plan.protocol import Matching

CASES, NAMES = 6, ("cell", "spot", "debris")
Rate = tuple[str, str, float | None]


@pytest.fixture(scope="module", params=[3, None], ids=["ties", "all scores differ"])
def paired(
    request: pytest.FixtureRequest,
    make_random_objects: Callable[..., Any],
    make_jittered: Callable[..., Any],
) -> Curves:
    """Return the curves of random objects of two classes; there is none of the third."""
    generator = np.random.default_rng(20260301)
    tables: list[OverlapTable] = []
    for case in range(CASES):
        truth = make_random_objects(generator, 6, classes=2, ignored_share=0.2)
        found = make_random_objects(generator, 6, classes=2, score_levels=request.param or 10**6)
        if case % 2:
            found = make_jittered(generator, truth, 3)
        tables.append(overlap_table(f"C-{case}", truth, found))
    rule = Matching(
        algorithm="greedy_by_score", iou_threshold=0.5, further_iou_thresholds=(0.7,),
        score_threshold=0.5, maximum_detections=100, merge_split_fraction=0.6,
    )  # fmt: skip
    return curves(object_pool(tables, len(NAMES)), rule, NAMES)


def figures_of(paired: Curves) -> dict[Rate, float | None]:
    """Return the figures over all cases that the curves give."""
    found = CurveFigures(paired, np.ones(CASES, bool)).figures
    return {
        (one.metric, str(one.class_name), one.iou): one.value for one in found if one.size is None
    }


def points(paired: Curves, curve: str) -> dict[tuple[str, float], list[Row]]:
    """Return the rows of a kind of curve, by class and IoU threshold."""
    grouped: dict[tuple[str, float], list[Row]] = {}
    for row in curve_rows(paired):
        if row["curve"] == curve:
            grouped.setdefault((str(row["class"]), float(str(row["iou"]))), []).append(row)
    return grouped


def test_the_mean_of_the_precision_is_average_precision(paired: Curves) -> None:
    figures = figures_of(paired)
    curves_found = points(paired, "precision_recall")
    assert {name for name, _ in curves_found} == {"cell", "spot"}  # no debris in the reference
    for (name, iou), rows in curves_found.items():
        assert [row["recall"] for row in rows] == [round(one / 100, 2) for one in range(101)]
        mean = np.mean([row["precision"] for row in rows])
        assert mean == pytest.approx(figures["average_precision_at", name, iou], abs=1e-12)


def test_sensitivity_at_a_rate_is_read_from_the_corners(paired: Curves) -> None:
    figures = figures_of(paired)
    found = points(paired, "free_response")
    assert {iou for _, iou in found} == {0.5, 0.7}
    for (name, iou), rows in found.items():
        alarms = [row["false_positives"] for row in rows]
        assert alarms == sorted(set(alarms))
        for metric, rate in zip(METRICS, RATES, strict=False):
            below = [
                float(str(row["recall"]))
                for row in rows
                if float(str(row["false_positives_per_image"])) <= rate
            ]
            assert max(below, default=0.0) == figures[metric, name, iou]


def test_predictions_without_scores_have_no_curves(paired: Curves) -> None:
    assert curve_rows(paired._replace(coco=None, response=None)) == ()
