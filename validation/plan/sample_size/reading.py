"""Assumptions as a person gives them, read as a whole: every objection at once, with its mend."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from validation.errors import Problem, SampleSizeError
from validation.plan.sample_size.designs import Design

_PER_CENT = 100
_SIDES = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def read_design(values: Mapping[str, Any]) -> Design:
    """Return the design that some values make; those that are None are not given.

    Args:
        values: By the name of the field, `design` among them; a value may be a mapping of fields,
            as `clustering` is.

    Raises:
        SampleSizeError: With every value that is missing or out of its range. Each names its
            option, e.g. ``--half-width``.
    """
    given = _without_none(values)
    try:
        return TypeAdapter[Design](Design).validate_python(given)
    except ValidationError as error:
        problems = [_problem(one) for one in error.errors()]
        raise SampleSizeError(
            f"the assumptions have {len(problems)} problem(s)", problems=problems
        ) from error


def option_of(field: str) -> str:
    """Return the option of `segval plan-size` for a field.

    >>> option_of("half_width"), option_of("mean_size")
    ('--half-width', '--cluster-size')
    """
    named = {"mean_size": "cluster-size", "size_cv": "cluster-cv"}
    return f"--{named.get(field, field.replace('_', '-'))}"


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_none(one) if isinstance(one, Mapping) else one
        for name, one in values.items()
        if one is not None
    }


def _problem(error: Any) -> Problem:  # noqa: ANN401 - a mapping of pydantic's
    option = option_of(str(error["loc"][-1]))
    kind, value = error["type"], error["input"]
    if kind == "missing":
        return Problem(option, "it is missing", "give it")
    if isinstance(value, float) and not math.isfinite(value):
        return Problem(option, f"{value} is no number that can be reckoned with", "give a number")
    if kind in _SIDES:
        key, side = _SIDES[kind]
        limit = error["ctx"][key]
        fix = next(_as_share(value, limit), "")
        return Problem(option, f"{value:g} is given; it has to be {side} {limit:g}", fix)
    return Problem(option, f"{value!r} is given: {error['msg']}", "")


def _as_share(value: float, limit: float) -> Iterator[str]:
    """Yield what was meant where a share was given in per cent."""
    if limit == 1 and 1 < value <= _PER_CENT:
        yield f"give {value / _PER_CENT:g}, not {value:g}"
