"""What a record says for the next test set: how its observations lie in units and are alike."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from validation.errors import SampleSizeError
from validation.plan.sample_size.intraclass import Resemblance, resemblance
from validation.record_folder import RECORD_FILE, read_index
from validation.report.contents import RecordContents, Row
from validation.study.reporting import sealed_contents

OBJECT_METRICS = ("recall", "precision")
"""Shares of objects, each an observation."""
CASE_METRICS = ("presence_sensitivity", "presence_specificity", "count_exact_rate")
"""Shares of cases, each an observation."""
_OVER_CASES = "_mean_over_cases"
_FOUND = {"presence_sensitivity": ("true_positive", "false_negative"),
          "presence_specificity": ("true_negative", "false_positive")}  # fmt: skip


@dataclass(frozen=True)
class Pilot:
    """A record as a pilot."""

    record_id: str
    metric: str
    class_name: str | None
    unit: str
    """``subject`` or ``case``, as its protocol resampled."""
    level: float
    """Level of the interval of the intraclass correlation: that of its protocol."""
    found: Resemblance


def read_pilot(folder: Path, metric: str, class_name: str | None) -> Pilot:
    """Return what a record says of a metric's observations.

    Args:
        folder: The record; its files have to be those that were sealed.
        metric: One of `OBJECT_METRICS` (at the IoU of its matching) or `CASE_METRICS`, or a
            figure of cases, e.g. ``dice`` or ``dice_mean_over_cases``.
        class_name: The class; None where there is one class.

    Raises:
        RecordError: The folder is no record, or was changed.
        SampleSizeError: The record has no such figure, or too few units to estimate from.
    """
    if not (folder / RECORD_FILE).is_file():
        raise SampleSizeError(
            "a pilot is a record, and this is none: it has no record.json",
            where=str(folder),
            fix="give the folder that `segval run --out` wrote",
        )
    contents = sealed_contents(folder, read_index(folder).record_id)
    plan = contents.protocol.analysis
    named = _class_of(contents, class_name)
    groups: dict[str, list[float]] = {}
    for unit, value in _observations(contents, metric, named):
        groups.setdefault(unit, []).append(value)
    try:
        found = resemblance([groups[one] for one in sorted(groups)], plan.confidence_level)
    except ValueError as error:
        raise SampleSizeError(
            f"the pilot says nothing of {metric}: {error}",
            where=str(folder),
            fix="take a pilot of more units, or give --icc with its source",
        ) from error
    return Pilot(
        contents.record_id, metric, named, plan.resampling_unit, plan.confidence_level, found
    )


def _class_of(contents: RecordContents, given: str | None) -> str | None:
    names = contents.protocol.class_names()
    if given is not None and given not in names:
        raise SampleSizeError(
            f"the pilot has no class {given}", fix=f"its classes are: {', '.join(names)}"
        )
    return given if given is not None else (names[0] if len(names) == 1 else None)


def _observations(
    contents: RecordContents, metric: str, class_name: str | None
) -> Iterator[tuple[str, float]]:
    """Yield the unit and the value of every observation."""
    if metric in OBJECT_METRICS:
        yield from _of_objects(contents, metric, class_name)
        return
    value_of = _value_of(contents, metric, class_name)
    unit_of = _unit_of(contents)
    for row in contents.case_rows:
        value = value_of(row)
        if row["in_figures"] == "true" and value is not None:
            yield unit_of(row), value


def _unit_of(contents: RecordContents) -> Callable[[Row], str]:
    by_subject = contents.protocol.analysis.resampling_unit == "subject"
    return lambda row: (row["subject_id"] if by_subject else "") or row["case_id"]


def _of_objects(
    contents: RecordContents, metric: str, class_name: str | None
) -> Iterator[tuple[str, float]]:
    """Yield 1 for a matched object and 0 for another; those that are ignored are left out."""
    if not contents.instance_rows:
        raise SampleSizeError(
            f"the pilot has no objects, of which {metric} is a share",
            fix="give a record of an instance or panoptic protocol",
        )
    counted = {row["case_id"] for row in contents.case_rows if row["in_figures"] == "true"}
    side = "reference_id" if metric == "recall" else "prediction_id"
    unit_of = _unit_of(contents)
    for row in contents.instance_rows:
        is_of_class = class_name is None or row["class"] == class_name
        if row["case_id"] in counted and is_of_class and row[side] and row["outcome"] != "ignored":
            yield unit_of(row), float(row["outcome"] == "matched")


def _value_of(
    contents: RecordContents, metric: str, class_name: str | None
) -> Callable[[Row], float | None]:
    if metric in _FOUND:
        cell = _column(contents, "presence", class_name)
        yes, no = _FOUND[metric]
        return lambda row: {yes: 1.0, no: 0.0}.get(cell(row))
    if metric == "count_exact_rate":
        cell = _column(contents, "count_difference", class_name)
        return lambda row: float(float(cell(row)) == 0) if cell(row) else None
    cell = _column(contents, metric.removesuffix(_OVER_CASES), class_name)
    return lambda row: _number(cell(row), metric)


def _number(text: str, metric: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise SampleSizeError(f"{metric} is no figure of cases", fix="name one") from None


def _column(
    contents: RecordContents, name: str, class_name: str | None
) -> Callable[[Mapping[str, str]], str]:
    columns = list(contents.case_rows[0]) if contents.case_rows else []
    for one in (f"{name}/class={class_name}", name):
        if one in columns:
            return lambda row: row[one]
    known = sorted({one.partition("/")[0] for one in columns if "/class=" in one or one == name})
    raise SampleSizeError(
        f"the pilot has no figure {name} of cases",
        fix=f"name one of {', '.join(known)}" if known else "name a figure that its cases have",
    )
