"""Tiny networks and models, made where they are used: nothing binary is kept."""

import struct
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from validation.testset.cases import Case

Network = Callable[..., bytes]

FLOAT = 1
OPSET = 17
IR_VERSION = 8


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def _field(number: int, value: int | str | bytes) -> bytes:
    """One protobuf field: a varint, or bytes with their length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _tensor(name: str, shape: Sequence[int | str], element: int) -> bytes:
    sides = b"".join(
        _field(1, _field(1, side) if isinstance(side, int) else _field(2, side)) for side in shape
    )
    kind = _field(1, _field(1, element) + _field(2, sides))
    return _field(1, name) + _field(2, kind)


def _node(operator: str, inputs: Sequence[str], output: str, axis: int | None) -> bytes:
    attribute = _field(1, "axis") + _field(3, axis) + _field(20, 2) if axis is not None else b""
    names = b"".join(_field(1, name) for name in inputs) + _field(2, output)
    return names + _field(4, operator) + (_field(5, attribute) if attribute else b"")


def build_network(
    operator: str = "Identity",
    inputs: Sequence[str] = ("image",),
    *,
    axis: int | None = None,
    channels: int | str = 1,
    output_channels: int | str = "c",
    element: int = FLOAT,
    constant: float = 0.0,
    inputs_of_graph: Sequence[str] = ("image",),
) -> bytes:
    """An ONNX model of one node on ``image`` and perhaps the scalar ``constant``."""
    scalar = _field(2, FLOAT) + _field(8, "constant") + _field(9, struct.pack("<f", constant))
    graph = _field(1, _node(operator, inputs, "output", axis)) + _field(2, "tiny")
    graph += _field(5, scalar)
    for name in inputs_of_graph:
        graph += _field(11, _tensor(name, ("n", channels, "h", "w"), element))
    graph += _field(12, _tensor("output", ("n", output_channels, "r", "s"), element))
    opset = _field(1, "") + _field(2, OPSET)
    return _field(1, IR_VERSION) + _field(7, graph) + _field(8, opset)


@pytest.fixture
def network() -> Network:
    return build_network


@pytest.fixture
def case() -> Case:
    return Case(case_id="C-1", image="images/c1.png", reference="labels/c1.png", attributes={})


@pytest.fixture
def threshold_model() -> dict[str, Any]:
    """A model block: gray / 255, channel 0 above 0.5 is class ``cell``."""
    return {
        "adapter": "onnx",
        "name": "tiny",
        "version": "1",
        "file": "tiny.onnx",
        "digest": "sha256:" + "0" * 64,
        "preprocess": {
            "channels": "gray",
            "scaling": {"kind": "divide", "by": 255},
            "pad_to_multiple_of": 4,
        },
        "postprocess": {"kind": "threshold", "class": "cell", "channel": 0, "threshold": 0.5},
    }
