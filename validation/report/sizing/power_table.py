"""The power at other numbers of units: a few for people, all of the curve as CSV."""

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

from validation.plan.sample_size.designs import Precision
from validation.plan.sample_size.sizing import Sizing

_FACTORS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
_MOST_POINTS = 400


class PowerRow(NamedTuple):
    """The power, or half-width, at a number of units."""

    independent: int
    """Independent observations."""
    units: int
    """Units that hold as many, where observations are clustered."""
    power: float


def power_rows(found: Sizing) -> tuple[PowerRow, ...]:
    """Return the power at some numbers around the one that is needed; empty: no curve."""
    return _rows(found, sorted({max(1, round(found.independent * one)) for one in _FACTORS}))


def power_points(found: Sizing) -> tuple[PowerRow, ...]:
    """Return the power up to twice the number that is needed, at 400 numbers at most."""
    last = max(2, 2 * found.independent)
    step = max(1, -(-last // _MOST_POINTS))
    numbers = {*range(step, last + 1, step), found.independent}
    return _rows(found, sorted(numbers))


def _rows(found: Sizing, independent: Sequence[int]) -> tuple[PowerRow, ...]:
    import numpy as np

    from validation.plan.sample_size.curves import curve_of

    curve = curve_of(found.design)
    if curve is None:
        return ()
    values = curve(np.array(independent))
    per_unit = found.units / found.independent
    return tuple(
        PowerRow(n, max(1, round(n * per_unit)), float(value))
        for n, value in zip(independent, values, strict=True)
    )


def power_csv(found: Sizing) -> bytes:
    """Return the curve as CSV; the header alone where the design has none."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    named = "half_width" if isinstance(found.design, Precision) else "power"
    writer.writerow(("independent_observations", "units", named))
    writer.writerows((one.independent, one.units, repr(one.power)) for one in power_points(found))
    return text.getvalue().encode()
