"""A sample size in words, as a table and as a block for a protocol."""

from validation.report.sizing.block import protocol_block
from validation.report.sizing.methods import CLUSTERS, METHODS
from validation.report.sizing.power_table import power_csv, power_points, power_rows
from validation.report.sizing.truth import TrueValue, chances
from validation.report.sizing.words import (
    assumed,
    clustering_of,
    needed,
    rationale,
    remarks,
    rounded_percentage,
    title,
)

__all__ = [
    "CLUSTERS",
    "METHODS",
    "TrueValue",
    "assumed",
    "chances",
    "clustering_of",
    "needed",
    "power_csv",
    "power_points",
    "power_rows",
    "protocol_block",
    "rationale",
    "remarks",
    "rounded_percentage",
    "title",
]
