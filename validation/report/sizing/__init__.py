"""A sample size in words, as a table and as a block for a protocol."""

from validation.report.sizing.block import protocol_block
from validation.report.sizing.power_table import power_csv, power_rows
from validation.report.sizing.words import assumed, needed, rationale, remarks, title

__all__ = [
    "assumed",
    "needed",
    "power_csv",
    "power_rows",
    "protocol_block",
    "rationale",
    "remarks",
    "title",
]
