"""Subgroups are large enough to say anything."""

from collections.abc import Mapping

from validation.plan.check.case_counts import CaseCounts, CaseFinder, Size
from validation.plan.check.metric_terms import Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol
from validation.plan.reach import fewest_units, normal_coverage

UNKNOWN_VALUE = Rule(
    "criterion.unknown-subgroup-value",
    "error",
    "No case belongs to the subgroup: the criterion could never be evaluated.",
    "segval, docs/reference/protocol.md",
)
FEW_UNITS = Rule(
    "subgroup.few-units",
    "warning",
    "Intervals of so few independent units are wrong at least twice as often as they say.",
    "docs/adr/0026-a-plan-that-can-be-met.md; Cameron, Gelbach and Miller, Bootstrap-based "
    "improvements for inference with clustered errors, 2008",
)
ONE_VALUE = Rule(
    "subgroup.one-value",
    "warning",
    "The subgroup is the whole test set: its figures are printed twice and compare nothing.",
    "FDA 2025, subgroup analyses",
)
VALUE_EACH = Rule(
    "subgroup.a-value-each",
    "warning",
    "A column that names each case tells groups of one, which have no interval.",
    "FDA 2025, subgroup analyses",
)

_MOST_LISTED = 6


def _values_occur(protocol: Protocol, _: Metrics, counts: CaseCounts) -> Found:
    for position, criterion in enumerate(protocol.criteria):
        for column, value in criterion.subgroup.items():
            values = counts.subgroups.get(column)
            if values is not None and value not in values:
                path = ("criteria", position, "subgroup")
                fix = f"the values are: {_shortened(list(values))}"
                yield UNKNOWN_VALUE.at(path, f"no case has {column} = {value}", fix)


def _columns_tell_groups(protocol: Protocol, _: Metrics, counts: CaseCounts) -> Found:
    cases = counts.everyone.cases
    for position, column in enumerate(protocol.subgroups):
        path = ("subgroups", position)
        values = counts.subgroups.get(column, {})
        if len(values) == 1 and cases > 1:
            (value,) = values
            what = f"every case has {column} = {value}"
            yield ONE_VALUE.at(path, what, "remove the column, or add cases of other values")
        elif len(values) == cases and cases > 1:
            what = f"{column} has another value for each of {cases} cases"
            yield VALUE_EACH.at(path, what, "name a column that tells groups of cases")
        else:
            yield from _large_enough(protocol, position, values)


def _large_enough(protocol: Protocol, position: int, values: Mapping[str, Size]) -> Found:
    plan = protocol.analysis
    needed = fewest_units(plan.confidence_level)
    few = {value: size.units for value, size in values.items() if size.units < needed}
    if not few:
        return
    column, unit = protocol.subgroups[position], plan.resampling_unit
    listed = _shortened([f"{value} ({units})" for value, units in few.items()])
    least = min(few.values())
    says = ", the smallest has no interval"
    if least > 1:
        level, covered = (
            f"{100 * one:.3g} %"
            for one in (plan.confidence_level, normal_coverage(least, plan.confidence_level))
        )
        says = f", an interval of {level} over {least} covers at best about {covered}"
    what = f"values of {column} with fewer than {needed} {unit}s: {listed}{says}"
    fix = f"add {unit}s, or say under `accepted_warnings:` why so few are enough"
    yield FEW_UNITS.at(("subgroups", position), what, fix)


def _shortened(names: list[str]) -> str:
    """Return names with commas between them; the number of further ones where there are many."""
    further = len(names) - _MOST_LISTED
    listed = ", ".join(names[:_MOST_LISTED])
    return f"{listed} and {further} more" if further > 0 else listed


CASE_FINDERS: tuple[CaseFinder, ...] = (_values_occur, _columns_tell_groups)
