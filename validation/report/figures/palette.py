"""Colours, widths and the font of all figures."""

INK = "#1c2127"
MUTED = "#5c6670"
HAIRLINE = "#b9c0c7"
PALE = "#e9edf0"
ACCENT = "#0b4f6c"
BAR = "#a9bfcb"
MET = "#00664b"
NOT_MET = "#a63a00"

VERDICT_COLOURS = {"met": MET, "not_met": NOT_MET, "not_evaluable": MUTED}

PAGE_WIDTH = 459.0
"""Width of a page between its margins, in points (A4; Letter is wider)."""

FONT = "IBM Plex Sans Condensed, IBM Plex Sans, DejaVu Sans, sans-serif"

MOST_MARKS = 1500
"""Where there would be more marks than these, they are binned."""
