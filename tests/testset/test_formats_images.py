"""Unit tests for validation/testset/formats/images.py and label_maps.py."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from validation.plan.protocol import SegmentedClass
from validation.testset.formats.images import decode_image, decode_label_image
from validation.testset.formats.label_maps import (
    class_map_of,
    objects_of,
    read_class_map,
    read_label_map,
    read_region,
)

NOISE = np.random.default_rng(0).integers(0, 255, (40, 30), dtype=np.uint8)
NOISE_RGB = np.random.default_rng(1).integers(0, 255, (40, 30, 3), dtype=np.uint8)
VESSEL = SegmentedClass(name="vessel", description="vessels", value=7)
DISC = SegmentedClass(name="disc", description="optic disc", value=200)


def stored(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def png(bits: int, colour_type: int, width: int, rows: list[bytes], extra: bytes = b"") -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + checksum

    header = struct.pack(">IIBBBBB", width, len(rows), bits, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = chunk(b"IHDR", header), extra, chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_gray_and_colour_images_come_back_exactly(kind: str) -> None:
    for pixels in (NOISE, NOISE_RGB):
        found = decode_image(stored(pixels, kind))
        assert found.dtype == np.uint8
        assert np.array_equal(found, pixels)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_images_come_back_exactly(kind: str) -> None:
    pixels = np.arange(60_000, 61_200, dtype=np.uint16).reshape(40, 30)
    for found in (
        decode_image(stored(pixels, kind)),
        decode_label_image(stored(pixels, kind)),
    ):
        assert found.dtype == np.uint16
        assert np.array_equal(found, pixels)


def test_sixteen_bit_colour_is_not_cut_to_eight_bits() -> None:
    content = png(16, 2, 1, [struct.pack(">HHH", 1, 300, 65535)])
    assert decode_image(content).tolist() == [[[1, 300, 65535]]]


def test_samples_of_one_two_and_four_bits_are_those_stored() -> None:
    assert decode_label_image(png(1, 0, 4, [b"\x40"])).tolist() == [[0, 1, 0, 0]]
    assert decode_label_image(png(2, 0, 4, [b"\x1b"])).tolist() == [[0, 1, 2, 3]]
    assert decode_label_image(png(4, 0, 4, [b"\x01\x2f"])).tolist() == [[0, 1, 2, 15]]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_file_cut_anywhere_is_refused(kind: str) -> None:
    content = stored(NOISE_RGB, kind)
    # Cutting the checksum of a PNG's empty last chunk loses nothing of the picture, but a
    # file that is not whole is not the file that was made.
    for kept in (0, 1, 10, len(content) // 2, len(content) - 12, len(content) - 1):
        with pytest.raises(ValueError, match=r"decoded|truncated|empty"):
            decode_image(content[:kept])


def test_a_changed_byte_of_a_png_is_refused() -> None:
    content = bytearray(stored(NOISE))
    content[len(content) // 2] ^= 1
    with pytest.raises(ValueError, match="decoded"):
        decode_image(bytes(content))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xd9"])
def test_what_is_no_image_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"image"):
        decode_image(content)


def test_an_image_with_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(ValueError, match="1200 pixels, more than the 1000"):
        decode_image(stored(NOISE), maximum_pixels=1000)
    bomb = png(8, 0, 60_000, [b""] * 60_000)
    with pytest.raises(ValueError, match="pixels"):
        decode_image(bomb)


def test_an_opaque_alpha_channel_is_dropped_and_any_other_refused() -> None:
    opaque = np.dstack([NOISE_RGB, np.full(NOISE.shape, 255, np.uint8)])
    assert np.array_equal(decode_image(stored(opaque)), NOISE_RGB)
    opaque[3, 4, 3] = 254
    with pytest.raises(ValueError, match="partly transparent"):
        decode_image(stored(opaque))
    with pytest.raises(ValueError, match="16-bit images with an alpha"):
        decode_image(png(16, 4, 1, [struct.pack(">HH", 300, 65535)]))


def test_a_palette_gives_colours_for_images_and_indices_for_labels() -> None:
    picture = Image.fromarray(np.array([[0, 2], [1, 2]], np.uint8), "L").convert("P")
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    assert decode_label_image(buffer.getvalue()).tolist() == [[0, 2], [1, 2]]
    assert decode_image(buffer.getvalue())[0, 1].tolist() == [0, 128, 0]


def test_a_label_image_with_colour_alpha_or_loss_is_refused() -> None:
    with pytest.raises(ValueError, match="one channel"):
        decode_label_image(stored(NOISE_RGB))
    with pytest.raises(ValueError, match="alpha"):
        decode_label_image(stored(np.dstack([NOISE_RGB, NOISE])))
    with pytest.raises(ValueError, match="JPEG"):
        decode_label_image(stored(NOISE, "JPEG"))
    with pytest.raises(ValueError, match="8 or 16 bits"):
        decode_label_image(stored(NOISE.astype(np.float32), "TIFF"))


def test_an_image_that_asks_to_be_turned_is_refused() -> None:
    exif = Image.Exif()
    exif[274] = 6
    with pytest.raises(ValueError, match="orientation 6"):
        decode_image(stored(NOISE, "JPEG", exif=exif))


def test_a_file_with_several_pictures_is_refused() -> None:
    content = stored(NOISE, "TIFF", save_all=True, append_images=[Image.fromarray(NOISE)])
    with pytest.raises(ValueError, match="several pictures"):
        decode_image(content)


def test_every_value_of_a_label_map_is_an_object() -> None:
    label_map = np.array([[0, 40_000], [3, 40_000]], np.uint16)
    objects = read_label_map(stored(label_map))
    assert objects.ids.tolist() == [3, 40_000]
    assert objects.classes.tolist() == [1, 1]
    assert objects.scores is None
    assert objects.label_map is not None
    assert objects.label_map.tolist() == label_map.tolist()


def test_an_empty_label_map_has_no_objects() -> None:
    assert len(read_label_map(stored(np.zeros((5, 4), np.uint8)))) == 0


def test_a_label_map_of_fractions_or_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="float"):
        objects_of(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="-1"):
        objects_of(np.array([[0, -1]]))
    with pytest.raises(ValueError, match="shape"):
        objects_of(np.zeros((2, 2, 2), np.int32))


def test_class_values_become_indices_and_ignored_pixels_a_mask() -> None:
    values = np.array([[0, 7], [200, 255]], np.uint8)
    found = read_class_map(stored(values), (VESSEL, DISC), ignore_value=255)
    assert found.classes.tolist() == [[0, 1], [2, 0]]
    assert found.ignored is not None
    assert found.ignored.tolist() == [[False, False], [False, True]]


@pytest.mark.parametrize("first", [1, 3])
@pytest.mark.parametrize("ignore_value", [None, 0, 40, 255])
def test_values_are_the_same_classes_however_they_are_looked_up(
    first: int, ignore_value: int | None
) -> None:
    classes = [
        SegmentedClass(name=f"class {one}", description="-", value=one)
        for one in range(first, first + 19)
    ]
    generator = np.random.default_rng(first)
    values = generator.choice([0, *(one.value for one in classes)], (20, 30)).astype(np.uint8)
    if ignore_value is not None:
        values[3:6] = ignore_value
    before = values.copy()
    found, wider = (
        class_map_of(one, classes, ignore_value) for one in (values, before.astype(int))
    )
    assert np.array_equal(found.classes, wider.classes)
    assert found.classes.dtype == np.uint8
    hidden = np.zeros(values.shape, bool) if ignore_value is None else values == ignore_value
    assert np.array_equal(
        found.classes[~hidden], np.where(values, values - (first - 1), 0)[~hidden]
    )
    assert not found.classes[hidden].any()
    assert np.array_equal(values, before)
    values[0, 0] = 41
    with pytest.raises(ValueError, match=r"41 \(1 pixels\)"):
        class_map_of(values, classes, ignore_value)


def test_unknown_class_values_are_named_and_counted() -> None:
    values = np.array([[0, 7, 9, 9], [8, 255, 255, 255]], np.uint8)
    with pytest.raises(ValueError, match=r"8 \(1 pixels\), 9 \(2 pixels\), 255 \(3 pixels\).*0, 7"):
        class_map_of(values, (VESSEL,))
    with pytest.raises(ValueError, match="and 7 more"):
        class_map_of(np.arange(100, 112).reshape(3, 4), (VESSEL,))


def test_a_region_is_where_the_value_is_not_zero() -> None:
    assert read_region(stored(np.array([[0, 255, 1]], np.uint8))).tolist() == [[False, True, True]]
    assert read_region(stored(np.array([[False, True]]))).tolist() == [[False, True]]
