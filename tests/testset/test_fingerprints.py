"""Tests of `validation.testset.fingerprints`: what changes a fingerprint and what does not."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from validation.testset.fingerprints import (
    fingerprint,
    orientations,
    perceptual_hash,
    pixel_sha256,
)
from validation.testset.formats.images import decode_image
from validation.testset.leakage import hamming_matches
from validation.testset.leakage_record import NEAR_DUPLICATE_DISTANCE, ORIENTATIONS, Orientation

_TURNED: dict[Orientation, Any] = {
    "as_is": lambda image: image,
    "mirrored_left_right": lambda image: image[:, ::-1],
    "mirrored_top_bottom": lambda image: image[::-1],
    "rotated_180": lambda image: np.rot90(image, 2),
    "transposed": lambda image: image.swapaxes(0, 1),
    "rotated_90_right": lambda image: np.rot90(image, -1),
    "rotated_90_left": np.rot90,
    "transversed": lambda image: np.rot90(image, 2).swapaxes(0, 1),
}


def picture(seed: int, rows: int = 90, columns: int = 140) -> NDArray[np.uint8]:
    """Return soft blobs, the same each time."""
    noise = np.random.default_rng(seed).normal(size=(rows, columns))
    soft = cv2.GaussianBlur(noise, (0, 0), 5)
    scaled = (soft - soft.min()) / (soft.max() - soft.min())
    return (255 * scaled).astype(np.uint8)


def distance(one: NDArray[Any], other: NDArray[Any]) -> int:
    """Return the least distance of two images in eight orientations."""
    first, second = perceptual_hash(one), perceptual_hash(other)
    assert first is not None
    assert second is not None
    [[(_, bits, _)]] = hamming_matches(first[None], second[None], 256)
    return bits


def jpeg(image: NDArray[Any], quality: int) -> NDArray[Any]:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality)
    return decode_image(stream.getvalue())


SEEDS = st.integers(0, 10_000)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, quality=st.integers(50, 95), factor=st.floats(0.3, 1.0))
def test_a_hash_survives_compression_and_brightness(seed: int, quality: int, factor: float) -> None:
    image = picture(seed)
    darker = np.rint(image * factor).astype(np.uint8)
    assert distance(image, jpeg(image, quality)) <= NEAR_DUPLICATE_DISTANCE
    assert distance(image, darker) <= NEAR_DUPLICATE_DISTANCE
    assert distance(image, image.astype(np.uint16) * 257) == 0


@settings(max_examples=25, deadline=None)
@given(one=SEEDS, other=SEEDS)
def test_distances_are_symmetric_and_different_images_are_far_apart(one: int, other: int) -> None:
    there, back = distance(picture(one), picture(other)), distance(picture(other), picture(one))
    assert there == back
    assert (there == 0) if one == other else (there > NEAR_DUPLICATE_DISTANCE)


@pytest.mark.parametrize("turn", ORIENTATIONS)
def test_each_orientation_is_recognised_by_its_name(turn: Orientation) -> None:
    image = picture(1)
    turned = perceptual_hash(np.ascontiguousarray(_TURNED[turn](image)))
    own = perceptual_hash(image)
    assert turned is not None
    assert own is not None
    matching = [name for name, hashed in zip(ORIENTATIONS, orientations(own[None])[0], strict=True)
                if (hashed == turned).all()]  # fmt: skip
    assert matching == [turn]


def test_a_photograph_and_its_gray_version_are_near() -> None:
    colours = np.stack([picture(1), picture(2), picture(3)], axis=-1)
    gray = np.asarray(Image.fromarray(colours).convert("L"))
    assert distance(colours, gray) <= 4


def test_a_crop_is_not_found() -> None:
    image = picture(4)
    assert distance(image, image[9:, 14:]) > NEAR_DUPLICATE_DISTANCE


@pytest.mark.parametrize("level", [0, 7, 255])
def test_a_flat_image_has_no_hash(level: int) -> None:
    flat = np.full((64, 64), level, np.uint8)
    noisy = flat.astype(int) + np.random.default_rng(0).integers(0, 2, flat.shape)
    assert fingerprint(flat).perceptual_hash is None
    assert perceptual_hash(np.clip(noisy, 0, 255).astype(np.uint8)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (3, 2), (2, 3, 3)])
def test_images_of_any_size_have_a_fingerprint(shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape)).reshape(shape).astype(np.uint8)
    assert len(fingerprint(values).pixel_sha256) == 64


def test_pixels_are_the_same_however_they_are_stored() -> None:
    image = picture(5)
    same = {
        pixel_sha256(one)
        for one in (
            image,
            image.astype(np.uint16),
            np.stack([image] * 3, axis=-1),
            np.asfortranarray(image),
            image[:, ::-1][:, ::-1],
        )
    }
    assert len(same) == 1


@pytest.mark.parametrize(
    "other",
    [
        picture(5).reshape(140, 90),
        picture(5).astype(np.uint16) * 257,
        np.stack([picture(5), picture(5), picture(6)], axis=-1),
    ],
    ids=["another shape", "other values", "a colour"],
)
def test_other_pixels_have_another_digest(other: NDArray[Any]) -> None:
    assert pixel_sha256(other) != pixel_sha256(picture(5))


def test_the_digest_of_pixels_is_that_of_the_documentation() -> None:
    import hashlib

    image = np.array([[1, 2], [3, 256]], np.uint16)
    content = b"segval pixels 1 2 2 1\n" + bytes([1, 0, 2, 0, 3, 0, 0, 1])
    assert pixel_sha256(image) == hashlib.sha256(content).hexdigest()


def test_public_images_are_told_apart(shared_data: Path) -> None:
    """The threshold lies between copies and different images (docs/adr/0016-leakage.md)."""
    for folder in ("nuclei", "vessels"):
        paths = sorted((shared_data / folder / "images").iterdir())
        images = [decode_image(path.read_bytes()) for path in paths]
        found = [perceptual_hash(one) for one in images]
        hashes = np.array([one for one in found if one is not None])
        assert len(hashes) == len(images)
        apart = hamming_matches(hashes, hashes, 55)
        assert [[at for at, _, _ in one] for one in apart] == [[at] for at in range(len(images))]
        for image in images[:10]:
            turned = jpeg(np.ascontiguousarray(np.rot90(image)), 60)
            assert distance(image, turned) <= NEAR_DUPLICATE_DISTANCE
