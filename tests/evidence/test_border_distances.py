"""Unit tests for validation/evidence/border_distances.py."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from validation.evidence import border_distances
from validation.evidence.border_distances import Distances, TwoWayDistances, two_way_distances
from validation.evidence.surface import borders


def of_scipy(truth: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the distances by erosion and distance transform of the whole image."""
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (truth, found)]
    if not all(edge.any() for edge in edges):
        return None
    return (
        ndimage.distance_transform_edt(~edges[1])[edges[0]],
        ndimage.distance_transform_edt(~edges[0])[edges[1]],
    )


def agree(truth: np.ndarray, found: np.ndarray, class_count: int) -> None:
    """Hold every figure of every class against SciPy and NumPy, to the last bit."""
    both = [borders(one.astype(np.uint8), None, class_count)[1:] for one in (truth, found)]
    ours = two_way_distances(list(zip(*both, strict=True)), truth.shape[1])
    for number, one in enumerate(ours, start=1):
        theirs = of_scipy(truth == number, found == number)
        assert (one is None) == (theirs is None)
        if one is None or theirs is None:
            continue
        for way, distances in zip(one, theirs, strict=True):
            assert way.pixels == len(distances)
            assert way.sum_px() == math.fsum(distances)
            assert way.percentile(95) == np.percentile(distances, 95)
            expanded = np.repeat(np.sqrt(way.squared_px), way.counts)
            assert np.array_equal(expanded, np.sort(distances))
            for limit in (0, 1, 2, 5, 100):
                assert way.within(limit) == (np.rint(distances**2) <= limit).sum()
        assert one.hausdorff_95_px() == max(np.percentile(some, 95) for some in theirs)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 150), st.integers(1, 150), st.integers(0, 2))
def test_sparse_and_far_borders_have_the_distances_of_scipy(
    seed: int, height: int, width: int, density: int
) -> None:
    # So sparse that distances are longer than what is looked at column by column.
    generator = np.random.default_rng(seed)
    share = (0.0005, 0.005, 0.3)[density]
    truth, found = (generator.random((2, height, width)) < share).astype(np.uint8)
    agree(truth, found, 1)


def regions(seed: int, shape: tuple[int, int], classes: int, error: float) -> list[np.ndarray]:
    """Return class maps whose smooth regions fill the image, and a prediction that errs."""
    generator = np.random.default_rng(seed)
    fields = generator.normal(size=(classes + 1, 6, 6)).astype(np.float32)
    errors = fields + generator.normal(0, error, fields.shape).astype(np.float32)
    return [
        np.argmax(
            [cv2.resize(one, shape[::-1], interpolation=cv2.INTER_CUBIC) for one in some], axis=0
        )
        for some in (fields, errors)
    ]


@pytest.mark.parametrize("shape", [(256, 256), (90, 600), (600, 90)])
@pytest.mark.parametrize("error", [0.05, 0.3, 2.0])
def test_regions_that_fill_the_image_have_the_distances_of_scipy(
    shape: tuple[int, int], error: float
) -> None:
    agree(*regions(7, shape, 5, error), 5)


def test_borders_farther_apart_than_a_table_can_say_have_the_distances_of_scipy() -> None:
    for shape in ((1, 900), (900, 1), (700, 700)):
        truth, found = np.zeros((2, *shape), np.uint8)
        truth[0, 0] = 1
        found[-1, -1] = 1
        agree(truth, found, 1)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32))
def test_what_is_computed_together_changes_no_distance(seed: int) -> None:
    generator = np.random.default_rng(seed)
    pairs = []
    for _ in range(12):
        size, corner = generator.integers(1, 60, 2), generator.integers(0, 140, 2)
        masks = np.zeros((2, 200, 200), bool)
        masks[:, corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]] = (
            generator.random((2, *size[:2]))[:, : 200 - corner[0], : 200 - corner[1]] < 0.1
        )
        pairs.append((np.flatnonzero(masks[0]), np.flatnonzero(masks[1])))
    together = two_way_distances(pairs, 200)
    for pair, one in zip(pairs, together, strict=True):
        alone = two_way_distances([pair], 200)[0]
        assert _listed(one) == _listed(alone)


def _listed(one: TwoWayDistances | None) -> list[list[int]] | None:
    if one is None:
        return None
    return [values.tolist() for way in one for values in (way.squared_px, way.counts)]


def test_small_groups_give_the_same_as_large_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, found = regions(3, (120, 130), 5, 0.5)
    monkeypatch.setattr(border_distances, "_CELLS_AT_ONCE", 1)
    agree(truth, found, 5)
    monkeypatch.setattr(border_distances, "_MOST_COLUMNS", 3)
    agree(truth, found, 5)


COUNTED = hnp.arrays(np.int64, st.integers(1, 40), elements=st.integers(0, 10_000))


@given(COUNTED, st.integers(0, 100))
def test_sum_and_percentile_are_those_of_the_single_distances(
    squared: np.ndarray, percent: int
) -> None:
    values, counts = np.unique(squared, return_counts=True)
    distances = Distances(values, counts)
    assert distances.sum_px() == math.fsum(np.sqrt(squared).tolist())
    assert distances.percentile(percent) == np.percentile(np.sqrt(squared), percent)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.sampled_from([0.25, 0.5, 0.1, 3.7]))
def test_a_size_of_the_pixel_scales_what_scipy_samples(seed: int, size: float) -> None:
    truth, found = (np.random.default_rng(seed).random((2, 25, 30)) < 0.4).astype(np.uint8)
    both = [borders(one, None, 1)[1:] for one in (truth, found)]
    ours = two_way_distances(list(zip(*both, strict=True)), 30)[0]
    edges = [mask & ~ndimage.binary_erosion(mask) for mask in (truth == 1, found == 1)]
    theirs = ndimage.distance_transform_edt(~edges[1], sampling=(size, size))[edges[0]]
    assert ours is not None
    assert ours.from_reference.percentile(95) * size == pytest.approx(
        np.percentile(theirs, 95), rel=1e-12
    )
