"""What a row of an evidence table is."""

Cell = str | int | float | bool | None
"""A value of a row; None where there is none."""

Row = dict[str, Cell]
"""A row: column name to value, in the order of the columns."""
