"""Unit tests for validation/evidence/froc.py: the curve read point by point, in a loop."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validation.evidence import froc
from validation.evidence.matching import class_objects, match
from validation.evidence.object_pool import object_pool
from validation.evidence.overlap import OverlapTable, overlap_table


def read_in_a_loop(
    tables: list[OverlapTable], class_index: int, iou: float
) -> list[Fraction] | None:
    """Return the sensitivity at each rate, from an evaluation at every score threshold."""
    scores = sorted({float(one) for table in tables for one in table.prediction_scores})
    points = [(0, 0)]
    references = 0
    for threshold in scores:
        true = false = references = 0
        for table in tables:
            one = class_objects(table, class_index).at_operating_point(threshold)
            found = match(one, iou, "greedy_by_score")
            true += len(found.partner)
            false += len(one.predictions) - len(found.partner) - len(found.absorbed)
            references += len(one.references) - int(table.reference_ignored[one.references].sum())
        points.append((false, true))
    if not references:
        return None
    return [
        Fraction(max(true for false, true in points if false <= rate * len(tables)), references)
        for rate in froc.RATES
    ]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    weights=st.lists(st.integers(0, 3), min_size=5, max_size=5).filter(any),
)
def test_a_replicate_is_the_curve_of_the_copied_cases(
    make_random_objects: Callable[..., Any],
    make_jittered: Callable[..., Any],
    seed: int,
    weights: list[int],
) -> None:
    # Three levels of scores: many predictions enter together.
    generator = np.random.default_rng(seed)
    tables = []
    for case in range(5):
        truth = make_random_objects(generator, 6, classes=2, ignored_share=0.2)
        found = make_random_objects(generator, 6, classes=2, score_levels=3)
        if generator.random() < 0.7:
            found = make_jittered(generator, truth, 3)
        tables.append(overlap_table(f"C-{case}", truth, found))
    thresholds = (0.3, 0.5)
    response = froc.free_response(object_pool(tables, 2), thresholds)
    [ours] = froc.sensitivities(response, np.array([weights]), np.arange(5), np.ones(5, bool))
    copies = [one for one, times in zip(tables, weights, strict=True) for _ in range(times)]
    for threshold, iou in enumerate(thresholds):
        for position in range(2):
            expected = read_in_a_loop(copies, position + 1, iou)
            if expected is None:
                assert np.isnan(ours[threshold, position]).all()
                continue
            assert ours[threshold, position, :-1].tolist() == [float(one) for one in expected]
            assert ours[threshold, position, -1] == pytest.approx(float(sum(expected) / 7))
