"""What is taken from the record of a pilot, and what is said of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from validation.cli.plan_size.options import Option

if TYPE_CHECKING:
    from validation.plan.sample_size.sizing import Sizing
    from validation.study.piloting import Pilot


def pilot_of(given: Mapping[str, Option]) -> "Pilot | None":
    """Return the pilot that the options name; None: none.

    Raises:
        SampleSizeError: Its metric is not named, or options contradict it.
        RecordError: It is no record, or was changed.
    """
    from validation.errors import SampleSizeError
    from validation.study.piloting import read_pilot

    if given.get("pilot") is None:
        alone = [one for one in ("pilot_metric", "pilot_class") if given.get(one) is not None]
        if alone:
            said = ", ".join(f"--{one.replace('_', '-')}" for one in alone)
            raise SampleSizeError(f"{said} is given without --pilot", fix="give the record")
        return None
    if given.get("icc") is not None:
        raise SampleSizeError("the correlation is given twice", fix="keep --icc or --pilot")
    if given["pilot_metric"] is None:
        fix = "give --pilot-metric: recall, precision, or a figure of its cases"
        raise SampleSizeError("what is observed in the pilot is not said", fix=fix)
    return read_pilot(given["pilot"], given["pilot_metric"], given["pilot_class"])


def with_pilot(given: Mapping[str, Option], pilot: "Pilot | None") -> dict[str, Option]:
    """Return the options, what is not given taken from the pilot.

    A correlation that is estimated below 0 counts as 0: clusters are not planned to be better
    than independent observations.
    """
    if pilot is None:
        return dict(given)
    found = pilot.found
    icc = found.upper if given["icc_at"] == "upper" else found.icc
    taken: dict[str, Option] = {
        "icc": _rounded(min(1.0, max(0.0, icc))),
        "cluster_size": _rounded(found.mean_size),
        "cluster_cv": _rounded(found.size_cv),
    }
    if "sd" in given:
        taken["sd"] = _rounded(found.sd)
    return {**given, **{name: one for name, one in taken.items() if given.get(name) is None}}


def _rounded(value: float) -> float:
    """Return a figure of a pilot to four digits, as a person would write it."""
    return float(f"{value:.4g}")


def said_of(pilot: "Pilot", found: "Sizing") -> list[tuple[str, str]]:
    """Return what the pilot says, with labels."""
    from validation.report.formatting import percentage, plural

    one = pilot.found
    limits = f"{one.lower:.3g} to {one.upper:.3g} ({percentage(pilot.level)})"
    return [
        ("pilot", f"{pilot.record_id}, {pilot.metric}, class {pilot.class_name or 'any'}"),
        ("its size", f"{plural(one.units, pilot.unit)}, {plural(one.observations, 'observation')}"),
        ("its mean", f"{one.mean:.4g}, standard deviation {one.sd:.4g}"),
        ("its correlation", f"{one.icc:.4g}, {limits}"),
        ("its design effect", f"{one.variance_ratio:.4g}, as variances compare"),
        *_at_the_upper_limit(pilot, found),
    ]


def _at_the_upper_limit(pilot: "Pilot", found: "Sizing") -> list[tuple[str, str]]:
    from validation.errors import SampleSizeError
    from validation.plan.sample_size.sizing import size
    from validation.report.formatting import plural
    from validation.report.sizing.words import clustering_of

    clustering = clustering_of(found.design)
    if clustering is None:
        return []
    icc = min(1.0, max(0.0, pilot.found.upper))
    worse = clustering.model_copy(update={"icc": icc})
    try:
        needed = size(found.design.model_copy(update={"clustering": worse}))
    except SampleSizeError:
        return [("at its upper limit", "more than are searched")]
    return [("at its upper limit", f"{plural(needed.units, 'unit')} would be needed")]
