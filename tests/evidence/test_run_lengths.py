"""Unit tests for validation/evidence/run_lengths.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask

from validation.evidence.run_lengths import box_of_runs, run_lengths

MASKS = hnp.arrays(
    np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 1)
)


@given(MASKS)
def test_runs_are_those_of_the_pixels_down_the_columns(mask: np.ndarray) -> None:
    lengths = run_lengths(coco_mask.encode(np.asfortranarray(mask)))
    values = np.arange(len(lengths)) % 2
    assert np.array_equal(np.repeat(values, lengths), mask.ravel(order="F"))


@given(MASKS)
def test_the_box_is_the_smallest_rectangle_round_the_pixels(mask: np.ndarray) -> None:
    lengths = run_lengths(coco_mask.encode(np.asfortranarray(mask)))
    if not mask.any():
        with pytest.raises(ValueError, match="no box"):
            box_of_runs(lengths, mask.shape[0])
        return
    down, across = np.nonzero(mask)
    assert box_of_runs(lengths, mask.shape[0]) == (
        across.min(),
        down.min(),
        across.max() - across.min() + 1,
        down.max() - down.min() + 1,
    )


def test_a_run_of_no_pixels_inside_a_mask_does_not_widen_its_box() -> None:
    # Pixels 3, 4 and 15 of 5x5, with an empty run at pixel 9: column 0 rows 3-4, column 3 row 0.
    mask = coco_mask.frPyObjects({"size": [5, 5], "counts": [3, 2, 4, 0, 6, 1, 9]}, 5, 5)
    assert box_of_runs(run_lengths(mask), 5) == (0, 0, 4, 5)
    assert run_lengths(mask).tolist() == [3, 2, 4, 0, 6, 1, 9]


def test_a_run_of_an_image_of_gigapixels_is_read() -> None:
    mask = coco_mask.frPyObjects(
        {"size": [60_000, 60_000], "counts": [3_000_000_000, 600_000_000]}, 60_000, 60_000
    )
    assert run_lengths(mask).tolist() == [3_000_000_000, 600_000_000]


@pytest.mark.parametrize(
    ("counts", "what"),
    [
        (b"122", "add up to 5 pixels; 2 rows by 3 columns are 6"),
        (b"12300000001", "add up to"),
        (b"", "string is empty"),
        (b"1 3", "characters that are not of the encoding"),
        ("1\u00e93", "characters that are not of the encoding"),
        (b"12o", "ends in the middle"),
        (b"N2", "negative"),
        (b"o" * 20 + b"1", "overflows 32 bits"),
        ([1, 2, 3], "not text"),
    ],
)
def test_a_damaged_mask_is_refused_with_the_reason(counts: object, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        run_lengths({"size": [2, 3], "counts": counts})
