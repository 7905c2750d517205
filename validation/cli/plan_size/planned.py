"""What a protocol decides of a design, and whether its test set is large enough."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from validation.cli.plan_size.options import Option

if TYPE_CHECKING:
    from validation.plan.sample_size.sizing import Sizing
    from validation.study.planned_criterion import PlannedCriterion


def planned_of(given: Mapping[str, Option]) -> "PlannedCriterion | None":
    """Return the criterion of the protocol that the options name; None: none is given.

    Raises:
        ToolError: The protocol cannot be read, or has no such criterion.
    """
    from validation.study.planned_criterion import read_planned

    if given["protocol"] is None:
        return None
    return read_planned(given["protocol"], given["criterion"])


def decided_by(planned: "PlannedCriterion | None", given: Mapping[str, Option]) -> dict[str, Any]:
    """Return the options that name the pilot, with the metric and class of the criterion."""
    if planned is None or given.get("pilot") is None:
        return dict(given)
    one = planned.criterion
    return {
        **given,
        "pilot_metric": given["pilot_metric"] or one.metric,
        "pilot_class": given["pilot_class"] or one.class_name,
    }


def with_terms(
    values: Mapping[str, Any], planned: "PlannedCriterion | None", *, is_at_most: bool
) -> dict[str, Any]:
    """Return the fields of a design with those that the protocol decides.

    Raises:
        SampleSizeError: An option says what the protocol decides, or the design does not fit.
    """
    from validation.errors import SampleSizeError
    from validation.plan.sample_size.reading import option_of

    if planned is None:
        return dict(values)
    decided = planned.fields(str(values["design"]))
    twice = [
        option_of(name)
        for name in decided
        if name not in {"direction", "interval"} and values.get(name) is not None
    ]
    twice += ["--at-most"] if is_at_most else []
    if twice:
        what = f"the protocol says what {' and '.join(twice)} says"
        raise SampleSizeError(what, fix="leave the option out, or leave --protocol out")
    return {**values, **decided}


def held_against(planned: "PlannedCriterion", found: "Sizing") -> list[tuple[str, str]]:
    """Return what the test set has of the number that is needed, with labels."""
    from validation.report.formatting import plural

    has = plural(planned.units, planned.unit)
    of_cases = "" if planned.unit == "case" else f", {plural(planned.cases, 'case')}"
    missing = found.units - planned.units
    said = "enough" if missing <= 0 else f"too few by {plural(missing, planned.unit)}"
    return [("the test set has", f"{has}{of_cases}: {said}")]
