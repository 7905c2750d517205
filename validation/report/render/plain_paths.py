"""Paths of lines, drawn without the reader of paths that knows every curve.

Outlines of objects have 300,000 coordinates in a report of a hundred pictures. WeasyPrint takes
each from the front of a text with a regular expression, and works out angles for arrow heads.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

_OF_LINES = re.compile(r"[mM][-\d. mMlLhHvVzZ]*")
_STEP = re.compile(r"([a-zA-Z])([^a-zA-Z]*)")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
_MARKERS = frozenset({"marker", "marker-start", "marker-mid", "marker-end"})

Draw = Callable[[Any, Any, Any], None]


def drawing_plain_paths(general: Draw) -> Draw:
    """Return what draws a path: quickly if it is made of lines alone, else as `general` does."""

    def draw(svg: Any, node: Any, font_size: Any) -> None:  # noqa: ANN401 - WeasyPrint has no types
        path = node.get("d", "")
        if _OF_LINES.fullmatch(path) and not _MARKERS & node.attrib.keys():
            svg.stream.stream.extend(operators(path))
        else:
            general(svg, node, font_size)

    return draw


def operators(path: str) -> Iterator[bytes]:
    """Yield the operators of PDF for a path of lines (SVG 2, 9.3; ISO 32000-1, 8.5.2).

    >>> list(operators("M1 2l3-1v.5zm1 1H4"))
    [b'1 2 m', b'4 1 l', b'4 1.5 l', b'h', b'2 3 m', b'4 3 l']
    """
    x = y = 0.0
    begun = x, y
    for letter, text in _STEP.findall(path):
        kind, numbers = letter.lower(), [float(one) for one in _NUMBER.findall(text)]
        before = 0.0 if letter.isupper() else 1.0
        if kind == "z":
            x, y = begun
            yield b"h"
        elif kind == "h":
            for across in numbers:
                x = before * x + across
                yield _operator(x, y, "l")
        elif kind == "v":
            for down in numbers:
                y = before * y + down
                yield _operator(x, y, "l")
        else:
            for place, (across, down) in enumerate(zip(numbers[::2], numbers[1::2], strict=True)):
                x, y = before * x + across, before * y + down
                begins = kind == "m" and place == 0
                begun = (x, y) if begins else begun
                yield _operator(x, y, "m" if begins else "l")


def _operator(x: float, y: float, letter: str) -> bytes:
    return f"{round(x, 6):.12g} {round(y, 6):.12g} {letter}".encode("ascii")
