"""Where the names of objects go on a picture: on their outlines, none over another.

Names stand on lines, to be painted line by line, from the left: readers of PDF documents put
words of about the same height into that order, and the text of a page has to be known.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from validation.report.contents import Outline, Overlay
from validation.report.overlays.outlines import Point, points_of
from validation.report.overlays.styles import OUTCOME_STYLES

MOST_LABELS = 250
"""Names on a picture; beyond, nobody could read them."""

_CHARACTER = 0.56
"""Width of a character, in parts of its size."""
_AROUND = 0.5
_HEIGHT = 1.16
_LINE = 0.6
"""Distance of lines; less, and words of two lines are taken for words of one."""


@dataclass(frozen=True)
class Box:
    """An upright rectangle in pixels of the image."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def meets(self, other: "Box") -> bool:
        """Return whether the two overlap."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True)
class Label:
    """The name of an object on the picture."""

    text: str
    """Letter of the outcome and id; the letter alone where there is no room for both."""
    outcome: str
    box: Box


def labels(overlay: Overlay, size: float, taken: Iterable[Box] = ()) -> tuple[Label, ...]:
    """Return the labels of a picture.

    Objects that failed are named by letter and id: those of the reference, and false positives
    of the prediction. Matched objects that the report lists are named by id.

    Args:
        overlay: The case.
        size: Size of the letters in pixels of the image.
        taken: Places that are not free.
    """
    frame = Box(0, 0, overlay.width_px, overlay.height_px)
    placed: list[Label] = []
    boxes = list(taken)
    for outline in _named(overlay.outlines):
        if len(placed) == MOST_LABELS:
            break
        label = _placed(outline, size, frame, boxes)
        if label is not None:
            placed.append(label)
            boxes.append(label.box)
    return tuple(placed)


def _named(outlines: Iterable[Outline]) -> Iterator[Outline]:
    """Yield the outlines that are named, those that failed first."""
    failed = [
        one
        for one in outlines
        if one.outcome in OUTCOME_STYLES
        and one.outcome != "matched"
        and (one.source == "reference" or one.outcome == "false_positive")
    ]
    yield from failed
    yield from (one for one in outlines if one.is_listed)


def _placed(outline: Outline, size: float, frame: Box, taken: list[Box]) -> Label | None:
    letter = OUTCOME_STYLES[outline.outcome].letter
    points = points_of(outline.path)
    for text in dict.fromkeys((f"{letter}{outline.object_id}", letter)):
        for box in _places(points, text, size) if text else ():
            if _lies_in(box, frame) and not any(box.meets(one) for one in taken):
                return Label(text, outline.outcome, box)
    return None


def _places(points: list[Point], text: str, size: float) -> Iterator[Box]:
    """Yield where a text may stand: over the outline's ends, then inside."""
    width, height = size * (_CHARACTER * len(text) + _AROUND), size * _HEIGHT
    left, right = min(points), max(points)
    top = min(points, key=lambda one: (one[1], one[0]))
    bottom = max(points, key=lambda one: (one[1], one[0]))
    middle = ((left[0] + right[0]) / 2, (top[1] + bottom[1]) / 2)
    beyond = height * 0.3
    for x, y in (
        (top[0], top[1] - beyond),
        (bottom[0], bottom[1] + beyond),
        (right[0] + width * 0.4, right[1]),
        (left[0] - width * 0.4, left[1]),
        middle,
    ):
        yield on_line(Box(x - width / 2, y - height / 2, width, height), size)


def on_line(box: Box, size: float) -> Box:
    """Return a box moved up or down so that its middle is on a line of letters of a size."""
    line = round(box.middle[1] / (_LINE * size))
    return replace(box, y=line * _LINE * size - box.height / 2)


def _lies_in(box: Box, frame: Box) -> bool:
    return (
        box.x >= frame.x
        and box.y >= frame.y
        and box.x + box.width <= frame.width
        and box.y + box.height <= frame.height
    )
