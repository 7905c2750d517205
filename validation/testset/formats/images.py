"""Decoding of images, with care: what cannot be read whole and exactly is refused.

An image that lost its end in a copy is still a picture to most decoders, and a label image
that went through a colour conversion is still an image. Both would be measured without a
word, so both are refused here. What is not applied: colour profiles, gamma, and the EXIF
orientation, which is refused because annotations are seldom turned with their image.
"""

import io
import re
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

MAXIMUM_PIXELS = 100_000_000
"""Most pixels that are decoded, so that a small file cannot fill the memory. Callers can ask
for another limit; Pillow's own, about 179 million pixels, stays."""

IMAGE_FORMATS = ("PNG", "JPEG", "TIFF")
LABEL_FORMATS = ("PNG", "TIFF")
"""Formats without loss."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_SCAN = b"\xff\xda"
_JPEG_END = b"\xff\xd9"
_EXIF_ORIENTATION = 274
_UPRIGHT = 1
_GRAY, _RGB, _GRAY_ALPHA, _RGB_ALPHA = 0, 2, 4, 6
"""Colour types of PNG."""


def decode_image(content: bytes, *, maximum_pixels: int = MAXIMUM_PIXELS) -> NDArray[Any]:
    """Return the pixels of an image.

    An alpha channel that is opaque everywhere is dropped, any other is refused. A palette is
    resolved to RGB. Gray images keep the sample values that are stored: one bit gives 0 and 1.

    Args:
        content: A PNG, JPEG or TIFF file with one picture.
        maximum_pixels: Most pixels that are decoded.

    Returns:
        uint8 or uint16; shape (rows, columns) for gray, (rows, columns, 3) for RGB.

    Raises:
        ValueError: The file is truncated, damaged, too large, asks to be turned, or is of a
            kind that cannot be decoded exactly.
    """
    picture = _decoded(content, IMAGE_FORMATS, maximum_pixels)
    if "transparency" in picture.info:
        raise ValueError("the image has a transparent colour; store it without")
    if picture.mode == "P":
        return np.array(picture.convert("RGB"))
    if picture.mode in ("LA", "RGBA"):
        return _without_alpha(np.array(picture))
    if picture.mode == "RGB" and _png_depth(content) == (16, _RGB):
        return _sixteen_bit_colour(content)
    if picture.mode == "RGB":
        return np.array(picture)
    return _gray_samples(picture, content)


def decode_label_image(content: bytes, *, maximum_pixels: int = MAXIMUM_PIXELS) -> NDArray[Any]:
    """Return the sample values of an image whose values are ids or classes.

    The values are those stored: 16 bits stay exact, one bit gives 0 and 1, and of a palette
    image the indices are taken, not the colours.

    Args:
        content: A PNG or TIFF file with one picture.
        maximum_pixels: Most pixels that are decoded.

    Returns:
        uint8 or uint16, shape (rows, columns).

    Raises:
        ValueError: As for `decode_image`; or the image has colours or an alpha channel, or
            is a JPEG, whose values are not those that were stored.
    """
    picture = _decoded(content, LABEL_FORMATS, maximum_pixels)
    if "transparency" in picture.info or picture.mode in ("LA", "PA", "RGBA"):
        raise ValueError("the label image has an alpha channel or a transparent colour")
    if picture.mode == "P":
        return np.array(picture)
    if picture.mode not in ("1", "L", "I;16", "I;16B", "I;16L"):
        raise ValueError(
            f"a label image has one channel of 8 or 16 bits; this one is {picture.mode}"
        )
    return _gray_samples(picture, content)


def _decoded(content: bytes, formats: tuple[str, ...], maximum_pixels: int) -> Image.Image:
    """Return the picture with its pixels loaded, after every check of the file."""
    # WeasyPrint sets this flag for the whole process, and cut files would then decode.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with warnings.catch_warnings():
        # Pillow warns where it refuses later, and of metadata, which is not used.
        warnings.simplefilter("ignore")
        try:
            _require_whole_file(content, formats)
            picture = Image.open(io.BytesIO(content), formats=formats)
            _require_plain_picture(picture, content, maximum_pixels)
            picture.load()
        except Image.DecompressionBombError as error:
            raise ValueError("the image has more pixels than are decoded") from error
        except (OSError, SyntaxError, EOFError, OverflowError, TypeError, KeyError) as error:
            raise ValueError(f"the image cannot be decoded: {_first_line(error)}") from error
    return picture


def _require_whole_file(content: bytes, formats: tuple[str, ...]) -> None:
    if content[:2] == b"\xff\xd8" and "JPEG" not in formats:
        raise ValueError("a label image cannot be a JPEG, which changes the values it stores")
    if not content:
        raise ValueError("the image file is empty")
    if content.startswith(_PNG_SIGNATURE):
        # Loading alone stops at the last row and would miss a lost end and a bad checksum.
        Image.open(io.BytesIO(content), formats=("PNG",)).verify()
        if _PNG_END not in content:
            raise ValueError("the image is truncated: the PNG has no end")
    # Pillow fills what is missing of a JPEG's last rows when only its end marker is lost.
    if content[:2] == b"\xff\xd8" and content.rfind(_JPEG_END) < content.rfind(_JPEG_SCAN):
        raise ValueError("the image is truncated: the JPEG has no end")


def _require_plain_picture(picture: Image.Image, content: bytes, maximum_pixels: int) -> None:
    pixels = picture.width * picture.height
    if pixels > maximum_pixels:
        raise ValueError(f"the image has {pixels} pixels, more than the {maximum_pixels} decoded")
    if getattr(picture, "n_frames", 1) != 1:
        raise ValueError("the file holds several pictures; store one")
    orientation = picture.getexif().get(_EXIF_ORIENTATION, _UPRIGHT)
    if orientation != _UPRIGHT:
        raise ValueError(
            f"the image asks to be turned (EXIF orientation {orientation}); store it upright"
        )
    if _png_depth(content) in ((16, _GRAY_ALPHA), (16, _RGB_ALPHA)):
        raise ValueError("16-bit images with an alpha channel are not read; store them without")


def _png_depth(content: bytes) -> tuple[int, int] | None:
    """Return bits a sample and colour type of a PNG; None for other files."""
    return (content[24], content[25]) if content.startswith(_PNG_SIGNATURE) else None


def _gray_samples(picture: Image.Image, content: bytes) -> NDArray[Any]:
    if picture.mode == "1":
        return np.array(picture).astype(np.uint8)
    if picture.mode == "L":
        # Pillow stretches 2 and 4 bits to the range of 8.
        stretch = {(2, _GRAY): 85, (4, _GRAY): 17}.get(_png_depth(content) or (8, _GRAY), 1)
        return np.array(picture) // np.uint8(stretch)
    if picture.mode in ("I;16", "I;16B", "I;16L"):
        return np.array(picture).astype(np.uint16)
    raise ValueError(f"images are gray or RGB with 8 or 16 bits; this one is {picture.mode}")


def _without_alpha(pixels: NDArray[Any]) -> NDArray[Any]:
    opaque = 255
    if (pixels[..., -1] != opaque).any():
        raise ValueError("the image is partly transparent; store it without alpha channel")
    colours = pixels[..., :-1]
    return np.ascontiguousarray(colours[..., 0] if colours.shape[-1] == 1 else colours)


def _sixteen_bit_colour(content: bytes) -> NDArray[Any]:
    """Return 16-bit RGB, which Pillow would cut to 8 bits; the file was checked before."""
    import cv2

    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError("the 16-bit colour image cannot be decoded")
    return np.ascontiguousarray(pixels[..., ::-1])


def _first_line(error: Exception) -> str:
    """Return what an error says, without the address of the bytes in memory."""
    said = (str(error) or type(error).__name__).splitlines()[0]
    return re.sub(r" ?<_io\.BytesIO[^>]*>", "", said)
