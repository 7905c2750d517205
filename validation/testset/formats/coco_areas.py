"""Areas that a COCO file states, held against the pixels of its masks.

Only the masks count. But areas that are those of boxes, or of an earlier export, would put
objects of other tools among the small, medium or large ones differently, so the reader of the
file is told.
"""

from collections.abc import Sequence
from typing import NamedTuple

from validation.testset.formats.coco_gate import Listed

_TENTH = 0.1


class StatedAreas(NamedTuple):
    """How the areas that a file states compare with those of its masks, which alone are used.

    The area of a polygon is not the number of pixels that are drawn of it, so that a small
    difference is usual.
    """

    compared: int
    """Objects of the test set for which the file states an area."""
    apart: int
    """Those whose stated area differs from that of the mask by more than a tenth of it."""
    example: str
    """The first of them, for the reader; empty if there is none."""

    @property
    def note(self) -> str:
        """What a reader should know; empty if all areas agree."""
        if not self.apart:
            return ""
        return (
            f"{self.apart} of {self.compared} areas that the file states differ by more than a "
            f"tenth from the masks, as in {self.example}; areas are counted from the masks"
        )


def stated_areas(listed: Listed, counted: Sequence[int]) -> StatedAreas:
    """Return how the ``area`` of annotations compares with the counted pixels of their masks.

    Args:
        listed: Annotations of the test set.
        counted: Area of the mask of each, positive.

    >>> listed = Listed("annotations", [{"area": 4.2}, {"area": 9}, {}], range(3))
    >>> stated_areas(listed, [4, 4, 4])
    StatedAreas(compared=2, apart=1, example='annotations[1]: 9 stated, 4 pixels')
    """
    compared, apart, example = 0, 0, ""
    for number, (stated, area) in enumerate(zip(listed.column("area"), counted, strict=True)):
        if type(stated) not in (int, float):
            continue
        compared += 1
        # NaN is not near to anything.
        if not abs(stated - area) <= _TENTH * area:
            place = f"{listed.name}[{listed.positions[number]}]"
            example = example or f"{place}: {stated} stated, {area} pixels"
            apart += 1
    return StatedAreas(compared, apart, example)
