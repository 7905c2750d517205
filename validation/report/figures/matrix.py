"""A confusion matrix as a picture: the darker a cell, the larger its share of the row."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from validation.report.figures.canvas import lettering, rectangle, short, svg
from validation.report.figures.palette import INK, MUTED, PAGE_WIDTH
from validation.report.formatting import clipped, number

_LEFT, _TOP = 96.0, 78.0
_LARGEST, _NARROWEST_WITH_NUMBERS = 36.0, 14.0
_LIGHT, _DARK = (240, 243, 245), (11, 79, 108)
_NEEDS_WHITE = 0.45


@dataclass(frozen=True)
class Matrix:
    """Counts by row and column, with their names."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int | None, ...], ...]
    """A row each; None where nothing can be."""


def matrix_picture(matrix: Matrix, *, alt: str, row_label: str, column_label: str) -> Markup:
    """Return the matrix; counts are written where their cells have room."""
    side = min(_LARGEST, (PAGE_WIDTH - _LEFT - 2) / len(matrix.columns))
    parts = [
        lettering(0, _TOP - 6, row_label, size=7.5, colour=MUTED),
        lettering(_LEFT, 8, column_label, size=7.5, colour=MUTED),
    ]
    for place, name in enumerate(matrix.columns):
        parts.append(_slanted(_LEFT + side * (place + 0.5), _TOP - 5, clipped(name, 18)))
    for place, (name, counts) in enumerate(zip(matrix.rows, matrix.counts, strict=True)):
        y = _TOP + side * place
        size = min(8.0, side * 0.8)
        parts.append(
            lettering(_LEFT - 5, y + side / 2 + size * 0.35, clipped(name, 24), anchor="end",
                      size=size)
        )  # fmt: skip
        parts.extend(_row(counts, y, side))
    return svg(
        _LEFT + side * len(matrix.columns) + 30, _TOP + side * len(matrix.rows) + 2, alt, parts
    )


def _row(counts: Sequence[int | None], y: float, side: float) -> list[str]:
    total = sum(one or 0 for one in counts)
    parts: list[str] = []
    for place, count in enumerate(counts):
        x = _LEFT + side * place
        if count is None:
            continue
        part = count / total if total else 0.0
        parts.append(rectangle(x + 0.4, y + 0.4, side - 0.8, side - 0.8, _shade(part)))
        if count and side >= _NARROWEST_WITH_NUMBERS:
            text = number(count)
            size = min(8.0, 1.7 * side / max(3, len(text)))
            colour = "#ffffff" if part > _NEEDS_WHITE else INK
            parts.append(
                lettering(x + side / 2, y + side / 2 + size * 0.36, text, anchor="middle",
                          size=size, colour=colour)
            )  # fmt: skip
    return parts


def _shade(part: float) -> str:
    mixed = (round(a + (b - a) * part) for a, b in zip(_LIGHT, _DARK, strict=True))
    return "#" + "".join(f"{one:02x}" for one in mixed)


def _slanted(x: float, y: float, text: str) -> str:
    turned = f'<g transform="translate({short(x)} {short(y)}) rotate(-50)">'
    return f"{turned}{lettering(0, 0, text, size=7.5)}</g>"
