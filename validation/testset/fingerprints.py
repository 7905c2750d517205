"""Fingerprints of images: digest of the pixels, and a perceptual hash for what looks alike.

The perceptual hash (method ``dct256``) is made of the signs of 256 low frequencies: the image in
gray, reduced to 64 x 64 by areas, cosine transform, frequencies 1 to 16 of rows and columns. It
hardly changes with compression, size, brightness or contrast. Mirroring an image changes the sign
of its odd frequencies and turning it swaps rows and columns, so the hashes of all eight
orientations follow from one. It changes with every crop. How far apart the hashes of different
images are was measured: docs/adr/0016-leakage.md.
"""

import hashlib
from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

SIDE = 16
"""Frequencies of rows and of columns: the hash has 256 bits."""

HASH_BYTES = SIDE * SIDE // 8

LEAST_CONTRAST = 1.0
"""Standard deviation of the reduced image, in gray values as stored, below which the signs would
be those of noise: such an image has no perceptual hash."""

_REDUCED = 64
_LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601
_LARGEST_BYTE = 255


class Fingerprint(NamedTuple):
    """What an image is recognised by."""

    pixel_sha256: str
    """64 hexadecimal digits of `pixel_sha256`."""
    perceptual_hash: str | None
    """64 hexadecimal digits; None for an image with (nearly) no contrast."""


def fingerprint(image: NDArray[Any]) -> Fingerprint:
    """Return the fingerprint of an image.

    Args:
        image: Gray (rows, columns) or RGB (rows, columns, 3), uint8 or uint16.
    """
    hashed = perceptual_hash(image)
    return Fingerprint(pixel_sha256(image), None if hashed is None else hashed.tobytes().hex())


def pixel_sha256(image: NDArray[Any]) -> str:
    """Return the SHA-256 of the pixels, however their file stores them.

    RGB whose channels are equal counts as gray, and 16 bits that hold nothing above 255 as 8.
    Hashed are ``segval pixels 1``, rows, columns and channels in decimal, parted by spaces, a
    line feed, and the values row by row, two bytes each, the lower one first, where one is above
    255.

    >>> pixel_sha256(np.zeros((2, 2), np.uint8)) == pixel_sha256(np.zeros((2, 2, 3), np.uint16))
    True
    """
    plain = _as_gray_where_equal(image)
    channels = 1 if plain.ndim == 2 else plain.shape[2]  # noqa: PLR2004 - rows and columns
    header = f"segval pixels 1 {plain.shape[0]} {plain.shape[1]} {channels}\n"
    wide = bool(plain.size) and int(plain.max()) > _LARGEST_BYTE
    values = np.ascontiguousarray(plain, dtype="<u2" if wide else "u1")
    sha256 = hashlib.sha256(header.encode())
    sha256.update(values.data)
    return sha256.hexdigest()


def perceptual_hash(image: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Return the perceptual hash of an image as 32 bytes.

    Returns:
        None where the reduced image has a contrast below `LEAST_CONTRAST`: the hash of a flat
        image would say nothing.
    """
    reduced = _reduced(image)
    if float(reduced.std()) < LEAST_CONTRAST:
        return None
    frequencies = scipy.fft.dctn(reduced, norm="ortho")[1 : SIDE + 1, 1 : SIDE + 1]
    return np.packbits(frequencies > 0)


def orientations(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the hashes of images in all eight orientations, in the order of `ORIENTATIONS`.

    Args:
        hashes: Shape (images, 32).

    Returns:
        Shape (images, 8, 32).
    """
    bits = np.unpackbits(hashes, axis=-1).reshape(-1, SIDE, SIDE).astype(bool)
    # Frequencies begin at 1: the first row and column are odd ones, whose sign a mirror changes.
    odd = np.arange(SIDE) % 2 == 0
    turned = [
        base ^ (odd[:, None] & by_rows) ^ (odd[None, :] & by_columns)
        for base in (bits, bits.transpose(0, 2, 1))
        for by_rows in (False, True)
        for by_columns in (False, True)
    ]
    return np.packbits(np.stack(turned, axis=1).reshape(len(bits), 8, SIDE * SIDE), axis=-1)


def _as_gray_where_equal(image: NDArray[Any]) -> NDArray[Any]:
    if image.ndim == 2:  # noqa: PLR2004 - rows and columns
        return image
    first = image[..., 0]
    return first if all((image[..., one] == first).all() for one in (1, 2)) else image


def _reduced(image: NDArray[Any]) -> NDArray[np.float64]:
    import cv2

    def reduce(channel: NDArray[Any]) -> NDArray[np.float64]:
        size = (_REDUCED, _REDUCED)
        # Averages are taken of floats: those of 8-bit values would be rounded.
        smaller = cv2.resize(channel.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return np.asarray(smaller, np.float64)

    if image.ndim == 2:  # noqa: PLR2004 - rows and columns
        return reduce(image)
    parts = [weight * reduce(image[..., one]) for one, weight in enumerate(_LUMINANCE)]
    return parts[0] + parts[1] + parts[2]
