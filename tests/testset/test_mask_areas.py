"""Unit tests for validation/testset/mask_areas.py: many masks at once say what each says alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from validation.testset import mask_areas, run_lengths
from validation.testset.mask_areas import UNSOUND, areas_of

SIZE = (4, 5)
SOUND = st.lists(st.booleans(), min_size=20, max_size=20).map(
    lambda pixels: coco_mask.encode(np.array(pixels, np.uint8).reshape(SIZE, order="F"))["counts"]
)
NEAR = st.text("0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmno", max_size=9)
MASKS = st.lists(st.one_of(SOUND, NEAR.map(str.encode), st.binary(max_size=12)), max_size=30)


def area_alone(encoded: bytes) -> int:
    try:
        return run_lengths.area(run_lengths.checked(encoded, SIZE))
    except ValueError:
        return UNSOUND


@given(MASKS, st.sampled_from([1, 7, 1 << 17]))
def test_masks_are_judged_alike_alone_and_among_damaged_ones(
    masks: list[bytes], at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mask_areas, "_CHARACTERS", at_once)
        found = areas_of(masks, np.full(len(masks), SIZE[0] * SIZE[1]))
    assert found.tolist() == [area_alone(one) for one in masks]


def test_areas_agree_with_pycocotools_for_masks_of_several_sizes() -> None:
    generator = np.random.default_rng(5)
    masks = [
        coco_mask.encode(np.asfortranarray((generator.random((rows, 90)) < share).astype(np.uint8)))
        for rows in range(40, 140)
        for share in (0.0, 0.03, 0.5, 1.0)
    ]
    pixels = np.array([one["size"] for one in masks], np.int64).prod(axis=1)
    found = areas_of([one["counts"] for one in masks], pixels)
    assert found.tolist() == [int(coco_mask.area(one)) for one in masks]


def test_a_mask_of_gigapixels_is_counted_exactly() -> None:
    counts = [3_000_000_000, 600_000_000]
    mask = coco_mask.frPyObjects({"size": [60_000, 60_000], "counts": counts}, 60_000, 60_000)
    assert areas_of([mask["counts"]], np.array([3_600_000_000])).tolist() == [600_000_000]


def test_counts_that_wrap_round_64_bits_are_not_taken_for_sound() -> None:
    # 2^33 repeated by differences of 0: partial sums would reach any total modulo 2^64.
    largest = b"PPPPPP8"
    assert run_lengths.counts_of(largest).tolist() == [2**33]
    assert areas_of([largest * 3 + b"0" * 5000], np.array([20])).tolist() == [UNSOUND]


def test_no_masks_at_all_have_no_areas() -> None:
    assert areas_of([], np.zeros(0, np.int64)).tolist() == []
    assert areas_of([b""], np.array([4])).tolist() == [UNSOUND]
