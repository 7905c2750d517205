"""Models of a new study that are no Python: a network of two layers, and predictions.

Both smooth an image and take for disc what is brighter than a threshold; nothing is learned.
"""

import struct
from typing import TYPE_CHECKING

from validation.study.starting.drawing import Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THRESHOLD = 64.0
"""Gray level from which on a pixel is of a disc."""
LEAST_AREA_PX = 30
"""Smaller objects are noise and specks."""

_SIDE = 5
_WEIGHTS = (1, 4, 6, 4, 1)
"""Binomial smoothing: of rows, and of columns."""
_STEEPNESS = 0.5
"""How fast the probability rises about the threshold, per gray level."""

_FLOAT = 1
_INTEGERS = 7
_OPSET = 17
_IR_VERSION = 8


def found_discs(image: "NDArray[np.uint8]") -> "NDArray[np.int32]":
    """Return the objects that smoothing, threshold and connected components find, from 1."""
    import numpy as np
    import scipy

    weights = np.outer(_WEIGHTS, _WEIGHTS) / sum(_WEIGHTS) ** 2
    smooth = scipy.ndimage.convolve(image.astype(np.float64), weights, mode="nearest")
    labels, _ = scipy.ndimage.label(smooth > THRESHOLD)
    areas = np.bincount(labels.ravel())
    kept = areas >= LEAST_AREA_PX
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0)
    found: NDArray[np.int32] = numbers[labels].astype(np.int32)
    return found


def network(kind: Kind) -> bytes:
    """Return a network in ONNX: a convolution that smooths, and a sigmoid.

    Its input is the gray image divided by 255; its output the probability of a disc, for objects
    after the probability of the ground.
    """
    signs = (-1.0, 1.0) if kind == "instance" else (1.0,)
    scale = _STEEPNESS * 255
    kernel = [one * other / sum(_WEIGHTS) ** 2 for one in _WEIGHTS for other in _WEIGHTS]
    weights = [sign * scale * one for sign in signs for one in kernel]
    biases = [-sign * _STEEPNESS * THRESHOLD for sign in signs]
    graph = b"".join(
        (
            _field(1, _node("Conv", ("image", "weights", "biases"), "raised", _pads())),
            _field(1, _node("Sigmoid", ("raised",), "probability", b"")),
            _field(2, "threshold"),
            _field(5, _constant("weights", (len(signs), 1, _SIDE, _SIDE), weights)),
            _field(5, _constant("biases", (len(signs),), biases)),
            _field(11, _tensor("image", ("n", 1, "rows", "columns"))),
            _field(12, _tensor("probability", ("n", len(signs), "rows", "columns"))),
        )
    )
    opset = _field(1, "") + _field(2, _OPSET)
    return _field(1, _IR_VERSION) + _field(7, graph) + _field(8, opset)


# The few messages of ONNX that this needs, as Protocol Buffers write them (onnx.proto3).


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def _field(number: int, value: int | str | bytes) -> bytes:
    """Return a field: a varint, or bytes with their length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _node(operator: str, inputs: tuple[str, ...], output: str, attribute: bytes) -> bytes:
    names = b"".join(_field(1, name) for name in inputs) + _field(2, output)
    return names + _field(4, operator) + (_field(5, attribute) if attribute else b"")


def _pads() -> bytes:
    sides = b"".join(_field(8, _SIDE // 2) for _ in range(4))
    return _field(1, "pads") + sides + _field(20, _INTEGERS)


def _constant(name: str, shape: tuple[int, ...], values: list[float]) -> bytes:
    sides = b"".join(_field(1, side) for side in shape)
    content = struct.pack(f"<{len(values)}f", *values)
    return sides + _field(2, _FLOAT) + _field(8, name) + _field(9, content)


def _tensor(name: str, shape: tuple[int | str, ...]) -> bytes:
    sides = b"".join(_field(1, _field(1 if isinstance(side, int) else 2, side)) for side in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, sides)))
