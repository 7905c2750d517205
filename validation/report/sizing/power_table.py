"""The power at other numbers of units: a few for people, all of the curve as CSV."""

import csv
import io
from collections.abc import Iterable
from typing import NamedTuple

from validation.plan.sample_size.curves import curve_of
from validation.plan.sample_size.designs import Precision
from validation.plan.sample_size.sizing import Sizing

_FACTORS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
_MOST_POINTS = 400


class PowerRow(NamedTuple):
    """The power, or half-width, at a number of units."""

    units: int
    observations: int
    """Observations that they hold on average."""
    independent: int
    """Independent observations that say as much."""
    power: float


def power_rows(found: Sizing) -> tuple[PowerRow, ...]:
    """Return the power at some numbers around the one that is needed; empty: no curve."""
    return _rows(found, {max(1, round(found.units * one)) for one in _FACTORS})


def power_points(found: Sizing) -> tuple[PowerRow, ...]:
    """Return the power up to twice the number that is needed, at 400 numbers at most."""
    last = 2 * found.units
    step = -(-last // _MOST_POINTS)
    return _rows(found, {*range(step, last + 1, step), found.units})


def _rows(found: Sizing, units: Iterable[int]) -> tuple[PowerRow, ...]:
    """Return a row for each number of units that says anything."""
    import numpy as np

    curve = curve_of(found.design)
    if curve is None:
        return ()
    clustering = getattr(found.design, "clustering", None)
    a_unit = 1.0 if clustering is None else clustering.mean_size
    known = [(one, found.independent_in(one)) for one in sorted(units)]
    known = [one for one in known if one[1] > 0]
    values = curve(np.array([independent for _, independent in known]))
    return tuple(
        PowerRow(one, round(one * a_unit), independent, float(value))
        for (one, independent), value in zip(known, values, strict=True)
    )


def power_csv(found: Sizing) -> bytes:
    """Return the curve as CSV, to six digits; the header alone where the design has none."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    named = "half_width" if isinstance(found.design, Precision) else "power"
    writer.writerow(("units", "observations", "as_many_independent", named))
    points = power_points(found)
    writer.writerows((*one[:3], f"{one.power:.6g}") for one in points)
    return text.getvalue().encode()
