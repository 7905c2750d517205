"""Unit tests for validation/testset/formats/panoptic_maps.py."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from validation.plan.protocol import SegmentedClass
from validation.testset.annotations import PanopticMap
from validation.testset.formats.panoptic_maps import panoptic_map_of, read_panoptic_map

SKY = SegmentedClass(name="sky", description="-", value=23, role="stuff")
CAR = SegmentedClass(name="car", description="-", value=26, role="thing")
CLASSES = (SKY, CAR)


def png(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, format="PNG")
    return stream.getvalue()


def of(rows: list[list[int]], **options: Any) -> PanopticMap:
    return panoptic_map_of(np.array(rows, np.uint16), CLASSES, **options)


def test_a_map_of_cityscapes_is_read() -> None:
    # Two cars, sky, background 0; the first car has the number 0: cityscapesScripts counts so.
    values = np.array([[23, 23, 26000, 26000], [0, 26001, 26001, 23]], np.uint16)
    found = read_panoptic_map(png(values), CLASSES)
    assert found.segments.ids.tolist() == [23, 26000, 26001]
    assert found.segments.classes.tolist() == [1, 2, 2]
    assert found.segments.ignored is None
    assert found.classes.classes.tolist() == [[1, 1, 2, 2], [0, 2, 2, 1]]
    assert found.classes.ignored is None
    assert found.segments.label_map is not None
    assert (found.segments.label_map == values).all()


def test_only_things_are_objects() -> None:
    objects = of([[23, 26, 26000, 26007]], is_reference=True).objects
    assert objects.ids.tolist() == [26000, 26007]
    assert objects.classes.tolist() == [2, 2]
    assert objects.label_map is not None
    assert objects.label_map.tolist() == [[0, 0, 26000, 26007]]


@pytest.mark.parametrize("void", [0, 255])
def test_void_is_of_no_class_and_no_segment(void: int) -> None:
    found = of([[void, 23, 26000]], ignore_value=void, is_reference=True)
    assert found.segments.ids.tolist() == [23, 26000]
    assert found.classes.classes.tolist() == [[0, 1, 2]]
    assert found.classes.ignored is not None
    assert found.classes.ignored.tolist() == [[True, False, False]]


def test_a_map_of_void_alone_has_no_segment() -> None:
    found = of([[255, 255]], ignore_value=255, is_reference=True)
    assert len(found.segments) == 0
    assert found.classes.ignored is not None
    assert found.classes.ignored.all()


def test_things_not_told_apart_are_ignored_in_a_reference_and_refused_in_a_prediction() -> None:
    found = of([[26, 26, 26000, 23]], is_reference=True)
    assert found.segments.ids.tolist() == [23, 26, 26000]
    assert found.segments.ignored is not None
    assert found.segments.ignored.tolist() == [False, True, False]
    with pytest.raises(ValueError, match=r"without the number of an object .*: 26 \(2 pixels\)"):
        of([[26, 26, 26000, 23]])


def test_every_value_that_must_not_be_there_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="values of no class") as caught:
        of([[7, 24000, 23000, 26, 23, 26001, 255]])
    assert str(caught.value) == (
        "values of no class (the classes are 23, 26): 7 (1 pixels), 255 (1 pixels), "
        "24000 (1 pixels); values of a class of things without the number of an object (1000 "
        "times the class and 0 to 999): 26 (1 pixels); values of objects of a class of stuff, "
        "which has none: 23000 (1 pixels)"
    )


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (np.zeros((2, 2), np.float32), "holds integers; this one holds float32"),
        (np.zeros((2, 2), bool), "holds integers; this one holds bool"),
        (np.zeros((2, 2, 3), np.uint8), "has rows and columns"),
        (np.array([[-1]]), "are 0 to 65535; found -1 to -1"),
        (np.array([[65536]]), "are 0 to 65535; found 65536 to 65536"),
    ],
)
def test_what_is_no_map_of_16_bits_is_refused(values: np.ndarray, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        panoptic_map_of(values, CLASSES)


def test_a_map_in_colours_is_refused() -> None:
    # COCO's own panoptic files write the id into three channels.
    with pytest.raises(ValueError, match="one channel of 8 or 16 bits"):
        read_panoptic_map(png(np.zeros((2, 2, 3), np.uint8)), CLASSES)


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.uint64, np.int64])
def test_the_type_of_integers_does_not_matter(kind: type) -> None:
    assert panoptic_map_of(np.array([[23, 0]], kind), CLASSES).segments.ids.tolist() == [23]
