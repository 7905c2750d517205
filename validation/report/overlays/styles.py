"""How each outcome is drawn and named in the pictures of cases.

Colours are those of Okabe and Ito, which people with any colour vision can tell apart; line
style, fill and a letter say the same once more, so that the pictures can be read in gray.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class OutcomeStyle:
    """How an outcome is drawn and named."""

    word: str
    """The outcome in words, for legends and captions."""
    colour: Colour
    """Red, green, blue."""
    letter: str
    """Letter drawn beside the object; empty for matched objects."""
    line: Literal["solid", "dashed", "falling", "rising"] = "solid"
    """How the legend shows it; hatched where ``falling`` or ``rising``."""

    @property
    def hexadecimal(self) -> str:
        """The colour as CSS has it."""
        red, green, blue = self.colour
        return f"#{red:02x}{green:02x}{blue:02x}"


OUTCOME_STYLES: Mapping[str, OutcomeStyle] = {
    "matched": OutcomeStyle("matched", (86, 180, 233), ""),
    "missed": OutcomeStyle("missed", (213, 94, 0), "X"),
    "false_positive": OutcomeStyle("false positive", (240, 228, 66), "F", "dashed"),
    "merged": OutcomeStyle("merged", (204, 121, 167), "M"),
    "split": OutcomeStyle("split", (230, 159, 0), "S"),
}
"""Drawn outcomes in the order of the legend; ``ignored`` objects are not drawn."""

PIXEL_STYLES: Mapping[str, OutcomeStyle] = {
    "agreed": OutcomeStyle("agreed", (86, 180, 233), ""),
    "missed_pixels": OutcomeStyle("missed pixels", (213, 94, 0), "", "falling"),
    "false_pixels": OutcomeStyle("false pixels", (240, 228, 66), "", "rising"),
}
"""Parts of the difference map of a class."""


def legend(kind: Literal["semantic", "instance", "panoptic"]) -> Mapping[str, OutcomeStyle]:
    """Return the styles of the legend of a method's pictures by outcome, in order."""
    return PIXEL_STYLES if kind == "semantic" else OUTCOME_STYLES
